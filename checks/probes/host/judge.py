"""From figures to a status and a sentence. Pure: takes values, gives parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checks.model import Part, Status, worst
from checks.probes.host.config import Bounds, FillBounds, HostConfig, LoadBounds
from checks.probes.host.filesystems import Filesystem
from checks.wording import percent, size, span

__all__ = ["Figures", "judge", "problems", "summary"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run knows of the machine; None where it knows nothing.

    ``cpu`` is the ratio in use since the last run, ``cpu_mean`` over ``cpu_span`` seconds;
    ``cores`` those that may be used, ``cpus`` those of the machine. Memory and swap are
    bytes. ``killed_ago`` is the seconds since a process was last killed for want of memory,
    ``killed`` how many were since this check began. ``lost`` names the mounts that were
    writable and no longer are, ``full_in`` the seconds until a mount is full; ``gaps`` say what
    cannot be read at all.
    """

    cores: float
    cpus: int
    cpu: float | None = None
    cpu_mean: float | None = None
    cpu_span: float = 0.0
    load: tuple[float, float, float] | None = None
    memory_used: float | None = None
    memory_limit: float | None = None
    swap_used: float = 0.0
    swap_total: float = 0.0
    filesystems: Sequence[Filesystem] = ()
    lost: frozenset[str] = frozenset()
    full_in: Mapping[str, float] = field(default_factory=dict)
    killed: int = 0
    killed_ago: float | None = None
    gaps: tuple[Part, ...] = ()

    @property
    def memory(self) -> float | None:
        """Ratio of memory in use."""
        if self.memory_used is None or not self.memory_limit:
            return None
        return min(1.0, self.memory_used / self.memory_limit)


def problems(figures: Figures, config: HostConfig) -> tuple[Part, ...]:
    """A part for everything past a bound, the worst first."""
    found = [*_resources(figures, config), *_filesystems(figures, config), *figures.gaps]
    return tuple(sorted(found, key=lambda part: -part.status.severity))


def judge(parts: Sequence[Part], figures: Figures) -> tuple[Status, str]:
    """The status of the whole and its sentence: the worst problem, or the figures."""
    if not parts:
        return Status.OK, summary(figures)
    more = f" (and {len(parts) - 1} more)" if len(parts) > 1 else ""
    return worst(part.status for part in parts), parts[0].message + more


def summary(figures: Figures) -> str:
    """``cpu 12 % of 2 cores, memory 41 % of 16.0 GB, load 0.42``; what is unknown is left out."""
    said = []
    if figures.cpu is not None:
        said.append(f"cpu {percent(figures.cpu)} of {_cores(figures.cores)}")
    if figures.memory is not None and figures.memory_limit is not None:
        said.append(f"memory {percent(figures.memory)} of {size(figures.memory_limit)}")
    if figures.load is not None:
        said.append(f"load {figures.load[0]:.2f}")
    return ", ".join(said) or "nothing can be read of this machine"


def _cores(count: float) -> str:
    return f"{count:g} core" if count == 1 else f"{count:.3g} cores"


def _past(value: float | None, bounds: Bounds | LoadBounds) -> tuple[Status, float] | None:
    """The bound that ``value`` has reached, the worse one first."""
    if value is None:
        return None
    if bounds.critical is not None and value >= bounds.critical:
        return Status.CRITICAL, bounds.critical
    if bounds.warning is not None and value >= bounds.warning:
        return Status.WARNING, bounds.warning
    return None


def _share_past(ratio: float | None, bounds: Bounds) -> tuple[Status, float] | None:
    """The bound, in percent, that ``ratio`` has reached."""
    return _past(None if ratio is None else ratio * 100, bounds)


def _resources(figures: Figures, config: HostConfig) -> Iterator[Part]:
    yield from _cpu(figures, config)
    yield from _load(figures, config)
    memory = _share_past(figures.memory, config.memory)
    if memory and figures.memory is not None and figures.memory_limit is not None:
        left = size(max(0.0, figures.memory_limit - (figures.memory_used or 0.0)))
        sentence = f"memory is {percent(figures.memory)} in use ({left} left)"
        yield Part("memory", memory[0], sentence, percent(figures.memory))
    swap = figures.swap_used / figures.swap_total if figures.swap_total else None
    past = _share_past(swap, config.swap)
    if past and swap is not None:
        left = size(figures.swap_total - figures.swap_used)
        yield Part("swap", past[0], f"swap is {percent(swap)} full ({left} left)", percent(swap))
    if figures.killed_ago is not None and figures.killed_ago < config.oom_hold:
        many = "a process" if figures.killed == 1 else f"{figures.killed} processes"
        ago = span(figures.killed_ago)
        sentence = f"the kernel killed {many} for want of memory, last {ago} ago"
        yield Part("out of memory", Status.WARNING, sentence, f"{figures.killed} killed")


def _cpu(figures: Figures, config: HostConfig) -> Iterator[Part]:
    past = _share_past(figures.cpu_mean, config.cpu)
    if past and figures.cpu_mean is not None:
        share = percent(figures.cpu_mean)
        over = span(figures.cpu_span)
        sentence = (
            f"cpu {share} of {_cores(figures.cores)} in use over {over} (bound {past[1]:g} %)"
        )
        yield Part("cpu", past[0], sentence, share)


def _load(figures: Figures, config: HostConfig) -> Iterator[Part]:
    """Both the last minute and the last five count: no page for a burst, none after the end.

    The load average is the machine's, also in a container: it is held against its CPUs.
    """
    if figures.load is None:
        return
    one, five, _ = figures.load
    past = _past(min(one, five) / max(1, figures.cpus), config.load)
    if past:
        sentence = (
            f"load {one:.1f}, {five:.1f} over 5 min, on {_cores(figures.cpus)} "
            f"(bound {past[1]:g} a core)"
        )
        yield Part("load", past[0], sentence, f"{one:.1f}/{figures.cpus}")


def _filesystems(figures: Figures, config: HostConfig) -> Iterable[Part]:
    for filesystem in figures.filesystems:
        point = filesystem.mount.point
        if filesystem.error:
            yield Part(f"disk {filesystem.path}", Status.UNKNOWN, filesystem.error, "no answer")
        elif filesystem.broken or point in figures.lost:
            sentence = f"disk {point} has become read-only: look for I/O errors in the kernel's log"
            yield Part(f"disk {point}", Status.CRITICAL, sentence, "read-only")
        elif not filesystem.readonly:
            yield from _full(filesystem, config)
            yield from _filling(filesystem, figures.full_in.get(point), config.full_in)


def _full(filesystem: Filesystem, config: HostConfig) -> Iterator[Part]:
    point = filesystem.mount.point
    past = _share_past(filesystem.used, config.space)
    if past and filesystem.used is not None:
        left = size(filesystem.available)
        share = percent(filesystem.used)
        yield Part(f"disk {point}", past[0], f"disk {point} is {share} full ({left} left)", share)
    past = _share_past(filesystem.inodes_used, config.inodes)
    if past and filesystem.inodes_used is not None:
        share = percent(filesystem.inodes_used)
        sentence = (
            f"disk {point} has {share} of its inodes in use ({filesystem.files_free:,.0f} left)"
        )
        yield Part(f"inodes {point}", past[0], sentence, share)


def _filling(filesystem: Filesystem, seconds: float | None, bounds: FillBounds) -> Iterator[Part]:
    if seconds is None or (filesystem.used or 0.0) * 100 < bounds.above:
        return
    if bounds.critical is not None and seconds < bounds.critical:
        status = Status.CRITICAL
    elif bounds.warning is not None and seconds < bounds.warning:
        status = Status.WARNING
    else:
        return
    point, left = filesystem.mount.point, size(filesystem.available)
    sentence = f"disk {point} will be full in {span(seconds)} at this rate ({left} left)"
    yield Part(f"filling {point}", status, sentence, f"full in {span(seconds)}")
