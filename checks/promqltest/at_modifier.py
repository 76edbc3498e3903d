"""Expressions with every selector fixed at a moment, which then may be asked at any other.

Prometheus' own runner asks every instant query so, too: it finds what looks at the clock of
the evaluation where it should look at that of the data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
    Text,
)
from checks.promql.reach import children

__all__ = ["fixed_at", "other_moments", "reads_clock", "reads_range"]

CLOCK_FUNCTIONS: Final = frozenset(
    {
        "time",
        "timestamp",
        "days_in_month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "hour",
        "minute",
        "month",
        "year",
        "predict_linear",
    }
)
"""Functions whose result moves with the evaluation although their arguments stand still
(``AtModifierUnsafeFunctions`` in Prometheus' ``promql/functions.go``)."""


def reads_clock(node: Node) -> bool:
    """Whether a function in ``node`` looks at the moment of the evaluation itself."""
    if isinstance(node, Call) and node.function in CLOCK_FUNCTIONS:
        return True
    return any(map(reads_clock, children(node)))


def reads_range(node: Node) -> bool:
    """Whether ``node`` speaks of the query's start or end, which a range query moves."""
    if isinstance(node, Selector | Subquery) and node.at in {"start", "end"}:
        return True
    return any(map(reads_range, children(node)))


def fixed_at(node: Node, at: int) -> Node:
    """``node`` with ``@ at`` (milliseconds) on every selector and subquery without a moment.

    ``start()`` and ``end()`` are that moment, too. Within a subquery nothing changes: it is
    fixed itself.
    """
    if isinstance(node, Number | Text):
        return node
    if isinstance(node, Selector | Subquery):
        return node if isinstance(node.at, int) else replace(node, at=at)
    if isinstance(node, Range):
        fixed = fixed_at(node.selector, at)
        return replace(node, selector=fixed) if isinstance(fixed, Selector) else node
    return _inside_fixed(node, at)


def _inside_fixed(node: Call | Binary | Aggregation | Negative | Paren, at: int) -> Node:
    """``node`` with what is inside of it fixed."""
    if isinstance(node, Call):
        return replace(node, args=tuple(fixed_at(each, at) for each in node.args))
    if isinstance(node, Binary):
        return replace(node, left=fixed_at(node.left, at), right=fixed_at(node.right, at))
    body = fixed_at(node.body, at)
    if isinstance(node, Aggregation) and node.parameter is not None:
        return replace(node, body=body, parameter=fixed_at(node.parameter, at))
    return replace(node, body=body)


def other_moments(at: int) -> tuple[int, ...]:
    """The moments, in milliseconds, at which Prometheus' runner asks what is fixed at ``at``."""
    return (-10 * at, 0, at // 5, at, 10 * at) if at else (-1000, 0, 1000)
