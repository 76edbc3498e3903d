"""A mount whose server is gone: a real one, by `/dev/fuse`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from checks.clock import FakeClock
from checks.hosts.model import HostFacts, MountFact
from checks.lanes import Lanes
from checks.model import Result, Sampler, Status
from checks.probe import ProbeEnv, Target
from checks.probes.host.config import HostConfig
from checks.probes.host.probe import HostProbe
from checks.resolver import Resolver
from checks.secrets import Masker
from tests.reliability import UserSees
from tests.servers.fuse import HungMount, mounted, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can be mounted")

PATIENCE = 0.5
"""Seconds that a run waits for a mount: half of its timeout."""


@pytest.fixture
def mount() -> Iterator[HungMount]:
    # Sentences cut long paths short, such as those of the tests' own folders.
    with tempfile.TemporaryDirectory(prefix="onwatch-") as folder, mounted(Path(folder)) as found:
        assert found.said == "mounted"
        yield found


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    yield found
    found.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def probe(mount: HungMount, lanes: Lanes, clock: FakeClock, tmp_path: Path) -> HostProbe:
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), tmp_path)
    target = Target("web1", 5.0, 2 * PATIENCE, Sampler({"job": "web1"}), env)
    return HostProbe(HostConfig(filesystems=["/", str(mount.point)]), target)


def fact(result: Result, point: Path) -> MountFact:
    assert isinstance(result.host, HostFacts)
    return next(one for one in result.host.mounts if one.point == str(point))


async def test_it_is_shown_as_hung_with_what_to_do_and_all_else_goes_on(
    probe: HostProbe, mount: HungMount, clock: FakeClock, user_sees: UserSees
) -> None:
    result = await probe.run()
    assert fact(result, mount.point).error == ""
    mount.tell("hang")
    await clock.advance(5)
    result = await probe.run()
    assert result.status is Status.UNKNOWN
    assert fact(result, mount.point).hung
    part = next(part for part in result.parts if part.name == f"disk {mount.point}")
    assert part.message == (
        f"no answer from {mount.point} within {PATIENCE:g} s: does the program behind it "
        f"(fuse.hangs) run? if not: umount -l {mount.point}"
    )
    user_sees("a mount whose server is gone", part)
    assert result.samples.get("node_filesystem_device_error", mountpoint=str(mount.point)) == 1
    assert result.samples.get("node_filesystem_size_bytes", mountpoint=str(mount.point)) is None
    assert result.samples.get("node_filesystem_size_bytes", mountpoint="/") is not None
    assert result.samples.get("node_load1") is not None
    await probe.close()


async def test_over_many_intervals_nothing_piles_up_and_nobody_waits(
    probe: HostProbe, mount: HungMount, clock: FakeClock
) -> None:
    await probe.run()
    mount.tell("hang")
    await probe.run()
    threads, memory = threading.active_count(), psutil.Process().memory_info().rss
    took = []
    for _ in range(150):
        await clock.advance(5)
        began = time.monotonic()
        result = await probe.run()
        took.append(time.monotonic() - began)
        assert fact(result, mount.point).hung
    assert " since " in fact(result, mount.point).error
    assert threading.active_count() <= threads
    assert psutil.Process().memory_info().rss - memory < 8_000_000
    # Once it is known to hang, no run waits for it any more.
    assert sorted(took)[len(took) // 2] < PATIENCE / 2
    mount.tell("answer")
    for _ in range(1_000):
        result = await probe.run()
        if not fact(result, mount.point).hung:
            break
        await asyncio.sleep(0.02)
    assert result.samples.get("node_filesystem_size_bytes", mountpoint=str(mount.point)) == (
        1_000_000 * 4096
    )
    await probe.close()


async def test_detached_as_the_sentence_says_it_is_gone(
    mount: HungMount, lanes: Lanes, clock: FakeClock, tmp_path: Path
) -> None:
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), tmp_path)
    target = Target("web1", 5.0, 2 * PATIENCE, Sampler({"job": "web1"}), env)
    probe = HostProbe(HostConfig(), target)
    assert fact(await probe.run(), mount.point).type == "fuse.hangs"
    mount.tell("hang")
    assert fact(await probe.run(), mount.point).hung
    mount.detach()
    result = await probe.run()
    assert f"{mount.point} is no longer mounted" in result.events
    assert isinstance(result.host, HostFacts)
    assert all(not one.hung for one in result.host.mounts)
    await probe.close()


async def test_the_loop_of_the_engine_never_stands_still(
    probe: HostProbe, mount: HungMount, clock: FakeClock
) -> None:
    mount.tell("hang")
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    for _ in range(5):
        await clock.advance(5)
        await probe.run()
    ticking.cancel()
    assert max(after - before for before, after in pairwise(ticks)) < 1.0
    await probe.close()


def test_whoever_started_onwatch_need_not_wait_for_the_mount(
    mount: HungMount, tmp_path: Path
) -> None:
    """The kernel ends no thread that waits for such a mount, nor the process it belongs to."""
    config = tmp_path / "onwatch.yaml"
    config.write_text(
        f"version: 1\nchecks: [{{name: here, host: {{filesystems: [{mount.point}]}}}}]\n"
    )
    mount.tell("hang")
    main = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    argv = [sys.executable, "-c", main, "check", "-c", str(config)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as found:
        try:
            code = found.wait(20)
        finally:
            mount.tell("answer")
        assert found.stdout is not None
        assert f"no answer from {mount.point}" in found.stdout.read().decode()
    assert code
