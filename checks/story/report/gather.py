"""Everything that the story's file and the audit log know of an incident. This blocks."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from checks.story.about import BEFORE, about_of
from checks.story.report.material import Material
from checks.story.steps import with_audit

if TYPE_CHECKING:
    from checks.runbooks.audit import AuditEntry
    from checks.story.journal import Journal
    from checks.story.model import Entry, Figure, Incident
    from checks.story.targets import Targets

__all__ = ["Around", "acknowledge_within", "gather", "put_together"]

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
    journal: Journal,
    incident: Incident,
    around: Around,
    audit: Iterable[AuditEntry] = (),
    fresh: Iterable[Entry] = (),
) -> Material:
    """The material of a report of ``incident``; ``fresh`` are entries that are not written yet.

    Raises:
        JournalError: the file cannot be read.
    """
    own = journal.entries(incident=incident.id, limit=_MOST)
    ids = {one.id for one in own}
    others = [one for one in journal.entries(limit=_MOST) if one.id not in ids]
    # What waited when the report was asked for may have been written by now.
    written = {replace(one, id=0) for one in (*own, *others)}
    entries = [*own, *others, *(one for one in fresh if one not in written)]
    return put_together(incident, entries, journal.figures(incident.id), around, audit)


def put_together(
    incident: Incident,
    entries: Sequence[Entry],
    figures: Iterable[Figure],
    around: Around,
    audit: Iterable[AuditEntry] = (),
) -> Material:
    """The material, of what is known already."""
    lines = [one for one in audit if _concerns(one, incident)]
    # An end may be told long after, by the session that found it cut off.
    runs = {one.run for one in lines if _is_within(one.at, incident)}
    steps = [one for one in lines if one.run in runs]
    return Material(
        incident=incident,
        entries=about_of(incident, with_audit(entries, steps, incident.id), around.now),
        figures=tuple(one for one in figures if one.incident == incident.id),
        now=around.now,
        runbooks=around.runbooks,
        acknowledge_within=acknowledge_within(incident, around.targets),
        host=around.host,
    )


def _is_within(at: float, incident: Incident) -> bool:
    return incident.began - BEFORE <= at <= (incident.ended or math.inf)


def _concerns(line: AuditEntry, incident: Incident) -> bool:
    return line.alert_id in incident.alerts or line.check in incident.checks


def acknowledge_within(incident: Incident, targets: Targets | None) -> float | None:
    """Seconds within which it was to be acknowledged; None where nothing says so."""
    if targets is None:
        return None
    due = targets.due(incident.severity, incident.began).acknowledge
    return None if due is None else due - incident.began
