"""The curves of an answer in one chart, that of the chosen row on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual.reactive import reactive

from checks.model import clean
from widgets import format as fmt
from widgets.answer.rows import LONG, series_text
from widgets.answer.scale import LinearScale, linear_scale
from widgets.chart import spanned
from widgets.glyphs import Glyphs
from widgets.request_log.plot import Plotted, plot
from widgets.text import Line, Seg, fit, line, right
from widgets.view import LineView

if TYPE_CHECKING:
    from checks.rules.views import QueryView
    from checks.views import Points

__all__ = ["CurvesView", "curve_lines"]

_SCALE: Final = 9
"""Cells of the figures at the left."""
_LEAST: Final = 5
"""Lines below which curves say nothing."""
_MARK_EVERY: Final = 18
"""Cells between two times beneath."""


def columns_of(values: Points, width: int) -> Points:
    """``values`` in ``width`` columns: of each the last that is known."""
    count = len(values)
    found = []
    for column in range(width):
        start, end = column * count // width, max((column + 1) * count // width, 1)
        part = values[min(start, count - 1) : max(end, start + 1)]
        found.append(next((one for one in reversed(part) if math.isfinite(one)), math.nan))
    return tuple(found)


def curve_lines(
    answer: QueryView, chosen: str, width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    """The chart in ``width`` by ``height`` cells; the curve of the series ``chosen`` stands out
    and is named, the first one where it has none. Nothing where there is nothing to draw.
    """
    room, rows = width - _SCALE - 2, height - 2
    if rows < _LEAST - 2 or room < 10 or not answer.curves:
        return []
    names = [clean(series_text(curve.labels), LONG) for curve in answer.curves]
    at = names.index(chosen) if chosen in names else 0
    columns = [columns_of(curve.values, room) for curve in answer.curves]
    scale = linear_scale(columns)
    if scale is None:
        return []
    others = [Plotted(c, "dim", ".") for i, c in enumerate(columns) if i != at]
    drawn = plot([*others, Plotted(columns[at], "spark", "*")], scale, rows, glyphs)
    ticks = scale.ticks(rows)
    lines = [_legend(answer, names[at], width, glyphs)]
    for y, row in enumerate(drawn):
        mark = _tick(ticks[y], scale) if y in ticks else ""
        lines.append(line(Seg(f" {right(mark, _SCALE)} ", "dim"), *row))
    return [*lines, _times(answer.times, room)]


def _legend(answer: QueryView, name: str, width: int, glyphs: Glyphs) -> Line:
    count = len(answer.curves)
    rest = f" of {count} curves" if count == answer.total else f" of the first {count} curves"
    told = f"{spanned(answer.times, answer.span)}{rest if count > 1 else ''}"
    head = [Seg(f" {told}  ", "dim"), Seg("* " if glyphs.plain else "━ ", "spark")]
    return line(*head, Seg(fit(name or "scalar", width - len(told) - 5, glyphs.cut), "label"))


def _tick(value: float, scale: LinearScale) -> str:
    """The figure of a mark; in more digits where the scale is of little at a large height."""
    if scale.high - scale.low < abs(scale.high) / 100:
        return f"{value:.6g}"
    return fmt.count(value) if abs(value) >= 0.01 or not value else f"{value:.2g}"


def _times(times: Sequence[float], width: int) -> Line:
    """Local times beneath the columns that they belong to."""
    if not times:
        return line()
    layout = "%H:%M:%S" if times[-1] - times[0] < 600 else "%H:%M"
    text = ""
    for column in range(_MARK_EVERY // 2, width - 8, _MARK_EVERY):
        moment = times[column * (len(times) - 1) // max(1, width - 1)]
        text = text.ljust(column) + datetime.fromtimestamp(moment).astimezone().strftime(layout)
    return line(Seg(" " * (_SCALE + 2)), Seg(text, "dim"))


class CurvesView(LineView):
    """Drawn anew only where the answer, the chosen row or the size is another."""

    answer: reactive[QueryView | None] = reactive(None, repaint=False, layout=False)
    chosen: reactive[str] = reactive("", repaint=False, layout=False)
    """The series under the table's cursor, as text."""

    _made_for: tuple[object, ...] = ()
    _drawing: list[Line]

    def compose_lines(self, width: int, height: int) -> list[Line]:
        wanted = (self.answer, self.chosen, width, height, self.glyphs)
        if wanted != self._made_for:
            answer = self.answer
            lines = curve_lines(answer, self.chosen, width, height, self.glyphs) if answer else []
            self._drawing, self._made_for = lines, wanted
        return self._drawing

    def watch_answer(self) -> None:
        self.update_lines()

    def watch_chosen(self) -> None:
        self.update_lines()
