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
    match node:
        case Selector():
            fixed = {one.label for one in node.matchers if one.op == "="}
            more = [Matcher(k, "=", value) for k, value in given.items() if k not in fixed]
            return replace(node, matchers=(*node.matchers, *more))
        case Range():
            selector = _narrowed(node.selector, given)
            return replace(node, selector=selector) if isinstance(selector, Selector) else node
        case Call():
            return replace(node, args=tuple(_narrowed(one, given) for one in node.args))
        case Binary():
            left, right = _narrowed(node.left, given), _narrowed(node.right, given)
            return replace(node, left=left, right=right)
        case Aggregation():
            return replace(node, body=_narrowed(node.body, given))
        case Subquery() | Negative() | Paren():
            return replace(node, body=_narrowed(node.body, given))
    return node
