"""The `host` check: this machine, or the container that onwatch runs in.

Figures come from `/proc` and `/sys` under node_exporter's names; see `docs/checks/host.md`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Generic, TypeVar

from checks.lanes import LaneBusyError, Lanes
from checks.model import Part, Result, SampleBuilder, Status, Table
from checks.probe import ChartSpec, Kind, ProbeEnv, Target
from checks.probes.host.config import HostConfig
from checks.probes.host.cpu import CpuWindow
from checks.probes.host.devices import is_inner
from checks.probes.host.facts import facts_of
from checks.probes.host.files import Roots
from checks.probes.host.filesystems import Asker, Filesystem, StatVfs, emit_filesystem
from checks.probes.host.gaps import gaps
from checks.probes.host.hardware import collect_hardware
from checks.probes.host.history import History
from checks.probes.host.judge import Figures, judge, problems
from checks.probes.host.metrics import METRICS
from checks.probes.host.mounts import Mount, chosen, real
from checks.probes.host.processes import Scan, Scanner, table
from checks.probes.host.reader import Reader, Reading
from checks.probes.host.watch import Everyone, ProcessWatch
from checks.processes.scan import ProcessTable, shared
from checks.settings import KindConfig
from checks.wording import percent, size

__all__ = ["KIND", "HostConfig", "HostProbe"]

T = TypeVar("T")
HardwareSample = tuple[str, float | None, dict[str, str]]

_HARDWARE_INTERVAL: Final = 30.0
_FILESYSTEMS: Final = 64
"""Most filesystems that are watched unasked: each has a thread of its own."""


class Periodic(Generic[T]):
    """Something slow, called seldom in a lane of its own; keeps what it last brought, but where
    the next call has not come back for ``interval`` seconds: that is no figure of now.

    The second call follows as soon as it can: figures that need two are then soon there.
    """

    def __init__(
        self, lanes: Lanes, name: str, interval: float, call: Callable[[float], T | None]
    ) -> None:
        self.value: T | None = None
        self._lanes = lanes
        self._name = name
        self._interval = interval
        self._call = call
        self._due = 0.0
        self._calls = 0

    async def refresh(self, now: float, patience: float) -> None:
        """Calls anew where that is due; waits at most ``patience`` seconds for it."""
        if now < self._due:
            return
        self._due = now + (self._interval if self._calls else 0.0)
        self._calls += 1
        try:
            await asyncio.wait_for(self._lanes.run(self._name, lambda: self._keep(now)), patience)
        except TimeoutError:
            return
        except LaneBusyError as busy:
            if asyncio.get_running_loop().time() - busy.since >= self._interval:
                self.value = None

    def _keep(self, now: float) -> None:
        self.value = self._call(now)


class HostProbe:
    """Reads one machine. ``roots`` and ``statvfs`` are other ones in tests alone."""

    def __init__(
        self,
        config: HostConfig,
        target: Target,
        roots: Roots | None = None,
        statvfs: StatVfs = os.statvfs,
    ) -> None:
        self._config = config
        self._target = target
        self._roots = roots or Roots()
        self._lanes = target.env.lanes
        self._lane = f"host {target.name}"
        self._reader = Reader(self._roots)
        self._history = History(CpuWindow(config.cpu.window))
        self._patience = min(1.0, target.timeout / 2)
        self._asker = Asker(self._lanes, f"{self._lane} statvfs", statvfs, self._patience)
        self._hardware = Periodic(
            self._lanes, f"{self._lane} hardware", _HARDWARE_INTERVAL, self._read_hardware
        )
        self._everyone = _everyone(self._roots, config.processes, target.env)
        self._processes = ProcessWatch(
            self._lanes, f"{self._lane} processes", config.process_interval, self._everyone.look
        )

    def attend(self, watched: bool) -> None:
        """List every process while somebody looks."""
        changed, self._processes.watched = watched is not self._processes.watched, watched
        self._everyone.watched = watched
        if watched and changed:
            self._processes.hurry()
        elif not watched:
            self._everyone.subject = ""

    def inspect(self, subject: str) -> None:
        """Read all there is about the process ``subject`` from now on; of none where empty."""
        self._everyone.subject = subject
        if subject:
            self._processes.hurry()

    async def run(self) -> Result:
        """Read everything once; what hangs costs only its own figures."""
        clock = self._target.env.clock
        loop = asyncio.get_running_loop()
        began, now, wall = loop.time(), clock.now(), clock.wall()
        builder = self._target.sampler.builder()
        try:
            reading = await self._lanes.run(
                self._lane, lambda: self._reader.read(wall, builder.add)
            )
        except LaneBusyError as busy:
            waited = loop.time() - busy.since
            return Result.failed("timeout", f"no answer from the kernel since {waited:.0f} s")
        filesystems, _, _ = await asyncio.gather(
            self._ask_filesystems(reading.mounts),
            self._hardware.refresh(now, self._patience),
            self._refresh_processes(now),
        )
        hardware = self._hardware.value or ()
        for name, value, labels in hardware:
            builder.add(name, value, labels)
        for filesystem in filesystems:
            emit_filesystem(filesystem, builder.add)
        result = self._result(reading, filesystems, builder, now, loop.time() - began)
        facts = facts_of(
            reading,
            filesystems,
            self._history.outlooks,
            self._processes.value,
            scans=bool(self._config.processes),
            every=self._processes.every,
            stuck=self._processes.stuck,
            wall=wall,
            now=now,
        )
        events = (*result.events, *self._history.links(_links(hardware)))
        return replace(result, host=facts, events=events)

    def go_on(self, before: HostProbe) -> None:
        """Take over what the probe ``before`` has seen change."""
        self._history = before._history

    async def close(self) -> None:
        """Ends the lanes; one that hangs ends with the process."""
        for name in (self._lane, f"{self._lane} hardware", f"{self._lane} processes"):
            self._lanes.drop(name)
        self._asker.close()

    async def _ask_filesystems(self, mounts: Iterable[Mount]) -> list[Filesystem]:
        configured = self._config.filesystems
        if configured:
            targets = chosen(tuple(mounts), configured)
        else:
            targets = [(mount.point, mount) for mount in real(mounts)[:_FILESYSTEMS]]
        answers = await self._asker.ask(targets)
        return [one for one in answers if configured or not one.refused]

    async def _refresh_processes(self, now: float) -> None:
        if self._config.processes:
            await self._processes.refresh(now, self._patience)

    def _read_hardware(self, _now: float) -> list[HardwareSample]:
        found: list[HardwareSample] = []
        collect_hardware(
            self._roots,
            lambda name, value, labels=None: found.append((name, value, dict(labels or {}))),
        )
        return found

    def _result(
        self,
        reading: Reading,
        filesystems: list[Filesystem],
        builder: SampleBuilder,
        now: float,
        duration: float,
    ) -> Result:
        history = self._history
        events = history.note(now, reading, filesystems)
        missing = gaps(reading, self._config, self._roots)
        figures = _figures(reading, filesystems, history, now, missing)
        parts = problems(figures, self._config)
        status, message = judge(parts, figures)
        scan = self._processes.value.scan if self._processes.value else None
        return Result(
            status,
            message,
            reason=_reason(status, filesystems),
            value="up" if figures.cpu is None else f"cpu {percent(figures.cpu)}",
            duration=duration,
            samples=builder.build(),
            parts=parts,
            tables=(*_process_table(scan), _filesystem_table(filesystems)),
            facts=_facts(reading, scan),
            events=tuple(events),
        )


def _everyone(roots: Roots, count: int, env: ProbeEnv) -> Everyone:
    """Looks at the processes of `/proc`, or asks psutil where there is none."""
    known = shared(env.lanes) if roots == Roots() else ProcessTable(roots.proc)
    if os.path.exists(f"{roots.proc}/stat") and isinstance(known, ProcessTable):  # noqa: PTH110
        return Everyone(roots.proc, known, Scanner(roots, count, known).scan, env.masker.text)
    from checks.probes.host.portable import PortableScanner  # noqa: PLC0415 - psutil: rarely
    from checks.processes.portable import PortableTable  # noqa: PLC0415

    table = PortableTable() if isinstance(known, ProcessTable) else known
    rank = PortableScanner(count, table).scan
    return Everyone(roots.proc, table, rank, env.masker.text, portable=True)


def _links(hardware: Iterable[HardwareSample]) -> dict[str, bool]:
    """Which interfaces have their link."""
    return {
        labels["device"]: value == 1.0
        for name, value, labels in hardware
        if name == "node_network_up" and not is_inner(labels["device"])
    }


def _figures(
    reading: Reading,
    filesystems: list[Filesystem],
    history: History,
    now: float,
    missing: tuple[Part, ...],
) -> Figures:
    memory = reading.memory
    return Figures(
        cores=reading.cores,
        cpus=reading.cpus,
        cpu=history.cpu.last(reading.cores),
        cpu_mean=history.cpu.mean(reading.cores),
        cpu_span=history.cpu.covered,
        load=reading.kernel.load,
        memory_used=reading.memory_used,
        memory_limit=reading.memory_limit,
        swap_used=memory.swap_total - memory.swap_free if memory else 0.0,
        swap_total=memory.swap_total if memory else 0.0,
        filesystems=filesystems,
        lost=history.lost,
        full_in=history.full_in,
        killed=history.killed,
        killed_ago=None if history.killed_at is None else now - history.killed_at,
        gaps=missing,
    )


def _reason(status: Status, filesystems: Iterable[Filesystem]) -> str:
    """Why the check has its status; a filesystem makes it unknown, or what cannot be read."""
    if status is not Status.UNKNOWN:
        return "ok" if status is Status.OK else "limit"
    silent = next((one for one in filesystems if one.error), None)
    if silent is None:
        return "permission"
    return "missing" if silent.missing else "permission" if silent.refused else "timeout"


def _process_table(scan: Scan | None) -> tuple[Table, ...]:
    return () if scan is None else (table(scan.processes),)


def _filesystem_table(filesystems: Iterable[Filesystem]) -> Table:
    rows = tuple(
        (
            one.mount.point,
            one.mount.type,
            one.mount.device,
            *_space(one),
            one.error or ("read-only" if one.readonly else "writable"),
        )
        for one in filesystems
    )
    columns = ("mounted on", "type", "device", "size", "available", "used", "inodes", "state")
    numeric = frozenset({"size", "available", "used", "inodes"})
    return Table("filesystems", columns, rows, numeric)


def _space(one: Filesystem) -> tuple[str, str, str, str]:
    if one.error:
        return ("", "", "", "")
    used, inodes = one.used, one.inodes_used
    return (
        size(one.size),
        size(one.available),
        "" if used is None else percent(used),
        "" if inodes is None else percent(inodes),
    )


def _facts(reading: Reading, scan: Scan | None) -> tuple[tuple[str, str], ...]:
    system = os.uname()
    facts = [("system", f"{system.sysname} {system.release} {system.machine}")]
    facts.append(("cpus", str(reading.cpus)))
    if reading.memory is not None:
        facts.append(("memory", size(reading.memory.total)))
        facts.append(("swap", size(reading.memory.swap_total)))
    if reading.contained or reading.confined:
        allowed = size(reading.memory_limit or 0)
        facts.append(("container", f"may use {reading.cores:g} cores, {allowed} of memory"))
    if scan is not None:
        note = f"; {scan.note}" if scan.note else ""
        facts.append(("processes", f"{scan.count}{note}"))
    return tuple(facts)


def _probe(config: KindConfig, target: Target) -> HostProbe:
    if not isinstance(config, HostConfig):
        raise TypeError(f"the host check got a {type(config).__name__}")
    return HostProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    del config
    return (
        ChartSpec(
            "cores in use",
            "onwatch_host_cpu_seconds_total",
            rate=True,
            ceiling="onwatch_host_cores",
        ),
        ChartSpec("memory used", "onwatch_host_memory_used_bytes", "bytes"),
        ChartSpec("load, 1 min", "node_load1"),
        ChartSpec("received", "node_network_receive_bytes_total", "bytes", rate=True),
        ChartSpec("sent", "node_network_transmit_bytes_total", "bytes", rate=True),
        ChartSpec("read from disks", "node_disk_read_bytes_total", "bytes", rate=True),
        ChartSpec("written to disks", "node_disk_written_bytes_total", "bytes", rate=True),
    )


KIND = Kind(
    name="host",
    summary="this machine: CPU, load, memory, disks, network, pressure, processes",
    config=HostConfig,
    bounds={
        "cpu": ("HostCpuHigh",),
        "load": ("HostLoadHigh",),
        "memory": ("HostMemoryHigh", "HostMemoryTight", "HostMemoryExhausted"),
        "swap": ("HostSwapFilling",),
        "space": ("HostDiskFull",),
        "inodes": ("HostInodesUsed",),
        "full_in": ("HostDiskFillsSoon",),
    },
    probe=_probe,
    metrics=METRICS,
    counters=True,
    charts=_charts,
)
