"""An expression of which only the series of one alert are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from checks.alerts.model import SCOPE, Pairs
from checks.promql.api import Expression
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
from checks.store.matching import Matcher

__all__ = ["narrowed"]


def narrowed(expression: Expression, about: Pairs) -> Expression:
    """``expression`` with every selector narrowed to the job and the instance of ``about``.

    It may come to something else (a share of all instances does): whoever uses it compares. The
    spans are those of the text before.
    """
    given = {name: value for name, value in about if name in SCOPE and value}
    return replace(expression, root=_narrowed(expression.root, given)) if given else expression


def _narrowed(node: Node, given: Mapping[str, str]) -> Node:
    made = node
    match node:
        case Selector():
            made = _matching(node, given)
        case Range():
            made = replace(node, selector=_matching(node.selector, given))
        case Call():
            made = replace(node, args=tuple(_narrowed(one, given) for one in node.args))
        case Binary():
            left, right = _narrowed(node.left, given), _narrowed(node.right, given)
            made = replace(node, left=left, right=right)
        case Aggregation() | Subquery() | Negative() | Paren():
            made = replace(node, body=_narrowed(node.body, given))
    return made


def _matching(selector: Selector, given: Mapping[str, str]) -> Selector:
    fixed = {one.label for one in selector.matchers if one.op == "="}
    more = [Matcher(name, "=", value) for name, value in given.items() if name not in fixed]
    return replace(selector, matchers=(*selector.matchers, *more))
