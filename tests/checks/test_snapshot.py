"""The picture: shared where nothing changed, sorted by what matters, causes before symptoms."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from checks.clock import FakeClock
from checks.derive import chart
from checks.engine import Engine
from checks.model import Result, Sampler, Status
from checks.probe import ChartSpec, CheckSpec, Target
from checks.probes.redis.config import Queue, RedisConfig
from checks.probes.sqlite.probe import SqliteConfig
from checks.registry import kind
from checks.requests.stats import RequestStats, WindowStats
from checks.store.store import Store
from checks.store.window import Window
from tests.checks.fakes import PLAYED, config, down, ok, spec
from tests.servers.redis import RedisServer, free_port

NOTHING = WindowStats(
    60.0, 60.0, 0, 0.0, 0, None, (), None, None, None, None, None, None, ()
)  # fmt: skip


async def pictured(clock: FakeClock, engine: Engine) -> None:
    await engine.scheduler.once()
    await clock.advance(1)


async def test_symptoms_come_after_the_cause_they_depend_on() -> None:
    clock = FakeClock()
    PLAYED.update(db=down("refused"), api=down("HTTP 503"), web=down("HTTP 502"), cache=ok())
    engine = Engine(
        config(
            spec("web", depends_on=("api",)),
            spec("api", depends_on=("db", "cache")),
            spec("cache"),
            spec("db"),
        ),
        clock,
    )
    await pictured(clock, engine)
    alerts = engine.snapshot().alerts
    assert [(a.check, a.cause) for a in alerts] == [("db", ""), ("web", "db"), ("api", "db")]
    assert [c.name for c in engine.snapshot().checks] == ["db", "web", "api", "cache"]


async def test_what_did_not_change_is_the_same_object() -> None:
    clock = FakeClock()
    PLAYED.update(one=ok(), two=ok())
    engine = Engine(config(spec("one"), spec("two")), clock)
    await pictured(clock, engine)
    before = engine.snapshot()
    await engine.scheduler.once(lambda runner: runner.spec.name == "one")
    after = engine.snapshot()
    assert after.check("two") is before.check("two")
    assert after.check("one") is not before.check("one")


async def test_before_the_first_result_nothing_looks_fine_or_broken() -> None:
    engine = Engine(config(spec("one")), FakeClock())
    snapshot = engine.snapshot()
    assert snapshot.checks[0].status is Status.WAITING
    assert snapshot.alerts == ()


async def test_queue_figures_come_from_the_store_with_growth_per_minute() -> None:
    clock = FakeClock()
    depth = 100.0

    async def queue(target: Target) -> Result:
        nonlocal depth
        builder = target.sampler.builder()
        builder.add("queue_size", depth, {"queue": "mail"})
        builder.add("queue_failed", 3, {"queue": "mail"})
        depth += 10
        return Result(Status.OK, "fine", samples=builder.build())

    PLAYED["q"] = queue
    engine = Engine(config(spec("q", 5)), clock)
    for _ in range(6):
        await engine.scheduler.once()
        await clock.advance(5)
    (view,) = engine.snapshot().queues
    assert (view.name, view.size, view.failed, view.processing) == ("mail", 150, 3, None)
    assert view.growth is not None
    assert round(view.growth) == 120
    assert view.history == (100, 110, 120, 130, 140, 150)


async def test_details_are_made_for_the_check_in_focus_alone() -> None:
    clock = FakeClock()
    PLAYED.update(one=ok(4.0), two=ok())
    engine = Engine(config(spec("one"), spec("two")), clock)
    for _ in range(3):
        await pictured(clock, engine)
    assert engine.snapshot().details is None
    engine.focus = "one"
    details = engine.snapshot().details
    assert details is not None
    assert details.check == "one"
    assert len(details.results) == 3
    assert ("played_value", 4.0) in details.samples
    assert details.charts[-1].unit == "s"
    assert len(details.charts[-1].times) == 3


async def test_the_samples_of_one_result_are_written_out_once() -> None:
    clock = FakeClock()
    PLAYED.update(one=ok())
    engine = Engine(config(spec("one")), clock)
    await pictured(clock, engine)
    engine.focus = "one"

    def shown() -> object:
        details = engine.snapshot().details
        assert details is not None
        assert ("played_value", 1.0) in details.samples
        return details.samples

    before = shown()
    assert shown() is before
    await pictured(clock, engine)
    assert shown() is not before


async def test_every_sample_carries_the_targets_labels() -> None:
    clock = FakeClock()
    PLAYED["one"] = ok()
    engine = Engine(config(spec("one", job="shop", labels={"env": "prod"})), clock)
    await pictured(clock, engine)
    expected = Sampler({"job": "shop", "instance": "one:1", "env": "prod"}).series("up")
    (found,) = engine.store.select("up").values()
    assert found == [expected]


async def test_what_can_no_longer_be_read_stays_as_unknown_not_as_gone() -> None:
    clock = FakeClock()
    stats = RequestStats(clock.now(), (NOTHING,), 5.0, (), (), ())

    async def full(target: Target) -> Result:
        builder = target.sampler.builder()
        builder.add("queue_size", 7, {"queue": "mail"})
        return Result(Status.OK, "fine", samples=builder.build(), requests=stats)

    PLAYED["both"] = full
    engine = Engine(config(spec("both", 5)), clock)
    await pictured(clock, engine)
    before = engine.snapshot()
    assert before.queues[0].size == 7
    assert before.requests[0].silent_since is None
    PLAYED["both"] = down("refused")
    await pictured(clock, engine)
    after = engine.snapshot()
    assert [(q.name, q.size, q.status) for q in after.queues] == [("mail", None, Status.CRITICAL)]
    assert after.requests[0].silent_since == stats.at


async def test_a_server_that_never_answered_was_not_seen_since_onwatch_began(
    redis_server: RedisServer,
) -> None:
    known = CheckSpec("known", "redis", RedisConfig(url=redis_server.url))
    cache = RedisConfig(url=f"redis://127.0.0.1:{free_port()}")
    engine = Engine(config(known, CheckSpec("cache", "redis", cache)), FakeClock())
    await engine.scheduler.once()
    redis_server.kill()
    await engine.scheduler.once()
    views = {view.check: view for view in engine.snapshot().databases}
    assert all(view.silent_since is not None for view in views.values())
    assert {name: view.never for name, view in views.items()} == {"known": False, "cache": True}
    await engine.close()


async def test_of_a_redis_that_hangs_what_it_told_last_stays(redis_server: RedisServer) -> None:
    """Its slow log may well say why."""
    redis_server.call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    redis_server.call("CONFIG", "SET", "maxmemory", "64mb")
    redis_server.call("SET", "a", 1)
    clock = FakeClock()
    spec = CheckSpec("cache", "redis", RedisConfig(url=redis_server.url), timeout=0.5)
    engine = Engine(config(spec), clock)
    await engine.scheduler.once()
    (before,) = engine.snapshot().databases
    await clock.advance(5)
    redis_server.freeze()
    try:
        await engine.scheduler.once()
        (after,) = engine.snapshot().databases
    finally:
        redis_server.thaw()
    assert after.silent_since is not None
    assert [table.title for table in after.tables] == ["Slow log"]
    assert after.tables == before.tables
    limits = {each.title: each.limit for each in after.figures}
    assert limits["memory"] == 64 * 1024**2
    assert limits["clients"]
    await engine.close()


async def test_configured_queues_are_shown_though_they_could_never_be_read() -> None:
    url = f"redis://127.0.0.1:{free_port()}"
    cache = RedisConfig(url=url, queues=(Queue(celery=("default",)), Queue(laravel=("mail",))))
    engine = Engine(config(CheckSpec("cache", "redis", cache)), FakeClock())
    assert engine.snapshot().checks[0].queues == ("default", "mail")
    await engine.scheduler.once()
    found = [(q.name, q.size, q.growth, q.status) for q in engine.snapshot().queues]
    assert found == [
        ("default", None, None, Status.CRITICAL),
        ("mail", None, None, Status.CRITICAL),
    ]


async def test_the_growth_of_a_queue_is_known_while_its_size_is_and_after_ten_seconds() -> None:
    clock = FakeClock()
    depth = 0.0

    async def queue(target: Target) -> Result:
        nonlocal depth
        builder = target.sampler.builder()
        builder.add("queue_size", depth, {"queue": "mail"})
        depth += 2
        return Result(Status.OK, "fine", samples=builder.build())

    PLAYED["q"] = queue
    engine = Engine(config(spec("q", 1, 1)), clock)
    grown = []
    for _ in range(12):
        await pictured(clock, engine)
        grown.append(engine.snapshot().queues[0].growth)
    assert grown[:9] == [None] * 9
    assert [round(growth) for growth in grown[10:] if growth is not None] == [120, 120]
    PLAYED["q"] = down("refused")
    await pictured(clock, engine)
    assert [(q.size, q.growth) for q in engine.snapshot().queues] == [(None, None)]


async def test_a_run_without_an_answer_is_a_gap_in_the_chart_of_response_times() -> None:
    clock = FakeClock()
    engine = Engine(config(spec("one")), clock)
    for answer in (ok(), down("refused"), ok()):
        PLAYED["one"] = answer
        await pictured(clock, engine)
    engine.focus = "one"
    details = engine.snapshot().details
    assert details is not None
    assert [math.isfinite(value) for value in details.charts[-1].values] == [True, False, True]


def test_a_request_log_is_expected_before_it_could_be_read() -> None:
    log = {"table": "log", "id": "id", "time": "at", "status": "status", "duration": "ms"}
    told = SqliteConfig.model_validate({"path": "shop.db", "request_log": log})
    silent = SqliteConfig.model_validate({"path": "shop.db"})
    specs = [CheckSpec("told", "sqlite", told), CheckSpec("silent", "sqlite", silent)]
    views = Engine(config(*specs), FakeClock()).snapshot().checks
    assert [view.tells_requests for view in views] == [True, False]


async def test_bounds_that_are_shares_of_a_limit_are_drawn_where_they_lie() -> None:
    clock = FakeClock()
    PLAYED.update(db=ok())
    engine = Engine(config(spec("db")), clock)
    await pictured(clock, engine)
    window = Window(engine.store, "db", clock.now(), 60.0)
    used = ChartSpec("used", "up", warning=0.8, critical=0.95, limit="probe_success", falling=True)
    drawn = chart(used, window)
    assert drawn is not None
    assert (drawn.warning, drawn.critical, drawn.falling) == (0.8, 0.95, True)
    unknown = chart(replace(used, limit="nobody_knows"), window)
    assert unknown is not None
    assert (unknown.warning, unknown.critical) == (None, None)


def test_no_more_cores_are_in_use_than_there_are() -> None:
    """The second run follows soon upon the first, and the kernel counts in hundredths."""
    host = kind("host")
    used = next(each for each in host.charts(host.config()) if each.title == "cores in use")
    store = Store()
    for at, busy, cores in ((0.0, 0.0, 4.0), (0.3, 1.5, 4.0), (5.0, 8.0, 2.0), (10.0, 20.0, 2.0)):
        sampler = Sampler({"job": "here"}).builder()
        sampler.add(used.metric, busy, {"mode": "user"})
        sampler.add(used.ceiling, cores)
        store.append("here", 5.0, 1e9 + at, sampler.build())
    drawn = chart(used, Window(store, "here", 1e9 + 10.0, 60.0))
    assert drawn is not None
    assert drawn.values == pytest.approx((4.0, 6.5 / 4.7, 2.0))


def test_the_databases_draw_when_they_say_that_connections_run_out() -> None:
    for name in ("mysql", "postgres"):
        own = kind(name)
        settings = own.config.model_validate({"url": f"{name}://onwatch@127.0.0.1/shop"})
        (drawn,) = (each for each in own.charts(settings) if each.title == "connections")
        assert (drawn.warning, drawn.critical) == (0.8, 0.95)
        limits = {limit for figure in own.figures if (limit := figure.limit)}
        assert drawn.limit in limits


def test_sqlite_draws_the_bounds_of_its_sizes() -> None:
    own = kind("sqlite")
    sizes = {"path": "shop.db", "wal_size": {"warning": "2MB"}}
    drawn = {each.title: each.warning for each in own.charts(own.config.model_validate(sizes))}
    assert drawn["write-ahead log"] == 2_000_000


async def test_where_nobody_looks_there_are_statuses_and_alerts_but_no_figures() -> None:
    clock = FakeClock()

    async def full(target: Target) -> Result:
        builder = target.sampler.builder()
        builder.add("queue_size", 7, {"queue": "mail"})
        return Result(Status.WARNING, "much to do", samples=builder.build())

    PLAYED["q"] = full
    engine = Engine(config(spec("q", 5)), clock)
    await pictured(clock, engine)
    engine.figures = False
    unseen = engine.snapshot()
    assert (unseen.queues, unseen.requests, unseen.hosts, unseen.databases) == ((), (), (), ())
    assert [(check.name, check.status) for check in unseen.checks] == [("q", Status.WARNING)]
    assert [alert.check for alert in unseen.alerts] == ["q"]
    engine.figures = True
    assert [queue.size for queue in engine.snapshot().queues] == [7]
