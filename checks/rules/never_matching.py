"""Operators whose two sides can never match, so that a rule with them returns nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Kind,
    Negative,
    Node,
    Paren,
    Selector,
    Subquery,
)
from checks.promql.check import kind_of
from checks.promql.reach import children
from checks.promql.values import NAME
from checks.rules.dead import RETURN_ANYHOW, Catalogue
from checks.rules.label_facts import Facts, Known, facts_of, of_selector

__all__ = ["matches_nothing", "never_matching", "told_by_names", "told_by_series"]

_EXPORTED: Final = ("node_", "mysql_", "pg_", "redis_", "probe_", "process_", "systemd_")
_SCRAPED: Final = {"job": None, "instance": None}
"""Labels that every series has that comes from a scrape."""


def told_by_names(recorded: frozenset[str]) -> Known:
    """Facts of selectors by themselves. ``recorded`` are metrics that rules make."""

    def known(selector: Selector) -> Facts:
        facts, name = of_selector(selector), selector.name
        scraped = name == "up" or (name.startswith(_EXPORTED) and ":" not in name)
        if not scraped or name in recorded:
            return facts
        has = {label: None for label in _SCRAPED if label not in facts.lacks}
        return Facts({**has, **facts.has}, facts.only, facts.lacks)

    return known


def told_by_series(catalogue: Catalogue, otherwise: Known) -> Known:
    """Facts of selectors by the series that there are; of metrics without any ``otherwise``.

    Each is looked at once, though operators within operators ask for those beneath them again.
    """
    told: dict[Selector, Facts] = {}

    def known(selector: Selector) -> Facts:
        facts = told.get(selector)
        if facts is None:
            facts = told[selector] = looked_at(selector)
        return facts

    def looked_at(selector: Selector) -> Facts:
        groups = catalogue.groups(selector.name, selector.matchers) if selector.name else ()
        found = [dict(labels) for group in groups for labels in group.labels]
        if not found:
            return otherwise(selector)
        names = frozenset().union(*found) - {NAME}
        has = {name: _one_value(found, name) for name in names if all(name in f for f in found)}
        return Facts({**has, **of_selector(selector).has}, names)

    return known


def _one_value(found: Sequence[Mapping[str, str]], name: str) -> str | None:
    """The value of the label ``name`` that all of ``found`` have, where it says whose they are.

    That all have the same value of another label today is nothing to go by.
    """
    values = {one[name] for one in found} if name in _SCRAPED else set()
    return values.pop() if len(values) == 1 else None


def never_matching(root: Node, text: str, known: Known) -> Iterator[str]:
    """A sentence for each operator of ``root``, written as ``text``, whose sides cannot match."""
    within = [said for child in children(root) for said in never_matching(child, text, known)]
    yield from within
    said = "" if within or not isinstance(root, Binary) else _never(root, text, known)
    if said:
        yield said


def matches_nothing(root: Node, text: str, known: Known) -> str:
    """A sentence on an operator for want of whose matches ``root`` returns nothing.

    Empty where it may return some, whatever parts of it do.
    """
    match root:
        case Paren() | Negative() | Subquery() | Aggregation():
            return matches_nothing(root.body, text, known)
        case Call() if root.function not in RETURN_ANYHOW:
            return next(filter(None, (matches_nothing(a, text, known) for a in root.args)), "")
        case Binary():
            return _of_both(root, text, known)
        case _:
            return ""


def _of_both(node: Binary, text: str, known: Known) -> str:
    left = matches_nothing(node.left, text, known)
    if node.operator == "unless":
        return left
    right = matches_nothing(node.right, text, known)
    if node.operator == "or":
        return left and right
    return left or right or _never(node, text, known)


def _never(node: Binary, text: str, known: Known) -> str:
    """A sentence where the sides of ``node`` cannot match; empty where they may."""
    vectors = kind_of(node.left) is Kind.VECTOR and kind_of(node.right) is Kind.VECTOR
    if node.operator == "or" or not vectors:
        return ""
    why = _conflict(node, facts_of(node.left, known), facts_of(node.right, known))
    if not why:
        return ""
    line = text.count("\n", 0, node.left.span.end) + 1
    place = f" in line {line} of its expression" if "\n" in text.strip() else ""
    effect = "takes nothing away" if node.operator == "unless" else "returns nothing"
    return f"the operator {node.operator}{place} {effect}: {why}"


def _conflict(node: Binary, left: Facts, right: Facts) -> str:
    """Why no series of one side has the labels of one of the other; empty where one may."""
    matched = [
        name
        for name in sorted({*left.has, *right.has} - {NAME})
        if (name in node.matching.labels) is node.matching.on
    ]
    for name in matched:
        for one, other, side in ((left, right, "right"), (right, left, "left")):
            if name in one.has and other.cannot_have(name):
                said = f"what is on its {side} has no label {name}, which all on the other side has"
                return said + _advice(node, name)
    differing = [name for name in matched if _differ(left.has.get(name), right.has.get(name))]
    if not differing:
        return ""
    first = differing[0]
    said = f'{first} is "{left.has[first]}" on its left and "{right.has[first]}" on its right'
    return said + _advice(node, ", ".join(differing))


def _differ(mine: str | None, theirs: str | None) -> bool:
    return mine is not None and theirs is not None and mine != theirs


def _advice(node: Binary, name: str) -> str:
    if node.matching.on:
        return "; name other labels in on()"
    it = "them" if "," in name else "it"
    return f"; leave {it} out with ignoring({name}), or name what is to match in on()"
