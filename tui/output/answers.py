"""What a query came to: as a table, as Prometheus' HTTP API answers, as a chart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.cells import cell_len

from checks.model import clean
from checks.promql.answers import Answer, Points, series_name
from checks.promql.literals import format_float

__all__ = ["as_json", "as_table", "failure_json"]

_WIDEST: Final = 100
"""Cells of a series beyond which values do not move further to the right."""
_LONGEST: Final = 4_000


def as_json(answer: Answer, warnings: Sequence[str], infos: Sequence[str]) -> str:
    """The document that Prometheus' ``/api/v1/query`` and ``query_range`` answer with."""
    made: dict[str, Any] = {
        "status": "success",
        "data": {"resultType": answer.kind, "result": _result(answer)},
    }
    if warnings:
        made["warnings"] = list(warnings)
    if infos:
        made["infos"] = list(infos)
    return _dumped(made)


def failure_json(kind: str, sentence: str) -> str:
    """The document for a query that fails; ``kind`` is ``bad_data`` or ``execution``."""
    return _dumped({"status": "error", "errorType": kind, "error": sentence})


def _dumped(made: dict[str, Any]) -> str:
    text = json.dumps(made, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # a label's bytes that are no UTF-8 cannot stand in JSON; Go writes the same sign for them
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if not text.isprintable():
        # within strings alone: the same to a reader, and harmless on a terminal
        text = "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)
    return f"{text}\n"


def _result(answer: Answer) -> Any:
    if answer.kind == "scalar":
        return _sample(answer.time, format_float(answer.scalar))
    if answer.kind == "string":
        return _sample(answer.time, answer.string)
    if answer.kind == "vector":
        return [
            {"metric": dict(labels), "value": _number(*points[0])} for labels, points in answer.rows
        ]
    return [
        {"metric": dict(labels), "values": [_number(*point) for point in points]}
        for labels, points in answer.rows
    ]


def _number(time: int, value: float) -> list[Any]:
    return _sample(time, format_float(value))


def _sample(time: int, value: str) -> list[Any]:
    """A moment in seconds, as a whole number where it is one, and a value as a text."""
    return [time // 1000 if time % 1000 == 0 else time / 1000, value]


def as_table(answer: Answer) -> str:
    """A line a series with its value; of a range, its samples beneath it."""
    if answer.kind == "scalar":
        return f"{format_float(answer.scalar)}\n"
    if answer.kind == "string":
        return f"{clean(answer.string, _LONGEST)}\n"
    if not answer.rows:
        return "no series\n"
    named = [(clean(series_name(labels), _LONGEST), points) for labels, points in answer.rows]
    lines = _vector(named) if answer.kind == "vector" else _matrix(named)
    return "".join(f"{line}\n" for line in lines)


def _vector(named: Sequence[tuple[str, Points]]) -> list[str]:
    values = [format_float(points[0][1]) for _, points in named]
    wide = min(_WIDEST, max(cell_len(name) for name, _ in named))
    high = max(map(len, values))
    return [
        f"{name}{' ' * max(0, wide - cell_len(name))}  {value:>{high}}"
        for (name, _), value in zip(named, values, strict=True)
    ]


def _matrix(named: Sequence[tuple[str, Points]]) -> list[str]:
    lines = []
    for name, points in named:
        lines.append(name)
        lines += [f"  {moment(time)}  {format_float(value)}" for time, value in points]
    return lines


def moment(time: int) -> str:
    """RFC 3339 in UTC, with milliseconds where there are any."""
    when = datetime.fromtimestamp(time / 1000, UTC)
    part = "milliseconds" if time % 1000 else "seconds"
    return when.isoformat(timespec=part).replace("+00:00", "Z")
