"""The top line of the details: which check, how it is and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive

from widgets import format as fmt
from widgets.glyphs import WORDS, Glyphs
from widgets.text import Line, Seg, fit, line, role_of, segs_width
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import AlertView, CheckView

__all__ = ["CheckHeader"]


def check_segs(check: CheckView, now: float, width: int, glyphs: Glyphs) -> list[Seg]:
    """Status, name and sentence; since when, where there is room."""
    role = role_of(check.status)
    chip = Seg(f" {glyphs.status(check.status)} {WORDS[check.status].upper()} ", f"chip-{role}")
    head = [chip, Seg(f"  {check.name}: ", role)]
    since = f" {glyphs.dot} since {fmt.age(max(0.0, now - check.since))}"
    room = width - segs_width(head)
    tail = [Seg(since, "dim")] if room >= 40 else []
    return [*head, Seg(fit(check.message, room - segs_width(tail), glyphs.cut)), *tail]


class CheckHeader(VerdictLine):
    """As the verdict, about one check."""

    check: reactive[str] = reactive("", repaint=False, layout=False)

    @property
    def leads_for(self) -> AlertView | None:
        return None

    def compose_lines(self, width: int, height: int) -> list[Line]:
        snapshot, glyphs = self.snapshot, self.glyphs
        state = self.state(width)
        room = max(0, width - segs_width(state) - 2)
        view = snapshot.check(self.check) if snapshot else None
        if snapshot is None or view is None:
            said = [Seg(f" {self.check}: ", "title"), Seg("no longer watched", "dim")]
        else:
            said = check_segs(view, snapshot.time, room, glyphs)
        blank = Seg(" " * (width - segs_width(said) - segs_width(state)))
        return [line(*said, blank, *state), *self.notice_lines(width)]
