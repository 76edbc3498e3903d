"""Rules that can return nothing, since what they read is not there; and what may be meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from checks.alerts.model import SCOPE
from checks.documents.keys import nearest
from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Negative,
    Node,
    Paren,
    Range,
    Selector,
    Subquery,
)
from checks.promql.values import NAME
from checks.rules.model import Rule, RuleGroup
from checks.rules.selectors import written
from checks.store.groups import Group
from checks.store.matching import Matcher

__all__ = [
    "RETURN_ANYHOW",
    "Catalogue",
    "DeadRule",
    "dead_rules",
    "described",
    "empty_selectors",
    "missing",
    "nearest_name",
    "what_is_not_there",
]

ALWAYS_KNOWN: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
RETURN_ANYHOW: Final = frozenset({"absent", "absent_over_time", "scalar", "vector", "time", "pi"})
"""Functions that return something also of nothing."""
_SETTLED: Final = frozenset({NAME, *SCOPE, "le", "quantile"})
"""Labels whose values are settled by who configures or instruments. Those of others come of what
happens: no request has failed with 500 until the first one does."""
_EXAMPLES: Final = 3
_ENDINGS: Final = ("_total", "_bucket", "_sum", "_count", "_seconds", "_bytes", "_ratio")
_OF_ITS_OWN: Final = 0.7
"""How alike a name has to be that begins alike, which counts as well."""
_OF_OTHERS: Final = 0.75
"""How alike a name that begins otherwise has to be: endings are common to all."""

Exists = Callable[[Selector], bool]


class Catalogue(Protocol):
    """What there is: :class:`checks.store.store.Store`, or the series of a file."""

    @property
    def names(self) -> Iterable[str]:
        """Every metric's name."""
        ...

    def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> Sequence[Group]:
        """The series of metric ``name`` (any, where it is empty) that match."""
        ...


@dataclass(frozen=True, slots=True)
class DeadRule:
    """A rule that returns nothing whatever happens.

    ``selector`` is what matches nothing; ``near`` the nearest metric name that exists, empty
    where none is near; ``sentence`` says it all.
    """

    group: str
    rule: Rule
    selector: str
    near: str
    sentence: str


def dead_rules(groups: Iterable[RuleGroup], store: Catalogue) -> Iterator[DeadRule]:
    """The rules of ``groups`` that read what ``store`` does not have.

    What another rule records counts as being there.
    """
    loaded = list(groups)
    recorded = {rule.name for group in loaded for rule in group.rules}
    for group in loaded:
        for rule in group.rules:
            empty = what_is_not_there(rule, store, recorded)
            if empty is not None:
                yield described(group.name, rule, empty, store)


def what_is_not_there(rule: Rule, store: Catalogue, recorded: Collection[str]) -> Selector | None:
    """The first selector for want of which ``rule`` can return nothing; None where it may.

    ``recorded`` are metrics that other rules record.
    """

    def exists(selector: Selector) -> bool:
        known = selector.name in recorded or selector.name in ALWAYS_KNOWN
        return known or _may_come(selector, store)

    return next(iter(empty_selectors(rule.expression.root, exists)), None)


def _may_come(selector: Selector, store: Catalogue) -> bool:
    """Whether ``selector`` matches something, or will once a value occurs that has not yet."""
    if store.groups(selector.name, selector.matchers):
        return True
    groups = store.groups(selector.name, _settled(selector))
    wanted = {one.label for one in selector.matchers if not one.matches("")} - _SETTLED
    return bool(groups) and all(_has_label(groups, label) for label in wanted)


def _settled(selector: Selector) -> tuple[Matcher, ...]:
    return tuple(one for one in selector.matchers if one.label in _SETTLED)


def _has_label(groups: Iterable[Group], label: str) -> bool:
    return any(name == label for group in groups for each in group.labels for name, _ in each)


def empty_selectors(node: Node, exists: Exists) -> tuple[Selector, ...]:
    """The selectors for want of which ``node`` returns nothing; none where it may return some."""
    found: tuple[Selector, ...]
    match node:
        case Selector():
            found = () if exists(node) else (node,)
        case Range():
            found = empty_selectors(node.selector, exists)
        case Paren() | Negative() | Subquery() | Aggregation():
            found = empty_selectors(node.body, exists)
        case Call() if node.function not in RETURN_ANYHOW:
            found = tuple(one for each in node.args for one in empty_selectors(each, exists))
        case Binary():
            found = _empty_of_both(node, exists)
        case _:
            found = ()
    return found


def _empty_of_both(node: Binary, exists: Exists) -> tuple[Selector, ...]:
    left = empty_selectors(node.left, exists)
    if node.operator == "unless":
        return left
    right = empty_selectors(node.right, exists)
    if node.operator == "or" and not (left and right):
        return ()
    return left + right


def described(group: str, rule: Rule, selector: Selector, store: Catalogue) -> DeadRule:
    """What is said of ``rule``, which has nothing to read for want of ``selector``."""
    near, sentence = missing(selector, store)
    return DeadRule(group, rule, written(selector), near, sentence)


def missing(selector: Selector, store: Catalogue) -> tuple[str, str]:
    """The nearest metric's name, and a clause on why ``selector`` matches nothing."""
    text = written(selector)
    names = set(store.names)
    if selector.name in names:
        return selector.name, f"{text} matches nothing{_why(selector, store)}"
    near = nearest_name(selector.name, names)
    hint = f"; the nearest metric is {near}" if near else ""
    named = f"there is no metric {selector.name}" if selector.name else f"{text} matches nothing"
    return near, f"{named}{hint}"


def nearest_name(name: str, names: Collection[str]) -> str:
    """The most similar of ``names``; those that begin alike are looked at first, being few."""
    if not name:
        return ""
    stem = name.partition("_")[0]
    alike = [one for one in names if one.startswith(stem)]
    near = _but_for_ending(name, names) or _but_for_beginning(name, names)
    return near or nearest(name, alike, _OF_ITS_OWN) or nearest(name, names, _OF_OTHERS)


def _but_for_ending(name: str, names: Collection[str]) -> str:
    """The one of ``names`` that is ``name`` but for an ending that exporters add or leave out:
    too many letters for a slip of the pen."""
    bare = [name.removesuffix(ending) for ending in _ENDINGS]
    longer = [one + ending for one in {name, *bare} for ending in _ENDINGS]
    return next((one for one in (*bare, *sorted(longer)) if one != name and one in names), "")


def _but_for_beginning(name: str, names: Collection[str]) -> str:
    """The longest of ``names`` that ``name`` is but for words before it, which exporters differ in
    too; a single word is no name that says what is meant."""
    words = name.split("_")
    shorter = ("_".join(words[at:]) for at in range(1, len(words) - 1))
    return next((one for one in shorter if one in names), "")


def _why(selector: Selector, store: Catalogue) -> str:
    """Which matcher takes everything away, and what there is instead."""
    groups = store.groups(selector.name, _settled(selector))
    # What is settled, and a label that nothing has, are why nothing will ever match.
    ordered = sorted(
        selector.matchers,
        key=lambda one: (one.label not in _SETTLED, _has_label(groups, one.label)),
    )
    there: list[Mapping[str, str]] = [
        dict(labels) for group in store.groups(selector.name) for labels in group.labels
    ]
    for matcher in ordered:
        kept = [one for one in there if matcher.matches(one.get(matcher.label, ""))]
        if not kept:
            values = sorted({one.get(matcher.label, "") for one in there} - {""})
            if not values:
                return f": no {selector.name} has the label {matcher.label}"
            more = ", …" if len(values) > _EXAMPLES else ""
            shown = ", ".join(values[:_EXAMPLES])
            return f": {matcher} takes everything away; {matcher.label} is {shown}{more}"
        there = kept
    return ""
