"""What takes weeks to tell, beside the engine's checks: objectives and capacity.

It begins when the checks have answered, and is imported then: the first picture waits for none of
it. Used from the engine's loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.capacity.built_in import built_in
from checks.capacity.live import EVERY as EVERY_CAPACITY
from checks.capacity.live import LiveCapacity
from checks.clock import Clock
from checks.config import EngineConfig
from checks.longterm.keeper import Keeper
from checks.model import clean
from checks.objectives.live import EVERY, LiveObjectives
from checks.store.store import Store
from checks.views import EventView, Snapshot

if TYPE_CHECKING:
    from checks.probe import CheckSpec
    from checks.story.keeping import Keeping

__all__ = ["LiveLongTerm"]

EAGER: Final = 1.0
"""Seconds between looks at the file while something is still to be read."""

log = logging.getLogger("onwatch.longterm")


class LiveLongTerm:
    """The objectives and what fills, of a configuration, over what is in ``store``.

    ``keeping`` is asked for the story's file each time; None while there is none yet. ``tell``
    takes events.
    """

    def __init__(
        self,
        config: EngineConfig,
        store: Store,
        clock: Clock,
        keeping: Callable[[], Keeping | None],
        tell: Callable[[EventView], None] = lambda _: None,
    ) -> None:
        specs: Mapping[str, CheckSpec] = {spec.name: spec for spec in config.checks}
        external = config.external_labels
        now = clock.now()
        self.objectives = LiveObjectives(config.objectives, store, specs, external, now)
        self.capacity = LiveCapacity((*config.capacity, *built_in()), store, external)
        self._clock = clock
        self._keeping = keeping
        self._keeper = Keeper()
        self._seen = 0.0
        self._tell = tell
        self._told: dict[str, str] = {}

    def follow(self, old: LiveLongTerm) -> None:
        """Go on where ``old``, which has ended, was; call before :meth:`run`."""
        old.objectives.look(self._clock.now())
        self.objectives.follow(old.objectives)
        self.capacity.follow(old.capacity)

    async def run(self) -> None:
        """Look at what happened until cancelled."""
        due = 0.0
        while True:
            now = self._clock.now()
            try:
                due = self._go_on(now, due)
            except Exception:
                # The rim: whatever goes wrong here, the checks go on.
                log.exception("looking at objectives and capacity failed inside")
                due = now + EVERY
                await self._clock.sleep_until(due)
            eager = now + EAGER if self._keeper.waits else due
            await self._clock.sleep_until(min(due, eager))

    def _go_on(self, now: float, due: float) -> float:
        """Look where that is ``due``; else at the file. When the next look is due."""
        if now >= due:
            self.look(now)
            return now + EVERY
        waited = self._keeper.waits
        self._keep(now)
        if not waited or self._keeper.waits:
            return due
        # What was just read is told at once.
        self._seen = 0.0
        return now

    def look(self, now: float) -> None:
        """Count, judge, and see to what is kept."""
        self.objectives.look(now)
        if now - self._seen >= EVERY_CAPACITY:
            self._seen = now
            self.capacity.look(now)
            self._tell_problems(now)
        self._keeper.hold((*self.objectives.buckets, *self.capacity.buckets))
        self._keep(now)

    def _keep(self, now: float) -> None:
        """See to what is read and written."""
        keeping = self._keeping()
        if keeping is not None and keeping.ready:
            self._keeper.look(keeping, now)

    def _tell_problems(self, now: float) -> None:
        """Say once what keeps something from being followed."""
        problems = self.capacity.problems
        for name, text in problems.items():
            if self._told.get(name) != text:
                self._tell(EventView(now, "", clean(f"capacity {name} is not followed: {text}")))
        self._told = dict(problems)

    def into(self, picture: Snapshot) -> Snapshot:
        """``picture`` with objectives and capacity."""
        return replace(picture, objectives=self.objectives.views, capacity=self.capacity.views)

    def close(self) -> None:
        """Hand over what is to be written a last time; call before the story closes."""
        keeping = self._keeping()
        if keeping is not None and keeping.ready:
            self._keeper.write(keeping)
