"""What a request log or request counter says, ready for the panes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from checks.model import clean

__all__ = [
    "WINDOWS",
    "BreakdownRow",
    "Bucket",
    "Curves",
    "ErrorKind",
    "Minute",
    "RequestFigures",
    "RequestRow",
    "RequestStats",
    "WindowStats",
]

WINDOWS: Final = (60.0, 300.0, 900.0, 3600.0)
"""The windows that figures are given for, in seconds."""


ERROR_TEXT: Final = 400
"""Characters of an error's text that are kept."""


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """One value of a breakdown label within a window.

    ``share`` is of all requests, 0 to 1; ``error_ratio`` of this value's own; the
    percentiles are seconds, None where no duration is known.
    """

    value: str
    count: int
    share: float
    error_ratio: float
    p95: float | None
    p50: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Requests of a window that took longer than ``low`` and up to ``high`` seconds.

    Bounds are accurate to 1 %, as the durations are.
    """

    low: float
    high: float
    count: int
    errors: int


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What failed requests of a window have in common: the beginning of their error's text
    with numbers as ``N``, or ``HTTP 503`` where they have none.

    ``share`` is of the window's errors, 0 to 1; ``last`` when the newest of them was.
    """

    text: str
    count: int
    share: float
    last: float


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request, as the log tells of it.

    Attributes:
        key: its identity.
        time: when it was, by our clock.
        status: HTTP status, None where there is none.
        failed: whether it counts as an error.
        duration: seconds, None where it is not known.
        labels: its value of each label, in the order of :attr:`WindowStats.breakdown`.
        kind: the :class:`ErrorKind` that it is counted under, empty where it did not fail.
        error: text of its error, one clean line of bounded length.
    """

    key: str
    time: float
    status: int | None
    failed: bool
    duration: float | None
    labels: tuple[str, ...]
    kind: str = ""
    error: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", clean(self.error, ERROR_TEXT))


@dataclass(frozen=True, slots=True)
class Minute:
    """A full minute by the clock, from ``start`` up to and without the next one's start."""

    start: float
    count: int
    errors: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What happened when: points of ``seconds`` each, from the time ``begin`` on.

    All are as long as :attr:`rates` and NaN where nothing is known: ``rates`` in requests a
    second, ``classes`` the same for each class of status that occurs, ``error_ratios`` 0 to
    1, percentiles in seconds. A percentile is known where at least one request was slower.
    """

    seconds: float
    begin: float
    rates: tuple[float, ...]
    error_ratios: tuple[float, ...]
    classes: tuple[tuple[str, tuple[float, ...]], ...]
    p50s: tuple[float, ...]
    p95s: tuple[float, ...]
    p99s: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WindowStats:
    """Rate, errors and duration over the last ``seconds``.

    ``covered`` is how many of these seconds the source could be read for (less right
    after the start). ``rate`` is requests a second over the window's time steps up to now,
    as far as they are covered. Ratios are 0 to 1
    and None without requests; durations are seconds and None where none is known.
    ``by_class`` holds ``("2xx", n)`` and so on, classes that occur only.
    ``breakdown`` maps a label's name to its values, most requests first, capped.

    ``kinds`` are the kinds of its errors, most first; ``buckets`` how its durations are
    distributed, without gaps; ``newest_errors`` and ``slowest`` single requests, as far as
    :attr:`RequestStats.rows_since` reaches; ``curves`` its course, and of the shortest window
    what was before it too.
    """

    seconds: float
    covered: float
    count: int
    rate: float
    errors: int
    error_ratio: float | None
    by_class: tuple[tuple[str, int], ...]
    minimum: float | None
    mean: float | None
    maximum: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    breakdown: tuple[tuple[str, tuple[BreakdownRow, ...]], ...]
    kinds: tuple[ErrorKind, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    newest_errors: tuple[RequestRow, ...] = ()
    slowest: tuple[RequestRow, ...] = ()
    curves: Curves | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RequestStats:
    """All windows at time ``at``, and histories of one point each ``step`` seconds.

    Histories are oldest first and NaN where nothing is known: ``rates`` in requests a
    second, ``error_ratios`` 0 to 1, ``p95s`` in seconds. ``note`` says what limits the
    figures (still back-filling, clock differs), empty where nothing does.

    ``minutes`` are the last full minutes of the clock, newest first, ten at most;
    ``rows_since`` is since when single requests are known: of what was before, the source
    told sums. ``columns`` says which of ``status``, ``duration``, ``error`` and ``labels`` it
    is configured to read. ``counted`` says that the source is counters, which know nothing but
    sums.
    """

    at: float
    windows: tuple[WindowStats, ...]
    step: float
    rates: tuple[float, ...]
    error_ratios: tuple[float, ...]
    p95s: tuple[float, ...]
    note: str = ""
    minutes: tuple[Minute, ...] = ()
    rows_since: float | None = None
    columns: frozenset[str] = frozenset()
    counted: bool = False

    def window(self, seconds: float) -> WindowStats:
        """The figures for the window of ``seconds``; the nearest there is."""
        return min(self.windows, key=lambda w: abs(w.seconds - seconds))

    def texts(self) -> Iterator[str]:
        """Every text in it that its source controls, most of them once."""
        rows: dict[RequestRow, None] = {}
        for window in self.windows:
            rows |= dict.fromkeys((*window.newest_errors, *window.slowest))
            yield from (kind.text for kind in window.kinds)
            yield from (row.value for _, values in window.breakdown for row in values)
        for row in rows:
            yield from (row.error, row.kind, *row.labels)

    def with_texts(self, changed: Callable[[str], str]) -> RequestStats:
        """The same with each of :meth:`texts` as ``changed`` makes it."""
        made: dict[int, RequestRow] = {}

        def row(one: RequestRow) -> RequestRow:
            if id(one) not in made:
                labels = tuple(map(changed, one.labels))
                kind, error = changed(one.kind), changed(one.error)
                made[id(one)] = replace(one, labels=labels, kind=kind, error=error)
            return made[id(one)]

        def window(one: WindowStats) -> WindowStats:
            return replace(
                one,
                kinds=tuple(replace(kind, text=changed(kind.text)) for kind in one.kinds),
                breakdown=tuple(
                    (label, tuple(replace(each, value=changed(each.value)) for each in values))
                    for label, values in one.breakdown
                ),
                newest_errors=tuple(map(row, one.newest_errors)),
                slowest=tuple(map(row, one.slowest)),
            )

        return replace(self, windows=tuple(map(window, self.windows)))


@dataclass(frozen=True, slots=True, eq=False)
class RequestFigures:
    """What is known of requests since ``at``, of which only that is made which somebody asks for.

    It is as of the last reading, and no value: ask in the thread that reads. A scraped page brings
    requests at each scrape, and four windows of them cost more than all the rest of it.
    """

    at: float
    make: Callable[[float | None], RequestStats]
    changed: Callable[[str], str] | None = None

    def stats(self, window: float | None = None) -> RequestStats:
        """The figures of the shortest window and of that of ``window`` seconds; of all without."""
        made = self.make(window)
        return made if self.changed is None else made.with_texts(self.changed)

    def with_texts(self, changed: Callable[[str], str]) -> RequestFigures:
        """The same with each text as ``changed`` makes it."""
        return RequestFigures(self.at, self.make, changed)
