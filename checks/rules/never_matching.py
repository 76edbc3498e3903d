"""Operators whose two sides can never match, so that a rule with them returns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.promql.ast import Binary, Kind, Node, Selector
from checks.promql.check import kind_of
from checks.promql.reach import children
from checks.promql.values import NAME
from checks.rules.dead import Catalogue
from checks.rules.label_facts import Facts, Known, facts_of, of_selector

__all__ = ["never_matching", "told_by_names", "told_by_series"]

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
    """Facts of selectors by the series that there are; of metrics without any ``otherwise``."""

    def known(selector: Selector) -> Facts:
        groups = catalogue.groups(selector.name, selector.matchers) if selector.name else ()
        found = [dict(labels) for group in groups for labels in group.labels]
        if not found:
            return otherwise(selector)
        names = frozenset().union(*found) - {NAME}
        # That all have the same value today is nothing to go by.
        has = {name: None for name in names if all(name in one for one in found)}
        return Facts({**has, **of_selector(selector).has}, names)

    return known


def never_matching(root: Node, text: str, known: Known) -> Iterator[str]:
    """A sentence for each operator of ``root``, written as ``text``, whose sides cannot match."""
    within = [said for child in children(root) for said in never_matching(child, text, known)]
    yield from within
    if within or not isinstance(root, Binary) or root.operator == "or":
        return
    if kind_of(root.left) is not Kind.VECTOR or kind_of(root.right) is not Kind.VECTOR:
        return
    why = _conflict(root, facts_of(root.left, known), facts_of(root.right, known))
    if why:
        line = text.count("\n", 0, root.left.span.end) + 1
        place = f" in line {line} of its expression" if "\n" in text.strip() else ""
        effect = "takes nothing away" if root.operator == "unless" else "returns nothing"
        yield f"the operator {root.operator}{place} {effect}: {why}"


def _conflict(node: Binary, left: Facts, right: Facts) -> str:
    """Why no series of one side has the labels of one of the other; empty where one may."""
    for name in sorted({*left.has, *right.has} - {NAME}):
        if (name in node.matching.labels) is not node.matching.on:
            continue
        for one, other, side in ((left, right, "right"), (right, left, "left")):
            if name in one.has and other.cannot_have(name):
                said = f"what is on its {side} has no label {name}, which all on the other side has"
                return said + _advice(node, name)
        mine, theirs = left.has.get(name), right.has.get(name)
        if mine is not None and theirs is not None and mine != theirs:
            said = f'{name} is "{mine}" on its left and "{theirs}" on its right'
            return said + _advice(node, name)
    return ""


def _advice(node: Binary, name: str) -> str:
    if node.matching.on:
        return "; name other labels in on()"
    return f"; leave it out with ignoring({name}), or name what is to match in on()"
