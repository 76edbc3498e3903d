"""Alerts of rules, their states, and what passes between these.

Times are milliseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeAlias

from checks.alerts.wording import shown_series

__all__ = ["SCOPE", "Alert", "Evidence", "Found", "Pairs", "State", "Transition"]

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names with values, sorted by name, without empty values."""


SCOPE: Final = ("job", "instance")
"""The labels that say which target a series is of."""


class State(StrEnum):
    """Prometheus' states; what it calls inactive once it has fired is RESOLVED here."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a transition rests on.

    ``value`` is None where the expression returned nothing; ``threshold`` is the comparison as
    it is written (``> 0.8``), empty where it is none with a constant; ``series`` what the value is
    of, without the name of the alert.
    """

    value: float | None = None
    threshold: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A sample of the rule's expression, as an alert: its value and its expanded texts.

    ``sample`` are the sample's own labels, ``threshold`` what its value is compared with.
    ``judged`` is false where less is recorded than the expression looks back: then it tells
    nothing yet.
    """

    value: float
    annotations: Pairs = ()
    sample: Pairs = ()
    threshold: str = ""
    judged: bool = True

    @property
    def scope(self) -> Pairs:
        """The labels by which it is known what it is about."""
        return tuple(pair for pair in self.sample if pair[0] in SCOPE)

    @property
    def evidence(self) -> Evidence:
        """What a transition that rests on it shows."""
        return Evidence(self.value, self.threshold, shown_series(self.sample))


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a rule.

    Attributes:
        labels: its identity within the rule.
        scope: the job and the instance of the series it is of, whatever the rule's labels are.
        state: PENDING, FIRING or RESOLVED.
        value: of the last evaluation in which it was there.
        annotations: expanded, of that evaluation.
        active_at: since when it has been there, as far as that counts for `for`: later by what
            was not known meanwhile.
        seen_at: that last evaluation.
        fired_at: since when it has been firing; None while pending.
        resolved_at: None until then.
        missing_since: the first evaluation in which it was not there, while it goes on firing.
        no_data_since: since when nothing can be said, for want of samples.
        no_history_since: since when its rule looks back further than what is recorded, so that it
            stays as it is.
        watched: which of the expression's selectors had samples while it was there.
        checks: by name, those that these samples come from.
        returns: when it came back of late: resolved, or about to be, and there again.
        begun_at: the evaluation in which it began, by which it is known as long as it lasts; None
            where that is when it became active.
        evidence: of its last transition.
        why: the sentence of its last transition.
    """

    labels: Pairs
    state: State
    value: float
    annotations: Pairs
    active_at: int
    seen_at: int
    scope: Pairs = ()
    fired_at: int | None = None
    resolved_at: int | None = None
    missing_since: int | None = None
    no_data_since: int | None = None
    no_history_since: int | None = None
    watched: tuple[int, ...] = ()
    checks: tuple[str, ...] = ()
    returns: tuple[int, ...] = ()
    flapping: bool = False
    begun_at: int | None = None
    evidence: Evidence = field(default_factory=Evidence)
    why: str = ""

    @property
    def active(self) -> bool:
        """Pending or firing."""
        return self.state in {State.PENDING, State.FIRING}

    @property
    def no_history(self) -> bool:
        """Whether it stays as it is for want of history."""
        return self.no_history_since is not None

    @property
    def begun(self) -> int:
        """What it is known by, with its labels."""
        return self.active_at if self.begun_at is None else self.begun_at

    @property
    def unknown_since(self) -> int | None:
        """Since when nothing can be said of it, for want of samples or of history."""
        known = [one for one in (self.no_data_since, self.no_history_since) if one is not None]
        return min(known, default=None)

    def later(self, by: int) -> Alert:
        """As it is where ``by`` milliseconds do not count for `for`."""
        return replace(self, active_at=self.active_at + by, begun_at=self.begun) if by else self


@dataclass(frozen=True, slots=True)
class Transition:
    """From one state to another, or from one mark to another within a state, and why."""

    labels: Pairs
    at: int
    before: State
    after: State
    why: str
    evidence: Evidence = field(default_factory=Evidence)
