"""The top line of an alert's details: which alert, how it is and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.alert_list.entries import severity_word
from widgets.alert_list.panes import subject_of
from widgets.alert_list.words import sign_of
from widgets.glyphs import Glyphs
from widgets.text import Line, Seg, fit, line, role_of, segs_width
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import AlertView
    from widgets.alert_list.entries import Entry

__all__ = ["AlertHeader"]


def _said(entry: Entry, now: float, width: int, glyphs: Glyphs) -> list[Seg]:
    role = role_of(entry.status)
    word = _state(entry)
    chip = Seg(f" {sign_of(entry, glyphs)} {word} ", f"chip-{role}")
    whole = f"  {entry.name} {entry.thing}" if entry.alert is not None else f"  {entry.name}"
    most = max(8, width // 2 - segs_width([chip]))
    name = whole if cell_len(whole) <= most else fit(f"  {entry.name}", most, glyphs.cut)
    head = [chip, Seg(f"{name}: ", role)]
    since = ""
    if entry.since is not None:
        since = f" {glyphs.dot} since {fmt.age(max(0.0, now - entry.since))}"
    room = width - segs_width(head)
    tail = [Seg(since, "dim")] if room >= 40 else []
    return [*head, Seg(fit(entry.sentence, room - segs_width(tail), glyphs.cut)), *tail]


def _state(entry: Entry) -> str:
    """``FIRING``, ``PENDING``; of a rule alone how it does."""
    return (str(entry.alert.state) if entry.alert is not None else severity_word(entry)).upper()


class AlertHeader(VerdictLine):
    """As the verdict, about one alert or rule."""

    rule: reactive[str] = reactive("", repaint=False, layout=False)
    alert: reactive[str] = reactive("", repaint=False, layout=False)

    @property
    def leads_for(self) -> AlertView | None:
        return None

    def compose_lines(self, width: int, height: int) -> list[Line]:
        snapshot, glyphs = self.snapshot, self.glyphs
        state = self.state(width)
        room = max(0, width - segs_width(state) - 2)
        subject = subject_of(snapshot, self.rule, self.alert)
        if snapshot is None or subject is None:
            said = [Seg(" no such rule any more", "dim")]
        else:
            said = _said(subject.entry, snapshot.time, room, glyphs)
        blank = Seg(" " * (width - segs_width(said) - segs_width(state)))
        return [line(*said, blank, *state), *self.notice_lines(width)]

    def watch_rule(self) -> None:
        self.update_lines()

    def watch_alert(self) -> None:
        self.update_lines()
