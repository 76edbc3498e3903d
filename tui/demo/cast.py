"""Who plays in the demo: its child processes, made from where its servers shall be."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tui.demo import passwords, redis_server
from tui.demo.children import Child, DemoError, module
from tui.demo.endpoints import Endpoints, free_ports
from tui.demo.folder import let_in
from tui.demo.gateway import server as gateway
from tui.demo.incidents import MARIADB, POSTGRES
from tui.demo.mariadb_server import MariadbServer
from tui.demo.postgres_server import PostgresServer
from tui.demo.shop import server as shop

__all__ = ["Cast", "Database", "assemble"]

_Server = TypeVar("_Server")


@dataclass(frozen=True, slots=True)
class Database:
    """A database server and the programs that use it; the demo does without where it fails."""

    product: str
    server: Child
    clients: Child


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, and where they are."""

    endpoints: Endpoints
    core: tuple[Child, ...]
    """Without these there is no demo."""
    databases: tuple[Database, ...] = ()

    @property
    def everybody(self) -> tuple[Child, ...]:
        """All of them, clients after their servers."""
        pairs = ((database.server, database.clients) for database in self.databases)
        return (*self.core, *(child for pair in pairs for child in pair))


@dataclass(slots=True)
class _Search:
    """Looks for database servers, and remembers why there is none of one."""

    wanted: bool
    missing: dict[str, str] = field(default_factory=dict)

    def look(self, product: str, find: Callable[[], _Server]) -> _Server | None:
        if not self.wanted:
            self.missing[product] = "left out by --no-databases"
            return None
        try:
            return find()
        except (DemoError, OSError) as error:
            self.missing[product] = str(error)
            return None


def assemble(
    folder: Path, seed: int, over: Callable[[str], None], *, databases: bool = True
) -> Cast:
    """The children of a demo in ``folder``, none of them started.

    ``over`` is told which incident somebody has mended; without ``databases`` the demo does
    without PostgreSQL and MariaDB. Raises DemoError where the demo cannot be.
    """
    http, redis, postgres_port, mariadb_port = free_ports(4)
    search = _Search(wanted=databases)
    postgres = search.look(POSTGRES, lambda: _postgres(folder, postgres_port))
    mariadb = search.look(MARIADB, lambda: _mariadb(folder, mariadb_port))
    passwords.create(folder, {*shop.ROLES, *gateway.ACCOUNTS})
    endpoints = Endpoints(
        str(folder),
        http,
        redis,
        postgres_port=postgres_port if postgres else 0,
        mariadb_port=mariadb_port if mariadb else 0,
        missing=search.missing,
    )
    core = (
        _redis(redis, folder),
        Child("service", _service(endpoints, seed), folder),
        Child("workers", module("workers", str(folder), str(redis), str(seed)), folder, over=over),
        Child("traffic", module("traffic", str(http), str(seed)), folder),
    )
    pairs = (
        *((_shop(postgres, folder, seed, over),) if postgres else ()),
        *((_gateway(mariadb, folder, seed, over),) if mariadb else ()),
    )
    return Cast(endpoints, core, pairs)


def _postgres(folder: Path, port: int) -> PostgresServer:
    """The shop's server, its folder open to the account that it runs as."""
    let_in(folder)
    made = shop.server(folder, port)
    made.prepare()
    return made


def _mariadb(folder: Path, port: int) -> MariadbServer:
    """The gateway's server, its folder open to the account that it runs as."""
    made = gateway.server(folder, port)
    made.prepare()
    return made


def _redis(port: int, folder: Path) -> Child:
    return Child(
        "redis",
        redis_server.command(redis_server.find(), port, folder),
        folder,
        answers=lambda: redis_server.answers(port),
    )


def _service(places: Endpoints, seed: int) -> list[str]:
    ports = (str(places.http_port), str(places.redis_port))
    return module("service", *ports, str(places.database), str(seed), str(places.postgres_port))


def _shop(server: PostgresServer, folder: Path, seed: int, over: Callable[[str], None]) -> Database:
    return Database(
        POSTGRES,
        Child(
            "postgres",
            server.command(),
            folder,
            answers=server.answers,
            prepare=lambda: shop.create(server, folder),
            # Immediate: nothing of it is needed any more.
            end_by=signal.SIGQUIT,
        ),
        Child(
            "shop",
            module("shop.office", str(folder), str(server.port), str(seed)),
            folder,
            over=over,
        ),
    )


def _gateway(
    server: MariadbServer, folder: Path, seed: int, over: Callable[[str], None]
) -> Database:
    return Database(
        MARIADB,
        Child(
            "mariadb",
            server.command(),
            folder,
            answers=lambda: gateway.answers(server),
            prepare=lambda: gateway.create(server, folder),
            # Nothing of it is needed any more, and it would take its time to shut down.
            end_by=signal.SIGKILL,
        ),
        Child(
            "gateway",
            module("gateway.app", str(folder), str(server.port), str(seed)),
            folder,
            over=over,
        ),
    )
