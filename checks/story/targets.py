"""By when an alert is to be acknowledged and when it goes further up, by its severity.

Pure. Counted from when it began to fire; in business hours where its target says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Final

from checks.alerts.severity import Severity, severity_of_word, severity_word
from checks.story.calendar import instant, local, zone

__all__ = ["BUILT_IN", "Due", "Hours", "Target", "Targets", "Term"]

_BUSINESS_DAYS: Final = re.compile(r"(\d{1,3}) business days?")
_AT_ONCE: Final = frozenset({"at once", "immediate", "immediately"})
_HORIZON: Final = 3_660
"""Days ahead within which a day of business is looked for."""


@dataclass(frozen=True, slots=True)
class Term:
    """``seconds``, or ``days`` of business: until the end of that many of them, the day on which
    it begins not counted.
    """

    seconds: float = 0.0
    days: int = 0

    @classmethod
    def of(cls, value: object) -> Term:
        """``15m``, ``at once``, ``next business day``, ``2 business days``.

        Raises:
            ValueError: it is none of these.
        """
        text = " ".join(value.lower().split()) if isinstance(value, str) else ""
        if text in _AT_ONCE:
            return cls()
        if text == "next business day":
            return cls(days=1)
        if (found := _BUSINESS_DAYS.fullmatch(text)) and int(found[1]) > 0:
            return cls(days=int(found[1]))
        from checks.settings import parse_duration  # noqa: PLC0415 - where there is a configuration

        try:
            return cls(parse_duration(value))
        except ValueError:
            text = f'"{value}" is no time to act in; write 15m, 4h, at once, or 1 business day'
            raise ValueError(text) from None


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of business: ``days`` from Monday, which is 0; ``opens`` and ``closes`` on these."""

    days: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(17)
    timezone: str = ""
    holidays: frozenset[date] = frozenset()

    def open_on(self, day: date) -> bool:
        """Whether ``day`` is one of business."""
        return day.weekday() in self.days and day not in self.holidays

    def span(self, day: date) -> tuple[float, float]:
        """From when to when business is open on ``day``, in seconds since 1970."""
        where = zone(self.timezone)
        opens = instant(day, self.opens, where)
        closing = day if self.closes > self.opens else day + timedelta(days=1)
        return opens, instant(closing, self.closes, where)

    def after(self, began: float, term: Term) -> float:
        """When ``term`` is over, counted in hours of business from ``began``."""
        left, days = term.seconds, term.days
        first = local(began, zone(self.timezone)).date()
        for ahead in range(-1, _HORIZON):
            day = first + timedelta(days=ahead)
            if not self.open_on(day):
                continue
            opens, closes = self.span(day)
            if term.days:
                days -= ahead > 0
                if days == 0:
                    return closes
                continue
            begin = max(opens, began)
            if closes - begin >= left and closes > began:
                return begin + left
            left -= max(0.0, closes - begin)
        return float("inf")


@dataclass(frozen=True, slots=True)
class Target:
    """What a severity asks for; None where it asks for none.

    ``business`` counts in hours of business alone; ``contact`` is who it goes up to.
    """

    acknowledge: Term | None = None
    escalate: Term | None = None
    business: bool = False
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """When an alert is to be acknowledged, and when it goes up to ``contact``; None for never."""

    acknowledge: float | None = None
    escalate: float | None = None
    contact: str = ""


def _minutes(acknowledge: float, escalate: float) -> Target:
    return Target(Term(acknowledge * 60), Term(escalate * 60))


BUILT_IN: Final[Mapping[str, Target]] = {
    "p1": _minutes(15, 15),
    "p2": _minutes(60, 60),
    "p3": _minutes(240, 240),
    "p4": _minutes(24 * 60, 48 * 60),
    "sev1": Target(Term(), Term()),
    "sev2": _minutes(30, 60),
    "sev3": _minutes(120, 240),
    "sev4": Target(Term(days=1), Term(days=2)),
}
"""The usual tables of incident levels: P1 to P4 and severity 1 to 4."""

_CLASSES: Final = {
    Severity.CRITICAL: ("p1", "critical"),
    Severity.HIGH: ("p2", "high"),
    Severity.WARNING: ("p3", "warning"),
    Severity.INFO: ("p4", "info"),
}
_UNASKED: Final = frozenset({"info", "information", "informational", "notice", "debug", "none"})
"""What is told for information is for nobody to take, unless the configuration says so."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets by severity, those of the configuration before the built-in ones.

    ``own`` are by the word of the severity as :func:`checks.alerts.severity.severity_word` has it;
    ``contact`` is who everything goes up to where a target names nobody.
    """

    own: Mapping[str, Target] = field(default_factory=dict)
    hours: Hours = Hours()
    contact: str = ""

    def of(self, severity: str) -> Target | None:
        """The target of what is called ``severity``: that of the word itself, else of another word
        for the same degree.
        """
        word = severity_word(severity)
        degree = severity_of_word(word)
        alike = _CLASSES[degree]
        for name in (word, *alike, *(one for one in self.own if severity_of_word(one) is degree)):
            if name in self.own:
                return self.own[name]
        if word in _UNASKED:
            return None
        return BUILT_IN.get(word) or BUILT_IN[alike[0]]

    def due(self, severity: str, began: float) -> Due:
        """When an alert called ``severity`` that fires since ``began`` is to be acted upon."""
        return self.due_by(self.of(severity), began)

    def due_by(self, target: Target | None, began: float) -> Due:
        """The same of an alert of whose severity ``target`` is."""
        if target is None:
            return Due()
        return Due(
            self._at(target.acknowledge, began, business=target.business),
            self._at(target.escalate, began, business=target.business),
            target.contact or self.contact,
        )

    def _at(self, term: Term | None, began: float, *, business: bool) -> float | None:
        if term is None:
            return None
        if business or term.days:
            return self.hours.after(began, term)
        return began + term.seconds
