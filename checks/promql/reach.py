"""What an expression reads: its selectors, and how far back."""

from __future__ import annotations

from collections.abc import Iterator

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

__all__ = ["children", "depth", "nodes", "reach", "selectors"]


def children(node: Node) -> tuple[Node, ...]:
    """The parts of ``node``, in the order of the text."""
    match node:
        case Number() | Text() | Selector():
            return ()
        case Range():
            return (node.selector,)
        case Call():
            return node.args
        case Binary():
            return (node.left, node.right)
        case Aggregation():
            return (node.body,) if node.parameter is None else (node.parameter, node.body)
        case Subquery() | Negative() | Paren():
            return (node.body,)


def depth(node: Node) -> int:
    """How many levels ``node`` has; of trees too deep for recursion as well."""
    level, levels = [node], 0
    while level:
        level = [child for one in level for child in children(one)]
        levels += 1
    return levels


def nodes(node: Node) -> Iterator[Node]:
    """``node`` and every part of it."""
    yield node
    for child in children(node):
        yield from nodes(child)


def selectors(node: Node) -> Iterator[Selector]:
    """Every selector within ``node``."""
    return (one for one in nodes(node) if isinstance(one, Selector))


def reach(node: Node) -> int:
    """Milliseconds that ``node`` looks back from its moment; what ``@`` fixes does not count."""
    match node:
        case Selector():
            return max(0, node.offset) if node.at is None else 0
        case Range():
            selector = node.selector
            return max(0, node.range + selector.offset) if selector.at is None else 0
        case Subquery():
            own = max(0, node.range + node.offset + reach(node.body))
            return own if node.at is None else 0
    return max(map(reach, children(node)), default=0)
