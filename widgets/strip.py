"""A line on the screen that costs what it is made of.

Textual's own brings seven caches along, which for a pane that keeps its lines itself take most
of the time of making one, and most of what a collection of garbage has to look through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.segment import Segment
from textual.cache import FIFOCache
from textual.strip import Strip

__all__ = ["LeanStrip"]


class _NoCache(FIFOCache[Any, Any]):
    """Remembers nothing, so that all lines may share it."""

    def __setitem__(self, key: object, value: object) -> None:
        """Forget ``value`` at once."""

    def get(self, key: object, default: Any = None) -> Any:
        return default


_NONE = _NoCache(0)


class LeanStrip(Strip):
    """As Textual's, but it remembers only how it was divided last, and in ``made`` what somebody
    who draws it has made of it.
    """

    __slots__ = ("_division", "made")

    def __init__(self, segments: Iterable[Segment], cell_length: int | None = None) -> None:
        self._segments = list(segments)
        self._cell_length = cell_length
        self._divide_cache = self._crop_cache = self._style_cache = self._filter_cache = _NONE
        self._line_length_cache = self._crop_extend_cache = self._offsets_cache = _NONE
        self._render_cache: str | None = None
        self._link_ids: set[str] | None = None
        self._cell_count: int | None = None
        self._division: tuple[list[int], list[Strip]] | None = None
        self.made: object = None

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """The parts that end at ``cuts``, which are cells from its start."""
        length = self.cell_length
        cuts = [cut for cut in cuts if cut <= length]
        if cuts == [length]:
            return [self]
        if self._division is None or self._division[0] != cuts:
            parts: list[Strip] = []
            start = 0
            for segments, cut in zip(Segment.divide(self._segments, cuts), cuts, strict=False):
                parts.append(LeanStrip(segments, cut - start))
                start = cut
            self._division = (cuts, parts)
        return self._division[1]
