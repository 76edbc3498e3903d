"""Calls functions of PromQL on values that a test writes down, without store or evaluator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checks.promql.annotations import Annotations
from checks.promql.ast import Call
from checks.promql.functions import FUNCTIONS, Context
from checks.promql.labels import label_set
from checks.promql.options import Options
from checks.promql.syntax import parse
from checks.promql.values import NAME, Grid, LabelSet, Matrix, Value, Vector, Windows
from checks.store.block import STALE

Value_ = float | None
"""A sample, or None where there is none."""


@dataclass(frozen=True)
class Answer:
    """What a call came to."""

    value: Value
    warnings: tuple[str, ...]
    infos: tuple[str, ...]

    @property
    def vector(self) -> Vector:
        assert isinstance(self.value, Vector)
        return self.value

    def rows(self) -> dict[LabelSet, list[Value_]]:
        """The values of each series that has one, by its labels, step by step."""
        vector = self.vector
        return {
            one: [float(v) if p else None for v, p in zip(values, present, strict=True)]
            for one, values, present in zip(
                vector.labels, vector.values, vector.present, strict=True
            )
            if present.any()
        }

    def lone(self) -> float:
        """The value of the only series at the only step."""
        ((value,),) = self.rows().values()
        assert value is not None
        return value


def named(name: str = "", **labels: str) -> LabelSet:
    return label_set({NAME: name, **labels})


def _filled(values: Sequence[Value_]) -> list[float]:
    """What stands where nothing is present must not matter."""
    return [
        (1e99, STALE, -math.inf)[at % 3] if one is None else one for at, one in enumerate(values)
    ]


def vector(*rows: tuple[LabelSet, Sequence[Value_]]) -> Vector:
    """An instant vector of these series; as many values each as there are steps."""
    held = np.array([[one is not None for one in values] for _, values in rows], bool)
    values = np.array([_filled(values) for _, values in rows])
    return Vector.of(tuple(one for one, _ in rows), values, held)


def windows(
    labels: Sequence[LabelSet],
    times: Sequence[int],
    columns: Sequence[Sequence[Value_]],
    ends: Sequence[int],
    range_ms: int,
) -> Windows:
    """Series of common ``times`` (milliseconds), with a window up to each of ``ends``."""
    at, last = np.array(times, np.int64), np.array(ends, np.int64)
    shape = (len(labels), len(times))
    present = np.array([[v is not None for v in one] for one in columns], bool).reshape(shape)
    values = np.array([_filled(one) for one in columns]).reshape(shape)
    return Windows(
        labels=tuple(labels),
        times=at,
        values=np.ascontiguousarray(values.T),
        present=np.ascontiguousarray(present.T),
        low=np.searchsorted(at, last - range_ms, side="right"),
        high=np.searchsorted(at, last, side="right"),
        starts=last - range_ms,
        ends=last,
        range_ms=range_ms,
        drop_name=np.zeros(len(labels), bool),
    )


def window(*values: Value_, every: int = 10, name: str = "x_total") -> Matrix:
    """One series with a sample each ``every`` seconds from ``every`` on, and one window of all."""
    times = [1000 * every * (at + 1) for at in range(len(values))]
    last = times[-1] if times else 0
    return Matrix((windows([named(name)], times, [values], [last], last or 1000),))


def called(
    text: str, *args: Value | float, start: int = 0, steps: int = 1, options: Options | None = None
) -> Answer:
    """``text``, a call, on ``args``; steps are a minute apart. Numbers are scalars."""
    call = parse(text)
    assert isinstance(call, Call)
    grid = Grid(start, start + (steps - 1) * 60_000, 60_000)
    said = Annotations(text)
    given = tuple(np.full(steps, float(a)) if isinstance(a, (int, float)) else a for a in args)
    function = FUNCTIONS[call.function]
    value = function.call(Context(grid, call, options or Options(), said), given)
    return Answer(value, said.warnings, said.infos)
