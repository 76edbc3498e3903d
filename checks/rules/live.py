"""The rules of a configuration beside its checks: read, evaluated, handed on over a reload.

Everything here runs in the engine's loop, but for reading files and importing what evaluates them,
which has a lane and begins when the checks have answered: the first picture waits for no rule.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from checks.alerts.folding import CheckFinder
from checks.alerts.memory import Recalled
from checks.clock import Clock
from checks.config import RulesConfig
from checks.lanes import Lanes
from checks.rules.gone import Gone, Place, watched_no_more
from checks.rules.remembering import Remembering
from checks.rules.views import RulesView
from checks.views import CheckView, EventView

if TYPE_CHECKING:
    from checks.rules.work import Work
    from checks.store.store import Store

__all__ = ["LiveRules", "Place", "watched_no_more"]

SETTLED: Final = 3.0
"""Seconds after which rules begin although some check has not answered yet."""

PATIENCE: Final = 3.0
"""Seconds that the file with the alerts of before may take to be read."""

log = logging.getLogger("onwatch.rules")


class LiveRules:
    """The rules of ``config`` over what is in ``store``. Used from the engine's loop.

    Args:
        settled: whether every check has answered once.
        judges: whether the last run of a check could judge, by the check's name.
        tell: takes events.
        settled_on: whether the checks are those of the configuration: what is not among them is
            watched no more. Discovery may find it until :meth:`settle`.
    """

    def __init__(
        self,
        config: RulesConfig,
        store: Store,
        clock: Clock,
        lanes: Lanes,
        *,
        settled: Callable[[], bool],
        judges: Callable[[str], bool],
        tell: Callable[[EventView], None],
        external_labels: Mapping[str, str],
        settled_on: bool = False,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._lanes = lanes
        self._settled = settled
        self._judges = judges
        self._tell = tell
        self._labels = external_labels
        self._settled_on = settled_on
        self._recalls = True
        """Whether there may be alerts of an earlier session that nothing was found out about."""
        self._places: tuple[Place, ...] = ()
        self._since = round(clock.now() * 1000)
        self._memory = Remembering(config.memory, lanes) if config.memory else None
        self._finder = CheckFinder(())
        self._before: tuple[Work, tuple[Gone, ...]] | None = None
        self._work: Work | None = None
        self._fault = ""
        """Why no rule is evaluated."""
        self._failed = ""
        """Why the picture of the rules could not be made; ``_told`` is the last one that was."""
        self._told = ""
        self._view = RulesView(loading=True)
        self._faulty: tuple[RulesView, str, RulesView] | None = None

    def know(self, checks: Iterable[Place]) -> None:
        """The checks that there are."""
        places = list(checks)
        self._finder = CheckFinder(places)
        self._places = tuple(places)
        if self._work is not None:
            self._work.finder = self._finder

    @property
    def missed(self) -> int:
        """Evaluations left out since the start."""
        return self._work.rules.missed if self._work is not None else 0

    @property
    def busy(self) -> float:
        """Seconds that all rules took, each the last time."""
        return self._work.showing.busy if self._work is not None else 0.0

    def follow(self, old: LiveRules, gone: Gone) -> None:
        """Go on where ``old`` ended, with other files, over the same store; call before
        :meth:`run`.

        ``gone`` tells what is watched no more: its alerts end.
        """
        self._since, self._view, self._recalls = old._since, old._view, old._recalls
        if old._work is not None:
            self._before = (old._work, (gone,))
        elif old._before is not None:
            work, earlier = old._before
            self._before = (work, (*earlier, gone))
        if self._memory is not None and old._memory is not None:
            self._memory.follow(old._memory)

    def settle(self) -> None:
        """Note that the checks are those that there are: what else was watched before is not
        watched any more.
        """
        self._settled_on = True

    def release(self, gone: Gone) -> None:
        """End the alerts of what is watched no more."""
        if self._work is not None:
            self._work.release(gone)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await self._wait_for_results()
            work = await self._begin()
            while True:
                await work.go_on()
                self._release_absent(work)
        except Exception as error:
            # The rim: whatever goes wrong with rules, the checks go on.
            log.exception("the rules ended by an error of their own")
            self._fault = f"the rules ended by an error of their own: {type(error).__name__}"
            self._tell(EventView(self._clock.now(), "", self._fault))

    async def _wait_for_results(self) -> None:
        until = self._clock.now() + SETTLED
        while not self._settled() and self._clock.now() < until:
            await self._clock.sleep_until(self._clock.now() + 0.1)

    async def _begin(self) -> Work:
        """Read the rules, which takes a while the first time, and take up the alerts of before."""
        recalled = await self._recalled() if self._before is None else None
        work = await self._lanes.insist("rules", partial(self._made, recalled), self._wait_told)
        self._lanes.drop("rules")
        work.finder = self._finder
        if self._before is not None:
            earlier, gone = self._before
            work.follow(earlier)
            self._before = None
            for one in gone:
                work.release(one)
        self._work = work
        work.begin()
        return work

    def _release_absent(self, work: Work) -> None:
        """End the alerts of an earlier session whose checks are not there in this one, once it is
        known which are and what the rules say of these.
        """
        if self._recalls and self._settled_on and work.rules.evaluated:
            self._recalls = False
            work.release_absent(self._places)

    async def _recalled(self) -> Recalled | None:
        """The alerts of the session before; rules wait for no folder that hangs."""
        if self._memory is None:
            return None
        await self._memory.begin(self._wait_told)
        try:
            # Not wait_for(), which before Python 3.12 makes nothing of being cancelled at the
            # moment that an answer comes: an engine would wait for its rules for ever.
            async with asyncio.timeout(PATIENCE):
                return await self._memory.recall()
        except TimeoutError:
            text = f"{self._memory.path} does not answer: the alerts of before are not known"
            return Recalled({}, problem=text)

    def _wait_told(self, why: str) -> None:
        self._tell(EventView(self._clock.now(), "", f"the rules are not evaluated yet: {why}"))

    def _made(self, recalled: Recalled | None) -> Work:
        """All that takes long, in a lane. Touches nothing that the loop uses."""
        from checks.rules.work import Work, groups_of  # noqa: PLC0415 - imports the evaluator

        return Work(
            groups_of(self._config),
            self._config,
            self._store,
            self._clock,
            since=self._since,
            settled=self._settled,
            judges=self._judges,
            tell=self._tell,
            external_labels=self._labels,
            memory=self._memory,
            recalled=recalled,
        )

    def view(self, checks: Sequence[CheckView]) -> RulesView:
        """What panes show; the same object again where nothing changed. Where its making fails,
        it is what was shown before, and says so.
        """
        if self._work is not None:
            try:
                self._view, self._failed = self._work.view(checks, self._fault), ""
            except Exception as error:
                # The rim: no picture of rules must cost that of the checks.
                if self._fails_anew(error):
                    log.exception("the picture of the rules failed inside")
            else:
                return self._view
        fault = self._failed or self._fault
        return self._with(fault) if fault else self._view

    def _fails_anew(self, error: Exception) -> bool:
        """Note that there is no new picture of the rules; told once, and not with each picture."""
        self._failed = f"the picture of the rules failed inside: {type(error).__name__}; "
        self._failed += "what is shown of them is of before"
        known, self._told = self._failed == self._told, self._failed
        if not known:
            self._tell(EventView(self._clock.now(), "", self._failed))
        return not known

    def _with(self, fault: str) -> RulesView:
        """What was shown last, with its ``fault``."""
        before = self._view
        if self._faulty is None or self._faulty[:2] != (before, fault):
            problems = (fault, *(one for one in before.problems if one != before.fault))
            view = replace(before, fault=fault, problems=problems, loading=False)
            self._faulty = before, fault, view
        return self._faulty[2]

    async def close(self) -> None:
        """Save the alerts a last time."""
        if self._memory is not None and self._work is not None:
            await self._memory.finish(self._work.rules.remember, self._clock.now())
