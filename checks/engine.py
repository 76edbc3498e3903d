"""The engine: checks scheduled, results stored and judged, a snapshot a second.

It lives in a thread and an event loop of its own. A terminal that stops reading blocks
the user interface's loop; it must not block this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from checks import descriptors
from checks.calm import Calm
from checks.clock import STOOD_STILL, Clock, SystemClock
from checks.config import EngineConfig
from checks.errands import Errands
from checks.lanes import Lanes
from checks.live import EngineSource
from checks.longterm.beside import LongTerm
from checks.looking import Looking
from checks.memory import return_large_blocks
from checks.model import Result, Samples, Status, clean
from checks.own import Own
from checks.probe import ProbeEnv
from checks.resolver import Lookup, Resolver, system_lookup
from checks.rules.live import LiveRules, Place, watched_no_more
from checks.runbooks.live import LiveRunbooks
from checks.runner import Runner
from checks.scheduler import Scheduler
from checks.secrets import Masker
from checks.snapshot import SnapshotBuilder
from checks.state import CheckState
from checks.store.store import Store
from checks.story.beside import Story
from checks.views import EngineHealth, EventView, Snapshot
from checks.wording import span

if TYPE_CHECKING:
    from checks.logs.views import LogsWanted
    from checks.rules.views import Pairs
    from checks.story.live import LiveStory

__all__ = ["Engine", "EngineSource"]

log = logging.getLogger("onwatch.engine")

TICK: Final = 1.0
"""Seconds between looks at whether a snapshot is due."""
EAGER_TICK: Final = 0.1
"""Seconds between snapshots while checks still wait for their first result."""
HOUSEKEEPING: Final = 10.0
"""Seconds between forgetting what is too old."""
CLOCK_JUMP: Final = 2.0
"""Seconds by which the wall clock must leave sample time to be reported."""
CLOSING: Final = 0.5
"""Seconds that probes may take to close when an engine ends."""
SAVING: Final = 1.0
"""Seconds that what is remembered may take to be saved: a disk may be slow. There are few more
before the process is gone."""
_NOT_RELOADED: Final = "configuration not reloaded"
_SHORT_PATH: Final = 30
"""Characters of a relative path up to which a notice names it as the other commands do."""
_NO_JUDGEMENT: Final = frozenset({Status.UNKNOWN, Status.STALE, Status.WAITING})


class Engine:
    """Everything that happens to one configuration. Make and use it within one event loop."""

    def __init__(
        self,
        config: EngineConfig,
        clock: Clock | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.store = Store()
        self._lanes = Lanes()
        self._resolver = Resolver(self._lanes, self.clock, lookup)
        self._env = ProbeEnv(
            clock=self.clock,
            resolver=self._resolver,
            lanes=self._lanes,
            masker=Masker(),
            base_dir=config.base_dir,
            again=self._again,
        )
        now = self.clock.now()
        self.runners = [Runner(c, self._env, config.external_labels) for c in config.checks]
        self.states = {spec.name: CheckState(spec, now) for spec in config.checks}
        self.scheduler = Scheduler(self.runners, self.clock, self._take, descriptors.for_runs())
        self._builder = SnapshotBuilder(
            list(self.states.values()),
            self.store,
            clean(socket.gethostname(), 64),
            acts=not config.read_only,
        )
        self._events: deque[EventView] = deque(maxlen=200)
        self.errands = Errands(
            self.runners, self.scheduler, self.clock, self._say, acts=not config.read_only
        )
        self.looking = Looking()
        self._drift = self.clock.wall() - now
        self._lag = 0.0
        self._tick_cost = 0.0
        self._kept_house = self._began = now
        self.calm = Calm(now)
        self._weight = (0, 0)
        self.focus: str | None = None
        self.window = 60.0
        self.figures = True
        """Whether pictures have figures, which are of use to who looks at them alone."""
        self.notice = "; ".join(map(_brief, config.warnings))
        self.own = Own(clean(socket.gethostname(), 64), config.external_labels)
        # Whole, since the line of the notice is soon too short for the advice at their ends.
        said = (*config.warnings, *config.remarks)
        self._events.extend(EventView(now, "", sentence) for sentence in said)
        for state in self.states.values():
            self._events.extend(state.events)
        self.rules = self._live_rules()
        self.runbooks = self._live_runbooks()
        self._story = self._story_beside()
        self.longterm = self._long_term()

    def _live_rules(self) -> LiveRules | None:
        if self.config.rules is None:
            return None
        rules = LiveRules(
            self.config.rules,
            self.store,
            self.clock,
            self._lanes,
            settled=lambda: not self.waiting,
            judges=self._judges,
            tell=self._say,
            external_labels=self.config.external_labels,
            settled_on=self.config.finder is None,
        )
        rules.know(self.places())
        return rules

    def _judges(self, check: str) -> bool:
        """Whether the last run of ``check`` could judge, and was in time."""
        state = self.states.get(check)
        return state is not None and state.view.status not in _NO_JUDGEMENT

    def _long_term(self) -> LongTerm | None:
        if not self.config.looks_far:
            return None
        return LongTerm(
            self.config,
            self.store,
            self.clock,
            self._lanes,
            settled=lambda: not self.waiting,
            keeping=lambda: self.story.keeping if self.story is not None else None,
            tell=self._say,
        )

    def _story_beside(self) -> Story:
        return Story(
            self.config,
            self.clock,
            self._lanes,
            settled=lambda: not self.waiting,
            tell=self._say,
            runbooks=self.runbooks,
            masker=self._env.masker,
            host=clean(socket.gethostname(), 64),
            began=self._began,
        )

    @property
    def story(self) -> LiveStory | None:
        """The story, once it is kept."""
        return self._story.live

    def _live_runbooks(self) -> LiveRunbooks:
        return LiveRunbooks(
            self.config.runbooks,
            self.clock,
            read_only=self.config.read_only,
            tell=self._say,
            env=self._env,
            machine=clean(socket.gethostname(), 64),
        )

    def _again(self, check: str) -> None:
        self.errands.again(check)

    def _say(self, event: EventView) -> None:
        self._events.append(event)

    def places(self) -> list[Place]:
        """Where alerts of the checks come from."""
        specs = [state.spec for state in self.states.values()]
        return [(spec.name, spec.job or spec.name, spec.config.instance()) for spec in specs]

    def follow(self, old: Engine) -> None:
        """Go on where ``old`` ended, with another configuration; call before :meth:`run`.

        Checks that did not change keep their past; of the others it is forgotten.
        """
        self.store, self._builder = old.store, old._builder.over(list(self.states.values()))
        runners, ended = ({r.spec.name: r for r in each.runners} for each in (self, old))
        for name, before in old.states.items():
            state = self.states.get(name)
            if state is None or not state.adopt(before):
                self.store.drop(name)
            else:
                runners[name].follow(ended[name])
        known = {event.text for event in old._events}
        old._events.extend(event for event in self._events if event.text not in known)
        self._events = old._events
        self.rules = self._live_rules()
        if self.rules is not None and old.rules is not None:
            self.rules.follow(old.rules, watched_no_more(old.places(), self.places()))
        self.runbooks.follow(old.runbooks)
        self._story.follow(old._story)
        self.longterm = self._long_term()
        if self.longterm is not None and old.longterm is not None:
            self.longterm.follow(old.longterm)
        self.window = old.window
        self.looking, old.looking = old.looking, Looking()
        self.looking.go_on(self.config.dashboards, env=self._env, publish=self._publish)
        self.watch(old.focus)
        counted = "1 check" if len(self.states) == 1 else f"{len(self.states)} checks"
        text = f"configuration reloaded: {counted}"
        self._events.append(EventView(self.clock.now(), "", text))

    def refuse(self, why: str) -> None:
        """Say that another configuration cannot be used, and this one stays in force.

        The first line of ``why`` is brief above the panes, and whole among the events.
        """
        first, *more = why.splitlines()
        others = f" (and {len(more)} more)" if more else ""
        before, self.notice = self.notice, f"{_NOT_RELOADED}: {_brief(first)}{others}"
        self.own.reload_failed = True
        if self.notice != before:
            text = f"{_NOT_RELOADED}: {first}{others}"
            self._events.append(EventView(self.clock.now(), "", text))

    async def amend(self, config: EngineConfig) -> None:
        """Go on with the checks of ``config``; those that are the same are left in peace.

        A check is the same while its :class:`~checks.probe.CheckSpec` is.
        """
        wanted = {spec.name: spec for spec in config.checks}
        kept = {r.spec.name: r for r in self.runners if wanted.get(r.spec.name) is r.spec}
        fresh = [
            Runner(spec, self._env, config.external_labels)
            for spec in config.checks
            if spec.name not in kept
        ]
        # A driver takes its time to import, which is not the other checks' to lose. Where there is
        # no thread for that, nothing has changed yet.
        await self._lanes.run("drivers", lambda: _prepare(fresh))
        for runner in [one for one in self.runners if one.spec.name not in kept]:
            self.scheduler.remove(runner.spec.name)
            await runner.close()
            if runner.spec.name not in wanted:
                self.store.drop(runner.spec.name)
        now = self.clock.now()
        made = {runner.spec.name: runner for runner in fresh}
        states = {name: self.states[name] for name in kept}
        for name, runner in made.items():
            states[name] = CheckState(runner.spec, now)
            if name in self.states and not states[name].adopt(self.states[name]):
                self.store.drop(name)
        before = self.places()
        self.config = config
        self.runners[:] = [kept.get(name) or made[name] for name in wanted]
        self.states = {name: states[name] for name in wanted}
        if self.rules is not None:
            self.rules.know(self.places())
            self.rules.release(watched_no_more(before, self.places()))
        self._builder = self._builder.over(list(self.states.values()))
        for runner in fresh:
            self.scheduler.add(runner)
            address = runner.spec.config.address()
            text = f"discovered: {runner.spec.kind} at {address}"
            self._events.append(EventView(now, runner.spec.name, text))

    def _take(self, runner: Runner, began: float, result: Result) -> None:
        spec = runner.spec
        state = self.states.get(spec.name)
        if state is not None and state.spec is spec:
            gap = state.gap_before(began)
            if gap is not None:
                # Series end with it, so that no curve is drawn over it.
                self.store.append(spec.name, spec.interval, gap, Samples())
            try:
                self.store.append(spec.name, spec.interval, began, result.samples)
                self._events.extend(state.apply(began, result))
            except Exception as error:
                # The rim: what one check brings must not end all others' runs.
                log.exception("the result of %s could not be taken", spec.name)
                said = f"internal error: its result could not be taken: {type(error).__name__}"
                failed = Result.failed("internal", said, status=Status.UNKNOWN)
                self._events.extend(state.apply(began, failed))

    def prepare(self) -> None:
        """Load the drivers of the kinds in use, so that no run is timed with an import in it."""
        return_large_blocks()
        _prepare(self.runners)

    def watch(self, check: str | None) -> None:
        """Put the details of ``check`` into the pictures; its on-demand tier runs meanwhile."""
        self.focus = check
        self.errands.attend(check)

    def query(self, text: str | None, seconds: float, about: Pairs = ()) -> None:
        """Put what the expression ``text`` comes to into the pictures; nothing any more for None.

        ``seconds`` is how far back its curves go, ``about`` whose curve is wanted.
        """
        self.looking.query(text, seconds, about)

    def look_at_logs(self, wanted: LogsWanted | None) -> None:
        """Put the records ``wanted`` into the pictures; none any more for None."""
        self.looking.logs(wanted)

    def look_at_dashboard(
        self, name: str | None, span: float, chosen: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Put that dashboard over ``span`` seconds into the pictures; none any more for None."""
        self.looking.dashboard(
            self.config.dashboards,
            name,
            span,
            chosen,
            env=self._env,
            publish=self._publish,
        )

    def _publish(self) -> None:
        self.runbooks.publish()

    @property
    def waiting(self) -> bool:
        """Whether a check has had no result yet."""
        return any(state.view.status is Status.WAITING for state in self.states.values())

    async def run(self, publish: Callable[[Snapshot], None]) -> None:
        """Work until cancelled, handing a snapshot to ``publish`` every second or two."""
        self.runbooks.publish = lambda: publish(self.snapshot())
        try:
            publish(self.snapshot())
            self.prepare()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.scheduler.run(), name="scheduler")
                group.create_task(self._tick(publish), name="tick")
                group.create_task(self.runbooks.work(lambda: not self.waiting), name="runbooks")
                if self.rules is not None:
                    group.create_task(self.rules.run(), name="rules")
                group.create_task(self._story.run(), name="story")
                if self.longterm is not None:
                    group.create_task(self.longterm.run(), name="long term")
        finally:
            await self.close()

    async def _tick(self, publish: Callable[[Snapshot], None]) -> None:
        started = due = self.clock.now()
        while True:
            began = self.clock.now()
            self._lag = began - due
            if self._lag > STOOD_STILL:
                self._go_on_after(began, self._lag)
            self._age(began)
            if self._is_due(began):
                publish(self.snapshot())
                self._tick_cost = self.clock.now() - began
            eager = self.waiting and began - started < 3.0
            due = max(due + (EAGER_TICK if eager else TICK), began)
            await self.clock.sleep_until(due)

    def _is_due(self, now: float) -> bool:
        """Whether a picture is due: fewer are while nothing happens and nobody looks closer."""
        if self.waiting or self.focus is not None or self.looking.closer:
            self.calm.stir(now)
        shortest = min((state.spec.interval for state in self.states.values()), default=TICK)
        return self.calm.due(now, shortest, self._events[-1] if self._events else None)

    def _go_on_after(self, now: float, pause: float) -> None:
        """Tell that nothing was checked for ``pause`` seconds, and hold it against no check."""
        text = (
            f"onwatch stood still for {span(pause)} (stopped, asleep or overloaded): no check ran"
        )
        self._events.append(EventView(now, "", text))
        for state in self.states.values():
            state.excuse(now)

    def _age(self, now: float) -> None:
        for state in self.states.values():
            if state.age(now):
                self._events.append(EventView(now, state.spec.name, state.view.message))
        self.own.tell(self.store, now)
        if now - self._kept_house >= HOUSEKEEPING:
            self._kept_house = now
            self.store.expire(now)
            self._weight = (self.store.sample_count, self.store.nbytes)
        drift = self.clock.wall() - now
        if abs(drift - self._drift) > CLOCK_JUMP:
            jump = drift - self._drift
            way = "forward" if jump > 0 else "back"
            self._events.append(
                EventView(now, "", f"the wall clock jumped {way} {abs(jump):.0f} s")
            )
            self._drift = drift

    def snapshot(self) -> Snapshot:
        """The picture of this moment."""
        counts = self.scheduler.counts
        health = EngineHealth(
            checks=len(self.runners),
            runs=counts.runs,
            late=counts.late,
            skipped=counts.skipped,
            lag=self._lag,
            tick=self._tick_cost,
            series=self.store.series_count,
            samples=self._weight[0],
            store_bytes=self._weight[1],
            evaluation=self.rules.busy if self.rules else 0.0,
            missed=self.rules.missed if self.rules else 0,
            notice=self.notice,
        )
        now = self.clock.now()
        views = [state.view for state in self.states.values()]
        rules = self.rules.view(views) if self.rules else None
        picture = self._builder.build(
            now,
            self.window if self.figures else None,
            self.focus,
            self._events,
            health,
            rules=rules,
        )
        for check, fault in self._builder.new_faults():
            self._events.append(EventView(now, check, fault))
        specs = {name: state.spec for name, state in self.states.items()}
        picture = replace(picture, runbooks=self.runbooks.look(picture, specs))
        picture = replace(
            self._story.into(picture),
            dashboards=self.config.dashboard_names,
            baseline=self.config.baseline,
        )
        if self.longterm is not None:
            picture = self.longterm.into(picture)
        return self.looking.into(picture, self.store, self.states, now)

    async def close(self) -> None:
        """Close every probe and save what is to be remembered, waiting a moment at most for what
        hangs.
        """
        self.looking.close()
        if self.longterm is not None:
            self.longterm.close()
        saving = [self._story.close(), *([self.rules.close()] if self.rules else [])]
        closing = [self._resolver.close(), *(runner.close() for runner in self.runners)]
        try:
            await asyncio.gather(_within(SAVING, saving), _within(CLOSING, closing))
        finally:
            self._lanes.close()


async def _within(seconds: float, closing: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Wait so long for ``closing``; what takes longer gives up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for outcome in await asyncio.gather(*closing, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("the end of an engine failed inside", exc_info=outcome)


def _prepare(runners: Sequence[Runner]) -> None:
    for driver in dict.fromkeys(d for runner in runners for d in runner.kind.drivers):
        try:
            import_module(driver)
        except Exception:
            # The rim: the probe imports it too, and what is wrong is then said in its row.
            log.exception("loading %s failed", driver)


def _brief(warning: str) -> str:
    """``warning`` with the bare name of the file that it begins with, where its path is long."""
    file, colon, rest = warning.partition(":")
    long = "/" in file and " " not in file and (file.startswith("/") or len(file) > _SHORT_PATH)
    return f"{PurePath(file).name}{colon}{rest}" if long else warning
