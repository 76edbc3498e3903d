"""Parts that expressions have in common, evaluated once for all that are evaluated together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from checks.promql.ast import Aggregation, Binary, Call, Node, Selector
from checks.promql.reach import nodes
from checks.promql.values import Grid, Value

if TYPE_CHECKING:
    from checks.promql.api import Expression

__all__ = ["Key", "Shared", "in_common"]

_WORTH: Final = (Call, Aggregation, Binary, Selector)
"""What is looked up: whatever else there is costs no more than that."""

Key: TypeAlias = tuple[str, int, int, int]
Common: TypeAlias = Mapping[int, str]


def in_common(expressions: Iterable[Expression]) -> Common:
    """The parts that come more than once in ``expressions``, which have to be kept as long: their
    texts, by the identity of their nodes."""
    found = [
        (id(node), one.text[node.span.start : node.span.end])
        for one in expressions
        for node in nodes(one.root)
        if isinstance(node, _WORTH)
    ]
    counts = Counter(text for _, text in found)
    return {node: text for node, text in found if counts[text] > 1}


class Shared:
    """What parts came to, by their text and their moments.

    Rules of one group have much in common (the thresholds of one thing), and are evaluated as of
    the same moment. Whoever writes something in between that one of them may read forgets all.

    ``common`` are the parts that are kept, as :func:`in_common` finds them; None: all.
    """

    def __init__(self, common: Common | None = None) -> None:
        self._common = common
        self._held: dict[Key, Value] = {}

    def key(self, text: str, node: Node, grid: Grid) -> Key | None:
        """What the value of ``node``, which is part of ``text``, goes by; None where it is not
        worth it."""
        if self._common is not None:
            part = self._common.get(id(node))
        else:
            part = text[node.span.start : node.span.end] if isinstance(node, _WORTH) else None
        return None if part is None else (part, grid.start, grid.end, grid.step)

    def get(self, key: Key) -> Value | None:
        """What is known."""
        return self._held.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep what a part came to of which there is nothing to remark."""
        self._held[key] = value

    def forget(self) -> None:
        """Something was written."""
        self._held.clear()
