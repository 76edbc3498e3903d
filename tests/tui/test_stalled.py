"""A terminal that stops reading and reads again sees the newest picture, not all that passed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import tried_again
from tests.tui.emulated import Emulated
from tests.tui.terminals import MODES, OnTerminal
from tests.tui.tour import everything

SIZE = (120, 36)
KERNEL = 20_000
"""Bytes that Linux keeps for a terminal; what was drawn before it was full is still sent."""
LIMIT = 2.5


@contextmanager
def unread(folder: Path) -> Iterator[OnTerminal]:
    """A monitor of which an hour of pictures has passed that nobody has read."""
    over = folder / "over"
    arguments = ["-m", "tests.tui.ending_child", "burst", str(over)]
    with OnTerminal(arguments, size=SIZE) as terminal:
        terminal.read_until(b"CRITICAL")
        deadline = time.monotonic() + 60
        while not over.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield terminal


def read_for(terminal: OnTerminal, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in terminal.drain():
            pass


@tried_again
def test_the_newest_picture_is_drawn_and_not_those_that_passed(tmp_path: Path) -> None:
    with unread(tmp_path) as terminal:
        before = len(terminal.output)
        read_for(terminal, 2)
        assert len(terminal.output) - before < KERNEL + 15_000
        screen = Emulated(*SIZE).feed(MODES.sub("", terminal.output.decode()))
        newest = time.strftime("%H:%M:%S", time.localtime(everything().time + 3600))
        assert newest in screen.lines[0]
        # Drawn anew, not a cell is another: what was left out is not taken for sent.
        shown = screen.lines
        terminal.output = b""
        terminal.type(b"\x0c")
        read_for(terminal, 1)
        again = Emulated(*SIZE).feed(MODES.sub("", terminal.output.decode()))
        assert again.lines == shown


@tried_again
def test_it_quits_while_nobody_reads(tmp_path: Path) -> None:
    with unread(tmp_path) as terminal:
        terminal.type(b"q")
        assert terminal.process.wait(LIMIT) == 0
        read_for(terminal, 0.2)
        assert b"\x1b[?1049l" in terminal.output
        assert b"\x1b[?25h" in terminal.output
        assert terminal.attributes() == terminal.before
