"""Real MariaDB servers: Debian's, where ``tools/get-servers`` has put it.

One server serves all tests of a session, each with a database of its own; tests of faults
start their own from a template, in an eighth of a second.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pymysql
import pytest
import pytest_asyncio
from pymysql.cursors import Cursor

from checks.clock import FakeClock
from checks.databases.model import DatabaseFacts
from checks.lanes import Lanes
from checks.model import Result, Sampler
from checks.probe import CheckSpec, ProbeEnv, Target
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.probe import MysqlProbe
from checks.resolver import Resolver
from checks.secrets import Masker
from tests.servers.postgres import until
from tests.servers.redis import free_port
from tui.demo.mariadb_server import MISSING, MariadbServer, find

__all__ = [
    "MONITOR",
    "OWNER",
    "PASSWORD",
    "MariadbDatabase",
    "MariadbServers",
    "MysqlWatch",
    "facts_of",
    "next_second",
]

OWNER: Final = "owner"
"""An account with every privilege, from anywhere."""
MONITOR: Final = "onwatch"
"""An account with the privileges that docs/checks/mysql.md asks for."""
PASSWORD: Final = "open-sesame"
"""The password of both."""

_ACCOUNTS: Final = (
    "FLUSH PRIVILEGES",
    f"CREATE USER {OWNER}@'%' IDENTIFIED BY '{PASSWORD}'",
    f"GRANT ALL ON *.* TO {OWNER}@'%' WITH GRANT OPTION",
    f"CREATE USER {MONITOR}@'%' IDENTIFIED BY '{PASSWORD}'",
    f"GRANT PROCESS, SLAVE MONITOR, BINLOG MONITOR, CONNECTION ADMIN ON *.* TO {MONITOR}@'%'",
    f"GRANT SELECT ON *.* TO {MONITOR}@'%'",
)


class MariadbDatabase:
    """A database on a running server; ``connect`` gives connections to it that block."""

    def __init__(self, server: MariadbServer, name: str = "mysql") -> None:
        self.server = server
        self.name = name
        self._connections: list[pymysql.Connection[Cursor]] = []

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return self.url_of(MONITOR)

    def url_of(self, user: str) -> str:
        """The database's url for ``user``, without a password."""
        return f"mysql://{user}@127.0.0.1:{self.port}/{self.name}"

    @property
    def socket_url(self) -> str:
        """The url for the administrator, who needs no password."""
        return f"mysql://{self.server.admin}@/{self.name}?socket={self.server.socket}"

    def connect(
        self, user: str = OWNER, password: str = PASSWORD, *, tcp: bool = False, **options: Any
    ) -> pymysql.Connection[Cursor]:
        """A connection that commits by itself, which the fixture closes."""
        where = {"host": "127.0.0.1", "port": self.port}
        if not tcp:
            where = {"unix_socket": str(self.server.socket)}
        # To read the system's certificates for a context takes the driver 30 ms.
        always = {"autocommit": True, "ssl_disabled": True}
        settings = {**always, "database": self.name, **where, **options}
        made: pymysql.Connection[Cursor] = pymysql.connect(user=user, password=password, **settings)
        self._connections.append(made)
        return made

    def execute(self, *statements: str) -> None:
        """Statements on a connection of their own."""
        self._run(statements)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of ``sql``, over a connection of its own."""
        return self._run([sql])

    def status(self, name: str) -> int:
        """A variable of SHOW GLOBAL STATUS."""
        return int(self.fetch(f"SHOW GLOBAL STATUS LIKE '{name}'")[0][1])

    def _run(self, statements: Any) -> list[tuple[Any, ...]]:
        link = self.connect()
        try:
            with link.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return [tuple(row) for row in cursor.fetchall()]
        finally:
            self._connections.remove(link)
            link.close()

    def close(self) -> None:
        """Cut the connections that the test left open."""
        for link in self._connections:
            with suppress(pymysql.Error):
                link.close()
        self._connections.clear()


class MariadbServers:
    """Makes servers below one folder that the server's account may enter."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.folder = folder
        self._binary = binary
        self._numbers = itertools.count()
        self._template: Path | None = None
        self._made: list[MariadbServer] = []

    def _place(self) -> Path:
        place = self.folder / str(next(self._numbers))
        place.mkdir(mode=0o711)
        return place

    def create(self, *options: str) -> MariadbServer:
        """A new server, not started; ``options`` are added to its command line."""
        if self._template is None:
            first = MariadbServer(self._place(), free_port(), binary=self._binary)
            first.create(statements=_ACCOUNTS)
            self._template = first.data
        server = MariadbServer(self._place(), free_port(), *options, binary=self._binary)
        server.create(self._template)
        self._made.append(server)
        return server

    def start(self, *options: str) -> MariadbDatabase:
        """A new server that serves clients."""
        server = self.create(*options)
        server.start()
        return MariadbDatabase(server)

    def replica(self, of: MariadbDatabase, *options: str) -> MariadbDatabase:
        """A replica of ``of``, which was started with ``--log-bin --server-id=1``, that has
        begun to replicate all that is yet to come."""
        name, position, *_ = of.fetch("SHOW MASTER STATUS")[0]
        made = self.start("--server-id=2", "--relay-log=relay", *options)
        made.execute(
            f"CHANGE MASTER TO master_host='127.0.0.1', master_port={of.port},"
            f" master_user='{OWNER}', master_password='{PASSWORD}',"
            f" master_log_file='{name}', master_log_pos={position},"
            " master_connect_retry=1, master_heartbeat_period=1",
            "START SLAVE",
        )
        return made

    def forget(self) -> None:
        """Kill those made so far, and remove what they stored."""
        for server in self._made:
            server.kill()
            shutil.rmtree(server.home, ignore_errors=True)
        self._made.clear()


@contextmanager
def _servers(config: pytest.Config) -> Iterator[MariadbServers]:
    binary = find()
    if binary is None:
        required = config.getoption("--require-servers") or os.environ.get("CI") == "true"
        (pytest.fail if required else pytest.skip)(MISSING)
    # pytest's own folders are closed to the account that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="onwatch-mariadb-"))
    folder.chmod(0o711)
    servers = MariadbServers(folder, binary)
    try:
        yield servers
    finally:
        servers.forget()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _mariadb_factory(pytestconfig: pytest.Config) -> Iterator[MariadbServers]:
    with _servers(pytestconfig) as servers:
        yield servers


@pytest.fixture(scope="module")
def mariadb_module_servers(pytestconfig: pytest.Config) -> Iterator[MariadbServers]:
    """Servers that the tests of a module share."""
    with _servers(pytestconfig) as servers:
        yield servers


@pytest.fixture(scope="session")
def _mariadb_shared(pytestconfig: pytest.Config) -> Iterator[MariadbServer]:
    with _servers(pytestconfig) as servers:
        yield servers.start("--max-connections=200").server


_names = (f"test_{number}" for number in itertools.count(1))


@pytest.fixture
def mariadb_server(_mariadb_shared: MariadbServer) -> Iterator[MariadbDatabase]:
    """An empty database on the server that all tests share: do it no harm."""
    name = next(_names)
    MariadbDatabase(_mariadb_shared).execute(f"CREATE DATABASE {name}")
    database = MariadbDatabase(_mariadb_shared, name)
    yield database
    database.close()
    MariadbDatabase(_mariadb_shared).execute(f"DROP DATABASE {name}")


@pytest.fixture
def mariadb_servers(_mariadb_factory: MariadbServers) -> Iterator[MariadbServers]:
    """Servers of a test's own, to be killed, frozen, restarted, replicated."""
    yield _mariadb_factory
    _mariadb_factory.forget()


class MysqlWatch:
    """Makes probes as the engine does, on a fake clock; closes them when the test ends."""

    def __init__(self, base_dir: Path) -> None:
        self.clock = FakeClock(time.time())
        self.masker = Masker()
        self.lanes = Lanes()
        resolver = Resolver(self.lanes, self.clock)
        self.env = ProbeEnv(self.clock, resolver, self.lanes, self.masker, base_dir)
        self._probes: list[MysqlProbe] = []

    def probe(
        self, server: MariadbDatabase | str, timeout: float = 3.0, **config: Any
    ) -> MysqlProbe:
        """A probe of ``server`` named ``shop``, configured by ``config``; it logs in as
        :data:`MONITOR`, and reads no option files, unless that says otherwise."""
        url = server if isinstance(server, str) else server.url
        login = {"password": PASSWORD} if f"//{MONITOR}@" in url else {}
        settings = MysqlConfig.model_validate(
            {"url": url, "option_files": False, **login, **config}
        )
        labels = CheckSpec("shop", "mysql", settings).target_labels({})
        made = MysqlProbe(settings, Target("shop", 5.0, timeout, Sampler(labels), self.env))
        self._probes.append(made)
        return made

    async def once(self, server: MariadbDatabase | str, **config: Any) -> Result:
        """The first result of a new probe."""
        return await self.probe(server, **config).run()

    async def again(self, probe: MysqlProbe, seconds: float = 5.0) -> Result:
        """The result of a run ``seconds`` later."""
        await self.clock.advance(seconds)
        return await probe.run()

    async def close(self) -> None:
        for probe in self._probes:
            await probe.close()
        self.lanes.close()


def next_second() -> None:
    """Wait until another second has begun: that in which it was started tells a server's lives
    apart."""
    now = int(time.time())
    until(lambda: int(time.time()) > now)


def facts_of(result: Result) -> DatabaseFacts:
    """What a result says of the server's sessions."""
    assert isinstance(result.database, DatabaseFacts), result.message
    return result.database


@pytest_asyncio.fixture
async def mysql_watch(tmp_path: Path) -> AsyncIterator[MysqlWatch]:
    """MySQL checks on a fake clock."""
    watch = MysqlWatch(tmp_path)
    yield watch
    await watch.close()
