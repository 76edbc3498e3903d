"""The box with all silences: which are active, which come, and the keys that end or prolong one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import BindingType
from textual.widget import Widget

from tui import keymap
from tui.annotating import Expires, Silences, may_annotate
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets.databases.session import Told
from widgets.silences import SilencesPane
from widgets.text import line

if TYPE_CHECKING:
    from checks.story.model import Silence

__all__ = ["SilencesScreen"]

_LONGER: Final = 3600.0


class SilencesScreen(WholeBox):
    """Every silence of the newest picture. What ends one leaves it in the list for a day."""

    TITLE = "Silences"
    QUESTION = "What is silenced, by whom, until when, and what does that hide?"
    AUTO_FOCUS = "SilencesPane"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.SILENCES]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("handling.expire",), "end it"),
        (("handling.prolong",), "an hour longer"),
        (("session.close",), "back"),
    )

    def __init__(self, standing: Standing, *, ascii_only: bool = False) -> None:
        self._newest = standing.newest
        super().__init__(Told("", lambda _: [line()]), ascii_only=ascii_only)

    def parts(self) -> Iterable[Widget]:
        pane = SilencesPane(id="silences")
        pane.set_reactive(SilencesPane.snapshot, self._newest)
        yield pane

    def on_mount(self) -> None:
        self.query_one("#whole").display = False

    def fit_choices(self, width: int) -> int:
        pane = self.query_one(SilencesPane)
        room = max(3, self.app.size.height - 5)
        lines = max(4, min(room, len(pane.build(width - 1, room)) + 1))
        pane.styles.height = lines
        return lines

    def take(self, standing: Standing) -> None:
        self._newest = standing.newest
        if self.is_mounted:
            self.query_one(SilencesPane).snapshot = standing.newest
            self.fit()
            self.refresh_bindings()

    @property
    def _chosen(self) -> Silence | None:
        """The silence under the cursor, where somebody set it and it is not over."""
        pane = self.query_one(SilencesPane)
        now = self._newest.time if self._newest is not None else 0.0
        found = (v.silence for v in pane.views() if v.silence.id == pane.selected)
        one = next(found, None)
        return one if one is not None and not one.window and one.ends > now else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("expire", "prolong"):
            made = bool(self.query(SilencesPane))
            return made and may_annotate(self._newest) and self._chosen is not None
        return True

    def on_line_pane_selected(self) -> None:
        """Another row may be one that can be ended."""
        self.refresh_bindings()

    def action_expire(self) -> None:
        one = self._chosen
        if one is not None:
            self.post_message(Expires(one))

    def action_prolong(self) -> None:
        one = self._chosen
        if one is not None:
            self.post_message(Silences(replace(one, ends=one.ends + _LONGER)))
