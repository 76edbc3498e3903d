"""How the shop's PostgreSQL is run. Imports no driver: the supervisor has no use for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tui.demo import passwords
from tui.demo.postgres_programs import find, major
from tui.demo.postgres_server import PostgresServer

__all__ = ["BACKUPS", "DATABASE", "MAX_CONNECTIONS", "MONITOR", "ROLES", "create", "server"]

DATABASE: Final = "shop"
BACKUPS: Final = "backups"
"""The folder of its dumps, in the demo's folder."""
MONITOR: Final = "onwatch"
"""The role that onwatch logs in as."""

MAX_CONNECTIONS: Final = 40

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "web": (),
    "worker": (),
    "billing": (),
    "reporting": (),
    "export": (),
    "deploy": (),
    "backup": (),
    # Sees all, may end sessions, and gets in when the others have used up the connections.
    MONITOR: ("pg_monitor", "pg_signal_backend", "pg_use_reserved_connections"),
}
"""Who may log in, and what roles they are members of."""

_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_SETTINGS: Final = {
    "max_connections": str(MAX_CONNECTIONS),
    "superuser_reserved_connections": "2",
    "shared_buffers": "8MB",
    "max_parallel_workers_per_gather": "0",
    # What is slow stands in the server's log. What waits for a lock does not: with the interval
    # below each says so twice a second.
    "log_min_duration_statement": "1s",
    # A statement whose client has died ends soon, also while it computes.
    "client_connection_check_interval": "500ms",
}
_ACCESS: Final = (
    "local all postgres trust",
    f"host {DATABASE} all 127.0.0.1/32 scram-sha-256",
)
"""The superuser comes by the socket alone, which lies in a folder closed to others."""


def server(folder: Path, port: int) -> PostgresServer:
    """The server in the demo's ``folder``. Raises DemoError where there is no PostgreSQL."""
    binaries = find()
    settings = _SETTINGS if major(binaries) < 16 else {**_SETTINGS, "reserved_connections": "4"}
    return PostgresServer(folder, port, binaries=binaries, settings=settings)


def create(made: PostgresServer, folder: Path) -> None:
    """Make its data directory with roles, database and tables.

    All of it is there before the server listens, so that nobody is refused who will be let
    in a moment later. Blocks for a second; raises DemoError.
    """
    made.create()
    made.allow(*_ACCESS)
    made.execute("postgres", "\n\n".join((*_roles(folder), f"CREATE DATABASE {DATABASE};", "")))
    made.execute(DATABASE, _SCHEMA.read_text(encoding="utf-8"))


def _roles(folder: Path) -> Iterator[str]:
    for role, groups in ROLES.items():
        yield f"CREATE ROLE {role} LOGIN PASSWORD '{passwords.password(folder, role)}';"
        for group in groups:
            # Older servers lack one of them.
            yield (
                f"DO $$ BEGIN IF to_regrole('{group}') IS NOT NULL THEN "
                f"GRANT {group} TO {role}; END IF; END $$;"
            )
