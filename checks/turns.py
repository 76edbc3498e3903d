"""Who may do something at the same moment as others, so that what hangs holds up nothing else."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Turn", "Turns"]

_ANSWERED, _NEW, _HUNG = 0, 1, 2
_PART: Final = 4
"""One in so many places is the most that those hold that hung the last time, and is what is kept
for those that answered."""


_REMEMBERED: Final = 10_000
"""Names of which it is remembered how they did: where redirects lead, they are ever new ones."""


@dataclass(slots=True, eq=False)
class Turn:
    """A place that is held, by whom and as what; ``passed`` on, it is another's meanwhile."""

    name: str
    rank: int
    state: Literal["held", "passed", "ended"] = "held"

    @property
    def is_new(self) -> bool:
        """Whether nobody knows how it will do."""
        return self.rank == _NEW


class Turns:
    """``at_once`` places, handed out by name: first to those that answered the last time, then
    to those nobody knows, then to those that hung, each in the order they came in. Whoever
    answered and then hung is one nobody knows once more: on a busy machine that may be chance,
    and among many that hang it would wait long for the next place.

    Those that hung share a part of the places, and with the unknown ones leave a part to those
    that answered, once there are any. Use from one event loop only.
    """

    def __init__(self, at_once: int, spare: int = 0, spare_new: int | None = None) -> None:
        """``spare``: how many of those that take long may leave their places to others;
        ``spare_new``: how many of those that nobody knows, where these have some of their own.
        """
        self.at_once = at_once
        self._spare = {_ANSWERED: spare, _NEW: spare_new}
        self._most_hung = max(1, at_once // _PART)
        self._most_unsure = max(1, at_once - at_once // _PART)
        self._held = [0, 0, 0]
        self._waiting: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque(), deque())
        self._known: dict[str, int] = {}
        self._answered = 0

    @property
    def new_waiting(self) -> int:
        """How many wait of whom nobody knows how they will do."""
        return len(self._waiting[_NEW])

    async def take(self, name: str) -> Turn:
        """Wait for a place for ``name``; it is to be ended."""
        rank = self._known.get(name, _NEW)
        waiting = self._waiting[rank]
        if not waiting and self._may(rank):
            self._held[rank] += 1
            return Turn(name, rank)
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._leave(rank)
            elif granted in waiting:
                waiting.remove(granted)
            raise
        return Turn(name, rank)

    def pass_on(self, turn: Turn) -> None:
        """It takes long: let another have the place meanwhile, as long as there are spare ones.

        What hung the last time keeps its own: there are as many of these as there are to be.
        """
        kind = self._sort(turn)
        if turn.state == "held" and turn.rank != _HUNG and (self._spare[kind] or 0) > 0:
            turn.state = "passed"
            self._count(kind, -1)
            self._leave(turn.rank)

    def _sort(self, turn: Turn) -> int:
        """Whose spare places it may use."""
        return _NEW if turn.is_new and self._spare[_NEW] is not None else _ANSWERED

    def _count(self, kind: int, more: int) -> None:
        self._spare[kind] = (self._spare[kind] or 0) + more

    def end(self, turn: Turn, *, hung: bool | None) -> None:
        """Give it back. ``hung``: whether it came to no end by itself; None where nobody knows."""
        if hung is not None:
            self._learn(turn.name, hung=hung)
        state, turn.state = turn.state, "ended"
        if state == "passed":
            self._count(self._sort(turn), 1)
        elif state == "held":
            self._leave(turn.rank)

    def _may(self, rank: int) -> bool:
        held = self._held
        if sum(held) >= self.at_once or (rank == _HUNG and held[_HUNG] >= self._most_hung):
            return False
        kept = self._answered > 0 and rank != _ANSWERED
        return not kept or held[_NEW] + held[_HUNG] < self._most_unsure

    def _learn(self, name: str, *, hung: bool) -> None:
        before = self._known.pop(name, _NEW)
        now = _ANSWERED if not hung else _NEW if before == _ANSWERED else _HUNG
        self._answered += (now == _ANSWERED) - (before == _ANSWERED)
        self._known[name] = now
        if len(self._known) > _REMEMBERED:
            oldest = next(iter(self._known))
            self._answered -= self._known.pop(oldest) == _ANSWERED

    def _leave(self, rank: int) -> None:
        """A place is free again: hand it on."""
        self._held[rank] -= 1
        while (following := self._following()) is not None:
            self._held[following] += 1
            self._waiting[following].popleft().set_result(None)

    def _following(self) -> int | None:
        """Of which rank the next is; None where nobody waits who may have a place."""
        for waiting in self._waiting:
            # Given up, and not yet taken out.
            while waiting and waiting[0].done():
                waiting.popleft()
        # Nobody is kept waiting for good: each rank has a place before another has a second one.
        ranks = sorted((_ANSWERED, _NEW, _HUNG), key=lambda rank: self._held[rank] > 0)
        return next((rank for rank in ranks if self._waiting[rank] and self._may(rank)), None)
