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
