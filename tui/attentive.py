"""The part of the app that calls somebody to the screen when something critical begins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual import on
from textual.message import Message
from textual.timer import Timer

from tui.runbooks import RunbookApp
from tui.terminal import Looks
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import Snapshot
    from tui.attention import Attention

__all__ = ["AttentiveApp"]

_FLASHES: Final = 3
_FLASH: Final = 0.35
"""Seconds of each of its halves: below three a second, as WCAG asks (2.3.1)."""


class AttentiveApp(RunbookApp, inherit_bindings=False):
    """Bell, notification of the desktop, and a flash of the verdict."""

    class Attentive(Message):
        """Whether the configuration wants to be called; from any thread."""

        def __init__(self, on: bool) -> None:
            self.on = on
            super().__init__()

    def __init__(self, looks: Looks, theme: str | None, *, curves: bool = True) -> None:
        super().__init__(looks, theme, curves=curves)
        self._attention: Attention | None = None
        self._to_call = True
        self._flashing: Timer | None = None
        self._halves = 0
        self._lit: list[VerdictLine] = []

    @property
    def calls(self) -> bool:
        """Whether somebody is called."""
        return self._to_call if self._attention is None else self._attention.on

    def call_for(self, snapshot: Snapshot) -> None:
        """Call somebody, if ``snapshot`` is worth it."""
        if self._attention is None:
            from tui.attention import Attention  # noqa: PLC0415 - with the first picture

            self._attention = Attention()
            self._attention.on = self._to_call
        call = self._attention.look(snapshot, time.monotonic())
        if call is None:
            return
        from tui.attention import BELL, notification  # noqa: PLC0415

        if self._driver is not None:
            self._driver.write(BELL + notification(call.text))
        if self._curves:
            self._flash()

    @on(Attentive)
    def _take_wish(self, message: Attentive) -> None:
        self._to_call = message.on
        if self._attention is not None:
            self._attention.on = message.on

    def action_attention(self) -> None:
        """Call nobody any more in this session, or somebody again."""
        self._to_call = not self.calls
        if self._attention is not None:
            self._attention.on = self._to_call
        self.say(
            "bell, notification and flash when something critical begins"
            if self._to_call
            else "quiet: nothing calls you any more, until you press it again"
        )

    # The flash

    def _flash(self) -> None:
        """Reverse the verdict a few times; one line, and no more of them than seen by anybody."""
        self._halves = 2 * _FLASHES
        if self._flashing is None:
            self._flashing = self.set_interval(_FLASH, self._half, name="flash of the verdict")
            self._half()

    def _half(self) -> None:
        self._halves -= 1
        top = self.picture_screen if self.screen_stack else None
        shown = [*top.query(VerdictLine)] if top is not None else []
        # Whoever goes on to another screen meanwhile leaves none lit behind.
        for line in self._lit:
            line.lit = False
        self._lit = shown if self._halves % 2 == 1 else []
        for line in self._lit:
            line.lit = True
        if self._halves <= 0 and self._flashing is not None:
            self._flashing.stop()
            self._flashing = None
