"""The story's way to its file, cut short by a reload of the configuration."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.story import journal
from checks.story.journal import Journal
from checks.story.keeping import Keeping
from checks.story.model import Entry, EntryKind
from checks.story.person import who


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


async def test_who_sits_here_is_in_the_file_from_the_first_look_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "state" / "story.db", FakeClock()
    keeping = Keeping(path, Lanes(), clock)
    assert await keeping.look(clock.now())
    held = Journal(path)
    held.open()
    assert [one.who for one in held.sessions()] == [who()]
    held.close()
    await keeping.finish()
