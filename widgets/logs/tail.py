"""The lines of all logs as they come: the newest last, followed until somebody looks further up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import localtime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.message import Message
from textual.reactive import reactive

from checks.logs.model import Level
from widgets import format as fmt
from widgets.empty import no_logs, note
from widgets.lines import LinePane
from widgets.listing.order import following
from widgets.logs.lines import Columns, columns_for, line_of, mistake_lines, origins_of
from widgets.logs.words import LEVELS, origin, reach_told
from widgets.text import Line, Seg

if TYPE_CHECKING:
    from checks.logs.views import LogLine, LogsView, LogsWanted

__all__ = ["TailPane"]


class TailPane(LinePane):
    """A line a record. The cursor stays with its record; at the last one it goes along with
    what comes, anywhere else the lines stand still and what has come meanwhile is counted.
    """

    about: reactive[str] = reactive("", repaint=False, layout=False)
    """What the lines are around, where somebody has jumped to them."""
    frozen: reactive[bool] = reactive(False, repaint=False, layout=False)
    wanted: reactive[LogsWanted | None] = reactive(None, repaint=False, layout=False)
    """What was asked for last; the picture may still show what was asked before."""

    class Followed(Message):
        """Whether the newest line is followed has changed."""

        def __init__(self, following: bool) -> None:
            self.following = following
            super().__init__()

    class Older(Message):
        """Somebody is at the first line there is, and more are held."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.following = True
        self._view: LogsView | None = None
        self._held: tuple[LogLine, ...] = ()
        self._new, self._new_at_least = 0, False
        self._by_key: dict[str, LogLine] = {}
        self._reach = ""
        self._drawn: dict[str, Line] = {}
        self._drawn_for: tuple[object, ...] = ()
        self._columns = Columns(0, 0, False)
        self._at: LogLine | None = None

    # What there is

    def watch_snapshot(self) -> None:
        view = self.snapshot.logs if self.snapshot is not None else None
        if view is not None and view is not self._view:
            before, self._view = self._view, view
            if self.following or before is None or not _same_lines(before.wanted, view.wanted):
                self._hold(view.lines)
            else:
                self._stand_still(view)
        super().watch_snapshot()

    def _hold(self, lines: tuple[LogLine, ...]) -> None:
        self._held = lines
        self._new, self._new_at_least = 0, False
        self._by_key = {one.key: one for one in lines}
        self._reach = reach_told(self._view, self._now) if self._view is not None else ""

    def _stand_still(self, view: LogsView) -> None:
        """Count what is below the last line that is shown; take what is further up."""
        last = self._held[-1].key if self._held else ""
        lines = view.lines
        place = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].key == last), None)
        if place is None:
            # Those that have gone meanwhile were new, too.
            self._new, self._new_at_least = max(self._new, len(lines)), True
            return
        new = len(lines) - 1 - place
        if place + 1 > len(self._held):
            self._hold(lines[: place + 1])
        self._new, self._new_at_least = new, False

    def line_at(self, key: str | None) -> LogLine | None:
        """The record whose line has the identity ``key``."""
        return self._by_key.get(key) if key is not None else None

    # Following

    def follow(self) -> None:
        """Go to the newest line and along with what comes."""
        if self._view is not None:
            self._hold(self._view.lines)
        self._set_following(True)
        self.update_lines()

    def pause(self) -> None:
        """Let the lines stand still, wherever the cursor is."""
        self._set_following(False)
        self.update_lines()

    def _set_following(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.post_message(self.Followed(following))

    def select(self, key: str | None) -> None:
        last = self._held[-1].key if self._held else None
        if key is not None and key == last:
            self.follow()
            return
        self._set_following(False)
        super().select(key)
        self._at = self.line_at(self._selected)
        view = self._view
        at_first = bool(self._held) and key == self._held[0].key
        if at_first and view is not None and view.total > len(view.lines):
            self.post_message(self.Older())

    def _scroll_by(self, lines: int) -> bool:
        if lines < 0 and len(self._body) > self._room:
            self._set_following(False)
        moved = super()._scroll_by(lines)
        if lines > 0 and self._top >= len(self._body) - self._room:
            self.follow()
        return moved

    def _keep_selection(self) -> None:
        if self.following:
            newest = self._held[-1] if self._held else None
            key = newest.key if newest is not None else None
            self._at, self._top = newest, len(self._body)
            if key != self._selected:
                self._selected, self._place = key, max(0, len(self._held) - 1)
                self.post_message(self.Selected(self, key, newest.check if newest else ""))
        elif self._selected in self._by_key:
            self._place = self.keys.index(self._selected)
        else:
            self._settle_near()

    def _settle_near(self) -> None:
        """Go to the last line no newer than the one that is no longer among them."""
        at = self._at.record.time if self._at is not None else 0.0
        before = [one for one in self._held if one.record.time <= at]
        near = before[-1] if before else next(iter(self._held), None)
        key = near.key if near is not None else None
        if key != self._selected:
            self._selected = key
            self._place = self.keys.index(key) if key is not None else 0
            if key is not None:
                self._scroll_to_row(key)
            self.post_message(self.Selected(self, key, near.check if near else ""))

    def go_grave(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) line that warns, or that a pattern matches; whether
        there is one.
        """
        found = following(self.keys, self._is_grave, self.selected, step)
        if found is not None:
            self.select(found)
        return found is not None

    def _is_grave(self, key: str) -> bool:
        one = self.line_at(key)
        if one is None:
            # A pane without room does not draw what has come: its rows are those of before.
            return False
        record = one.record
        return bool(record.patterns) or (record.level or Level.TRACE) >= Level.WARNING

    # Drawing

    def inputs(self) -> tuple[object, ...]:
        view = self._view
        error = view.error if view is not None else ""
        return (self._held, error, None if self._held else self.snapshot)

    def build(self, width: int, height: int) -> list[Line]:
        view = self._view
        if not self._held:
            return self._nothing(width)
        columns = columns_for(width, origins_of(view, self._held[-1]))
        self._columns = columns
        return [Line(key=one.key, check=one.check) for one in self._held]

    def _nothing(self, width: int) -> list[Line]:
        snapshot, view = self.snapshot, self._view
        if snapshot is None:
            return []
        if not any(one.kind == "log" for one in snapshot.checks):
            return no_logs(width)
        if view is None:
            return note("gathering the lines", width)
        if any(source.held for source in view.sources):
            return note("no line that is held fits", width)
        made = note("no line has come yet", width)
        for source in view.sources:
            made += note(f"{source.check}: {source.note}", width, "warning") if source.note else []
        return made

    def pinned(self, width: int) -> list[Line]:
        view = self._view
        if view is None:
            return []
        mistake = mistake_lines(view.wanted.text, view.error, width)
        return [*mistake, *(note(self._reach, width) if self._reach else [])]

    def _rebuild(self, width: int, height: int) -> None:
        """As for all panes, and the lines on the screen stay where they are."""
        shown = self._body[self._top].key if 0 <= self._top < len(self._body) else None
        before = self._body
        super()._rebuild(width, height)
        if self.following or shown is None or self._body is before:
            return
        found = next((at for at, one in enumerate(self._body) if one.key == shown), None)
        if found is not None:
            self._top = found

    def compose_lines(self, width: int, height: int) -> list[Line]:
        lines = super().compose_lines(width, height)
        marker = Seg(self.glyphs.cursor, "focus")
        before = self._drawn if self._drawn_for == self._draws_for else {}
        self._drawn, self._drawn_for = {}, self._draws_for
        return [
            self._mark(self._draw(one.key, before), marker)
            if one.key is not None and not one.segs
            else one
            for one in lines
        ]

    @property
    def _draws_for(self) -> tuple[object, ...]:
        """What a line is made of besides its record: today is told otherwise tomorrow."""
        return (self._columns, self.glyphs, localtime(self._now).tm_yday)

    @property
    def _now(self) -> float:
        return self.snapshot.time if self.snapshot is not None else 0.0

    def _draw(self, key: str, before: dict[str, Line]) -> Line:
        """The line of the record ``key``; where it was there before the same object."""
        made = before.get(key) or line_of(self._by_key[key], self._now, self._columns, self.glyphs)
        self._drawn[key] = made
        return made

    def text_of(self, key: str) -> str:
        one = self.line_at(key)
        if one is None:
            return ""
        whole = Columns(10_000, cell_len(origin(one)), fine=True)
        return " ".join(line_of(one, self._now, whole, self.glyphs).text.split())

    def heading(self) -> Sequence[Seg]:
        segs = [
            Seg("Logs", "title"),
            *(Seg(f" {self.glyphs.dot} {t}", "high") for t in self._cut()),
        ]
        view = self._view
        if view is None or not self._held:
            return segs
        if self.frozen:
            return [*segs, Seg(self._waiting(view), "dim")]
        if view.wanted.until is not None:
            return segs
        if self.following:
            return [*segs, Seg(f" {self.glyphs.dot} following {self.glyphs.live}", "ok")]
        count = f"{fmt.count(self._new)}{'+' if self._new_at_least else ''} new below"
        told = f"paused, {count if self._new else 'nothing new'}"
        return [*segs, Seg(f" {self.glyphs.dot} {told}", "high")]

    def _waiting(self, view: LogsView) -> str:
        """What was asked for that a frozen picture, ``view``, cannot bring."""
        if self.wanted is None or self.wanted == view.wanted:
            return ""
        if not _same_lines(self.wanted, view.wanted):
            return ", once it is live again"
        older = self.wanted.most > view.wanted.most
        return f" {self.glyphs.dot} older lines once it is live again" if older else ""

    def _cut(self) -> list[str]:
        """What the lines are restricted to, in words."""
        wanted = self.wanted
        if wanted is None:
            return []
        told = [self.about] if self.about else []
        told += [", ".join(wanted.checks)] if wanted.checks and not self.about else []
        told += [f"pattern {wanted.pattern}"] if wanted.pattern else []
        told += [LEVELS.get(wanted.level) or ""] if wanted.level is not None else []
        told += [f"/{wanted.text}"] if wanted.text and not self._mistaken(wanted.text) else []
        return [each for each in told if each]

    def _mistaken(self, text: str) -> bool:
        """Whether the filter ``text`` is none, so that all lines are there."""
        view = self._view
        return view is not None and bool(view.error) and view.wanted.text == text

    def watch_wanted(self) -> None:
        self.update_lines()

    def watch_frozen(self) -> None:
        self.update_lines()

    def watch_about(self) -> None:
        self.update_lines()


def _same_lines(one: LogsWanted, other: LogsWanted) -> bool:
    """Whether the same lines are wanted, be it more or fewer of them."""
    return replace(one, most=0) == replace(other, most=0)
