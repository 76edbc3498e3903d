"""What panes show of what people did about alerts: frozen values, text already clean.

Times are seconds since 1970 in UTC. What did not change is the same object as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checks.story.model import Acknowledgement, Entry, Incident, Silence

if TYPE_CHECKING:
    from checks.views import AlertView

__all__ = ["Handled", "SilenceView", "StoryView"]


@dataclass(frozen=True, slots=True, eq=False)
class Handled:
    """How an alert is dealt with.

    ``silenced_by`` are ids of the silences that hide it; ``due`` is when it is to be
    acknowledged by the targets of its severity, ``escalates`` when it goes further up; None
    where nothing says so, and once it is acknowledged or silenced; ``contact`` is to whom.
    """

    acknowledged: Acknowledgement | None = None
    silenced_by: tuple[str, ...] = ()
    due: float | None = None
    escalates: float | None = None
    contact: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SilenceView:
    """A silence and what it hides now: names of alerts, firing or pending."""

    silence: Silence
    hides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StoryView:
    """The whole of it in a picture.

    ``handled`` is by the alert's id, of those that anything is to be said of; ``silences`` are
    active, coming and lately ended ones; ``incidents`` newest first; ``entries`` newest first,
    the latest 500 of all. ``over`` are alerts of checks that were over of late
    (:func:`checks.story.over.lately_over`). ``may_annotate`` is false with ``--no-annotate``.
    ``problem`` is a sentence where the file cannot be used, ``who`` the user at this terminal.
    ``reports`` are the files that reports were written into, by the id of the incident.
    """

    handled: Mapping[str, Handled] = field(default_factory=dict)
    silences: tuple[SilenceView, ...] = ()
    incidents: tuple[Incident, ...] = ()
    entries: tuple[Entry, ...] = ()
    over: tuple[AlertView, ...] = ()
    may_annotate: bool = True
    who: str = ""
    problem: str = ""
    reports: Mapping[int, str] = field(default_factory=dict)
