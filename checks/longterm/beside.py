"""Objectives and capacity beside the engine's checks, imported once these have answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from checks.clock import Clock
from checks.config import EngineConfig
from checks.lanes import Lanes
from checks.model import clean
from checks.store.store import Store
from checks.views import EventView, Snapshot

if TYPE_CHECKING:
    from checks.longterm.live import LiveLongTerm
    from checks.story.keeping import Keeping

__all__ = ["LongTerm"]

SETTLED: Final = 3.0
"""Seconds after which it begins although some check has not answered yet."""

log = logging.getLogger("onwatch.longterm")


class LongTerm:
    """What takes weeks to tell, of ``config`` over what is in ``store``.

    Args:
        settled: whether every check has answered once.
        keeping: the way to the story's file, asked each time; None while there is none.
        tell: takes events.
    """

    def __init__(
        self,
        config: EngineConfig,
        store: Store,
        clock: Clock,
        lanes: Lanes,
        *,
        settled: Callable[[], bool],
        keeping: Callable[[], Keeping | None],
        tell: Callable[[EventView], None],
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._lanes = lanes
        self._settled = settled
        self._keeping = keeping
        self._tell = tell
        self._before: LiveLongTerm | None = None
        self.live: LiveLongTerm | None = None

    def follow(self, old: LongTerm) -> None:
        """Go on where ``old``, which has ended, was; call before :meth:`run`."""
        self._before = old.live or old._before

    async def run(self) -> None:
        """Work until cancelled."""
        until = self._clock.now() + SETTLED
        while not self._settled() and self._clock.now() < until:
            await self._clock.sleep_until(self._clock.now() + 0.1)
        try:
            importing = partial(import_module, "checks.longterm.live")
            await self._lanes.insist("long term", importing, self._wait_told)
            self._lanes.drop("long term")
            self.live = self.begin()
        except Exception as error:
            # The rim: the checks go on without objectives.
            log.exception("objectives and capacity could not be begun")
            said = f"no objectives and no capacity are told: {clean(error)}"
            self._tell(EventView(self._clock.now(), "", said))
            return
        await self.live.run()

    def _wait_told(self, why: str) -> None:
        said = f"no objectives and no capacity are told yet: {why}"
        self._tell(EventView(self._clock.now(), "", said))

    def begin(self) -> LiveLongTerm:
        """What does the work, with what was counted before a reload."""
        from checks.longterm.live import LiveLongTerm  # noqa: PLC0415 - imports the evaluator

        made = LiveLongTerm(self._config, self._store, self._clock, self._keeping, self._tell)
        if self._before is not None:
            made.follow(self._before)
            self._before = None
        return made

    def into(self, picture: Snapshot) -> Snapshot:
        """``picture`` with objectives and capacity."""
        found = self.live or self._before
        return picture if found is None else found.into(picture)

    def close(self) -> None:
        """Hand over what is to be written a last time; call before the story closes."""
        if self.live is not None:
            self.live.close()
