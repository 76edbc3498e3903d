"""The wall: one page at a time, as large as the screen allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.reactive import reactive

from widgets import format as fmt
from widgets.brief import brief
from widgets.empty import no_checks
from widgets.glyphs import Glyphs
from widgets.handling import handled_of, is_quiet
from widgets.text import Line, Seg, fit, left, line, role_of, segs_width
from widgets.view import PictureView
from widgets.wall.figures import figure_rows
from widgets.wall.pages import Page, pages

if TYPE_CHECKING:
    from checks.views import AlertView, Snapshot

__all__ = ["WallView", "wall_lines"]

_SHARE: Final = 0.4
"""Of the lines, those that go to what is wrong, where that needs so many."""
_NAME: Final = 28


class WallView(PictureView):
    """Shows the page called :attr:`page` of the picture, the first where there is none such."""

    page: reactive[str] = reactive("", repaint=False, layout=False)
    held: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether the pages do not turn by themselves."""

    def watch_page(self) -> None:
        self.update_lines()

    def watch_held(self) -> None:
        self.update_lines()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        if self.snapshot is None:
            return []
        return wall_lines(self.snapshot, self.page, width, height, self.glyphs, held=self.held)


def wall_lines(
    snapshot: Snapshot, name: str, width: int, height: int, glyphs: Glyphs, *, held: bool = False
) -> list[Line]:
    """The page ``name`` of ``snapshot``: its title, its figures, and what is wrong."""
    if not snapshot.checks and not snapshot.alerts:
        return no_checks(width)
    there = pages(snapshot)
    shown = next((page for page in there if page.name == name), there[0])
    title = _title(shown, there, width, glyphs, held=held)
    room = height - 2
    lines = _wrong(shown, snapshot, width, max(1, int(room * _SHARE)), glyphs)
    figures = figure_rows(shown.figures, width, room - len(lines), glyphs)
    spare = room - len(lines) - len(figures)
    return [title, line(), *figures, *([line()] * max(0, spare // 2)), *lines]


def _title(shown: Page, there: tuple[Page, ...], width: int, glyphs: Glyphs, *, held: bool) -> Line:
    """What the page is of, and which of how many it is."""
    marks = [Seg(glyphs.live if page is shown else glyphs.dot, "dim") for page in there]
    spaced = [seg for mark in marks for seg in (mark, Seg(" "))]
    state = [Seg(f"{glyphs.frozen} held  ", "warning")] if held else []
    right = [*state, *spaced] if len(there) > 1 or held else []
    name = Seg(f" {fit(shown.title, max(0, width - segs_width(right) - 2), glyphs.cut)}", "title")
    blank = Seg(" " * max(0, width - segs_width([name, *right])))
    return line(name, blank, *right)


def _wrong(page: Page, snapshot: Snapshot, width: int, most: int, glyphs: Glyphs) -> list[Line]:
    """A line for each alert of ``page``: sign, name, and as many words as fit."""
    alerts = page.alerts
    count = len(alerts) if len(alerts) <= most else most - 1
    names = min(_NAME, width // 3, max((len(one.name) for one in alerts), default=0))
    lines = [_alert(one, snapshot, width, names, glyphs) for one in alerts[:count]]
    if len(alerts) > count:
        lines.append(line(Seg(f"   +{len(alerts) - count} more", "dim")))
    return lines


def _alert(alert: AlertView, snapshot: Snapshot, width: int, names: int, glyphs: Glyphs) -> Line:
    quiet = is_quiet(handled_of(snapshot, alert.id))
    role = "label" if quiet else role_of(alert.status)
    age = fmt.age(max(0.0, snapshot.time - alert.since))
    head = Seg(f" {glyphs.status(alert.status)} {left(alert.name, names)} ", role)
    room = max(0, width - segs_width([head]) - len(age) - 2)
    said = left(brief(alert.sentence, room, glyphs.cut), room)
    return line(head, Seg(said, "label" if quiet else "text"), Seg(f" {age}", "dim"))
