"""Whether a result is what was expected: label sets exactly, values to a millionth."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from checks.promql.answers import Answer, Points, series_name
from checks.promql.literals import format_float
from checks.promql.values import Grid, LabelSet
from checks.promqltest.script import Expected, Message
from checks.promqltest.series import Histogram, Point

__all__ = ["almost_equal", "annotation_problems", "problems"]

EPSILON: Final = 1e-6
_SHOWN: Final = 8
"""Samples of a series that a sentence lists."""


def almost_equal(one: float, other: float) -> bool:
    """Whether two values differ by less than a millionth of their magnitudes' sum.

    NaN equals NaN. As Prometheus' ``util/almost``.
    """
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    if one == other:
        return True
    if math.isinf(one) or math.isinf(other):
        return False
    total, apart = abs(one) + abs(other), abs(one - other)
    if one == 0 or other == 0 or total < sys.float_info.min:
        return apart < EPSILON * sys.float_info.min
    return apart / min(total, sys.float_info.max) < EPSILON


def problems(expected: Expected, answer: Answer, grid: Grid) -> list[str]:
    """What is other than expected, a clause each; empty where the answer is right.

    ``grid`` is that of the expected values of a matrix.
    """
    if answer.kind == "string" or expected.string is not None:
        return _string_problems(expected, answer)
    if answer.kind == "scalar":
        return _scalar_problems(expected, answer.scalar)
    if expected.scalar is not None:
        number = format_float(expected.scalar)
        return [f"expected the number {number}, got a {answer.kind} of {len(answer.rows)} series"]
    found = dict(answer.rows)
    if len(found) < len(answer.rows):
        return ["the result has a label set twice"]
    wrong = _row_problems(expected, answer, grid)
    wrong += [
        f"expected {_row(labels, row.points)}, which is not there"
        for labels, row in expected.rows.items()
        if labels not in found
    ]
    return wrong


def _told(expected: Expected) -> str:
    if expected.scalar is not None:
        return f"the number {format_float(expected.scalar)}"
    return f"{len(expected.rows)} series"


def _string_problems(expected: Expected, answer: Answer) -> list[str]:
    if answer.kind != "string":
        return [f"expected the string {expected.string!r}, got a {answer.kind}"]
    if expected.string is None:
        return [f"expected {_told(expected)}, got the string {answer.string!r}"]
    if expected.string != answer.string:
        return [f"expected the string {expected.string!r}, got {answer.string!r}"]
    return []


def _scalar_problems(expected: Expected, value: float) -> list[str]:
    if expected.scalar is None:
        return [f"expected {_told(expected)}, got the number {format_float(value)}"]
    if not almost_equal(expected.scalar, value):
        return [f"expected {format_float(expected.scalar)}, got {format_float(value)}"]
    return []


def _row_problems(expected: Expected, answer: Answer, grid: Grid) -> list[str]:
    if expected.ordered and answer.kind == "matrix":
        return ["expected an order, which the series of a range query do not have"]
    wrong: list[str] = []
    for position, (labels, points) in enumerate(answer.rows, 1):
        row = expected.rows.get(labels)
        if row is None:
            values = [value for _, value in points]
            wrong.append(f"there is {_row(labels, values)}, which is not expected")
        elif expected.ordered and row.position != position:
            place = f"expected at place {row.position}, but stands at {position}"
            wrong.append(f"{series_name(labels)} is {place}")
        elif answer.kind == "vector":
            wrong += _value_problems(labels, row.points[0], points[0][1])
        else:
            wrong += _points_problems(labels, row.points, points, grid)
    return wrong


def _value_problems(labels: LabelSet, expected: Point, value: float) -> list[str]:
    if isinstance(expected, float) and almost_equal(expected, value):
        return []
    return [f"expected {_row(labels, [expected])}, got {format_float(value)}"]


def _points_problems(
    labels: LabelSet, expected: Sequence[Point], points: Points, grid: Grid
) -> list[str]:
    if len(expected) > grid.steps:
        why = f"the range has {grid.steps} steps, but {len(expected)} values are expected"
        return [f"{series_name(labels)}: {why}"]
    wanted = {
        grid.start + at * grid.step: value
        for at, value in enumerate(expected)
        if isinstance(value, float)
    }
    found = dict(points)
    same = wanted.keys() == found.keys()
    if same and all(almost_equal(wanted[time], found[time]) for time in wanted):
        return []
    moments = sorted(wanted.keys() | found.keys())
    time = next(
        time
        for time in moments
        if time not in wanted or time not in found or not almost_equal(wanted[time], found[time])
    )
    return [
        f"expected {_row(labels, expected)}, got {_listed([v for _, v in points])}: "
        f"at {time / 1000:g}s {_at(wanted, time)} is expected, {_at(found, time)} is there"
    ]


def _at(values: dict[int, float], time: int) -> str:
    return format_float(values[time]) if time in values else "no sample"


def _row(labels: LabelSet, points: Iterable[Point]) -> str:
    return f"{series_name(labels)} {_listed(points)}"


def _listed(points: Iterable[Point]) -> str:
    texts = [_point(point) for point in points]
    if len(texts) > _SHOWN:
        texts = [*texts[:_SHOWN], f"… ({len(texts)} values)"]
    return " ".join(texts) or "no samples"


def _point(point: Point) -> str:
    if point is None:
        return "_"
    return point.text if isinstance(point, Histogram) else format_float(point)


def annotation_problems(
    expected: Expected, warnings: Sequence[str], infos: Sequence[str]
) -> list[str]:
    """What is other than expected of the annotations."""
    return [
        *_annotations("warning", expected.warn, warnings, forbidden=expected.no_warn),
        *_annotations("info", expected.info, infos, forbidden=expected.no_info),
    ]


def _annotations(
    kind: str, expected: Sequence[Message], found: Sequence[str], *, forbidden: bool
) -> list[str]:
    if forbidden:
        return [f"expected no {kind}, got: {text}" for text in found]
    if not expected:
        return []
    if not found:
        return [f"expected the {kind} {message}, got none" for message in expected]
    missing = [message for message in expected if not any(map(message.fits, found))]
    extra = [text for text in found if not any(message.fits(text) for message in expected)]
    return [
        *(f"expected the {kind} {message}, got: {'; '.join(found)}" for message in missing),
        *(f"there is a {kind} that is not expected: {text}" for text in extra),
    ]
