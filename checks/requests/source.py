"""What the reader of a request log asks of a database, and where databases differ.

A kind of database brings a :class:`Dialect` and a way to execute a statement; the statements
are made in :mod:`checks.requests.sql`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from checks.requests.config import RequestLog, TimeFormat
from checks.requests.shape import ColumnKind

__all__ = [
    "MOST_ROWS",
    "RANGES_A_QUERY",
    "Cell",
    "Dialect",
    "Execute",
    "RequestSource",
    "Row",
    "TableState",
]

MOST_ROWS: Final = 50_000
"""Rows of any statement's answer."""
RANGES_A_QUERY: Final = 50
"""Ranges of ids that one statement may be asked for."""


Row = tuple[Any, ...]
"""``id, time, status, duration, error, *labels`` of one request.

``time`` is seconds since 1970 (as if in UTC where the column's zone is a named one),
``duration`` in the column's unit, ``error`` bounded text; each None where it is NULL.
"""

Cell = tuple[Any, ...]
"""``time, status, log index, error, *labels, n, sum, min, max`` of ``n`` requests.

``time`` is theirs, or the middle of their time step where several are one: those of a minute's
very beginning have a cell of their own, so no cell lies in two minutes. ``log index`` is of the
duration in seconds (see :mod:`checks.requests.sketch`); ``sum``, ``min``, ``max`` are in the
column's unit.
"""

Execute = Callable[[str, Sequence[object]], Awaitable[Sequence[Row]]]
"""All rows of a statement, :data:`MOST_ROWS` at most, or a TargetError: none may be left out.

Statement and parameters are in the form of the dialect's driver, to be handed to it as they
are, no parameters as an empty list (for MySQL ``%%`` is a percent sign in any case)."""


@dataclass(frozen=True, slots=True)
class TableState:
    """``last`` is the largest id (None of an empty table); ``anchor`` the time of the row
    asked for as a tuple of one, None where that row is gone."""

    last: int | None
    anchor: tuple[float | None] | None


class Dialect(Protocol):
    """Where databases differ. Every method returns SQL text.

    A ``column`` is a quoted one, ``kind`` what the catalogue says of it.
    """

    aggregates: bool
    """Whether aggregates come cheaper than their rows: true where rows cross a network."""
    grouping: str
    """What stands behind the SELECT of a statement that groups many rows."""
    fence: str
    """What ends a subquery that is to be computed by itself."""
    ranges: str
    """A statement about several ranges of ids at once, given as two lists, with ``{rows}`` for
    one about ids from ``hole.low`` to ``hole.high`` and ``{limit}`` for how many rows are
    wanted; empty where ranges joined by OR are planned well."""
    clock: str
    """The server's clock in seconds since 1970 as a float; empty where it is this machine's."""

    def quote(self, name: str) -> str:
        """``name`` as one quoted identifier."""

    def parameter(self, position: int, what: Literal["key", "time"]) -> str:
        """Placeholder of the parameter at ``position``, counted from 1: an id or a time."""

    def condition(self, sql: str) -> str:
        """A user's condition as it may stand in a statement with placeholders."""

    def epoch(self, column: str, kind: ColumnKind, form: TimeFormat, zone: str) -> str:
        """Seconds since 1970 of a column as a float; NULL where it is unreadable.

        For ``datetime`` in a named zone the date is taken as if it were in UTC; for
        ``server`` in the server's zone. A date that carries its zone is taken as it is.
        """

    def integer(self, column: str, kind: ColumnKind) -> str:
        """A column as an integer: NULL where it is NULL, of a text the digits it
        begins with, 0 or NULL where it begins with none."""

    def real(self, column: str, kind: ColumnKind) -> str:
        """A column as a float (a span's seconds), NULL where it is NULL or no finite number."""

    def text(self, column: str, kind: ColumnKind, limit: int) -> str:
        """A column as text of at most ``limit`` characters, apart where its characters are."""


class RequestSource(Protocol):
    """A request log that can be read by key; times and units as in :data:`Row`."""

    log: RequestLog
    """What its rows are to be understood by: the configuration, with the zone and the units
    that the table itself tells."""

    def ahead(self) -> float:
        """Seconds the server's clock is ahead of ours, as of the last :meth:`state`."""

    async def state(self, anchor: int | None) -> TableState:
        """The largest id, and whether the row ``anchor`` is still there."""

    async def first(self) -> int | None:
        """The smallest id; None of an empty table."""

    async def after(self, key: int, limit: int) -> Sequence[Row]:
        """Rows with ids above ``key``, ascending."""

    async def newest(self, limit: int) -> tuple[Sequence[Row], int | None]:
        """Of the ``limit`` rows with the largest ids those that meet the condition, ascending;
        and the smallest of those ids, None where no row lies below."""

    async def within(self, ranges: Sequence[tuple[int, int]], limit: int) -> Sequence[Row]:
        """Rows with ids in any of the ranges (both ends included), ascending."""

    async def fingerprint(self, low: int, high: int) -> tuple[int, int]:
        """Count of the ids from ``low`` to ``high``, and the sum of ``id - low``."""

    async def time_at(self, key: int) -> tuple[int, float] | None:
        """Id and time of the first row from ``key`` on that has a time."""

    async def elsewhere(self, key: int, time: float | None) -> RequestSource | None:
        """The table that holds the row ``key`` of that time under another name, if there is
        one: where this one went when it was rotated away."""

    async def cells(self, low: int, high: int, since: float, step: float) -> Sequence[Cell]:
        """Rows with ids from ``low`` to ``high`` and times after ``since``, aggregated
        as far as that is cheaper than not.

        Raises TargetError ``limit`` where they are too many for one answer."""
