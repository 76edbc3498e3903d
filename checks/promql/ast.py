"""The syntax tree of a PromQL expression: small, frozen, typed.

Positions are character offsets into the expression's text, half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from checks.store.matching import Matcher

__all__ = [
    "Aggregation",
    "At",
    "Binary",
    "Call",
    "Kind",
    "Matching",
    "Negative",
    "Node",
    "Number",
    "Paren",
    "Range",
    "Selector",
    "Span",
    "Subquery",
    "Text",
    "unwrapped",
]


class Kind(Enum):
    """The type of an expression; the value is its name in Prometheus' messages."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "instant vector"
    MATRIX = "range vector"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to ``end`` (exclusive) in the expression's text."""

    start: int
    end: int


At: TypeAlias = int | Literal["start", "end"] | None
"""The ``@`` modifier: milliseconds, ``start()``, ``end()``, or none."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal, unquoted."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Selector:
    """An instant vector selector. ``name`` is empty where no ``=`` matcher gives one.

    ``matchers`` do not repeat the name. ``offset`` is in milliseconds.
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset: int
    at: At
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """A range vector selector; offset and ``@`` are its selector's. ``range`` in milliseconds."""

    selector: Selector
    range: int
    span: Span


@dataclass(frozen=True, slots=True)
class Subquery:
    """``body[range:step]``; ``step`` None is the default one. Milliseconds."""

    body: Node
    range: int
    step: int | None
    offset: int
    at: At
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function's call; :mod:`checks.promql.functions` knows it by ``function``."""

    function: str
    args: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus. (Unary plus is a :class:`Paren`.)"""

    body: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Matching:
    """How the vectors of a binary operator find each other.

    ``on`` says whether ``labels`` are the ones that count or those that do not. ``group`` is the
    side that may have many; ``include`` the labels that it takes over from the other.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``; ``operator`` as written, set operators in lower case."""

    operator: str
    left: Node
    right: Node
    bool_modifier: bool
    matching: Matching
    span: Span


@dataclass(frozen=True, slots=True)
class Aggregation:
    """``operator by|without (labels) (parameter, body)``; ``operator`` in lower case."""

    operator: str
    body: Node
    parameter: Node | None
    without: bool
    labels: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Paren:
    """What stands in parentheses, or behind a unary plus, which changes nothing either."""

    body: Node
    span: Span
    plus: bool = False


Node: TypeAlias = (
    Number | Text | Selector | Range | Subquery | Call | Negative | Binary | Aggregation | Paren
)


def unwrapped(node: Node) -> Node:
    """``node`` without the parentheses around it; a plus hides from functions what it is before."""
    while isinstance(node, Paren) and not node.plus:
        node = node.body
    return node
