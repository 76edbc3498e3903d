"""The values that travel: series, samples, results, statuses.

Whatever a target controls becomes text only through :func:`clean`, which every
constructor here applies; past this module text is safe to show with markup off.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Final
from weakref import WeakValueDictionary

from checks.alike import shared, shared_label
from checks.recent import Recent

__all__ = [
    "REASONS",
    "Labels",
    "Part",
    "Result",
    "SampleBuilder",
    "Sampler",
    "Samples",
    "Series",
    "Status",
    "Table",
    "clean",
    "clean_lines",
    "worst",
]

Labels = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name."""

REASONS: Final = (
    "ok",
    "dns",
    "refused",
    "unreachable",
    "timeout",
    "tls",
    "auth",
    "protocol",
    "expectation",
    "latency",
    "limit",
    "permission",
    "config",
    "missing",
    "loading",
    "internal",
)
"""Why a check has the status it has, in one word that scripts may rely on."""

_OURS: Final = frozenset({"auth", "config", "internal", "limit", "missing", "permission"})
"""Reasons that say nothing of the target where it did not answer and cannot be judged."""

# CSI, OSC/DCS/PM/APC strings, and the two-byte escapes (ECMA-48); also their C1 forms.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_CUT: Final = "…"
_UNSTEADY = re.compile("[\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
"""Variation selectors, keycaps and skin tones: after them terminals disagree about the cells
that a character takes, and columns would not stand below each other."""


def clean(text: object, limit: int = 500) -> str:
    """``text`` as one printable line of at most ``limit`` characters.

    Escape sequences vanish whole, line breaks and tabs become a space, and every other
    control, bidirectional, zero-width, private or surrogate character vanishes, and so does
    what changes the width of the character before it.
    """
    value = text if isinstance(text, str) else str(text)
    if len(value) > 4 * limit:
        value = value[: 4 * limit] + _CUT
    if not value.isprintable():
        value = _SPACES.sub(" ", _ESCAPES.sub("", value))
        value = "".join(c for c in value if c.isprintable() or c == "\xa0")
    if not value.isascii():
        value = _UNSTEADY.sub("", value)
    return value if len(value) <= limit else value[: limit - 1] + _CUT


def clean_lines(text: object, limit: int = 20_000, width: int = 2_000) -> str:
    """``text`` with its line breaks kept and each line as :func:`clean` leaves it.

    For raw answers: at most ``limit`` characters in all, ``width`` in a line.
    """
    value = text if isinstance(text, str) else str(text)
    cut = len(value) > limit
    body = value[:limit]
    if _is_plain(body, width):
        body = body.removesuffix("\n")
    else:
        lines = _ESCAPES.sub("", body).splitlines()
        body = "\n".join(clean(line.expandtabs(4), width) for line in lines)
    return f"{body}\n{_CUT}" if cut else body


class _Raw(str):
    """A raw answer that is clean: a result is made anew a few times, with the same one."""

    __slots__ = ()


def _is_plain(text: str, width: int) -> bool:
    """Whether each line is short and of plain letters: told at once, of however many lines."""
    lines = text.split("\n")
    return text.isascii() and "".join(lines).isprintable() and max(map(len, lines)) <= width


class Status(enum.Enum):
    """What a check came to. Compare by :attr:`severity`, never by value."""

    OK = "ok"
    WAITING = "waiting"
    """Before the first result."""
    WARNING = "warning"
    """Degraded, or past a warning bound."""
    STALE = "stale"
    """Two intervals brought no result."""
    UNKNOWN = "unknown"
    """It cannot be judged: configuration, credentials, permissions."""
    CRITICAL = "critical"
    """Refused, timed out, or an expectation missed."""

    @cached_property
    def severity(self) -> int:
        """0 for OK up to 5 for CRITICAL, the worst."""
        return _SEVERITY[self]

    @property
    def exit_code(self) -> int:
        """The Monitoring Plugins' exit code: 0 ok, 1 warning, 2 critical, 3 unknown."""
        return _EXIT_CODES[self]


_SEVERITY = {status: rank for rank, status in enumerate(Status)}
_EXIT_CODES = {
    Status.OK: 0,
    Status.WARNING: 1,
    Status.CRITICAL: 2,
    Status.UNKNOWN: 3,
    Status.STALE: 3,
    Status.WAITING: 3,
}


def worst(statuses: Iterable[Status], default: Status = Status.OK) -> Status:
    """The worst of ``statuses``: CRITICAL, UNKNOWN, STALE, WARNING, WAITING, OK."""
    return max(statuses, key=_SEVERITY.__getitem__, default=default)


class Series:
    """A metric's name with its labels; one object for one identity.

    Made with :meth:`of` only, so that equal series are the same object and hash and
    compare at the speed of a pointer.
    """

    __slots__ = ("__weakref__", "labels", "name")
    _interned: ClassVar[WeakValueDictionary[tuple[str, Labels], Series]] = WeakValueDictionary()

    name: str
    labels: Labels

    @classmethod
    def of(cls, name: str, labels: Mapping[str, str] | None = None) -> Series:
        """The series ``name{labels}``; label values are cleaned, empty ones left out."""
        pairs = tuple(sorted((k, clean(v)) for k, v in (labels or {}).items() if v != ""))
        if found := cls._interned.get((name, pairs)):
            return found
        made = cls.__new__(cls)
        made.name = shared(name)
        made.labels = tuple(shared_label(*pair) for pair in pairs)
        return cls._interned.setdefault((made.name, made.labels), made)

    def label(self, name: str) -> str:
        """The value of label ``name``; empty where the series has none."""
        for key, value in self.labels:
            if key == name:
                return value
        return ""

    def __repr__(self) -> str:
        inner = ",".join(f'{k}="{v}"' for k, v in self.labels)
        return f"{self.name}{{{inner}}}"


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What one run measured: ``values[i]`` belongs to ``series[i]``; no series twice."""

    series: tuple[Series, ...] = ()
    values: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.series)

    def __add__(self, other: Samples) -> Samples:
        return Samples(self.series + other.series, self.values + other.values)

    def get(self, name: str, /, **labels: str) -> float | None:
        """The first value of metric ``name`` whose labels include ``labels``."""
        for series, value in zip(self.series, self.values, strict=True):
            if series.name == name and all(series.label(k) == v for k, v in labels.items()):
                return value
        return None


class Sampler:
    """Makes series for one target: its labels added, each series made once.

    A metric's own label that collides with a target's is kept as ``exported_<label>``,
    as Prometheus does with ``honor_labels: false``.
    """

    def __init__(self, base: Mapping[str, str]) -> None:
        self.base = dict(base)
        self.made = Recent(partial(_made, self.base))
        """Its series, for as long as runs tell them."""

    def series(self, name: str, labels: Mapping[str, str] | None = None) -> Series:
        return self.made[(name, *labels.items()) if labels else (name,)]

    def builder(self) -> SampleBuilder:
        """A fresh collector for the samples of one run."""
        return SampleBuilder(self)


def _made(base: Mapping[str, str], key: tuple[Any, ...]) -> Series:
    name, *labels = key
    own = {(f"exported_{k}" if k in base else k): v for k, v in labels}
    return Series.of(name, {**base, **own})


class SampleBuilder:
    """Collects the samples of one run; a series given twice keeps its last value."""

    __slots__ = ("_sampler", "_values")

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._values: dict[Series, float] = {}

    def add(self, name: str, value: float | None, labels: Mapping[str, str] | None = None) -> None:
        """Add ``name{labels} value``; None is left out, so absent stays absent."""
        if value is not None:
            self._values[self._sampler.series(name, labels)] = float(value)

    def extend(self, samples: Samples) -> None:
        """Add what was built before, for this same target."""
        self._values.update(zip(samples.series, samples.values, strict=True))

    def build(self) -> Samples:
        self._sampler.made.used(len(self._values))
        return Samples(tuple(self._values), tuple(self._values.values()))


@dataclass(frozen=True, slots=True)
class Part:
    """A named piece of what a check watches, shown as a child row beneath it.

    ``value`` is a few characters for the row's value column (``lag 0 s``).
    """

    name: str
    status: Status
    message: str = ""
    value: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean(self.name, 80))
        object.__setattr__(self, "message", clean(self.message))
        object.__setattr__(self, "value", clean(self.value, 40))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for the detail screen: processes, slow log entries, filesystems.

    Cells are text, already formatted with their units; ``numeric`` names the columns
    that are aligned right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean(self.title, 80))
        object.__setattr__(self, "columns", tuple(clean(c, 40) for c in self.columns))
        rows = tuple(tuple(clean(cell, 300) for cell in row) for row in self.rows)
        object.__setattr__(self, "rows", rows)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The outcome of one run of a check: always a value, never an exception.

    Attributes:
        status: OK, WARNING, CRITICAL or UNKNOWN.
        message: one sentence an operator understands.
        reason: one of :data:`REASONS`.
        up: it answered in its own protocol, whatever it answered.
        answered: where it is not ``up``, whether it said something all the same: that it refuses
            us, or more than is read.
        value: a few characters for the services pane (``200``, ``up``, ``4.2 MB``).
        duration: seconds the target took to answer; None where it did not.
        samples: what was measured, under the exporters' names.
        parts: child rows.
        phases: name and seconds of each phase, in order (dns, connect, tls, …).
        tables: rows for the detail screen.
        facts: name and text of what does not change often (version, certificate).
        raw: the answer itself, bounded; shown in the detail screen.
        events: sentences for the timeline (``restarted: uptime fell from 3 d to 4 s``).
        requests: what a request log or counter said, where the check has one
            (:class:`checks.requests.stats.RequestStats` or ``RequestFigures``).
        database: what a database server said of its sessions and replicas
            (a :class:`checks.databases.model.DatabaseFacts`).
        host: what a machine said of its processes and mounts
            (a :class:`checks.hosts.model.HostFacts`).
        asked: the statements that the check asks, with what they took
            (:class:`checks.databases.model.Asked`).
        log: the records that a log check holds (a :class:`checks.logs.tail.Tail`).
    """

    status: Status
    message: str
    reason: str = "ok"
    up: bool = True
    value: str = ""
    duration: float | None = None
    samples: Samples = field(default_factory=Samples)
    parts: tuple[Part, ...] = ()
    phases: tuple[tuple[str, float], ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    raw: str = ""
    events: tuple[str, ...] = ()
    requests: object | None = None
    database: object | None = None
    host: object | None = None
    asked: tuple[object, ...] = ()
    log: object | None = None
    answered: bool = False

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"unknown reason {self.reason!r}")
        put = object.__setattr__
        put(self, "message", clean(self.message))
        put(self, "value", clean(self.value, 40))
        if self.raw and not isinstance(self.raw, _Raw):
            put(self, "raw", _Raw(clean_lines(self.raw)))
        if self.facts:
            put(self, "facts", tuple((clean(k, 60), clean(v)) for k, v in self.facts))
        if self.events:
            put(self, "events", tuple(clean(event) for event in self.events))

    @property
    def unasked(self) -> bool:
        """Whether something on our side kept the target from being asked: it may well answer."""
        ours = self.status is Status.UNKNOWN and self.reason in _OURS
        return ours and not (self.up or self.answered)

    def with_samples(self, samples: Samples) -> Result:
        return replace(self, samples=samples)

    @classmethod
    def failed(
        cls,
        reason: str,
        message: str,
        *,
        status: Status = Status.CRITICAL,
        samples: Samples | None = None,
        phases: Sequence[tuple[str, float]] = (),
        answered: bool = False,
    ) -> Result:
        """A run that brought no answer in the target's protocol."""
        return cls(
            status,
            message,
            reason=reason,
            up=False,
            value="down" if status is Status.CRITICAL else "",
            samples=samples or Samples(),
            phases=tuple(phases),
            answered=answered,
        )
