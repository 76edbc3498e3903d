"""What is promised, as the configuration says it: frozen values, checked. Loads nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from checks.promql.api import Expression
    from checks.store.matching import Matcher

__all__ = [
    "ALERTS",
    "BURN_WINDOWS",
    "FEWEST_BAD",
    "Alert",
    "Condition",
    "Objective",
    "OfCheck",
    "Picked",
    "Ratio",
]

BURN_WINDOWS: Final = (300.0, 1800.0, 3600.0, 21_600.0, 259_200.0)
"""Seconds that the burn rate is told over: 5 min, 30 min, 1 h, 6 h, 3 d."""
FEWEST_BAD: Final = 2
"""Events that must have failed before an alert fires: one that fails is no outage."""


@dataclass(frozen=True, slots=True)
class Alert:
    """The budget goes ``factor`` times too fast, over ``long`` and over ``short`` seconds."""

    factor: float
    long: float
    short: float
    critical: bool


ALERTS: Final = (
    Alert(14.4, 3600.0, 300.0, critical=True),
    Alert(6.0, 21_600.0, 1800.0, critical=True),
    Alert(1.0, 259_200.0, 21_600.0, critical=False),
)
"""Multi-window, multi-burn-rate alerts as of Google's SRE Workbook, chapter 5, table 5-8 (its
approach 6): 2 % of a 30-day budget in an hour, 5 % in six, 10 % in three days. The short window, a
twelfth of the long one, ends them soon after the errors end. The pack ``slo`` has the same."""


@dataclass(frozen=True, slots=True)
class OfCheck:
    """What the check ``check`` says: ``what`` is ``up``, ``probe``, ``requests`` or ``latency``.

    ``below`` is how many seconds a request may take, of ``latency``.
    """

    what: str
    check: str
    below: float = 0.0

    @property
    def text(self) -> str:
        """What tells it from all others."""
        return f"{self.what} {self.check} {self.below:g}"


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Counters by their name and labels; ``text`` as it is written."""

    text: str
    name: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """Counters: of ``total`` those of ``part`` went well, or, where ``bad``, did not."""

    part: Picked
    total: Picked
    bad: bool

    @property
    def text(self) -> str:
        """What tells it from all others."""
        return f"{'bad' if self.bad else 'good'} {self.part.text} of {self.total.text}"


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Seconds in which every series that ``expression`` returns is above 0; what it compares
    returns 1 or 0, not nothing. Where it returns none, nothing is known.
    """

    expression: Expression

    @property
    def text(self) -> str:
        """What tells it from all others."""
        return f"while {self.expression.text}"


Source: TypeAlias = OfCheck | Ratio | Condition


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """``target`` (0 to 1, exclusive) of what ``source`` counts goes well over ``window`` seconds.

    ``least`` is how many events a window must have for its burn rate to raise an alert; of time it
    does not count. ``labels`` are those of its series and alerts.
    """

    name: str
    target: float
    window: float
    source: Source
    least: int = 20
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Under which its tallies are kept: what counts otherwise is another."""
        digest = hashlib.blake2b(self.source.text.encode(), digest_size=6).hexdigest()
        return f"slo/{self.name}/{digest}"

    @property
    def timed(self) -> bool:
        """Whether seconds are counted, not events."""
        if isinstance(self.source, Condition):
            return True
        return isinstance(self.source, OfCheck) and self.source.what in ("up", "probe")
