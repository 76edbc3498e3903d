"""The `process` check: processes of this machine, whether they run and what they use.

See `docs/checks/process.md`. All such checks and the host's share one scan of `/proc`.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import Final

from checks.findings import Finding
from checks.lanes import LaneBusyError
from checks.model import Result, Status, Table
from checks.probe import ChartSpec, Kind, Target
from checks.probes.process.config import ProcessConfig
from checks.probes.process.details import Details, ProcDetails, Reader, shown
from checks.probes.process.group import Figures, Group, Key, Member
from checks.probes.process.judge import findings, notes, summary
from checks.probes.process.metrics import METRICS, emit
from checks.probes.process.select import Selection, Selector, Started
from checks.processes.scan import STATES, Listing, Process, ProcessTable, shared
from checks.processes.scan import Table as ProcessSource
from checks.processes.users import Users
from checks.settings import KindConfig
from checks.wording import size, span

__all__ = ["KIND", "ProcessConfig", "ProcessProbe"]

_FRESHEST: Final = 2.5
"""Most seconds that another check's scan is good for."""
_TICKS: Final = float(os.sysconf("SC_CLK_TCK"))
_CLOCK_SET: Final = 1.0
"""Seconds by which the time of boot must seem to move for the clock to have been set."""
_DETAILED: Final = 250
"""Processes of a group that more than the scan is read of."""
_ROWS: Final = 100
_COLUMNS: Final = (
    "pid", "cpu %", "memory", "files", "age", "command", "state", "user", "threads",
    "parent", "name",
)  # fmt: skip
_NUMERIC: Final = frozenset({"pid", "parent", "cpu %", "memory", "threads", "files"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look brought: the scan, who is meant, and what was made of it."""

    listing: Listing
    selection: Selection
    figures: Figures
    rows: tuple[tuple[str, ...], ...]
    wall: float
    took: float


class ProcessProbe:
    """Looks for one group of processes. ``source`` and ``reader`` are other ones in tests alone."""

    def __init__(
        self,
        config: ProcessConfig,
        target: Target,
        source: ProcessSource | None = None,
        reader: Reader | None = None,
    ) -> None:
        self._config = config
        self._target = target
        self._clock = target.env.clock
        self._lane = f"process {target.name}"
        self._source = source or shared(target.env.lanes)
        self._portable = not isinstance(self._source, ProcessTable)
        self._reader = reader or _reader(portable=self._portable)
        pid_file = target.env.path(config.pid_file) if config.pid_file else None
        self._selector = Selector(config, self._reader, pid_file)
        # The address says it as it is configured, which may be relative.
        self._file = (("pid file", str(pid_file)),) if pid_file else ()
        self._group = Group(config.cpu.window, config.restarts.window)
        self._name = config.groupname() or target.name
        self._boot: float | None = None
        self._looked: float | None = None
        self._times: dict[tuple[int, int], float] = {}
        self._users = Users()

    async def run(self) -> Result:
        """Look once, in a lane: what hangs there costs this check alone."""
        loop = asyncio.get_running_loop()
        now = self._clock.now()
        try:
            async with asyncio.timeout(self._target.timeout * 0.97):
                look = await self._target.env.lanes.run(self._lane, lambda: self._look(now))
        except LaneBusyError as busy:
            return _silent(loop.time() - busy.since)
        except TimeoutError:
            return _silent(self._target.timeout)
        except OSError as error:
            text = f"the processes cannot be read: {error.strerror or error}"
            return Result.failed("limit", text, status=Status.UNKNOWN)
        if look is None:
            text = "this system shows no processes: is /proc mounted here?"
            return Result.failed("permission", text, status=Status.UNKNOWN)
        return self._result(look)

    def go_on(self, before: ProcessProbe) -> None:
        """Take over the restarts and the means of the probe ``before``."""
        self._group, self._boot = before._group, before._boot
        self._looked, self._times = before._looked, before._times

    async def close(self) -> None:
        self._target.env.lanes.drop(self._lane)

    def _look(self, now: float) -> _Look | None:
        began = time.perf_counter()
        # Never the same scan again: CPU use needs two.
        age = _FRESHEST if self._looked is None else min(_FRESHEST, (now - self._looked) / 2)
        listing = self._source.glance(now, max(0.0, age))
        if listing is None:
            return None
        wall = time.time()
        started = self._started(wall)
        selection = self._selector.choose(listing, started, self._source.again)
        living = [one for one in selection.processes if one.state not in "ZX"]
        members = [
            self._member(one, started, number < _DETAILED) for number, one in enumerate(living)
        ]
        zombies = [one for one in selection.processes if one.state in "ZX"]
        unseen = self._group.unseen(listing.at, members, wall)
        figures = self._group.note(listing.at, members, zombies, wall)
        rows = tuple(self._rows(figures, listing.at, wall, unseen))
        self._looked = listing.at
        self._times = {one.process.key: one.process.time for one in members}
        return _Look(listing, selection, figures, rows, wall, time.perf_counter() - began)

    def _started(self, wall: float) -> Started:
        """When processes were started: in ticks since boot here, in hundredths since 1970 for
        psutil. The time of boot is the same at every look unless the clock was set."""
        if self._portable:
            return Started(0.0, 100.0)
        boot = round(wall - time.clock_gettime(time.CLOCK_BOOTTIME), 2)
        if self._boot is None or abs(boot - self._boot) > _CLOCK_SET:
            self._boot = boot
        return Started(self._boot, _TICKS)

    def _member(self, one: Process, started: Started, detailed: bool) -> Member:
        details = self._reader.details(one.pid) if detailed else Details()
        uid = details.uid if details.uid is not None else self._reader.owner(one.pid)
        return Member(one._replace(user=self._users.name(uid)), details, started(one))

    def _rows(
        self, figures: Figures, now: float, wall: float, unseen: frozenset[Key]
    ) -> list[tuple[str, ...]]:
        """The table: the busiest first, the dead at the end; of those that are ``unseen``,
        which ran at the last look and were not in it, it is not known how busy they were.
        """
        since = None if self._looked is None or now <= self._looked else now - self._looked

        def cpu(one: Member) -> float | None:
            then = self._times.get(one.process.key)
            if since is None or one.process.key in unseen:
                return None
            return max(0.0, one.process.time - (then or 0.0)) / since

        ranked = sorted(figures.members, key=lambda one: (-(cpu(one) or 0.0), -one.process.memory))
        rows = [self._row(one, cpu(one), wall) for one in ranked[:_ROWS]]
        dead = [Member(one, Details(), wall) for one in figures.zombies[: _ROWS - len(rows)]]
        return rows + [self._row(one, None, wall) for one in dead]

    def _row(self, member: Member, cpu: float | None, wall: float) -> tuple[str, ...]:
        one, open_now = member.process, member.details.descriptors
        words = self._reader.words(one.pid)
        return (
            str(one.pid),
            "" if cpu is None else f"{cpu * 100:.1f}",
            size(one.memory),
            "" if open_now is None else str(open_now),
            "" if one.state in "ZX" else span(wall - member.started),
            shown(words, one.name, kernel=one.kernel),
            STATES.get(one.state, one.state),
            one.user,
            str(one.threads),
            str(one.parent),
            one.name,
        )

    def _result(self, look: _Look) -> Result:
        config, figures = self._config, look.figures
        found = findings(config, figures, look.selection, look.listing, look.wall)
        builder = self._target.sampler.builder()
        # What may be hidden from us is no figure: absent stays absent.
        blind = any(one.reason == "permission" and one.part.name == "count" for one in found)
        if not blind or figures.members:
            emit(figures, self._name, builder)
        count = len(figures.members)
        status, message, reason = _verdict(found, summary(figures, look.wall))
        return Result(
            status,
            message,
            reason=reason,
            up=count > 0 or not config.count.min,
            value="none" if not count else "running" if count == 1 else f"{count} running",
            duration=look.took,
            samples=builder.build(),
            parts=tuple(one.part for one in found),
            tables=(Table("processes", _COLUMNS, look.rows, _NUMERIC),) if look.rows else (),
            facts=(*self._file, *_facts(config, look)),
            events=figures.events,
        )


def _verdict(found: list[Finding], fine: str) -> tuple[Status, str, str]:
    if not found:
        return Status.OK, fine, "ok"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    first = found[0]
    return first.part.status, first.part.message + more, first.reason


def _facts(config: ProcessConfig, look: _Look) -> list[tuple[str, str]]:
    facts = [("chosen by", config.described())]
    count = len(look.figures.members)
    if look.listing.note:
        facts.append(("all processes", f"{len(look.listing.processes)}; {look.listing.note}"))
    if count > _DETAILED:
        facts.append(("details", f"descriptors and the like are read of {_DETAILED} of {count}"))
    if look.figures.restarts:
        facts.append(("restarts seen", str(look.figures.restarts)))
    return [*facts, *notes(look.figures)]


def _silent(seconds: float) -> Result:
    text = f"no answer from the kernel about processes for {seconds:.0f} s: does a disk hang?"
    return Result.failed("timeout", text)


def _reader(*, portable: bool) -> Reader:
    if not portable:
        return ProcDetails()
    from checks.probes.process.portable import PortableDetails  # noqa: PLC0415 - psutil: rarely

    return PortableDetails()


def _probe(config: KindConfig, target: Target) -> ProcessProbe:
    if not isinstance(config, ProcessConfig):
        raise TypeError(f"the process check got a {type(config).__name__}")
    return ProcessProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    if not isinstance(config, ProcessConfig):
        return ()
    cpu, memory, fds = config.cpu, config.memory, config.descriptors
    return (
        ChartSpec(
            "cpu, cores",
            "namedprocess_namegroup_cpu_seconds_total",
            rate=True,
            warning=None if cpu.warning is None else cpu.warning / 100,
            critical=None if cpu.critical is None else cpu.critical / 100,
        ),
        ChartSpec(
            "resident memory",
            "namedprocess_namegroup_memory_bytes",
            "bytes",
            labels={"memtype": "resident"},
            warning=memory.warning,
            critical=memory.critical,
        ),
        ChartSpec("processes", "namedprocess_namegroup_num_procs"),
        ChartSpec(
            "descriptors open, of the limit",
            "namedprocess_namegroup_worst_fd_ratio",
            "ratio",
            warning=None if fds.warning is None else fds.warning / 100,
            critical=None if fds.critical is None else fds.critical / 100,
        ),
        ChartSpec("threads", "namedprocess_namegroup_num_threads"),
        ChartSpec("read", "namedprocess_namegroup_read_bytes_total", "bytes", rate=True),
        ChartSpec("written", "namedprocess_namegroup_write_bytes_total", "bytes", rate=True),
    )


KIND: Final = Kind(
    name="process",
    summary="processes of this machine: whether they run, how many, what they use",
    config=ProcessConfig,
    bounds={
        "cpu": ("ProcessCpuHigh",),
        "memory": ("ProcessMemoryHigh",),
        "descriptors": ("ProcessDescriptorsHigh",),
        "restarts": ("ProcessRestarts",),
        "zombies": ("ProcessZombies",),
    },
    probe=_probe,
    metrics=METRICS,
    counters=True,
    charts=_charts,
)
