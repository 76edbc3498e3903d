"""From a key to the cells it changes, while targets hang: moves, the filter, boxes and screens.

Twenty checks every second, half of them at a server that accepts and never answers, so that
pictures and time-outs come all the time; then the same while 500 rules run on 10,000 series of a
metrics page. A key counts as painted when the terminal shows what only that key can bring.
"""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from benchmarks.grid import Grid
from benchmarks.harness import (
    BIN,
    COLUMNS,
    ROWS,
    Terminal,
    free_port,
    process,
    serving,
    terminal,
)
from benchmarks.loopback import addresses
from benchmarks.pages import app_rules
from benchmarks.report import Budget, Section
from tui.demo import redis_server

WARM_UP, PAUSE = 10.0, 0.15
MOVES, OPENINGS = 150, 25
SERIES, TARGETS, RULES, EVALUATED = 10_000, 5, 500, 5
"""Where rules run: every so many seconds, on as many series of so many targets."""
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
    Key("alerts", b"7", "severity alert", b"1"),
    Key("runbook", b"r", "Steps ", b"\x1b"),
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


def ruled(folder: Path, pages: int) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Checks of pages, and what the configuration says of rules on them."""
    file = folder / "app.yml"
    file.write_text(yaml.safe_dump(app_rules(RULES)))
    file.chmod(0o600)
    checks: list[dict[str, object]] = [
        {"name": f"page-{at}", "interval": "5s", "metrics": f"http://{address}:{pages}/metrics"}
        for at, address in enumerate(addresses(TARGETS))
    ]
    return checks, {"packs": ["all"], "files": [str(file)], "interval": f"{EVALUATED}s"}


def run() -> Iterator[Section]:
    yield section("key to paint, 20 checks every second of which 10 hang", "key to paint")
    what = f"{RULES} rules on {SERIES:,} series"
    yield section(f"key to paint, besides while {what} run", f"key to paint, {what}", rules=True)


def section(title: str, what: str, *, rules: bool = False) -> Section:
    """Keys in a world of its own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        port, redis = stack.enter_context(serving("benchmarks.loopback", "1")), free_port()
        stack.enter_context(process(*redis_server.command(redis_server.find(), redis, folder)))
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        given = config(port, silent.getsockname()[1], redis)
        if rules:
            wanted = ("app", str(SERIES), str(TARGETS))
            pages = stack.enter_context(serving("benchmarks.pages", *wanted))
            checks, given["rules"] = ruled(folder, pages)
            given["checks"] = [*cast("list[object]", given["checks"]), *checks]
        path = folder / "onwatch.yaml"
        path.write_text(yaml.safe_dump(given))
        path.chmod(0o600)
        with terminal(BIN / "onwatch", "-c", path) as screen:
            time.sleep(WARM_UP)
            found = measured(screen)
    rows = tuple(
        (kind, *(f"{percentile(times, share) * 1000:.0f} ms" for share in (0.5, 0.99)))
        for kind, times in found.items()
    )
    moves = found["a row up or down"]
    opened = [time for key in OPENING_KEYS for time in found[key.what]]
    figures = (("a move", moves), ("an opening", opened))
    budgets = tuple(
        Budget(f"{what}, {which}: {shown}", percentile(times, share) * 1000, most, "ms")
        for which, times in figures
        for shown, share, most in (("p50", 0.5, 20), ("p99", 0.99, 50))
    )
    note = f"{MOVES} moves; each opening {OPENINGS} times after the first"
    return Section(title, ("", "p50", "p99"), rows, (note,), budgets)
