"""Rules and groups of rules as they are written: frozen values, checked, parsed.

Durations are in milliseconds. Labels are sorted by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from checks.errors import ConfigProblem

if TYPE_CHECKING:
    from checks.promql.api import Expression
    from checks.rules.own_bounds import OwnBound

__all__ = ["AlertRule", "Pairs", "RecordRule", "Rule", "RuleFile", "RuleGroup"]

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names with values, sorted by name."""


@dataclass(frozen=True, slots=True, eq=False)
class AlertRule:
    """An alert: it is there for every series that ``expression`` returns.

    Attributes:
        name: what becomes the label ``alertname``.
        expression: parsed; ``expression.text`` is what is written.
        hold: ``for``; how long it must be there before it fires.
        keep: ``keep_firing_for``; how long it goes on firing when it is there no more.
        labels: templates; the group's labels are among them.
        annotations: templates.
        line: where it begins in its file.
        gives_way: to which checks' own bounds, where it says nothing.
    """

    name: str
    expression: Expression
    hold: int = 0
    keep: int = 0
    labels: Pairs = ()
    annotations: Pairs = ()
    line: int = 0
    gives_way: tuple[OwnBound, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RecordRule:
    """What ``expression`` returns, kept as the metric ``name``."""

    name: str
    expression: Expression
    labels: Pairs = ()
    line: int = 0


Rule: TypeAlias = AlertRule | RecordRule


@dataclass(frozen=True, slots=True, eq=False)
class RuleGroup:
    """Rules that are evaluated one after the other.

    ``interval`` is 0 where the group has none of its own; ``limit`` 0 where nothing bounds what a
    rule may return; ``query_offset`` how far behind the moment of its evaluation it looks.
    """

    name: str
    file: str
    rules: tuple[Rule, ...]
    interval: int = 0
    limit: int = 0
    query_offset: int = 0
    line: int = 0

    @property
    def key(self) -> str:
        """What tells it from all others: groups of one name may stand in several files."""
        return f"{self.file};{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class RuleFile:
    """What is right in a rule file, and every problem of the rest.

    ``broken`` counts the rules that are left out because of one. ``doubt`` says why somebody else
    could have written the file, where the user named it and it is read all the same.
    """

    name: str
    groups: tuple[RuleGroup, ...] = ()
    problems: tuple[ConfigProblem, ...] = ()
    broken: int = 0
    doubt: str = ""

    @property
    def rules(self) -> int:
        """How many rules it has that can run."""
        return sum(len(group.rules) for group in self.groups)
