"""The part of the app that has alerts acknowledged and silenced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual import on

from tui.annotating import Acknowledges, Expires, Silences, TakesBack, may_annotate
from tui.screens.hinting import hints_from
from tui.screens.picture import PictureScreen
from tui.story import StoryApp

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.dom import DOMNode

__all__ = ["AnnotatingApp"]

_SAID: Final = 4.0
"""Seconds for which is said what was asked for."""
_ANNOTATES: Final = ("acknowledge", "silence")
_ABOUT_ALERTS: Final = (*_ANNOTATES, "runbook")
"""Keys of screens that are about the alert under the cursor."""


class AnnotatingApp(StoryApp, inherit_bindings=False):
    """Everything that people do about alerts; subclasses have the ``source``."""

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """As the library does; of a key that finds no alert to be about, say so."""
        done = await super().run_action(action, default_namespace, namespaces)
        screen = default_namespace
        if not done and action in _ABOUT_ALERTS and isinstance(screen, PictureScreen):
            told = self._why_not(screen, annotates=action in _ANNOTATES)
            if told:
                self.say(told, seconds=_SAID)
        return done

    def _why_not(self, screen: PictureScreen, *, annotates: bool) -> str:
        """Why such a key does nothing; empty while there is no picture."""
        snapshot = screen.snapshot
        if snapshot is None:
            return ""
        if annotates and not may_annotate(snapshot):
            return "this onwatch only looks (--no-annotate): no alert is taken or silenced"
        if not snapshot.alerts:
            return "there is no alert"
        if screen.no_alert:
            return screen.no_alert
        keys = hints_from(((("app.alerts",), ""),), self.screen.active_bindings.values())
        return f"no alert here: choose one in Alerts{f' ({keys[0][0]})' if keys else ''}"

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
