"""Discovery and the engine: found at once, found later, missed, remembered."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.errors import NoThreadsError
from checks.live import EngineSource
from checks.model import Status
from checks.probe import CheckSpec
from checks.views import Snapshot
from tests.checks.discovery_kit import Proc, discovery
from tests.checks.fakes import CLOSED, PLAYED, ok, settle, spec
from tests.checks.test_lanes import no_threads
from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tests.servers.mariadb import MariadbServers
from tests.servers.postgres import PostgresServers
from tests.servers.redis import RedisServer

EMPTY = EngineConfig(checks=())


# The engine takes checks in.


@asynccontextmanager
async def running(clock: FakeClock, *specs: CheckSpec) -> AsyncIterator[Engine]:
    engine = Engine(EngineConfig(specs, base_dir=Path("/")), clock)
    task = asyncio.create_task(engine.run(lambda snapshot: None))
    await settle()
    try:
        yield engine
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def amend(engine: Engine, *specs: CheckSpec) -> None:
    await engine.amend(EngineConfig(specs, base_dir=Path("/")))
    await settle()


async def test_a_check_that_joins_runs_and_leaves_the_others_in_peace() -> None:
    clock = FakeClock()
    PLAYED["old"], PLAYED["new"] = ok(1.0), ok(2.0)
    CLOSED.clear()
    old, new = spec("old"), spec("new")
    async with running(clock, old) as engine:
        await clock.advance(11)
        probe = engine.runners[0]
        history = engine.snapshot().checks[0].history
        assert len(history) >= 3
        await amend(engine, new, old)
        await clock.advance(1)
        names = [view.name for view in engine.snapshot().checks]
        assert names == ["new", "old"]
        assert engine.runners[1] is probe
        assert engine.snapshot().checks[0].status is Status.OK
        view = engine.snapshot().check("old")
        assert view is not None
        assert view.history[: len(history)] == history
        assert "discovered: played at new:1" in [e.text for e in engine.snapshot().events]
        runs = engine.scheduler.counts.runs
        await clock.advance(10)
        assert engine.scheduler.counts.runs == runs + 4
        assert CLOSED == []


async def test_a_check_that_changed_begins_anew_and_one_that_is_gone_ends() -> None:
    clock = FakeClock()
    for name in ("same", "changed", "gone"):
        PLAYED[name] = ok()
    CLOSED.clear()
    same, changed, gone = spec("same"), spec("changed"), spec("gone")
    async with running(clock, same, changed, gone) as engine:
        await clock.advance(6)
        await amend(engine, same, spec("changed", interval=2.0))
        assert sorted(CLOSED) == ["changed", "gone"]
        await clock.advance(1)
        assert [view.name for view in engine.snapshot().checks] == ["same", "changed"]
        view = engine.snapshot().check("changed")
        assert view is not None
        assert len(view.history) == 1
        runs = engine.scheduler.counts.runs
        await clock.advance(10)
        assert engine.scheduler.counts.runs == runs + 2 + 5


async def test_checks_that_cannot_be_taken_in_now_cost_none_that_is_watched() -> None:
    """Importing their drivers wants a thread; there may be one at the next look."""
    clock = FakeClock()
    PLAYED["old"] = PLAYED["new"] = PLAYED["gone"] = ok()
    CLOSED.clear()
    old, new, gone = spec("old"), spec("new"), spec("gone")
    async with running(clock, old, gone) as engine:
        await clock.advance(6)
        with no_threads(), pytest.raises(NoThreadsError):
            await amend(engine, old, new)
        assert CLOSED == []
        runs = engine.scheduler.counts.runs
        await clock.advance(10)
        assert engine.scheduler.counts.runs == runs + 4
        await amend(engine, old, new)
        assert CLOSED == ["gone"]
        assert [view.name for view in engine.snapshot().checks] == ["old", "new"]


async def test_a_result_that_comes_too_late_is_nobodys() -> None:
    clock = FakeClock()
    PLAYED["gone"] = ok()
    gone = spec("gone")
    async with running(clock, gone) as engine:
        runner = engine.runners[0]
        await amend(engine)
        await engine.scheduler.fresh(runner)
        assert engine.snapshot().checks == ()


# A session: what is found, later found, and missed.


async def test_what_runs_is_found_and_what_joins_is_added(
    redis_server: RedisServer, http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.answer("/health", {"status": "ok"})
    port = http_server.port
    http_server.stop()
    found = discovery(tmp_path, redis_server.port, port)
    first = await found.look(EMPTY)
    assert [one.kind for one in first.checks] == ["redis"]
    assert await found.look(first) is first
    http_server.start()
    second = await found.look(first)
    assert [one.kind for one in second.checks] == ["http", "redis"]
    assert second.checks[1] is first.checks[0]
    http_server.stop()
    assert await found.look(second) is second
    # Where what the look before found was not taken over, it is found once more.
    again = await found.look(first)
    assert all(one is known for one, known in zip(again.checks, second.checks, strict=True))


async def test_what_the_configuration_has_is_kept(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    host = spec("redis")
    base = EngineConfig((host,), read_only=True, warnings=("mind the gap",))
    config = await discovery(tmp_path, redis_server.port).look(base)
    assert config.checks[-1] is host
    assert config.checks[0].name == f"redis-{redis_server.port}"
    assert config.read_only
    assert "mind the gap" in config.warnings


async def test_what_ran_in_the_last_session_and_does_not_is_missed(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    port = redis_server.port
    await discovery(tmp_path, port).look(EMPTY)
    redis_server.kill()
    later = discovery(tmp_path, port, wall=time.time() + 7_200)
    (missed,) = (await later.look(EMPTY)).checks
    assert missed.name == f"redis-{port}"
    assert missed.config.address() == f"127.0.0.1:{port}"
    assert (
        missed.expected
        == "it ran when onwatch last looked, 2 h ago; if that is over, forget it in the palette"
    )


async def test_what_ran_last_week_is_forgotten(redis_server: RedisServer, tmp_path: Path) -> None:
    port = redis_server.port
    await discovery(tmp_path, port).look(EMPTY)
    redis_server.kill()
    later = discovery(tmp_path, port, wall=time.time() + 8 * 86_400)
    assert (await later.look(EMPTY)).checks == ()


async def test_what_is_forgotten_is_missed_no_more_until_it_runs_again(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    port = redis_server.port
    await discovery(tmp_path, port).look(EMPTY)
    redis_server.kill()
    later = discovery(tmp_path, port)
    config = await later.look(EMPTY)
    (missed,) = config.checks
    later.forget("postgres")
    later.forget(missed.name)
    # Soon, and not after the usual half minute.
    async with asyncio.timeout(PATIENCE):
        await later.rest()
    config = await later.look(config)
    assert config.checks == ()
    assert await later.look(config) is config
    assert (await discovery(tmp_path, port).look(EMPTY)).checks == ()
    redis_server.restart()
    assert len((await later.look(config)).checks) == 1
    redis_server.kill()
    assert len((await discovery(tmp_path, port).look(EMPTY)).checks) == 1


async def test_what_lives_in_a_temporary_folder_is_watched_and_not_missed(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Also where an earlier version took it for what stays."""
    port, folder = redis_server.port, f"{redis_server.directory}/"
    assert (await discovery(tmp_path, port).look(EMPTY)).checks
    once = discovery(tmp_path, port, temporary=(folder,))
    assert len((await once.look(EMPTY)).checks) == 1
    assert [one.spec.kind for one in once.transient] == ["redis"]
    redis_server.kill()
    assert (await discovery(tmp_path, port).look(EMPTY)).checks == ()


async def test_a_unit_that_ran_and_was_disabled_is_not_missed(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    port = redis_server.port
    first = discovery(tmp_path, port)
    await first.look(EMPTY)
    memory = tmp_path / "state" / "found.json"
    text = memory.read_text().replace('"port"', '"unit": "redis.service",\n   "port"')
    memory.write_text(text)
    redis_server.kill()
    root = tmp_path / "root"
    (root / "run/systemd/system").mkdir(parents=True)
    unit = root / "usr/lib/systemd/system/redis.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Install]\n")
    assert (await discovery(tmp_path, port, root=root).look(EMPTY)).checks == ()
    unit.write_text("[Service]\n")
    (missed,) = (await discovery(tmp_path, port, root=root).look(EMPTY)).checks
    assert missed.expected.endswith(" ago: systemctl start redis")


async def test_names_survive_the_session(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.answer("/health", {"status": "ok"})
    (before,) = (await discovery(tmp_path, http_server.port).look(EMPTY)).checks
    memory = tmp_path / "state" / "found.json"
    memory.write_text(memory.read_text().replace(before.name, "shop"))
    (after,) = (await discovery(tmp_path, http_server.port).look(EMPTY)).checks
    assert after.name == "shop"


async def test_no_password_reaches_the_memory(redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.set(requirepass="open-sesame")
    redis_server.hang_up()
    environ = {"REDIS_URL": f"redis://:open-sesame@127.0.0.1:{redis_server.port}/0"}
    (found,) = (await discovery(tmp_path, redis_server.port, environ=environ).look(EMPTY)).checks
    assert "open-sesame" in found.config.model_dump()["url"]
    assert "open-sesame" not in (tmp_path / "state" / "found.json").read_text()


async def test_a_machine_without_proc_is_said(tmp_path: Path) -> None:
    config = await discovery(tmp_path, proc=tmp_path / "proc").look(EMPTY)
    assert config.checks == ()
    assert config.warnings == (
        f"discovery needs {tmp_path}/proc/net/tcp: No such file or directory",
    )


async def test_what_cannot_be_seen_is_said(tmp_path: Path) -> None:
    proc = Proc(tmp_path / "proc")
    proc.listen("0100007F", 2024, 5)
    config = await discovery(tmp_path, proc=proc.path).look(EMPTY)
    assert config.checks == ()
    assert config.warnings == (
        "/proc hides other accounts' processes: what is not known by its answer is left out",
    )
    assert config.remarks == ("left alone, since it cannot be seen who listens there: port 2024",)


# The whole way, in the engine's thread.


@dataclass
class Watched:
    """An engine that discovers, and its pictures."""

    source: EngineSource
    picture: Snapshot | None = field(default=None)

    def until(self, seen: Callable[[Snapshot], object], seconds: float = PATIENCE) -> Snapshot:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.picture = self.source.latest() or self.picture
            if self.picture is not None and seen(self.picture):
                return self.picture
            assert self.source.failure() is None
            self.source.poll_now()
            time.sleep(0.1)
        shown = self.picture.checks if self.picture else ()
        raise AssertionError(f"it did not come to pass: {[(c.name, c.message) for c in shown]}")

    def status(self, kind: str) -> Callable[[Snapshot], list[Status]]:
        return lambda picture: [one.status for one in picture.checks if one.kind == kind]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Watched]]:
    """Starts an engine that discovers what is at some ports, looking every tenth of a second."""
    monkeypatch.setattr("checks.discovery.finder.AGAIN", 0.1)
    sources: list[EngineSource] = []

    def start(*ports: int, sockets: tuple[str, ...] = ()) -> Watched:
        def load() -> EngineConfig:
            return EngineConfig((), finder=discovery(tmp_path, *ports, sockets=sockets))

        sources.append(EngineSource(load))
        sources[-1].start()
        return Watched(sources[-1])

    yield start
    for source in sources:
        source.close()


def test_servers_that_come_and_go_while_it_watches(
    watch: Callable[..., Watched], redis_server: RedisServer, http_server: HttpServer
) -> None:
    http_server.answer("/health", {"status": "ok"})
    port = http_server.port
    http_server.stop()
    watched = watch(redis_server.port, port)
    watched.until(lambda p: watched.status("redis")(p) == [Status.OK])
    http_server.start()
    picture = watched.until(lambda p: watched.status("http")(p) == [Status.OK])
    assert watched.status("redis")(picture) == [Status.OK]
    assert f"discovered: http at http://127.0.0.1:{port}/health" in [
        event.text for event in picture.events
    ]
    redis_server.kill()
    picture = watched.until(lambda p: watched.status("redis")(p) == [Status.CRITICAL])
    (gone,) = (one for one in picture.checks if one.kind == "redis")
    assert "refused" in gone.message
    redis_server.restart()
    watched.until(lambda p: watched.status("redis")(p) == [Status.OK])


def test_a_server_that_is_missed_is_critical_and_says_why(
    watch: Callable[..., Watched], redis_server: RedisServer, tmp_path: Path
) -> None:
    asyncio.run(discovery(tmp_path, redis_server.port).look(EMPTY))
    redis_server.kill()
    watched = watch(redis_server.port)
    picture = watched.until(lambda p: watched.status("redis")(p) == [Status.CRITICAL])
    (missed,) = (one for one in picture.checks if one.kind == "redis")
    assert re.fullmatch(
        r"it ran when onwatch last looked, \d+ s ago; if that is over, forget it in the "
        rf"palette \(connection to 127\.0\.0\.1:{redis_server.port} refused\)",
        missed.message,
    )


def test_a_redis_that_asks_for_a_password_is_up_and_says_which(
    watch: Callable[..., Watched], redis_server: RedisServer
) -> None:
    redis_server.set(requirepass="open-sesame")
    redis_server.hang_up()
    watched = watch(redis_server.port)
    picture = watched.until(lambda p: watched.status("redis")(p) == [Status.UNKNOWN])
    (view,) = (one for one in picture.checks if one.kind == "redis")
    assert (view.up, view.value) == (True, "up")
    assert "asks for a password" in view.message
    assert view.message.endswith("it is taken from $REDISCLI_AUTH or $REDIS_URL")


def test_databases_that_let_us_in_by_their_sockets_are_watched_without_a_word(
    watch: Callable[..., Watched],
    postgres_servers: PostgresServers,
    mariadb_servers: MariadbServers,
) -> None:
    postgres, mariadb = postgres_servers.start(), mariadb_servers.start()
    if os.geteuid() != 0:
        options = ("-h", str(postgres.socket_folder), "-p", str(postgres.port))
        postgres.run("createuser", *options, "-s", "-U", "postgres", getpass.getuser())
    said = postgres.said(), mariadb.server.said()
    places = (str(postgres.socket_folder), str(mariadb.server.socket))
    watched = watch(postgres.port, mariadb.port, sockets=places)
    watched.until(lambda p: watched.status("postgres")(p) == [Status.OK])
    watched.until(lambda p: watched.status("mysql")(p) == [Status.OK])
    # Ending may cut a poll short, of which a server tells.
    assert (postgres.said(), mariadb.server.said()) == said
    assert mariadb.status("Aborted_connects") == 0
    watched.source.close()


def test_databases_that_keep_us_out_are_up_and_say_which_credential_is_missing(
    watch: Callable[..., Watched],
    postgres_servers: PostgresServers,
    mariadb_servers: MariadbServers,
) -> None:
    postgres, mariadb = postgres_servers.create(), mariadb_servers.start()
    postgres.allow("local all all reject", "host all all 127.0.0.1/32 scram-sha-256")
    postgres.start(wait=False)
    wait_for(lambda: "ready to accept" in postgres.said())
    watched = watch(postgres.port, mariadb.port)
    watched.until(lambda p: watched.status("postgres")(p) == [Status.UNKNOWN])
    watched.until(lambda p: watched.status("mysql")(p) == [Status.UNKNOWN])
    runs = watched.picture.health.runs if watched.picture else 0
    picture = watched.until(lambda p: p.health.runs > runs + 10)
    views = {one.kind: one for one in picture.checks}
    assert {(one.up, one.value) for one in views.values()} == {(True, "up")}
    assert ".pgpass" in views["postgres"].message
    assert "password" in views["mysql"].message
    watched.source.close()
    # A login without a password is tried once, and never again.
    assert mariadb.status("Aborted_connects") <= 1
    assert "FATAL" not in postgres.said()


def wait_for(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_finder_that_breaks_costs_nothing_that_is_watched(
    watch: Callable[..., Watched], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch(redis_server.port)
    watched.until(lambda p: watched.status("redis")(p) == [Status.OK])

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("checks.discovery.survey.Survey.look", broken)
    picture = watched.until(lambda p: "looking for services failed" in p.health.notice)
    runs = picture.health.runs
    watched.until(lambda p: p.health.runs > runs and watched.status("redis")(p) == [Status.OK])


async def test_the_next_look_is_half_a_minute_away_or_soon_while_something_is_slow(
    http_server: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.discovery.finder.LATER", 0.3)
    assert discovery(tmp_path).pause == 30.0
    http_server.answer("/health", "ok", delay=30)
    found = discovery(tmp_path, http_server.port, first=0.5)
    config = await found.look(EMPTY)
    assert (found.settled, found.pause) == (False, 1.0)
    assert not found.sure
    for _ in range(3):
        config = await found.look(config)
    assert found.pause == 30.0
    assert found.sure, "what is slow for ever is not waited for"


async def test_after_the_second_look_it_is_sure_of_what_is_not_there(tmp_path: Path) -> None:
    found = discovery(tmp_path)
    config = await found.look(EMPTY)
    assert (found.settled, found.sure) == (True, False)
    await found.look(config)
    assert found.sure


async def test_closed_it_leaves_no_thread(tmp_path: Path) -> None:
    of_others = set(threading.enumerate())
    found = discovery(tmp_path)
    await found.look(EMPTY)
    begun = [one for one in threading.enumerate() if one not in of_others]
    lanes = [one for one in begun if one.name.startswith("lane discovery")]
    assert lanes
    found.close()
    for lane in lanes:
        await asyncio.to_thread(lane.join, 5)
        assert not lane.is_alive()
