"""What is made once for as long as it is wanted, and forgotten some time after that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["Recent"]

K = TypeVar("K")
V = TypeVar("V")

_LEAST: Final = 200
_ROUNDS: Final = 3
"""How many rounds of nothing but new ones there is room for, before those before them go."""


class Recent(dict[K, V]):
    """What ``make`` makes of a key that is looked up (``recent[key]``).

    Keys come from targets, and may be others in each round: of what was not wanted for some rounds
    nothing is kept. Who looks up says with :meth:`used` how many a round wants.
    """

    __slots__ = ("_before", "_make", "_most", "_room")

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make
        self._before: dict[K, V] = {}
        self._most = 0
        self._room = _LEAST

    def used(self, count: int) -> None:
        """A round has wanted ``count`` of them."""
        if count > self._most:
            self._most = count
            self._room = max(self._room, _ROUNDS * count)

    def __missing__(self, key: K) -> V:
        if len(self) >= self._room:
            self._before = dict(self)
            self.clear()
            self._room, self._most = max(_LEAST, _ROUNDS * self._most), 0
        made = self._before.get(key)
        if made is None:
            made = self._make(key)
        self[key] = made
        return made
