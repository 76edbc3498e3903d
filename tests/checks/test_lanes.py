"""What hangs in a lane holds up that lane alone."""

from __future__ import annotations

import asyncio
import threading

import pytest

from checks.lanes import LaneBusyError, Lanes


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
