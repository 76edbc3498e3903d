"""The story beside the engine's checks, imported once these have answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from checks.clock import Clock
from checks.config import EngineConfig, StoryConfig
from checks.lanes import Lanes
from checks.model import clean
from checks.runbooks.live import LiveRunbooks
from checks.secrets import Masker
from checks.views import EventView, Snapshot

if TYPE_CHECKING:
    from checks.story.live import LiveStory

__all__ = ["Story"]

SETTLED: Final = 3.0
"""Seconds after which it begins although some check has not answered yet."""

log = logging.getLogger("onwatch.story")


class Story:
    """What is done about the alerts of ``config``; nothing where that has no story.

    Args:
        settled: whether every check has answered once.
        tell: takes events.
        runbooks: whose steps are told of, without the secrets that ``masker`` knows.
        host: the name of this machine.
        began: when onwatch did.
    """

    def __init__(
        self,
        config: EngineConfig,
        clock: Clock,
        lanes: Lanes,
        *,
        settled: Callable[[], bool],
        tell: Callable[[EventView], None],
        runbooks: LiveRunbooks,
        masker: Masker,
        host: str,
        began: float,
    ) -> None:
        self._config = config
        self._clock = clock
        self._lanes = lanes
        self._settled = settled
        self._tell = tell
        self._runbooks = runbooks
        self._masker = masker
        self._host = host
        self._began = began
        self.live: LiveStory | None = None

    def follow(self, old: Story) -> None:
        """Go on where ``old``, which has ended, was; call before :meth:`run`."""
        if self._config.story is not None and old.live is not None:
            self.live = self._begin(self._config.story)
            self.live.follow(old.live)

    async def run(self) -> None:
        """Keep the story until cancelled."""
        if self._config.story is None:
            return
        if self.live is None:
            until = self._clock.now() + SETTLED
            while not self._settled() and self._clock.now() < until:
                await self._clock.sleep_until(self._clock.now() + 0.1)
            try:
                importing = partial(import_module, "checks.story.live")
                await self._lanes.insist("story", importing, self._wait_told)
                self.live = self._begin(self._config.story)
            except Exception as error:
                # The rim: the checks go on without a story.
                log.exception("the story could not be begun")
                said = f"no story is kept: {clean(error)}"
                self._tell(EventView(self._clock.now(), "", said))
                return
        await self.live.run()

    def _wait_told(self, why: str) -> None:
        self._tell(EventView(self._clock.now(), "", f"no story is kept yet: {why}"))

    def _begin(self, config: StoryConfig) -> LiveStory:
        from checks.story.live import LiveStory  # noqa: PLC0415 - imports SQLite and the reports

        live = LiveStory(
            config,
            self._clock,
            self._lanes,
            settled=self._settled,
            tell=self._tell,
            books=self._config.runbooks,
            host=self._host,
            began=self._began,
        )
        self._runbooks.on_step = partial(live.step, masked=self._masker.text)
        return live

    def into(self, picture: Snapshot) -> Snapshot:
        """``picture`` with what is done about its alerts, and since when they are true."""
        if self.live is None:
            return picture
        view = self.live.look(picture)
        return replace(self.live.begun(picture), story=view)

    async def close(self) -> None:
        """Write what is to be written a last time."""
        if self.live is not None:
            await self.live.close()
