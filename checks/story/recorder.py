"""Has what happens by itself written into the story's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from checks.story import telling
from checks.story.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checks.story.model import Acknowledgement, Entry, Figure, Incident, Session
    from checks.story.views import Handled, StoryView
    from checks.views import Snapshot

__all__ = ["Kept", "StoryRecorder"]

_HELD: Final = 10
"""Incidents whose figures are held where there is no file."""


class Kept(Protocol):
    """What it writes to: :class:`checks.story.keeping.Keeping`."""

    incidents: dict[int, Incident]
    cut_off: tuple[Session, ...]
    before: Session | None
    path: Path | None

    def add(self, entry: Entry) -> None:
        """Put ``entry`` into the timeline."""

    def incident(self, one: Incident) -> None:
        """Note ``one`` as it is now."""

    def figure(self, one: Figure) -> None:
        """Keep ``one`` for the report of its incident."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The latest entries, the newest first."""

    @property
    def session(self) -> Session:
        """This one."""


class StoryRecorder:
    """Follows the pictures of an engine and its successors after a reload. It begins with what
    ``kept`` holds then.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.looked_back = False
        """Whether steps of other sessions have been told."""
        self.figures: dict[int, list[Figure]] = {}
        """By their incident, those that no file keeps."""
        self._recorder: Recorder | None = None
        self._handled: Mapping[str, Handled] | None = None
        self._silenced: frozenset[str] = frozenset()
        self._acks: Mapping[str, Acknowledgement] = {}

    def follow(self, old: StoryRecorder) -> None:
        """Go on where ``old`` was."""
        self._recorder, self.figures = old._recorder, old.figures
        self.looked_back = old.looked_back

    def look(self, picture: Snapshot, story: StoryView) -> None:
        """Note what is other in ``picture`` than in the one before."""
        if self._recorder is None:
            self._recorder = Recorder(self._kept.incidents.values(), self._kept.entries)
            self._begin()
        if story.handled is not self._handled:
            self._handled = story.handled
            self._silenced = frozenset(k for k, one in story.handled.items() if one.silenced_by)
            taken = ((key, one.acknowledged) for key, one in story.handled.items())
            self._acks = {key: ack for key, ack in taken if ack is not None}
        told = self._recorder.picture(picture, self._silenced, self._acks)
        for incident in told.incidents:
            self._kept.incident(incident)
        for entry in told.entries:
            self._kept.add(entry)
        for figure in told.figures:
            self._kept.figure(figure)
            if self._kept.path is None:
                self._hold(figure)

    def _hold(self, figure: Figure) -> None:
        """Keep ``figure`` in memory: of the last few incidents."""
        self.figures.setdefault(figure.incident, []).append(figure)
        for number in sorted(self.figures)[:-_HELD]:
            del self.figures[number]

    def _begin(self) -> None:
        """Tell that onwatch began, and how the session before it ended."""
        kept, own = self._kept, self._kept.session
        for session in kept.cut_off:
            kept.add(telling.session_lost(session))
        lost = {session.id for session in kept.cut_off}
        before = kept.before
        if before is not None and before.id == own.id:
            return
        if before is not None and before.ended is not None and before.id not in lost:
            kept.add(telling.session_ended(before, before.ended))
        kept.add(telling.session_began(own))
