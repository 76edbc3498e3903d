"""How the gateway's MariaDB is run. Imports no driver: the supervisor has no use for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tui.demo import passwords
from tui.demo.mariadb_server import MariadbServer

__all__ = ["ACCOUNTS", "DATABASE", "MONITOR", "answers", "create", "server"]

DATABASE: Final = "aigateway"
MONITOR: Final = "onwatch"
"""The account that onwatch logs in with."""

_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_GRANTS: Final = {
    "gateway": (f"SELECT, INSERT, UPDATE, DELETE ON {DATABASE}.*",),
    "quota": (f"SELECT, UPDATE ON {DATABASE}.*",),
    # Sees all, and may end sessions.
    MONITOR: (
        "PROCESS, REPLICA MONITOR, BINLOG MONITOR, CONNECTION ADMIN ON *.*",
        "SELECT ON *.*",
    ),
}
ACCOUNTS: Final = tuple(_GRANTS)
"""Who may log in over TCP."""


_HISTORIES: Final = ("waits", "stages", "statements", "transactions")
_NOT_MEASURED: Final = (
    *(f"max-{what}-instances" for what in ("mutex", "rwlock", "cond", "socket", "file", "program")),
    *("max-prepared-statements-instances", "max-table-instances", "max-table-handles"),
    *("max-index-stat", "max-table-lock-stat", "max-memory-classes"),
    *(f"events-{what}-history{long}-size" for what in _HISTORIES for long in ("", "-long")),
)
_MEASURED: Final = {
    "digests-size": 200,
    "max-thread-instances": 80,
    "accounts-size": 8,
    "users-size": 8,
    "hosts-size": 8,
    "setup-objects-size": 20,
    "setup-actors-size": 20,
    "max-metadata-locks": 1000,
}


def server(folder: Path, port: int) -> MariadbServer:
    """The server in the demo's ``folder``. Raises DemoError where there is no MariaDB."""
    options = ("--max-connections=60", "--skip-name-resolve", *_statement_statistics())
    return MariadbServer(folder, port, *options)


def _statement_statistics() -> Iterator[str]:
    """performance_schema for statements alone: that takes 13 MB, all of it a hundred."""
    yield "--performance-schema=ON"
    yield "--performance-schema-consumer-events-statements-current=ON"
    for name in _NOT_MEASURED:
        yield f"--performance-schema-{name}=0"
    for name, number in _MEASURED.items():
        yield f"--performance-schema-{name}={number}"


def create(made: MariadbServer, folder: Path) -> None:
    """Make its data directory with accounts and tables. Blocks for half a second.

    Raises DemoError.
    """
    made.create(statements=[*_accounts(folder), *_tables()])


def _accounts(folder: Path) -> Iterator[str]:
    # Until then the server that makes the directory knows no accounts.
    yield "FLUSH PRIVILEGES"
    for name, grants in _GRANTS.items():
        secret = passwords.password(folder, name)
        yield f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{secret}'"
        for grant in grants:
            yield f"GRANT {grant} TO {name}@'127.0.0.1'"


def _tables() -> Iterator[str]:
    """The schema's statements, each on one line as the bootstrapping server wants them."""
    lines = _SCHEMA.read_text(encoding="utf-8").splitlines()
    text = " ".join(line.strip() for line in lines if not line.startswith("--"))
    yield from filter(None, (statement.strip() for statement in text.split(";")))


def answers(made: MariadbServer) -> bool:
    """Whether it serves clients; asked of its pid file, which costs it nothing."""
    with suppress(OSError, ValueError):
        return psutil.pid_exists(int((made.home / "pid").read_text()))
    return False
