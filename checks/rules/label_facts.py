"""Which labels the series of an expression have for certain, and which they cannot have.

Told from the expression alone, or from the series that there are. Whatever is not sure is left
open: nothing is held against an expression that might be right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeAlias

from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Kind,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
    Text,
    unwrapped,
)
from checks.promql.check import kind_of

__all__ = ["ANY", "Facts", "Known", "facts_of", "of_selector"]

_CHOOSING: Final = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_MADE: Final = frozenset({"label_replace", "label_join"})
_ABSENT: Final = frozenset({"absent", "absent_over_time"})
_BUCKETS: Final = frozenset({"histogram_quantile"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is certain of all series of an expression.

    Attributes:
        has: labels that each of them has, with the value where all have the same, else None.
        only: labels beyond which none has any; None where that is not known.
        lacks: labels that none has.
    """

    has: Mapping[str, str | None] = field(default_factory=dict)
    only: frozenset[str] | None = None
    lacks: frozenset[str] = frozenset()

    def cannot_have(self, name: str) -> bool:
        """Whether no series has the label ``name``."""
        return name in self.lacks or (self.only is not None and name not in self.only)

    def kept(self, names: frozenset[str]) -> Facts:
        """With the labels ``names`` alone."""
        only = names if self.only is None else names & self.only
        return Facts({n: v for n, v in self.has.items() if n in names}, only, self.lacks & names)

    def without(self, names: frozenset[str]) -> Facts:
        """Without the labels ``names``."""
        only = None if self.only is None else self.only - names
        has = {n: v for n, v in self.has.items() if n not in names}
        return Facts(has, only, self.lacks | names)

    def open_to(self, names: frozenset[str]) -> Facts:
        """Where each of ``names`` may be there or not, with any value."""
        only = None if self.only is None else self.only | names
        has = {n: v for n, v in self.has.items() if n not in names}
        return Facts(has, only, self.lacks - names)


ANY: Final = Facts()
NOTHING: Final = Facts(only=frozenset())
Known: TypeAlias = Callable[[Selector], Facts]
"""What is certain of the series that a selector selects."""


def of_selector(selector: Selector) -> Facts:
    """What its matchers say."""
    has: dict[str, str | None] = {}
    lacks = set()
    for matcher in selector.matchers:
        if matcher.op == "=" and matcher.value:
            has[matcher.label] = matcher.value
        elif not matcher.matches(""):
            has.setdefault(matcher.label, None)
        elif matcher.op == "=":
            lacks.add(matcher.label)
    return Facts(has, None, frozenset(lacks))


def facts_of(node: Node, known: Known) -> Facts:
    """What is certain of the series of ``node``, an instant or a range vector."""
    match node:
        case Selector() | Range():
            return known(node.selector if isinstance(node, Range) else node)
        case Subquery() | Paren() | Negative():
            return facts_of(node.body, known)
        case Aggregation():
            return _of_aggregation(node, facts_of(node.body, known))
        case Call():
            return _of_call(node, known)
        case Binary():
            return _of_binary(node, known)
        case Number() | Text():
            return NOTHING


def _of_aggregation(node: Aggregation, body: Facts) -> Facts:
    if node.operator in _CHOOSING:
        return body
    labels = frozenset(node.labels)
    found = body.without(labels) if node.without else body.kept(labels)
    if node.operator == "count_values" and isinstance(node.parameter, Text):
        opened = found.open_to(frozenset({node.parameter.value}))
        return replace(opened, has={**opened.has, node.parameter.value: None})
    return found


def _of_call(node: Call, known: Known) -> Facts:
    vectors = [arg for arg in node.args if kind_of(arg) in {Kind.VECTOR, Kind.MATRIX}]
    if not vectors:
        return NOTHING
    if node.function in _ABSENT:
        return _of_absent(vectors[0])
    found = facts_of(vectors[0], known)
    if node.function in _MADE:
        made = unwrapped(node.args[1])
        return found.open_to(frozenset({made.value})) if isinstance(made, Text) else ANY
    if node.function in _BUCKETS:
        return found.without(frozenset({"le"}))
    return found


def _of_absent(node: Node) -> Facts:
    """What is absent has the labels that were asked for by ``=``."""
    bare = unwrapped(node)
    selector = bare.selector if isinstance(bare, Range) else bare
    if not isinstance(selector, Selector):
        return NOTHING
    named = {one.label for one in selector.matchers if one.op == "=" and one.value}
    # One that is asked for twice is left out.
    return Facts(only=frozenset(named))


def _of_binary(node: Binary, known: Known) -> Facts:
    left_is, right_is = kind_of(node.left), kind_of(node.right)
    if left_is is not Kind.VECTOR or right_is is not Kind.VECTOR:
        vectors = [n for n, k in ((node.left, left_is), (node.right, right_is)) if k is Kind.VECTOR]
        return facts_of(vectors[0], known) if vectors else NOTHING
    left, right = facts_of(node.left, known), facts_of(node.right, known)
    if node.operator == "or":
        return _either(left, right)
    if node.operator in {"and", "unless"}:
        return left
    return _matched(node, left, right)


def _either(left: Facts, right: Facts) -> Facts:
    has = {n: v if v == right.has[n] else None for n, v in left.has.items() if n in right.has}
    both = None
    if left.only is not None and right.only is not None:
        both = left.only | right.only
    lacking = {n for n in left.lacks | right.lacks if left.cannot_have(n) and right.cannot_have(n)}
    return Facts(has, both, frozenset(lacking))


def _matched(node: Binary, left: Facts, right: Facts) -> Facts:
    """The labels of what an arithmetic operator or a comparison makes of two vectors."""
    matching = node.matching
    labels = frozenset(matching.labels)
    if matching.group:
        many = right if matching.group == "right" else left
        return many.open_to(frozenset(matching.include))
    cut = Facts.kept if matching.on else Facts.without
    shortened = partial(cut, names=labels)
    one, other = shortened(left), shortened(right)
    # Series that match have the same labels, so that what is certain of one side is of both.
    only = one.only if other.only is None else other.only if one.only is None else None
    if one.only is not None and other.only is not None:
        only = one.only & other.only
    return Facts({**other.has, **one.has}, only, one.lacks | other.lacks)
