"""What the boxes have in common that lie on a screen and follow the picture."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen

from tui import keymap
from tui.screens.overlay import Overlay
from tui.screens.picture import Standing
from widgets.selecting import SelectingScreen

__all__ = ["PictureModal"]


class PictureModal(SelectingScreen, ModalScreen[None], Overlay, inherit_bindings=False):
    """A box upon a screen. While it is on top the pictures go to it."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.BOX]
    QUESTION: ClassVar[str] = ""
    """What it is looked at for, in a sentence; the help begins with it."""

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

    def take(self, standing: Standing) -> None:
        """Show what ``standing`` says."""
