"""The widget that shows all panels of a dashboard; of many, those on the screen are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual import events
from textual.geometry import Region
from textual.reactive import reactive

from checks.dashboards.model import Panel
from checks.model import Status
from widgets import format as fmt
from widgets.dashboard.panel import panel_lines, status_of
from widgets.dashboard.places import SMALL, Laid, laid
from widgets.dashboard.room import Room, named
from widgets.dashboard.steady import panel_keys
from widgets.dashboard.table import table_of
from widgets.dashboard.units import shown
from widgets.empty import no_dashboards, note, nothing_matches
from widgets.lines import LinePane
from widgets.listing.order import following
from widgets.text import Line, Seg, fit, line, pad_segs, segs_width

if TYPE_CHECKING:
    from checks.dashboards.views import DashboardView, PanelView

__all__ = ["DashboardPane", "is_ill", "panel_sentence", "panels_shown"]

_GAP: Final = 1
"""Cells at the right of a panel, and, where it is high enough, lines beneath it."""
_AIRY: Final = 12
"""Lines of a panel from which on the last one stays free; of a figure, which needs fewer, half."""

Parts = tuple[tuple[int, Line], ...]
"""Lines side by side, each with the cell that it begins in."""


def panels_shown(view: DashboardView, text: str) -> list[int]:
    """The panels whose title, group, or series contain ``text``."""
    wanted = text.casefold()
    if not wanted:
        return list(range(len(view.panels)))
    return [
        place
        for place, one in enumerate(view.panels)
        if wanted in f"{one.panel.group} {one.panel.title}".casefold()
        or any(wanted in series.name.casefold() for series in one.series)
    ]


def panel_sentence(view: PanelView) -> str:
    """The panel in a line: its title, and what each of its series is now."""
    panel = view.panel
    if panel.unshown or (view.error and not view.series):
        return f"{panel.title}: {panel.unshown or view.error}"
    if view.table is not None:
        rows = (", ".join(row) for row in table_of(view).rows[:20])
        return f"{panel.title}: {'; '.join(rows)}"
    told = [f"{named(one)} {shown(one, panel)}" for one in view.series]
    return f"{panel.title}: {', '.join(told) or panel.text or 'no series'}"


class DashboardPane(LinePane):
    """The cursor is on a panel, and stays with it; what is beneath the last line scrolls."""

    view: reactive[DashboardView | None] = reactive(None, repaint=False, layout=False)
    none: reactive[str] = reactive("", repaint=False, layout=False)
    """What to say where there is no view."""
    configures: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether to say how a dashboard is configured, since there is none."""
    titled: reactive[bool] = reactive(True, repaint=False, layout=False)
    """Whether to say which dashboard it is: not where a tab above does."""
    alone: reactive[str] = reactive("", repaint=False, layout=False)
    """The panel that has all the room; empty where they share it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as of every widget
        super().__init__(id=id)
        self._laid = Laid(0)
        self._spread = self._laid
        """What is drawn: one panel alone, or all of them."""
        self._laid_for: tuple[object, ...] = ()
        self._board = ""
        self._order: Sequence[int] = ()
        self._keys: Sequence[str] = ()
        self._drawings: dict[int, tuple[tuple[object, ...], list[Line]]] = {}
        self._joins: dict[int, tuple[Parts, Line]] = {}

    # What there is

    def heading(self) -> Sequence[Seg]:
        view = self.view
        if view is None:
            return [Seg("Dashboards", "title")]
        dot = self.glyphs.dot
        told = f"{view.title} {dot} last" if self.titled else "Last"
        segs = [Seg(f"{told} {fmt.span(view.span)}", "title")]
        for one in view.variables:
            if not one.hidden:
                values = ", ".join(one.chosen) or self.glyphs.dash
                name = fit(one.label or one.name, 20, self.glyphs.cut)
                segs += [Seg(f" {dot} {name} ", "dim"), Seg(fit(values, 28), "value")]
        if view.notes:
            count = "1 note" if len(view.notes) == 1 else f"{len(view.notes)} notes"
            segs.append(Seg(f" {dot} {count}", "dim"))
        return segs

    @property
    def keys(self) -> list[str]:
        self._lay()
        return [self._keys[place] for place in self._order]

    @property
    def selected_check(self) -> str:
        return ""

    @property
    def panel(self) -> PanelView | None:
        """The panel under the cursor."""
        return self.panel_of(self.selected) if self.selected is not None else None

    def status_at(self, key: str | None) -> Status | None:
        """As its thresholds say; of one with which something is wrong nothing is known."""
        view = self.panel_of(key) if key is not None else None
        if view is None or not is_ill(view):
            return None
        status = status_of(view)
        return Status.UNKNOWN if status in (None, Status.OK) else status

    def panel_of(self, key: str) -> PanelView | None:
        """The panel ``key``; None where it is not there."""
        view = self.view
        if view is None:
            return None
        self._lay()
        pairs = zip(self._keys, view.panels, strict=False)
        return next((one for name, one in pairs if name == key), None)

    def text_of(self, key: str) -> str:
        found = self.panel_of(key)
        return panel_sentence(found) if found is not None else ""

    # Where it stands

    def _lay(self) -> None:
        """Place the panels, where these, their number, or the room are others than before."""
        view, (width, height) = self.view, self.size
        room = max(1, height - 1)
        if view is None or width <= 0:
            self._laid = self._spread = Laid(0)
            self._laid_for, self._order, self._keys = (), (), ()
            return
        places = panels_shown(view, self.filter_text)
        shapes = tuple(_shape(view.panels[place].panel) for place in places)
        key = (width, room, view.name, tuple(places), shapes)
        if key != self._laid_for:
            self._laid_for = key
            self._keys = panel_keys(view)
            panels = [view.panels[place].panel for place in places]
            made = laid(panels, width, room, flowing=bool(self.filter_text))
            regions = {places[n]: region for n, region in made.panels.items()}
            self._order = sorted(regions, key=lambda n: _order_of(regions[n]))
            self._laid = Laid(made.height, regions, made.heads)
        alone = (n for n in self._order if self._keys[n] == self.alone)
        number = next(alone, None)
        whole = {} if number is None else {number: Region(0, 0, width, room)}
        self._spread = Laid(room, whole) if whole else self._laid

    # Drawing

    def compose_lines(self, width: int, height: int) -> list[Line]:
        self._lay()
        self._keep_selection()
        room = self._room
        self._top = max(0, min(self._top, self._length - room))
        title = self._title_line(width)
        view = self.view
        if view is None or not self._spread.panels:
            return [title, *self._instead(width)]
        return [title, *self._canvas(view, width, self._top, room)]

    def _instead(self, width: int) -> list[Line]:
        view = self.view
        if self.configures:
            return no_dashboards(width)
        if view is None:
            return note(self.none, width)
        if view.error:
            return note(view.error, width, "warning", limit=8)
        if self.filter_text:
            return nothing_matches(self.filter_text, width)
        return note("this dashboard has no panels", width)

    def _canvas(self, view: DashboardView, width: int, top: int, room: int) -> list[Line]:
        """The lines from ``top`` on: those of the panels side by side."""
        found: dict[int, list[tuple[int, Line]]] = {}
        for y, title in self._spread.heads.items():
            if top <= y < top + room:
                found[y] = [(0, self._group_line(title, width))]
        for number, region in self._spread.panels.items():
            if region.y < top + room and region.bottom > top:
                drawn = self._panel(view, number, region)
                for y, each in enumerate(drawn, region.y):
                    if top <= y < top + room:
                        found.setdefault(y, []).append((region.x, each))
        rows = (found.get(y, []) for y in range(top, min(top + room, self._spread.height)))
        return [self._joined(y, parts) for y, parts in enumerate(rows)]

    def _group_line(self, title: str, width: int) -> Line:
        glyphs = self.glyphs
        strong = "=" if glyphs.plain else glyphs.full
        name = f" {strong * 2} {fit(title, width - 8, glyphs.cut)} "
        return line(Seg(name, "label"), Seg(strong * (width - segs_width([Seg(name)])), "rule"))

    def _panel(self, view: DashboardView, number: int, region: Region) -> list[Line]:
        """The lines of a panel; those that it had where nothing of it is another."""
        one = view.panels[number]
        small = one.panel.kind in SMALL
        airy = region.height >= (_AIRY // 2 if small else _AIRY) and not self.alone
        key = self._keys[number]
        chosen = self.has_focus and key == self.selected
        width, height = region.width - _GAP, region.height - airy
        at = one.times[-1] if one.times else view.at
        reads = (one, width, height, self.glyphs, chosen, view.span)
        known = self._drawings.get(number)
        if known is not None and known[0][0] is one and known[0][1:] == reads[1:]:
            return known[1]
        room = Room(width, height, at, view.span, self.glyphs)
        lines = panel_lines(one, room, chosen=chosen)
        self._drawings[number] = (reads, lines)
        return lines

    def _joined(self, y: int, parts: list[tuple[int, Line]]) -> Line:
        """Lines side by side as one: the same object as before where they are the same."""
        given = tuple(sorted(parts, key=lambda part: part[0]))
        known = self._joins.get(y)
        if known is not None and _alike(known[0], given):
            return known[1]
        segs: tuple[Seg, ...] = ()
        for x, each in given:
            segs = (*pad_segs(segs, x), *each.segs)
        made = Line(segs)
        self._joins[y] = (given, made)
        return made

    def marked_lines(self) -> frozenset[int]:
        return frozenset()

    def _keep_selection(self) -> None:
        # While nobody looks there is no view: the panels are there again with the next one.
        if self.view is not None:
            super()._keep_selection()

    @property
    def _length(self) -> int:
        return self._spread.height

    # Moving

    def _region_of(self, key: str) -> Region | None:
        found = (self._laid.panels[n] for n in self._order if self._keys[n] == key)
        return next(found, None)

    def _scroll_to_row(self, key: str) -> None:
        region = self._region_of(key)
        if region is None or self._spread is not self._laid:
            return
        first = min((one.y for one in self._laid.panels.values()), default=0)
        start = 0 if region.y == first else region.y - ((region.y - 1) in self._laid.heads)
        self._top = max(self._top, region.bottom - self._room)
        self._top = max(0, min(self._top, start))

    def action_move(self, rows: int) -> None:
        """Go to the nearest panel below or above."""
        self._go(0, rows)

    def go(self, columns: int) -> None:
        """Go to the nearest panel at the right (1) or the left (-1)."""
        self._go(columns, 0)

    def step(self, panels: int) -> None:
        """Go to the panel that is read after this one, or before it; the first follows the last."""
        keys = self.keys
        if keys:
            at = keys.index(self.selected) + panels if self.selected in keys else 0
            self.select(keys[at % len(keys)])

    def step_ill(self, panels: int) -> bool:
        """The same, to one that is past a threshold or has something wrong with it; whether there
        is one.
        """
        found = following(self.keys, lambda key: is_ill(self.panel_of(key)), self.selected, panels)
        if found is not None:
            self.select(found)
        return found is not None

    def _go(self, x: int, y: int) -> None:
        keys = self.keys
        if self.selected not in keys:
            if keys:
                self.select(keys[0])
            return
        here = self._region_of(self.selected)
        others = [(self._region_of(key), key) for key in keys if key != self.selected]
        if here is None:
            return
        ways = [(_way(here, there, x, y), key) for there, key in others if there is not None]
        near = min(((way, key) for way, key in ways if way is not None), default=None)
        if near is not None:
            self.select(near[1])
        elif y:
            self._scroll_by(y)

    def action_page(self, pages: int) -> None:
        """Scroll by a screen, and take the cursor to what is seen then."""
        self._top = max(0, min(self._top + pages * self._room, self._length - self._room))
        seen = [
            number
            for number in self._order
            if self._top <= self._laid.panels[number].y < self._top + self._room
        ]
        if seen:
            self.select(self._keys[seen[0] if pages < 0 or self._top else seen[-1]])
        else:
            self.update_lines()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return
        x, y = offset.x, self._top + offset.y - 1
        hit = (n for n, region in self._spread.panels.items() if region.contains(x, y))
        number = next(hit, None)
        if number is not None:
            self.select(self._keys[number])
            if event.chain == 2:
                self.action_open()

    # Reactions

    def watch_view(self, new: DashboardView | None) -> None:
        if new is not None and new.name != self._board:
            self._board = new.name
            self.begin_anew()
            self._drawings.clear()
        self.update_lines()

    def watch_none(self) -> None:
        self.update_lines()

    def watch_configures(self) -> None:
        self.update_lines()

    def watch_titled(self) -> None:
        self.update_lines()

    def watch_alone(self) -> None:
        self.update_lines()


def is_ill(view: PanelView | None) -> bool:
    """Whether a panel is past a threshold, or something is wrong with it."""
    if view is None:
        return False
    status = status_of(view)
    return bool(view.error) or (status is not None and status.severity > 0)


def _shape(panel: Panel) -> tuple[object, ...]:
    """What of a panel says where it stands and what it is known by."""
    return (panel.kind, panel.place, panel.group, panel.title, bool(panel.unshown))


def _alike(given: Parts, before: Parts) -> bool:
    """Whether the same lines stand at the same places."""
    if len(given) != len(before):
        return False
    return all(a[0] == b[0] and a[1] is b[1] for a, b in zip(given, before, strict=True))


def _order_of(region: Region) -> tuple[int, int]:
    return region.y, region.x


def _way(here: Region, there: Region, x: int, y: int) -> tuple[int, int, int] | None:
    """Whether ``there`` lies aside of a direction, how far it is, and how far aside; None where it
    does not lie that way.
    """
    if x:
        ahead = there.x - here.x if x > 0 else here.x - there.x
        aside = max(0, max(here.y, there.y) - min(here.bottom, there.bottom) + 1)
        return (0, ahead, abs(there.y - here.y)) if ahead > 0 and not aside else None
    ahead = there.y - here.y if y > 0 else here.y - there.y
    overlap = min(here.right, there.right) - max(here.x, there.x)
    return (int(overlap <= 0), ahead, abs(there.x - here.x)) if ahead > 0 else None
