"""Label sets, and what is derived from many of them at once.

The same tuple of label sets comes again with every evaluation (the store keeps it), so what
took a pass over its series (grouping, matching, a name removed) is remembered by the tuple's
identity.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeVar

from checks.promql.values import Labels, LabelSet

__all__ = [
    "USUAL",
    "Memory",
    "joined",
    "label",
    "label_set",
    "remembered",
    "remembered_of",
    "weight",
    "without",
]

T = TypeVar("T")

USUAL: Final = 256
"""Characters of a label set of usual length."""
_WEIGHED: Final = 1000


def label(labels: LabelSet, name: str) -> str:
    """The value of ``name``; empty where the set lacks it."""
    for key, value in labels:
        if key == name:
            return value
    return ""


def label_set(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> LabelSet:
    """The label set of ``pairs``: sorted, empty values left out."""
    items = dict(pairs).items()
    return tuple(sorted((name, value) for name, value in items if value))


def without(labels: LabelSet, names: Iterable[str]) -> LabelSet:
    """``labels`` without ``names``."""
    gone = frozenset(names)
    return tuple(pair for pair in labels if pair[0] not in gone)


def weight(labels: Labels) -> int:
    """How much is held with ``labels``, in label sets of usual length.

    Of very many the length of each is no matter: it is bounded where they are made.
    """
    if len(labels) > _WEIGHED:
        return len(labels)
    written = sum(len(name) + len(value) for one in labels for name, value in one)
    return max(len(labels), written // USUAL)


class Memory:
    """What was derived from tuples of label sets, by their identity.

    Holds on to the tuples, so that an identity cannot come again for another; forgets the least
    recently used beyond ``limit`` label sets of usual length in all.
    """

    def __init__(self, limit: int = 300_000) -> None:
        self.limit = limit
        self.size = 0
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[object, ...], _Held] = OrderedDict()

    def get(
        self,
        sources: tuple[Labels, ...],
        key: Hashable,
        make: Callable[[], T],
        weigh: Callable[[T], int] | None = None,
    ) -> T:
        """What ``make`` derives from ``sources`` (and nothing else but ``key``).

        ``weigh`` tells what it weighs itself, as :func:`weight` does, where that is much.
        """
        place = (*map(id, sources), key)
        with self._lock:
            found = self._held.get(place)
            if found is not None:
                self._held.move_to_end(place)
                kept: T = found.made
                return kept
        made = make()
        heavy = 1 + sum(map(weight, sources)) + (weigh(made) if weigh is not None else 0)
        with self._lock:
            self._keep(place, _Held(sources, made, heavy))
        return made

    def _keep(self, place: tuple[object, ...], held: _Held) -> None:
        if place in self._held:
            return
        self._held[place] = held
        self.size += held.weight
        while self.size > self.limit and len(self._held) > 1:
            self.size -= self._held.popitem(last=False)[1].weight


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    sources: tuple[Labels, ...]
    made: Any
    weight: int


_MEMORY: Final = Memory()


def remembered(
    labels: Labels,
    key: Hashable,
    make: Callable[[Labels], T],
    weigh: Callable[[T], int] | None = None,
) -> T:
    """``make(labels)``, made once for this very tuple and ``key``.

    ``key`` names what is derived and with which parameters: ``("without", names)``. ``weigh`` is
    that of :meth:`Memory.get`.
    """
    return _MEMORY.get((labels,), key, lambda: make(labels), weigh)


def remembered_of(sources: tuple[Labels, ...], key: Hashable, make: Callable[[], T]) -> T:
    """As :func:`remembered`, of several tuples together."""
    return _MEMORY.get(sources, key, make)


def joined(parts: tuple[Labels, ...]) -> Labels:
    """All of ``parts`` in one, the very same tuple each time for the very same parts."""
    if len(parts) == 1:
        return parts[0]
    return _MEMORY.get(parts, "joined", lambda: tuple(chain.from_iterable(parts)))
