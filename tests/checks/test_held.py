"""The one connection of a database check: whatever is given up leaves none behind."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from checks.databases.held import Held
from checks.dial import Phases


class FakeLink:
    """A connection that only knows whether it is closed."""

    def __init__(self) -> None:
        self.closed = False

    def abort(self) -> None:
        self.closed = True


class Opened(Held[FakeLink]):
    """Links that open when they are told to, and that nobody answers a good-bye of."""

    WAITING: ClassVar[frozenset[str]] = frozenset({"greeting"})

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.made: list[FakeLink] = []
        self.ready = asyncio.Event()
        self.began = asyncio.Event()

    async def begin(self, phases: Phases) -> FakeLink:
        """Opens one whatever happens: a driver may be past the point where it can be stopped."""
        phases.current = "greeting"
        self.began.set()
        while not self.ready.is_set():
            try:
                await self.ready.wait()
            except asyncio.CancelledError:
                continue
        self.made.append(FakeLink())
        return self.made[-1]

    async def leave(self, link: FakeLink) -> None:
        await asyncio.Event().wait()

    async def open_for_a_moment(self) -> None:
        """As a run does that ends before the server has greeted it."""
        opening = asyncio.create_task(self.opened(Phases(), self.begin))
        await self.began.wait()
        opening.cancel()
        await asyncio.wait({opening})

    async def close_in_a_hurry(self) -> None:
        """As an engine does that waits for nobody; what was being opened opens after that."""
        closing = asyncio.create_task(self.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing}, timeout=5)
        self.ready.set()
        for _ in range(5):
            await asyncio.sleep(0)


async def test_what_opens_after_a_close_was_cut_short_is_closed_all_the_same() -> None:
    held = Opened()
    await held.open_for_a_moment()
    await held.close_in_a_hurry()
    assert [link.closed for link in held.made] == [True]


async def test_a_good_bye_without_an_answer_keeps_nothing_from_being_given_up() -> None:
    held = Opened()
    held._link = FakeLink()
    await held.open_for_a_moment()
    await held.close_in_a_hurry()
    assert [link.closed for link in held.made] == [True]
