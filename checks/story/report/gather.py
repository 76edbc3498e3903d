"""Everything that the story's file and the audit log know of an incident. This blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.story.report.material import BEFORE, Material, about_of
from checks.story.steps import with_audit

if TYPE_CHECKING:
    from checks.runbooks.audit import AuditEntry
    from checks.story.journal import Journal
    from checks.story.model import Incident
    from checks.story.targets import Targets

__all__ = ["Around", "gather"]

_MOST: Final = 5_000
"""Entries of an incident, and of its time, that a report is made of."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known besides the file: names of runbooks (None where they are not known), by when
    what is to be acknowledged, who watched.
    """

    now: float
    host: str = ""
    runbooks: Collection[str] | None = None
    targets: Targets | None = None


def gather(
    journal: Journal, incident: Incident, around: Around, audit: Iterable[AuditEntry] = ()
) -> Material:
    """The material of a report of ``incident``.

    Raises:
        JournalError: the file cannot be read.
    """
    own = journal.entries(incident=incident.id, limit=_MOST)
    ids = {one.id for one in own}
    others = [one for one in journal.entries(limit=_MOST) if one.id not in ids]
    end = incident.ended or around.now
    steps = [one for one in audit if incident.began - BEFORE <= one.at <= end]
    steps = [one for one in steps if _concerns(one, incident)]
    every = with_audit([*own, *others], steps, incident.id)
    return Material(
        incident=incident,
        entries=about_of(incident, every, around.now),
        figures=tuple(journal.figures(incident.id)),
        now=around.now,
        runbooks=around.runbooks,
        acknowledge_within=acknowledge_within(incident, around.targets),
        host=around.host,
    )


def _concerns(line: AuditEntry, incident: Incident) -> bool:
    return line.alert_id in incident.alerts or line.check in incident.checks


def acknowledge_within(incident: Incident, targets: Targets | None) -> float | None:
    """Seconds within which it was to be acknowledged; None where nothing says so."""
    if targets is None:
        return None
    due = targets.due(incident.severity, incident.began).acknowledge
    return None if due is None else due - incident.began
