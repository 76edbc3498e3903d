"""What the boxes have in common that lie on a screen and follow the picture."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen

from tui import keymap
from tui.screens.hinting import HintSource, binding_of, hints_from
from tui.screens.overlay import Overlay
from tui.screens.standing import Standing
from widgets.hints import HintLine
from widgets.selecting import SelectingScreen

__all__ = ["PictureModal"]


class PictureModal(SelectingScreen, ModalScreen[None], Overlay, inherit_bindings=False):
    """A box upon a screen. While it is on top the pictures go to it."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.BOX]
    QUESTION: ClassVar[str] = ""
    """What it is looked at for, in a sentence; the help begins with it."""
    HINTS: ClassVar[tuple[HintSource, ...]] = ()
    """The keys that are named at its bottom, as far as they work."""

    class Confirmed(Message):
        """``action`` is to be done to the session ``subject`` of ``check``; ``title`` says it."""

        def __init__(self, check: str, action: str, subject: str, title: str) -> None:
            self.check = check
            self.action = action
            self.subject = subject
            self.title = title
            super().__init__()

    class Inspects(Message):
        """``check`` is to tell all there is about ``subject``; of none where that is empty."""

        def __init__(self, check: str, subject: str) -> None:
            self.check = check
            self.subject = subject
            super().__init__()

    def hints(self) -> tuple[HintSource, ...]:
        """The keys that are named at its bottom now, as far as they work."""
        return self.HINTS

    def opens(self) -> str:
        """What Enter does on a row here, for the help; empty where it opens its details."""
        return ""

    def take(self, standing: Standing) -> None:
        """Show what ``standing`` says."""

    def on_mount(self) -> None:
        self._name_keys()
        self.bindings_updated_signal.subscribe(self, lambda _: self._name_keys())

    def _name_keys(self) -> None:
        hints = hints_from(self.hints(), self.active_bindings.values())
        self.query_one(HintLine).hints = hints

    @on(HintLine.Clicked)
    def _press(self, event: HintLine.Clicked) -> None:
        found = binding_of(event.key, self.active_bindings.values())
        if found is not None:
            self.call_later(self.app.run_action, found.binding.action, found.node)

    def action_close(self) -> None:
        self.dismiss()
