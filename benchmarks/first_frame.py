"""From exec to the first painted frame, beside a minimal Textual app and glances."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.harness import BIN, ROOT, table, terminal

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


def run() -> None:
    """Print the medians, alternating the programs so that all meet the same machine."""
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
    rows = [
        (name, f"{m * 1000:.0f} ms", f"{m / base:.2f}x", "1.25x" if name == "onwatch" else "")
        for name, m in medians.items()
    ]
    table("exec to first painted frame", ("", "median", "ratio", "budget"), rows)
    picture = statistics.median(full)
    print(f"  onwatch, first complete picture: {picture:.2f} s (budget {COMPLETE_BUDGET:g} s)")
