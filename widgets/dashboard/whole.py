"""A panel large: its curves, all of its series, and the expressions that it asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from textual.reactive import reactive

from checks.dashboards.model import PanelKind
from checks.model import clean, clean_lines
from widgets.dashboard.panel import panel_lines
from widgets.dashboard.room import Room, letter, named, padded, role, toned
from widgets.dashboard.table import table_of, widths_of
from widgets.dashboard.units import shown, value_text
from widgets.empty import note
from widgets.lines import LinePane
from widgets.text import Line, Seg, broken, fit, left, line, right
from widgets.view import LineView

if TYPE_CHECKING:
    from checks.dashboards.model import Panel, Query
    from checks.dashboards.views import DashboardView, PanelView, SeriesView

__all__ = ["ORDERS", "PanelChart", "SeriesPane", "asked"]

ORDERS: Final = ("as answered", "largest", "smallest", "name")
_FIGURE: Final = 11
"""Cells of a figure."""
_LONG: Final = 4_000
"""Characters of an expression."""
_NAME: Final = 16
"""Cells of a name, at least: figures leave from the right until there is room for it."""


def asked(query: Query) -> str:
    """What a query asks, in a line: files from elsewhere say it, so that it may say anything."""
    if query.expr:
        return clean(query.expr, _LONG)
    if query.sql:
        of = f" (to {query.check or query.kind})" if query.check or query.kind else ""
        return clean(f"{' '.join(query.sql.split())}{of}", _LONG)
    return clean(f"{query.value} of {query.check}".strip(), _LONG)


class PanelChart(LineView):
    """The panel as on the dashboard, with more room."""

    view: reactive[DashboardView | None] = reactive(None, repaint=False, layout=False)
    panel: reactive[PanelView | None] = reactive(None, repaint=False, layout=False)

    def compose_lines(self, width: int, height: int) -> list[Line]:
        view, panel = self.view, self.panel
        if view is None or panel is None:
            return note("this panel is there no longer", width)
        at = panel.times[-1] if panel.times else view.at
        room = Room(width - 1, height - 1, at, view.span, self.glyphs, legend=False)
        return panel_lines(panel, room, chosen=False)

    def watch_view(self) -> None:
        self.update_lines()

    def watch_panel(self) -> None:
        self.update_lines()


class SeriesPane(LinePane):
    """A row a series, or a row of the table; then the expressions, and what is to be noted."""

    ORDERS: ClassVar[tuple[str, ...]] = ORDERS

    panel: reactive[PanelView | None] = reactive(None, repaint=False, layout=False)
    order: reactive[str] = reactive(ORDERS[0], repaint=False, layout=False)

    def inputs(self) -> tuple[object, ...]:
        return (self.panel, self.order)

    def heading(self) -> Sequence[Seg]:
        panel = self.panel
        if panel is None:
            return [Seg("Series", "title")]
        if panel.table is not None:
            count = len(panel.table.rows)
            return [Seg("Table", "title"), Seg(f" {count} row{'s' * (count != 1)}", "dim")]
        count = max(panel.total, len(panel.series))
        of = "" if count == len(panel.series) else f", the first {len(panel.series)} of them"
        told = f" {count}{of} {self.glyphs.dot} {self.order}"
        return [Seg("Series", "title"), Seg(told, "dim")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A row leads nowhere further."""
        return action != "open" and super().check_action(action, parameters)

    def build(self, width: int, height: int) -> list[Line]:
        view = self.panel
        if view is None:
            return []
        lines = _table(view, width, self.glyphs.cut) if view.table else self._series(view, width)
        if view.error:
            lines += [line(), *note(view.error, width, "warning", limit=6)]
        if view.panel.queries:
            lines += [line(), line(Seg(" asked", "dim"))]
        for place, query in enumerate(view.panel.queries):
            rows = broken(asked(query), width - 4)
            lines += [line("   ", Seg(row, "label"), key=f"query {place}") for row in rows]
        for text in view.panel.notes:
            lines += note(text, width, limit=6)
        return lines

    def _series(self, view: PanelView, width: int) -> list[Line]:
        names: list[tuple[str, Callable[[SeriesView, Panel], str]]] = [("now", shown)]
        if any(one.points for one in view.series):
            names += [("min", _least), ("mean", _mean), ("max", _most)]
        while len(names) > 1 and width - len(names) * _FIGURE < _NAME:
            names.pop()
        wide = max(1, width - 4 - len(names) * _FIGURE)
        widest = max((cell_len(named(one)) for one in view.series), default=1)
        wide = min(wide, max(widest, _NAME))
        head = "".join(right(name, _FIGURE) for name, _ in names)
        lines = [line(Seg(f"   {left('series', wide)}{head}", "dim"))] if view.series else []
        seen: dict[str, int] = {}
        curves = view.panel.kind is PanelKind.CHART and len(view.series) > 1
        for place, one in self._in_order(view.series):
            name = named(one)
            seen[name] = seen.get(name, 0) + 1
            told = [right(each(one, view.panel), _FIGURE) for _, each in names]
            lines.append(
                line(
                    Seg(f" {letter(place) if curves else ' '} ", role(place)),
                    Seg(padded(name, wide, self.glyphs.cut), "name"),
                    Seg(told[0], toned(one, "value")),
                    Seg("".join(told[1:]), "label"),
                    key=f"series {name} {seen[name]}",
                )
            )
        return lines

    def _in_order(self, series: Sequence[SeriesView]) -> list[tuple[int, SeriesView]]:
        numbered = list(enumerate(series))
        if self.order == "name":
            return sorted(numbered, key=lambda one: named(one[1]))
        if self.order == ORDERS[0]:
            return numbered
        sign = -1 if self.order == "largest" else 1
        # What is no number comes last, whichever way.
        return sorted(numbered, key=lambda one: (math.isnan(one[1].value), sign * one[1].value))

    def text_of(self, key: str) -> str:
        """The expression as it is asked, a series with its figures."""
        kind, _, rest = key.partition(" ")
        queries = self.panel.panel.queries if self.panel is not None else ()
        # A pane without room does not draw what has come: its rows are those of before.
        if kind == "query" and int(rest) < len(queries):
            query = queries[int(rest)]
            return clean_lines(query.expr or query.sql) or asked(query)
        return super().text_of(key)

    def watch_panel(self) -> None:
        self.update_lines()

    def watch_order(self) -> None:
        self.update_lines()


def _table(view: PanelView, width: int, cut: str) -> list[Line]:
    table = table_of(view)
    wide = widths_of(table, width - 2)
    lines = []
    for number, row in enumerate((table.columns, *table.rows)):
        cells = []
        for i, cells_wide in enumerate(wide):
            text = fit(row[i] if i < len(row) else "", cells_wide, cut)
            put = right if table.columns[i] in table.numeric else left
            cells.append(put(text, cells_wide))
        key = f"row {number}" if number else None
        lines.append(line(Seg(f" {'  '.join(cells)}", "name" if number else "dim"), key=key))
    return lines


def _known(one: SeriesView) -> list[float]:
    return [value for value in one.points if math.isfinite(value)] or [math.nan]


def _least(one: SeriesView, panel: Panel) -> str:
    return value_text(min(_known(one)), panel.unit, panel.decimals)


def _most(one: SeriesView, panel: Panel) -> str:
    return value_text(max(_known(one)), panel.unit, panel.decimals)


def _mean(one: SeriesView, panel: Panel) -> str:
    known = _known(one)
    return value_text(sum(known) / len(known), panel.unit, panel.decimals)
