"""From pictures of a real engine to entries, incidents and figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.engine import Engine
from checks.model import Result, Samples, Status
from checks.probe import Target
from checks.requests.stats import Minute, RequestStats, WindowStats
from checks.story.model import Acknowledgement, Entry, EntryKind, Incident
from checks.story.open_incident import HOLD
from checks.story.recording import Recorded, Recorder
from checks.views import EventView, RequestView, Snapshot
from tests.checks.fakes import PLAYED, config, settle, spec
from tests.checks.rules.scene import Scene, configured, playing


class Played:
    """A check that answers what the test says."""

    def __init__(self, name: str, **more: object) -> None:
        self.spec = spec(name, **more)  # type: ignore[arg-type]
        self.status, self.message, self.value = Status.OK, "fine", 0.0
        self.events: tuple[str, ...] = ()
        PLAYED[name] = self.answer

    async def answer(self, target: Target) -> Result:
        if self.status is Status.CRITICAL:
            return Result.failed("refused", self.message, samples=Samples())
        builder = target.sampler.builder()
        builder.add("played_value", self.value)
        events, self.events = self.events, ()
        text = self.message
        return Result(self.status, text, value="up", samples=builder.build(), events=events)


class Told:
    """What a recorder told so far of a scene's pictures."""

    def __init__(self, scene: Scene, recorder: Recorder) -> None:
        self.scene, self.recorder = scene, recorder
        self.all = Recorded()
        self.acks: Mapping[str, Acknowledgement] = {}
        self.silenced: frozenset[str] = frozenset()

    async def after(self, seconds: float) -> Recorded:
        """What was told in the next ``seconds``."""
        found = Recorded()
        for _ in range(round(seconds)):
            await self.scene.clock.advance(1.0)
            await settle()
            found += self.recorder.picture(self.scene.engine.snapshot(), self.silenced, self.acks)
        self.all += found
        return found

    @property
    def incident(self) -> Incident:
        (only,) = self.recorder.incidents.lasting
        return only


@asynccontextmanager
async def watching(
    *played: Played, rules: str = "", known: tuple[Incident, ...] = ()
) -> AsyncIterator[Told]:
    clock = FakeClock()
    specs = [each.spec for each in played]
    made = configured(rules, *specs) if rules else config(*specs)
    recorder = Recorder(known)
    if rules:
        async with playing(made, clock) as scene:
            yield Told(scene, recorder)
        return
    engine = Engine(made, clock)
    running = asyncio.create_task(engine.run(lambda _: None))
    try:
        yield Told(Scene(engine, clock), recorder)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def lines(recorded: Recorded) -> list[str]:
    return [f"{entry.name}: {entry.text}" for entry in recorded.entries]


async def test_a_check_that_fails_and_mends_is_told_with_its_reasons() -> None:
    db = Played("db")
    async with watching(db, Played("api", depends_on=("db",))) as told:
        assert not await told.after(30)
        db.status, db.message = Status.CRITICAL, "connection refused"
        (fired,) = (await told.after(20)).entries
        assert (fired.kind, fired.after, fired.incident) == (EntryKind.TRANSITION, "firing", 1)
        assert fired.text == "firing: connection refused"
        db.status, db.message = Status.OK, "up again"
        found = await told.after(20)
        (over,) = found.entries
        assert over.text.startswith("resolved after 20 s: up again")
        assert (over.after, over.incident) == ("resolved", 1)
        assert told.incident.quiet is not None
        last = await told.after(HOLD)
        assert [one.ended for one in last.incidents] == [over.at] or last.incidents[-1].ended


async def test_getting_worse_is_a_turn_within_the_same_incident() -> None:
    db = Played("db")
    async with watching(db) as told:
        await told.after(20)
        db.status, db.message = Status.WARNING, "slow"
        await told.after(10)
        db.status, db.message = Status.CRITICAL, "gone"
        (worse,) = (await told.after(10)).entries
        assert worse.text == "warning → critical: gone"
        assert told.incident.status is Status.CRITICAL
        assert len(told.incident.alerts) == 2
        db.status = Status.OK
        (over,) = (await told.after(10)).entries
        assert over.text.startswith("resolved after 20 s"), "it is one trouble, from its begin"


async def test_an_alert_of_a_rule_brings_its_reason_and_evidence() -> None:
    box = Played("box")
    rule = (
        "{alert: High, expr: played_value > 5, for: 10s, labels: {severity: P1}, "
        "annotations: {summary: 'value is {{ $value }}', runbook_url: runbooks/high}}"
    )
    async with watching(box, rules=rule) as told:
        await told.after(10)
        box.value = 9.0
        found = await told.after(30)
        (fired,) = found.entries
        assert fired.name == "High"
        assert fired.text == "firing: value is 9"
        assert "severity: P1" in fired.detail
        assert "value: 9 (fires where > 5)" in fired.detail
        assert "runbook: runbooks/high" in fired.detail
        assert told.incident.severity == "P1"
        values = [figure.value for figure in found.figures]
        assert values
        assert set(values) == {9.0}
        box.value = 1.0
        (over,) = (await told.after(20)).entries
        assert over.after == "resolved"
        assert over.at >= fired.at + 10


async def test_what_is_no_trouble_makes_no_incident() -> None:
    box = Played("box")
    rules = (
        "{alert: News, expr: played_value > 5, labels: {severity: info}}\n"
        "{alert: Soon, expr: played_value > 5, for: 1h}"
    )
    async with watching(box, rules=rules) as told:
        box.value = 9.0
        assert not await told.after(60)


async def test_silenced_acknowledged_and_then_not_silenced_any_more() -> None:
    db = Played("db")
    async with watching(db) as told:
        await told.after(20)
        db.status = Status.CRITICAL
        await told.scene.clock.advance(5)
        await settle()
        (alert,) = told.scene.engine.snapshot().alerts
        told.silenced = frozenset({alert.id})
        hidden = await told.after(10)
        assert len(hidden.entries) == 1
        assert not hidden.incidents
        told.silenced = frozenset()
        (opened,) = (await told.after(2)).incidents
        assert opened.began == alert.since
        told.acks = {alert.id: Acknowledgement(alert.id, "alice", alert.since + 60)}
        (taken,) = (await told.after(2)).incidents
        assert (taken.acknowledged_by, taken.time_to_acknowledge) == ("alice", 60.0)


async def test_after_a_restart_nothing_is_told_twice_and_what_ended_meanwhile_is() -> None:
    db, mail = Played("db"), Played("mail")
    db.status = mail.status = Status.CRITICAL
    async with watching(db, mail) as told:
        await told.after(30)
        known = told.recorder.incidents.lasting
    assert [one.id for one in known] == [1, 2]
    mail.status = Status.OK
    db.spec, mail.spec = spec("db"), spec("mail")
    async with watching(db, mail, known=known) as again:
        found = await again.after(30)
        (over,) = found.entries
        assert (over.alert.partition("@")[0], over.incident) == ("mail", 2)
        assert over.text == "resolved: it was over when onwatch looked again"
        ids = {one.id for one in again.recorder.incidents.lasting if one.quiet is None}
        assert ids == {1}


async def test_how_long_an_alert_lasted_counts_from_before_the_restart() -> None:
    db = Played("db")
    db.status = Status.CRITICAL
    async with watching(db) as told:
        await told.after(30)
        known = told.recorder.incidents.lasting
        # The clock of the next one begins anew.
        (fired,) = (replace(one, at=one.at - 3_600) for one in told.all.entries)
    db.spec = spec("db")
    async with watching(db) as again:
        again.recorder = Recorder(known, (fired,))
        await again.after(50)
        db.status = Status.OK
        (over,) = (await again.after(10)).entries
        assert over.text.startswith("resolved after 1 h")


async def test_what_was_over_before_the_restart_is_not_told_to_be_over_again() -> None:
    db, api = Played("db"), Played("api", depends_on=("db",))
    db.status = api.status = Status.CRITICAL
    async with watching(db, api) as told:
        await told.after(20)
        api.status = Status.OK
        await told.after(20)
        known, entries = told.recorder.incidents.lasting, told.all.entries[::-1]
    assert [one.after for one in entries] == ["resolved", "firing", "firing"]
    api.status = Status.CRITICAL
    async with watching(db, api) as again:
        again.recorder = Recorder(known, entries)
        found = await again.after(30)
        assert lines(found) == ["api down: firing: fine"]
        assert again.incident.id == 1


async def test_an_alert_that_was_taken_while_it_was_hidden_is_taken_once_it_is_not() -> None:
    db = Played("db")
    async with watching(db) as told:
        db.status = Status.CRITICAL
        await told.scene.clock.advance(5)
        await settle()
        (alert,) = told.scene.engine.snapshot().alerts
        told.silenced = frozenset({alert.id})
        told.acks = {alert.id: Acknowledgement(alert.id, "alice", alert.since + 2)}
        assert not (await told.after(5)).incidents
        told.silenced = frozenset()
        await told.after(2)
        assert told.incident.acknowledged_by == "alice"


async def test_reloads_gaps_and_new_versions_are_told_and_their_noise_is_not() -> None:
    api = Played("api")
    async with watching(api) as told:
        await told.after(10)
        api.events = ("version changed from 1.2.2 to 1.2.3",)
        engine = told.scene.engine
        engine._say(EventView(told.scene.clock.now(), "", "configuration reloaded: 1 check"))
        engine._say(EventView(told.scene.clock.now(), "", "something of no interest"))
        api.status, api.message = Status.WARNING, "slow"
        found = await told.after(10)
        kinds = {entry.kind: entry.text for entry in found.entries}
        assert kinds[EntryKind.RELOAD] == "configuration reloaded: 1 check"
        assert kinds[EntryKind.DEPLOYMENT] == "version 1.2.3 (was 1.2.2)"
        assert kinds[EntryKind.TRANSITION] == "firing: slow"
        assert len(found.entries) == 3


def picture_with(snapshot: Snapshot, *minutes: Minute) -> Snapshot:
    window = WindowStats(60, 60, 0, 0.0, 0, None, (), None, None, None, None, None, None, ())
    stats = RequestStats(snapshot.time, (window,), 60.0, (), (), (), minutes=minutes)
    return replace(snapshot, requests=(RequestView("log", window, stats),))


async def test_requests_are_kept_by_the_minute_while_it_lasts_and_from_before() -> None:
    db = Played("db")
    async with watching(db) as told:
        await told.after(10)
        db.status = Status.CRITICAL
        await told.scene.clock.advance(6)
        await settle()
        snapshot, take = told.scene.engine.snapshot(), told.recorder.picture
        minutes = [Minute(600.0 + 60 * at, 100 + at, at, 0.1, 0.2) for at in range(4)]
        kept = take(picture_with(snapshot, *reversed(minutes[:3]))).figures
        assert [(one.at, one.count, one.errors) for one in kept] == [
            (600.0, 100, 0),
            (660.0, 101, 1),
            (720.0, 102, 2),
        ]
        assert {one.series for one in kept} == {"requests log"}
        assert take(picture_with(snapshot, *reversed(minutes[:3]))).figures == ()
        (new,) = take(picture_with(snapshot, *reversed(minutes))).figures
        assert (new.at, new.value, new.incident) == (780.0, 0.2, 1)


async def test_a_check_that_is_watched_no_more_says_so() -> None:
    db, mail = Played("db"), Played("mail")
    db.status = Status.CRITICAL
    async with watching(db, mail) as told:
        await told.after(20)
        engine: Engine = told.scene.engine
        await engine.amend(config(mail.spec))
        texts = [entry.text for entry in (await told.after(5)).entries]
        assert any(text.endswith("it is watched no more") for text in texts)


async def test_very_many_alerts_at_once_are_told_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.story.recording.MOST", 20)
    played = [Played(f"c{at}") for at in range(50)]
    async with watching(*played) as told:
        await told.after(10)
        for each in played:
            each.status = Status.WARNING
        await told.scene.clock.advance(6)
        await settle()
        entries = told.recorder.picture(told.scene.engine.snapshot()).entries
        assert len(entries) == 21
        assert entries[-1].text == "30 more alerts changed at once"


async def test_a_quiet_minute_costs_next_to_nothing() -> None:
    played = [Played(f"c{at}") for at in range(100)]
    for each in played[:20]:
        each.status = Status.WARNING
    async with watching(*played) as told:
        await told.after(10)
        snapshot = told.scene.engine.snapshot()
        recorder = told.recorder
        recorder.picture(snapshot)
        began = time.thread_time()
        for _ in range(100):
            assert not recorder.picture(snapshot)
        assert (time.thread_time() - began) / 100 < 0.003


def test_entries_find_the_incident_of_their_alert_or_check() -> None:
    known = Incident(4, "t", "db", Status.CRITICAL, 5.0, alerts=("db@5.000",), checks=("db", "api"))
    recorder = Recorder([known])
    step = Entry(9.0, EntryKind.STEP, "x", check="api")
    assert recorder.placed(step).incident == 4
    assert recorder.placed(replace(step, check="", alert="db@77.000")).incident == 4
    assert recorder.placed(replace(step, check="mail")).incident == 0


async def test_what_fires_on_after_a_restart_is_told_once_for_all(tmp_path: Path) -> None:
    one = Played("one")
    one.value = 50.0
    rules = "\n".join(f"{{alert: A{number}, expr: played_value > {number}}}" for number in range(5))
    clock, recorder = FakeClock(), Recorder()
    made = configured(rules, one.spec, memory=tmp_path / "alerts.json")
    async with playing(made, clock) as scene:
        told = Told(scene, recorder)
        await told.after(20)
        assert len(told.all.entries) == 5
    recorder = Recorder(recorder.incidents.lasting, tuple(reversed(told.all.entries)))
    await clock.advance(60)
    async with playing(made, clock) as scene:
        told = Told(scene, recorder)
        one.status, one.message = Status.CRITICAL, "refused"
        await told.after(20)
        one.status, one.value = Status.OK, 3.5
        await told.after(40)
        (over,) = [line for line in lines(told.all) if line.startswith("A")]
        assert over.startswith("A4: resolved")
        await told.after(30)
        (folded,) = [each for each in told.all.entries if "still firing" in each.text]
        assert folded.text == (
            "4 alerts still firing since before the restart: A0, A1, A2 and 1 more"
        )
        assert folded.incident == told.incident.id
        assert "A3 one: there is data again, and it still fires" in folded.detail
        assert [text for text in scene.told if "still firing" in text] == [folded.text]
        # What happens later is told of each.
        one.status = Status.CRITICAL
        late = await told.after(20)
        assert sum("no data" in line for line in lines(late)) == 4
        assert sum(" still firing: no data" in text for text in scene.told) == 4
