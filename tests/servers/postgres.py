"""Real PostgreSQL servers: the one of the demo's wheel, and Debian's where it is there.

One server serves all tests of a session, each with a database of its own; tests of faults
start their own from a template, in a fifth of a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Result, Sampler
from checks.probe import CheckSpec, ProbeEnv, Target
from checks.probes.postgres import PostgresConfig, PostgresProbe
from checks.resolver import Resolver
from checks.secrets import Masker
from tests.patience import PATIENCE
from tests.servers.redis import free_port
from tui.demo.postgres_programs import find, installations
from tui.demo.postgres_server import SUPERUSER, PostgresServer

__all__ = ["PostgresDatabase", "PostgresServers", "PostgresWatch", "full_servers", "until"]


class PostgresDatabase:
    """A database on a running server; ``connect`` gives asyncpg's connections to it."""

    def __init__(self, server: PostgresServer, name: str = "postgres") -> None:
        self.server = server
        self.name = name
        self._connections: list[asyncpg.Connection] = []

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return self.url_of(SUPERUSER)

    def url_of(self, user: str) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{self.name}"

    @property
    def socket_url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{self.name}?host={self.server.socket_folder}&port={self.port}"

    async def connect(self, user: str = SUPERUSER, **options: Any) -> asyncpg.Connection:
        """A connection that the fixture closes."""
        made = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user=user, database=self.name, **options
        )
        self._connections.append(made)
        return made

    async def execute(self, sql: str) -> None:
        """Statements on a connection of their own."""
        link = await self.connect()
        await link.execute(sql)
        await link.close()

    async def fetch(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        link = await self.connect()
        rows = [tuple(row) for row in await link.fetch(sql, *arguments)]
        await link.close()
        return rows

    def psql(self, sql: str) -> str:
        """What psql prints, without decoration; an error fails the test."""
        done = self.server.run(
            "psql",
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", self.name),
            *("-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    async def close(self) -> None:
        """Cut the connections that the test left open."""
        for link in self._connections:
            link.terminate()


class _Templates:
    """A data directory at rest for each installation: initdb is slow, a copy is not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Path, Path] = {}

    def of(self, binaries: Path) -> Path:
        if binaries not in self._made:
            place = self._folder / str(len(self._made))
            place.mkdir(mode=0o711)
            server = PostgresServer(place, free_port(), binaries=binaries)
            server.create()
            self._made[binaries] = server.data
        return self._made[binaries]


class PostgresServers:
    """Makes servers below one folder that the server's account may enter."""

    def __init__(self, folder: Path, binaries: Path, templates: _Templates) -> None:
        self._folder = folder
        self._binaries = binaries
        self._templates = templates
        self._numbers = itertools.count()
        self._made: list[PostgresServer] = []

    def _place(self) -> Path:
        place = self._folder / str(next(self._numbers))
        place.mkdir(mode=0o711)
        return place

    def create(self, **settings: str) -> PostgresServer:
        """A new server, not started; ``settings`` are added to its command line."""
        server = PostgresServer(
            self._place(), free_port(), binaries=self._binaries, settings=settings
        )
        server.create(self._templates.of(self._binaries))
        self._made.append(server)
        return server

    def start(self, **settings: str) -> PostgresServer:
        """A new server that serves clients."""
        server = self.create(**settings)
        server.start()
        return server

    def replica(self, of: PostgresServer) -> PostgresServer:
        """A streaming replica of ``of``, not started."""
        server = of.make_replica(self._place(), free_port())
        self._made.append(server)
        return server

    def forget(self) -> None:
        """Kill those made so far, and remove what they stored."""
        for server in self._made:
            server.kill()
            shutil.rmtree(server.home, ignore_errors=True)
        self._made.clear()


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return once ``true()`` holds; fail the test where it does not come to that."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.005)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Not pytest's: those are closed to the account that the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="onwatch-postgres-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _servers(binaries: Path, templates: _Templates) -> Iterator[PostgresServers]:
    with _folder() as folder:
        servers = PostgresServers(folder, binaries, templates)
        try:
            yield servers
        finally:
            servers.forget()


class _Shared:
    """A server whose databases are lent to one test after the other."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._main = PostgresDatabase(server)
        self._numbers = itertools.count(1)
        self._spare: list[str] = []

    @contextlib.asynccontextmanager
    async def lend(self) -> AsyncIterator[PostgresDatabase]:
        name = await self._named_anew()
        database = PostgresDatabase(self.server, name)
        yield database
        await database.close()
        await self._empty(database)
        self._spare.append(name)

    async def _named_anew(self) -> str:
        """No name comes twice, so that roles may be called after it."""
        name = f"test_{next(self._numbers)}"
        if self._spare:
            await self._main.execute(f"ALTER DATABASE {self._spare.pop()} RENAME TO {name}")
        else:
            await self._main.execute(f"CREATE DATABASE {name}")
        return name

    async def _empty(self, database: PostgresDatabase) -> None:
        """As new, for a tenth of what a new one takes."""
        await self._main.execute(f"ALTER DATABASE {database.name} RESET ALL")
        await self._main.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")
        ours = "FROM pg_stat_activity WHERE datname = $1"
        await self._main.fetch(f"SELECT pg_terminate_backend(pid) {ours}", database.name)
        while await self._main.fetch(f"SELECT 1 {ours}", database.name):
            await asyncio.sleep(0.002)
        schemas = await database.fetch(
            "SELECT quote_ident(nspname) FROM pg_namespace"
            " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        )
        drops = "".join(f"DROP SCHEMA {schema} CASCADE;" for (schema,) in schemas)
        await database.execute(
            f"{drops} CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public"
        )


@pytest.fixture(scope="session")
def _postgres_templates() -> Iterator[_Templates]:
    with _folder() as folder:
        yield _Templates(folder)


@pytest.fixture(scope="session")
def _postgres_factory(_postgres_templates: _Templates) -> Iterator[PostgresServers]:
    with _servers(find(), _postgres_templates) as servers:
        yield servers


@pytest.fixture(scope="session")
def _postgres_shared(_postgres_templates: _Templates) -> Iterator[_Shared]:
    with _servers(find(), _postgres_templates) as servers:
        yield _Shared(servers.start(max_connections="200"))


@pytest_asyncio.fixture
async def postgres_server(_postgres_shared: _Shared) -> AsyncIterator[PostgresDatabase]:
    """An empty database on the server that all tests share: do it no harm."""
    async with _postgres_shared.lend() as database:
        yield database


@pytest.fixture
def postgres_servers(_postgres_factory: PostgresServers) -> Iterator[PostgresServers]:
    """Servers of a test's own, to be killed, frozen, restarted, replicated."""
    yield _postgres_factory
    _postgres_factory.forget()


@pytest.fixture(scope="module")
def postgres_module_servers(_postgres_templates: _Templates) -> Iterator[PostgresServers]:
    """Servers that the tests of a module share."""
    with _servers(find(), _postgres_templates) as servers:
        yield servers


def _full_installation() -> Path | None:
    """A PostgreSQL with contrib modules and TLS, which the wheel's has not: Debian's, installed
    or as tools/get-postgres unpacks it."""
    tools = Path(__file__).parents[2] / ".tools" / "postgresql"
    unpacked = sorted(tools.glob("usr/lib/postgresql/*/bin"))
    for folder in (*installations(), *unpacked):
        share = folder.parents[2].parent / "share" / "postgresql" / folder.parent.name
        control = share / "extension" / "pg_stat_statements.control"
        if (folder / "postgres").exists() and control.exists():
            return folder
    return None


@contextlib.contextmanager
def full_servers() -> Iterator[PostgresServers]:
    """Servers that know TLS and contrib modules, for what is no test."""
    binaries = _full_installation()
    if binaries is None:
        raise SystemExit("no PostgreSQL with contrib modules here: run tools/get-postgres")
    with _folder() as folder, _servers(binaries, _Templates(folder)) as servers:
        yield servers


@pytest.fixture(scope="session")
def postgres_full_binaries() -> Path:
    """The folder of programs of a PostgreSQL with contrib modules and TLS."""
    binaries = _full_installation()
    if binaries is None:
        pytest.skip("no PostgreSQL with contrib modules here: run tools/get-postgres")
    return binaries


@pytest.fixture(scope="session")
def _postgres_full_factory(
    postgres_full_binaries: Path, _postgres_templates: _Templates
) -> Iterator[PostgresServers]:
    with _servers(postgres_full_binaries, _postgres_templates) as servers:
        yield servers


@pytest.fixture(scope="session")
def _postgres_full_shared(
    postgres_full_binaries: Path, _postgres_templates: _Templates
) -> Iterator[_Shared]:
    with _servers(postgres_full_binaries, _postgres_templates) as servers:
        yield _Shared(servers.start(shared_preload_libraries="pg_stat_statements"))


@pytest_asyncio.fixture
async def postgres_full(_postgres_full_shared: _Shared) -> AsyncIterator[PostgresDatabase]:
    """An empty database on a shared server with ``pg_stat_statements`` preloaded."""
    async with _postgres_full_shared.lend() as database:
        yield database


@pytest.fixture(scope="module")
def postgres_full_module_servers(
    postgres_full_binaries: Path, _postgres_templates: _Templates
) -> Iterator[PostgresServers]:
    """Servers that know TLS and contrib modules, which the tests of a module share."""
    with _servers(postgres_full_binaries, _postgres_templates) as servers:
        yield servers


@pytest.fixture
def postgres_full_servers(_postgres_full_factory: PostgresServers) -> Iterator[PostgresServers]:
    """Servers of a test's own that know TLS and contrib modules."""
    yield _postgres_full_factory
    _postgres_full_factory.forget()


class PostgresWatch:
    """Makes probes as the engine does, on a fake clock; closes them when the test ends."""

    def __init__(self, base_dir: Path) -> None:
        self.clock = FakeClock(time.time())
        self.masker = Masker()
        self.lanes = Lanes()
        resolver = Resolver(self.lanes, self.clock)
        self._env = ProbeEnv(self.clock, resolver, self.lanes, self.masker, base_dir)
        self._probes: list[PostgresProbe] = []

    def probe(
        self, server: PostgresDatabase | str, timeout: float = 3.0, **config: Any
    ) -> PostgresProbe:
        """A probe of ``server`` named ``db``, configured by ``config``."""
        url = server if isinstance(server, str) else server.url
        settings = PostgresConfig.model_validate({"url": url, **config})
        labels = CheckSpec("db", "postgres", settings).target_labels({})
        made = PostgresProbe(settings, Target("db", 5.0, timeout, Sampler(labels), self._env))
        self._probes.append(made)
        return made

    async def once(self, server: PostgresDatabase | str, **config: Any) -> Result:
        """The first result of a new probe."""
        return await self.probe(server, **config).run()

    async def close(self) -> None:
        for probe in self._probes:
            await probe.close()
        self.lanes.close()


@pytest_asyncio.fixture
async def postgres_watch(tmp_path: Path) -> AsyncIterator[PostgresWatch]:
    """PostgreSQL checks on a fake clock."""
    watch = PostgresWatch(tmp_path)
    yield watch
    await watch.close()
