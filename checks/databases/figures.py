"""Figures of the databases screen from the store. Pure, given a window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

from checks.databases.model import FigureSpec
from checks.model import Series
from checks.store.sheet import Sheet
from checks.store.window import Window
from checks.views import FigureView, Points

__all__ = ["Figures"]


class Figures:
    """The figures ``specs`` of one check, from one reading of all their series."""

    def __init__(self, specs: Sequence[FigureSpec]) -> None:
        self._specs = specs
        named = ((*spec.metrics, *spec.of, *([spec.limit] if spec.limit else [])) for spec in specs)
        self._names = tuple(dict.fromkeys(chain.from_iterable(named)))
        self._series: tuple[Series, ...] = ()
        self._columns: list[_Columns] = []

    def views(self, window: Window, points: int) -> tuple[FigureView, ...]:
        """Those that have ever had a sample within the window or the ``points`` runs before."""
        series = window.store.together(window.check, self._names)
        if series is not self._series:
            self._series = series
            self._columns = [_Columns(spec, series) for spec in self._specs]
        if not series:
            return ()
        sheet = Sheet(window, series, points)
        found = (_figure(*of, sheet) for of in zip(self._specs, self._columns, strict=True))
        return tuple(view for view in found if view is not None)


class _Columns:
    """Where the series of a figure stand among ``series``."""

    def __init__(self, spec: FigureSpec, series: Sequence[Series]) -> None:
        carrying = [
            (at, one.name)
            for at, one in enumerate(series)
            if all(one.label(k) == v for k, v in spec.labels.items())
        ]
        self.part = [at for at, name in carrying if name in spec.metrics]
        self.whole = [at for at, name in carrying if name in spec.of]
        self.limit = [at for at, one in enumerate(series) if spec.limit and one.name == spec.limit]


def _figure(spec: FigureSpec, columns: _Columns, sheet: Sheet) -> FigureView | None:
    course = sheet.course(columns.part, rate=spec.rate)
    if spec.of:
        course = _divided(course, sheet.course(columns.whole, rate=spec.rate), spec)
    value = _value(spec, columns, sheet)
    if value is None and not any(map(math.isfinite, course)):
        return None
    # A limit of 0 stands for none.
    limit = _limit(columns, sheet) or None
    return FigureView(spec.title, spec.unit, value, course, limit)


def _limit(columns: _Columns, sheet: Sheet) -> float | None:
    """The newest that is known: it is the same of a server that does not answer now."""
    told = (sheet.newest[at] for at in columns.limit)
    before = chain.from_iterable(reversed(sheet.course([at], rate=False)) for at in columns.limit)
    return next((one for one in chain(told, before) if not math.isnan(one)), None)


def _value(spec: FigureSpec, columns: _Columns, sheet: Sheet) -> float | None:
    values = sheet.rates if spec.rate else sheet.newest
    value = _sum(values, columns.part)
    if value is None or not spec.of:
        return value
    whole = _sum(values, columns.whole)
    if not whole:
        return None
    return 1.0 - value / whole if spec.complement else value / whole


def _sum(values: Sequence[float], columns: Sequence[int]) -> float | None:
    known = [value for at in columns if not math.isnan(value := values[at])]
    return sum(known) if known else None


def _divided(parts: Points, wholes: Points, spec: FigureSpec) -> Points:
    length = min(len(parts), len(wholes))
    if not length:
        return ()
    ratios = (
        part / whole if whole else math.nan
        for part, whole in zip(parts[-length:], wholes[-length:], strict=True)
    )
    return tuple(1.0 - ratio for ratio in ratios) if spec.complement else tuple(ratios)
