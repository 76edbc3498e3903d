"""The whole check: on recorded machines by a fake clock, and on this one."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks import registry
from checks.clock import FakeClock, SystemClock
from checks.lanes import Lanes
from checks.model import Result, Sampler, Series, Status
from checks.probe import ProbeEnv, Target
from checks.probes.host.probe import KIND, HostConfig, HostProbe, Periodic
from checks.resolver import Resolver
from checks.secrets import Masker
from tests.checks.host_trees import NETDEV, Tree, host_target, machine
from tests.checks.test_lanes import no_threads
from tests.patience import PATIENCE

GB = 10**9

RULES = """
node_memory_MemAvailable_bytes node_memory_MemTotal_bytes node_vmstat_pgmajfault
node_memory_MemFree_bytes node_network_receive_bytes_total node_network_speed_bytes
node_network_transmit_bytes_total node_disk_io_time_seconds_total node_filesystem_avail_bytes
node_filesystem_size_bytes node_filesystem_readonly node_filesystem_files_free
node_filesystem_files node_filesystem_device_error node_disk_read_time_seconds_total
node_disk_reads_completed_total node_disk_write_time_seconds_total
node_disk_writes_completed_total node_cpu_seconds_total node_context_switches_total
node_memory_SwapFree_bytes node_memory_SwapTotal_bytes node_hwmon_temp_celsius
node_hwmon_temp_max_celsius node_hwmon_temp_crit_alarm_celsius node_hwmon_temp_alarm
node_md_disks_required node_md_disks node_uname_info node_vmstat_oom_kill
node_edac_correctable_errors_total node_edac_uncorrectable_errors_total
node_network_receive_errs_total node_network_receive_packets_total
node_network_transmit_errs_total node_network_transmit_packets_total node_bonding_active
node_bonding_slaves node_nf_conntrack_entries node_nf_conntrack_entries_limit
node_timex_offset_seconds node_timex_sync_status node_timex_maxerror_seconds
""".split()  # noqa: SIM905 - the list is easier to compare as it is written in rule files


class Disks:
    """Answers for the tree's filesystems; bytes in blocks of one."""

    def __init__(self) -> None:
        self.used = {"/": 0.5, "/var/lib/mysql": 0.4}
        self.readonly: set[str] = set()
        self.errors: dict[str, OSError] = {}
        self.hanging: set[str] = set()
        self.release = threading.Event()

    def __call__(self, path: str) -> os.statvfs_result:
        if path in self.hanging:
            self.release.wait(30)
        if path in self.errors:
            raise self.errors[path]
        size = 100 * GB
        free = int(size * (1 - self.used[path]))
        flag = os.ST_RDONLY if path in self.readonly else 0
        return os.statvfs_result((4096, 1, size, free, free, 1000, 900, 900, flag, 255, 0))


class Machine:
    """A recorded machine and the check that watches it."""

    def __init__(self, tree: Tree, disks: Disks, lanes: Lanes, **config: object) -> None:
        self.tree = tree
        self.disks = disks
        self.clock = FakeClock()
        self.probe = HostProbe(
            HostConfig.model_validate(config),
            host_target(self.clock, lanes, tree.folder),
            tree.roots,
            disks,
        )

    async def run(self, seconds: float = 5.0) -> Result:
        await self.clock.advance(seconds)
        return await self.probe.run()


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    yield found
    found.close()


@pytest.fixture
def disks() -> Iterator[Disks]:
    found = Disks()
    yield found
    found.release.set()


@pytest.fixture
def box(tmp_path: Path, disks: Disks, lanes: Lanes) -> Machine:
    return Machine(machine(tmp_path), disks, lanes)


def value(result: Result, name: str, **labels: str) -> float | None:
    return result.samples.get(name, **labels)


def labels_of(result: Result, name: str) -> list[dict[str, str]]:
    """The labels of each series of ``name``, without those of the target."""
    target = {"job", "instance"}
    return [
        {key: text for key, text in series.labels if key not in target}
        for series in result.samples.series
        if series.name == name
    ]


async def test_names_labels_and_units_are_node_exporters(box: Machine) -> None:
    result = await box.run()
    assert value(result, "node_cpu_seconds_total", cpu="0", mode="system") == pytest.approx(4.0)
    assert value(result, "node_memory_MemTotal_bytes") == 16_000_000 * 1024
    assert value(result, "node_memory_Active_anon_bytes") == 300_000 * 1024
    assert value(result, "node_memory_HugePages_Total") == 12
    assert value(result, "node_vmstat_oom_kill") == 2
    assert value(result, "node_disk_read_bytes_total", device="sda") == 4000 * 512
    assert value(result, "node_disk_written_bytes_total", device="sda") == 800 * 512
    assert value(result, "node_disk_read_time_seconds_total", device="sda") == 0.5
    assert value(result, "node_disk_io_now", device="sda") == 2
    assert value(result, "node_disk_io_time_seconds_total", device="sda") == pytest.approx(0.7)
    assert value(result, "node_network_receive_bytes_total", device="eth0") == 163967168
    assert value(result, "node_network_receive_drop_total", device="eth0") == 2
    assert value(result, "node_network_transmit_errs_total", device="eth0") == 7
    assert value(result, "node_network_transmit_carrier_total", device="eth0") == 11
    assert value(result, "node_pressure_cpu_waiting_seconds_total") == pytest.approx(6.97642)
    assert value(result, "node_pressure_memory_waiting_seconds_total") == 5.0
    assert value(result, "node_pressure_memory_stalled_seconds_total") == 0.25
    assert value(result, "node_pressure_io_stalled_seconds_total") == 1.0
    assert value(result, "node_filefd_maximum") == 9223372
    assert value(result, "node_load5") == 0.4
    assert value(result, "node_boot_time_seconds") == 1699990000
    assert value(result, "node_time_seconds") == box.clock.wall()
    disk = {"device": "/dev/sda2", "fstype": "xfs", "mountpoint": "/var/lib/mysql"}
    for name in ("size_bytes", "free_bytes", "avail_bytes", "files", "files_free", "readonly"):
        assert disk in labels_of(result, f"node_filesystem_{name}")
    assert value(result, "node_filesystem_avail_bytes", mountpoint="/") == 50 * GB
    assert value(result, "node_filesystem_files", mountpoint="/") == 1000
    assert sorted(labels_of(result, "node_uname_info")[0]) == [
        "machine",
        "nodename",
        "release",
        "sysname",
        "version",
    ]


async def test_partitions_and_ends_of_containers_are_left_out(box: Machine) -> None:
    result = await box.run()
    disks = {labels["device"] for labels in labels_of(result, "node_disk_io_now")}
    links = {labels["device"] for labels in labels_of(result, "node_network_receive_bytes_total")}
    assert disks == {"sda", "nvme0n1"}
    assert links == {"lo", "eth0"}


async def test_the_first_run_knows_no_cpu(box: Machine) -> None:
    first = await box.run()
    assert (first.status, first.value) == (Status.OK, "up")
    assert "cpu" not in first.message
    box.tree.cpu(1500, idle=9500)
    second = await box.run()
    assert second.value == "cpu 50 %"
    assert second.message == "cpu 50 % of 2 cores, memory 25 % of 16.4 GB, load 0.50"


async def test_a_spike_pages_nobody_and_a_busy_minute_does(box: Machine) -> None:
    statuses = []
    for step in range(14):
        box.tree.cpu(1000 + 1000 * step)
        statuses.append((await box.run()).status)
    assert statuses[:12] == [Status.OK] * 12
    assert statuses[12:] == [Status.WARNING] * 2


async def test_counters_that_start_anew_give_no_nonsense(box: Machine) -> None:
    await box.run()
    box.tree.cpu(3, idle=1)
    result = await box.run()
    assert (result.status, result.value) == (Status.OK, "up")


async def test_devices_that_vanish_end_with_their_samples(box: Machine) -> None:
    await box.run()
    box.tree.write("proc/net/dev", "\n".join(NETDEV.splitlines()[:3]))
    box.tree.write("proc/diskstats", "")
    (box.tree.folder / "proc/self/mountinfo").write_text(
        "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    )  # fmt: skip
    result = await box.run()
    assert result.status is Status.OK
    assert labels_of(result, "node_network_receive_bytes_total") == [{"device": "lo"}]
    assert labels_of(result, "node_disk_io_now") == []
    assert [one["mountpoint"] for one in labels_of(result, "node_filesystem_files")] == ["/"]


async def test_a_full_disk_is_a_part_and_the_sentence(box: Machine, disks: Disks) -> None:
    disks.used["/var/lib/mysql"] = 0.988
    result = await box.run()
    assert (result.status, result.reason) == (Status.CRITICAL, "limit")
    assert result.message == "disk /var/lib/mysql is 99 % full (1.2 GB left)"
    assert [(part.name, part.value) for part in result.parts] == [("disk /var/lib/mysql", "99 %")]


async def test_a_hung_mount_costs_its_own_row_alone(box: Machine, disks: Disks) -> None:
    disks.hanging.add("/var/lib/mysql")
    box.probe._asker.patience = 0.3
    first = await box.run()
    began = time.monotonic()
    second = await box.run()
    assert time.monotonic() - began < 10
    assert (second.status, second.reason) == (Status.UNKNOWN, "timeout")
    assert [part.name for part in second.parts] == ["disk /var/lib/mysql"]
    assert "no answer from /var/lib/mysql within" in first.message
    assert "no answer from /var/lib/mysql since" in second.message
    assert value(second, "node_filesystem_avail_bytes", mountpoint="/") == 50 * GB
    assert value(second, "node_filesystem_device_error", mountpoint="/var/lib/mysql") == 1
    assert value(second, "node_filesystem_size_bytes", mountpoint="/var/lib/mysql") is None
    disks.release.set()
    for _ in range(1_000):
        third = await box.run()
        if third.status is Status.OK:
            break
        time.sleep(0.01)
    assert third.status is Status.OK


async def test_that_a_disk_fills_is_not_forgotten_where_it_does_not_answer_once(
    tmp_path: Path, disks: Disks, lanes: Lanes
) -> None:
    bounds = {"full_in": {"warning": "24h", "above": 10}, "filesystems": ["/var/lib/mysql"]}
    box = Machine(machine(tmp_path), disks, lanes, **bounds)
    for _ in range(40):
        disks.used["/var/lib/mysql"] += 0.005
        result = await box.run(60)
    assert "filling /var/lib/mysql" in [part.name for part in result.parts]
    disks.errors["/var/lib/mysql"] = OSError(errno.EIO, "I/O error")
    assert (await box.run(60)).status is Status.UNKNOWN
    del disks.errors["/var/lib/mysql"]
    result = await box.run(60)
    assert "filling /var/lib/mysql" in [part.name for part in result.parts]


async def test_a_new_mount_that_gets_no_thread_costs_its_own_row_alone(
    box: Machine, disks: Disks
) -> None:
    assert (await box.run()).status is Status.OK
    box.probe._lanes.drop(f"{box.probe._asker._lane} /")
    with no_threads():
        result = await box.run()
    (part,) = [one for one in result.parts if one.status is Status.UNKNOWN]
    assert part.message.startswith("/: not asked: the system gives onwatch no more threads")
    assert value(result, "node_memory_MemTotal_bytes") is not None


async def test_a_kernel_that_stops_answering_is_critical(box: Machine, lanes: Lanes) -> None:
    release = threading.Event()
    hung = asyncio.ensure_future(lanes.run("host web1", lambda: release.wait(30)))
    await asyncio.sleep(0)
    result = await box.run()
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "timeout", False)
    assert "no answer from the kernel since" in result.message
    release.set()
    await hung
    assert (await box.run()).status is Status.OK


async def test_what_no_longer_answers_leaves_no_figures_that_look_like_those_of_now(
    lanes: Lanes,
) -> None:
    release, calls = threading.Event(), iter(["cool", "hung", "warm"])

    def sensors(_now: float) -> str:
        found = next(calls)
        if found == "hung":
            release.wait(30)
        return found

    slow = Periodic(lanes, "sensors", 1.0, sensors)
    await slow.refresh(0.0, PATIENCE)
    await slow.refresh(0.0, 0.01)
    assert slow.value == "cool", "it may only be late"
    await asyncio.sleep(1.05)
    await slow.refresh(1.0, 0.01)
    assert slow.value is None
    release.set()
    now = 1.0
    async with asyncio.timeout(PATIENCE):
        while slow.value != "warm":
            now += 1
            await slow.refresh(now, 5.0)
            await asyncio.sleep(0.01)


async def test_two_checks_of_one_machine_do_not_wait_for_each_other(
    tmp_path: Path, disks: Disks, lanes: Lanes
) -> None:
    tree = machine(tmp_path)
    probes = [
        HostProbe(HostConfig(), host_target(FakeClock(), lanes, tmp_path, name), tree.roots, disks)
        for name in ("one", "two")
    ]
    results = await asyncio.gather(*(probe.run() for probe in probes))
    assert [result.status for result in results] == [Status.OK, Status.OK]


async def test_a_disk_that_becomes_read_only(box: Machine, disks: Disks) -> None:
    await box.run()
    disks.readonly.add("/")
    result = await box.run()
    assert result.status is Status.CRITICAL
    assert result.events == ("disk / has become read-only",)
    assert value(result, "node_filesystem_readonly", mountpoint="/") == 1
    again = await box.run()
    assert (again.status, again.events) == (Status.CRITICAL, ())
    disks.readonly.clear()
    assert (await box.run()).status is Status.OK


async def test_a_disk_that_is_read_only_from_the_start_is_meant_so(
    box: Machine, disks: Disks
) -> None:
    disks.readonly.add("/var/lib/mysql")
    assert (await box.run()).status is Status.OK
    assert (await box.run()).status is Status.OK


async def test_a_configured_path_that_is_missing_says_so(
    tmp_path: Path, disks: Disks, lanes: Lanes
) -> None:
    gone = "/var/lib/mysql/gone"
    box = Machine(machine(tmp_path), disks, lanes, filesystems=[gone, "/var/lib/mysql"])
    disks.errors[gone] = FileNotFoundError(2, "No such file or directory")
    result = await box.run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "missing")
    assert result.message == "/var/lib/mysql/gone does not exist: is it mounted?"
    name = "node_filesystem_device_error"
    assert value(result, name, mountpoint="/var/lib/mysql") == 0
    assert len(labels_of(result, name)) == 1


async def test_several_paths_on_one_filesystem_count_once(
    tmp_path: Path, disks: Disks, lanes: Lanes
) -> None:
    disks.used.update({"/srv": 0.5, "/var/log": 0.5})
    box = Machine(machine(tmp_path), disks, lanes, filesystems=["/srv", "/var/log"])
    result = await box.run()
    points = [labels["mountpoint"] for labels in labels_of(result, "node_filesystem_size_bytes")]
    assert points == ["/"]


async def test_a_mount_that_refuses_us_is_left_out_unless_it_is_configured(
    tmp_path: Path, disks: Disks, lanes: Lanes
) -> None:
    tree = machine(tmp_path)
    disks.errors["/var/lib/mysql"] = PermissionError(13, "Permission denied")
    assert (await Machine(tree, disks, lanes).run()).status is Status.OK
    configured = await Machine(tree, disks, lanes, filesystems=["/var/lib/mysql"]).run()
    assert (configured.status, configured.reason) == (Status.UNKNOWN, "permission")
    assert "no permission" in configured.message


async def test_a_killed_process_is_an_event_and_a_warning_for_a_while(box: Machine) -> None:
    assert (await box.run()).status is Status.OK
    box.tree.kills(4)
    result = await box.run()
    assert result.status is Status.WARNING
    assert result.events == ("out of memory: the kernel killed 2 processes",)
    later = await box.run(290)
    assert (later.status, later.events) == (Status.WARNING, ())
    assert (await box.run(20)).status is Status.OK


async def test_a_reboot_is_an_event_and_a_jump_of_the_clock_is_none(box: Machine) -> None:
    await box.run()
    box.clock.wall_offset = 7200.0
    assert (await box.run()).events == ()
    box.tree.uptime(4)
    box.tree.kills(5)
    assert (await box.run()).events == ("rebooted: uptime fell from 3 d to 4 s",)


async def test_a_machine_just_started_says_so(box: Machine) -> None:
    box.tree.uptime(180)
    assert (await box.run()).events == ("the machine was started 3 min ago",)
    assert (await box.run()).events == ()


async def test_without_a_container_the_limits_are_the_machines(box: Machine) -> None:
    result = await box.run()
    assert value(result, "onwatch_host_cores") == 2
    assert value(result, "onwatch_host_memory_limit_bytes") == 16_000_000 * 1024
    assert value(result, "onwatch_host_memory_used_bytes") == 4_000_000 * 1024
    assert value(result, "onwatch_host_cpu_seconds_total", mode="user") == pytest.approx(10.0)
    assert labels_of(result, "container_oom_events_total") == []


async def test_in_a_container_its_limits_are_the_limits(box: Machine) -> None:
    folder = "sys/fs/cgroup"

    def used(seconds: float) -> None:
        box.tree.write(
            f"{folder}/cpu.stat",
            f"user_usec {seconds * 1e6:.0f}\nsystem_usec 0\n"
            "nr_periods 10\nnr_throttled 4\nthrottled_usec 500000\n",
        )

    box.tree.write_all(
        {
            f"{folder}/cpu.max": "50000 100000\n",
            f"{folder}/memory.max": "1000000000\n",
            f"{folder}/memory.current": "990000000\n",
            f"{folder}/memory.stat": "inactive_file 10000000\n",
            f"{folder}/memory.events": "oom_kill 0\n",
        }
    )
    used(100)
    await box.run()
    used(102)
    box.tree.write(f"{folder}/memory.events", "oom_kill 1\n")
    result = await box.run()
    assert result.value == "cpu 80 %"
    assert result.message.startswith("memory is 98 % in use (20.0 MB left)")
    assert result.events == ("out of memory: the kernel killed a process",)
    assert ("container", "may use 0.5 cores, 1.0 GB of memory") in result.facts
    assert value(result, "onwatch_host_cores") == 0.5
    assert value(result, "onwatch_host_cpu_seconds_total", mode="user") == 102
    assert value(result, "onwatch_host_memory_limit_bytes") == 1_000_000_000
    assert value(result, "onwatch_host_memory_used_bytes") == 980_000_000
    assert value(result, "node_memory_MemTotal_bytes") == 16_000_000 * 1024
    assert value(result, "container_cpu_cfs_throttled_periods_total") == 4
    assert value(result, "container_cpu_cfs_throttled_seconds_total") == 0.5
    assert value(result, "container_oom_events_total") == 1


async def test_limits_larger_than_the_machine_are_none(box: Machine) -> None:
    box.tree.write_all(
        {
            "sys/fs/cgroup/cpu.max": "400000 100000\n",
            "sys/fs/cgroup/cpu.stat": "user_usec 1\nsystem_usec 1\n",
            "sys/fs/cgroup/memory.max": "64000000000\n",
            "sys/fs/cgroup/memory.current": "1000\n",
        }
    )
    result = await box.run()
    assert value(result, "onwatch_host_cores") == 2
    assert value(result, "onwatch_host_cpu_seconds_total", mode="user") == pytest.approx(10.0)
    assert value(result, "onwatch_host_memory_limit_bytes") == 16_000_000 * 1024
    assert value(result, "onwatch_host_memory_used_bytes") == 4_000_000 * 1024
    assert "container" not in dict(result.facts)


async def test_a_limit_set_while_we_run_does_not_mix_two_counters(box: Machine) -> None:
    await box.run()
    box.tree.write("sys/fs/cgroup/cpu.max", "50000 100000\n")
    box.tree.write("sys/fs/cgroup/cpu.stat", "user_usec 900000000\nsystem_usec 0\n")
    assert (await box.run()).value == "up"
    box.tree.write("sys/fs/cgroup/cpu.stat", "user_usec 901000000\nsystem_usec 0\n")
    assert (await box.run()).value == "cpu 40 %"


async def test_processes_show_cpu_in_the_second_run_and_then_are_read_seldom(
    box: Machine,
) -> None:
    line = "7 (work) S 1 7 7 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 5 0 100 0 0 0 0 0\n"

    async def shown(used: float) -> str:
        ticks = int(used * os.sysconf("SC_CLK_TCK"))
        box.tree.write("proc/7/stat", line.format(ticks=ticks))
        table = (await box.run()).tables[0]
        return table.rows[0][table.columns.index("cpu %")]

    assert await shown(1.0) == ""
    assert await shown(2.0) == "20.0"
    assert await shown(4.0) == "20.0"
    assert await shown(5.0) == "30.0"


@pytest.mark.parametrize(
    "missing",
    ["stat", "meminfo", "vmstat", "self/mountinfo", "loadavg", "uptime", "pressure/io", "net/dev"],
)
async def test_a_missing_file_costs_its_own_figures_alone(box: Machine, missing: str) -> None:
    (box.tree.folder / "proc" / missing).unlink()
    await box.run()
    result = await box.run()
    assert result.up
    assert value(result, "node_memory_MemTotal_bytes") is not None
    assert value(result, "node_cpu_seconds_total", mode="idle") is not None


async def test_garbage_in_every_file_breaks_nothing(box: Machine) -> None:
    for file in (box.tree.folder / "proc").rglob("*"):
        if file.is_file():
            file.write_bytes(b"\xff\xfe: (x \n\n - \0 cpu 1\ncpu0 z\n")
    result = await box.run()
    assert result.up
    assert all(figure == figure for figure in result.samples.values)  # noqa: PLR0124 - no NaN


async def test_a_system_without_proc_is_told_by_psutil(
    tmp_path: Path, disks: Disks, lanes: Lanes
) -> None:
    box = Machine(Tree(tmp_path), disks, lanes)
    box.disks.used = dict.fromkeys(("/", "/dev/shm"), 0.5)
    box.probe._asker.statvfs = os.statvfs
    await box.run()
    time.sleep(0.05)
    result = await box.run()
    for name in (
        "node_cpu_seconds_total",
        "node_memory_MemTotal_bytes",
        "node_memory_MemAvailable_bytes",
        "node_network_receive_bytes_total",
        "node_load1",
        "node_boot_time_seconds",
        "onwatch_host_cores",
        "onwatch_host_memory_used_bytes",
        "onwatch_host_cpu_seconds_total",
    ):
        assert value(result, name) is not None, name
    assert next(table for table in result.tables if table.title == "processes").rows


async def test_names_in_files_cannot_draw_on_the_screen(box: Machine, disks: Disks) -> None:
    evil = "/mnt/\x1b[31mred"
    disks.used[evil] = 0.99
    (box.tree.folder / "proc/self/mountinfo").write_text(
        f"28 27 8:2 / {evil} rw - xfs /dev/\x1b]0;x\x07sda2 rw\n"
    )
    result = await box.run()
    assert "\x1b" not in result.message + repr(result.parts) + repr(result.tables)
    assert all("\x1b" not in text for series in result.samples.series for _, text in series.labels)


def test_every_metric_that_the_usual_rules_use_is_declared() -> None:
    declared = {metric.name for metric in KIND.metrics}
    assert set(RULES) <= declared


def test_the_kind_is_registered_and_has_no_metric_twice() -> None:
    assert registry.kind("host") is KIND
    names = [metric.name for metric in KIND.metrics]
    assert len(names) == len(set(names))


@pytest.fixture
def here(lanes: Lanes, tmp_path: Path) -> HostProbe:
    """The check on the machine that the tests run on."""
    clock = SystemClock()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), tmp_path)
    target = Target("here", 5.0, 3.0, Sampler({"job": "here"}), env)
    probe = KIND.probe(HostConfig(), target)
    assert isinstance(probe, HostProbe)
    return probe


async def test_this_machine_agrees_with_psutil(here: HostProbe) -> None:
    import psutil  # noqa: PLC0415 - slow to load, and needed here alone

    result = await here.run()
    memory = psutil.virtual_memory()
    assert value(result, "node_memory_MemTotal_bytes") == memory.total
    available = value(result, "node_memory_MemAvailable_bytes")
    assert available == pytest.approx(memory.available, rel=0.2)
    assert value(result, "node_boot_time_seconds") == pytest.approx(psutil.boot_time(), abs=2)
    space = os.statvfs("/")
    size = value(result, "node_filesystem_size_bytes", mountpoint="/")
    assert size == space.f_blocks * space.f_frsize
    links = {labels["device"] for labels in labels_of(result, "node_network_receive_bytes_total")}
    assert links <= set(psutil.net_io_counters(pernic=True))
    await here.close()


async def test_everything_this_machine_yields_is_declared(here: HostProbe) -> None:
    result = await here.run()
    declared = {metric.name: set(metric.labels) for metric in KIND.metrics}
    for series in result.samples.series:
        assert series.name in declared
        own = {key for key, _ in series.labels} - {"job"}
        assert own <= declared[series.name], series
    await here.close()


async def test_work_on_this_machine_shows_in_its_cpu(here: HostProbe) -> None:
    def user(result: Result) -> float:
        name = "node_cpu_seconds_total"
        samples = zip(result.samples.series, result.samples.values, strict=True)
        return sum(
            figure
            for series, figure in samples
            if series.name == name and series.label("mode") in {"user", "nice"}
        )

    before = await here.run()
    end = time.process_time() + 0.3
    while time.process_time() < end:
        sum(range(1000))
    after = await here.run()
    assert user(after) - user(before) >= 0.2
    assert after.value.startswith("cpu ")
    await here.close()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="this system has no /dev/shm to fill")
async def test_a_file_written_here_takes_its_space(lanes: Lanes, tmp_path: Path) -> None:
    clock = FakeClock()
    config = HostConfig.model_validate({"filesystems": ["/dev/shm"]})
    probe = HostProbe(config, host_target(clock, lanes, tmp_path))
    name = "node_filesystem_avail_bytes"
    before = value(await probe.run(), name, mountpoint="/dev/shm")
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(b"x" * 50_000_000)
        file.flush()
        after = value(await probe.run(), name, mountpoint="/dev/shm")
    assert before is not None
    assert after is not None
    assert 40_000_000 < before - after < 200_000_000
    await probe.close()


async def test_runs_give_the_same_series(here: HostProbe) -> None:
    def stable(result: Result) -> set[Series]:
        return {s for s in result.samples.series if not s.name.startswith("node_filesystem")}

    await here.run()
    first, second = stable(await here.run()), stable(await here.run())
    assert first == second
    await here.close()
