"""The real program on a real pseudo-terminal, typed at by a bad line: it goes on, and answers."""

from __future__ import annotations

import os
import random
import re
import select
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.fuzz.targets.screen import KEYBOARD, KEYBOARD_TOKENS
from tests.tui.terminals import OnTerminal

__all__ = ["shout"]

_QUITTING: Final = bytes.maketrans(b"q\x03\x11\x1a\x1c\x13", b"wwwwww")
"""Keys that end, suspend or hold up a program by intent."""
_CONFIG: Final = "version: 1\nchecks:\n  - {name: here, tcp: '127.0.0.1:1', interval: 1s}\n"
_ANSWERS_WITHIN: Final = 10.0
"""Seconds of its own work: on a busy machine they take longer."""
_LOOKS: Final = 60
"""Looks, of a second each, after which one that does no work hangs."""
_OUT: Final = b"\x1b[201~" + b"\x1b" * 10
"""Out of a paste that was begun, and of whatever was opened."""


def shout(seed: int, seconds: float) -> int:
    """Type noise for ``seconds``; how many bytes. AssertionError where the program suffers."""
    chance, typed = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "onwatch.yaml"
        path.write_text(_CONFIG)
        environ = {"XDG_STATE_HOME": folder, "HOME": folder}
        command = ["-m", "tests.fuzz.program", str(path)]
        with OnTerminal(command, environ=environ) as terminal:
            terminal.read_until(b"here", 30)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                for _ in range(20):
                    typed += _type(terminal, _noise(chance))
                _check(terminal)
    return typed


def _noise(chance: random.Random) -> bytes:
    pieces = (*KEYBOARD, *KEYBOARD_TOKENS)
    made = b"".join(
        chance.choice(pieces) if chance.random() < 0.6 else chance.randbytes(chance.randint(1, 12))
        for _ in range(chance.randint(1, 12))
    )
    return made[:2_000].translate(_QUITTING)


def _type(terminal: OnTerminal, data: bytes) -> int:
    """Write what the terminal takes, reading what it shows."""
    for _ in terminal.drain():
        terminal.output = terminal.output[-5_000:]
    if not select.select([], [terminal.master], [], 1.0)[1]:
        return 0
    return os.write(terminal.master, data[:1_000])


def _check(terminal: OnTerminal) -> None:
    """It runs, and opens its help when asked."""
    began, looks = _worked(terminal), 0
    terminal.type(_OUT)
    time.sleep(0.5)
    for _ in terminal.drain():
        pass
    terminal.output = b""
    while b"Help for this screen" not in terminal.output:
        assert terminal.process.poll() is None, f"it has ended: {_last(terminal)}"
        looks += 1
        late = _worked(terminal) - began > _ANSWERS_WITHIN or looks > _LOOKS
        assert not late, f"no help was shown: {_last(terminal)}"
        terminal.type(b"\x1b")
        _read(terminal, 0.3)
        terminal.type(b"?")
        _read(terminal, 0.7)
    terminal.type(b"\x1b")


def _worked(terminal: OnTerminal) -> float:
    """Seconds of CPU that the program has taken."""
    times = psutil.Process(terminal.process.pid).cpu_times()
    return float(times.user + times.system)


def _last(terminal: OnTerminal) -> str:
    """What was shown last, without colours."""
    for _ in terminal.drain():
        pass
    return re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", terminal.output.decode("utf-8", "replace"))[-6_000:]


def _read(terminal: OnTerminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in terminal.drain():
            pass
