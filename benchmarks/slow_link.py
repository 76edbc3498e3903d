"""Over a link of 20 kB/s and 300 ms: bytes at the start, at rest, and for each screen opened.

The terminal is one as most see it over ssh: 256 colours, since ssh does not pass COLORTERM on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.grid import Grid
from benchmarks.harness import BIN, ROOT, Terminal, terminal
from benchmarks.report import Section

RATE, DELAY = "20k", "300ms"
REST, WITHIN = 20.0, 8.0
"""Seconds for which bytes at rest are counted, and within which a key must have its answer."""
GAP = 0.5
"""Seconds without a byte after which what a key has brought is over."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes, and seconds until the last of them was there."""

    sent: int
    took: float

    def __str__(self) -> str:
        return f"{self.sent / 1000:.1f} kB, {self.took:.2f} s"


KEYS = (
    ("details", b"\r", "last run", b"\x1b"),
    ("services", b"2", "% 1m", b"1"),
    ("databases", b"3", "Sessions|lookups in", b"1"),
    ("requests", b"4", "Rate and errors", b"1"),
    ("queues", b"5", "at this rate", b"1"),
    ("host", b"6", "by cpu", b"1"),
    ("help", b"?", "keys ─", b"\x1b"),
    ("palette", b":", "Search for", b"\x1b"),
)
"""What is opened, by which key, what is seen only then (one or the other), and the key that leads
back.
"""
OVERVIEW = "Services"
"""Seen on the overview at every size, and there once the sign of another screen is gone."""
SIZES: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (80, 24, ()),
    (120, 36, ()),
    (200, 60, ()),
    (120, 36, ("--low-bandwidth",)),
)


def complete(text: str) -> bool:
    """Whether the demo's request logs have told of something: the last pane to fill."""
    return "provider_id" in text


def answered(screen: Terminal, grid: Grid, key: bytes, sign: str, gone: str = "") -> Cost:
    """What comes from ``key`` on until a ``sign`` is seen and none that is ``gone``, and until a
    pause.

    Raises TimeoutError.
    """
    quiet(screen)
    before = len(screen.output)
    grid.feed(bytes(screen.output[grid.fed :]))
    at = screen.press(key)
    while time.perf_counter() - at < WITHIN:
        grid.feed(bytes(screen.output[grid.fed :]))
        if shown(sign, grid) and not (gone and shown(gone, grid)):
            last = quiet(screen)
            return Cost(len(screen.output) - before, last - at)
        time.sleep(0.01)
    raise TimeoutError(f"{key!r} brought nothing: {screen.text()[-300:]!r}")


def shown(signs: str, grid: Grid) -> bool:
    """Whether one of ``signs``, of which there may be several between bars, is on the screen."""
    return any(sign in grid.text for sign in signs.split("|"))


def quiet(screen: Terminal) -> float:
    """Wait for a pause; when the last byte before it came."""
    while time.perf_counter() - screen.moments[-1][0] < GAP:
        time.sleep(0.01)
    return screen.moments[-1][0]


def measured(columns: int, rows: int, options: tuple[str, ...]) -> dict[str, str]:
    """The column of one size."""
    onwatch = f"exec {BIN / 'onwatch'} demo --no-incidents {' '.join(options)}"
    command = ("sh", "-c", f"stty cols {columns} rows {rows}; {onwatch}")
    link = (ROOT / "tools" / "slow-link", "--rate", RATE, "--delay", DELAY, "--", *command)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"COLORTERM": "", "XDG_STATE_HOME": str(Path(folder))}
        with terminal(*link, env=environ) as screen:
            first = screen.wait(lambda text: "Services" in text)
            whole = screen.wait(complete)
            found = {
                "first frame": f"{first:.2f} s",
                "first complete picture": f"{len(screen.output) / 1000:.1f} kB, {whole:.2f} s",
            }
            time.sleep(8)
            found["at rest, overview"] = f"{screen.weigh(REST).written / 1000:.2f} kB/s"
            grid = Grid(columns, rows)
            for name, key, sign, back in KEYS:
                found[name] = str(answered(screen, grid, key, sign))
                left = answered(screen, grid, back, OVERVIEW, gone=sign)
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
