"""The events pane: what has happened lately, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.empty import WAITING, no_checks, note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import WORDS, Glyphs
from widgets.lines import LinePane
from widgets.text import Line, Seg, fit, line, name_in, role_of, without_middle, wrap

if TYPE_CHECKING:
    from checks.views import EventView, Snapshot

__all__ = ["EventsPane", "event_lines"]

_STATUSES: Final = {status.value: status for status in Status}
_LONGEST: Final = 3
"""Lines that the text of one event takes at most."""

BESIDE: Final = 48
"""The width from which on the text stands beside the check's name, not beneath it."""


def newest_first(events: Sequence[EventView]) -> list[EventView]:
    """Those of one moment: the one told last comes first."""
    return sorted(events, key=lambda event: event.time)[::-1]


def _turned(text: str) -> tuple[Status | None, str]:
    """The status that ``text`` says a check has come to, and the sentence after it.

    A change reads ``ok → critical: refused``; everything else is told as it is.
    """
    change, colon, sentence = text.partition(": ")
    before, arrow, after = change.partition(" → ")
    if colon and arrow and before in _STATUSES and after in _STATUSES:
        return _STATUSES[after], sentence
    return None, text


def _fine_again(event: EventView, sentence: str, names: int, width: int, glyphs: Glyphs) -> Line:
    """What is well needs no more than a line."""
    role = role_of(Status.OK)
    name = name_in(event.check, names) if width >= BESIDE else without_middle(event.check, names)
    return line(
        Seg(f" {fmt.clock(event.time)} ", "dim"),
        Seg(f"{glyphs.status(Status.OK)} {name} ", role),
        Seg(fit(f"ok again: {sentence}", width - 13 - cell_len(name)), "label"),
        key=_key(event),
        check=event.check,
    )


def _key(event: EventView) -> str | None:
    return event.id if event.check else None


def _rows(
    event: EventView, names: int, width: int, glyphs: Glyphs, limit: int = _LONGEST
) -> list[Line]:
    status, sentence = _turned(event.text)
    if status is Status.OK:
        return [_fine_again(event, sentence, names, width, glyphs)]
    role = role_of(status) if status else "name"
    word = WORDS[status] if status else ""
    indent = 13 + names if width >= BESIDE else 3
    texts = wrap(f"{word} {sentence}", width - indent, limit) or [""]
    key = _key(event)
    head = [
        Seg(f" {fmt.clock(event.time)} ", "dim"),
        Seg(f"{glyphs.status(status) if status else ' '} ", role),
        Seg(f"{name_in(event.check, names)} ", role),
    ]
    blank = Seg(" " * indent)
    rows = [[blank, Seg(text, "label")] for text in texts]
    rows[0] = [blank, Seg(texts[0][: len(word)], role), Seg(texts[0][len(word) :], "label")]
    rows[:1] = [[*head, *rows[0][1:]]] if width >= BESIDE else [head, rows[0]]
    return [line(*segs, key=key, check=event.check) for segs in rows]


def event_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """Time, check and text of each event."""
    if snapshot is None:
        return note(WAITING, frame.width)
    if not snapshot.events:
        if not snapshot.checks:
            return no_checks(frame.width, "What happens to checks is told here.")
        return note("Nothing has changed since the start.", frame.width)
    events = [e for e in newest_first(snapshot.events) if frame.wants(e.check, e.text)]
    if not events:
        return nothing_matches(frame.filter_text, frame.width)
    longest = max(cell_len(event.check) for event in events)
    names = max(4, min(longest, 16, frame.width // (4 if frame.width >= BESIDE else 2)))
    limit = 1 if frame.compact else _LONGEST
    rows = (_rows(event, names, frame.width, frame.glyphs, limit) for event in events)
    return [row for each in rows for row in each]


class EventsPane(LinePane):
    """What happened to the checks: changes of status, restarts, answers to questions."""

    def heading(self) -> Sequence[Seg]:
        events = self.snapshot.events if self.snapshot else ()
        count = [Seg(f" {len(events)}", "dim")] if events else []
        return [Seg("Events", "title"), *count]

    def allow_focus(self) -> bool:
        """Not where the arrangement has left no lines for it."""
        return super().allow_focus() and self.size.height > 0

    def inputs(self) -> tuple[object, ...]:
        return (*self.snapshot.events,) if self.snapshot else (None,)

    def build(self, width: int, height: int) -> list[Line]:
        return event_lines(self.snapshot, self.frame(width, height))
