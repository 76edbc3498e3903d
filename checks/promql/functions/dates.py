"""The calendar, in UTC: ``hour()``, ``day_of_month()`` and their like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias, cast

import numpy as np

from checks.promql.functions.contract import Context, Evaluate, Function, Kind
from checks.promql.functions.vectors import NO_LABELS
from checks.promql.values import Floats, Times, Value, Vector

__all__ = ["FUNCTIONS"]

_DAY: Final = 86_400
_LATEST: Final = 2.0**62
"""Seconds. Beyond it (and for NaN) Go has no defined moment; there is none here."""

Part: TypeAlias = Callable[[Times], Times]
"""What it takes of moments, whole seconds since 1970."""


def _days(moments: Times) -> Times:
    return moments // _DAY


def _months(moments: Times) -> Times:
    """Whole months since 1970."""
    return _days(moments).astype("M8[D]").astype("M8[M]").astype(np.int64)


def _first_day(months: Times) -> Times:
    """The first day of each month, in days since 1970."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64)


def _year(moments: Times) -> Times:
    return _months(moments) // 12 + 1970


def _month(moments: Times) -> Times:
    return _months(moments) % 12 + 1


def _day_of_month(moments: Times) -> Times:
    return _days(moments) - _first_day(_months(moments)) + 1


def _day_of_week(moments: Times) -> Times:
    """From Sunday, 0; the first of January 1970 was a Thursday."""
    return (_days(moments) + 4) % 7


def _day_of_year(moments: Times) -> Times:
    months = _months(moments)
    return _days(moments) - _first_day(months - months % 12) + 1


def _days_in_month(moments: Times) -> Times:
    months = _months(moments)
    return _first_day(months + 1) - _first_day(months)


def _hour(moments: Times) -> Times:
    return moments % _DAY // 3600


def _minute(moments: Times) -> Times:
    return moments % 3600 // 60


def _of(part: Part) -> Evaluate:
    """The function that gives ``part`` of each sample, or of the step's moment without any."""

    def call(context: Context, args: tuple[Value, ...]) -> Vector:
        if args:
            vector = cast("Vector", args[0])
        else:
            vector = Vector.of(NO_LABELS, context.grid.times()[None] / 1000.0)
        return replace(vector, values=_taken(part, vector.values))

    return call


def _taken(part: Part, seconds: Floats) -> Floats:
    dated = np.abs(seconds) < _LATEST
    moments = np.where(dated, seconds, 0.0).astype(np.int64)
    return np.where(dated, part(moments), np.nan)


def _function(name: str, part: Part) -> Function:
    return Function(name, (Kind.VECTOR,), Kind.VECTOR, _of(part), variadic=1)


FUNCTIONS: Final = (
    _function("day_of_month", _day_of_month),
    _function("day_of_week", _day_of_week),
    _function("day_of_year", _day_of_year),
    _function("days_in_month", _days_in_month),
    _function("hour", _hour),
    _function("minute", _minute),
    _function("month", _month),
    _function("year", _year),
)
