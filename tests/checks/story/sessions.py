"""A story over pictures made by hand, a clock moved by hand, and a real file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checks.alerts.of_checks import alerts_of
from checks.clock import FakeClock
from checks.config import StoryConfig
from checks.lanes import Lanes
from checks.model import Status
from checks.rules.views import RulesView
from checks.story.live import LiveStory
from checks.story.model import Matcher, Silence
from checks.story.views import Handled, StoryView
from checks.views import AlertView, CheckView, EventView
from tests.widgets import samples

__all__ = ["Session", "ill", "silence_of", "well"]


def ill(name: str, status: Status = Status.CRITICAL, *, since: float, **more: object) -> CheckView:
    """A check that is not well since then."""
    return replace(samples.check(name, status), since=since, job=name, **more)  # type: ignore[arg-type]


def well(name: str) -> CheckView:
    return samples.check(name)


def silence_of(
    check: str, starts: float, seconds: float = 3600.0, comment: str = "moving"
) -> Silence:
    return Silence("", (Matcher("check", "=", check),), starts, starts + seconds, "", comment)


OPEN: list[Session] = []
"""Those that have not ended yet; a test that uses some ends them all."""


class Session:
    """onwatch, once: it opens the file at ``path`` with its first step."""

    def __init__(self, path: Path | None, clock: FakeClock, **config: object) -> None:
        self.clock = clock
        self.lanes = Lanes()
        self.events: list[EventView] = []
        self.story = LiveStory(
            StoryConfig(memory=path, **config),  # type: ignore[arg-type]
            clock,
            self.lanes,
            settled=lambda: True,
            tell=self.events.append,
        )
        self.picture = samples.empty()
        OPEN.append(self)

    async def step(
        self,
        *checks: CheckView,
        rules: tuple[AlertView, ...] = (),
        view: RulesView | None = None,
    ) -> StoryView:
        """A picture of ``checks``, and what waits is written."""
        await self.look()
        self.show(*checks, rules=rules, view=view)
        await self.look()
        return self.show(*checks, rules=rules, view=view)

    def show(
        self,
        *checks: CheckView,
        rules: tuple[AlertView, ...] = (),
        view: RulesView | None = None,
    ) -> StoryView:
        self.picture = replace(
            samples.empty(),
            time=self.clock.now(),
            checks=checks,
            alerts=alerts_of(checks, rules),
            rules=view,
        )
        return self.story.look(self.picture)

    async def look(self) -> bool:
        if self.story.keeping.path is None:
            await self.story.keeping.run()
            return True
        done = await self.story.keeping.look(self.clock.now())
        self.story.keeping.ready = True
        return done

    def alert(self, check: str) -> AlertView:
        return next(one for one in self.picture.alerts if one.check == check)

    def handled(self, check: str) -> Handled:
        """How the alert of ``check`` is dealt with in a picture of this moment."""
        view = self.story.look(replace(self.picture, time=self.clock.now()))
        return view.handled.get(self.alert(check).id, Handled())

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.events]

    async def end(self) -> None:
        OPEN.remove(self)
        await self.story.close()
        self.lanes.close()
