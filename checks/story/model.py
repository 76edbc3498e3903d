"""Acknowledgements, silences, maintenance, entries of the timeline, and incidents.

Times are seconds since 1970 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checks.alerts.model import Pairs
from checks.model import Status

__all__ = [
    "Acknowledgement",
    "Entry",
    "EntryKind",
    "Figure",
    "Incident",
    "Matcher",
    "Session",
    "Silence",
]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has taken an alert. It ends when the alert does, or gets worse.

    Attributes:
        alert: the id of the alert as it was then.
        thing: what the alert is of, over restarts: :func:`checks.story.things.thing_of`.
        severity: how bad it was then: :func:`checks.story.things.rank_of`.
        ended: when it ended or was taken back; None until then.
    """

    alert: str
    who: str
    at: float
    note: str = ""
    thing: str = ""
    severity: int = 0
    ended: float | None = None

    @property
    def id(self) -> str:
        """What it is known by in the file."""
        return f"{self.at!r} {self.thing}"


@dataclass(frozen=True, slots=True)
class Matcher:
    """As Alertmanager's: ``operator`` is one of ``=``, ``!=``, ``=~``, ``!~``; a regular
    expression matches the whole value; a label that is not there has the value "".
    """

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.operator}"{escaped}"'


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that all ``matchers`` match are hidden from ``starts`` to ``ends``.

    ``window`` is the name of the maintenance window of the configuration that it comes from,
    empty for one that somebody set.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts: float
    ends: float
    who: str
    comment: str = ""
    window: str = ""

    def active(self, now: float) -> bool:
        """Whether it hides anything at ``now``."""
        return self.starts <= now < self.ends


class EntryKind(StrEnum):
    """What an entry of the timeline tells of."""

    TRANSITION = "alert"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    NOTE = "note"
    STEP = "step"
    DEPLOYMENT = "deployment"
    RELOAD = "reload"
    GAP = "gap"
    SESSION = "session"
    """onwatch began or ended."""
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    Attributes:
        id: of its row in the file; 0 before it is written.
        at: when it happened.
        incident: the id of the incident that it belongs to, 0 for none.
        alert: the id of the alert that it is of, empty for none.
        text: a sentence, clean.
        detail: more of it in lines: evidence, a step's command and how it ended.
        after: of a transition, the state after it, empty for others.
    """

    at: float
    kind: EntryKind
    text: str
    id: int = 0
    incident: int = 0
    alert: str = ""
    name: str = ""
    check: str = ""
    status: Status = Status.OK
    who: str = ""
    detail: str = ""
    labels: Pairs = ()
    after: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts that belong together in time and by dependency.

    Attributes:
        title: of its cause, in words.
        cause: the name of the alert at its root.
        status: the worst that any of its alerts has been.
        began: when its first alert fired.
        ended: when its last one was resolved; None while one fires.
        acknowledged: when the first of its alerts was acknowledged; None until then.
        acknowledged_by: who did.
        alerts: ids of its alerts in the order in which they fired.
        severity: as its worst alert's label says: ``critical``, ``P1``, ….
        checks: names of the checks that they are of or follow from.
        quiet: since when none of them fires, while it is waited for one to come back; then
            ``ended`` is that moment. None while one fires.
        still: while others of its alerts fire and its cause does no more, what is the matter, in
            words. Whoever records it knows; no file keeps it.
    """

    id: int
    title: str
    cause: str
    status: Status
    began: float
    ended: float | None = None
    acknowledged: float | None = None
    acknowledged_by: str = ""
    alerts: tuple[str, ...] = ()
    severity: str = ""
    checks: tuple[str, ...] = ()
    quiet: float | None = None
    still: str = ""

    @property
    def called(self) -> str:
        """What it is, in one line: its title, which its status is of; once that is over, its cause
        with what is the matter still.
        """
        return f"{self.cause}; still {self.left}" if self.left else self.title

    @property
    def left(self) -> str:
        """What is the matter still where its cause fires no more; empty where that is nothing."""
        return self.still if self.quiet is None is self.ended else ""

    @property
    def time_to_acknowledge(self) -> float | None:
        """Seconds from its begin until somebody took it."""
        return None if self.acknowledged is None else self.acknowledged - self.began

    @property
    def time_to_resolve(self) -> float | None:
        """Seconds from its begin to its end."""
        return None if self.ended is None else self.ended - self.began


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is kept for the report of an incident, since the store forgets.

    Of requests ``series`` is ``requests`` and the name of their check, ``at`` the begin of a
    minute of which ``count`` and ``errors`` are told, and ``value`` the 95th percentile of their
    durations in seconds. Of an alert ``series`` is ``alert`` and what its id
    begins with (:func:`checks.story.identities.identity`), and ``value`` what its
    expression returned at ``at``. None where it is not known.
    """

    incident: int
    series: str
    at: float
    value: float | None = None
    count: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """onwatch at work, once. ``seen`` is when it last said so; ``ended`` None until it ends."""

    id: str
    pid: int
    began: float
    seen: float
    ended: float | None = None
    who: str = ""
