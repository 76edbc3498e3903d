"""The shop's database: its server, its roles, its schema, and how one connects to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from tui.demo import passwords
from tui.demo.postgres_server import SUPERUSER
from tui.demo.shop.server import DATABASE, ROLES

__all__ = ["BILLING", "DEPLOY", "EXPORT", "REPORTING", "TROUBLE", "WEB", "WORKER", "Client", "Shop"]

TROUBLE: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a server that is away, full, locked or out of temper raises."""

_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_CONNECT_WITHIN: Final = 3.0


@dataclass(frozen=True, slots=True)
class Client:
    """One of the shop's programs, by the role and the name that its sessions carry."""

    role: str
    application: str


WEB: Final = Client("web", "shop-web")
WORKER: Final = Client("worker", "shop-worker")
BILLING: Final = Client("billing", "billing")
REPORTING: Final = Client("reporting", "reporting")
EXPORT: Final = Client("export", "shop-export")
DEPLOY: Final = Client("deploy", "shop-deploy")


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's database on ``port``; the demo's ``folder`` holds its passwords and socket."""

    folder: Path
    port: int

    def login(self, client: Client) -> dict[str, Any]:
        """Arguments of asyncpg's ``connect`` for one of the shop's programs."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": client.role,
            "password": passwords.password(self.folder, client.role),
            "database": DATABASE,
            "timeout": _CONNECT_WITHIN,
            "ssl": False,
            "server_settings": {"application_name": client.application},
        }

    async def connect(self, client: Client) -> asyncpg.Connection:
        """A session of ``client``'s. Raises one of :data:`TROUBLE`."""
        return await asyncpg.connect(**self.login(client))

    async def found(self) -> None:
        """Make roles, database and tables where they are not there yet."""
        link = await self._as_superuser("postgres")
        try:
            if await link.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                return
            # Tables first, the name last: a founding that breaks off is begun anew.
            await link.execute("DROP DATABASE IF EXISTS unfinished WITH (FORCE)")
            await self._make_roles(link)
            await link.execute("CREATE DATABASE unfinished")
            await self._make_tables()
            await link.execute(f"ALTER DATABASE unfinished RENAME TO {DATABASE}")
        finally:
            await link.close()

    async def _make_roles(self, link: asyncpg.Connection) -> None:
        for role, member_of in ROLES.items():
            secret = passwords.password(self.folder, role)
            await link.execute(f"DROP ROLE IF EXISTS {role}")
            create = "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
            await link.execute(await link.fetchval(create, role, secret))
            for group in member_of:
                if await link.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", group):
                    await link.execute(f"GRANT {group} TO {role}")

    async def _make_tables(self) -> None:
        link = await self._as_superuser("unfinished")
        try:
            await link.execute(_SCHEMA.read_text(encoding="utf-8"))
        finally:
            await link.close()

    async def _as_superuser(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=str(self.folder / "postgres"), port=self.port, user=SUPERUSER, database=database
        )
