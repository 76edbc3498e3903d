"""Process checks on real children of the test: what is chosen, counted, measured and told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from checks.model import Result, Status
from checks.probes.process.config import ProcessConfig
from checks.probes.process.details import ProcDetails
from checks.probes.process.portable import PortableDetails
from checks.processes.portable import PortableTable
from checks.processes.scan import Listing, Process, ProcessTable
from tests.checks.process_kit import WAIT, Watching, child, mark, watching
from tests.patience import PATIENCE

CPU, COMMAND = 1, 5
"""Columns of the table of processes."""
OPEN_FILES = (
    "import resource, sys, os\n"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))\n"
    "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(90)]\n" + WAIT
)
BUSY = "print('up', flush=True)\nwhile True: pass"
ZOMBIE = (
    "import subprocess, sys\n"
    "dead = subprocess.Popen(['/bin/true', '{mark}'])\n"
    "import os; os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)\n" + WAIT
)
PARENT = (
    "import subprocess, sys\nown = subprocess.Popen([sys.executable, '-c', 'input()'])\n" + WAIT
)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watching]:
    with watching(tmp_path, ProcessTable(), ProcDetails()) as made:
        yield made


@pytest.fixture(params=["proc", "psutil"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watching]:
    """As Linux is read, and as every other system is."""
    proc = request.param == "proc"
    source = ProcessTable() if proc else PortableTable()
    with watching(tmp_path, source, ProcDetails() if proc else PortableDetails()) as made:
        yield made


def part(result: Result, name: str) -> tuple[Status, str]:
    found = {one.name: (one.status, one.message) for one in result.parts}
    assert name in found, result.message
    return found[name]


async def test_a_process_is_found_by_its_command_line(either: Watching) -> None:
    word = mark()
    with child(WAIT, word) as process:
        result = await either.probe(command=word).run()
    assert result.status is Status.OK
    assert result.message.startswith("1 process, ")
    assert "running for " in result.message
    group = {"groupname": "app"}
    assert result.samples.get("namedprocess_namegroup_num_procs", **group) == 1
    resident = result.samples.get("process_resident_memory_bytes")
    assert resident is not None
    assert resident > 1_000_000
    assert result.samples.get("namedprocess_namegroup_memory_bytes", memtype="resident") == resident
    started = result.samples.get("process_start_time_seconds")
    assert started == pytest.approx(time.time(), abs=5)
    assert result.tables[0].rows[0][0] == str(process.pid)
    assert word in result.tables[0].rows[0][COMMAND]


async def test_the_time_of_its_start_does_not_jitter(either: Watching) -> None:
    word = mark()
    with child(WAIT, word):
        probe = either.probe(command=word)
        results = [await probe.run()] + [await either.again(probe) for _ in range(5)]
    started = {one.samples.get("process_start_time_seconds") for one in results}
    assert len(started) == 1


async def test_it_never_counts_itself(watch: Watching) -> None:
    """What looks for a pattern may have it in its own command line."""
    own = Path(f"/proc/{os.getpid()}/cmdline").read_bytes().split(b"\0")[0].decode()
    result = await watch.probe(command=f"^{own}").run()
    assert str(os.getpid()) not in {row[0] for table in result.tables for row in table.rows}


async def test_nothing_runs(either: Watching) -> None:
    result = await either.probe(name="no-such-program").run()
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "missing", False)
    assert result.message == "no process named no-such-program runs"
    assert result.samples.get("namedprocess_namegroup_num_procs") == 0
    assert result.samples.get("namedprocess_namegroup_memory_bytes") is None


async def test_a_name_may_be_a_pattern_and_longer_than_the_kernel_keeps(
    watch: Watching, tmp_path: Path
) -> None:
    long = tmp_path / "a-program-with-a-long-name"
    long.symlink_to("/bin/sleep")
    with subprocess.Popen([long, "60"]) as process:
        try:
            await_exec(process.pid, "a-program-with-")
            whole = await watch.probe(name="a-program-with-a-long-name").run()
            pattern = await watch.probe(name=["x", "a-program-*-name"]).run()
            other = await watch.probe(name="a-program-with-another-name").run()
        finally:
            process.kill()
    assert (whole.status, pattern.status) == (Status.OK, Status.OK)
    assert other.status is Status.CRITICAL


def await_exec(pid: int, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}/comm").read_text().strip() != name:
        assert time.monotonic() < deadline
        time.sleep(0.005)


async def test_too_few_and_too_many(watch: Watching) -> None:
    word = mark()
    with child(WAIT, word), child(WAIT, word):
        few = await watch.probe(command=word, count={"min": 3}).run()
        many = await watch.probe(command=word, count=1).run()
        none = await watch.probe(command=word, count={"max": 0}).run()
        right = await watch.probe(command=word, count={"min": 2, "max": 2}).run()
    assert few.status is Status.CRITICAL
    assert "only 2 processes of command" in few.message
    assert "expected 3" in few.message
    assert "at most 1 should: pid " in many.message
    assert none.status is Status.CRITICAL
    assert right.status is Status.OK


async def test_one_that_must_not_run_and_does_not(watch: Watching) -> None:
    result = await watch.probe(name="no-such-program", count={"max": 0}).run()
    assert result.status is Status.OK
    assert result.up


async def test_a_restart_is_an_event_and_counted(watch: Watching) -> None:
    word = mark()
    probe = watch.probe(command=word, restarts={"warning": 2, "window": "10m"})
    with child(WAIT, word) as first:
        assert (await probe.run()).events == ()
    with child(WAIT, word) as second:
        result = await watch.again(probe)
        assert result.events == (f"restarted: pid {first.pid} → {second.pid}",)
        assert result.status is Status.OK
        assert result.samples.get("onwatch_process_restarts_total") == 1
    gone = await watch.again(probe)
    assert gone.status is Status.CRITICAL
    assert f"pid {second.pid} ended" in (await watch.again(probe, 20)).message
    with child(WAIT, word) as third:
        result = await watch.again(probe)
        change = f"pid {second.pid} → {third.pid}"
        assert result.events == (f"started again after some 25 s: {change}",)
        assert result.status is Status.WARNING
        assert "started anew 2 times within 10 min" in result.message
        assert (await watch.again(probe, 700)).status is Status.OK


async def test_cpu_needs_two_looks_and_is_a_share_of_a_core(either: Watching) -> None:
    word = mark()
    probe = either.probe(command=word, cpu={"warning": "5%", "window": "1s"})
    with child(BUSY, word) as process:
        first = await probe.run()
        assert "cpu" not in first.message
        assert first.tables[0].rows[0][CPU] == ""
        keep_busy(process.pid, 0.15)
        second = await either.again(probe, 1.0)
    assert second.status is Status.WARNING
    assert "% of a core over 1 s (bound 5 %)" in second.message
    assert float(second.tables[0].rows[0][CPU]) > 5
    user = second.samples.get("namedprocess_namegroup_cpu_seconds_total", mode="user")
    assert user is not None
    assert user > 0.1


def keep_busy(pid: int, seconds: float) -> None:
    """Waits until the process has used so much CPU time, however busy the machine is."""
    deadline = time.monotonic() + PATIENCE
    while psutil.Process(pid).cpu_times().user < seconds:
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def test_memory_threads_and_age_have_bounds(watch: Watching) -> None:
    word = mark()
    with child(WAIT, word):
        result = await watch.probe(
            command=word, memory={"critical": "1MB"}, threads={"warning": 1}, age={"warning": "1ms"}
        ).run()
    assert result.status is Status.CRITICAL
    assert part(result, "memory")[0] is Status.CRITICAL
    assert "of memory are resident (bound 1.0 MB)" in part(result, "memory")[1]
    assert part(result, "threads") == (Status.WARNING, "1 threads (bound 1)")
    assert "has been running for" in part(result, "age")[1]
    assert result.message.endswith("(and 2 more)")


async def test_descriptors_near_their_limit(watch: Watching) -> None:
    word = mark()
    with child(OPEN_FILES, word) as process:
        result = await watch.probe(command=word).run()
    assert result.status is Status.WARNING
    assert f"pid {process.pid} has 93 of 100 descriptors open (93 %)" in result.message
    assert result.samples.get("process_open_fds") == 93
    assert result.samples.get("process_max_fds") == 100
    assert result.samples.get("namedprocess_namegroup_worst_fd_ratio") == pytest.approx(0.93)


async def test_a_zombie_is_told_and_does_not_count(watch: Watching) -> None:
    with child(ZOMBIE, "x") as parent:
        probe = watch.probe(name="true", count={"min": 1})
        first = await probe.run()
        second = await watch.again(probe)
    assert first.status is Status.CRITICAL
    assert f"its parent {parent.pid} has not noticed (zombie)" in first.message
    assert "zombies" not in {one.name for one in first.parts}
    assert part(second, "zombies")[0] is Status.WARNING
    assert f"pid {parent.pid} (zombie)" in part(second, "zombies")[1]
    assert second.samples.get("namedprocess_namegroup_states", state="Zombie") == 1


async def test_a_stopped_process_is_told(watch: Watching) -> None:
    word = mark()
    with child(WAIT, word) as process:
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        result = await watch.probe(command=word).run()
    assert result.status is Status.WARNING
    assert f"kill -CONT {process.pid}" in result.message


async def test_children_count_where_they_should(watch: Watching) -> None:
    word = mark()
    with child(PARENT, word, start_new_session=True) as process:
        alone = await watch.probe(command=word).run()
        both = await watch.probe(command=word, children=True).run()
        os.killpg(process.pid, signal.SIGKILL)
    assert alone.samples.get("namedprocess_namegroup_num_procs") == 1
    assert both.samples.get("namedprocess_namegroup_num_procs") == 2
    assert both.samples.get("process_open_fds") is None


async def test_by_user(watch: Watching) -> None:
    word = mark()
    with child(WAIT, word):
        own = await watch.probe(command=word, user=str(os.geteuid())).run()
        other = await watch.probe(command=word, user="1").run()
        unknown = await watch.probe(command=word, user="no-such-user").run()
    assert own.status is Status.OK
    assert other.status is Status.CRITICAL
    assert (unknown.status, unknown.reason) == (Status.UNKNOWN, "config")
    assert "there is no user no-such-user" in unknown.message


async def test_counters_go_on_when_a_worker_has_ended(watch: Watching) -> None:
    word = mark()
    probe = watch.probe(command=word)
    with child(WAIT, word):
        with child(BUSY, word):
            time.sleep(0.1)
            before = await probe.run()
        after = await watch.again(probe)
    name = "namedprocess_namegroup_cpu_seconds_total"
    assert before.samples.get(name, mode="user") == after.samples.get(name, mode="user")


async def test_secrets_in_command_lines_are_not_shown(watch: Watching) -> None:
    word = mark()
    with child(WAIT, word, "--db-password", "hunter2-xyz", "postgres://u:hunter3-xyz@h/d"):
        result = await watch.probe(command=word).run()
    shown = result.tables[0].rows[0][COMMAND]
    assert word in shown
    assert "hunter" not in shown


async def test_one_scan_serves_many_checks(tmp_path: Path) -> None:
    """Of fifty checks at the same moment one reads `/proc`, and none is late for it."""
    scans: list[int] = []

    class Counting(ProcessTable):
        def _scan(self, now: float, known: Mapping[str, tuple[float, Process]]) -> Listing | None:
            scans.append(len(known))
            return super()._scan(now, known)

    word = mark()
    with child(WAIT, word), watching(tmp_path, Counting(), ProcDetails()) as watch:
        probes = [watch.probe(command=word) for _ in range(50)]
        results = [await probe.run() for probe in probes]
        again = [await watch.again(probe, 0.05) for probe in probes]
    assert {result.status for result in (*results, *again)} == {Status.OK}
    assert scans[0] == 0
    # Whole scans are those that know nothing beforehand; of the others there are few.
    assert len([known for known in scans if known == 0]) == 1
    assert len(scans) <= 8


def every_descriptor() -> Iterator[int]:
    """Opens what can be opened."""
    with contextlib.suppress(OSError):
        while True:
            yield os.open("/dev/null", os.O_RDONLY)


async def test_the_system_that_has_no_descriptors_left_is_told(watch: Watching) -> None:
    import resource  # noqa: PLC0415 - for Unix alone

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = watch.probe(name="no-such-program")
    await probe.run()
    used = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 5, hard))
    held = list(every_descriptor())
    try:
        result = await watch.again(probe)
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert "Too many open files" in result.message
    assert (await watch.again(probe)).status is Status.CRITICAL


def test_a_pattern_is_told_as_it_was_written() -> None:
    assert ProcessConfig(command=r"\S*svc\.py").described() == r"command '\S*svc\.py'"
    named = ProcessConfig(name=("php",), command=r"queue:\w+")
    assert named.described() == r"php with 'queue:\w+'"
