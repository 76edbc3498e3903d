"""What happens reaches the file, the pictures and the report; over restarts and reloads too."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.config import EngineConfig, RunbooksConfig, StoryConfig
from checks.engine import Engine
from checks.model import Status
from checks.runbooks.audit import Audit
from checks.runbooks.model import Language, Marking, Runbook, Step
from checks.runbooks.running.model import Ended, Job, Who
from checks.runbooks.views import RunState, Subject
from checks.secrets import MASK, Masker
from checks.story.model import EntryKind
from checks.story.open_incident import HOLD
from checks.story.report import files
from checks.story.views import StoryView
from tests.checks.fakes import config, settle
from tests.checks.story.test_recording import Played
from tests.checks.test_lanes import no_threads

START = 1_700_000_000.0


class Watched:
    """An engine at work whose clock the test turns; the file's lane runs in the machine's time."""

    def __init__(self, engine: Engine, clock: FakeClock) -> None:
        self.engine, self.clock = engine, clock

    @property
    def story(self) -> StoryView:
        return self.engine.snapshot().story or StoryView()

    async def until(self, done: Callable[[StoryView], object], most: int = 400) -> StoryView:
        """The story once it is as ``done`` says."""
        for turn in range(most):
            await self.clock.advance(0.5)
            await settle()
            # The lane is a thread.
            await asyncio.sleep(0.002 if turn < most * 3 / 4 else 0.1)
            if done(self.story):
                return self.story
        raise AssertionError([entry.text for entry in self.story.entries])

    def answers(self) -> list[str]:
        return [event.text for event in self.engine.snapshot().events if event.answer]


@asynccontextmanager
async def watching(
    made: EngineConfig, clock: FakeClock, follows: Engine | None = None
) -> AsyncIterator[Watched]:
    engine = Engine(made, clock)
    if follows is not None:
        engine.follow(follows)
    running = asyncio.create_task(engine.run(lambda _: None))
    try:
        yield Watched(engine, clock)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def kept(memory: Path | None, *played: Played) -> EngineConfig:
    return replace(config(*(each.spec for each in played)), story=StoryConfig(memory=memory))


def texts(story: StoryView) -> list[str]:
    """What was told, from old to new, without the hours."""
    return [f"{one.name} {one.text}".strip() for one in reversed(story.entries)]


async def test_an_incident_is_told_from_its_begin_to_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    db = Played("db")
    async with watching(kept(tmp_path / "s" / "story.db", db), FakeClock(START)) as watched:
        await watched.until(lambda story: story.entries)
        db.status, db.message = Status.CRITICAL, "connection refused"
        story = await watched.until(lambda story: story.incidents)
        (incident,) = story.incidents
        (alert,) = watched.engine.snapshot().alerts
        engine_story = watched.engine.story
        assert engine_story is not None
        engine_story.acknowledge(alert.id, "on it")
        await watched.until(lambda story: story.incidents[0].acknowledged)
        engine_story.note("root cause: the disk was full")
        db.status, db.message = Status.OK, "up again"
        story = await watched.until(lambda story: story.incidents[0].quiet)
        assert story.incidents[0].ended is None
        story = await watched.until(lambda story: story.incidents[0].ended, round(3 * HOLD))
        assert story.incidents[0].id == incident.id
        kinds = [one.kind for one in reversed(story.entries) if one.incident == incident.id]
        assert kinds == [
            EntryKind.TRANSITION,
            EntryKind.ACKNOWLEDGED,
            EntryKind.NOTE,
            EntryKind.TRANSITION,
        ]
        engine_story.report(incident.id)
        await watched.until(lambda _: watched.answers())
        (said,) = watched.answers()
        assert said.startswith(f"the report of incident {incident.id} is in ")
        file = Path(said.partition(" is in ")[2])
        assert watched.story.reports == {incident.id: str(file)}
        assert file.stat().st_mode & 0o777 == 0o600
        text = file.read_text()
        assert "connection refused" in text
        assert "Root Cause: the disk was full" in text
        engine_story.report(incident.id)
        await watched.until(lambda _: len(watched.answers()) == 2)
        assert watched.answers()[1] == said, "nobody has touched it"
        mine = file.read_text().replace("the disk was full", "the disk was full of logs")
        file.write_text(mine)
        for _ in range(2):
            told = len(watched.answers())
            engine_story.report(incident.id)
            await watched.until(partial(lambda told, _: len(watched.answers()) > told, told))
            beside = file.with_stem(f"{file.stem}-2")
            assert watched.answers()[-1] == (
                f"the report of incident {incident.id} is in {beside}; "
                f"{file.name} was edited by hand, and stays as it is"
            )
        assert file.read_text() == mine
        assert beside.read_text().startswith(text.splitlines()[0])
        assert len(list(file.parent.iterdir())) == 2
        engine_story.report(99)
        assert "not held any more" in watched.answers()[-1]


async def test_a_restart_goes_on_with_the_same_incident_and_tells_the_sessions(
    tmp_path: Path,
) -> None:
    memory, db = tmp_path / "s" / "story.db", Played("db")
    db.status = Status.CRITICAL
    clock = FakeClock(START)
    async with watching(kept(memory, db), clock) as watched:
        await watched.until(lambda story: story.incidents)
        await watched.until(lambda story: all(one.id for one in story.entries))
    await clock.advance(60)
    async with watching(kept(memory, db), clock) as watched:
        story = await watched.until(lambda story: len(story.entries) >= 4)
        await watched.until(lambda _: clock.now() > START + 150)
        (incident,) = watched.story.incidents
        assert (incident.id, incident.ended, incident.quiet) == (1, None, None)
        told = [one.text for one in reversed(story.entries)]
        assert told[0] == "onwatch began to watch"
        assert told[1].startswith("firing: ")
        assert told[2].startswith("onwatch ended")
        assert told[3] == "onwatch began to watch"
        assert len(watched.story.entries) == 4, "what fired before is not told again"


async def test_a_reload_goes_on_and_is_told(tmp_path: Path) -> None:
    memory, db, mail = tmp_path / "s" / "story.db", Played("db"), Played("mail")
    db.status = Status.CRITICAL
    clock = FakeClock(START)
    async with watching(kept(memory, db), clock) as watched:
        await watched.until(lambda story: story.incidents)
    async with watching(kept(memory, db, mail), clock, follows=watched.engine) as again:
        story = await again.until(
            lambda story: any(one.kind is EntryKind.RELOAD for one in story.entries)
        )
        assert [one.id for one in story.incidents] == [1]
        sessions = [one for one in story.entries if one.kind is EntryKind.SESSION]
        assert len(sessions) == 1
        mail.status = Status.CRITICAL
        story = await again.until(lambda story: len(story.incidents) == 2)
        assert sum(one.after == "firing" for one in story.entries) == 2


async def test_without_a_file_it_is_told_and_reported_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    db = Played("db")
    db.status = Status.CRITICAL
    async with watching(kept(None, db), FakeClock(START)) as watched:
        await watched.until(lambda story: story.incidents)
        story = watched.engine.story
        assert story is not None
        story.report(1)
        await watched.until(lambda _: watched.answers())
        file = Path(watched.answers()[0].partition(" is in ")[2])
        assert file.read_text().startswith("# Incident 1: db down")
    assert list(tmp_path.rglob("*.db")) == []


async def test_a_step_of_a_session_that_was_killed_is_told_once(tmp_path: Path) -> None:
    clock, db = FakeClock(START), Played("db")
    audit = Audit(tmp_path / "steps.jsonl", Masker(), clock)
    text = 'mend --token=hunter2hunter2 "$WHAT"\ntrue\n'
    step = Step("mend", "Mend", Language.BASH, text, Marking.SAFE)
    book = Runbook("db", "db", "db.md", "", (step,), ())
    job = Job("7f", book, step, {"WHAT": "it"}, Who("alice"), subject=Subject(check="db"))
    audit.started(job)
    lines = (tmp_path / "steps.jsonl").read_text()
    assert f'"process":[{os.getpid()},' in lines
    # Of a process that is no more.
    (tmp_path / "steps.jsonl").write_text(re.sub(r'"process":\[\d+', '"process":[4194304', lines))
    db.status = Status.CRITICAL
    made = replace(
        kept(tmp_path / "s" / "story.db", db),
        runbooks=RunbooksConfig(audit=tmp_path / "steps.jsonl"),
    )

    def steps(story: StoryView) -> list[str]:
        return [one.after for one in reversed(story.entries) if one.kind is EntryKind.STEP]

    async with watching(made, clock) as watched:
        story = await watched.until(lambda story: len(steps(story)) == 2)
        assert steps(story) == ["began", "cut off"]
        began = next(
            one for one in story.entries if one.kind is EntryKind.STEP and one.after == "began"
        )
        assert began.detail == 'mend --token=••• "$WHAT"\ntrue\nWHAT=it'
        assert {one.incident for one in story.entries if one.kind is EntryKind.STEP} == {1}
    async with watching(made, clock) as again:
        await again.until(lambda _: clock.now() > START + 120)
        assert len(steps(again.story)) == 2
    books = replace(made.runbooks, config="/etc/another.yaml")
    other = replace(kept(tmp_path / "o" / "story.db", db), runbooks=books)
    async with watching(other, clock) as another:
        await another.until(lambda story: story.incidents and clock.now() > START + 240)
        assert steps(another.story) == [], "its db is another one"


async def test_a_step_is_told_with_what_it_ran_and_how_it_ended() -> None:
    db = Played("db")
    db.status = Status.CRITICAL
    async with watching(kept(None, db), FakeClock(START)) as watched:
        await watched.until(lambda story: story.incidents)
        (alert,) = watched.engine.snapshot().alerts
        text = "PGPASSWORD=letmein psql -c $ROOM; curl -H 'Authorization: Bearer abcd' $TOKEN"
        step = Step("mend", "Mend", Language.BASH, text, Marking.SAFE)
        book = Runbook("db", "db", "db.md", "", (step,), ())
        values = {"ROOM": "hunter2", "TOKEN": "of-vault"}
        job = Job("7f", book, step, values, Who("alice"), subject=Subject(alert.id))

        class Begun:
            def __init__(self) -> None:
                self.job, self.began = job, START + 20
                self.ended: Ended | None = None
                self.ended_at: float | None = None

            class output:  # noqa: N801 - an attribute
                lines = ("hidden", "it is of-vault")

        begun, story = Begun(), watched.engine.story
        assert story is not None
        tell = watched.engine.runbooks.on_step
        tell(begun)  # type: ignore[arg-type]
        watched.engine._env.masker.learn("hunter2")
        tell(begun)  # type: ignore[arg-type]
        begun.ended, begun.ended_at = (
            Ended(RunState.DONE, 3, "exit code 3", ("TOKEN", "of-vault")),
            START + 22,
        )
        tell(begun)  # type: ignore[arg-type]
        first, masked, last = [
            one for one in reversed(watched.story.entries) if one.kind is EntryKind.STEP
        ]
        assert first.detail == (
            f"PGPASSWORD={MASK} psql -c $ROOM; curl -H 'Authorization: Bearer {MASK}' $TOKEN\n"
            f"ROOM=hunter2\nTOKEN={MASK}"
        )
        assert "hunter2" not in masked.detail
        assert (last.text, last.who, last.incident) == ("mend of db: exit code 3", "alice", 1)
        assert last.detail == f"hidden\nit is {MASK}"
        assert last.status is Status.WARNING


async def test_the_story_begins_once_there_is_a_thread_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.lanes.AGAIN", 0.01)
    async with watching(kept(tmp_path / "s" / "story.db"), FakeClock(START)) as watched:
        with no_threads():
            await watched.clock.advance(5)
            await settle()
            await asyncio.sleep(0.1)
            assert watched.engine.story is None
        await watched.until(lambda story: story.entries)
        (told,) = (
            event.text for event in watched.engine.snapshot().events if "no story" in event.text
        )
        assert told.startswith("no story is kept yet: the system gives onwatch no more")


async def test_a_report_that_is_written_over_a_reload_is_shown_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    writes, goes_on, clock = threading.Event(), threading.Event(), FakeClock(START)
    write = files.write_report

    def slow(path: Path, text: str) -> None:
        writes.set()
        goes_on.wait(10)
        write(path, text)

    monkeypatch.setattr(files, "write_report", slow)
    memory, db = tmp_path / "s" / "story.db", Played("db")
    db.status = Status.CRITICAL
    async with watching(kept(memory, db), clock) as watched:
        await watched.until(lambda story: story.incidents)
        assert watched.engine.story is not None
        watched.engine.story.report(1)
        await watched.until(lambda _: writes.is_set())
    async with watching(kept(memory, db), clock, follows=watched.engine) as again:
        assert again.engine.story is not None
        again.engine.story.report(1)
        goes_on.set()
        await again.until(lambda story: story.reports)
        (said,) = again.answers()
        assert again.story.reports == {1: said.partition(" is in ")[2]}


async def test_steps_that_a_full_disk_had_no_room_for_are_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    log, spare, clock = tmp_path / "steps.jsonl", tmp_path / "spare" / "a.jsonl", FakeClock(START)
    for where in ("checks.runbooks.audit.spare_file", "checks.story.archive.spare_file"):
        monkeypatch.setattr(where, lambda _: spare)
    db = Played("db")
    db.status = Status.CRITICAL
    made = replace(kept(None, db), runbooks=RunbooksConfig(audit=log))
    async with watching(made, clock) as watched:
        await watched.until(lambda story: story.incidents)
        step = Step("mend", "Mend", Language.BASH, "true", Marking.SAFE)
        book = Runbook("db", "db", "db.md", "", (step,), ())
        job = Job("7f", book, step, {}, Who("alice"), subject=Subject(check="db"))
        Audit(spare, Masker(), clock).started(job)
        story = watched.engine.story
        assert story is not None
        assert not log.exists()
        story.report(1)
        await watched.until(lambda _: watched.answers())
        assert "mend" in Path(watched.answers()[0].partition(" is in ")[2]).read_text()
