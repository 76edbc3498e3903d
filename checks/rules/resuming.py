"""What is told of alerts that fire on after a restart: once for all of them.

Each of them may first be without samples and then with them again, as its rule is evaluated: a
dozen lines, of which none is news.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from checks.alerts.model import State
from checks.rules.views import TransitionView
from checks.views import EventView
from checks.wording import many

__all__ = ["SETTLING", "Resuming", "still_firing"]

SETTLING: Final = 75.0
"""Seconds after a start in which the rules of all groups have been evaluated a second time."""
_NAMED: Final = 3


def still_firing(names: Iterable[str]) -> str:
    """``6 alerts still firing since before the restart: A, B, C and 3 more``, by their names."""
    every = list(names)
    different = list(dict.fromkeys(every))
    more = len(different) - _NAMED
    listed = ", ".join(different[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{many(len(every), 'alert')} still firing since before the restart: {listed}"


class Resuming:
    """Holds back until ``until`` what alerts that go on firing have to say."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._held: dict[str, tuple[str, EventView]] = {}
        self._new: set[str] = set()

    def holds(self, one: TransitionView, event: EventView) -> bool:
        """Whether ``event``, of ``one``, is kept for later."""
        if one.time >= self._until:
            return False
        if one.before is not State.FIRING:
            self._new.add(one.alert)
        if one.before is one.after is State.FIRING and one.alert not in self._new:
            self._held[one.alert] = (one.name, event)
            return True
        self._held.pop(one.alert, None)
        return False

    def told(self, now: float) -> Iterator[EventView]:
        """What is to be said in place of all that was held back; of one alert what that said."""
        if not self._held or now < self._until:
            return
        held, self._held = tuple(self._held.values()), {}
        if len(held) == 1:
            yield held[0][1]
        else:
            yield EventView(now, "", still_firing(name for name, _ in held))
