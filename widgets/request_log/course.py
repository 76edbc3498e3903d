"""The course of requests in the columns there are: curves, and the clock beneath them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from widgets.text import Seg

if TYPE_CHECKING:
    from checks.requests.stats import Curves
    from checks.views import Points, RequestView

__all__ = ["Course", "course_of", "resampled"]

_TICKS = (60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
"""Seconds between the times of an axis."""
_APART = 9
"""Cells between them at least."""


def resampled(points: Sequence[float], width: int) -> Points:
    """``points`` as ``width`` columns: the mean of what each stands for, NaN where unknown."""
    count = len(points)
    made = []
    for column in range(width if count else 0):
        start, end = column * count / width, (column + 1) * count / width
        weight = total = 0.0
        for place in range(int(start), min(count, math.ceil(end))):
            if math.isfinite(points[place]):
                part = min(end, place + 1) - max(start, place)
                weight += part
                total += part * points[place]
        made.append(total / weight if weight > 1e-9 else math.nan)
    return tuple(made)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """``curves`` in ``width`` columns, of which those from ``since`` on are the window's."""

    curves: Curves
    width: int
    since: int

    @property
    def seconds(self) -> float:
        """How long a time it shows."""
        return self.curves.seconds * len(self.curves.rates)

    def columns(self, points: Sequence[float]) -> Points:
        return resampled(points, self.width)

    def inked(self, row: str, role: str, before: str = "dim") -> list[Seg]:
        """A row of the chart: quieter where the window has not yet begun."""
        return [Seg(row[: self.since], before), Seg(row[self.since :], role)]

    def axis(self) -> str:
        """Times of day under the columns that they begin with."""
        row = [" "] * self.width
        for column, text in self._ticks():
            if column + len(text) <= self.width:
                row[column : column + len(text)] = text
        return "".join(row)

    def _ticks(self) -> Iterator[tuple[int, str]]:
        column = self.seconds / max(1, self.width)
        every = next((t for t in _TICKS if t / column >= _APART), _TICKS[-1])
        first = math.ceil(self.curves.begin / every) * every
        for place in range(math.ceil(self.seconds / every)):
            moment = first + place * every
            at = math.floor((moment - self.curves.begin) / column)
            yield at, f"{datetime.fromtimestamp(moment).astimezone():%H:%M}"


def course_of(view: RequestView, width: int) -> Course | None:
    """The course of the chosen window; None where there is none or no room for it."""
    curves = view.window.curves
    if curves is None or width < 8:
        return None
    shown = curves.seconds * len(curves.rates)
    before = max(0.0, shown - view.window.seconds)
    return Course(curves, width, round(before / shown * width) if before else 0)
