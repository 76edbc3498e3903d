"""``offset`` and ``@`` put to the selector or subquery that they follow."""

from __future__ import annotations

from dataclasses import replace

from checks.promql.ast import At, Node, Range, Selector, Span, Subquery
from checks.promql.errors import PromQLError

__all__ = ["with_at", "with_offset"]

_AFTER = "an instant vector selector or range vector selector or a subquery"


def with_offset(node: Node, offset: int, end: int, text: str) -> Node:
    """``node offset …`` (milliseconds); ``end`` is where the modifier ends.

    Raises:
        PromQLError: it cannot stand there, or does already.
    """
    if not isinstance(node, Selector | Range | Subquery):
        raise PromQLError(f"offset modifier must be preceded by {_AFTER}", node.span, text)
    if _modified(node).offset:
        raise PromQLError("offset may not be set multiple times", node.span, text)
    span = Span(node.span.start, end)
    if isinstance(node, Range):
        return replace(node, selector=replace(node.selector, offset=offset), span=span)
    return replace(node, offset=offset, span=span)


def with_at(node: Node, at: At, end: int, text: str) -> Node:
    """``node @ …``; ``end`` is where the modifier ends.

    Raises:
        PromQLError: it cannot stand there, or does already.
    """
    if not isinstance(node, Selector | Range | Subquery):
        raise PromQLError(f"@ modifier must be preceded by {_AFTER}", node.span, text)
    if _modified(node).at is not None:
        raise PromQLError("@ <timestamp> may not be set multiple times", node.span, text)
    span = Span(node.span.start, end)
    if isinstance(node, Range):
        return replace(node, selector=replace(node.selector, at=at), span=span)
    return replace(node, at=at, span=span)


def _modified(node: Selector | Range | Subquery) -> Selector | Subquery:
    return node.selector if isinstance(node, Range) else node
