"""From a key to the cells it changes, while targets hang: moves, the filter, boxes and screens.

Twenty checks every second, half of them at a server that accepts and never answers, so that
pictures and time-outs come all the time. A key counts as painted when the terminal shows what
only that key can bring.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.grid import Grid
from benchmarks.harness import BIN, COLUMNS, ROOT, ROWS, Terminal, free_port, process, terminal
from benchmarks.report import Budget, Section
from tui.demo import redis_server

WARM_UP, PAUSE = 10.0, 0.15
MOVES, OPENINGS = 150, 25
HIGHLIGHT = b"48;"
"""What a selected row begins with: a background of its own."""


@dataclass(frozen=True, slots=True)
class Key:
    """``press`` brings ``sign`` on the screen, or a row's highlight where it is empty; ``back``
    undoes it, unmeasured.
    """

    what: str
    press: bytes
    sign: str = ""
    back: bytes = b""


MOVE_KEYS = (Key("down a row", b"j"), Key("up a row", b"k"))
OPENING_KEYS = (
    Key("filter", b"/", "filter by", b"\x1b"),
    Key("help", b"?", "keys ─", b"\x1b"),
    Key("details", b"\r", "Results ", b"\x1b"),
    Key("services", b"2", "Last outages", b"1"),
    Key("requests", b"4", "Rate and errors", b"1"),
    Key("queues", b"5", "at this rate", b"1"),
    Key("host", b"6", "Processes", b"1"),
)


def config(port: int, silent: int, redis: int) -> dict[str, object]:
    """Eight checks that answer, ten that hang, Redis and the host."""
    checks: list[dict[str, object]] = [
        {"name": "this-machine", "host": {}},
        {
            "name": "cache",
            "redis": {"url": f"redis://127.0.0.1:{redis}/0", "queues": [{"laravel": ["mail"]}]},
        },
    ]
    checks += [{"name": f"api-{n}", "http": f"http://127.0.0.1:{port}/health"} for n in range(8)]
    checks += [{"name": f"hung-{n}", "http": f"http://127.0.0.1:{silent}/"} for n in range(10)]
    return {"version": 1, "defaults": {"interval": "1s", "timeout": "900ms"}, "checks": checks}


def painted(screen: Terminal, grid: Grid, key: Key) -> float:
    """Seconds from the key to its sign. Raises TimeoutError after five."""
    # What the last picture still writes is not this key's doing.
    while screen.moments and time.perf_counter() - screen.moments[-1][0] < PAUSE:
        time.sleep(0.005)
    start = len(screen.output)
    grid.feed(bytes(screen.output[grid.fed : start]))
    if key.sign and key.sign in grid.text:
        raise RuntimeError(f"{key.what}: {key.sign!r} is there already")
    pressed, at = screen.press(key.press), len(screen.moments)
    while time.perf_counter() - pressed < 5.0:
        for moment, length in screen.moments[at:]:
            news = bytes(screen.output[grid.fed : length])
            grid.feed(news)
            at += 1
            if key.sign in grid.text if key.sign else HIGHLIGHT in news:
                return moment - pressed
        time.sleep(0.0005)
    raise TimeoutError(f"{key.what}: nothing painted: {screen.text()[-300:]!r}")


def gone(screen: Terminal, grid: Grid, key: Key) -> None:
    """Wait until what ``key`` brought has left the screen: after Escape a terminal waits a while
    whether more of a sequence comes. Raises TimeoutError where it stays for five seconds.
    """
    late = time.perf_counter() + 5.0
    while key.sign and key.sign in grid.text:
        if time.perf_counter() > late:
            raise TimeoutError(f"{key.what}: {key.sign!r} is still there: {screen.text()[-300:]!r}")
        time.sleep(0.005)
        grid.feed(bytes(screen.output[grid.fed :]))
    time.sleep(PAUSE)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measured(screen: Terminal) -> dict[str, list[float]]:
    grid = Grid(COLUMNS, ROWS)
    found: dict[str, list[float]] = {}
    for number in range(MOVES):
        key = MOVE_KEYS[number // 5 % 2]
        found.setdefault("a row up or down", []).append(painted(screen, grid, key))
    for number in range(OPENINGS + 1):
        for key in OPENING_KEYS:
            took = painted(screen, grid, key)
            if number:  # the first time, its modules are loaded
                found.setdefault(key.what, []).append(took)
            else:
                found.setdefault(f"{key.what}, the first time", []).append(took)
            screen.press(key.back)
            gone(screen, grid, key)
    return found


def run() -> Iterator[Section]:
    with tempfile.TemporaryDirectory(dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        argv = [str(BIN / "python"), "-m", "benchmarks.loopback", "1"]
        http = stack.enter_context(
            subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(http.kill)
        assert http.stdout is not None
        port, redis = int(http.stdout.readline()), free_port()
        stack.enter_context(process(*redis_server.command(redis_server.find(), redis, folder)))
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        path = folder / "onwatch.yaml"
        path.write_text(yaml.safe_dump(config(port, silent.getsockname()[1], redis)))
        path.chmod(0o600)
        with terminal(BIN / "onwatch", "-c", path) as screen:
            time.sleep(WARM_UP)
            found = measured(screen)
    rows = tuple(
        (what, *(f"{percentile(times, share) * 1000:.0f} ms" for share in (0.5, 0.99)))
        for what, times in found.items()
    )
    moves = found["a row up or down"]
    opened = [time for key in OPENING_KEYS for time in found[key.what]]
    yield Section(
        "key to paint, 20 checks every second of which 10 hang",
        ("", "p50", "p99"),
        rows,
        (f"{MOVES} moves; each opening {OPENINGS} times after the first",),
        (
            Budget("key to paint, a move: p50", percentile(moves, 0.5) * 1000, 20, "ms"),
            Budget("key to paint, a move: p99", percentile(moves, 0.99) * 1000, 50, "ms"),
            Budget("key to paint, an opening: p50", percentile(opened, 0.5) * 1000, 20, "ms"),
            Budget("key to paint, an opening: p99", percentile(opened, 0.99) * 1000, 50, "ms"),
        ),
    )
