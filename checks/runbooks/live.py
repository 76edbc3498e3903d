"""Runbooks beside the engine's checks: which there are, the one looked at, and steps that run.

Everything here is used from the engine's loop, but for reading files and matching patterns, which
have a lane and begin when the checks have answered. It outlives a reload of the configuration,
and what runs with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.alerts.of_checks import followed
from checks.alerts.of_rules import alert_view
from checks.clock import Clock
from checks.config import RunbooksConfig
from checks.errors import NoThreadsError
from checks.lanes import LaneBusyError, Lanes
from checks.runbooks.ailments import ailments
from checks.runbooks.linking import links
from checks.runbooks.looking import Looked, Opened, Reader
from checks.runbooks.model import Marking
from checks.runbooks.trail import Trail
from checks.runbooks.views import RunbookFocus, RunbooksView, Subject
from checks.source import InFront
from checks.views import AlertView, EventView, Snapshot

if TYPE_CHECKING:
    from checks.probe import CheckSpec, ProbeEnv
    from checks.rules.views import RulesView
    from checks.runbooks.offering import Offered, Situation
    from checks.runbooks.runs import Begun, Runs

__all__ = ["LiveRunbooks"]

SETTLED: Final = 3.0
"""Seconds after which runbooks are read although some check has not answered yet."""
LOOK: Final = 2.0
"""Seconds between two looks at whether files have changed."""
PATIENCE: Final = 5.0
"""Seconds that reading may take until it is said that it hangs."""
_CAPTURES: Final = 100
"""Runbooks, each for a subject, whose captured values are kept."""

_HANGS: Final = "reading the runbooks hangs: is the mount reachable that they lie on?"
_PAUSE: Final = 0.1
_HELD: Final = 0.6
"""Seconds between two wishes for the same step within which it is one: keys repeat."""

_CHANGED: Final = "the runbook changed since it was shown: look again"

log = logging.getLogger("onwatch.runbooks")

_Key = tuple[str, Subject]
"""A runbook by its name, and what it is looked at for."""


class LiveRunbooks:
    """The runbooks of a configuration, and the runs of their steps.

    Args:
        read_only: leaves out everything that runs a step.
        tell: takes events: answers to the user, and what goes wrong.
        machine: the name of this machine.
    """

    def __init__(
        self,
        config: RunbooksConfig,
        clock: Clock,
        *,
        read_only: bool,
        tell: Callable[[EventView], None],
        env: ProbeEnv,
        machine: str = "",
    ) -> None:
        self._config = config
        self._clock = clock
        self._read_only = read_only
        self._tell = tell
        self._env = env
        self._machine = machine
        self._lanes = Lanes()
        self._reader = Reader(config, read_only=read_only)
        self._looked: Looked | None = None
        self._open: Opened | None = None
        self._situation: Situation | None = None
        self._alert: AlertView | None = None
        self._rules: RulesView | None = None
        self._over = False
        self._captured: dict[_Key, dict[str, str]] = {}
        self._runs: Runs | None = None
        self._trail = Trail(config, env.masker, clock)
        self._alerts: tuple[AlertView, ...] = ()
        self._specs: dict[str, CheckSpec] = {}
        self._links: dict[str, str] = {}
        self._linked: tuple[object, ...] = ()
        self._ails: dict[str, str] = {}
        self._tried = ("", 0.0)
        self._hangs = ""
        self._faults: frozenset[str] = frozenset()
        self._due = asyncio.Event()
        self._focus: RunbookFocus | None = None
        self._basis: tuple[object, ...] = ()
        self._view = RunbooksView(read_only=read_only, loading=True)
        self.publish: Callable[[], None] = lambda: None
        """Has a picture made and handed on."""
        self.on_step: Callable[[Begun], None] = lambda begun: None
        """Is told of each run that begins, and again when it has ended."""

    def follow(self, old: LiveRunbooks) -> None:
        """Go on where ``old`` was: with what runs, what was found out, and what is looked at."""
        self._runs, self._captured = old._runs, old._captured
        self._trail.follow(old._trail)
        self._open, self._alert, self._lanes = old._open, old._alert, old._lanes
        self._looked, self._situation, self._focus = old._looked, old._situation, old._focus
        self._alerts, self._over, self._links = old._alerts, old._over, old._links
        self._faults = old._faults
        if (self._config, self._read_only) == (old._config, old._read_only):
            self._reader = old._reader
        if self._runs is not None:
            self._runs.hand_to(stir=self._stir, told=self._told)

    # What is asked for

    def open(self, name: str | None, subject: Subject | None) -> None:
        """Put the runbook ``name`` for ``subject`` into the pictures; none any more for None."""
        self._open, self._focus, self._situation = None, None, None
        if name is not None:
            subject = subject or Subject()
            self._alert = self._alert_of(subject.alert)
            value = self._alert.value if self._alert is not None else None
            linked = self._links.get(subject.alert or subject.check, "")
            # Somebody may ask before it is known which runbooks there are, and hence the links.
            linked = linked or self._ails.get(subject.check, "")
            self._open = Opened(name, subject, value, linked)
            self._due.set()

    def _alert_of(self, alert: str) -> AlertView | None:
        """The alert with this id; one of a rule also for a while after it is over."""
        found = next((one for one in self._alerts if one.id == alert), None)
        if found is not None or self._rules is None or not alert:
            return found
        over = self._rules.alert(alert)
        return alert_view(over[1]) if over is not None else None

    def run(self, token: str, typed: str = "", in_front: InFront | None = None) -> None:
        """Run the step that was offered with ``token``, or say why not; one that is interactive by
        ``in_front``.
        """
        refused = self._start(token, typed, in_front)
        if refused:
            self._answer(refused)

    def _start(self, token: str, typed: str, in_front: InFront | None) -> str:
        if self._read_only:
            return "onwatch runs with --read-only: no step runs"
        shown = self._offered(token)
        if shown is None or not self._holds(shown):
            return _CHANGED
        view = shown.view
        refused = view.refused
        if not refused and view.marking is Marking.DANGER and typed != view.target:
            refused = f"{view.target} was to be typed, and was not"
        if not refused and view.interactive and in_front is None:
            refused = "it is interactive, and there is no terminal for it"
        if refused:
            return f"{view.name}: {refused}"
        if view.marking is Marking.SAFE and self._repeats(token):
            return ""
        return self._begin(shown, in_front if view.interactive else None)

    def _repeats(self, token: str) -> bool:
        """Whether a key that is held down asks for the same once more."""
        before, self._tried = self._tried, (token, self._clock.now())
        return before[0] == token and self._tried[1] - before[1] < _HELD

    def _offered(self, token: str) -> Offered | None:
        offered = self._looked.offered.values() if self._looked is not None else ()
        return next((one for one in offered if one.view.token == token), None)

    def _holds(self, shown: Offered) -> bool:
        """Whether the step would run now as it was shown: with these values, against this target.

        Whether its file is still the same is looked at when it starts.
        """
        from checks.runbooks.offering import offered  # noqa: PLC0415 - with a step to run

        now = self._situation_now()
        if now is None:
            return False
        if now.same(shown.situation):
            return True
        again = offered(shown.runbook, now, {}, read_only=self._read_only, file=shown.file)
        return shown.same(again[shown.step.name])

    def _begin(self, shown: Offered, in_front: InFront | None) -> str:
        from checks.runbooks.running.model import Around, Who  # noqa: PLC0415 - with a step to run
        from checks.runbooks.runs import Runs  # noqa: PLC0415

        if self._runs is None:
            self._runs = Runs(self._clock, stir=self._stir, told=self._told)
        env = replace(self._env, lanes=self._lanes)
        around = Around(env, self._trail.audit)
        return self._runs.start(shown, Who.present(), around, in_front)

    def cancel(self, run: str) -> None:
        """End the run with the id ``run``."""
        if self._runs is not None:
            self._runs.cancel(run)

    def _told(self, begun: Begun) -> None:
        """Keep what a run has found out, and hand on that it began or ended."""
        ended = begun.ended
        if ended is not None and ended.captured is not None:
            self._keep((begun.job.runbook.name, begun.job.subject), *ended.captured)
        try:
            self.on_step(begun)
        except Exception:
            # The rim: no story must cost a step its end.
            log.exception("telling of a step failed inside")

    def _keep(self, key: _Key, name: str, value: str) -> None:
        kept = self._captured.pop(key, {})
        self._captured = dict([*self._captured.items()][1 - _CAPTURES :])
        self._captured[key] = {**kept, name: value}
        self._due.set()

    def give(self, variable: str, value: str) -> None:
        """Have ``variable`` get ``value`` in the steps of the runbook that is looked at."""
        runbook = self._looked.runbook if self._looked is not None else None
        if self._open is not None and runbook is not None and not self._read_only:
            self._keep((runbook.name, self._open.subject), variable, value)

    def _stir(self) -> None:
        self.publish()

    def _answer(self, text: str) -> None:
        self._tell(EventView(self._clock.now(), "", text, answer=True))

    # Looking

    async def work(self, settled: Callable[[], bool]) -> None:
        """Read what there is, again and again, until cancelled."""
        until = self._clock.now() + SETTLED
        while not settled() and self._clock.now() < until and not self._due.is_set():
            await self._clock.sleep_until(self._clock.now() + 0.1)
        for text in await self._trail.look_back(self._lanes):
            self._tell(EventView(self._clock.now(), "", text))
        while True:
            self._due.clear()
            await self._look()
            await self._rest()

    async def _rest(self) -> None:
        """Wait until it is time to look again: where there are no files and nobody looks, until
        somebody does.
        """
        if self._open is None and not self._config.patterns and not self._hangs:
            await self._due.wait()
            return
        wait = asyncio.create_task(self._clock.sleep_until(self._clock.now() + LOOK))
        due = asyncio.create_task(self._due.wait())
        try:
            await asyncio.wait({wait, due}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wait.cancel()
            due.cancel()

    async def _look(self) -> None:
        """Read once, in a lane; what that brings is in the pictures from then on."""
        opened, situation = self._open, self._situation_now()
        before = self._looked
        try:
            async with asyncio.timeout(PATIENCE):
                looked = await self._lanes.run(
                    "runbooks", lambda: self._reader.read(opened, situation, before)
                )
        except TimeoutError:
            self._hangs = _HANGS
        except LaneBusyError as error:
            # What a reload of the configuration has cut short goes on for a moment.
            if asyncio.get_running_loop().time() - error.since > PATIENCE:
                self._hangs = _HANGS
            else:
                await asyncio.sleep(_PAUSE)
                self._due.set()
        except NoThreadsError as error:
            self._hangs = f"the runbooks are not read: {error}"
        except Exception as error:
            # The rim: whatever goes wrong with runbooks, the checks go on.
            log.exception("reading the runbooks failed inside")
            self._hangs = f"reading the runbooks failed: {type(error).__name__}"
        else:
            self._hangs = ""
            self._tell_problems(looked.problems)
            if opened is self._open:
                self._looked, self._situation = looked, situation
                self._publish_news(before)

    def _tell_problems(self, problems: tuple[str, ...]) -> None:
        """Make events of what is wrong with files, each once until it has been mended."""
        for text in problems:
            if text not in self._faults:
                self._tell(EventView(self._clock.now(), "", text))
        self._faults = frozenset(problems)

    def _publish_news(self, before: Looked | None) -> None:
        """Have a picture made at once if what is looked at is there now, or is another."""
        looked = self._looked
        if self._open is not None and looked is not None:
            old = before.offered if before is not None else {}
            new = looked.offered
            same = before is not None and before.problem == looked.problem
            if not same or len(old) != len(new) or any(old.get(k) is not new[k] for k in new):
                self._focus = None
            if self._focus is None:
                self.publish()

    def _situation_now(self) -> Situation | None:
        """What is looked at, and with which values; None where nothing is."""
        opened = self._open
        if opened is None:
            return None
        from checks.runbooks.offering import Situation  # noqa: PLC0415 - after the first picture

        alert, subject = self._alert, opened.subject
        name = subject.check or (alert.check if alert is not None else "")
        runbook = self._looked.runbook if self._looked is not None else None
        known = self._captured.get((runbook.name if runbook is not None else "", subject), {})
        return Situation(
            subject=subject,
            alert=replace(alert, value=opened.value) if alert is not None else None,
            check=self._specs.get(name),
            specs=self._specs,
            captured=known,
            machine=self._machine,
        )

    # What is shown

    def look(self, picture: Snapshot, specs: Mapping[str, CheckSpec]) -> RunbooksView:
        """What ``picture`` shows of all this; the same object again while nothing changed."""
        self._know(picture, specs)
        looked = self._looked
        runs = self._runs.views() if self._runs is not None else ()
        basis = (looked, self._focused(), runs, self._links, self._hangs)
        if len(basis) != len(self._basis) or any(
            one is not other for one, other in zip(basis, self._basis, strict=True)
        ):
            self._basis = basis
            self._view = RunbooksView(
                offers=looked.offers if looked is not None else (),
                focus=self._focused(),
                runs=runs,
                read_only=self._read_only,
                problems=looked.problems if looked is not None else (),
                links=self._links,
                hangs=self._hangs,
                loading=looked is None,
            )
        return self._view

    def _know(self, picture: Snapshot, specs: Mapping[str, CheckSpec]) -> None:
        """Take over what there is now, and notice what matters to what is looked at."""
        self._alerts, self._rules = picture.alerts, picture.rules
        if len(specs) != len(self._specs) or any(self._specs.get(n) is not specs[n] for n in specs):
            self._specs = dict(specs)
        names = self._looked.names if self._looked is not None else frozenset()
        told = tuple((one.id, one.runbook, one.check) for one in picture.alerts)
        own = tuple((one.name, one.runbook) for one in picture.checks if one.runbook)
        ails = ailments(picture.checks)
        if (names, told, own, ails) != self._linked:
            self._linked, self._ails = (names, told, own, ails), dict(ails)
            self._links = links(picture.alerts, picture.checks, names)
        if self._open is not None:
            self._follow_alert(self._open.subject)

    def _follow_alert(self, subject: Subject) -> None:
        alert = followed(self._alerts, subject.alert, self._alert)
        over = alert is None and self._alert is not None
        if over is not self._over:
            self._over, self._focus = over, None
        if alert is not None:
            self._alert = alert
        now = self._situation_now()
        if now is not None and (self._situation is None or not now.same(self._situation)):
            self._due.set()

    def _focused(self) -> RunbookFocus | None:
        """What is looked at, made anew where that is another."""
        opened, looked = self._open, self._looked
        if opened is None or looked is None or self._situation is None:
            return None
        if self._focus is None:
            runbook = looked.runbook
            self._focus = RunbookFocus(
                subject=opened.subject,
                name=runbook.name if runbook is not None else opened.name,
                runbook=runbook,
                steps=tuple(one.view for one in looked.offered.values()),
                step=looked.step,
                problem=looked.problem,
                alert=self._alert,
                over=self._over,
            )
        return self._focus

    async def close(self) -> None:
        """End what runs."""
        if self._runs is not None:
            await self._runs.close()
        self._lanes.close()
