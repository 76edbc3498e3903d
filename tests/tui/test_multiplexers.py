"""The monitor inside a real tmux and a real GNU screen: drawn, resized, left alone, ended."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.tui.terminals import OWNING, OnTerminal

ROOT = Path(__file__).parents[2]
CHILD = f"{sys.executable} -m tests.tui.ending_child"
SECONDS = 20.0


def until(seen: Callable[[], str], *texts: str, height: int = 0) -> str:
    """What is to be seen, once all of ``texts`` is; the hints, if any, on line ``height``."""
    deadline = time.monotonic() + SECONDS
    while True:
        picture = seen()
        lines = picture.splitlines()
        placed = not height or (len(lines) == height and "Enter details" in lines[-1])
        if placed and all(text in picture for text in texts):
            return picture
        assert time.monotonic() < deadline, f"no {texts}, {height} lines, in\n{picture}"
        time.sleep(0.1)


def plain_environment(folder: Path) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    shown = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PS1": "$ ", "ENV": ""}
    return {**kept, **shown, "TMUX_TMPDIR": str(folder), "SCREENDIR": str(folder / "screens")}


class Tmux:
    """A tmux server of its own with one window, a shell in it."""

    def __init__(self, folder: Path) -> None:
        self._environ = plain_environment(folder)
        start = ("new-session", "-d", "-x", "80", "-y", "24", "-c", str(ROOT))
        self("-f", "/dev/null", *start, "env", "PS1=$ ", "bash", "--norc", "--noprofile")

    def __call__(self, *command: str) -> str:
        done = subprocess.run(
            ["tmux", *command], env=self._environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    def type(self, *keys: str) -> None:
        self("send-keys", *keys)

    def seen(self) -> str:
        return self("capture-pane", "-p")

    def colours(self) -> str:
        return self("capture-pane", "-p", "-e")

    def attached(self) -> OnTerminal:
        """A client on a terminal."""
        return OnTerminal(["-c", OWNING, "tmux", "attach"], environ=self._environ)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux")
    made = Tmux(tmp_path)
    yield made
    made("kill-server")


def test_tmux_resizes_it_detaches_from_it_and_gets_its_own_screen_back(tmux: Tmux) -> None:
    until(tmux.seen, "$")
    tmux.type("echo before", "Enter", f"{CHILD} full", "Enter")
    until(tmux.seen, "✖ CRITICAL", "Alerts", height=24)
    with tmux.attached() as client:
        client.read_until(b"CRITICAL")
        client.resize(132, 43)
        # The last line is tmux's own.
        until(tmux.seen, "Events", "Tab next pane", height=42)
        client.type(b"\x02d")
        assert client.wait_reading(PATIENCE) == 0
    assert "✖ CRITICAL" in tmux.seen()
    tmux("resize-window", "-x", "60", "-y", "15")
    until(tmux.seen, "✖ CRITICAL", height=15)
    with tmux.attached() as client:
        client.read_until(b"CRITICAL")
    tmux("set", "-s", "set-clipboard", "on")
    tmux.type("y")
    until(tmux.seen, "asked the terminal")
    assert tmux("show-buffer").startswith("shop")
    tmux.type("q")
    after = until(tmux.seen, "before")
    assert "CRITICAL" not in after


def test_tmux_stops_it_with_ctrl_z_and_draws_it_again_with_fg(tmux: Tmux) -> None:
    until(tmux.seen, "$")
    tmux.type(f"{CHILD} quiet", "Enter")
    drawn = until(tmux.seen, "✖ CRITICAL", "nightly export")
    tmux.type("C-z")
    stopped = until(tmux.seen, "Stopped")
    assert "CRITICAL" not in stopped
    tmux.type("fg", "Enter")
    again = until(tmux.seen, "✖ CRITICAL", "nightly export")
    assert again.splitlines()[2:20] == drawn.splitlines()[2:20]


def test_a_storm_of_resizes_while_pictures_come_leaves_no_garbage(tmux: Tmux) -> None:
    until(tmux.seen, "$")
    tmux.type(f"{CHILD} ticking", "Enter")
    until(tmux.seen, "✖ CRITICAL", height=24)
    dice = random.Random(7)
    for _ in range(60):
        width, height = dice.choice((1, 12, 40, 80, 104, 200, 300)), dice.randint(1, 100)
        tmux("resize-window", "-x", str(width), "-y", str(height))
    tmux("resize-window", "-x", "90", "-y", "28")
    until(tmux.seen, "✖ CRITICAL", "Services", height=28)
    left = at_rest(tmux)
    tmux("clear-history")
    tmux.type("C-l")
    assert at_rest(tmux) == left
    tmux.type("q")
    until(tmux.seen, "$ ")


def at_rest(tmux: Tmux) -> str:
    """What is seen once nothing changes any more for a second and a picture: what is told of a
    storm comes late where the machine is busy.
    """
    seen, since = "", time.monotonic()
    while time.monotonic() - since < 1.2:
        now = unclocked(tmux.seen())
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)
    return seen


def unclocked(picture: str) -> str:
    """``picture`` without what goes on each second."""
    return re.sub(r" *\b(\d\d:\d\d:\d\d|\d+ [sm])\b", " -", picture)


@pytest.fixture
def screen_name(tmp_path: Path) -> Iterator[str]:
    if shutil.which("screen") is None:
        pytest.skip("there is no GNU screen")
    (tmp_path / "screens").mkdir(mode=0o700)
    name = f"onwatch-{os.getpid()}"
    yield name
    environ = plain_environment(tmp_path)
    subprocess.run(["screen", "-S", name, "-X", "quit"], env=environ, check=False)


def test_screen_draws_it_detaches_from_it_and_is_left_clean(
    screen_name: str, tmp_path: Path
) -> None:
    environ = plain_environment(tmp_path)
    copy = tmp_path / "hardcopy"

    def ask(*command: str) -> None:
        subprocess.run(["screen", "-S", screen_name, "-X", *command], env=environ, check=True)

    def seen() -> str:
        ask("hardcopy", str(copy))
        time.sleep(0.05)
        return copy.read_text("utf-8", errors="replace") if copy.exists() else ""

    def on_terminal(*options: str) -> OnTerminal:
        command = ["-c", OWNING, "screen", "-c", os.devnull, "-U", *options]
        return OnTerminal(command, size=(90, 30), environ=environ)

    shell = ("env", "PS1=$ ", "bash", "--norc", "--noprofile")
    with on_terminal("-S", screen_name, *shell) as terminal:
        terminal.read_until(b"$ ")
        terminal.type(f"{CHILD} full\n".encode())
        terminal.read_until(b"Enter")
        until(seen, "CRITICAL", "Alerts", height=30)
        ask("detach")
        assert terminal.wait_reading(PATIENCE) in {0, 1}
    with on_terminal("-r", screen_name) as terminal:
        terminal.resize(100, 34)
        terminal.read_until(b"CRITICAL")
        until(seen, "CRITICAL", "Events", height=34)
        terminal.type(b"q")
        left = until(seen, "$")
        assert "CRITICAL" not in left
