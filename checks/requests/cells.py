"""How a database is asked to aggregate a request log's rows: text of statements, made of texts
for their columns."""

from __future__ import annotations

from collections.abc import Sequence

from checks.requests.sketch import LOG_GAMMA, LOWEST

__all__ = ["Columns", "each", "grouped"]


class Columns:
    """SQL of what a row tells: ``time``, ``status``, ``duration``, the error's text, labels.

    ``unit`` is the seconds of the duration's unit; ``duration`` is empty where there is none.
    """

    def __init__(
        self,
        time: str,
        status: str,
        duration: str,
        *,
        unit: float,
        error: str,
        labels: Sequence[str],
    ) -> None:
        self.time = time
        self.status = status
        self.duration = duration
        self.unit = unit
        self.error = error
        self.labels = tuple(labels)


def each(columns: Columns, of: str) -> str:
    """Cells of one row each; ``of`` is the statement's rest, from FROM on."""
    duration = columns.duration
    index = _log_index(duration, columns.unit) if duration else "NULL"
    value = _positive(duration) if duration else "NULL"
    cell = (columns.time, columns.status, index, columns.error, *columns.labels, "1", *[value] * 3)
    return f"SELECT {', '.join(cell)}{of}"


def grouped(columns: Columns, of: str, step: float, *, since: str, hint: str, fence: str) -> str:
    """Cells of many rows: those of one time step, status, bin and labels, later than ``since``.

    ``fence`` ends a subquery that the database shall compute by itself: each expression is then
    evaluated once a row instead of wherever it stands. ``hint`` follows the outer SELECT.
    """
    labels = [f"l{number}" for number in range(len(columns.labels))]
    named = "".join(f", {sql} AS {name}" for sql, name in zip(columns.labels, labels, strict=True))
    timed = bool(columns.duration)
    rows = f"SELECT {columns.time} AS t, {columns.status} AS s{named}"
    rows += f", {columns.duration} AS d{of} {fence}" if timed else f"{of} {fence}"
    cut = f"SELECT {_middle('t', step)} AS t, s{''.join(f', {name}' for name in labels)}"
    cut += f", {_log_index('d', columns.unit)} AS b, {_positive('d')} AS d" if timed else ""
    cut += f" FROM ({rows}) AS whole WHERE t > {since} {fence}"
    cell = ["t", "s", "b" if timed else "NULL", "NULL", *labels, "COUNT(*)"]
    cell += [f"{function}(d)" if timed else "NULL" for function in ("SUM", "MIN", "MAX")]
    keys = ["t", "s", *labels, *(["b"] if timed else [])]
    return f"SELECT {hint} {', '.join(cell)} FROM ({cut}) AS cut GROUP BY {', '.join(keys)}"  # noqa: S608


def _middle(time: str, step: float) -> str:
    """The middle of a row's time step; a minute's beginning stays what it is."""
    apart = f"(CEIL({time} / 60.0) - FLOOR({time} / 60.0))"
    return f"CEIL({time} / {step!r}) * {step!r} - {step / 2!r} * {apart}"


def _positive(duration: str) -> str:
    return f"CASE WHEN {duration} >= 0 THEN {duration} END"


def _log_index(duration: str, unit: float) -> str:
    return (
        f"CASE WHEN {duration} * {unit!r} > {LOWEST!r}"
        f" THEN CEIL(LN({duration} * {unit!r}) / {LOG_GAMMA!r})"
        f" WHEN {duration} >= 0 THEN -10000 END"
    )
