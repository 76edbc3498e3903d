"""The shop's database as its programs see it: who they are, and how they connect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from tui.demo import passwords
from tui.demo.shop.server import DATABASE

__all__ = [
    "BACKUP",
    "BILLING",
    "DEPLOY",
    "EXPORT",
    "REPORTING",
    "TROUBLE",
    "WEB",
    "WORKER",
    "Client",
    "Shop",
    "sentence",
]

TROUBLE: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a server that is away, full, locked or out of temper raises."""

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
BACKUP: Final = Client("backup", "pg_dump")


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's database on ``port``; the demo's ``folder`` holds its passwords."""

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


def sentence(error: Exception) -> str:
    """What is wrong, as a log or an answer says it in a line."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return str(error).partition("\n")[0] or type(error).__name__
