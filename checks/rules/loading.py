"""The rules that a configuration names: files, packs, and those that are switched off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checks.alerts.severity import LABEL
from checks.documents.keys import nearest
from checks.errors import ConfigProblem
from checks.rules.language import Language
from checks.rules.model import Rule, RuleFile, RuleGroup
from checks.rules.reading import read_rule_file

__all__ = ["LoadedRules", "called", "load_rules", "without"]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedRules:
    """The groups that run, and what is wrong with the rest.

    ``unknown`` are names that were to be switched off and that no rule has, each with the nearest
    one that there is.
    """

    groups: tuple[RuleGroup, ...]
    problems: tuple[ConfigProblem, ...] = ()
    broken: int = 0
    unknown: tuple[tuple[str, str], ...] = ()


def load_rules(
    files: Sequence[tuple[Path, str]],
    language: Language,
    *,
    packs: Iterable[RuleFile] = (),
    disable: Collection[str] = (),
) -> LoadedRules:
    """The rules of ``packs`` and of ``files`` (each with the name that messages use).

    Files that others can write to are refused. ``disable`` names alerts and recorded metrics. A
    file that is named twice counts once.
    """
    once = dict.fromkeys(files)
    read = [*packs, *(read_rule_file(path, language, shown=shown) for path, shown in once)]
    groups, unknown = without([group for file in read for group in file.groups], disable)
    return LoadedRules(
        tuple(groups),
        tuple(problem for file in read for problem in file.problems),
        sum(file.broken for file in read),
        tuple(unknown),
    )


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
