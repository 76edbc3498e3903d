"""Which rules of those that a configuration names are switched off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from checks.alerts.severity import LABEL
from checks.documents.keys import nearest
from checks.rules.model import Rule, RuleGroup

__all__ = ["called", "without"]


def called(rule: Rule) -> tuple[str, ...]:
    """What switches ``rule`` off: its name, or ``Name/severity`` for one threshold of an alert."""
    severity = dict(rule.labels).get(LABEL, "")
    return (rule.name, f"{rule.name}/{severity}") if severity else (rule.name,)


def without(
    groups: Iterable[RuleGroup], names: Collection[str]
) -> tuple[list[RuleGroup], list[tuple[str, str]]]:
    """``groups`` without the rules called ``names``, and the names that none has.

    The latter each with the nearest one that there is, empty where none is near.
    """
    every = list(groups)
    there = {name for group in every for rule in group.rules for name in called(rule)}
    lower = {name.lower(): name for name in there}
    unknown = [(name, lower.get(nearest(name, lower), "")) for name in names if name not in there]
    gone = frozenset(names)
    kept = [
        replace(group, rules=tuple(rule for rule in group.rules if gone.isdisjoint(called(rule))))
        for group in every
    ]
    return [group for group in kept if group.rules], unknown
