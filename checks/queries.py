"""A user's own SQL queries as samples; the same for every kind of database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from checks.errors import TargetError
from checks.model import SampleBuilder
from checks.settings import Duration, LabelName, MetricName, Model

__all__ = ["DueQueries", "Reading", "UserQuery", "readings"]


class UserQuery(Model):
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


class DueQueries:
    """When each query runs, and what it said last."""

    def __init__(self, queries: Sequence[UserQuery]) -> None:
        self._queries = tuple(queries)
        self._next = [-math.inf] * len(self._queries)
        self._last: list[tuple[Reading, ...]] = [()] * len(self._queries)
        self._problems: list[TargetError | None] = [None] * len(self._queries)

    def due(self, now: float) -> list[tuple[int, UserQuery]]:
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

    def problems(self) -> list[tuple[str, TargetError]]:
        """Metric of each query that is in trouble, and what the trouble is."""
        pairs = zip(self._queries, self._problems, strict=True)
        return [(query.metric, problem) for query, problem in pairs if problem is not None]

    def samples(self, to: SampleBuilder) -> None:
        """Add what each query said last, until it is asked again."""
        for query, found in zip(self._queries, self._last, strict=True):
            for reading in found:
                to.add(query.metric, reading.value, dict(reading.labels))

    def _postpone(self, number: int, now: float) -> None:
        # Half a second of leeway keeps a run that is a little early from skipping one.
        self._next[number] = now + (self._queries[number].interval or 0.0) - 0.5
