"""What is kept longer than the rest, since a rule looks back further: block by block, bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from checks.rules.model import RuleGroup
from checks.rules.selectors import Read, reads
from checks.store.store import Store

__all__ = ["LONGEST", "Longer"]

LONGEST: Final = 86_400.0
"""Seconds that anything is kept at most."""
_MARGIN: Final = 60.0
"""Seconds on top, so that the oldest sample of a range is still there when it is asked for."""


class Longer:
    """What the rules of ``groups`` look back on for longer than ``usual`` seconds."""

    def __init__(self, groups: Iterable[RuleGroup], usual: float) -> None:
        every = (
            read
            for group in groups
            for rule in group.rules
            for read in reads(rule.expression.root, rule.expression.text)
        )
        self._reads: list[tuple[Read, float]] = [
            (read, min(LONGEST, read.back / 1000 + _MARGIN))
            for read in every
            if read.back / 1000 + _MARGIN > usual
        ]

    def blocks(self, store: Store) -> dict[str, float]:
        """For the name of each block that is kept longer, how many seconds."""
        kept: dict[str, float] = {}
        for read, seconds in self._reads:
            for block in store.select(read.selector.name, read.selector.matchers):
                kept[block.name] = max(seconds, kept.get(block.name, 0.0))
        return kept
