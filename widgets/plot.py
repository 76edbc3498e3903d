"""How plotext draws a curve: its frame, its marks, and bounds as fine as the curve itself.

plotext is imported when the first chart is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from widgets.axis import Axis, axis_of, bounded, labels
from widgets.glyphs import Glyphs
from widgets.text import Line, Seg, line

if TYPE_CHECKING:
    from checks.views import Chart

__all__ = ["plotted", "thinned"]

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_ROLES: Final = {"38;5;4": "spark"}
"""plotext's code for blue, which the curve is drawn in."""
_BLANK = re.compile("( +)")
_MARKS: Final = "⣀⠤⠒⠉"
"""A piece of a bound by how many dots lie below it."""
_FRAME = re.compile(r"([─│┌┐└┘├┤┬┴┼]+)")
_MARGIN: Final = 9
"""Cells beside the chart in which its bounds are named."""
_DASH: Final = 4
"""Every so many cells of a bound one is left out: it is told from a curve without colours too."""
_DOTS: Final = 4
"""Dots of a braille cell, one above the other."""


def thinned(
    times: Sequence[float], values: Sequence[float], buckets: int
) -> tuple[list[float], list[float]]:
    """At most two points a bucket, its lowest and its highest in their order.

    A bucket without any known value stays as one NaN, so that a gap is not drawn over.
    """
    count = len(values)
    if count <= 2 * buckets or buckets <= 0:
        return list(times), list(values)
    kept: list[int] = []
    edges = [round(i * count / buckets) for i in range(buckets + 1)]
    for start, end in pairwise(edges):
        known = [i for i in range(start, end) if math.isfinite(values[i])]
        if not known:
            kept.append(start)
            continue
        lowest = min(known, key=lambda i: values[i])
        highest = max(known, key=lambda i: values[i])
        kept += sorted({lowest, highest})
    return [times[i] for i in kept], [values[i] for i in kept]


def plotted(chart: Chart, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The chart in ``width`` by ``height`` cells, its bounds named at its right."""
    axis = axis_of(chart, 4 if height >= 10 else 2)
    margin = _MARGIN if axis.bounds and width >= 60 else 0
    drawn = _draw(chart, axis, width - margin, height, glyphs)
    dots = 1 if glyphs.plain else _DOTS
    marks = "-" if glyphs.plain else _MARKS
    return _styled(drawn, _bounds(axis, height - 3, dots), marks, named=bool(margin))


def _runs(times: Sequence[float], values: Sequence[float]) -> list[tuple[list[float], list[float]]]:
    """The stretches of known values between gaps."""
    runs: list[tuple[list[float], list[float]]] = []
    open_run = False
    for time, value in zip(times, values, strict=True):
        known = bounded(value)
        if known is None:
            open_run = False
            continue
        if not open_run:
            runs.append(([], []))
            open_run = True
        runs[-1][0].append(time)
        runs[-1][1].append(known)
    return runs


def _time_ticks(start: float, end: float, width: int) -> tuple[list[float], list[str]]:
    """Where to label the time axis, away from its ends, in local time."""
    count = max(1, width // 18)
    places = [start + (end - start) * (i + 0.5) / count for i in range(count)]
    layout = "%H:%M:%S" if end - start < 600 else "%H:%M" if end - start < 86400 else "%d %b %H:%M"
    return places, [datetime.fromtimestamp(t).astimezone().strftime(layout) for t in places]


def _draw(chart: Chart, axis: Axis, width: int, height: int, glyphs: Glyphs) -> str:
    """The chart as plotext writes it, colours as escape codes."""
    import plotext as plt  # noqa: PLC0415

    times, values = thinned(chart.times, chart.values, width)
    start, end = chart.times[0], max(chart.times[-1], chart.times[0] + 1)
    plt.clear_figure()
    plt.theme("clear")
    plt.limit_size(False, False)
    plt.plotsize(width, height)
    plt.xlim(start, end)
    plt.ylim(axis.low, axis.high)
    curve = "*" if glyphs.plain else "braille"
    for run_times, run_values in _runs(times, values):
        draw = plt.plot if len(run_times) > 1 else plt.scatter
        draw(run_times, run_values, marker=curve, color="blue", fillx=axis.filled)
    plt.yticks(list(axis.ticks), labels(chart.unit, axis.ticks))
    plt.xticks(*_time_ticks(start, end, width))
    drawn = str(plt.build())
    plt.clear_figure()
    return drawn


def _bounds(axis: Axis, rows: int, dots: int) -> list[tuple[int, int, str]]:
    """The row of the drawing in which each bound lies, its dot there from below, and its role.

    As fine as the curve: plotext's own lines stand on whole rows, and the curve would seem to
    pass one where it does not.
    """
    found = []
    for value, role in reversed(axis.bounds):
        share = (value - axis.low) / (axis.high - axis.low)
        dot = math.floor(round(0.5 + (rows * dots - 1) * share, 8))
        found.append((rows - dot // dots, dot % dots, role))
    return found


def _axis(text: str) -> list[Seg]:
    """What is not the curve: its frame quieter than the labels."""
    pieces = _FRAME.split(text)
    return [Seg(piece, "rule" if i % 2 else "dim") for i, piece in enumerate(pieces)]


def _dashed(row: Line, mark: str, role: str) -> Line:
    """``row`` with a dashed bound wherever it is blank within the frame."""
    inside = row.text.rfind("│")
    start = next((i for i, sign in enumerate(row.text) if sign in "│┤"), 0)
    segs: list[Seg] = []
    at = 0
    for text, own in row.segs:
        for piece in _BLANK.split(text):
            if piece.isspace() and start < at < inside:
                signs = (" " if (at + i) % _DASH == 0 else mark for i in range(len(piece)))
                segs.append(Seg("".join(signs), role))
            elif piece:
                segs.append(Seg(piece, own))
            at += len(piece)
    return line(*segs)


def _styled(
    drawn: str, bounds: list[tuple[int, int, str]], marks: str, *, named: bool
) -> list[Line]:
    """plotext's text as lines, with the bounds: its colours become roles, all else is quiet."""
    lines = []
    for text in drawn.splitlines():
        pieces = _SGR.split(text)
        roles = ["", *(_ROLES.get(code, "") for code in pieces[1::2])]
        segs: list[Seg] = []
        for piece, role in zip(pieces[::2], roles, strict=True):
            segs += [Seg(piece, role)] if role else _axis(piece)
        lines.append(line(*segs))
    taken: set[int] = set()
    for row, dot, role in bounds:
        lines[row] = _dashed(lines[row], marks[dot], role)
    for row, _, role in bounds if named else ():
        place = row + 1 if row in taken else row
        taken.add(place)
        lines[place] = line(*lines[place].segs, Seg(f" {role}", role))
    return lines
