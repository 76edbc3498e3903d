"""The records that a log check holds: the newest ones, and the grave ones for longer."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from sys import getsizeof
from threading import Lock
from typing import Final

from checks.logs.model import Level, Record
from checks.logs.views import PatternView

__all__ = ["GRAVE", "NEWEST", "Held", "Reading", "Tail", "is_grave"]

Making = Callable[[Record], Record]


NEWEST: Final = 3_000
"""Records held, whatever they are."""
GRAVE: Final = 1_000
"""Records held besides, of those that are warnings or worse, or match a pattern: where thousands a
second come, the one that matters would be gone before anybody could look."""
_BYTES: Final = 2_500_000
"""That the newest may take, about; the grave ones half of it."""
_WATCHED: Final = 3.0
"""Seconds for which one look holds."""
_RECORD: Final = 420
"""Bytes of a record without its texts."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How reading goes, as of the last time.

    ``rate`` is records a second over ``window`` seconds, ``note`` what is missing, ``files`` what
    is read now, ``newest`` when the newest record was read.
    """

    files: tuple[str, ...] = ()
    rate: float = 0.0
    window: float = 60.0
    note: str = ""
    patterns: tuple[PatternView, ...] = ()
    newest: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a tail holds, as of ``version``: ``older`` are grave, from before the ``newest``.

    Both ascend by number. ``levels`` counts both.
    """

    version: int
    older: tuple[Record, ...] = ()
    newest: tuple[Record, ...] = ()
    levels: Mapping[Level, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.older) + len(self.newest)

    @property
    def since(self) -> float | None:
        """The time of the oldest; None where there is none."""
        first = next(iter(self.older or self.newest), None)
        return None if first is None else first.time

    def after(self, number: int) -> list[Record]:
        """Those with numbers above ``number``, ascending."""
        return [one for part in (self.older, self.newest) for one in part if one.number > number]


def is_grave(record: Record) -> bool:
    """Whether it is held for longer: a warning or worse, or what a pattern looks for."""
    return bool(record.patterns) or (record.level or 0) >= Level.WARNING


def _as_it_is(record: Record) -> Record:
    return record


class _Ring:
    """The newest of the records added, bounded in number and in bytes."""

    def __init__(self, most: int, size: int) -> None:
        self._most = most
        self._size = size
        self._records: deque[tuple[int, Record]] = deque()
        self._bytes = 0

    def chosen(self, records: Sequence[Record], final: Making) -> list[tuple[int, Record]]:
        """The last of ``records``, as many as there could be room for, with their weight."""
        room, found = self._size, []
        for record in reversed(records[-self._most :]):
            made = final(record)
            weight = _weight(made)
            room -= weight
            if room < 0:
                break
            found.append((weight, made))
        return found[::-1]

    def add(self, records: Sequence[tuple[int, Record]]) -> None:
        self._records.extend(records)
        self._bytes += sum(weight for weight, _ in records)
        while len(self._records) > self._most or self._bytes > self._size:
            self._bytes -= self._records.popleft()[0]

    def all(self) -> tuple[Record, ...]:
        return tuple(record for _, record in self._records)


class Tail:
    """Written where the log is read, and looked at in the engine's loop: both at any time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest = _Ring(NEWEST, _BYTES)
        self._grave = _Ring(GRAVE, _BYTES // 2)
        self._version = 0
        self._held = Held(0)
        self.reading = Reading()
        self._watched = -math.inf

    def look(self, now: float) -> None:
        """Somebody looks at it, at ``now``."""
        self._watched = now

    def is_watched(self, now: float) -> bool:
        """Whether somebody looked at it of late."""
        return now - self._watched < _WATCHED

    def add(self, records: Sequence[Record], final: Making = _as_it_is) -> None:
        """Hold ``records``, whose numbers ascend and are above those before.

        ``final`` makes of one what is held; it is asked for those alone that there is room for.
        """
        made: dict[int, Record] = {}

        def once(record: Record) -> Record:
            found = made.get(record.number)
            if found is None:
                found = made[record.number] = final(record)
            return found

        grave = [one for one in records if is_grave(one)]
        newest_of = self._newest.chosen(records, once)
        grave_of = self._grave.chosen(grave, once)
        # What takes long is done: who looks waits for this.
        with self._lock:
            self._newest.add(newest_of)
            self._grave.add(grave_of)
            self._version += bool(records)

    @property
    def version(self) -> int:
        """Another number once something was added."""
        return self._version

    def held(self) -> Held:
        """All that is held; made anew where something was added since."""
        if self._held.version != self._version:
            with self._lock:
                newest, grave = self._newest.all(), self._grave.all()
                version = self._version
            first = newest[0].number if newest else 0
            older = tuple(one for one in grave if one.number < first)
            levels = Counter(one.level for part in (older, newest) for one in part)
            counted = {level: levels[level] for level in Level if level in levels}
            self._held = Held(version, older, newest, counted)
        return self._held


def _weight(record: Record) -> int:
    """Bytes of a record, about."""
    texts = getsizeof(record.message) + getsizeof(record.text)
    return _RECORD + texts + sum(map(getsizeof, record.fields.values()))
