"""From exec to the first painted frame, beside a minimal Textual app and glances."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import BIN, ROOT, terminal
from benchmarks.report import REFERENCE, Budget, Section

RUNS = 9
BUDGET = 1.25
COMPLETE_BUDGET = 1.0

CONFIG = """\
version: 1
checks:
  - {name: this-machine, host: {}}
"""


def painted(text: str) -> bool:
    """Whether something was drawn: forty visible characters."""
    return sum(not c.isspace() for c in text) >= 40


def complete(text: str) -> bool:
    """Whether the host pane shows figures rather than that it waits for them."""
    return "load" in text


def run() -> Iterator[Section]:
    """The medians, alternating the programs so that all meet the same machine."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "onwatch.yaml"
        config.write_text(CONFIG)
        config.chmod(0o600)
        programs: dict[str, tuple[str | Path, ...]] = {
            "minimal Textual app": (BIN / "python", "-m", "benchmarks.minimal"),
            "onwatch": (BIN / "onwatch", "-c", config),
            "glances": (BIN / "glances", "--disable-check-update"),
        }
        found: dict[str, list[float]] = {name: [] for name in programs}
        full: list[float] = []
        for attempt in range(RUNS + 1):
            for name, argv in programs.items():
                with terminal(*argv, env={"PYTHONPATH": str(ROOT)}) as screen:
                    first = screen.wait(painted)
                    whole = screen.wait(complete) if name == "onwatch" else 0.0
                if attempt == 0:
                    continue  # it filled the caches: the others are warm
                found[name].append(first)
                if whole:
                    full.append(whole)
    medians = {name: statistics.median(times) for name, times in found.items()}
    base = medians["minimal Textual app"]
    rows = tuple(
        (name, f"{median * 1000:.0f} ms", f"{median / base:.2f}x")
        for name, median in medians.items()
    )
    picture, own = statistics.median(full), medians["onwatch"]
    beside = f"{own / medians['glances']:.2f}x glances"
    yield Section(
        "exec to first painted frame",
        ("", "median", "ratio"),
        rows,
        (f"{RUNS} runs of each, alternating; {len(full)} complete pictures of onwatch",),
        (
            Budget("exec to first painted frame", own / base, BUDGET, "x minimal Textual", beside),
            Budget("first complete picture", picture, COMPLETE_BUDGET, "s"),
        ),
        pace=base / REFERENCE,
    )
