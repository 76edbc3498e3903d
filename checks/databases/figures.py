"""Figures of the databases screen from the store. Pure, given a window."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from checks.databases.model import FigureSpec
from checks.model import Series
from checks.store.window import Window
from checks.views import FigureView, Points

__all__ = ["figure_views"]


def figure_views(
    specs: Sequence[FigureSpec], window: Window, points: int
) -> tuple[FigureView, ...]:
    """The figures that have ever had a sample within the window or its history."""
    found = (_figure(spec, window, points) for spec in specs)
    return tuple(view for view in found if view is not None)


def _figure(spec: FigureSpec, window: Window, points: int) -> FigureView | None:
    history = _history(spec, spec.metrics, window, points)
    if spec.of:
        history = _divided(history, _history(spec, spec.of, window, points), spec)
    value = _value(spec, window)
    if value is None and not any(math.isfinite(point) for point in history):
        return None
    # A limit of 0 stands for none.
    limit = (window.last(spec.limit) or None) if spec.limit else None
    return FigureView(spec.title, spec.unit, value, history, limit)


def _value(spec: FigureSpec, window: Window) -> float | None:
    def amount(metrics: Sequence[str]) -> float | None:
        found = [one for name in metrics if (one := _newest(spec, name, window)) is not None]
        return sum(found) if found else None

    value = amount(spec.metrics)
    if value is None or not spec.of:
        return value
    whole = amount(spec.of)
    if not whole:
        return None
    return 1.0 - value / whole if spec.complement else value / whole


def _newest(spec: FigureSpec, name: str, window: Window) -> float | None:
    if spec.rate:
        return window.rate(name, keep=_carrying(spec))
    return window.total(name, keep=_carrying(spec))


def _carrying(spec: FigureSpec) -> Callable[[Series], bool]:
    return lambda series: all(series.label(k) == v for k, v in spec.labels.items())


def _history(spec: FigureSpec, metrics: Sequence[str], window: Window, points: int) -> Points:
    lines = [
        line
        for name in metrics
        if (line := window.history(name, points, rate=spec.rate, keep=_carrying(spec)))
    ]
    if not lines:
        return ()
    length = min(map(len, lines))
    columns = zip(*(line[-length:] for line in lines), strict=True)
    return tuple(_sum(column) for column in columns)


def _sum(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return sum(known) if known else math.nan


def _divided(parts: Points, wholes: Points, spec: FigureSpec) -> Points:
    length = min(len(parts), len(wholes))
    if not length:
        return ()
    ratios = (
        part / whole if whole else math.nan
        for part, whole in zip(parts[-length:], wholes[-length:], strict=True)
    )
    return tuple(1.0 - ratio for ratio in ratios) if spec.complement else tuple(ratios)
