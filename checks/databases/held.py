"""The one connection of a session: opened when first asked for, kept, dropped, opened again.

A server that hangs accepts connections and greets none of them. Opening another with each run
would pile them up there, and each that is given up may count against this host once the server
goes on; so the first is kept and waits through the runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from checks.dial import Phases

__all__ = ["Held", "Link"]

WAIT_FOR_GREETING: Final = 600.0
"""Seconds that one connection waits for a server that hangs to greet it."""


class Link(Protocol):
    """A connection to a server that has let us in."""

    @property
    def closed(self) -> bool:
        """Whether it is known to be lost."""

    def abort(self) -> None:
        """Close it at once; what is under way on it is lost."""


L = TypeVar("L", bound=Link)


class Held(Generic[L]):
    """At most one connection. ``now`` tells the time, in seconds."""

    WAITING: ClassVar[frozenset[str]]
    """The phases of opening in which a server that hangs keeps us."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._link: L | None = None
        self._opening: asyncio.Task[L] | None = None
        self._phases = Phases()
        self._since = 0.0

    @property
    def link(self) -> L | None:
        """The connection, where there is one that is not known to be lost."""
        if self._link is not None and self._link.closed:
            self.drop()
        return self._link

    async def opened(self, phases: Phases, begin: Callable[[Phases], Coroutine[Any, Any, L]]) -> L:
        """A new connection: the one that is being opened since an earlier run, or one that
        ``begin`` opens; raises what that raises.
        """
        now = self._now()
        if self._opening is None:
            self._phases, self._since = Phases(), now
            self._opening = asyncio.create_task(begin(self._phases))
        try:
            link = await asyncio.shield(self._opening)
        except asyncio.CancelledError:
            phases.current = self._phases.current
            waits = phases.current in self.WAITING
            if not (waits and now - self._since < WAIT_FOR_GREETING):
                await self._give_up()
            raise
        except BaseException:
            # Whatever it came to, the next run begins anew.
            phases.current = self._phases.current
            self._opening = None
            raise
        self._opening = None
        phases.seconds.update(self._phases.seconds)
        return link

    async def _give_up(self) -> None:
        for opening in self._given_up():
            await asyncio.wait({opening})

    def _given_up(self) -> tuple[asyncio.Task[L], ...]:
        """What was being opened, if anything was: nobody wants it any more, whatever it comes to
        and whether or not somebody waits for that.
        """
        opening, self._opening = self._opening, None
        if opening is None:
            return ()
        opening.cancel()
        opening.add_done_callback(_abort)
        return (opening,)

    def drop(self) -> None:
        """Close the connection at once; what was under way on it is lost."""
        link, self._link = self._link, None
        if link is not None:
            link.abort()

    async def close(self) -> None:
        """Close the connection, if there is one."""
        link, self._link = self._link, None
        # First, since leaving may take longer than somebody waits.
        given_up = self._given_up()
        if link is not None:
            await self.leave(link)
        for opening in given_up:
            await asyncio.wait({opening})

    async def leave(self, link: L) -> None:
        """Close ``link`` as its server wants it to be done."""
        raise NotImplementedError


def _abort(opening: asyncio.Task[L]) -> None:
    """Close what was opened after all."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().abort()
