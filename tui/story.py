"""The part of the app that has notes and reports written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import on

from tui.annotating import may_annotate
from tui.attentive import AttentiveApp
from tui.writing import WritesNote, WritesReport

if TYPE_CHECKING:
    from checks.story.model import Incident
    from tui.screens.picture import PictureScreen

__all__ = ["StoryApp"]

_SAID: Final = 4.0
"""Seconds for which is said what was asked for."""


class StoryApp(AttentiveApp, inherit_bindings=False):
    """Everything about the timeline; subclasses have the ``source``."""

    def action_note(self) -> None:
        """Open the box for a note: on the incident that is looked at, or on the one that lasts."""
        from tui.screens.note import NoteScreen  # noqa: PLC0415 - few write
        from tui.screens.timeline import TimelineScreen  # noqa: PLC0415

        if not may_annotate(self.newest):
            self.say("this onwatch only looks (--no-annotate): no note can be written")
            return
        top = self.picture_screen
        incident = top.incident if isinstance(top, TimelineScreen) else self._incident_at(top)
        self.push_screen(NoteScreen(incident, self.standing(), ascii_only=self.ascii_only))

    def _incident_at(self, top: PictureScreen | None) -> Incident | None:
        """The incident of the alert that the cursor is on."""
        from checks.story.incidents import incident_of  # noqa: PLC0415 - few write

        story = self.newest.story if self.newest is not None else None
        alert = top.alert_at if top is not None else None
        if story is None or alert is None:
            return None
        number = incident_of(story.incidents, alert.id, alert.check)
        return next((one for one in story.incidents if one.id == number), None)

    @on(WritesNote)
    def _write_note(self, event: WritesNote) -> None:
        self.await_answer("")
        self.source.note(event.text, event.incident, event.at)
        self.say("written into the timeline", seconds=_SAID)

    @on(WritesReport)
    def _write_report(self, event: WritesReport) -> None:
        self.await_answer("")
        self.source.report(event.incident)
        self.say(f"incident {event.incident}: its report is being written", seconds=_SAID)
