"""A record of a log whole, and filters made of its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tui import keymap
from tui.screens.picture import PictureScreen
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets.databases.session import Told, WholePane
from widgets.glyphs import glyphs_for
from widgets.logs.narrowing import condition
from widgets.logs.record import RecordPane, field_of, record_lines
from widgets.logs.words import origin, record_text

if TYPE_CHECKING:
    from checks.logs.model import Value
    from checks.logs.views import LogLine

__all__ = ["RecordScreen"]


class RecordScreen(WholeBox):
    """One record, which does not change any more. ``narrow`` is called with the condition that
    somebody wants the lines to meet besides.
    """

    TITLE = "Record"
    QUESTION = "What exactly does this line say, and which other lines have the same in a field?"
    PANE: ClassVar[type[WholePane]] = RecordPane
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.RECORD]
    HINTS = (
        (("record.only",), "only this value"),
        (("record.without",), "without it"),
        (("record.copy",), "copy"),
        (("session.close",), "back"),
    )

    def __init__(
        self,
        one: LogLine,
        narrow: Callable[[str], None],
        standing: Standing,
        *,
        ascii_only: bool = False,
    ) -> None:
        del standing
        self.one = one
        self._narrow = narrow
        glyphs = glyphs_for(ascii_only)
        told = Told(origin(one), lambda width: record_lines(one, width, glyphs))
        super().__init__(told, ascii_only=ascii_only)

    @property
    def _field(self) -> tuple[str, Value] | None:
        """The field that the cursor is on."""
        panes = self.query(WholePane)
        return field_of(self.one, panes.first().selected) if panes else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("only", "without"):
            return self._field is not None
        return True

    def on_line_pane_selected(self) -> None:
        self.refresh_bindings()

    def action_only(self) -> None:
        self._take(exclude=False)

    def action_without(self) -> None:
        self._take(exclude=True)

    def _take(self, *, exclude: bool) -> None:
        field = self._field
        if field is not None:
            self._narrow(condition(*field, exclude=exclude))
            self.dismiss()

    def action_copy(self) -> None:
        self.post_message(PictureScreen.Copied(record_text(self.one), "the record"))
