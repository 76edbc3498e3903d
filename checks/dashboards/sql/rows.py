"""What a statement's rows say: a time series, figures with names, or a table.

As Grafana reads them: a column ``time`` makes a time series, one of text (``metric``) names the
series, and every column of numbers is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from checks.dashboards.figures import NO_VALUE, figure
from checks.dashboards.judging import reduced
from checks.dashboards.measuring import MOST, POINTS, Measured, Row
from checks.dashboards.model import Column, Panel
from checks.model import Table, clean
from checks.runbooks.running.sql import Answer

__all__ = ["as_series", "as_table", "time_column"]

_TIMES: Final = frozenset(
    {"time", "time_sec", "timestamp", "ts", "bucket", "minute", "hour", "day"}
)
_METRICS: Final = ("metric", "name", "series", "label")
_POINTS: Final = 2 * POINTS
_NULL: Final = "NULL"


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column says when (-1 where none does), and which are numbers and names."""

    time: int
    numbers: tuple[int, ...]
    names: tuple[int, ...]


def time_column(answer: Answer, offset: float = 0.0) -> int:
    """The column that says when each row was; -1 where none does."""
    for at, name in enumerate(answer.columns):
        values = [row[at] for row in answer.rows[:20] if row[at] != _NULL]
        if name.lower() in _TIMES and values and all(_seconds(one, offset) for one in values):
            return at
    return -1


def as_series(panel: Panel, answer: Answer, legend: str, offset: float) -> Measured:
    """The series of ``answer``; a moment without a zone is ``offset`` seconds east of UTC."""
    time = time_column(answer, offset)
    numbers = tuple(
        at for at in range(len(answer.columns)) if at != time and _is_number(answer, at)
    )
    names = tuple(at for at in range(len(answer.columns)) if at != time and at not in numbers)
    columns = _Columns(time, numbers, names)
    if not answer.rows:
        return Measured(error="the statement gives no row")
    if not numbers:
        return Measured(error="the statement gives no column of numbers")
    series = _course(answer, columns, offset) if time >= 0 else _figures(answer, columns)
    times = tuple(sorted({when for each in series.values() for when in each if time >= 0}))
    found = [(_reduced(points, panel), key) for key, points in series.items()]
    if not times or len(found) > MOST[panel.kind]:
        found.sort(key=lambda one: (math.isnan(one[0]), -one[0]))
    rows = []
    # The points of those that are shown alone: of a name in each of thousands of rows these would
    # be millions.
    for value, key in found[: MOST[panel.kind]]:
        named = clean(legend.replace("{{metric}}", key) if legend else key, 120)
        points = tuple(series[key].get(when, math.nan) * panel.scale for when in times)
        rows.append(Row((), named, value, points))
    more = (
        f"the first {len(answer.rows):,} rows alone; there are more: group them"
        if answer.more
        else ""
    )
    return Measured(tuple(rows), times, len(found), more)


def _reduced(points: Mapping[float, float], panel: Panel) -> float:
    """What the known of ``points``, values by moments, come to."""
    scaled = [points[when] * panel.scale for when in sorted(points)]
    return reduced([one for one in scaled if not math.isnan(one)] or scaled, panel.calc)


def _is_number(answer: Answer, at: int) -> bool:
    """Whether a column holds numbers, or nothing: an average of no rows is NULL."""
    return answer.numeric[at] or all(row[at] == _NULL for row in answer.rows)


def _figures(answer: Answer, columns: _Columns) -> Mapping[str, Mapping[float, float]]:
    """Each row's figures as they are now, whenever that is."""
    found: dict[str, Mapping[float, float]] = {}
    for number, row in enumerate(answer.rows, 1):
        for at in columns.numbers:
            key = _key(answer, columns, row, at) or (
                f"row {number}" if len(answer.rows) > 1 else ""
            )
            found[key or answer.columns[at]] = {0.0: _number(row[at])}
    return found


def _course(
    answer: Answer, columns: _Columns, offset: float
) -> Mapping[str, Mapping[float, float]]:
    """The series by their names, each with its values by their moments.

    Of several rows of one moment, and of moments closer together than are drawn, the largest
    counts: a spike among a thousand requests is what is looked for.
    """
    moments = [_seconds(row[columns.time], offset) for row in answer.rows]
    wide = _apart([when for when in moments if when is not None])
    points: dict[str, dict[float, float]] = {}
    for row, moment in zip(answer.rows, moments, strict=True):
        if moment is None:
            continue
        when = moment // wide * wide if wide else moment
        for at in columns.numbers:
            key = _key(answer, columns, row, at) or answer.columns[at]
            own, value = points.setdefault(key, {}), _number(row[at])
            held = own.get(when, math.nan)
            own[when] = value if not held >= value else held
    return points


def _apart(moments: Sequence[float]) -> float:
    """Seconds that points are to be apart so that there are not too many; 0 where there are not."""
    if len(set(moments)) <= _POINTS:
        return 0.0
    return max(1.0, math.ceil((max(moments) - min(moments)) / _POINTS))


def _key(answer: Answer, columns: _Columns, row: Sequence[str], at: int) -> str:
    """The series' name: what the columns of text say, and of several numbers the column's."""
    metric = [one for one in columns.names if answer.columns[one].lower() in _METRICS]
    parts = [row[one] for one in metric or columns.names]
    if len(columns.numbers) > 1:
        parts.append(answer.columns[at])
    return " ".join(parts)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _seconds(text: str, offset: float) -> float | None:
    """A moment in seconds since 1970: a number of seconds or milliseconds, or a date."""
    number = _number(text)
    if math.isinf(number):
        return None
    if not math.isnan(number):
        return number / 1000 if number > 1e11 else number
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone(timedelta(seconds=offset)) if offset else UTC)
    return when.timestamp()


def as_table(panel: Panel, answer: Answer) -> Table:
    """``answer`` as it is, numbers in the panel's unit."""
    known = {column.name: column for column in panel.columns}
    kept = [
        at for at, name in enumerate(answer.columns) if not known.get(name, Column(name)).hidden
    ]
    numeric = frozenset(_title(known, answer.columns[at]) for at in kept if answer.numeric[at])
    rows = tuple(
        tuple(
            _cell(known.get(answer.columns[at]), row[at], numeric=answer.numeric[at]) for at in kept
        )
        for row in answer.rows
    )
    return Table(
        panel.title, tuple(_title(known, answer.columns[at]) for at in kept), rows, numeric
    )


def _title(known: Mapping[str, Column], name: str) -> str:
    column = known.get(name)
    return (column.title if column is not None else "") or name


def _cell(column: Column | None, text: str, *, numeric: bool) -> str:
    if text == _NULL:
        return NO_VALUE
    if column is None or not numeric or not (column.unit or column.decimals is not None):
        return text
    return figure(_number(text) * column.scale, column.unit, column.decimals)
