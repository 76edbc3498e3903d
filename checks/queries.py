"""A user's own SQL queries as samples; the same for every kind of database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, Protocol, TypeVar

from pydantic import Field

from checks.bounds import Between
from checks.errors import TargetError
from checks.findings import Finding
from checks.model import Part, SampleBuilder, Status, worst
from checks.probe import ChartSpec
from checks.queue_names import SIZES
from checks.settings import Duration, LabelName, MetricName
from checks.views import QueueTraits

__all__ = [
    "DueQueries",
    "Judging",
    "Query",
    "Reading",
    "UserQuery",
    "charts_of",
    "queue_traits_of",
    "readings",
]


MOST_PARTS: Final = 20
"""Values of one query that are child rows of its check, those out of bounds first."""
_MOST_CHARTS: Final = 6
_LABELS: Final = 60
"""Characters of a row's labels in the name of its part."""


class Query(Protocol):
    """What is asked again and again, in whatever language."""

    @property
    def metric(self) -> str: ...

    @property
    def interval(self) -> float | None: ...

    def judge(self, value: float) -> tuple[Status, str]:
        """The status of ``value``, and the bound that it has passed."""


Q = TypeVar("Q", bound=Query)


class Judging(Between):
    """Bounds on both sides that values are judged by."""

    def judge(self, value: float) -> tuple[Status, str]:
        """The status of ``value``, and the bound that it has passed."""
        for status in (Status.CRITICAL, Status.WARNING):
            high = getattr(self, status.value, None)
            low = getattr(self, f"{status.value}_below", None)
            if high is not None and value > high:
                return status, f"above its {status.value} bound of {_figure(high)}"
            if low is not None and value < low:
                return status, f"below its {status.value} bound of {_figure(low)}"
        return Status.OK, ""


class UserQuery(Judging):
    """A query whose rows become samples of one metric."""

    metric: MetricName
    """Name of the metric."""
    sql: Annotated[str, Field(min_length=1)]
    """One SELECT statement."""
    value: str = "value"
    """Column that holds the value."""
    labels: list[LabelName] = Field(default_factory=list, max_length=10)
    """Columns that become labels."""
    type: Literal["gauge", "counter"] = "gauge"
    """`counter` for what only grows."""
    interval: Duration | None = None
    """How often it runs, where the check's own interval is too often."""
    max_rows: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Rows that are read; what is beyond them is left out and reported."""
    warning: float | None = None
    """Above this the value of a row is a WARNING."""
    critical: float | None = None
    """Above this it is CRITICAL."""
    warning_below: float | None = None
    """Below this it is a WARNING."""
    critical_below: float | None = None
    """Below this it is CRITICAL."""


def _figure(value: float) -> str:
    """``1,204``, ``0.0125`` or ``3.2e+18``."""
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return f"{int(value):,}" if whole else f"{value:.6g}"


def charts_of(queries: Sequence[UserQuery]) -> tuple[ChartSpec, ...]:
    """The course of each of the first few queries that yield one value, with its bounds."""
    single = [query for query in queries if not query.labels][:_MOST_CHARTS]
    return tuple(map(_chart, single))


def queue_traits_of(queries: Sequence[UserQuery]) -> tuple[QueueTraits, ...]:
    """The bounds of the queues whose sizes are queried.

    None where two queries have different ones: which of them a queue comes from is not known.
    """
    bounds: dict[str, set[tuple[float | None, float | None]]] = {}
    for query in queries:
        if query.metric in SIZES:
            bounds.setdefault(query.metric, set()).add((query.warning, query.critical))
    return tuple(
        QueueTraits("", *each, metric=metric)
        for metric, found in bounds.items()
        if len(found) == 1
        for each in found
    )


def _chart(query: UserQuery) -> ChartSpec:
    if query.type == "counter":
        return ChartSpec(f"{query.metric} a second", query.metric, "1/s", rate=True)
    falling = query.warning is None and query.critical is None
    return ChartSpec(
        query.metric,
        query.metric,
        warning=query.warning_below if falling else query.warning,
        critical=query.critical_below if falling else query.critical,
        falling=falling,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of a query."""

    value: float
    labels: tuple[tuple[str, str], ...]


def readings(
    query: UserQuery, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[Reading, ...]:
    """The samples in ``rows``, at most ``max_rows``; rows whose value is NULL yield none.

    Raises:
        TargetError: a column is missing, a value is no number, or two rows have the same
            labels.
    """
    where = {name: index for index, name in reversed(list(enumerate(columns)))}
    for name in (query.value, *query.labels):
        if name not in where:
            raise TargetError("config", f"it has no column {name!r}; it has {', '.join(columns)}")
    found: dict[tuple[tuple[str, str], ...], Reading] = {}
    for row in rows[: query.max_rows]:
        if row[where[query.value]] is None:
            continue
        labels = tuple((name, _text(row[where[name]])) for name in query.labels)
        if labels in found:
            shown = ", ".join(f"{k}={v}" for k, v in labels) or "no labels"
            raise TargetError("config", f"two rows have the same labels ({shown[:80]})")
        found[labels] = Reading(_number(row[where[query.value]], query.value), labels)
    return tuple(found.values())


def _number(value: object, column: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isnan(number):
        raise TargetError(
            "config", f"its column {column!r} holds {str(value)[:40]!r}, which is no number"
        )
    return number


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


class DueQueries(Generic[Q]):
    """When each query runs, and what it said last."""

    def __init__(self, queries: Sequence[Q]) -> None:
        self._queries = tuple(queries)
        self._next = [-math.inf] * len(self._queries)
        self._asked_at = [-math.inf] * len(self._queries)
        self._last: list[tuple[Reading, ...]] = [()] * len(self._queries)
        self._problems: list[TargetError | None] = [None] * len(self._queries)

    def due(self, now: float) -> list[tuple[int, Q]]:
        """Number and query of those to run now."""
        return [(i, query) for i, query in enumerate(self._queries) if now >= self._next[i]]

    def succeeded(self, number: int, now: float, found: tuple[Reading, ...], *, more: bool) -> None:
        """Query ``number`` yielded ``found``; ``more`` says that rows were left out."""
        query = self._queries[number]
        left_out = (
            f"query {query.metric} yields too many rows; those past {len(found):,} are left out"
        )
        self._last[number] = found
        self._problems[number] = TargetError("limit", left_out) if more else None
        self._postpone(number, now)

    def failed(self, number: int, now: float, error: TargetError) -> None:
        """Query ``number`` failed: its series end here, and it is tried again when due."""
        sentence = f"query {self._queries[number].metric}: {error}"
        self._last[number] = ()
        self._problems[number] = TargetError(error.reason, sentence)
        self._postpone(number, now)

    def missed(self, since: float) -> None:
        """Those that were due at ``since`` and have not been asked from then on could not be: what
        they said before is no more."""
        for number, _ in self.due(since):
            if self._asked_at[number] < since:
                self._last[number] = ()

    def problems(self) -> list[tuple[str, TargetError]]:
        """Metric of each query that is in trouble, and what the trouble is."""
        pairs = zip(self._queries, self._problems, strict=True)
        return [(query.metric, problem) for query, problem in pairs if problem is not None]

    def values(self) -> list[Finding]:
        """What each query said last as a child row, judged by its bounds."""
        pairs = zip(self._queries, self._last, strict=True)
        return [finding for query, found in pairs for finding in _judged(query, found)]

    def samples(self, to: SampleBuilder) -> None:
        """Add what each query said last, until it is asked again."""
        for query, found in zip(self._queries, self._last, strict=True):
            for reading in found:
                to.add(query.metric, reading.value, dict(reading.labels))

    def _postpone(self, number: int, now: float) -> None:
        self._asked_at[number] = now
        # Half a second of leeway keeps a run that is a little early from skipping one.
        self._next[number] = now + (self._queries[number].interval or 0.0) - 0.5


def _judged(query: Query, found: Sequence[Reading]) -> list[Finding]:
    """A row for each value, those out of bounds first; the rest in one row."""
    rows = [_row(query, reading) for reading in found]
    rows.sort(key=lambda row: -row.part.status.severity)
    if len(rows) <= MOST_PARTS:
        return rows
    rest = rows[MOST_PARTS - 1 :]
    status = worst(row.part.status for row in rest)
    more = f"{len(rest):,} more values of {query.metric}"
    return [*rows[: MOST_PARTS - 1], Finding("limit", Part(f"query {query.metric}", status, more))]


def _row(query: Query, reading: Reading) -> Finding:
    status, bound = query.judge(reading.value)
    shown = _figure(reading.value)
    of = ", ".join(value or '""' for _, value in reading.labels)[:_LABELS]
    name = f"{query.metric} {of}" if of else query.metric
    text = f"{name} is {shown}, {bound}" if bound else ""
    return Finding("limit" if bound else "ok", Part(f"query {name}", status, text, shown))
