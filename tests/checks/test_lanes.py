"""What hangs in a lane holds up that lane alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.errors import NO_THREADS, NoThreadsError, TargetError
from checks.lanes import LaneBusyError, Lanes
from checks.model import Status
from checks.probe import CheckSpec, ProbeEnv
from checks.registry import kind
from checks.resolver import Resolver
from checks.runner import Runner
from checks.secrets import Masker
from tests.patience import PATIENCE


@contextmanager
def no_threads() -> Iterator[None]:
    """The system refuses threads that want more memory than there is."""
    before = threading.stack_size(1 << 44)
    try:
        yield
    finally:
        threading.stack_size(before)


async def test_a_hung_lane_refuses_at_once_and_others_work() -> None:
    lanes = Lanes()
    release = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await lanes.run("nfs", lambda: release.wait(30))
    with pytest.raises(LaneBusyError, match="nfs is still busy"):
        await lanes.run("nfs", lambda: None)
    assert await lanes.run("root", lambda: 42) == 42
    release.set()
    while lanes.busy("nfs"):
        await asyncio.sleep(0.001)
    assert await lanes.run("nfs", lambda: "back") == "back"
    lanes.close()


async def test_exceptions_come_through_and_the_lane_lives_on() -> None:
    lanes = Lanes()

    def fail() -> None:
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        await lanes.run("a", fail)
    assert await lanes.run("a", lambda: threading.current_thread().daemon)
    lanes.close()


async def test_who_asks_for_the_same_gets_the_outcome_of_the_call_under_way() -> None:
    lanes = Lanes()
    release = threading.Event()
    calls = []

    def read() -> str:
        calls.append(1)
        release.wait(30)
        return "secret"

    first = asyncio.create_task(lanes.share("file", read))
    second = asyncio.create_task(lanes.share("file", read))
    await asyncio.sleep(0)
    # One who gives up takes nothing from the others.
    first.cancel()
    release.set()
    assert await second == "secret"
    assert len(calls) == 1
    assert await lanes.share("file", read) == "secret"
    assert len(calls) == 2
    lanes.close()


async def test_a_shared_call_that_hangs_is_told_after_a_second() -> None:
    lanes = Lanes()
    release = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.1):
            await lanes.share("file", lambda: release.wait(30))
    with pytest.raises(LaneBusyError):
        await lanes.share("file", lambda: None)
    release.set()
    lanes.close()


async def test_what_a_lane_uses_is_given_back_at_its_end_whatever_it_is_amid() -> None:
    lanes, release, told = Lanes(), threading.Event(), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lanes.run("file", lambda: release.wait(30))
    lanes.drop("file", told.set)
    assert not told.wait(0.05)
    release.set()
    assert told.wait(PATIENCE)
    told.clear()
    lanes.drop("file", told.set)
    assert told.is_set(), "there is no lane to wait for"


async def test_what_fails_at_the_end_of_a_lane_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Closing a file fails where its disk has gone."""

    def fails() -> None:
        raise OSError("input/output error")

    lanes = Lanes()
    await lanes.run("file", lambda: None)
    thread = lanes._lanes["file"].thread
    lanes.drop("file", fails)
    await asyncio.to_thread(thread.join, PATIENCE)
    assert "the end of the lane file failed" in caplog.text
    assert "input/output error" in caplog.text


async def test_where_no_thread_is_to_be_had_it_is_said() -> None:
    lanes, resolver_lanes = Lanes(), Lanes()
    resolver = Resolver(resolver_lanes, FakeClock())
    with no_threads():
        with pytest.raises(NoThreadsError, match="not asked: the system gives onwatch no more"):
            await lanes.run("a", lambda: None)
        with pytest.raises(TargetError) as caught:
            await resolver.addresses("shop.example")
    assert caught.value.reason == "limit"
    assert str(caught.value).startswith(
        "cannot resolve shop.example: the system gives onwatch no more threads; see what runs"
    )
    assert await lanes.run("a", lambda: 42) == 42
    await resolver.close()
    for each in (lanes, resolver_lanes):
        each.close()


async def test_what_is_begun_but_once_waits_for_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.lanes.AGAIN", 0.01)
    lanes, told = Lanes(), list[str]()
    with no_threads():
        insisting = asyncio.create_task(lanes.insist("a", lambda: 42, told.append))
        await asyncio.sleep(0.1)
        assert not insisting.done()
    assert await insisting == 42
    assert told == [NO_THREADS]
    lanes.close()


async def test_a_check_that_needs_a_thread_and_gets_none_blames_no_target(tmp_path: Path) -> None:
    clock, lanes = FakeClock(), Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), tmp_path)
    config = kind("process").config.model_validate("nginx")
    runner = Runner(CheckSpec("web", "process", config, interval=5.0, timeout=2.0), env, {})
    with no_threads():
        _, result = await runner.run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert result.message.startswith("not asked: the system gives onwatch no more threads")
    await runner.close()
    lanes.close()


async def test_a_call_that_raises_what_no_future_takes_is_told_and_holds_up_nobody() -> None:
    lanes = Lanes()
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(lanes.run("a", lambda: next(iter(()))), 2.0)
    assert await lanes.run("a", lambda: 42) == 42
    lanes.close()
