"""The part of the app that has alerts acknowledged and silenced."""

from __future__ import annotations

from typing import Final

from textual import on

from tui.annotating import Acknowledges, Expires, Silences, TakesBack
from tui.story import StoryApp

__all__ = ["AnnotatingApp"]

_SAID: Final = 4.0
"""Seconds for which is said what was asked for."""


class AnnotatingApp(StoryApp, inherit_bindings=False):
    """Everything that people do about alerts; subclasses have the ``source``."""

    @on(Acknowledges)
    def _acknowledge(self, event: Acknowledges) -> None:
        self.await_answer("")
        self.source.acknowledge(event.alert.id, event.note)
        self.say(f"{event.alert.name}: taken", seconds=_SAID)

    @on(TakesBack)
    def _take_back(self, event: TakesBack) -> None:
        self.await_answer("")
        self.source.unacknowledge(event.alert.id)
        self.say(f"{event.alert.name}: left to others again", seconds=_SAID)

    @on(Silences)
    def _silence(self, event: Silences) -> None:
        self.await_answer("")
        self.source.silence(event.silence)
        self.say(f"silenced: {', '.join(map(str, event.silence.matchers))}", seconds=_SAID)

    @on(Expires)
    def _expire(self, event: Expires) -> None:
        self.await_answer("")
        self.source.expire(event.silence.id)
        matchers = ", ".join(map(str, event.silence.matchers))
        self.say(f"no longer silenced: {matchers}", seconds=_SAID)

    def open_silences(self) -> None:
        """Open the list of silences on whatever is shown."""
        from tui.screens.silences import SilencesScreen  # noqa: PLC0415 - few look

        if not isinstance(self.screen, SilencesScreen):
            self.push_screen(SilencesScreen(self.standing(), ascii_only=self.ascii_only))
