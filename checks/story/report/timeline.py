"""The timeline of a report: what happened when, in rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from checks.model import Status
from checks.story import telling
from checks.story.about import SHORT
from checks.story.model import Entry, EntryKind
from checks.story.report.markdown import code, plain, table
from checks.story.report.material import Material, StepRun, name_of

__all__ = ["timeline"]

_MOST_ROWS: Final = 400
"""Rows of the timeline; of a longer one the middle is left out."""


def timeline(material: Material) -> list[str]:
    """A row for each entry, in UTC and in local time."""
    entries = material.told
    left_out = max(0, len(entries) - _MOST_ROWS)
    if left_out:
        half = _MOST_ROWS // 2
        entries = (*entries[:half], *entries[-half:])
    if not entries:
        return ["Nothing is recorded of it any more."]
    days = len({material.utc(entry.at).date() for entry, _ in entries}) > 1
    head = (
        ["UTC", "What happened"] if material.is_utc else ["UTC", _zone(material), "What happened"]
    )
    rows: list[list[str]] = []
    for place, (entry, run) in enumerate(entries):
        if left_out and place == _MOST_ROWS // 2:
            rows.append(["…"] * (len(head) - 1) + [f"{left_out:,} entries are left out here"])
        rows.append([*_times(entry, material, days=days), _told(entry, run)])
    return table(head, rows)


def _zone(material: Material) -> str:
    return plain(f"{material.local(material.incident.began):%Z}") or "local"


def _times(entry: Entry, material: Material, *, days: bool) -> list[str]:
    layout = "%Y-%m-%d %H:%M:%S" if days else "%H:%M:%S"
    utc = f"{material.utc(entry.at):{layout}}"
    return [utc] if material.is_utc else [utc, f"{material.local(entry.at):{layout}}"]


def _told(entry: Entry, run: StepRun | None) -> str:
    """What happened; of a step's begin how it went, where it was short."""
    if entry.kind is EntryKind.STEP:
        return _step(entry, run)
    return _WAYS.get(entry.kind, _other)(entry)


def _transition(entry: Entry) -> str:
    """With what it rests on."""
    details = []
    for line in entry.detail.splitlines():
        name, _, text = line.partition(": ")
        if name in {"value", "why"}:
            details.append(plain(text))
        elif name == "may follow from":
            details.append(plain(line))
    more = f" ({'; '.join(details)})" if details else ""
    return f"{_sign(entry)} **{plain(name_of(entry))}** {plain(entry.text)}{more}"


def _sign(entry: Entry) -> str:
    """Green where it is over; of what fires red where it is critical, else yellow."""
    if entry.after != telling.FIRING:
        return "🟢"
    return "🔴" if entry.status is Status.CRITICAL else "🟡"


def _step(entry: Entry, run: StepRun | None) -> str:
    came = entry.text.partition(": ")[2]
    if run is not None and run.ended is not None and run.ended.at - entry.at < SHORT:
        came = run.came_to
    return f"▶ step {code(entry.name)}: {plain(came)}{_by(entry)}"


def _done(entry: Entry) -> str:
    more = f": {plain(entry.detail)}" if entry.detail else ""
    return f"{plain(entry.text)}{more}{_by(entry)}"


def _note(entry: Entry) -> str:
    return f"✎ {plain(entry.text)}{_by(entry)}"


def _deployment(entry: Entry) -> str:
    named = f" of {plain(entry.check)}" if entry.check else ""
    return f"**Deployment**{named}: {plain(entry.text)}{_by(entry)}"


def _other(entry: Entry) -> str:
    about = f"{plain(entry.check)}: " if entry.check else ""
    return f"{about}{plain(entry.text)}"


def _by(entry: Entry) -> str:
    return f" — {plain(entry.who)}" if entry.who else ""


_WAYS: Final[Mapping[EntryKind, Callable[[Entry], str]]] = {
    EntryKind.TRANSITION: _transition,
    EntryKind.ACKNOWLEDGED: _done,
    EntryKind.SILENCED: _done,
    EntryKind.NOTE: _note,
    EntryKind.DEPLOYMENT: _deployment,
}
