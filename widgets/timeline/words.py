"""How incidents and what happened in them are called and drawn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from checks.model import Status
from checks.story.model import Entry, EntryKind, Incident
from checks.story.telling import RESOLVED, STEP_BEGAN
from widgets import format as fmt
from widgets.glyphs import Glyphs
from widgets.text import role_of

__all__ = [
    "KINDS",
    "entry_key",
    "entry_role",
    "entry_sign",
    "entry_text",
    "in_kind",
    "incident_role",
    "incident_sign",
    "incident_told",
    "lasted",
    "moment",
    "over_at",
    "state_of",
]

KINDS: Final[Mapping[str, frozenset[EntryKind]]] = {
    "everything": frozenset(EntryKind),
    "alerts": frozenset({EntryKind.TRANSITION}),
    "what people did": frozenset(
        {EntryKind.ACKNOWLEDGED, EntryKind.SILENCED, EntryKind.NOTE, EntryKind.STEP}
    ),
    "what changed": frozenset(
        {
            EntryKind.DEPLOYMENT,
            EntryKind.RELOAD,
            EntryKind.GAP,
            EntryKind.SESSION,
            EntryKind.EVENT,
        }
    ),
}
"""Which kinds of entries are shown together."""

_SIGNS: Final = {
    EntryKind.ACKNOWLEDGED: "a",
    EntryKind.SILENCED: "s",
    EntryKind.NOTE: "w",
    EntryKind.STEP: "r",
    EntryKind.DEPLOYMENT: "D",
    EntryKind.RELOAD: "~",
    EntryKind.GAP: "!",
    EntryKind.SESSION: "|",
    EntryKind.EVENT: "-",
}
"""Of what people do the key that does it."""
_ROLES: Final = {
    EntryKind.DEPLOYMENT: "high",
    EntryKind.GAP: "high",
    EntryKind.SESSION: "dim",
    EntryKind.RELOAD: "dim",
    EntryKind.EVENT: "dim",
}
_DAY: Final = 86_400.0


def in_kind(entry: Entry, kinds: str) -> bool:
    """Whether an entry is among those called ``kinds``."""
    return entry.kind in KINDS.get(kinds, KINDS["everything"])


def entry_key(entry: Entry) -> str:
    """The same from picture to picture, also once it is written."""
    run = dict(entry.labels).get("run", "") if entry.kind is EntryKind.STEP else ""
    return f"{entry.at!r}/{entry.kind}/{entry.alert}/{run}/{entry.text}"


def entry_sign(entry: Entry, glyphs: Glyphs) -> str:
    """One cell."""
    if entry.kind is EntryKind.TRANSITION:
        return glyphs.status(Status.OK if entry.after == RESOLVED else entry.status)
    return _SIGNS[entry.kind]


def entry_role(entry: Entry) -> str:
    """The ink of its sign and of what it is of."""
    if entry.kind is EntryKind.TRANSITION:
        return role_of(Status.OK if entry.after == RESOLVED else entry.status)
    if entry.kind is EntryKind.STEP and entry.after != STEP_BEGAN:
        return role_of(entry.status)
    return _ROLES.get(entry.kind, "key")


def entry_text(entry: Entry) -> tuple[str, str]:
    """What it is of, empty where it says so itself, and what happened."""
    who = f" ({entry.who})" if entry.who else ""
    if entry.kind is EntryKind.TRANSITION:
        named = not entry.check or entry.check in entry.name
        return entry.name if named else f"{entry.name} {entry.check}", entry.text
    if entry.kind is EntryKind.STEP:
        return "", f"{entry.text}{who}"
    if entry.kind is EntryKind.DEPLOYMENT:
        return entry.check or "deployment", f"{entry.text}{who}"
    if entry.kind in {EntryKind.ACKNOWLEDGED, EntryKind.SILENCED, EntryKind.NOTE}:
        return "", f"{entry.text}{who}"
    return entry.check, entry.text


def incident_sign(incident: Incident, glyphs: Glyphs) -> str:
    """One cell: how bad it is while it lasts."""
    return glyphs.status(Status.OK if over_at(incident) is not None else incident.status)


def incident_role(incident: Incident) -> str:
    """The ink of an incident."""
    if incident.ended is not None:
        return "label"
    return role_of(Status.OK if incident.quiet is not None else incident.status)


def over_at(incident: Incident) -> float | None:
    """When its last alert was resolved; None while one fires."""
    return incident.ended if incident.ended is not None else incident.quiet


def incident_told(incident: Incident, now: float) -> str:
    """It in a sentence, for a colleague."""
    over, took = over_at(incident), incident.time_to_acknowledge
    span = fmt.span(lasted(incident, now))
    left = f", which is over; still {incident.left}" if incident.left else ""
    severity = incident.severity or incident.status.value
    told = [
        f"incident {incident.id} ({severity}): {incident.title}{left}",
        f"began {fmt.date_clock(incident.began)}",
        f"resolved after {span}" if over is not None else f"lasts for {span}",
    ]
    by = f" by {incident.acknowledged_by}" if incident.acknowledged_by else ""
    told.append("not acknowledged" if took is None else f"acknowledged after {fmt.span(took)}{by}")
    return "; ".join(told)


def state_of(incident: Incident) -> str:
    """``lasts``, ``resolved``, and ``quiet`` while it may still come back."""
    if incident.ended is not None:
        return "resolved"
    return "quiet" if incident.quiet is not None else "lasts"


def lasted(incident: Incident, now: float) -> float:
    """Seconds from its begin to its end, or so far."""
    over = over_at(incident)
    return max(0.0, (now if over is None else over) - incident.began)


def moment(at: float, now: float) -> str:
    """``14:05:07`` of today, ``30 Jan 14:05`` of another day; twelve cells at most."""
    here = datetime.fromtimestamp(at).astimezone()
    today = datetime.fromtimestamp(now).astimezone()
    if here.date() == today.date():
        return fmt.clock(at)
    return f"{here:%d %b %H:%M}" if now - at < 300 * _DAY else f"{here:%Y-%m-%d}"
