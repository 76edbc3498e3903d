"""Parts that expressions have in common, evaluated once for all that are evaluated together."""

from __future__ import annotations

from typing import Final

from checks.promql.ast import Aggregation, Binary, Call, Node, Selector
from checks.promql.values import Grid, Value

__all__ = ["Shared"]

_WORTH: Final = (Call, Aggregation, Binary, Selector)
"""What is looked up: whatever else there is costs no more than that."""


class Shared:
    """What parts came to, by their text and their moments.

    Rules of one group have much in common (the thresholds of one thing), and are evaluated as of
    the same moment. Whoever writes something in between that one of them may read forgets all.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, int, int, int], Value] = {}

    def key(self, text: str, node: Node, grid: Grid) -> tuple[str, int, int, int] | None:
        """What the value of ``node``, which is part of ``text``, goes by; None where it is not
        worth it."""
        if not isinstance(node, _WORTH):
            return None
        return text[node.span.start : node.span.end], grid.start, grid.end, grid.step

    def get(self, key: tuple[str, int, int, int]) -> Value | None:
        """What is known."""
        return self._held.get(key)

    def put(self, key: tuple[str, int, int, int], value: Value) -> None:
        """Keep what a part came to of which there is nothing to remark."""
        self._held[key] = value

    def forget(self) -> None:
        """Something was written."""
        self._held.clear()
