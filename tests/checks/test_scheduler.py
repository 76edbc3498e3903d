"""Checks run when they should, and none costs another its interval."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from checks.clock import FakeClock
from checks.engine import Engine
from checks.model import Result, Status
from checks.probe import CheckSpec, Target
from checks.scheduler import next_due
from checks.store.window import Window
from tests.checks.fakes import CLOSED, PLAYED, config, down, hang, ok, settle, spec
from tests.patience import PATIENCE


@asynccontextmanager
async def running(clock: FakeClock, *specs: CheckSpec) -> AsyncIterator[Engine]:
    engine = Engine(config(*specs), clock)
    task = asyncio.create_task(engine.run(lambda snapshot: None))
    await settle()
    try:
        yield engine
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def recorder(clock: FakeClock, times: list[float]) -> None:
    async def answer(target: Target) -> Result:
        times.append(clock.now())
        return await ok()(target)

    PLAYED["watched"] = answer


async def test_hanging_checks_cost_a_healthy_one_nothing() -> None:
    clock = FakeClock()
    times: list[float] = []
    recorder(clock, times)
    for n in range(50):
        PLAYED[f"hung{n}"] = hang(clock)
    specs = [spec(f"hung{n}", 5, 3) for n in range(50)]
    async with running(clock, *specs, spec("watched", 5)) as engine:
        await clock.advance(61)
        assert engine.scheduler.counts.late == 0
    gaps = {round(b - a, 6) for a, b in pairwise(times[1:])}
    assert gaps == {5.0}
    assert len(times) >= 12


async def test_first_runs_come_within_a_second_and_not_all_at_once() -> None:
    clock = FakeClock()
    first: dict[str, float] = {}

    def note(name: str) -> None:
        async def answer(target: Target) -> Result:
            first.setdefault(name, clock.now())
            return await ok()(target)

        PLAYED[name] = answer

    names = [f"c{n}" for n in range(400)]
    for name in names:
        note(name)
    start = clock.now()
    async with running(clock, *(spec(name, 60) for name in names)):
        await clock.advance(1.01)
    assert len(first) == 400
    per_tenth: dict[int, int] = defaultdict(int)
    for moment in first.values():
        per_tenth[int((moment - start) * 10)] += 1
    assert max(per_tenth.values()) <= 60


async def test_a_run_longer_than_its_interval_is_skipped_and_counted_never_doubled() -> None:
    clock = FakeClock()
    at_once = 0
    most = 0

    async def slow(target: Target) -> Result:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await clock.sleep_until(clock.now() + 12)
        at_once -= 1
        return await ok()(target)

    PLAYED["slow"] = slow
    async with running(clock, spec("slow", 5, 30)) as engine:
        await clock.advance(4)
        engine.scheduler.poll_now()
        await clock.advance(56)
        assert most == 1
        assert engine.scheduler.counts.skipped >= 6


async def test_poll_now_runs_every_idle_check_at_once() -> None:
    clock = FakeClock()
    times: list[float] = []
    recorder(clock, times)
    async with running(clock, spec("watched", 3600)) as engine:
        await clock.advance(1)
        before = len(times)
        engine.scheduler.poll_now()
        await settle()
        assert len(times) == before + 1


@pytest.mark.parametrize("way", ["poll", "look", "ask"])
async def test_a_check_that_is_taken_away_amid_an_extra_run_is_not_begun_anew(way: str) -> None:
    """Whatever asked for that run: what it holds is given back, and it tells nothing more."""
    clock = FakeClock()
    PLAYED["gone"] = ok()
    async with running(clock, spec("gone", 3600), spec("stays", 3600)) as engine:
        PLAYED["stays"] = ok()
        await clock.advance(1)
        PLAYED["gone"] = hang(clock, 5)
        gone = engine.runners[0]
        if way == "poll":
            engine.scheduler.poll_now()
        elif way == "look":
            engine.errands.again("gone")
        else:
            engine.errands.ask("gone", "how are you")
        await settle()
        # A second one, which waits for the first to end.
        engine.errands.again("gone")
        CLOSED.clear()
        await engine.amend(config(engine.states["stays"].spec))
        assert CLOSED == ["gone"]
        asked: list[str] = []

        async def note(target: Target) -> Result:
            asked.append(target.name)
            return await ok()(target)

        PLAYED["gone"] = note
        await clock.advance(10)
        assert gone.closed
        assert asked == []
        assert [check.name for check in engine.snapshot().checks] == ["stays"]


async def test_what_takes_a_checks_place_runs_at_once_though_its_last_run_has_not_ended() -> None:
    clock = FakeClock()

    async def ends_slowly(target: Target) -> Result:
        try:
            await clock.sleep_until(clock.now() + 100)
        finally:
            await clock.sleep_until(clock.now() + 0.2)
        return await ok()(target)

    PLAYED["same"] = ends_slowly
    async with running(clock, spec("same", 3600, 600)) as engine:
        await clock.advance(1)
        PLAYED["same"] = ok()
        await engine.amend(config(spec("same", 3600, 60)))
        await settle()
        assert engine.states["same"].view.status is Status.OK
        assert engine.scheduler.counts.skipped == 0
        await clock.advance(1)
        assert engine.states["same"].view.status is Status.OK


async def test_a_check_whose_run_makes_nothing_of_being_cancelled_is_served_no_more() -> None:
    clock = FakeClock()

    async def stubborn(target: Target) -> Result:
        try:
            await clock.sleep_until(clock.now() + 100)
        except asyncio.CancelledError:
            raise OSError("broken pipe") from None
        return await ok()(target)

    PLAYED["stubborn"] = stubborn
    async with running(clock, spec("stubborn", 5, 60)) as engine:
        await clock.advance(1)
        await engine.amend(config())
        await settle()
        assert not [one for one in asyncio.all_tasks() if one.get_name() == "check stubborn"]


async def test_what_a_run_brings_after_its_engine_has_ended_is_nobodys() -> None:
    """What is put into the store under a name that nobody watches stays there for good."""
    clock = FakeClock()

    async def stubborn(target: Target) -> Result:
        try:
            await clock.sleep_until(clock.now() + 100)
        except asyncio.CancelledError:
            await clock.sleep_until(clock.now() + 0.2)
        return await ok()(target)

    PLAYED["stubborn"] = PLAYED["fine"] = ok()
    engine = Engine(config(spec("stubborn", 5, 60), spec("fine", 3600)), clock)
    task = asyncio.create_task(engine.run(lambda snapshot: None))
    await clock.advance(1)
    PLAYED["stubborn"] = stubborn
    await clock.advance(6)
    block = engine.store.block("stubborn")
    assert block is not None
    before = block.samples
    task.cancel()
    await clock.advance(1)
    assert task.done(), "it is not served any longer"
    assert block.samples == before
    after = Engine(config(spec("fine", 3600)), clock)
    after.follow(engine)
    await clock.advance(1)
    assert after.store.block("stubborn") is None


async def test_what_a_probe_waits_for_may_be_given_up_and_the_check_goes_on() -> None:
    """A task of its own that somebody cancelled: that is no end of the check."""
    clock = FakeClock()

    async def gives_up(target: Target) -> Result:
        del target
        waits = asyncio.create_task(asyncio.sleep(3600))
        asyncio.get_running_loop().call_soon(waits.cancel)
        await waits
        raise AssertionError

    PLAYED["third"] = gives_up
    async with running(clock, spec("third", 5)) as engine:
        await clock.advance(1)
        view = engine.states["third"].view
        assert (view.status, view.reason) == (Status.UNKNOWN, "internal")
        assert view.message == (
            "internal error in the played check: CancelledError: what it waited for was given up"
        )
        PLAYED["third"] = ok()
        await clock.advance(5)
        assert engine.states["third"].view.status is Status.OK


async def test_what_counts_things_runs_twice_at_the_start_for_a_first_figure() -> None:
    clock = FakeClock()
    times: list[float] = []
    recorder(clock, times)
    async with running(clock, spec("watched", 3600, kind="counting")):
        await clock.advance(1)
    assert len(times) == 2
    assert times[1] - times[0] == pytest.approx(0.3)


async def test_a_hung_check_is_told_by_the_hard_timeout() -> None:
    clock = FakeClock()
    PLAYED["dead"] = lambda target: asyncio.sleep(3600, Result(Status.OK, "never"))
    async with running(clock, spec("dead", 5, 0.05)) as engine:
        async with asyncio.timeout(PATIENCE):
            while engine.states["dead"].view.status is Status.WAITING:
                await asyncio.sleep(0.01)
        view = engine.states["dead"].view
        assert view.status is Status.CRITICAL
        assert view.message == "no answer from dead:1 within 0.05 s"


async def test_a_bug_in_one_probe_is_a_sentence_and_the_others_go_on() -> None:
    clock = FakeClock()

    async def broken(target: Target) -> Result:
        raise ZeroDivisionError("division by zero")

    PLAYED["broken"] = broken
    PLAYED["fine"] = ok()
    async with running(clock, spec("broken"), spec("fine")) as engine:
        await clock.advance(6)
        view = engine.states["broken"].view
        assert view.status is Status.UNKNOWN
        assert view.message == (
            "internal error in the played check: ZeroDivisionError: division by zero"
        )
        assert engine.states["fine"].view.status is Status.OK


async def test_probes_are_closed_with_the_engine() -> None:
    clock = FakeClock()
    PLAYED["closing"] = ok()
    CLOSED.clear()
    async with running(clock, spec("closing")):
        await clock.advance(1)
    assert CLOSED == ["closing"]


async def test_two_silent_intervals_make_a_check_stale_not_fine() -> None:
    clock = FakeClock()
    answers = [ok(), hang(clock, 25.0)]

    async def answer(target: Target) -> Result:
        return await (answers.pop(0) if answers else ok())(target)

    PLAYED["stale"] = answer
    async with running(clock, spec("stale", 5, 600)) as engine:
        await clock.advance(20)
        view = engine.states["stale"].view
        assert view.status is Status.STALE
        assert "last known: fine" in view.message
        await clock.advance(20)
        assert engine.states["stale"].view.status is Status.OK


@pytest.mark.parametrize("interval", [0.5, 5, 60])
def test_due_times_keep_their_offset_for_ever(interval: float) -> None:
    first = next_due("api", interval, 1000.0)
    assert 1000.0 < first <= 1000.0 + interval
    assert next_due("api", interval, first) == pytest.approx(first + interval)
    assert next_due("api", interval, first + 0.3 * interval) == pytest.approx(first + interval)


async def test_a_jump_of_the_wall_clock_is_an_event_and_disturbs_nothing() -> None:
    clock = FakeClock()
    times: list[float] = []
    recorder(clock, times)
    async with running(clock, spec("watched", 5)) as engine:
        await clock.advance(11)
        clock.wall_offset = -3600
        await clock.advance(20)
        texts = [event.text for event in engine.snapshot().events]
        assert "the wall clock jumped back 3600 s" in texts
        assert "up → down" not in texts
        assert engine.scheduler.counts.late == 0


async def test_down_and_up_again_are_told_with_since_when() -> None:
    clock = FakeClock()
    PLAYED["db"] = ok()
    async with running(clock, spec("db", 5)) as engine:
        await clock.advance(10)
        PLAYED["db"] = down("connection to db:1 refused")
        failed_at = clock.now()
        await clock.advance(20)
        (alert,) = engine.snapshot().alerts
        assert failed_at <= alert.since <= failed_at + 5
        assert alert.sentence == "connection to db:1 refused"
        PLAYED["db"] = ok()
        await clock.advance(6)
        assert engine.snapshot().alerts == ()
        texts = [event.text for event in engine.snapshot().events]
        assert texts == ["ok → critical: connection to db:1 refused", "critical → ok: fine"]


async def test_a_question_is_answered_as_an_event_whatever_happens() -> None:
    clock = FakeClock()
    PLAYED["asked"] = ok()
    async with running(clock, spec("asked", 60)) as engine:
        await clock.advance(1)
        runs = engine.scheduler.counts.runs
        engine.errands.ask("asked", "how are you")
        engine.errands.ask("asked", "break")
        await settle()
        answers = [event.text for event in engine.snapshot().events if event.answer]
        assert answers == ["how are you: fine", "internal error: RuntimeError: broken"]
        assert engine.scheduler.counts.runs > runs


async def test_after_standing_still_runs_are_spread_and_no_check_is_blamed() -> None:
    clock = FakeClock()
    ran: dict[str, list[float]] = defaultdict(list)

    def answering(name: str) -> None:
        async def answer(target: Target) -> Result:
            ran[name].append(clock.now())
            return await ok()(target)

        PLAYED[name] = answer

    names = [f"often{n}" for n in range(20)]
    for name in [*names, "seldom"]:
        answering(name)
    async with running(clock, *(spec(n, 5) for n in names), spec("seldom", 600)) as engine:
        await clock.advance(31)
        for times in ran.values():
            times.clear()
        await clock.stand_still(180)
        resumed = clock.now()
        await clock.advance(1)
        firsts = [ran[name][0] - resumed for name in names]
        assert len({round(first, 3) for first in firsts}) > 15, "all at once"
        assert all(len(ran[name]) <= 2 for name in names), "what was missed is not made up for"
        assert len(ran["seldom"]) <= 1
        await clock.advance(30)
        texts = [event.text for event in engine.snapshot().events]
        assert texts == [
            "onwatch stood still for 3 min (stopped, asleep or overloaded): no check ran"
        ]
        assert engine.scheduler.counts.late == 0
        view = engine.states["often0"].view
        assert view.status is Status.OK
        assert sum(math.isnan(duration) for duration in view.history) == 1, "the gap is drawn"
        figures = Window(engine.store, "often0", clock.now(), 3600.0)
        _, curve = figures.curve("played_value")
        assert [math.isnan(value) for value in curve].count(True) == 1, "the curve is drawn over it"
        assert view.record is not None
        assert view.record.windows[1].availability == 1.0
        assert -1 in view.record.cells[-4:], "the strip has no gap"


async def test_what_fails_because_it_stood_still_is_asked_again() -> None:
    clock = FakeClock()
    asked = []

    async def closed_meanwhile(target: Target) -> Result:
        asked.append(clock.now())
        if len(asked) == 3:
            return Result.failed("refused", "the server has closed the connection")
        return await ok()(target)

    PLAYED["api"] = closed_meanwhile
    async with running(clock, spec("api", 5)) as engine:
        await clock.advance(6)
        assert len(asked) == 2
        await clock.stand_still(60)
        await clock.advance(1.1)
        assert len(asked) == 4
        view = engine.states["api"].view
        assert (view.status, view.since) == (Status.OK, asked[0])


async def test_what_is_down_after_standing_still_is_down() -> None:
    clock = FakeClock()
    PLAYED["api"] = ok()
    async with running(clock, spec("api", 5)) as engine:
        await clock.advance(6)
        PLAYED["api"] = down("connection refused")
        await clock.stand_still(60)
        await clock.advance(1.1)
        assert engine.states["api"].view.status is Status.CRITICAL


async def test_a_run_that_was_stopped_in_its_midst_is_not_told_timed_out() -> None:
    clock = FakeClock()
    PLAYED["api"] = ok()
    async with running(clock, spec("api", 5, 1)) as engine:
        await clock.advance(6)

        async def stopped(target: Target) -> Result:
            await clock.stand_still(60)
            PLAYED["api"] = ok()
            return Result.failed("timeout", "no answer within 1 s")

        PLAYED["api"] = stopped
        await clock.advance(10)
        assert engine.states["api"].view.status is Status.OK
        assert "OK → CRITICAL" not in str(engine.snapshot().events)
