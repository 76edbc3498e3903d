"""The pane: a titled list of rows with a cursor that stays with its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from checks.model import Status
from widgets.frame import Frame
from widgets.text import Line, Seg, fit_segs, segs_width
from widgets.view import PictureView

__all__ = ["ANY_HEIGHT", "LinePane"]

ANY_HEIGHT: Final = 1000
"""Lines in which every pane shows all it has."""


class LinePane(PictureView, can_focus=True):
    """A pane of the overview: a title on a rule, and rows beneath it.

    Subclasses implement :meth:`build` and :meth:`heading` as plain function calls on
    the bound snapshot. The cursor holds on to a row's identity: rows that reorder take
    it along, and where its row has gone nothing is selected any more.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="pane.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="pane.down"),
        Binding("home", "move_to(0)", "First", show=False, id="pane.home"),
        Binding("end", "move_to(-1)", "Last", show=False, id="pane.end"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="pane.pageup"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="pane.pagedown"),
        Binding("enter", "open", "Details", show=False, id="pane.open"),
    ]

    DEFAULT_CSS = "LinePane.-inline { height: 1; }"

    filter_text: reactive[str] = reactive("", repaint=False, layout=False)
    compact: reactive[bool] = reactive(False, repaint=False, layout=False)

    leads: ClassVar[bool] = False
    """Whether a cursor that nobody has moved stays on the first row, whichever that is now: for
    lists of the worst first, whose rows can only be looked at."""
    inline_when_compact: ClassVar[bool] = False
    """Whether the compact form is a single line that carries its own title."""

    @dataclass
    class Opened(Message):
        """Somebody wants to go deeper into a row.

        ``key`` is the row's identity, ``check`` the check it belongs to.
        """

        pane: LinePane
        key: str
        check: str

        @property
        def control(self) -> LinePane:
            return self.pane

    @dataclass
    class Selected(Message):
        """The cursor is on another row, or on none (``key`` None)."""

        pane: LinePane
        key: str | None
        check: str

        @property
        def control(self) -> LinePane:
            return self.pane

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._body: list[Line] = []
        self._head: list[Line] = []
        self._top = 0
        self._selected: str | None = None
        self._place = 0
        self._lost = False
        self._moved = False
        self._inputs: tuple[object, ...] = ()
        self._wanted: dict[tuple[int, int], tuple[tuple[object, ...], int]] = {}

    # What subclasses say

    def build(self, width: int, height: int) -> list[Line]:
        """All lines below the title, of ``width`` cells; more than ``height`` scroll.

        The pane's last column stays free, so that neighbours never touch.
        """
        raise NotImplementedError

    def pinned(self, width: int) -> list[Line]:
        """Lines that stay between the title and the rows when these scroll; asked for after
        :meth:`build` for the same width.
        """
        del width
        return []

    def lines_wanted(self, width: int, height: int = ANY_HEIGHT) -> int:
        """How many lines it could use in ``width`` cells, its title among them.

        Those that it cannot do without, where ``height`` is 0. All there are before the
        first picture: what will come is not known.
        """
        if self.snapshot is None:
            return ANY_HEIGHT
        width = max(1, width - 1)
        reads = (self.frame(width, height), *self.inputs())
        known = self._wanted.get((width, height))
        if known is None or not _same(known[0], reads):
            known = (reads, self.count(width, height))
            # Of two widths and heights at a time; a terminal that is resized asks for many.
            self._wanted = dict([*self._wanted.items()][-3:]) | {(width, height): known}
        return known[1] + self._titled

    def count(self, width: int, height: int) -> int:
        """The lines beneath the title, in ``width`` by ``height`` cells."""
        return len(self.build(width, height)) + len(self.pinned(width))

    def status_at(self, key: str | None) -> Status | None:
        """How the row with the identity ``key`` is; None where it says nothing of that."""
        del key
        return None

    def inputs(self) -> tuple[object, ...]:
        """The objects that :meth:`build` reads; it is asked again when one is another object, or
        a text reads otherwise.
        """
        return (self.snapshot,)

    def frame(self, width: int, height: int) -> Frame:
        """How this pane is to be drawn now."""
        return Frame(width, height, self.glyphs, self.filter_text, self.compact)

    def heading(self) -> Sequence[Seg]:
        """The title, without the rule after it."""
        raise NotImplementedError

    # What is selected

    @property
    def selected(self) -> str | None:
        """The identity of the row under the cursor."""
        return self._selected

    @property
    def selected_check(self) -> str:
        """The check that the row under the cursor belongs to; empty where there is none."""
        found = (line.check for line in self._body if line.key == self._selected)
        return next(found, "") if self._selected is not None else ""

    @property
    def keys(self) -> list[str]:
        """The rows' identities from top to bottom."""
        return list(dict.fromkeys(line.key for line in self._body if line.key is not None))

    def text_of(self, key: str) -> str:
        """The row ``key`` as it can be read, in one line."""
        words = (word for line in self._body if line.key == key for word in line.text.split())
        return " ".join(words)

    def select(self, key: str | None) -> None:
        """Put the cursor on the row ``key`` and bring it into view; ignore what is not there."""
        keys = self.keys
        if key is not None and key not in keys:
            return
        changed = key != self._selected
        self._lost = False
        self._moved = True
        self._selected = key
        if key is not None:
            self._place = keys.index(key)
            self._scroll_to_row(key)
        self.update_lines()
        if changed:
            self.post_message(self.Selected(self, key, self.selected_check))

    def begin_anew(self) -> None:
        """Forget what is selected and what is scrolled to: what is shown is of something else."""
        self._selected, self._lost, self._top, self._place = None, False, 0, 0

    # Drawing

    @property
    def _titled(self) -> bool:
        return not (self.compact and self.inline_when_compact)

    @property
    def _above(self) -> int:
        """Lines above the rows: the title and what is pinned."""
        return self._titled + len(self._head)

    @property
    def _room(self) -> int:
        return max(0, self.size.height - self._above)

    @property
    def _length(self) -> int:
        """Lines that there are to be shown, those that are scrolled away among them."""
        return len(self._body)

    def compose_lines(self, width: int, height: int) -> list[Line]:
        self._rebuild(max(1, width - 1), max(0, self.size.height - self._titled))
        self._keep_selection()
        self._top = max(0, min(self._top, self._length - self._room))
        shown = self._body[self._top : self._top + self._room]
        marker = Seg(self.glyphs.cursor, "focus")
        lines = [*self._head, *(self._mark(line, marker) for line in shown)]
        return [self._title_line(width), *lines] if self._titled else lines

    def _rebuild(self, width: int, height: int) -> None:
        """Build anew, unless the same objects in the same frame would make the same lines."""
        inputs = (self.frame(width, height), *self.inputs())
        if _same(inputs, self._inputs):
            return
        self._inputs = inputs
        self._body = self.build(width, height)
        self._head = self.pinned(width)

    def _mark(self, line: Line, marker: Seg) -> Line:
        """``line`` with the cursor's sign in its first cell, where it is selected."""
        if not self._under_cursor(line) or not line.segs or not line.segs[0].text.startswith(" "):
            return line
        first = line.segs[0]
        return replace(line, segs=(marker, Seg(first.text[1:], first.role), *line.segs[1:]))

    def _under_cursor(self, line: Line) -> bool:
        return self.has_focus and line.key is not None and line.key == self._selected

    def marked_lines(self) -> frozenset[int]:
        shown = self._body[self._top : self._top + self._room]
        first = next((y for y, line in enumerate(shown) if self._under_cursor(line)), None)
        return frozenset() if first is None else frozenset({first + self._above})

    def _title_line(self, width: int) -> Line:
        role = "focus" if self.has_focus else "title"
        title = [
            Seg(seg.text, role if seg.role == "title" else seg.role)
            for seg in (Seg(" "), *self.heading(), *self._filter_note(), Seg(" "))
        ]
        more = self._more()
        title = list(fit_segs(title, max(0, width - segs_width(more))))
        rule = self.glyphs.rule * (width - segs_width(title) - segs_width(more))
        return Line((*title, Seg(rule, "rule"), *more))

    def _filter_note(self) -> list[Seg]:
        return [Seg(f" /{self.filter_text}", "key")] if self.filter_text else []

    def _more(self) -> list[Seg]:
        """How many lines there are above and below those on screen."""
        above, below = self._top, max(0, self._length - self._top - self._room)
        parts = []
        if above:
            parts.append(f"+{above} {self.glyphs.up}")
        if below:
            parts.append(f"+{below} more {self.glyphs.down}")
        return [Seg(f" {' '.join(parts)} ", "dim")] if parts else []

    def _keep_selection(self) -> None:
        keys = self.keys
        if self._selected is None:
            if self.has_focus and keys and not self._lost:
                self._begin_at(self._first_of(keys))
        elif self.leads and not self._moved and keys:
            first = self._first_of(keys)
            if first != self._selected:
                self._begin_at(first)
        elif self._selected in keys:
            self._place = keys.index(self._selected)
        else:
            self._selected, self._lost = None, True
            self.post_message(self.Selected(self, None, ""))

    def _first_of(self, keys: Sequence[str]) -> str:
        """Of the rows ``keys`` the one that the cursor begins on."""
        return keys[0]

    def _begin_at(self, key: str) -> None:
        """Put the cursor on the row ``key``, where nobody has put it anywhere."""
        self._selected, self._place = key, self.keys.index(key)
        self.post_message(self.Selected(self, key, self.selected_check))

    def _scroll_to_row(self, key: str) -> None:
        places = [y for y, line in enumerate(self._body) if line.key == key]
        if not places:
            return
        first, last = places[0], places[-1]
        if first == next((y for y, line in enumerate(self._body) if line.key is not None), 0):
            first = 0
        self._top = max(self._top, last - self._room + 1)
        self._top = min(self._top, first)

    # Reactions

    def let_go(self) -> None:
        super().let_go()
        self._inputs, self._wanted = (), {}

    def watch_filter_text(self) -> None:
        self.update_lines()

    def watch_compact(self, compact: bool) -> None:
        self.set_class(compact and self.inline_when_compact, "-inline")
        self.update_lines()

    def _on_focus(self, event: events.Focus) -> None:
        """As the library does, without painting the whole pane: its lines tell what differs."""
        event.prevent_default()
        self.has_focus = True
        if self.parent is not None:
            self.parent.post_message(events.DescendantFocus(self))

    def _on_blur(self, event: events.Blur) -> None:
        event.prevent_default()
        self.has_focus = False
        if self.parent is not None:
            self.parent.post_message(events.DescendantBlur(self))

    def watch_has_focus(self, _has_focus: bool) -> None:
        # Its own handler of the event would be called before the focus is known. The library's
        # works out styles, of which none of a pane's hangs on the focus.
        self._lost = self._lost and not _has_focus
        self.update_lines()

    def action_move(self, rows: int) -> None:
        """Move the cursor by ``rows``, onto one where it was on none; text without rows scrolls."""
        keys = self.keys
        if not keys:
            self._scroll_by(rows)
            return
        by = rows if self._selected is not None else 0
        self.select(keys[max(0, min(len(keys) - 1, self._place + by))])

    def action_move_to(self, place: int) -> None:
        """Move the cursor to the row at ``place``, -1 being the last."""
        if keys := self.keys:
            self.select(keys[place])
        else:
            self._scroll_by(self._length if place < 0 else -self._length)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self._room - 1))

    def action_open(self) -> None:
        if self._selected is not None:
            self.post_message(self.Opened(self, self._selected, self.selected_check))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        place = self._top + offset.y - self._above
        if offset.y < self._above or not 0 <= place < len(self._body):
            return
        key = self._body[place].key
        if key is None:
            return
        self.select(key)
        if event.chain == 2:
            self.action_open()

    def _scroll_by(self, lines: int) -> bool:
        before = self._top
        self._top = max(0, min(self._top + lines, self._length - self._room))
        self.update_lines()
        return self._top != before

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if self._scroll_by(2):
            event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        if self._scroll_by(-2):
            event.stop()


def _same(reads: tuple[object, ...], before: tuple[object, ...]) -> bool:
    """Whether what is read is what was read before: an equal frame, the same objects and texts."""
    if len(reads) != len(before) or reads[0] != before[0]:
        return False
    return all(
        one is other or (isinstance(one, str) and one == other)
        for one, other in zip(reads[1:], before[1:], strict=True)
    )
