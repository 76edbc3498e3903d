"""What an expression reads: its selectors, how far each looks back, and its threshold."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checks.promql.ast import (
    Aggregation,
    At,
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
    unwrapped,
)
from checks.store.matching import Matcher

__all__ = ["Comparison", "Read", "comparison", "number", "reads", "written"]

_COMPARES: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
"""Each with what it is when the sides are swapped."""
_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Read:
    """A selector within an expression.

    Attributes:
        selector: the selector itself.
        text: as it is written, with its range.
        range: milliseconds; 0 for an instant selector.
        back: milliseconds from the evaluation to the oldest sample that it asks for, without an
            instant's look-back; from what ``at`` fixes where that is set.
        offset: milliseconds by which its newest moment lies before the same.
        at: the ``@`` modifier, its own or that of a subquery around it.
        vetoes: it stands on the right of ``unless``: what it returns takes alerts away.
    """

    selector: Selector
    text: str
    range: int = 0
    back: int = 0
    offset: int = 0
    at: At = None
    vetoes: bool = False


def written(selector: Selector, more: Sequence[Matcher] = ()) -> str:
    """``name{label="value"}`` of ``selector`` and ``more`` matchers, without any modifier."""
    matchers = (*selector.matchers, *more)
    inner = ",".join(f"{one.label}{one.op}{json.dumps(one.value)}" for one in matchers)
    return f"{selector.name}{{{inner}}}" if inner else selector.name


def reads(node: Node, text: str) -> tuple[Read, ...]:
    """The selectors of ``node``, an expression written as ``text``, from left to right."""
    return tuple(_walk(node, text))


@dataclass(frozen=True, slots=True)
class _Around:
    """Where the subqueries around a part of an expression move it.

    Its newest moment lies ``near`` milliseconds before the evaluation and its oldest ``far``, or as
    long before what ``at`` fixes.
    """

    near: int = 0
    far: int = 0
    at: At = None

    def within(self, subquery: Subquery) -> _Around:
        """Within ``subquery`` too."""
        near, far = (0, 0) if subquery.at is not None else (self.near, self.far)
        return _Around(
            near + subquery.offset,
            far + subquery.range + subquery.offset,
            self.at if subquery.at is None else subquery.at,
        )


def _walk(
    node: Node, text: str, around: _Around = _Around(), *, vetoes: bool = False
) -> Iterator[Read]:
    if isinstance(node, Selector | Range):
        selector, length = (node.selector, node.range) if isinstance(node, Range) else (node, 0)
        wording = _SPACE.sub(" ", text[node.span.start : node.span.end])
        # What a selector's own `@` fixes lies there wherever the subqueries around it are.
        near, far = (0, 0) if selector.at is not None else (around.near, around.far)
        yield Read(
            selector,
            wording,
            length,
            back=max(0, far + length + selector.offset),
            offset=near + selector.offset,
            at=around.at if selector.at is None else selector.at,
            vetoes=vetoes,
        )
    elif isinstance(node, Subquery):
        yield from _walk(node.body, text, around.within(node), vetoes=vetoes)
    elif isinstance(node, Binary):
        yield from _walk(node.left, text, around, vetoes=vetoes)
        yield from _walk(node.right, text, around, vetoes=vetoes or node.operator == "unless")
    else:
        for part in _parts(node):
            yield from _walk(part, text, around, vetoes=vetoes)


def _parts(node: Node) -> tuple[Node, ...]:
    """What a function, an aggregation or a sign is applied to."""
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Aggregation):
        return (node.body,) if node.parameter is None else (node.parameter, node.body)
    return (node.body,) if isinstance(node, Paren | Negative) else ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with a constant: ``left operator limit``.

    ``left`` is the text of what is compared.
    """

    left: str
    operator: str
    limit: float

    @property
    def threshold(self) -> str:
        """``> 0.8``."""
        return f"{self.operator} {self.limit:.12g}"


def comparison(node: Node, text: str) -> Comparison | None:
    """The comparison with a constant that decides whether ``node`` returns something.

    Of what is joined by ``and``, ``or`` and ``unless`` the leftmost; None where there is none.
    """
    node = unwrapped(node)
    if isinstance(node, Call | Aggregation) or not isinstance(node, Binary):
        return None
    if node.operator in {"and", "or", "unless"}:
        return comparison(node.left, text)
    if node.operator not in _COMPARES or node.bool_modifier:
        return comparison(node.left, text) or comparison(node.right, text)
    limit, other, sign = number(node.right), node.left, node.operator
    if limit is None:
        limit, other, sign = number(node.left), node.right, _COMPARES[node.operator]
    if limit is None:
        return None
    return Comparison(text[other.span.start : other.span.end], sign, limit)


def number(node: Node) -> float | None:
    """The constant that ``node`` is: a number, a sum or a product of them; None for others."""
    node = unwrapped(node)
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative):
        value = number(node.body)
        return None if value is None else -value
    if not isinstance(node, Binary) or node.operator not in _ARITHMETIC:
        return None
    left, right = number(node.left), number(node.right)
    if left is None or right is None or (node.operator == "/" and not right):
        return None
    return _ARITHMETIC[node.operator](left, right)
