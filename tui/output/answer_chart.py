"""What a query came to, drawn by plotext, which is imported for it alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.cells import cell_len

from checks.model import clean
from checks.promql.answers import Answer, Points, series_name
from checks.promql.literals import format_float
from widgets.axis import bounded
from widgets.glyphs import glyphs_for
from widgets.text import fit, left

__all__ = ["as_chart"]

MOST_CURVES: Final = 8
"""More cannot be told apart."""
MOST_BARS: Final = 40
_COLOURS: Final = ("blue", "orange", "green", "magenta", "cyan", "red", "yellow", "gray")
_SIGNS: Final = "*+ox#@%="
_NAME_CELLS: Final = 40


def as_chart(answer: Answer, width: int, height: int, *, plain: bool, colour: bool) -> str:
    """A range as curves, a vector as bars, in ``width`` by ``height`` cells.

    ``plain``: ASCII alone. Where there is nothing to draw it says so.
    """
    if answer.kind in {"scalar", "string"}:
        return "a single value makes no chart\n"
    drawable = [(labels, _finite(points)) for labels, points in answer.rows]
    rows = [(clean(series_name(labels), 200), points) for labels, points in drawable if points]
    if not rows:
        return "no series\n"
    if answer.kind == "vector":
        return _bars(rows, width, plain=plain)
    return _curves(rows, width, height, plain=plain, colour=colour)


def _finite(points: Points) -> Points:
    return tuple(point for point in points if math.isfinite(point[1]))


def _bars(rows: Sequence[tuple[str, Points]], width: int, *, plain: bool) -> str:
    """A bar a series, from nought."""
    shown = rows[:MOST_BARS]
    values = [points[0][1] for _, points in shown]
    texts = [format_float(value) for value in values]
    cut = glyphs_for(plain).cut
    names = [fit(name, _NAME_CELLS, cut) for name, _ in shown]
    wide, high = max(map(cell_len, names)), max(map(len, texts))
    room = max(1, width - wide - high - 4)
    longest = max(map(abs, values)) or 1.0
    sign = "#" if plain else "█"
    lines = [
        f"{left(name, wide)}  {text:>{high}}  {sign * round(room * abs(value) / longest)}".rstrip()
        for name, text, value in zip(names, texts, values, strict=True)
    ]
    return _joined([*lines, *_left_out(len(rows) - len(shown))], plain=plain)


def _curves(
    rows: Sequence[tuple[str, Points]], width: int, height: int, *, plain: bool, colour: bool
) -> str:
    import plotext as plt  # noqa: PLC0415 - for charts alone

    shown = rows[:MOST_CURVES]
    plt.clear_figure()
    plt.theme("clear")
    plt.limit_size(False, False)
    plt.plotsize(width, height)
    one_sign = not plain and (colour or len(shown) == 1)
    for at, (_, points) in enumerate(shown):
        times = [time / 1000 for time, _ in points]
        draw = plt.plot if len(points) > 1 else plt.scatter
        sign = "braille" if one_sign else _SIGNS[at]
        draw(times, [bounded(value) for _, value in points], marker=sign, color=_COLOURS[at])
    start = min(points[0][0] for _, points in shown) / 1000
    end = max(points[-1][0] for _, points in shown) / 1000
    plt.xticks(*_ticks(start, end, width))
    drawn = str(plt.build() if colour else plt.uncolorize(plt.build()))
    plt.clear_figure()
    cut = glyphs_for(plain).cut
    signs = [
        _painted("──" if one_sign else _SIGNS[at], at, colour=colour) for at in range(len(shown))
    ]
    names = [fit(name, width - 3, cut) for name, _ in shown]
    legend = [f"{sign} {name}" for sign, name in zip(signs, names, strict=True)]
    lines = [*drawn.splitlines(), *legend, *_left_out(len(rows) - len(shown))]
    return _joined(lines, plain=plain)


def _ticks(start: float, end: float, width: int) -> tuple[list[float], list[str]]:
    count = max(1, width // 18)
    places = [start + (end - start) * (at + 0.5) / count for at in range(count)]
    layout = "%H:%M:%S" if end - start < 600 else "%H:%M" if end - start < 86400 else "%d %b %H:%M"
    return places, [datetime.fromtimestamp(at).astimezone().strftime(layout) for at in places]


_CODES: Final = {
    "blue": 4,
    "orange": 3,
    "green": 2,
    "magenta": 5,
    "cyan": 6,
    "red": 1,
    "yellow": 11,
    "gray": 8,
}
_FRAME: Final = str.maketrans("─│┌┐└┘├┤┬┴┼", "-|+++++++++")


def _painted(text: str, at: int, *, colour: bool) -> str:
    return f"\x1b[38;5;{_CODES[_COLOURS[at]]}m{text}\x1b[0m" if colour else text


def _ascii(text: str) -> str:
    return text.translate(_FRAME).encode("ascii", "replace").decode()


def _joined(lines: Sequence[str], *, plain: bool) -> str:
    return "\n".join(_ascii(line) if plain else line for line in lines) + "\n"


def _left_out(count: int) -> list[str]:
    return [f"and {count} more series"] if count > 0 else []
