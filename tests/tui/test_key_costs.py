"""What keys cost a slow link: bytes to the terminal, on the way through all screens."""

from __future__ import annotations

import os
import re
import signal
import time
from functools import lru_cache

from tests.tui.terminals import OnTerminal
from tests.tui.tour import TOUR

KEYS = {"enter": b"\r", "escape": b"\x1b", "question_mark": b"?", "colon": b":"}
SSH = {"TERM": "xterm-256color", "COLORTERM": ""}
"""A terminal as most see it over ssh, which does not pass COLORTERM on."""


@lru_cache
def costs() -> dict[str, int]:
    """Bytes for the first picture, and for each key of the tour."""
    command = ["-m", "tests.tui.ending_child", "full"]
    with OnTerminal(command, size=(120, 36), environ=SSH) as terminal:
        terminal.read_until(b"CRITICAL")
        terminal.read_on(0.3)
        found = {"start": len(terminal.output)}
        for screen, keys in TOUR.items():
            for key in keys:
                terminal.type(KEYS.get(key, key.encode()))
                found[f"{screen}: {key}"] = terminal.read_on(0.3)
    return found


def test_the_palette_leaves_the_screen_beneath_it_alone() -> None:
    assert 0 < costs()["palette: colon"] < 4_000


def test_no_key_costs_more_than_half_a_second_of_a_slow_link() -> None:
    worst = max(costs(), key=costs().__getitem__)
    assert costs()[worst] < 12_000, worst
    steps = [cost for name, cost in costs().items() if name != "start"]
    assert sum(steps) / len(steps) < 7_000


def test_a_window_that_is_dragged_costs_a_screen_now_and_then() -> None:
    with OnTerminal(["-m", "tests.tui.ending_child", "full"], size=(180, 40), environ=SSH) as it:
        it.read_until(b"CRITICAL")
        it.read_on(0.3)
        it.type(b"\x0c")
        whole = it.read_on(0.3)
        before, began = len(it.output), time.monotonic()
        for width in range(178, 118, -2):
            it.resize(width, 40)
            os.kill(it.process.pid, signal.SIGWINCH)
            time.sleep(0.03)
            for _ in it.drain():
                pass
        took = time.monotonic() - began
        it.read_on(0.6)
        screens = (len(it.output) - before) / whole
        assert 1 < screens < 5 + 4 * took, "30 sizes within a second or two"
        it.output = b""
        it.type(b"\x0c")
        it.read_on(0.3)
        assert max(int(x) for x in re.findall(rb"\x1b\[\d+;(\d+)H", it.output)) <= 120
