"""What the panes of the runbook's screen have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.reactive import reactive

from widgets.lines import LinePane
from widgets.text import Line, Seg

if TYPE_CHECKING:
    from checks.runbooks.views import RunbookFocus, RunbooksView

__all__ = ["BooksPane", "ReadPane", "found_in", "with_found"]


class BooksPane(LinePane):
    """A pane that is about :attr:`books`, the newest there are."""

    opens: ClassVar[bool] = False
    """Whether Enter does something with its rows."""

    books: reactive[RunbooksView | None] = reactive(None, repaint=False, layout=False)

    @property
    def focus_shown(self) -> RunbookFocus | None:
        """The runbook that is looked at."""
        return self.books.focus if self.books is not None else None

    def inputs(self) -> tuple[object, ...]:
        return (self.snapshot, self.books)

    def watch_books(self) -> None:
        self.update_lines()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.opens if action == "open" else super().check_action(action, parameters)

    def rewind(self) -> None:
        """Forget where the cursor was: another runbook comes."""
        self._top, self._selected, self._place, self._lost = 0, None, 0, False


class ReadPane(BooksPane):
    """Text to be read, and searched for :attr:`search`."""

    search: reactive[str] = reactive("", repaint=False, layout=False)
    _at = -1
    """The line of the match that was gone to last."""

    def _filter_note(self) -> list[Seg]:
        if not self.search:
            return []
        found = found_in(self._body, self.search)
        place = found.index(self._at) + 1 if self._at in found else 0
        told = f"{place}/{len(found)}" if found else "not found"
        return [Seg(f" /{self.search} {told}", "key" if found else "high")]

    def _mark(self, line: Line, marker: Seg) -> Line:
        return with_found(super()._mark(line, marker), self.search)

    def watch_search(self) -> None:
        """Go to the next match from where the text is now."""
        self._at = -1
        self.go_to_match(1, first=True)

    def go_to_match(self, step: int, *, first: bool = False) -> bool:
        """Bring the next match (1) or the one before (-1) into view; whether there is one."""
        found = found_in(self._body, self.search)
        if not found:
            self.update_lines()
            return False
        start = self._at if self._at >= 0 else self._top - 1
        ahead: Callable[[int], bool] = (lambda y: y > start) if step > 0 else (lambda y: y < start)
        order = found if step > 0 else found[::-1]
        self._at = next((y for y in order if ahead(y)), order[0])
        self._show_line(self._at, gently=first)
        return True

    def _show_line(self, y: int, *, gently: bool = False) -> None:
        """Scroll so that the line ``y`` can be seen with some before it."""
        self._bring_up(y, gently=gently)
        self.update_lines()

    def _bring_up(self, y: int, *, gently: bool) -> None:
        room = max(1, self._room)
        if not (gently and self._top <= y < self._top + room - min(3, room // 2)):
            self._top = max(0, y - room // 3)


def found_in(lines: list[Line], text: str) -> list[int]:
    """The places of the ``lines`` that have ``text`` in them, whatever its case."""
    wanted = text.casefold()
    return [y for y, line in enumerate(lines) if wanted in line.text.casefold()] if text else []


def with_found(line: Line, text: str) -> Line:
    """``line`` with ``text`` standing out wherever it is within one of its pieces."""
    wanted = text.casefold()
    if not wanted or wanted not in line.text.casefold():
        return line
    return Line(tuple(p for seg in line.segs for p in _pieces(seg, wanted)), line.key, line.check)


def _pieces(seg: Seg, wanted: str) -> list[Seg]:
    text, folded = seg.text, seg.text.casefold()
    if len(folded) != len(text):
        # A letter that is two in lower case: the places would not agree.
        return [seg]
    pieces, at = [], 0
    while (place := folded.find(wanted, at)) >= 0:
        pieces.append(Seg(text[at:place], seg.role))
        pieces.append(Seg(text[place : place + len(wanted)], "high"))
        at = place + len(wanted)
    pieces.append(Seg(text[at:], seg.role))
    return [piece for piece in pieces if piece.text]
