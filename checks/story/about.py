"""Which entries are told of an incident. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from checks.story.matchers import MatcherError, matches, parse
from checks.story.model import Entry, EntryKind, Incident, Matcher
from checks.story.telling import STEP_BEGAN

__all__ = ["BEFORE", "SHORT", "about_of", "concerns", "run_of", "short_steps"]

BEFORE: Final = 1_800.0
"""Seconds before an incident in which a deployment may have to do with it."""
SHORT: Final = 60.0
"""Seconds of a step up to which its begin and its end are one line."""
_FOR_ALL: Final = frozenset(
    {EntryKind.DEPLOYMENT, EntryKind.RELOAD, EntryKind.GAP, EntryKind.SESSION, EntryKind.SILENCED}
)
"""Kinds that concern every incident in whose time they are; of silences those of its alerts."""
_LEADING: Final = frozenset({EntryKind.DEPLOYMENT, EntryKind.RELOAD})


def concerns(entry: Entry, incident: Incident, now: float) -> bool:
    """Whether it is of ``incident``, or of its time and of interest to all."""
    if entry.incident or entry.kind not in _FOR_ALL:
        return entry.incident == incident.id
    lead = BEFORE if entry.kind in _LEADING else 0.0
    return incident.began - lead <= entry.at <= (incident.ended or now)


def about_of(incident: Incident, entries: Iterable[Entry], now: float) -> tuple[Entry, ...]:
    """Of all ``entries`` those that are told of ``incident``, the oldest first."""
    found = [one for one in entries if concerns(one, incident, now)]
    members = [
        {"check": one.check, **dict(one.labels)}
        for one in found
        if one.kind is EntryKind.TRANSITION
    ]
    found = [one for one in found if _may_hide(one, members)]
    return tuple(sorted(found, key=lambda one: (one.at, one.id)))


def _may_hide(entry: Entry, members: Iterable[Mapping[str, str]]) -> bool:
    """Whether it is of a silence that matches one of ``members``, the labels of alerts, or of
    something else.
    """
    if entry.kind is not EntryKind.SILENCED:
        return True
    matchers = _matchers(entry)
    return any(matches(matchers, labels) for labels in members)


def _matchers(entry: Entry) -> tuple[Matcher, ...]:
    """Of a silence as its entry tells them; none, which match all, where that was cut short."""
    try:
        return parse(entry.text.partition(": ")[2])
    except MatcherError:
        return ()


def run_of(entry: Entry) -> str:
    """The run of a step that an entry is of, empty for others."""
    return dict(entry.labels).get("run", "") if entry.kind is EntryKind.STEP else ""


def short_steps(entries: Sequence[Entry]) -> Mapping[str, tuple[Entry, Entry]]:
    """The begins and the ends of steps that ended soon, by their run."""
    began = {run_of(one): one for one in entries if one.after == STEP_BEGAN}
    ended = {run_of(one): one for one in entries if run_of(one) and one.after != STEP_BEGAN}
    pairs = ((run, began[run], end) for run, end in ended.items() if run in began)
    return {run: (first, last) for run, first, last in pairs if last.at - first.at < SHORT}
