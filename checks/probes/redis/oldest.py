"""How long what has waited longest in a queue has waited: of each, one item is read.

An item may be as large as its application likes. A round that passes :data:`BOUND` is given up,
and those queues are left alone for a while.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from checks.model import SampleBuilder
from checks.probes.redis.layouts import Oldest, QueuePlan
from checks.probes.redis.reply import Command, ErrorReply, as_text

__all__ = ["BOUND", "Ages", "moment_of"]

BOUND: Final = 512 * 1024
"""Bytes that the oldest items of all queues together may come to."""
EVERY: Final = 5.0
"""Seconds between two looks."""
LATER: Final = 600.0
"""Seconds after which a queue is looked at again whose item could not be read."""
MOST: Final = 32
"""Queues that are looked at, of those that have anything waiting."""
_ID_BOUND: Final = 200
"""Characters of an id that is looked up."""
_MILLISECONDS_FROM: Final = 1e11
"""Seconds since 1970 that no item has: it counts in thousandths."""
_OLDEST_AGE: Final = 10 * 366 * 86400.0
"""Seconds beyond which a time was none."""


class Ages:
    """Looks at the oldest items of the queues of ``plans`` now and then."""

    def __init__(self, plans: Sequence[QueuePlan]) -> None:
        self._known = {plan.name: plan.oldest for plan in plans if plan.oldest is not None}
        self._due = 0.0
        self._not_before: dict[str, float] = {}
        self._moments: dict[str, float] = {}
        self._asked: list[tuple[str, Oldest]] = []
        self._looked_up: list[str] = []

    def commands(self, sizes: Mapping[str, float], now: float) -> list[Command]:
        """What to ask at ``now`` (seconds on any clock), given what waits in each queue."""
        waiting = [name for name in self._known if sizes.get(name)]
        self._moments = {name: at for name, at in self._moments.items() if name in waiting}
        if now < self._due:
            return []
        self._due = now + EVERY
        fit = [name for name in waiting if self._not_before.get(name, now) <= now][:MOST]
        self._asked = [(name, self._known[name]) for name in fit]
        return [_command(oldest) for _, oldest in self._asked]

    def take(self, replies: Sequence[object], now: float) -> list[Command]:
        """Take the replies to :meth:`commands`; returns what to ask for the ids among them."""
        self._looked_up = []
        more: list[Command] = []
        for (name, oldest), reply in zip(self._asked, replies, strict=True):
            if isinstance(reply, ErrorReply):
                self._not_before[name] = now + LATER
                self._moments.pop(name, None)
            elif oldest.of_id:
                found = as_text(reply) if isinstance(reply, bytes) else ""
                if 0 < len(found) <= _ID_BOUND:
                    self._looked_up.append(name)
                    more.append(("HGET", f"{oldest.of_id}{found}", oldest.field))
                else:
                    self._learn(name, None)
            else:
                self._learn(name, _moment_in(oldest, reply))
        return more

    def take_more(self, replies: Sequence[object]) -> None:
        """Take the replies to what :meth:`take` asked for."""
        for name, reply in zip(self._looked_up, replies, strict=True):
            found = as_text(reply) if isinstance(reply, bytes) else ""
            self._learn(name, moment_of(found))

    def give_up(self, now: float) -> None:
        """Leave the queues alone that were asked for last: what they hold is too large."""
        for name, _ in self._asked:
            self._not_before[name] = now + LATER
            self._moments.pop(name, None)

    def _learn(self, name: str, moment: float | None) -> None:
        if moment is None:
            self._moments.pop(name, None)
        else:
            self._moments[name] = moment

    def add(self, out: SampleBuilder, wall: float) -> None:
        """Add the ages at ``wall``, seconds since 1970; none of a time that makes no sense."""
        for name, moment in self._moments.items():
            age = wall - moment
            if -60.0 < age < _OLDEST_AGE:
                out.add("queue_oldest_seconds", max(0.0, age), {"queue": name})


def _command(oldest: Oldest) -> Command:
    if oldest.kind == "stream":
        return ("XRANGE", oldest.key, "-", "+", "COUNT", 1)
    return ("LINDEX", oldest.key, oldest.index)


def _moment_in(oldest: Oldest, reply: object) -> float | None:
    """When the item that ``reply`` holds came, in seconds since 1970."""
    if oldest.kind == "stream":
        entry = reply[0] if isinstance(reply, list) and reply else None
        found = as_text(entry[0]) if isinstance(entry, list) and entry else ""
        return moment_of(found.partition("-")[0])
    if not isinstance(reply, bytes):
        return None
    try:
        item = json.loads(reply)
    except (ValueError, RecursionError):
        return None
    values = [item.get(field) for field in oldest.fields] if isinstance(item, dict) else []
    return next((at for value in values if (at := moment_of(value)) is not None), None)


def moment_of(value: object) -> float | None:
    """``value`` as seconds since 1970: a number of seconds or of milliseconds, also as text, or
    a date as ISO 8601 writes it, of UTC where it does not say.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _date(str(value))
    if not math.isfinite(number) or number <= 0:
        return None
    return number / 1000 if number > _MILLISECONDS_FROM else number


def _date(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
