"""Alerts taken and silenced by keys alone: the real engine's thread, its file, the real app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

import checks.live
from checks.config import EngineConfig
from checks.live import EngineSource
from checks.story.model import Acknowledgement
from checks.story.views import Handled, StoryView
from tests.patience import PATIENCE
from tests.tui.app_kit import running, seen, settle, source_of, told
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.app import OnwatchApp
from tui.config import load

CONFIG = """\
version: 1
defaults: {interval: 200ms, timeout: 10s}
rules: {packs: []}
severities: {warning: {acknowledge: 20m, escalate: 1h}}
checks:
  - {name: lamp, labels: {room: cellar}, command: {argv: [test, -e, lit]}}
  - {name: bell, command: {argv: [test, -e, rung]}}
"""


class Room:
    """A folder with what is checked, and the file of what is done about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "onwatch.yaml"
        self.annotates = True
        self.put(CONFIG)

    def put(self, text: str) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.replace(self.path)

    def load(self) -> EngineConfig:
        engine = load(str(self.path)).engine
        assert engine.story is not None
        story = replace(
            engine.story, memory=self.folder / "state" / "story.db", annotates=self.annotates
        )
        return replace(engine, story=story)


@asynccontextmanager
async def watching(room: Room, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    source = EngineSource(room.load)
    app = OnwatchApp(source)
    try:
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: "lamp" in seen(pilot) and story(pilot).who)
            yield pilot
    finally:
        source.close()


def story(pilot: Pilot[int]) -> StoryView:
    app = pilot.app
    assert isinstance(app, OnwatchApp)
    picture = app.standing().newest
    return picture.story if picture and picture.story else StoryView()


async def until(pilot: Pilot[int], wanted: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, seen(pilot)
        await asyncio.sleep(0.02)
    await settle(pilot)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.live, "LOOK_INTERVAL", 0.05)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def taken(pilot: Pilot[int]) -> list[str]:
    return [
        f"{one.acknowledged.thing}: {one.acknowledged.note}"
        for one in story(pilot).handled.values()
        if one.acknowledged is not None
    ]


async def test_an_alert_is_taken_survives_a_restart_and_is_left_again(room: Room) -> None:
    async with watching(room) as pilot:
        await until(pilot, lambda: "acknowledge within 19 m" in seen(pilot))
        await pilot.press("slash", *"lamp", "enter", "a")
        await settle(pilot)
        assert "Acknowledge: lamp" in seen(pilot)
        # What is typed triggers no key, and there is much that would.
        await pilot.press(*"quit? 1:/s x", "enter")
        await until(pilot, lambda: taken(pilot))
        assert taken(pilot) == ["check lamp: quit? 1:/s x"]
        assert "taken" in seen(pilot)
        # The verdict speaks of what nobody has taken.
        assert "bell" in seen(pilot).splitlines()[0]
    async with watching(room) as pilot:
        await until(pilot, lambda: taken(pilot) == ["check lamp: quit? 1:/s x"])
        await pilot.press("slash", *"lamp", "enter", "a")
        await settle(pilot)
        assert "quit? 1:/s x" in seen(pilot)
        await pilot.press("a")
        await until(pilot, lambda: not taken(pilot))
        assert "left to others" in seen(pilot)
        await pilot.press("a", "escape")
        await settle(pilot)
        assert not taken(pilot)


async def test_alerts_are_silenced_by_labels_and_heard_again(room: Room) -> None:
    async with watching(room) as pilot:
        await pilot.press("slash", *"lamp", "enter", "s")
        await settle(pilot)
        box = seen(pilot)
        assert '[x] check="lamp"' in box
        assert '[ ] room="cellar"' in box
        assert "hides 1 alert now" in box
        # By no label it would hide everything, and by one that all have, both.
        await pilot.press("space")
        await settle(pilot)
        assert "needs a matcher" in seen(pilot)
        await pilot.press("enter")
        await pilot.press("tab", *'severity=~"warn.*"')
        await until(pilot, lambda: "hides 2 alerts now" in seen(pilot))
        await pilot.press("tab", "up", "tab", *"new lamps", "enter")
        await until(pilot, lambda: story(pilot).silences)
        (view,) = story(pilot).silences
        assert str(view.silence.matchers[0]) == 'severity=~"warn.*"'
        assert view.silence.ends - view.silence.starts == pytest.approx(4 * 3600)
        await until(pilot, lambda: "SILENCED" in seen(pilot))
        await until(pilot, lambda: "2 alerts, silenced" in seen(pilot))
        assert "2 silenced" in seen(pilot)
        # Silenced ones stay to be seen.
        assert seen(pilot).count("lamp") > 1
        await pilot.press("S")
        await settle(pilot)
        assert "new lamps; hides" in seen(pilot)
        await pilot.press("plus")
        await until(pilot, lambda: story(pilot).silences[0].silence.ends > view.silence.ends)
        await pilot.press("x")
        await until(pilot, lambda: "ended at" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "WARNING" in seen(pilot).splitlines()[0])


async def test_a_window_that_is_written_down_meanwhile_begins_and_what_is_taken_stays(
    room: Room,
) -> None:
    async with watching(room) as pilot:
        await pilot.press("slash", *"lamp", "enter", "a", "enter")
        await until(pilot, lambda: taken(pilot))
        planned = "{name: ringing, matchers: {check: bell}, from: 2020-01-01, to: 2120-01-01}"
        room.put(f"{CONFIG}silences: [{planned}]\n")
        await until(pilot, lambda: "SILENCED" in seen(pilot) or "1 silenced" in seen(pilot))
        assert [view.silence.window for view in story(pilot).silences] == ["ringing"]
        assert taken(pilot) == ["check lamp: "]
        # It is ended where it is written.
        await pilot.press("S", "x")
        await settle(pilot)
        assert "window ringing, planned" in seen(pilot)
        assert story(pilot).silences[0].hides == ("bell",)


async def test_what_is_over_while_its_box_is_open_is_not_taken(room: Room) -> None:
    async with watching(room) as pilot:
        await pilot.press("slash", *"lamp", "enter", "a")
        (room.folder / "lit").touch()
        await until(pilot, lambda: "over by now" in seen(pilot))
        await pilot.press("enter")
        await settle(pilot)
        assert not taken(pilot)


async def test_without_annotating_the_keys_are_not_there(room: Room) -> None:
    room.annotates = False
    async with watching(room) as pilot:
        before = seen(pilot)
        assert "acknowledge" not in before.splitlines()[-1]
        await pilot.press("a", "s")
        await settle(pilot)
        assert "Acknowledge:" not in seen(pilot)
        assert "Silence:" not in seen(pilot)


async def test_an_alert_that_moves_beneath_its_box_is_still_the_one_that_is_taken() -> None:
    night = replace(samples.bad_night(), story=StoryView(who="alice"))
    async with running(FakeSource(night)) as pilot:
        source = source_of(pilot)
        first = night.alerts[0]
        await pilot.press("a")
        await settle(pilot)
        source.show(replace(night, alerts=(*night.alerts[1:], first), time=night.time + 1))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert source.asked[-1] == f"acknowledge {first.id}"


async def test_an_alert_that_is_no_longer_taken_while_its_box_is_open_can_be_taken_there() -> None:
    night = samples.bad_night()
    first = night.alerts[0]
    taken = Acknowledgement(first.id, "bob", night.time - 60)
    others = replace(night, story=StoryView(who="alice", handled={first.id: Handled(taken)}))
    async with running(FakeSource(others)) as pilot:
        await pilot.press("slash", *"gateway", "enter", "a")
        await settle(pilot)
        assert f"Taken: {first.name}" in seen(pilot)
        # As when it gets worse.
        source_of(pilot).show(replace(night, story=StoryView(who="alice")))
        await settle(pilot)
        assert f"Acknowledge: {first.name}" in seen(pilot)
        await pilot.press(*"mine", "enter")
        await settle(pilot)
        assert source_of(pilot).asked[-1] == f"acknowledge {first.id} mine"


async def test_keys_that_find_no_alert_say_where_there_is_one() -> None:
    night = replace(samples.bad_night(), story=StoryView(who="alice"))
    async with running(FakeSource(night)) as pilot:
        await pilot.press("2", "g")
        await settle(pilot)
        for key in ("a", "s", "r"):
            await pilot.press("escape", "2", "home", key)
            await settle(pilot)
            assert told(pilot) == ["no alert here: choose one in Alerts (7)"], key
        source_of(pilot).show(replace(night, alerts=(), time=night.time + 1))
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        assert told(pilot) == ["there is no alert"]


async def test_how_long_to_silence_is_seen_on_a_small_screen() -> None:
    async with running(FakeSource(samples.bad_night(story=StoryView(who="me"))), (40, 12)) as pilot:
        await pilot.press("s")
        await settle(pilot)
        (told,) = (row for row in seen(pilot).splitlines() if " for    " in row)
        assert "1h" in told
        assert "or your" not in told
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        (told,) = (row for row in seen(pilot).splitlines() if " for    " in row)
        assert "15m 1h 4h 1d, or your own" in told
