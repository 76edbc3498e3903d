"""Expressions that are right, and yet hardly what their author meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from checks.promql.ast import Aggregation, Binary, Call, Node, Number, Paren, Range, Selector
from checks.promql.reach import children

__all__ = ["hardly_meant", "shown_as_share"]

_RATES: Final = frozenset({"rate", "irate"})
_COMPARISONS: Final = frozenset({">", ">=", "<", "<=", "==", "!="})
_AS_PERCENTAGE: Final = re.compile(r"(?:\$value|\.Value)\s*\|\s*humanizePercentage\b")
_SECONDS: Final = ("_seconds_total", "_seconds_sum")
"""What counters of time end in, whose rate is a share: of a core, of a second."""


def hardly_meant(root: Node) -> Iterator[str]:
    """A sentence for each quantile in ``root`` of buckets as they stand, which only ever grow."""
    for call in _calls(root):
        if call.function != "histogram_quantile" or not call.args:
            continue
        buckets = _bare(call.args[-1])
        if isinstance(buckets, Selector) and buckets.name.endswith("_bucket"):
            yield (
                f"histogram_quantile() takes {buckets.name} as it stands, which is of all since the"
                f" application's start, not of late: write rate({buckets.name}[5m])"
            )


def shown_as_share(root: Node, text: str) -> str:
    """What is wrong where the template ``text`` shows the value of ``root`` as a percentage, and
    that is so many a second; empty where nothing is."""
    if not _AS_PERCENTAGE.search(text):
        return ""
    counter = _counted_a_second(root)
    if not counter:
        return ""
    return f"shows a rate as a percentage: the value is {counter} a second, not a share of anything"


def _counted_a_second(root: Node) -> str:
    """The counter whose rate is what ``root`` compares with a number; empty where it is none."""
    node = _bare(root)
    if isinstance(node, Binary) and node.operator in _COMPARISONS:
        sides = [one for one in map(_bare, (node.left, node.right)) if not isinstance(one, Number)]
        if len(sides) != 1:
            return ""
        node = sides[0]
    if not isinstance(node, Call) or node.function not in _RATES:
        return ""
    counted = node.args[0]
    if not isinstance(counted, Range) or counted.selector.name.endswith(_SECONDS):
        return ""
    return counted.selector.name


def _bare(node: Node) -> Node:
    """What an aggregation, or brackets, are around."""
    while isinstance(node, Paren) or (isinstance(node, Aggregation) and node.operator != "count"):
        node = node.body
    return node


def _calls(node: Node) -> Iterator[Call]:
    if isinstance(node, Call):
        yield node
    for child in children(node):
        yield from _calls(child)
