"""`python -m benchmarks.soak [--minutes N] [--seed N] [--write FILE]`

Watches real servers on a pty while faults come and go at random. At the end it compares what the
process held in the second quarter with the last one, and exits 1 where something grew or a run
was late for no reason. With ``--write`` the figures go between the marks in FILE.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.harness import BIN, ROOT, Terminal, terminal
from benchmarks.report import machine
from benchmarks.soak.faults import Fault, faults
from benchmarks.soak.judged import Judged, judge
from benchmarks.soak.servers import Servers

CALM = 60.0
"""Seconds without faults at the beginning and at the end."""
BEGIN, END = "<!-- soak: written by make soak -->", "<!-- soak: end -->"


@dataclass(slots=True)
class History:
    """Which faults there were, from when to when (seconds since 1970)."""

    spans: list[tuple[str, float, float, bool]] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, *_ in self.spans)


def storm(all_faults: list[Fault], seconds: float, rng: random.Random) -> History:
    """Let faults come and go, two at a time at most."""
    history, until = History(), time.time() + seconds
    under_way: list[tuple[Fault, float, float]] = []
    while time.time() < until or under_way:
        now = time.time()
        for entry in [each for each in under_way if each[2] <= now or now >= until]:
            fault, began, _ = entry
            fault.end()
            under_way.remove(entry)
            history.spans.append((fault.name, began, time.time(), fault.slows))
        busy = {fault.same for fault, *_ in under_way}
        idle = [fault for fault in all_faults if fault.same not in busy]
        if now < until and len(under_way) < 2 and rng.random() < 0.3:
            fault = rng.choice(idle)
            fault.begin()
            lasts = rng.uniform(5, 90 if "terminal" in fault.name else 30)
            under_way.append((fault, now, now + lasts))
            print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {fault.name} for {lasts:.0f} s", flush=True)
        time.sleep(1.0)
    return history


def soak(minutes: float, seed: int) -> tuple[Judged, History]:
    """The whole of it. Raises RuntimeError where onwatch ended by itself."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        servers = Servers(folder, stack)
        config, notes = folder / "onwatch.yaml", folder / "observed.jsonl"
        defaults = {"interval": "2s", "timeout": "1500ms"}
        settings = {"version": 1, "defaults": defaults, "checks": servers.checks()}
        config.write_text(yaml.safe_dump(settings))
        config.chmod(0o600)
        argv = (BIN / "python", "-m", "benchmarks.soak.observed", notes, "-c", config)
        environ = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state")}
        screen = stack.enter_context(terminal(*argv, env=environ))
        time.sleep(CALM)
        rest = max(60.0, minutes * 60 - 2 * CALM)
        history = storm(faults(servers, screen, config, rng), rest, rng)
        # Back to what was looked at in the beginning: every screen has tasks of its own.
        for key in (b"\x1b", b"\x1b", b"1"):
            screen.press(key)
            time.sleep(0.5)
        time.sleep(CALM)
        if not alive(screen):
            raise RuntimeError(f"onwatch ended by itself: {screen.text()[-2000:]}")
        lines = [json.loads(line) for line in notes.read_text().splitlines()]
    return judge(lines, history.spans, CALM), history


def alive(screen: Terminal) -> bool:
    return any(
        process.pid == screen.pid and process.status() != "zombie" for process in screen.tree()
    )


def as_markdown(found: Judged, history: History, minutes: float, seed: int) -> str:
    """The figures as a piece of docs/reliability.md."""
    today = dt.datetime.now(dt.UTC)
    happened = ", ".join(f"{name} ({count})" for name, count in sorted(history.counts.items()))
    rows = "\n".join(f"| {' | '.join(row)} |" for row in found.rows)
    return (
        f"{minutes:g} minutes on {today:%-d %B %Y} with {machine()}; seed {seed}, "
        f"{len(history.spans)} faults, {found.runs:,} runs.\n\n"
        f"| | second quarter | last quarter | calm at the start | calm at the end |\n"
        f"|---|---:|---:|---:|---:|\n{rows}\n\n"
        f"Runs that were late: {found.late}, of which {found.explained} while onwatch itself was "
        f"held up (stopped, started anew, typed at, or its processors taken), {found.unexplained} "
        f"for no such reason. Left out because the run before still hung: {found.skipped}.\n\n"
        f"What happened: {happened}.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures in here")
    arguments = parser.parse_args()
    seed = arguments.seed or random.SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}", flush=True)
    found, history = soak(arguments.minutes, seed)
    text = as_markdown(found, history, arguments.minutes, seed)
    print(text)
    if arguments.write:
        page = arguments.write.read_text()
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        arguments.write.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
    for sentence in found.wrong:
        print(f"WRONG: {sentence}")
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
