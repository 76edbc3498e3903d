"""`python -m benchmarks.soak [--minutes N] [--warm N] [--seed N] [--write FILE] [--notes FILE]`

Watches real servers on a pty while faults come and go at random. At the end it compares what the
process held in the second quarter with the last one, and exits 1 where something grew or a run
was late for no reason. Before that the same goes on for as long as onwatch keeps what it sees:
what is kept for an hour grows for an hour, which would hide what grows for ever. With ``--write``
the figures go between the marks in FILE; with ``--notes`` what was observed all the time is kept
in another.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

from benchmarks.harness import BIN, COLUMNS, ROOT, ROWS, Terminal, terminal
from benchmarks.report import machine
from benchmarks.soak.ending import leaving_nothing
from benchmarks.soak.faults import SIZES, Fault, faults
from benchmarks.soak.judged import Judged, Span, judge
from benchmarks.soak.servers import Servers

CALM = 60.0
"""Seconds without faults at the beginning and at the end."""
WARM = 60.0
"""Minutes of faults before those that are judged: for an hour windows and courses are kept."""
FIRST = 10.0
"""Seconds after the start until everything has had its first result."""
OPENED = (
    *(b"2", b"\r", b"\x1b", b"3", b"\r", b"\x1b", b"4", b"5", b"6", b"1", b"\r", b"\x1b", b"\x1b"),
    *(b"7", b"\r", b"\x1b", b"8", b"9", b"\r", b"\x1b", b"D", b"1", b"r", b"\x1b"),
    *(b"?", b"\x1b", b":", b"\x1b", b"/api\r", b"/\x1b", b"M", b"M", b"p", b"p"),
)
"""Keys that open the screens, the details, help, the palette and the filter."""
BEGIN, END = "<!-- soak: written by make soak -->", "<!-- soak: end -->"


@dataclass(slots=True)
class History:
    """Which faults there were, and when."""

    spans: list[Span] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        return Counter(span.name for span in self.spans)


def acquaint(screen: Terminal) -> None:
    """Open once whatever opens, as large as it will be: what is kept of it from then on did not
    grow during the soak.
    """
    screen.resize(*max(SIZES))
    for key in OPENED:
        screen.press(key)
        time.sleep(0.8)
    for columns, rows in SIZES:
        screen.resize(columns, rows)
        time.sleep(0.8)
    leave(screen)


def leave(screen: Terminal) -> None:
    """Back to the first screen, whatever was opened, and to its first size."""
    screen.resize(COLUMNS, ROWS)
    for key in (b"\x1b", b"\x1b", b"\x1b", b"\x1b", b"1"):
        screen.press(key)
        time.sleep(0.5)


def storm(all_faults: list[Fault], seconds: float, rng: random.Random, screen: Terminal) -> History:
    """Let faults come and go, two at a time at most. Raises RuntimeError when onwatch ends."""
    history, until = History(), time.time() + seconds
    under_way: list[tuple[Fault, float, float]] = []
    while time.time() < until or under_way:
        now = time.time()
        require_alive(screen)
        for entry in [each for each in under_way if each[2] <= now or now >= until]:
            fault, began, _ = entry
            fault.end()
            under_way.remove(entry)
            span = Span(fault.name, began, time.time(), fault.slows, fault.hangs)
            history.spans.append(span)
        busy = {fault.same for fault, *_ in under_way}
        idle = [fault for fault in all_faults if fault.same not in busy]
        if now < until and idle and len(under_way) < 2 and rng.random() < 0.3:
            fault = rng.choice(idle)
            fault.begin()
            lasts = rng.uniform(5, 90 if "terminal" in fault.name else 30)
            under_way.append((fault, now, now + lasts))
            print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {fault.name} for {lasts:.0f} s", flush=True)
        time.sleep(1.0)
    return history


def soak(
    minutes: float, seed: int, keep: Path | None = None, warm: float = WARM
) -> tuple[Judged, History]:
    """The whole of it, after ``warm`` minutes that are not judged; the notes go to ``keep``.

    Raises RuntimeError when onwatch ends.
    """
    rng = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as name,
        leaving_nothing(),
        ExitStack() as stack,
    ):
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
        for pid in (os.getpid(), screen.pid):
            weigh_as_we_do(pid)
        if keep is not None:
            stack.callback(lambda: shutil.copy(notes, keep))
        time.sleep(FIRST)
        acquaint(screen)
        happens = faults(servers, screen, config, rng)
        if warm:
            storm(happens, warm * 60, rng, screen)
            # Also what opens on something that was wrong, which there is only now.
            acquaint(screen)
        calm_since = time.time()
        time.sleep(CALM)
        rest = max(60.0, minutes * 60 - 2 * CALM)
        history = storm(happens, rest, rng, screen)
        leave(screen)
        time.sleep(CALM)
        require_alive(screen)
        lines = [json.loads(line) for line in notes.read_text().splitlines()]
    lines = [line for line in lines if line["time"] >= calm_since]
    return judge(lines, history.spans, CALM), history


def weigh_as_we_do(pid: int) -> None:
    """Have what our niceness says hold between the session of ``pid`` and all others too.

    The kernel shares processors among sessions first and heeds niceness only within one
    (sched(7), autogroup): on a machine that others use, gentle work would hold us up as any.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(os.nice(0)))


def require_alive(screen: Terminal) -> None:
    """Raises RuntimeError, with what was on the screen last, where the program has ended."""
    for process in screen.tree():
        if process.pid == screen.pid and process.status() != psutil.STATUS_ZOMBIE:
            return
    raise RuntimeError(f"onwatch ended by itself: {screen.text()[-4000:]}")


def as_markdown(found: Judged, history: History, minutes: float, seed: int) -> str:
    """The figures as a piece of docs/reliability.md."""
    today = dt.datetime.now(dt.UTC)
    happened = ", ".join(f"{name} ({count})" for name, count in sorted(history.counts.items()))
    rows = "\n".join(f"| {' | '.join(row)} |" for row in found.rows)
    late, left_out = found.late.total(), found.left_out.total()
    unexplained = "".join(f"- {sentence}\n" for sentence in found.unexplained)
    return (
        f"{minutes:g} minutes on {today:%-d %B %Y} with {machine()}; seed {seed}, "
        f"{len(history.spans)} faults, {found.runs:,} runs.\n\n"
        f"| | second quarter | last quarter | calm at the start | calm at the end |\n"
        f"|---|---:|---:|---:|---:|\n{rows}\n\n"
        f"Runs that began late: {late:,}{_by_cause(found.late)}. Runs left out, since onwatch "
        f"stood still or the run before had not ended: {left_out:,}{_by_cause(found.left_out)}. "
        f"Neither with a known reason: {len(found.unexplained)}.\n{unexplained}\n"
        f"What happened: {happened}.\n"
    )


def _by_cause(counts: Counter[str]) -> str:
    told = ", ".join(f"{cause} {count:,}" for cause, count in counts.most_common())
    return f" ({told})" if told else ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument(
        "--warm", type=float, default=WARM, metavar="MINUTES", help="of faults before those judged"
    )
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures in here")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="keep what was observed here")
    arguments = parser.parse_args()
    seed = arguments.seed or random.SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}", flush=True)
    found, history = soak(arguments.minutes, seed, arguments.notes, arguments.warm)
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
