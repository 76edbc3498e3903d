"""Marks of alerts that fire on after a restart, told as one entry: none of them is news. Pure.

Their checks and rules come back one after the other, and each alert may be without data until then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from checks.model import clean_lines
from checks.rules.resuming import SETTLING, still_firing
from checks.story.model import Entry, EntryKind

__all__ = ["SETTLING", "Marks"]

_LONG: Final = 4_000


class Marks:
    """Holds back what is marked of the alerts with one of the identities ``before`` until
    :meth:`settled`; those fired before the restart.
    """

    def __init__(self, before: Collection[str]) -> None:
        self._before = frozenset(before)
        self._held: dict[str, Entry] = {}

    def passed(self, key: str, marks: Iterable[Entry]) -> Iterator[Entry]:
        """Those of ``marks``, of the alert with the identity ``key``, that are told at once."""
        for entry in marks:
            if key in self._before:
                self._held[key] = entry
            else:
                yield entry

    def drop(self, key: str) -> None:
        """The alert is over, which is told by itself."""
        self._held.pop(key, None)

    def settled(self, now: float, placed: Callable[[Entry], Entry]) -> Iterator[Entry]:
        """What is told of those held back, the only one as it was; from now on none is.

        ``placed`` gives an entry the number of its incident.
        """
        held = tuple(map(placed, self._held.values()))
        self._held, self._before = {}, frozenset()
        if len(held) < 2:
            yield from held
            return
        incidents = {one.incident for one in held}
        told = (f"{one.name} {one.check}".rstrip() + f": {one.text}" for one in held)
        yield Entry(
            at=now,
            kind=EntryKind.EVENT,
            text=still_firing(one.name for one in held),
            incident=incidents.pop() if len(incidents) == 1 else 0,
            detail=clean_lines("\n".join(told), _LONG),
        )
