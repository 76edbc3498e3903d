"""Runbooks by their keys alone: the real engine's thread, real steps, the real app."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import checks.live
from checks.clock import SystemClock
from checks.config import EngineConfig
from checks.live import EngineSource
from checks.runbooks.audit import Audit
from checks.secrets import Masker
from tests.patience import PATIENCE
from tests.tui.app_kit import seen
from tests.tui.terminals import OWNING, OnTerminal
from tui.app import OnwatchApp
from tui.config import Loaded, load
from tui.screens.runbook import RunbookScreen

CONFIG = """\
version: 1
defaults: {interval: 200ms, timeout: 10s}
rules: {packs: []}
checks:
  - {name: lamp, runbook: lamp-out, labels: {room: cellar}, command: {argv: [test, -e, lit]}}
  - {name: quiet, command: {argv: ["true"]}}
runbooks: [runbooks/*.md]
keybindings: {ctrl+t: {runbook: lamp-out, step: drop}, r: {runbook: lamp-out, step: look}}
"""
RUNBOOK = """\
# The lamp is out

It is dark in the cellar. **Look** before you light anything.

```bash {name=look safe}
echo "the $ROOM is dark"; printf 'first '; sleep 0.2; echo then
```

```sh {name=find safe capture=MATCH}
echo searching; echo 42
```

```bash {name=light}
touch lit && echo "lit with match $MATCH"
```

```bash {name=wait}
trap 'echo stopped; exit 9' INT; echo "sleeper $$"; sleep 60 & wait
```

```bash {name=drop danger}
echo dropped
```
"""


class Room:
    """A folder with the lamp, its configuration and its runbook."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.audit = folder / "steps.jsonl"
        (folder / "runbooks").mkdir()
        self.put("onwatch.yaml", CONFIG)
        self.put("runbooks/lamp-out.md", RUNBOOK)

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def load(self) -> EngineConfig:
        engine = self.loaded().engine
        return replace(engine, runbooks=replace(engine.runbooks, audit=self.audit))

    def loaded(self) -> Loaded:
        return load(str(self.folder / "onwatch.yaml"))

    def written(self) -> list[tuple[str, str, int | None]]:
        """What the audit log says: event, step, exit code."""
        audit = Audit(self.audit, Masker(), SystemClock())
        return [(one.event, one.step, one.exit_code) for one in audit.entries()]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    folder = tmp_path / "room"
    folder.mkdir()
    return Room(folder)


@pytest.fixture
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.live, "LOOK_INTERVAL", 0.05)


class Screen:
    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.app = pilot.app

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def shows(self, *texts: str, within: float = PATIENCE) -> str:
        """Wait until each of ``texts`` is on the screen; all that is there then."""
        deadline = time.monotonic() + within
        while True:
            now = seen(self.pilot)
            if all(text in now or text in " ".join(now.split()) for text in texts):
                return now
            if time.monotonic() > deadline:
                pytest.fail(f"{texts} is not on the screen:\n{now}")
            await asyncio.sleep(0.02)

    async def sleeper(self, besides: int = 0) -> int:
        """The number of the process that says it on the screen, once it is another."""
        for _ in range(round(PATIENCE / 0.02)):
            found = re.findall(r"sleeper (\d+)", seen(self.pilot))
            if found and int(found[0]) != besides:
                return int(found[0])
            await asyncio.sleep(0.02)
        raise AssertionError(seen(self.pilot))


@asynccontextmanager
async def watching(room: Room, **changes: Any) -> AsyncIterator[Screen]:
    """The app on the room, with the alert on the screen."""
    source = EngineSource(lambda: replace(room.load(), **changes))
    app = OnwatchApp(source)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        screen = Screen(pilot)
        try:
            app.post_message(app.Keybindings({}, room.loaded().step_keys))
            await screen.shows("▲ WARNING   lamp")
            yield screen
        finally:
            source.close()


async def test_an_alert_is_mended_by_the_keys_of_its_runbook(room: Room) -> None:
    async with watching(room) as screen:
        await screen.press("r")
        text = await screen.shows("look", "The lamp is out", "room=cellar", "exit code 1")
        assert "Look before you light anything" in " ".join(text.split()), "the text is read, too"
        assert "$MATCH has no value yet" in text, "what it needs is found out by another step"
        await screen.press("j", "j", "enter")
        await screen.shows("the step find finds it out; run that first", "Type a value for $MATCH")
        await screen.press("minus", *"rf", "enter")
        await screen.shows("$MATCH is refused", "begins with")
        await screen.press("7", "enter")
        await screen.shows("MATCH  7", "Run it?")
        await screen.press("escape", "k", "k")
        await screen.press("enter")
        text = await screen.shows("first then", "exit 0 after")
        assert "ROOM=cellar" in text, "the values stand above the output"
        await screen.press("j", "enter")
        await screen.shows("MATCH=42", "✔ look  ✔ find")
        await screen.press("j")
        await screen.shows("? asks   bash light")
        await screen.press("enter")
        text = await screen.shows(
            "Run it?", 'touch lit && echo "lit with match $MATCH"', "MATCH  42"
        )
        assert not (room.folder / "lit").exists(), "it asks first"
        await screen.press("enter")
        assert not (room.folder / "lit").exists(), "nor is Enter a yes"
        await screen.press("y")
        await screen.shows("lit with match 42", "exit 0 after")
        text = await screen.shows("✔ lamp over")
        assert "labels" in text, "what was wrong stays to be read"
    runs = [("look", 0), ("find", 0), ("light", 0)]
    assert room.written() == [
        line for step, code in runs for line in (("started", step, None), ("ended", step, code))
    ]


@pytest.mark.usefixtures("_look_often")
async def test_steps_run_side_by_side_and_end_by_ctrl_c_or_when_somebody_quits(room: Room) -> None:
    async with watching(room) as screen:
        await screen.press("r")
        await screen.shows("look")
        await screen.press("j", "j", "j", "enter")
        await screen.shows("Run it?")
        await screen.press("y")
        first = await screen.sleeper()
        await screen.press("enter", "y")
        await screen.shows("● wait  ● wait")
        second = await screen.sleeper(besides=first)
        source = screen.app.source  # type: ignore[attr-defined]
        before = source._engine
        room.put("onwatch.yaml", CONFIG.replace("name: quiet", "name: silent"))
        while source._engine is before:
            await asyncio.sleep(0.02)
        await screen.shows("● wait  ● wait")
        await screen.press("q")
        await screen.shows("2 steps run", "Quitting ends them")
        await screen.press("escape")
        await screen.press("ctrl+c")
        await screen.shows("● wait  ✖ wait", "cancelled after")
        with pytest.raises(ProcessLookupError):
            os.kill(second, 0)
        os.kill(first, 0)
        await screen.press("left")
        await screen.shows("running", f"sleeper {first}")
        await screen.press("q")
        await screen.shows("A step runs")
        await screen.press("q")
        for _ in range(round(PATIENCE / 0.02)):
            await asyncio.sleep(0.02)
            if screen.app._exit:
                break
        assert screen.app._exit
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(first, 0)
            await asyncio.sleep(0.02)
        pytest.fail("a step outlived onwatch")
    assert [line[:2] for line in room.written()].count(("ended", "wait")) == 2


async def test_what_changed_since_it_was_shown_does_not_run(room: Room) -> None:
    async with watching(room) as screen:
        await screen.press("r")
        await screen.shows("look")
        await screen.press("j", "j", "j", "enter")
        await screen.shows("Run it?", "sleep 60")
        room.put("runbooks/lamp-out.md", RUNBOOK.replace("sleep 60", "touch lit"))
        await screen.press("y")
        await screen.shows("has changed since it was shown: look again")
        await screen.shows('"sleeper $$"; touch lit')
        await screen.press("j", "k", "enter")
        await screen.shows("Run it?")
        room.put("runbooks/lamp-out.md", RUNBOOK.replace("sleep 60", "touch LIT"))
        await screen.shows("it has changed since it was shown")
        await screen.press("y")
        assert not (room.folder / "lit").exists()


async def test_a_key_opens_a_dangerous_step_which_wants_its_target_typed(room: Room) -> None:
    async with watching(room) as screen:
        await screen.shows("keybindings: r: r is taken by screen.runbook")
        await screen.press("ctrl+t")
        text = await screen.shows("▲ danger:", "Type lamp and press Enter")
        assert isinstance(screen.app.screen_stack[-2], RunbookScreen)
        await screen.press(*"lamb", "enter")
        await screen.shows("that is not lamp")
        await screen.press(*"lamp", "enter")
        text = await screen.shows("dropped", "exit 0 after")
        assert "Output ✔ drop" in text


async def test_read_only_has_no_way_to_run_a_step(room: Room) -> None:
    async with watching(room, read_only=True) as screen:
        await screen.press("r")
        await screen.shows("read-only: none runs", "look")
        await screen.press("enter")
        await screen.shows("--read-only", "the $ROOM is dark")
        await screen.press("enter", "y")
        source = screen.app.source  # type: ignore[attr-defined]
        source.run_step("a token that somebody made up")
        await asyncio.sleep(0.3)
        assert source._engine.runbooks._runs is None
        assert room.written() == []


def test_a_terminal_that_is_closed_after_a_step_holds_nobody_up(room: Room) -> None:
    room.put(
        "runbooks/lamp-out.md",
        "# Talk\n\n```bash {name=talk interactive}\necho so be it; exit 3\n```\n",
    )
    main = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    config = str(room.folder / "onwatch.yaml")
    with OnTerminal(["-c", OWNING, sys.executable, "-c", main, "-c", config]) as terminal:
        terminal.read_until_shown("▲ WARNING   lamp")
        terminal.type(b"r")
        terminal.read_until(b"talk")
        terminal.type(b"\r")
        terminal.read_until(b"takes the terminal until it ends")
        terminal.type(b"y")
        terminal.read_until(b"talk: exit code 3")
        terminal.close_slave()
        terminal.close_master()
        assert terminal.process.wait(PATIENCE) == 129


def test_an_interactive_step_has_the_terminal_until_it_ends(room: Room) -> None:
    room.put(
        "runbooks/lamp-out.md",
        "# Talk\n\n```bash {name=talk interactive}\n"
        'printf "%s? " "$((40 + 2))"; read -r who; echo "come in, $who"; echo "$who" > lit\n```\n',
    )
    main = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    config = str(room.folder / "onwatch.yaml")
    with OnTerminal(["-c", OWNING, sys.executable, "-c", main, "-c", config]) as terminal:
        terminal.read_until_shown("▲ WARNING   lamp")
        terminal.type(b"r")
        terminal.read_until(b"talk")
        terminal.type(b"\r")
        terminal.read_until(b"takes the terminal until it ends")
        terminal.type(b"y")
        terminal.read_until(b"42? ")
        terminal.type(b"Ada\n")
        terminal.read_until(b"come in, Ada")
        terminal.read_until("talk: exit code 0 — press Enter to return".encode())
        assert b"its output went to the terminal" not in terminal.output, "it is painted over"
        terminal.type(b"\r")
        terminal.read_until(b"its output went to the terminal")
        assert b"it put out nothing" not in terminal.output
        terminal.output = b""
        terminal.type(b"\x0c")
        terminal.read_until_shown("lamp over")
        assert (room.folder / "lit").read_text() == "Ada\n"
        terminal.type(b"q")
        assert terminal.wait_reading(PATIENCE) == 0
        assert terminal.attributes() == terminal.before
