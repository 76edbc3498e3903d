"""Results as people and files see them: series with their samples, in order.

The evaluator's values are arrays over a grid; this takes them apart, for output and
comparison, which touch every sample anyway.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from checks.promql.literals import quote
from checks.promql.values import Grid, LabelSet, Matrix, Vector, Windows

if TYPE_CHECKING:
    from checks.promql.api import Outcome

__all__ = ["Answer", "Kind", "Points", "answer_of", "ranged_answer", "series_name"]

_PLAIN: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

Kind: TypeAlias = Literal["vector", "matrix", "scalar", "string"]
"""The names of Prometheus' HTTP API (``resultType``)."""
Points: TypeAlias = tuple[tuple[int, float], ...]
"""Samples: milliseconds since 1970, and the value."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A result. A vector's series have one sample each.

    Of ``rows``, ``scalar`` and ``string`` the one counts that ``kind`` names. ``time`` is the
    moment of an instant query in milliseconds.
    """

    kind: Kind
    rows: tuple[tuple[LabelSet, Points], ...] = ()
    scalar: float = math.nan
    string: str = ""
    time: int = 0


def series_name(labels: LabelSet) -> str:
    """``name{label="value"}`` as PromQL writes it; names of other characters stand in quotes."""
    pairs = dict(labels)
    name = pairs.pop("__name__", "")
    inner = [
        f"{key if _LABEL.fullmatch(key) else quote(key)}={quote(value)}"
        for key, value in pairs.items()
    ]
    if name and not _PLAIN.fullmatch(name):
        inner.insert(0, quote(name))
        name = ""
    return f"{name}{{{', '.join(inner)}}}" if inner or not name else name


def answer_of(outcome: Outcome) -> Answer:
    """The result of an instant query."""
    value, grid = outcome.value, outcome.grid
    if isinstance(value, str):
        return Answer("string", string=value, time=grid.start)
    if isinstance(value, Vector):
        return Answer("vector", _at_step(value, 0, grid), time=grid.start)
    if isinstance(value, Matrix):
        rows = [row for windows in value for row in _window(windows)]
        return Answer("matrix", tuple(sorted(rows, key=lambda row: row[0])), time=grid.start)
    return Answer("scalar", scalar=float(value[0]), time=grid.start)


def ranged_answer(outcome: Outcome) -> Answer:
    """The result of a range query: its series sorted by their labels."""
    value, grid = outcome.value, outcome.grid
    times = grid.times()
    if isinstance(value, Vector):
        rows = [
            (labels, _pairs(times[held], values[held]))
            for labels, values, held in zip(value.labels, value.values, value.present, strict=True)
            if held.any()
        ]
        return Answer("matrix", tuple(sorted(rows, key=lambda row: row[0])), time=grid.start)
    if isinstance(value, str | Matrix):
        raise TypeError("a range query comes to a vector or a scalar")
    return Answer("matrix", (((), _pairs(times, value)),), time=grid.start)


def _at_step(value: Vector, step: int, grid: Grid) -> tuple[tuple[LabelSet, Points], ...]:
    """The series that are present at ``step``, in the order of the vector."""
    time = grid.start + step * grid.step
    held = np.flatnonzero(value.present[:, step])
    column = value.values[held, step].tolist()
    return tuple(
        (value.labels[at], ((time, number),))
        for at, number in zip(held.tolist(), column, strict=True)
    )


def _window(windows: Windows) -> list[tuple[LabelSet, Points]]:
    """The samples of the first step's window, of the series that have any."""
    low, high = int(windows.low[0]), int(windows.high[0])
    times = windows.times[low:high]
    values, present = windows.values[low:high], windows.present[low:high]
    return [
        (labels, _pairs(times[present[:, at]], values[present[:, at], at]))
        for at, labels in enumerate(windows.labels)
        if present[:, at].any()
    ]


def _pairs(times: np.ndarray, values: np.ndarray) -> Points:
    return tuple(zip(times.tolist(), values.tolist(), strict=True))
