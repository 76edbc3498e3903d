"""What a machine tells of itself besides samples: processes, mounts, what came and went.

The probe puts a :class:`HostFacts` into :attr:`checks.model.Result.host`; figures that have a
course are samples, and :mod:`checks.hosts.detail` makes a :class:`HostDetail` of both while
somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from checks.hosts.changes import Change
from checks.model import clean

__all__ = [
    "ArrayView",
    "CoreView",
    "DiskView",
    "Growth",
    "Happening",
    "HostDetail",
    "HostFacts",
    "InterfaceView",
    "MemoryView",
    "MountFact",
    "MountView",
    "Outlook",
    "PressureView",
    "ProcessDetail",
    "ProcessRow",
    "SocketsView",
    "TemperatureView",
]

Points = tuple[float, ...]
Outcome = Literal["unknown", "steady", "filling"]


class ProcessRow(NamedTuple):
    """One process; a tuple, because there may be thousands in each picture.

    ``key`` names this process and never a later one that is given its number. ``cpu`` is the
    ratio of one core since the scan before, ``read`` and ``written`` bytes a second, each None
    while unknown; ``descriptors`` None where this user may not count them. ``started`` is
    seconds since 1970.
    """

    key: str
    pid: int
    parent: int
    name: str
    user: str
    state: str
    cpu: float | None
    memory: float
    read: float | None = None
    written: float | None = None
    descriptors: int | None = None
    threads: int = 0
    started: float | None = None
    time: float = 0.0
    command: str = ""
    kernel: bool = False


@dataclass(frozen=True, slots=True)
class ProcessDetail:
    """One process as far as it can be read: name and text of what is known, in order.

    ``gone`` says that it has ended, ``refused`` what this user may not read.
    """

    key: str
    facts: tuple[tuple[str, str], ...] = ()
    gone: bool = False
    refused: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "facts", tuple((clean(k, 60), clean(v, 4000)) for k, v in self.facts))
        put(self, "refused", tuple(clean(each, 80) for each in self.refused))


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether a filesystem fills: ``seconds`` until it is full at ``rate`` bytes a second.

    ``unknown`` while too short a time was seen: ``known`` of ``needed`` seconds.
    """

    outcome: Outcome = "unknown"
    seconds: float | None = None
    rate: float = 0.0
    known: float = 0.0
    needed: float = 0.0


@dataclass(frozen=True, slots=True)
class MountFact:
    """One mount. ``error`` is a sentence where it gave no answer; ``hung`` says that it has
    been asked and has not answered, ``remote`` that its data lie on another machine."""

    point: str
    device: str
    type: str
    error: str = ""
    hung: bool = False
    remote: bool = False
    outlook: Outlook = Outlook()

    def __post_init__(self) -> None:
        for name in ("point", "device", "type", "error"):
            object.__setattr__(self, name, clean(getattr(self, name), 300))


class Growth(NamedTuple):
    """Memory of all processes of one name, ``then`` (``ago`` seconds ago) and ``now``."""

    name: str
    then: float
    now: float
    ago: float


class Happening(NamedTuple):
    """What happened at ``time``, seconds since 1970."""

    time: float
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class HostFacts:
    """What one run saw.

    Attributes:
        mounts: every filesystem watched.
        processes: every process; None while nobody looks (the on-demand tier).
        scanned: when they were looked at, seconds since 1970.
        every: seconds between two looks at them, longer where there are many.
        count: how many there are.
        left_out: how many of these are not among ``processes``.
        stuck: seconds for which the look at them has been hanging, 0 where it has not.
        growth: by name of process, whose memory grew or shrank most.
        happenings: what came and went, newest last.
        inspected: the process that somebody looks at.
        container: what a container may use, empty where this is none.
        notes: which figures this system does not tell, and why, a sentence each.
    """

    mounts: tuple[MountFact, ...] = ()
    processes: tuple[ProcessRow, ...] | None = None
    scanned: float | None = None
    every: float = 0.0
    count: int = 0
    left_out: int = 0
    stuck: float = 0.0
    growth: tuple[Growth, ...] = ()
    happenings: tuple[Happening, ...] = ()
    inspected: ProcessDetail | None = None
    container: str = ""
    notes: tuple[str, ...] = ()

    def texts(self) -> Iterator[str]:
        """What may hold a secret; command lines are masked where they are read."""
        for mount in self.mounts:
            yield from (mount.device, mount.error)

    def with_texts(self, text: Callable[[str], str]) -> HostFacts:
        """The same with ``text`` applied to each of :meth:`texts`."""
        mounts = (
            replace(mount, device=text(mount.device), error=text(mount.error))
            for mount in self.mounts
        )
        return replace(self, mounts=tuple(mounts))


@dataclass(frozen=True, slots=True, eq=False)
class CoreView:
    """One CPU: the ratio of its time by mode since the run before."""

    name: str
    modes: Mapping[str, float]

    @property
    def busy(self) -> float:
        """Ratio in which it was not free for others."""
        free = self.modes.get("idle", 0.0) + self.modes.get("iowait", 0.0)
        return min(1.0, max(0.0, sum(self.modes.values()) - free))


@dataclass(frozen=True, slots=True, eq=False)
class MemoryView:
    """Bytes of the machine's memory and swap by use; rates are bytes a second (faults: events).

    ``cached`` holds what can be had back: page cache and reclaimable slabs.
    """

    total: float | None = None
    used: float | None = None
    cached: float | None = None
    buffers: float | None = None
    free: float | None = None
    available: float | None = None
    dirty: float | None = None
    swap_total: float | None = None
    swap_used: float | None = None
    swapped_in: float | None = None
    swapped_out: float | None = None
    faults: float | None = None
    swapped_in_history: Points = ()
    swapped_out_history: Points = ()


@dataclass(frozen=True, slots=True, eq=False)
class PressureView:
    """Share of time in which ``some`` or all (``full``) tasks waited for a resource, over the
    last run, and over ten and sixty seconds before it."""

    resource: str
    some: float | None
    full: float | None
    minute: float | None
    history: Points


@dataclass(frozen=True, slots=True, eq=False)
class MountView:
    """One filesystem: its facts, and its figures where it answered. ``used`` and
    ``inodes_used`` are ratios as `df` reckons them."""

    fact: MountFact
    size: float | None = None
    used: float | None = None
    available: float | None = None
    inodes_used: float | None = None
    inodes_free: float | None = None
    readonly: bool = False
    history: Points = ()


@dataclass(frozen=True, slots=True, eq=False)
class DiskView:
    """One disk. ``busy`` is the ratio of time in which it worked, ``wait`` the mean seconds
    that a request took, ``queue`` the mean number of requests in it."""

    device: str
    read: float | None
    written: float | None
    reads: float | None
    writes: float | None
    busy: float | None
    wait: float | None
    queue: float | None
    history: Points


@dataclass(frozen=True, slots=True, eq=False)
class InterfaceView:
    """One interface: bytes a second, errors and drops a second; ``speed`` in bytes a second.

    ``up`` is None where the system does not tell.
    """

    device: str
    up: bool | None
    speed: float | None
    received: float | None
    sent: float | None
    errors: float | None
    drops: float | None
    received_history: Points
    sent_history: Points


@dataclass(frozen=True, slots=True, eq=False)
class SocketsView:
    """TCP as a whole: numbers of sockets, and events a second."""

    established: float | None = None
    waiting: float | None = None
    orphans: float | None = None
    udp: float | None = None
    opened: float | None = None
    retransmitted: float | None = None
    overflowed: float | None = None
    reset: float | None = None


class TemperatureView(NamedTuple):
    """One sensor in degrees Celsius; ``high`` where it says that it is too hot."""

    name: str
    celsius: float
    high: float | None


class ArrayView(NamedTuple):
    """One software RAID: how many members it needs, and has.

    ``doing`` is ``recovering``, ``resync``, ``check`` or ``inactive``, empty where it just works;
    ``progress`` is how far a sync is, as a ratio.
    """

    device: str
    required: float
    active: float
    failed: float
    doing: str = ""
    progress: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HostDetail:
    """Everything the host screen shows of ``check``, made only while somebody looks.

    ``silent_since`` is when the machine was last read, None while it can be.
    """

    check: str
    facts: HostFacts
    cores: tuple[CoreView, ...] = ()
    modes: Mapping[str, float] = field(default_factory=dict)
    switches: float | None = None
    interrupts: float | None = None
    forks: float | None = None
    running: float | None = None
    blocked: float | None = None
    throttled: float | None = None
    load_history: Points = ()
    memory: MemoryView = MemoryView()
    pressure: tuple[PressureView, ...] = ()
    mounts: tuple[MountView, ...] = ()
    disks: tuple[DiskView, ...] = ()
    interfaces: tuple[InterfaceView, ...] = ()
    sockets: SocketsView = SocketsView()
    temperatures: tuple[TemperatureView, ...] = ()
    arrays: tuple[ArrayView, ...] = ()
    memory_errors: float | None = None
    descriptors: tuple[float, float] | None = None
    changes: tuple[Change, ...] = ()
    silent_since: float | None = None
