"""Every process with all that is shown of it, and what is remembered of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checks.clock import FakeClock
from checks.hosts.model import HostFacts, ProcessRow
from checks.lanes import Lanes
from checks.probes.host.config import HostConfig
from checks.probes.host.files import Roots
from checks.probes.host.inspect import inspected
from checks.probes.host.listing import Listing, shown_command
from checks.probes.host.mounts import Mount
from checks.probes.host.past import Past
from checks.probes.host.probe import HostProbe
from checks.probes.host.processes import Scan, Scanner
from checks.probes.host.seen import Seen
from checks.probes.host.watch import SHARE, Everyone, Look, ProcessWatch
from checks.processes.scan import Process, ProcessTable
from checks.wording import size
from tests.checks.host_trees import host_target

ONCE = 100.0


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    yield found
    found.close()


@pytest.fixture
def burner() -> Iterator[subprocess.Popen[str]]:
    """A process that keeps a core busy, holds 30 MB, and was given a password."""
    code = "block = bytearray(30_000_000)\nprint('up', flush=True)\nwhile True: pass"
    argv = [sys.executable, "-c", code, "--password", "hunter2hunter2"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        child.kill()


async def listed(probe: HostProbe, clock: FakeClock) -> tuple[ProcessRow, ...]:
    await clock.advance(5)
    result = await probe.run()
    assert isinstance(result.host, HostFacts)
    assert result.host.processes is not None
    return result.host.processes


async def burnt(pid: int, seconds: float) -> None:
    """Until the process ``pid`` has used so much more CPU."""
    process = psutil.Process(pid)
    end = process.cpu_times().user + seconds
    while process.cpu_times().user < end:
        await asyncio.sleep(0.02)


async def test_a_process_that_burns_a_core_is_on_top_while_somebody_looks(
    lanes: Lanes, tmp_path: Path, burner: subprocess.Popen[str]
) -> None:
    clock = FakeClock()
    probe = HostProbe(HostConfig(), host_target(clock, lanes, tmp_path))
    result = await probe.run()
    assert isinstance(result.host, HostFacts)
    assert result.host.processes is None
    assert result.host.count > 1
    probe.attend(watched=True)
    await listed(probe, clock)
    await burnt(burner.pid, 0.3)
    rows = await listed(probe, clock)
    own = next(row for row in rows if row.pid == burner.pid)
    assert own is max((row for row in rows if row.parent == os.getpid()), key=lambda r: r.cpu or 0)
    assert (own.cpu or 0) > 0.02
    assert own.memory > 30e6
    assert own.threads == 1
    assert own.descriptors is not None
    assert own.started is not None
    assert abs(time.time() - own.started) < 60
    assert "hunter2" not in own.command
    assert "--password •••" in own.command
    probe.inspect(own.key)
    await listed(probe, clock)
    result = await probe.run()
    assert isinstance(result.host, HostFacts)
    told = result.host.inspected
    assert told is not None
    facts = dict(told.facts)
    assert not told.gone
    assert "hunter2" not in facts["command"]
    assert facts["folder"] == str(Path.cwd())
    assert "descriptors" in facts
    assert "limit of open files" in facts
    probe.attend(watched=False)
    await clock.advance(60)
    result = await probe.run()
    assert isinstance(result.host, HostFacts)
    assert result.host.processes is None
    assert result.host.inspected is None
    await probe.close()


def test_a_process_that_has_ended_is_told_from_one_that_has_its_number(
    burner: subprocess.Popen[str],
) -> None:
    columns = Path(f"/proc/{burner.pid}/stat").read_text().rpartition(")")[2].split()
    key = f"{burner.pid}.{columns[19]}"
    assert not inspected("/proc", key, str).gone
    assert inspected("/proc", f"{burner.pid}.1", str).gone
    burner.kill()
    burner.wait()
    assert inspected("/proc", key, str).gone
    assert inspected("/proc", "no number.1", str).gone


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["mysqldump", "--password=abc", "shop"], "mysqldump --password=••• shop"),
        (["mysqldump", "-pabc", "shop"], "mysqldump -p••• shop"),
        (["app", "--api-key", "s3cr3t", "--port", "80"], "app --api-key ••• --port 80"),
        (
            ["sh", "-c", "DB_PASSWORD=abc run --token x y"],
            "sh -c DB_PASSWORD=••• run --token ••• y",
        ),
        (["curl", "http://me:abc@host/"], "curl http://me:•••@host/"),
        (["sort", "-k", "2"], "sort -k 2"),
        (["cat", "/etc/password.txt"], "cat /etc/password.txt"),
        (["postgres: app shop [local] idle"], "postgres: app shop [local] idle"),
    ],
)
def test_secrets_on_command_lines(words: list[str], shown: str) -> None:
    assert shown_command("\0".join(words) + "\0") == shown


def test_thousands_cost_little_and_what_did_nothing_is_not_read_again(tmp_path: Path) -> None:
    processes = tuple(
        Process(pid, f"p{pid}", "S", 1.0, 1e6, (pid, 7), threads=1) for pid in range(1, 6_001)
    )
    asked: list[int] = []

    def user(pid: int) -> str:
        asked.append(pid)
        return "root"

    listing = Listing(str(tmp_path), str, user)
    rows = listing.rows(ONCE, processes, lambda _: 0.0, {})
    assert len(rows) == 5_000
    first = len(asked)
    times = {one.key: one.time for one in processes}
    began = time.thread_time()
    again = listing.rows(ONCE + 5, processes, lambda _: 0.0, times)
    assert time.thread_time() - began < 0.25
    assert len(asked) == first
    assert [row.key for row in again] == [row.key for row in rows]


async def test_looks_never_take_more_than_their_share_of_a_core(lanes: Lanes) -> None:
    looks: list[float] = []

    def look(now: float) -> Look:
        looks.append(now)
        return Look(Scan((), 5_000), now, took=0.4)

    watch = ProcessWatch(lanes, "processes", 10.0, look)
    watch.watched = True
    for step in range(101):
        await watch.refresh(step * 2.0, 1.0)
    # The second look follows at once; then one in 0.4 / 0.02 = 20 s.
    assert watch.every == pytest.approx(0.4 / SHARE)
    assert len(looks) == 2 + 9
    assert 0.4 * len(looks) / 200 <= SHARE * 1.2


async def test_who_uses_the_cpu_is_known_from_the_second_run_on(
    lanes: Lanes, tmp_path: Path
) -> None:
    """As a check with counters is run: again 0.3 s after the first time, then every 5 s."""
    busy = tmp_path / "7"
    busy.mkdir()

    def used(ticks: int) -> None:
        rest = " 0 0 0 0 1 0 5 1000 50"
        (busy / "stat").write_text(f"7 (spins) R 1 1 1 0 0 0 0 0 0 0 {ticks} 0{rest}")

    roots = Roots(proc=str(tmp_path))
    table = ProcessTable(roots.proc)
    everyone = Everyone(roots.proc, table, Scanner(roots, 5, table).scan, str)
    watch = ProcessWatch(lanes, "processes", 10.0, everyone.look)
    told: list[float | None] = []
    for at, ticks in ((100.0, 400), (100.3, 430), (103.0, 565), (108.0, 565), (113.0, 565)):
        used(ticks)
        await watch.refresh(at, 1.0)
        assert watch.value is not None
        told.append(watch.value.scan.processes[0].cpu)

    # The third look is soon, since the second is but an estimate; from then on it is 10 s.
    known = pytest.approx(0.5)
    assert told == [None, pytest.approx(1.0), known, known, pytest.approx(0.0)]


async def test_a_look_that_hangs_is_told_and_holds_up_nobody(lanes: Lanes) -> None:
    free = threading.Event()

    def look(now: float) -> Look | None:
        free.wait(30)
        return Look(Scan((), 1), now)

    watch = ProcessWatch(lanes, "processes", 10.0, look)
    try:
        for step in range(4):
            began = time.monotonic()
            await watch.refresh(step * 10.0, 0.05)
            assert time.monotonic() - began < 5
        assert watch.stuck > 0.04
        assert watch.value is None
    finally:
        free.set()


def test_no_proc_is_nobody(tmp_path: Path) -> None:
    everyone = Everyone(str(tmp_path), ProcessTable(str(tmp_path)), lambda _: None, str)
    assert everyone.look(ONCE) is None


def running(pid: int, name: str, memory: float = 1e6, start: int = 0) -> Process:
    return Process(pid, name, "S", 1.0, memory, (pid, start))


def note(past: Past, now: float, *found: Process, age: float = 3_600.0) -> list[str]:
    return [one.text for one in past.note(now, found, lambda _: age, now)]


def test_whose_memory_grew_in_ten_minutes() -> None:
    past = Past()
    for minute in range(12):
        two = (running(1, "mysqld", 1e9 + minute * 1e8), running(2, "mysqld", 5e8))
        note(past, minute * 60.0, *two, running(3, "redis", 4e7))
    first = past.growth(660.0)[0]
    assert (first.name, first.ago) == ("mysqld", 600.0)
    assert size(first.now - first.then) == "1.0 GB"


def test_a_service_that_ended_or_was_started_anew() -> None:
    past = Past()
    assert note(past, 0.0, running(1, "mysqld"), running(2, "redis")) == []
    assert note(past, 10.0, running(9, "mysqld", start=5)) == [
        "mysqld was started anew: it is process 9 now",
        "redis has ended: no process of that name is left",
    ]
    assert len(note(past, 20.0, running(9, "mysqld", start=5))) == 2
    assert note(past, 4_000.0, running(9, "mysqld", start=5)) == []


def test_what_ran_a_short_while_ends_without_a_word() -> None:
    past = Past()
    note(past, 0.0, running(1, "cc1"), running(2, "init"))
    assert note(past, 10.0, running(2, "init"), age=30.0) == []


def test_a_worker_that_is_replaced_is_no_restart() -> None:
    past = Past()
    note(past, 0.0, running(1, "php-fpm"), running(2, "php-fpm"))
    assert note(past, 10.0, running(1, "php-fpm"), running(3, "php-fpm")) == []


def test_a_logout_is_not_told_program_by_program() -> None:
    past = Past()
    note(past, 0.0, running(99, "init"), *(running(pid, f"p{pid}") for pid in range(20)))
    told = note(past, 10.0, running(99, "init"))
    assert len(told) == 4
    assert told[-1] == "17 more programs that had run long have ended"


def test_mounts_that_come_and_go_and_interfaces_that_lose_their_link() -> None:
    def mount(point: str, device: str = "/dev/sdb") -> Mount:
        return Mount(point, device, "xfs", f"{device}:1")

    seen = Seen()
    assert seen.mounts([mount("/"), mount("/data")]) == []
    assert seen.mounts([mount("/"), mount("/data", "/dev/sdc"), mount("/usb", "/dev/sdd")]) == [
        "/usb was mounted (xfs from /dev/sdd)",
        "on /data another filesystem is mounted now (xfs from /dev/sdc)",
    ]
    assert seen.mounts([mount("/")]) == [
        "/data is no longer mounted",
        "/usb is no longer mounted",
    ]
    assert seen.links({"eth0": True, "eth1": True}) == []
    assert seen.links({"eth0": False, "eth1": True}) == [
        "interface eth0 is down: it has lost its link"
    ]
    assert seen.links({"eth0": True}) == ["interface eth0 is up again", "interface eth1 is gone"]
