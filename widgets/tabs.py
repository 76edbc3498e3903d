"""A line of tabs: one for each check, with the sign and the word of its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.reactive import reactive

from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.text import Line, Seg, line, role_of, segs_width, without_middle
from widgets.view import PictureView

if TYPE_CHECKING:
    from checks.views import CheckView

__all__ = ["TabLine", "spanned", "tab_line"]

_LONGEST = 28
"""Cells of a name, at most."""
_NOTHING = Seg("", "dim")


def _tab(check: CheckView, chosen: bool, glyphs: Glyphs, told: Seg, *, brief: bool) -> list[Seg]:
    """Sign, name, and the word or what is ``told`` instead; ``brief`` leaves the word to the tab
    that is open.
    """
    role = role_of(check.status)
    head = f" {glyphs.status(check.status)} {without_middle(check.name, _LONGEST, glyphs.cut)} "
    said = told if told.text else Seg(WORDS[check.status], "dim")
    if chosen:
        return [Seg(f"{head}{said.text} ", f"chip-{told.role if told.text else role}")]
    return [
        Seg(head, role),
        *([] if brief and not told.text else [Seg(f"{said.text} ", said.role)]),
    ]


def spanned(widths: Sequence[int], chosen: int, room: int) -> tuple[int, int]:
    """Which tabs there is room for: the chosen one, and its neighbours as far as they go."""
    first, after = chosen, chosen + 1
    used = widths[chosen]
    while first > 0 or after < len(widths):
        left = used + widths[first - 1] <= room if first > 0 else False
        right = used + widths[after] <= room if after < len(widths) else False
        if not left and not right:
            break
        if right and (not left or after - chosen <= chosen - first):
            used += widths[after]
            after += 1
        else:
            first -= 1
            used += widths[first]
    return first, after


def tab_line(
    checks: Sequence[CheckView],
    chosen: str,
    width: int,
    glyphs: Glyphs = UNICODE,
    told: Mapping[str, Seg] = MappingProxyType({}),
) -> tuple[Line, list[tuple[int, int, str]]]:
    """The line, and where in it each check's tab begins and ends; ``told`` is what to say of
    checks instead of their status in a word, by their names.
    """
    place = next((i for i, check in enumerate(checks) if check.name == chosen), -1)
    if place < 0:
        return line(), []
    for brief in (False, True):
        tabs = [
            _tab(one, one.name == chosen, glyphs, told.get(one.name, _NOTHING), brief=brief)
            for one in checks
        ]
        if sum(segs_width(tab) + 1 for tab in tabs) < width:
            break
    counts = 2 * len(f" +{len(tabs)} ")
    widths = [segs_width(tab) + 1 for tab in tabs]
    room = width - 1 if sum(widths) < width else width - counts - 1
    first, after = spanned(widths, place, room)
    segs = [Seg(f" +{first} " if first else " ", "dim")]
    spans = []
    for i in range(first, after):
        start = segs_width(segs)
        segs += tabs[i]
        spans.append((start, segs_width(segs), checks[i].name))
        segs.append(Seg(" "))
    if after < len(tabs):
        segs.append(Seg(f"+{len(tabs) - after}", "dim"))
    return line(*segs), spans


class TabLine(PictureView):
    """The tabs of ``names``; ``check`` is the one that is open."""

    DEFAULT_CSS = "TabLine { height: 1; }"

    names: reactive[tuple[str, ...]] = reactive((), repaint=False, layout=False)
    check: reactive[str] = reactive("", repaint=False, layout=False)

    _spans: Sequence[tuple[int, int, str]] = ()

    class Chosen(Message):
        """Somebody has clicked on the tab of ``check``."""

        def __init__(self, check: str) -> None:
            self.check = check
            super().__init__()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        found = {check.name: check for check in self.snapshot.checks} if self.snapshot else {}
        checks = [found[name] for name in self.names if name in found]
        made, self._spans = tab_line(checks, self.check, width, self.glyphs, self.told())
        return [made]

    def told(self) -> Mapping[str, Seg]:
        """What to say of checks instead of their status in a word, by their names."""
        return {}

    def watch_names(self) -> None:
        self.update_lines()

    def watch_check(self) -> None:
        self.update_lines()

    def on_click(self, event: events.Click) -> None:
        hit = next((name for start, end, name in self._spans if start <= event.x < end), "")
        if hit:
            self.post_message(self.Chosen(hit))
