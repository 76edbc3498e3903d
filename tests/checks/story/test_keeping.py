"""The story's way to its file, cut short by a reload of the configuration."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Status
from checks.story import journal
from checks.story import keeping as keeping_of
from checks.story.errors import JournalError
from checks.story.filing import INCIDENTS
from checks.story.journal import Journal
from checks.story.keeping import Keeping
from checks.story.model import Acknowledgement, Entry, EntryKind, Incident, Session
from checks.story.person import who
from checks.story.tables import Batch


async def test_what_a_reload_keeps_from_being_written_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PATIENCE", 0.3)
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    before, after = (Keeping(path, Lanes(), clock) for _ in range(2))
    assert await before.look(clock.now())
    before.add(Entry(clock.now(), EntryKind.NOTE, "cut short"))
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        looking = asyncio.create_task(before.look(clock.now()))
        while not before._lanes.busy("story"):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.wait({looking})
        after.follow(before)
        while before._lanes.busy("story"):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    assert await after.look(clock.now())
    await after.finish()
    held = Journal(path)
    held.open()
    assert [one.text for one in held.entries()] == ["cut short"]
    held.close()


async def test_what_an_end_that_is_cut_short_could_not_write_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PATIENCE", 0.3)
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    before, after = (Keeping(path, Lanes(), clock) for _ in range(2))
    assert await before.look(clock.now())
    before.add(Entry(clock.now(), EntryKind.NOTE, "cut short"))
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        lane = before._lanes._lanes["story"].thread
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(before.finish(), 0.05)
        # Whoever ends it once more leaves the file to what is under way.
        await before.finish()
        after.follow(before)
        await asyncio.to_thread(lane.join, 10)
    await asyncio.sleep(0.01)
    assert await after.look(clock.now())
    await after.finish()
    held = Journal(path)
    held.open()
    assert [one.text for one in held.entries()] == ["cut short"]
    assert [one.ended for one in held.sessions()] == [clock.now()]
    held.close()


async def test_whoever_goes_on_leads_though_a_look_outlasted_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds the file while the configuration is reloaded: what was cut short must
    not keep it open, and lead, for good.
    """
    monkeypatch.setattr(keeping_of, "_TRIES", 2)
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    before, after = (Keeping(path, Lanes(), clock) for _ in range(2))
    assert await before.look(clock.now())
    assert before.leads
    before.add(Entry(clock.now(), EntryKind.NOTE, "cut short"))
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        looking = asyncio.create_task(before.look(clock.now()))
        while not before._lanes.busy("story"):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.wait({looking})
        lane = before._lanes._lanes["story"].thread
        await before.finish()
        before._lanes.close()
        after.follow(before)
        assert lane.is_alive(), "it waits for the other program"
    await asyncio.to_thread(lane.join, 10)
    await asyncio.sleep(0.01)
    assert await after.look(clock.now())
    assert after.leads
    assert [one.text for one in after.entries] == ["cut short"]
    await after.finish()


async def test_who_sits_here_is_in_the_file_from_the_first_look_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    keeping = Keeping(path, Lanes(), clock)
    assert await keeping.look(clock.now())
    held = Journal(path)
    held.open()
    assert [one.who for one in held.sessions()] == [who()]
    held.close()
    await keeping.finish()


async def test_an_incident_that_lasts_is_held_however_many_came_after_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    keeping = Keeping(path, Lanes(), clock)
    assert await keeping.look(clock.now())
    now = clock.now()
    lasting = Incident(1, "a", "a", Status.CRITICAL, now)
    keeping.incident(lasting)
    for number in range(2, INCIDENTS + 10):
        keeping.incident(replace(lasting, id=number, ended=now))
    assert len(keeping.incidents) == INCIDENTS + 1
    assert await keeping.look(clock.now())
    await keeping.finish()
    again = Keeping(path, Lanes(), clock)
    for held in (keeping, again):
        assert await held.look(clock.now())
        assert held.incidents[1] == lasting
        assert 2 not in held.incidents
    again.incident(replace(lasting, ended=now))
    assert 1 not in again.incidents
    await again.finish()


class Full(Journal):
    """A file on a disk that has no room for what waits, but for its begin."""

    room = False

    def write(self, batch: Batch) -> list[int]:
        if not self.room:
            raise JournalError("there is no room")
        return super().write(batch)


async def test_what_is_known_of_an_opening_is_told_once_something_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    ago = clock.now() - 60
    other = Session("0f", 4_194_304, ago, ago)
    held = Journal(path)
    held.open()
    held.write(Batch([Entry(ago, EntryKind.NOTE, "of before")], sessions=[other]))
    held.close()
    monkeypatch.setattr(journal, "Journal", Full)
    keeping = Keeping(path, Lanes(), clock)
    for _ in range(2):
        assert not await keeping.look(clock.now())
    monkeypatch.setattr(Full, "room", True)
    assert await keeping.look(clock.now())
    assert [one.id for one in keeping.cut_off] == ["0f"]
    assert keeping.before is not None
    assert keeping.before.id == "0f"
    assert [one.text for one in keeping.entries] == ["of before"]
    await keeping.finish()


def lost_session(path: Path, at: float) -> None:
    """Another onwatch was at work with the file, and ended without a word."""
    held = Journal(path)
    held.open()
    held.write(Batch(sessions=[Session("0f", 4_194_304, at, at)]))
    held.close()


def knows_of_it(keeping: Keeping) -> bool:
    before = keeping.before.id if keeping.before is not None else ""
    return ([one.id for one in keeping.cut_off], before) == (["0f"], "0f")


async def test_what_is_known_of_an_opening_outlives_a_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    lost_session(path, clock.now() - 60)
    monkeypatch.setattr(journal, "Journal", Full)
    before, after = (Keeping(path, Lanes(), clock) for _ in range(2))
    assert not await before.look(clock.now())
    await before.finish()
    after.follow(before)
    monkeypatch.setattr(Full, "room", True)
    assert await after.look(clock.now())
    assert knows_of_it(after)
    await after.finish()


class Slow(Journal):
    """A file that takes what is written when it is let."""

    lets: threading.Event

    def write(self, batch: Batch) -> list[int]:
        self.lets.wait(10)
        return super().write(batch)


@pytest.mark.parametrize("late", [False, True])
async def test_what_a_look_found_that_a_reload_cut_short_is_known_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    lost_session(path, clock.now() - 60)
    monkeypatch.setattr(journal, "Journal", Slow)
    monkeypatch.setattr(Slow, "lets", threading.Event(), raising=False)
    before, after = (Keeping(path, Lanes(), clock) for _ in range(2))
    before.add(Entry(clock.now(), EntryKind.NOTE, "cut short"))
    looking = asyncio.create_task(before.look(clock.now()))
    while not before._lanes.busy("story"):
        await asyncio.sleep(0)
    looking.cancel()
    await asyncio.wait({looking})
    if late:
        after.follow(before)
    Slow.lets.set()
    await before.finish()
    if not late:
        after.follow(before)
    assert knows_of_it(after)
    assert [(one.text, one.id > 0) for one in after.entries] == [("cut short", True)]
    assert await after.look(clock.now())
    assert knows_of_it(after)
    await after.finish()


async def test_what_is_held_is_written_anew_where_the_first_look_at_the_new_file_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    monkeypatch.setattr(journal, "Journal", Full)
    monkeypatch.setattr(Full, "room", True)
    keeping = Keeping(path, Lanes(), clock)
    keeping.acknowledge(Acknowledgement("a@1", "ann", 1.0, "mine", "check a", 5))
    assert await keeping.look(clock.now())
    path.unlink()
    keeping.add(Entry(clock.now(), EntryKind.NOTE, "meanwhile"))
    monkeypatch.setattr(Full, "room", False)
    assert not await keeping.look(clock.now())
    monkeypatch.setattr(Full, "room", True)
    for _ in range(2):
        assert await keeping.look(clock.now())
    assert list(keeping.acknowledgements) == ["check a"]
    await keeping.finish()
    held = Journal(path)
    held.open()
    assert [one.note for one in held.acknowledgements(0.0)] == ["mine"]
    held.close()


async def test_a_file_whose_pages_are_broken_is_set_aside(tmp_path: Path) -> None:
    path, clock, page = tmp_path / "state" / "story.db", FakeClock(), 4096
    held = Journal(path)
    held.open()
    held.write(Batch([Entry(1.0, EntryKind.NOTE, "x" * 400)] * 300))
    held.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8 * page)
        file.write(b"broken" * ((size - 8 * page) // 6))
    keeping = Keeping(path, Lanes(), clock)
    assert not await keeping.look(clock.now())
    assert await keeping.look(clock.now())
    assert keeping.said[-1].endswith("it is now story.db.broken")
    assert path.with_name("story.db.broken").stat().st_size == size
    await keeping.finish()
