"""Which parts of an expression come to the same at every step, because ``@`` fixes them.

They are evaluated once. As in Prometheus' ``PreprocessExpr``, functions that look at the clock
of the evaluation are not among them, whatever their arguments.
"""

from __future__ import annotations

from typing import Final

from checks.promql.ast import Call, Node, Selector, Subquery
from checks.promql.reach import children

__all__ = ["invariant"]

CLOCK_FUNCTIONS: Final = frozenset(
    {
        "days_in_month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "hour",
        "minute",
        "month",
        "predict_linear",
        "time",
        "timestamp",
        "year",
    }
)


def invariant(node: Node) -> bool:
    """Whether ``node`` is the same at every step."""
    if isinstance(node, Selector | Subquery):
        return node.at is not None
    if isinstance(node, Call) and node.function in CLOCK_FUNCTIONS:
        return False
    return all(map(invariant, children(node)))
