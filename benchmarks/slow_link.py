"""Over a link of 20 kB/s and 300 ms: bytes at the start, at rest, and for each screen opened.

The terminal is one as most see it over ssh: 256 colours, since ssh does not pass COLORTERM on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import BIN, ROOT, Terminal, terminal
from benchmarks.report import Section

RATE, DELAY = "20k", "300ms"
REST, OPENED, LEFT = 20.0, 2.5, 1.5
"""Seconds for which bytes at rest are counted, for which a screen is looked at, and its leaving."""
GAP = 0.25
"""Seconds without a byte after which what a key has brought is over."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes, and seconds until the last of them was there."""

    sent: int
    took: float

    def __str__(self) -> str:
        return f"{self.sent / 1000:.1f} kB, {self.took:.2f} s"


KEYS = (
    ("details", b"\r", b"\x1b"),
    ("services", b"2", b"1"),
    ("databases", b"3", b"1"),
    ("requests", b"4", b"1"),
    ("queues", b"5", b"1"),
    ("host", b"6", b"1"),
    ("help", b"?", b"\x1b"),
    ("palette", b":", b"\x1b"),
)
SIZES: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (80, 24, ()),
    (120, 36, ()),
    (200, 60, ()),
    (120, 36, ("--low-bandwidth",)),
)


def complete(text: str) -> bool:
    """Whether the demo's request logs have told of something: the last pane to fill."""
    return "provider_id" in text


def burst(screen: Terminal, since: float, before: int) -> Cost:
    """What has come since a key, up to the first pause."""
    last, sent = since, before
    for moment, length in list(screen.moments):
        if length <= before:
            continue
        if sent > before and moment - last > GAP:
            break
        last, sent = moment, length
    return Cost(sent - before, last - since)


def pressed(screen: Terminal, key: bytes, seconds: float) -> Cost:
    before = len(screen.output)
    at = screen.press(key)
    time.sleep(seconds)
    return burst(screen, at, before)


def measured(columns: int, rows: int, options: tuple[str, ...]) -> dict[str, str]:
    """The column of one size."""
    onwatch = f"exec {BIN / 'onwatch'} demo --no-incidents {' '.join(options)}"
    command = ("sh", "-c", f"stty cols {columns} rows {rows}; {onwatch}")
    link = (ROOT / "tools" / "slow-link", "--rate", RATE, "--delay", DELAY, "--", *command)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"COLORTERM": "", "XDG_STATE_HOME": str(Path(folder))}
        with terminal(*link, env=environ) as screen:
            first = screen.wait(lambda text: "Services" in text)
            frame = burst(screen, screen.started, 0)
            whole = screen.wait(complete)
            found = {
                "first frame": f"{frame.sent / 1000:.1f} kB, {first:.2f} s",
                "first complete picture": f"{len(screen.output) / 1000:.1f} kB, {whole:.2f} s",
            }
            time.sleep(8)
            found["at rest, overview"] = f"{screen.weigh(REST).written / 1000:.2f} kB/s"
            for name, key, back in KEYS:
                found[name] = str(pressed(screen, key, OPENED))
                left = pressed(screen, back, LEFT)
                if name == "details":
                    found["back to the overview"] = str(left)
    return found


def run() -> Iterator[Section]:
    columns = [measured(*size) for size in SIZES]
    names = [" ".join((f"{width}x{height}", *options)) for width, height, options in SIZES]
    rows = tuple((what, *(column[what] for column in columns)) for what in columns[0])
    yield Section(
        "a link of 20 kB/s with 300 ms there and back: bytes, and seconds to the last of them",
        ("the demo", *names),
        rows,
        notes=(
            "A key takes 300 ms to come back whatever it brings. The start includes starting "
            "the demo's servers.",
        ),
    )
