"""Whether a soak left everything as it was: pure, from what was observed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Judged", "judge"]

Line = Mapping[str, float]
Span = tuple[str, float, float, bool]
"""A fault: its name, when it began and ended, and whether it slows onwatch itself."""

FLAT = {
    "memory": (1.05, 3.0),
    "descriptors": (1.0, 4.0),
    "threads": (1.0, 3.0),
    "tasks": (1.0, 4.0),
}
"""How much each may be at the end: so many times what it was, and so much more."""
GRACE = 10.0
"""Seconds after a fault within which what it has held up may still show."""
CROWDED = 1.5
"""Processes that want to run, for each core, from which on others hold onwatch up."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``rows`` for a table; ``wrong`` are sentences on what is not flat or not explained."""

    rows: tuple[tuple[str, ...], ...]
    runs: int
    late: int
    explained: int
    skipped: int
    wrong: tuple[str, ...]

    @property
    def unexplained(self) -> int:
        return self.late - self.explained


def judge(lines: Sequence[Line], faults: Sequence[Span], calm: float) -> Judged:
    """What ``lines``, which were written every few seconds, say about the whole time.

    Compared are the calm ``calm`` seconds at both ends, the first of them without the start-up,
    and the second quarter with the last one.
    """
    start, end = lines[0]["time"], lines[-1]["time"]
    quarter = (end - start) / 4
    parts = {
        "second": _between(lines, start + quarter, start + 2 * quarter),
        "last": _between(lines, end - quarter, end - calm),
        "before": _between(lines, start + calm / 2, start + calm),
        "after": _between(lines, end - calm / 2, end),
    }
    rows, wrong = [], []
    for what, (times, more) in FLAT.items():
        figures = {
            name: statistics.median(line[what] for line in part) for name, part in parts.items()
        }
        unit = " MB" if what == "memory" else ""
        rows.append((what, *(f"{figure:.0f}{unit}" for figure in figures.values())))
        if figures["last"] > figures["second"] * times + more:
            wrong.append(f"{what} grew from {figures['second']:.0f} to {figures['last']:.0f}{unit}")
        if what != "memory" and figures["after"] > figures["before"] * times + more:
            ends = f"{figures['before']:.0f} before, {figures['after']:.0f} after"
            wrong.append(f"{what} did not come back: {ends}")
    late, explained, runs, skipped = _late(lines, faults)
    if late > explained:
        wrong.append(f"{late - explained} runs were late for no reason that is known")
    return Judged(tuple(rows), runs, late, explained, skipped, tuple(wrong))


def _between(lines: Sequence[Line], start: float, end: float) -> Sequence[Line]:
    return [line for line in lines if start <= line["time"] <= end] or lines[-1:]


def _late(lines: Sequence[Line], faults: Sequence[Span]) -> tuple[int, int, int, int]:
    """Late runs, those that a fault explains, all runs, and those that were left out."""
    late = explained = runs = skipped = 0
    held_up = [(began, ended + GRACE) for _, began, ended, slows in faults if slows]
    before: Line = {"time": 0.0, "late": 0, "runs": 0, "skipped": 0, "engine": 0}
    for line in lines:
        if line["engine"] != before["engine"]:
            before = {**before, "late": 0, "runs": 0, "skipped": 0}
        more = int(line["late"] - before["late"])
        late += more
        runs += int(line["runs"] - before["runs"])
        skipped += int(line["skipped"] - before["skipped"])
        crowded = line["load"] > CROWDED * line["cores"]
        if crowded or any(began <= line["time"] <= ended for began, ended in held_up):
            explained += more
        before = line
    return late, explained, runs, skipped
