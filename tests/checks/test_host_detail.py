"""What the host screen is told, from recorded machines by a fake clock and from a real tmpfs."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.hosts.detail import host_detail
from checks.hosts.model import ArrayView, HostDetail, HostFacts, Outlook
from checks.lanes import Lanes
from checks.model import Result, Samples
from checks.probes.host.config import HostConfig
from checks.probes.host.forecast import Forecast
from checks.probes.host.probe import HostProbe
from checks.store.store import Store
from checks.store.window import Window
from tests.checks.host_trees import Tree, host_target, machine

GB = 1e9


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    yield found
    found.close()


def half_full(path: str) -> os.statvfs_result:
    del path
    size = 100 * 10**9
    return os.statvfs_result((4096, 1, size, size // 2, size // 2, 1000, 900, 900, 0, 255, 0))


class Watched:
    """A recorded machine, the check that watches it, and what is kept of its runs."""

    def __init__(self, tree: Tree, lanes: Lanes) -> None:
        self.tree = tree
        self.clock = FakeClock()
        self.store = Store()
        target = host_target(self.clock, lanes, tree.folder)
        self.probe = HostProbe(HostConfig(), target, tree.roots, half_full)
        self.result: Result | None = None

    async def run(self, times: int = 1) -> None:
        for _ in range(times):
            await self.clock.advance(5)
            self.result = await self.probe.run()
            self.store.append("web1", 5.0, self.clock.now(), self.result.samples)

    def detail(self) -> HostDetail:
        assert self.result is not None
        assert isinstance(self.result.host, HostFacts)
        window = Window(self.store, "web1", self.clock.now(), 60.0)
        return host_detail("web1", self.result.host, window, None)


@pytest.fixture
def web1(tmp_path: Path, lanes: Lanes) -> Watched:
    return Watched(machine(tmp_path), lanes)


def disks(tree: Tree, reads: int, sectors: int, reading: int, busy: int) -> None:
    tree.write(
        "proc/diskstats",
        f"   8       0 sda {reads} 0 {sectors} {reading} 0 0 0 0 2 {busy} {reading} 0 0 0 0 0 0\n",
    )


async def test_rates_are_those_since_the_run_before(web1: Watched) -> None:
    tree = web1.tree
    disks(tree, 1_000, 80_000, 500, 10_000)
    await web1.run()
    disks(tree, 1_500, 180_000, 10_500, 14_900)
    tree.cpu(1_200, idle=9_200)
    tree.write("proc/pressure/io", "some total=4500000\nfull total=2000000\n")
    await web1.run()
    detail = web1.detail()
    disk = detail.disks[0]
    assert (disk.device, disk.reads) == ("sda", 100.0)
    assert disk.read == 100_000 * 512 / 5
    assert disk.busy == pytest.approx(0.98)
    assert disk.wait == pytest.approx(0.02)
    assert disk.queue == pytest.approx(2.0)
    # The other core's time stood still: nothing is known of it.
    assert [core.name for core in detail.cores] == ["0"]
    assert detail.cores[0].busy == pytest.approx(0.5)
    io = next(one for one in detail.pressure if one.resource == "io")
    assert io.some == pytest.approx(0.5)
    assert io.full == pytest.approx(0.2)
    assert detail.memory.total == 16_000_000 * 1024
    assert detail.memory.free == 1_000_000 * 1024
    assert detail.running == 3
    assert detail.blocked == 1


async def test_what_the_kernel_does_not_tell_is_left_out(tmp_path: Path, lanes: Lanes) -> None:
    web1 = Watched(machine(tmp_path), lanes)
    for resource in ("cpu", "memory", "io"):
        (tmp_path / f"proc/pressure/{resource}").unlink()
    await web1.run(2)
    detail = web1.detail()
    assert detail.pressure == ()
    assert detail.temperatures == ()
    assert detail.sockets.established is None


async def test_of_a_raid_is_told_what_it_lacks_and_how_far_it_is_rebuilt(web1: Watched) -> None:
    blocks = "      1000 blocks super 1.2 [2/1] [U_]\n"
    web1.tree.write(
        "proc/mdstat",
        f"md0 : active raid1 sdb1[2] sda1[0]\n{blocks}      recovery = 25.0% (250/1000)\n"
        f"\nmd1 : active raid1 sdb2[2](F) sda2[0]\n{blocks}\nmd2 : inactive sdi1[0](S)\n",
    )
    await web1.run(7)
    assert web1.detail().arrays == (
        ArrayView("md0", 2, 1, 0, "recovering", 0.25),
        ArrayView("md1", 2, 1, 1),
        ArrayView("md2", 0, 0, 0, "inactive"),
    )


async def test_a_disk_that_has_become_busy_is_the_first_change(web1: Watched) -> None:
    busy = 0
    for step in range(120):
        busy += 500 if step < 96 else 4_900
        disks(web1.tree, 100 + step, 1_000, 100, busy)
        await web1.run()
    changes = web1.detail().changes
    assert changes[0].text == "disk sda: 10 → 98 % busy"
    assert changes[0].since == pytest.approx(web1.clock.now() - 23 * 5, abs=10)


async def test_a_machine_that_does_what_it_always_does_has_no_changes(web1: Watched) -> None:
    await web1.run(100)
    assert web1.detail().changes == ()


def test_a_forecast_knows_filling_from_steady_from_unknown() -> None:
    forecast = Forecast()
    for minute in range(60):
        now = minute * 60.0
        rotated = 20 * GB if 30 <= minute < 36 else 0.0
        left = {"/fills": 60 * GB - minute * GB + rotated, "/still": 5 * GB}
        if minute >= 50:
            left["/new"] = 5 * GB
        forecast.add(now, left)
    fills = forecast.outlook("/fills", GB)
    assert fills.outcome == "filling"
    # A file of 20 GB that was away for six minutes does not move it.
    assert fills.rate == pytest.approx(GB / 60, rel=0.02)
    assert fills.seconds == pytest.approx(60, rel=0.02)
    assert forecast.outlook("/still", 5 * GB).outcome == "steady"
    assert forecast.outlook("/new", 5 * GB) == Outlook("unknown", known=540.0, needed=1800.0)
    assert forecast.outlook("/never seen", 1.0).outcome == "unknown"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a tmpfs")
async def test_a_file_that_grows_on_a_tmpfs_says_when_it_will_be_full(
    tmp_path: Path, lanes: Lanes
) -> None:
    point = tmp_path / "data"
    point.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=64m", "onwatch-test", str(point)]
    if subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount")
    clock = FakeClock()
    target = host_target(clock, lanes, tmp_path)
    probe = HostProbe(HostConfig(filesystems=[str(point)], processes=0), target)
    try:
        with (point / "log").open("wb", buffering=0) as log:
            for _ in range(40):
                log.write(bytes(1_048_576))
                await clock.advance(60)
                result = await probe.run()
    finally:
        await probe.close()
        subprocess.run(["umount", "-l", str(point)], check=True)
    assert isinstance(result.host, HostFacts)
    outlook = result.host.mounts[0].outlook
    assert outlook.outcome == "filling"
    assert outlook.rate == pytest.approx(1_048_576 / 60, rel=0.01)
    # 24 of the 64 MiB are left, a MiB a minute.
    assert outlook.seconds == pytest.approx(24 * 60, rel=0.02)
    part = next(part for part in result.parts if part.name.startswith("filling"))
    assert "will be full in 24 min at this rate" in part.message


async def test_what_was_not_there_was_not_busy(web1: Watched) -> None:
    """Of a disk that is plugged in nothing is known of the time before, nor in a gap of all."""
    one = "   8       0 sda 100 0 1000 100 0 0 0 0 2 500 100 0 0 0 0 0 0\n"
    web1.tree.write("proc/diskstats", one)
    await web1.run(80)
    web1.tree.write("proc/diskstats", one + one.replace("0 sda", "16 sdb"))
    await web1.run(39)
    await web1.clock.advance(40)
    web1.store.append("web1", 5.0, web1.clock.now() - 35, Samples())
    await web1.run(3)
    detail = web1.detail()
    assert detail.changes == ()
    for history in (detail.disks[0].history, detail.pressure[0].history):
        assert {value for value in history if math.isfinite(value)} == {0.0}
        assert any(map(math.isnan, history))
