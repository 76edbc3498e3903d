"""An entry of the timeline whole: what it rests on, what ran, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tui import keymap
from tui.screens.picture import PictureScreen
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets.databases.session import Told, pair_lines
from widgets.text import Line, Seg, broken, line
from widgets.timeline.detail import detail_pairs, detail_text

if TYPE_CHECKING:
    from checks.story.model import Entry

__all__ = ["EntryScreen"]


class EntryScreen(WholeBox):
    """One entry, which does not change any more; ``began`` is the begin of a step that it ends."""

    TITLE = "Entry"
    QUESTION = "What exactly happened, who did it, and what does it rest on?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.ENTRY]
    HINTS = ((("entry.copy",), "copy"), (("session.close",), "back"))

    def __init__(
        self,
        entry: Entry,
        began: Entry | None,
        standing: Standing,
        *,
        ascii_only: bool = False,
    ) -> None:
        del standing
        self.entry = entry
        self.began = began
        super().__init__(Told(str(entry.kind), self._lines), ascii_only=ascii_only)

    def _lines(self, width: int) -> list[Line]:
        pairs = detail_pairs(self.entry, self.began)
        text = detail_text(self.entry, self.began)
        rows = [row for each in text for row in broken(each, max(8, width - 2)) or [""]]
        apart = [line()] if rows else []
        return [*pair_lines(pairs, width), *apart, *(line(" ", Seg(row, "value")) for row in rows)]

    def action_copy(self) -> None:
        pairs = detail_pairs(self.entry, self.began)
        rows = [f"{name}: {text}" if name else text for name, text in pairs]
        told = "\n".join([*rows, *detail_text(self.entry, self.began)])
        self.post_message(PictureScreen.Copied(told, "the entry"))
