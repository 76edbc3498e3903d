"""What an evaluation of a group came to. Times are milliseconds, durations seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checks.alerts.model import Transition
from checks.rules.model import Rule

__all__ = ["GroupOutcome", "Health", "RuleOutcome"]


class Health(StrEnum):
    """How a rule's last evaluation went."""

    OK = "ok"
    ERROR = "error"
    NO_HISTORY = "insufficient history"


@dataclass(frozen=True, slots=True, eq=False)
class RuleOutcome:
    """One rule's evaluation.

    ``sentence`` says what is wrong, or how much history is lacking; empty where all is well.
    ``since`` is when (milliseconds) it became what it is. ``samples`` counts what the expression
    returned; ``seconds`` is how long all of it took.
    """

    rule: Rule
    health: Health = Health.OK
    sentence: str = ""
    since: int = 0
    samples: int = 0
    transitions: tuple[Transition, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    def timed(self, since: int, seconds: float) -> RuleOutcome:
        """The same with these two; ``dataclasses.replace`` takes thrice as long."""
        return RuleOutcome(
            self.rule,
            self.health,
            self.sentence,
            since,
            self.samples,
            self.transitions,
            self.warnings,
            seconds,
        )


@dataclass(frozen=True, slots=True, eq=False)
class GroupOutcome:
    """One evaluation of the group ``key`` at ``at``, which took ``seconds``."""

    key: str
    at: int
    seconds: float
    rules: tuple[RuleOutcome, ...]
