"""A dashboard as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from checks.dashboards.model import PanelKind
from widgets.dashboard.units import shown
from widgets.glyphs import WORDS, Glyphs
from widgets.spark import spark
from widgets.text import fit, left, right

if TYPE_CHECKING:
    from checks.dashboards.views import DashboardView, PanelView, SeriesView
    from checks.model import Table

__all__ = ["as_json", "as_text"]

_NAME = 48
_VALUE = 12
_SPARK = 30
_COLUMN = 40


def as_text(view: DashboardView, glyphs: Glyphs, width: int) -> Iterator[str]:
    """Its lines: variables, panels with their figures and courses, and what is not shown."""
    yield view.title
    for variable in view.variables:
        if not variable.hidden:
            yield fit(f"  {variable.label}: {', '.join(variable.chosen) or '-'}", width)
    group = ""
    for panel in view.panels:
        if panel.panel.group != group:
            group = panel.panel.group
            yield ""
            yield f"== {group}" if group else "=="
        yield ""
        yield from (fit(glyphs.text(line), width) for line in _panel(panel, glyphs, width))
    if view.notes:
        yield ""
        yield from (f"note: {glyphs.text(note)}" for note in view.notes)


def _panel(view: PanelView, glyphs: Glyphs, width: int) -> Iterator[str]:
    panel = view.panel
    yield f"{panel.title or '(untitled)'}"
    if panel.unshown:
        yield f"  not shown: {panel.unshown}"
        return
    if panel.kind is PanelKind.TEXT:
        yield from (f"  {line}" for line in panel.text.splitlines())
        return
    if view.table is not None:
        yield from _table(view.table)
    else:
        yield from _series(view, glyphs, width)
    if view.total > len(view.series):
        yield f"  the {len(view.series)} largest of {view.total} series"
    if view.error:
        yield f"  {view.error}"


def _series(view: PanelView, glyphs: Glyphs, width: int) -> Iterator[str]:
    room = max(10, min(_NAME, width - _VALUE - _SPARK - 18))
    names = min(room, max((cell_len(one.name) for one in view.series), default=0))
    for one in view.series:
        value = right(shown(one, view.panel), _VALUE)
        word = WORDS[one.status] if one.status is not None else ""
        line = f"  {left(one.name, names)}  {value}"
        if one.points:
            line += f"  {spark(_drawn(one), _SPARK, _least(one), glyphs)}"
        yield f"{line}  {word}".rstrip()


def _drawn(one: SeriesView) -> list[float]:
    """Its course in as many points as there are cells, the largest of each."""
    points = one.points
    count = max(1, math.ceil(len(points) / _SPARK))
    parts = [points[max(0, end - count) : end] for end in range(len(points), 0, -count)]
    return [
        max((abs(p) for p in part if not math.isnan(p)), default=math.nan)
        for part in reversed(parts)
    ]


def _least(one: SeriesView) -> float:
    """The least that a curve's scale reaches to: jitter stays small, small figures are seen."""
    known = [abs(point) for point in one.points if math.isfinite(point)]
    return max(known, default=1.0) or 1.0


def _table(table: Table) -> Iterator[str]:
    widths = [
        min(_COLUMN, max(cell_len(name), *(cell_len(row[at]) for row in table.rows), 1))
        for at, name in enumerate(table.columns)
    ]
    yield "  " + "  ".join(
        _cell(name, wide, numeric=name in table.numeric)
        for name, wide in zip(table.columns, widths, strict=True)
    )
    for row in table.rows:
        cells = zip(row, widths, table.columns, strict=True)
        yield "  " + "  ".join(
            _cell(text, wide, numeric=name in table.numeric) for text, wide, name in cells
        )


def _cell(text: str, wide: int, *, numeric: bool) -> str:
    return right(text, wide) if numeric else left(text, wide)


def as_json(view: DashboardView) -> dict[str, Any]:
    """It as a document: values that are not known are null."""
    return {
        "name": view.name,
        "title": view.title,
        "at": view.at,
        "span": view.span,
        "variables": {one.name: list(one.chosen) for one in view.variables},
        "panels": [_panel_json(one) for one in view.panels],
        "notes": list(view.notes),
    }


def _panel_json(view: PanelView) -> dict[str, Any]:
    panel = view.panel
    made: dict[str, Any] = {
        "title": panel.title,
        "group": panel.group,
        "show": panel.kind.value,
        "unit": panel.unit,
        "times": list(view.times),
        "series": [
            {
                "name": one.name,
                "value": _number(one.value),
                "text": shown(one, panel),
                "status": one.status.value if one.status is not None else None,
                "points": [_number(point) for point in one.points],
            }
            for one in view.series
        ],
        "total": view.total,
        "error": view.error,
        "unshown": panel.unshown,
    }
    if panel.text:
        made["text"] = panel.text
    if view.table is not None:
        made["columns"] = list(view.table.columns)
        made["rows"] = [list(row) for row in view.table.rows]
    return made


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
