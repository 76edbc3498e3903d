"""What a report is made of, and how it tells times and lengths. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Final

from checks.alerts.severity import Severity, severity_of
from checks.story import telling
from checks.story.about import short_steps
from checks.story.model import Entry, EntryKind, Figure, Incident
from checks.story.report.impact import Impact, impacts_of

__all__ = [
    "Material",
    "StepRun",
    "duration",
    "name_of",
    "percent",
    "shown_seconds",
]

_PRIORITIES: Final = {
    Severity.CRITICAL: "P1",
    Severity.HIGH: "P2",
    Severity.WARNING: "P3",
    Severity.INFO: "P4",
}


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step of a runbook as it went; ``ended`` None where nobody saw it end."""

    began: Entry
    ended: Entry | None = None

    @property
    def name(self) -> str:
        """Of the step, without its runbook's."""
        return self.began.name.partition(" › ")[2] or self.began.name

    @property
    def safe(self) -> bool:
        """Whether it only looks."""
        return ("safe", "yes") in self.began.labels

    @property
    def came_to(self) -> str:
        """``exit code 0 after 2 s``."""
        if self.ended is None:
            return "nobody saw it end"
        took = self.ended.at - self.began.at
        told = self.ended.text.partition(": ")[2]
        if self.ended.after == telling.CUT_OFF:
            # When it was is not known: it is told by the session after that.
            return told
        return f"{told} after {'less than a second' if took < 1 else duration(took)}"

    @property
    def exit_code(self) -> int | None:
        """None where there is none, or nobody saw."""
        told = dict(self.ended.labels).get("exit_code", "") if self.ended else ""
        return int(told) if told.lstrip("-").isdecimal() else None


@dataclass(frozen=True)
class Material:
    """Everything that is known of an incident.

    Attributes:
        entries: of its time, the oldest first: :func:`checks.story.about.about_of`.
        now: when the report is written.
        zone: of the times that are told beside UTC; None for this machine's.
        runbooks: names of those that there are; None where that is not known.
        acknowledge_within: seconds within which it was to be acknowledged; None for no target.
        service: what it is called in notifications; empty for the names of its checks.
        status_page: the address of it, empty where there is none.
    """

    incident: Incident
    entries: tuple[Entry, ...]
    figures: tuple[Figure, ...]
    now: float
    zone: tzinfo | None = None
    runbooks: Collection[str] | None = None
    acknowledge_within: float | None = None
    service: str = ""
    status_page: str = ""
    host: str = ""

    @property
    def over(self) -> float | None:
        """When its last alert was resolved; None while one fires."""
        return self.incident.ended or self.incident.quiet

    @property
    def end(self) -> float:
        """When it was over, or now."""
        return self.over or self.now

    @cached_property
    def priority(self) -> str:
        """``P1`` to ``P4``, whatever words its label has."""
        return _PRIORITIES[severity_of({"severity": self.incident.severity})]

    @cached_property
    def impacts(self) -> list[Impact]:
        """What it did to requests."""
        return impacts_of(self.incident, self.figures, self.now)

    @cached_property
    def steps(self) -> list[StepRun]:
        """The steps that were run, in the order in which they began."""
        ends: dict[str, Entry] = {}
        for entry in self._of(EntryKind.STEP):
            if entry.after != telling.STEP_BEGAN:
                ends[dict(entry.labels).get("run", "")] = entry
        begins = [e for e in self._of(EntryKind.STEP) if e.after == telling.STEP_BEGAN]
        return [StepRun(one, ends.get(dict(one.labels).get("run", ""))) for one in begins]

    @cached_property
    def told(self) -> tuple[tuple[Entry, StepRun | None], ...]:
        """What a timeline tells: a step that was short once, with how it ended."""
        runs = {id(run.began): run for run in self.steps}
        short = {id(ended) for _, ended in short_steps(self.entries).values()}
        return tuple((e, runs.get(id(e))) for e in self.entries if id(e) not in short)

    @cached_property
    def fired(self) -> Mapping[str, list[Entry]]:
        """Entries of firing, by the name of the alert and its check."""
        found: dict[str, list[Entry]] = {}
        for entry in self._of(EntryKind.TRANSITION):
            if entry.after == telling.FIRING:
                found.setdefault(name_of(entry), []).append(entry)
        return found

    @cached_property
    def notes(self) -> list[Entry]:
        """What people wrote."""
        return self._of(EntryKind.NOTE)

    @cached_property
    def deployments(self) -> list[Entry]:
        return self._of(EntryKind.DEPLOYMENT)

    def said(self, *words: str) -> list[str]:
        """Notes that begin with one of ``words`` and a colon, without these."""
        found = []
        for note in self.notes:
            head, colon, text = note.text.partition(":")
            if colon and head.strip().lower() in words:
                found.append(text.strip())
        return found

    def _of(self, kind: EntryKind) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind is kind]

    # Times

    def local(self, at: float) -> datetime:
        """In the zone of the report."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone)

    def utc(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC)

    @cached_property
    def is_utc(self) -> bool:
        """Whether local time is UTC all through."""
        return not any(
            self.local(at).utcoffset() for at in (self.incident.began, self.end, self.now)
        )

    def moment(self, at: float) -> str:
        """``2026-01-31 14:05:07 UTC (15:05:07 CET)``."""
        told = f"{self.utc(at):%Y-%m-%d %H:%M:%S} UTC"
        if self.is_utc:
            return told
        local = self.local(at)
        day = "" if local.date() == self.utc(at).date() else f"{local:%Y-%m-%d} "
        return f"{told} ({day}{local:%H:%M:%S %Z})"

    def clock(self, at: float) -> str:
        """``14:05``, in UTC."""
        return f"{self.utc(at):%H:%M}"


def name_of(entry: Entry) -> str:
    """The name of its alert, with the check that it is of."""
    if not entry.check or entry.check in entry.name:
        return entry.name
    return f"{entry.name} of {entry.check}"


def duration(seconds: float) -> str:
    """``45 seconds``, ``2 minutes``, ``1 hour 5 minutes``, ``3 days 2 hours``."""
    left = int(max(0.0, seconds))
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    told: list[str] = []
    for name, length in units:
        count, left = divmod(left, length)
        if count:
            told.append(f"{count} {name}{'' if count == 1 else 's'}")
        if len(told) == 2 or (told and not count):
            break
    # Seconds beside minutes are of interest in the first few alone.
    if len(told) == 2 and "second" in told[1] and seconds >= 600:
        told.pop()
    return " ".join(told) or "0 seconds"


def percent(ratio: float) -> str:
    """``6.2 %``, ``<0.1 %``; what is not quite all is never 100 %."""
    value = ratio * 100
    if 0 < value < 0.1:
        return "<0.1 %"
    if 99.9 < value < 100:
        return ">99.9 %"
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f}".removesuffix(".0") + " %"


def shown_seconds(seconds: float | None) -> str:
    """``120 ms``, ``2.3 s``; a dash for what is not known."""
    if seconds is None:
        return "—"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
