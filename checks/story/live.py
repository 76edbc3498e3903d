"""The story beside the engine's checks: what people do about alerts, and what becomes of these.

Everything here runs in the engine's loop, but for the file, which has a lane. It begins when the
checks have answered: the first picture waits for none of it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.clock import Clock
from checks.config import RunbooksConfig, StoryConfig
from checks.lanes import Lanes
from checks.model import clean
from checks.story import telling
from checks.story.archive import Archive
from checks.story.begins import Begins
from checks.story.handling import ended_acknowledgements, handled, lasting, views_of
from checks.story.incidents import foremost, incident_of
from checks.story.keeping import Keeping
from checks.story.maintenance import planned, schedule_changes
from checks.story.matchers import refusal
from checks.story.model import Acknowledgement, Entry, EntryKind, Incident, Silence
from checks.story.over import KEPT, lately_over
from checks.story.recorder import StoryRecorder
from checks.story.targets import Targets
from checks.story.telling import LONGEST_NOTE
from checks.story.things import rank_of, thing_of
from checks.story.views import Handled, StoryView
from checks.views import EventView, Snapshot

if TYPE_CHECKING:
    from checks.runbooks.runs import Begun
    from checks.views import AlertView

__all__ = ["LiveStory"]

SETTLED: Final = 3.0
"""Seconds after which the file is read although some check has not answered yet."""
_LOOKS_BACK: Final = 5.0
"""Seconds after which steps of other sessions are looked for."""
_LONGEST_TEXT: Final = 500 + LONGEST_NOTE
"""Characters of what is told of a note, with the note."""
LONGEST_SILENCE: Final = 366 * 86_400.0
MOST_SILENCES: Final = 500
"""Silences that are active or come."""

log = logging.getLogger("onwatch.story")


class LiveStory:
    """What is done about the alerts of a configuration. Used from the engine's loop.

    Args:
        settled: whether every check has answered once.
        tell: takes events.
        books: whose steps are told.
        host: the name of this machine.
        began: when onwatch did; now where that is not given.
    """

    def __init__(
        self,
        config: StoryConfig,
        clock: Clock,
        lanes: Lanes,
        *,
        settled: Callable[[], bool],
        tell: Callable[[EventView], None],
        books: RunbooksConfig | None = None,
        host: str = "",
        began: float | None = None,
    ) -> None:
        self.config = config
        self.keeping = Keeping(config.memory, lanes, clock, began)
        self.recorder = StoryRecorder(self.keeping)
        self._targets = config.targets or Targets()
        self.archive = Archive(
            config.memory,
            books or RunbooksConfig(),
            lanes,
            clock,
            host=host,
            targets=self._targets,
        )
        self._reporting: asyncio.Task[None] | None = None
        self._reports: dict[int, str] = {}
        self._heir: LiveStory | None = None
        self._clock = clock
        self._settled = settled
        self._tell = tell
        self._alerts: dict[str, AlertView] = {}
        self._hidden: dict[str, AlertView] = {}
        self._begins = Begins()
        self._windows: list[Silence] = []
        self._windows_until = 0.0
        self._view = StoryView(may_annotate=config.annotates)
        self._basis: tuple[object, ...] = ()
        self._seen: tuple[object, ...] = ()
        self._fault = ""
        """What was told last of a picture whose story could not be made."""
        self._next = 0.0

    def follow(self, old: LiveStory) -> None:
        """Go on where ``old``, which has ended, was; call before :meth:`run`."""
        self.keeping.follow(old.keeping)
        self._hidden, self._reports = old._hidden, old._reports
        # One that is being written when the configuration is reloaded is written to its end.
        self._reporting, old._heir = old._reporting, self
        self.recorder.follow(old.recorder)

    async def run(self) -> None:
        """Keep the story until cancelled."""
        until = self._clock.now() + SETTLED
        while not self._settled() and self._clock.now() < until:
            await self._clock.sleep_until(self._clock.now() + 0.1)
        looking_back = asyncio.create_task(self._look_back(), name="steps of before")
        try:
            await self.keeping.run()
            await looking_back
        except Exception:
            # The rim: whatever goes wrong here, the checks go on.
            log.exception("the story ended by an error of its own")
            self.keeping.problem = "the story ended by an error of its own; see the log"
            self.keeping.ready = True
        finally:
            looking_back.cancel()

    async def _look_back(self) -> None:
        """Tell of steps that a killed session, or another program, has run."""
        if self.recorder.looked_back:
            return
        while not self.keeping.ready:
            await self._clock.sleep_until(self._clock.now() + 1.0)
        # By then what was cut off is written down as such.
        await self._clock.sleep_until(self._clock.now() + _LOOKS_BACK)
        if self.keeping.leads:
            self.recorder.looked_back = True
            for entry in await self.archive.missed(self.keeping.entries):
                self._enter_step(entry)

    def look(self, picture: Snapshot) -> StoryView:
        """What ``picture`` shows of the story; the same object again where nothing changed."""
        try:
            self._look(picture)
        except Exception as error:
            # The rim: no story must cost the picture of the checks.
            if self._fails_anew(picture, error):
                log.exception("the story of a picture failed inside")
        return self._view

    def _fails_anew(self, picture: Snapshot, error: Exception) -> bool:
        """Show that the story is as it was before; told once, and not with each picture."""
        fault = f"the story of a picture failed inside: {type(error).__name__}; see the log"
        # The next picture is looked at whatever is the same in it.
        self._basis = self._seen = ()
        if self._view.problem != fault:
            self._view = replace(self._view, problem=fault)
        known, self._fault = self._fault == fault, fault
        if not known:
            self._tell(EventView(picture.time, "", fault))
        return not known

    def begun(self, picture: Snapshot) -> Snapshot:
        """``picture`` as it is shown: what is ill since when the story says so, also from before
        a restart.
        """
        keeping = self.keeping
        return self._begins.into(picture, keeping.lasting, keeping.session.began)

    def _look(self, picture: Snapshot) -> None:
        self._alerts = {alert.id: alert for alert in picture.alerts}
        keeping = self.keeping
        for sentence in keeping.said:
            self._say(sentence)
        keeping.said.clear()
        alerts = tuple((one.id, one.status, one.firing, one.cause) for one in picture.alerts)
        if keeping.ready and keeping.leads and (keeping.waits or alerts != self._seen):
            self._seen = alerts
            self._go_on(picture)
        basis = (alerts, keeping.changes, keeping.ready)
        if basis != self._basis or picture.time >= self._next:
            self._basis = basis
            self._renew(picture)
        if keeping.ready and keeping.leads:
            self.recorder.look(picture, self._view)

    def _go_on(self, picture: Snapshot) -> None:
        """What happens by itself: acknowledgements end, and it is noted what goes on."""
        checks = {check.name: check for check in picture.checks}
        keeping = self.keeping
        own = sum(not alert.rule for alert in picture.alerts)
        for thing, since in lasting(keeping.lasting, picture.alerts, checks).items():
            keeping.last(thing, since)
        taken = tuple(keeping.acknowledgements.values())
        for one in ended_acknowledgements(taken, checks, picture.rules) if taken else ():
            keeping.acknowledge(replace(one.acknowledgement, ended=picture.time))
        # What is not known now may turn out to be well without an alert that goes.
        keeping.waits = bool(keeping.acknowledgements) or len(keeping.lasting) != own

    def _renew(self, picture: Snapshot) -> None:
        now, keeping = picture.time, self.keeping
        silences = self._silences(now)
        active = [one for one in silences if one.active(now)]
        found = handled(
            picture.alerts, keeping.acknowledgements, active, keeping.lasting, self._targets
        )
        over = lately_over(keeping.entries, picture.alerts, now)
        gone = min((one.since for one in over), default=math.inf) + KEPT
        self._next = min(schedule_changes(silences, now), gone)
        self._tell_resolved(picture, found)
        self._view = StoryView(
            handled=found,
            silences=views_of(silences, picture.alerts, now),
            incidents=self._incidents(),
            entries=keeping.entries,
            over=over,
            may_annotate=self.config.annotates,
            problem=keeping.problem,
            who=keeping.who,
            reports=self._reports,
        )

    def _incidents(self) -> tuple[Incident, ...]:
        known = self.keeping.incidents
        return tuple(known[number] for number in sorted(known, reverse=True))

    def _silences(self, now: float) -> list[Silence]:
        if now >= self._windows_until:
            self._windows = planned(self.config.windows, now)
            self._windows_until = schedule_changes(self._windows, now)
        return [*self.keeping.silences.values(), *self._windows]

    def _tell_resolved(self, picture: Snapshot, found: dict[str, Handled]) -> None:
        """Say of what was silenced when it fired that it is over: nobody was to see it begin."""
        hidden = {
            thing_of(one): one
            for one in picture.alerts
            if one.firing and one.id in found and found[one.id].silenced_by
        }
        there = {thing_of(one) for one in picture.alerts}
        for thing, alert in self._hidden.items():
            if thing not in there and self._is_over(picture, alert):
                text = f"{alert.name} is over; it was silenced"
                self._tell(EventView(picture.time, alert.check, clean(text)))
        waiting = {t: a for t, a in self._hidden.items() if t not in there}
        over = {t for t, a in waiting.items() if self._is_over(picture, a)}
        self._hidden = {**{t: a for t, a in waiting.items() if t not in over}, **hidden}

    @staticmethod
    def _is_over(picture: Snapshot, alert: AlertView) -> bool:
        if alert.rule:
            return picture.rules is not None and picture.rules.complete
        check = picture.check(alert.check)
        return check is None or check.status.severity == 0

    def acknowledge(self, alert: str, note: str = "") -> None:
        """Take the alert with this id."""
        found = self._found(alert)
        if found is None:
            return
        now, keeping = self._clock.now(), self.keeping
        one = Acknowledgement(
            alert=found.id,
            who=keeping.who,
            at=now,
            note=clean(note.strip(), LONGEST_NOTE),
            thing=thing_of(found),
            severity=rank_of(found),
        )
        if (before := keeping.acknowledgements.get(one.thing)) is not None:
            keeping.acknowledge(replace(before, ended=now))
        keeping.acknowledge(one)
        said = f": {one.note}" if one.note else ""
        self._enter(EntryKind.ACKNOWLEDGED, f"{found.name} acknowledged{said}", found)

    def unacknowledge(self, alert: str) -> None:
        """Take back that somebody took the alert with this id."""
        found = self._found(alert)
        before = self.keeping.acknowledgements.get(thing_of(found)) if found is not None else None
        if found is not None and before is not None:
            self.keeping.acknowledge(replace(before, ended=self._clock.now()))
            text = f"{found.name} is acknowledged no more; it was by {before.who}"
            self._enter(EntryKind.ACKNOWLEDGED, text, found)

    def _found(self, alert: str) -> AlertView | None:
        if not self._allowed():
            return None
        found = self._alerts.get(alert)
        if found is None:
            self._answer("that alert is over by now: there is nothing to acknowledge")
        return found

    def _allowed(self) -> bool:
        if not self.config.annotates:
            self._answer("this onwatch only looks (--no-annotate)")
        return self.config.annotates

    def silence(self, silence: Silence) -> None:
        """Set ``silence``, or another end to the one with its id."""
        if not self._allowed():
            return
        now, keeping = self._clock.now(), self.keeping
        known = keeping.silences.get(silence.id)
        if known is not None:
            changed = replace(known, ends=silence.ends)
            said = "prolonged" if silence.ends > known.ends else "shortened"
        else:
            changed = replace(
                silence,
                id=silence.id or secrets.token_hex(4),
                who=keeping.who,
                comment=clean(silence.comment.strip(), LONGEST_NOTE),
                window="",
            )
            said = "silenced"
        problem = self._refused(changed, now)
        if problem:
            self._answer(f"no silence: {problem}")
            return
        keeping.silence(changed)
        self._enter(EntryKind.SILENCED, f"{said}: {_shown(changed)}", detail=changed.comment)

    def _refused(self, one: Silence, now: float) -> str:
        if problem := refusal(one.matchers):
            return problem
        if not one.starts < one.ends or one.ends <= now:
            return "it would be over already"
        if one.ends - now > LONGEST_SILENCE:
            return "it would last longer than a year"
        others = sum(other.ends > now for other in self.keeping.silences.values())
        if others >= MOST_SILENCES and one.id not in self.keeping.silences:
            return f"there are {MOST_SILENCES} already"
        return ""

    def expire(self, silence: str) -> None:
        """End the silence with this id."""
        if not self._allowed():
            return
        now = self._clock.now()
        known = self.keeping.silences.get(silence)
        if known is None:
            planned_ = any(one.id == silence for one in self._windows)
            self._answer(
                "that window is planned in the configuration: change it there"
                if planned_
                else "there is no such silence any more"
            )
        elif known.ends > now:
            self.keeping.silence(replace(known, starts=min(known.starts, now), ends=now))
            self._enter(EntryKind.SILENCED, f"no longer silenced: {_shown(known)}")

    def note(self, text: str, incident: int = 0, at: float | None = None) -> None:
        """Write ``text`` into the timeline."""
        if not self._allowed():
            return
        now = self._clock.now()
        said = clean(text.strip(), LONGEST_NOTE)
        if not said:
            return
        lasting = foremost(self._incidents())
        number = incident or (lasting.id if lasting is not None else 0)
        when = min(now, at) if at is not None else now
        self.keeping.add(telling.note(said, when, self.keeping.who, number))

    def step(self, begun: Begun, *, masked: Callable[[str], str]) -> None:
        """A step of a runbook has begun, or ended; told in the incident of its alert or check."""
        from checks.story.steps import entry_of  # noqa: PLC0415 - where a step is run

        self._enter_step(entry_of(begun, self._clock.now(), masked))

    def _enter_step(self, entry: Entry) -> None:
        number = entry.incident or incident_of(self._incidents(), entry.alert, entry.check)
        self.keeping.add(replace(entry, incident=number))

    def report(self, incident: int) -> None:
        """Write the report of that incident into a file, and answer where it is."""
        found = self.keeping.incidents.get(incident)
        if found is None:
            self._answer(f"incident {incident} is not held any more: see onwatch report {incident}")
        elif self._reporting is None or self._reporting.done():
            self._reporting = asyncio.create_task(self._report(found), name="report")

    async def _report(self, incident: Incident) -> None:
        figures = self.recorder.figures.get(incident.id, ())
        path = ""
        try:
            said, path = await self.archive.report(incident, self.keeping.entries, figures)
        except Exception as error:
            # The rim: a report that fails inside is a sentence.
            log.exception("the report failed inside")
            said = f"the report failed by an error of its own: {type(error).__name__}"
        if path:
            self.reported(incident, path)
        self._answer(said)

    def reported(self, incident: Incident, path: str) -> None:
        """Show that the report of ``incident`` is at ``path``."""
        if self._heir is not None:
            self._heir.reported(incident, path)
            return
        self._reports = {**self._reports, incident.id: path}
        self._basis = ()

    def _enter(
        self, kind: EntryKind, text: str, alert: AlertView | None = None, detail: str = ""
    ) -> None:
        said = clean(text, _LONGEST_TEXT)
        entry = Entry(self._clock.now(), kind, said, who=self.keeping.who, detail=detail)
        if alert is not None:
            number = incident_of(self._incidents(), alert.id, alert.check)
            entry = replace(
                entry,
                incident=number,
                alert=alert.id,
                name=alert.name,
                check=alert.check,
                status=alert.status,
                labels=alert.labels,
            )
        self.keeping.add(entry)

    def _say(self, text: str) -> None:
        self._tell(EventView(self._clock.now(), "", text))

    def _answer(self, text: str) -> None:
        self._tell(EventView(self._clock.now(), "", text, answer=True))

    async def close(self) -> None:
        """Write a last time."""
        await self.keeping.finish()


def _shown(silence: Silence) -> str:
    return ", ".join(map(str, silence.matchers))
