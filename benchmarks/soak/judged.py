"""Whether a soak left everything as it was: pure, from what was observed."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

__all__ = ["COLLECTION", "LOAD", "RENEWED", "Judged", "Span", "judge"]

Line = Mapping[str, Any]
"""One note of :mod:`benchmarks.soak.observed`."""


@dataclass(frozen=True, slots=True)
class Span:
    """A fault from when it ``began`` until it ``ended`` (seconds since 1970).

    ``slows``: it takes time from onwatch itself. ``hangs``: what the names of the checks begin
    with whose server does not answer meanwhile.
    """

    name: str
    began: float
    ended: float
    slows: bool = False
    hangs: tuple[str, ...] = ()


SHOWN: Final = {
    "memory": ("memory", " MB"),
    "store": ("of it columns of the store", " MB"),
    "besides": ("memory besides them", " MB"),
    "objects": ("pieces of it that Python uses, thousands", ""),
    "series": ("series in the store", ""),
    "descriptors": ("descriptors", ""),
    "threads": ("threads", ""),
    "widgets": ("tasks of widgets", ""),
    "bars": ("tasks of scroll bars", ""),
    "tasks": ("other tasks", ""),
}
FLAT: Final = {
    "besides": (1.05, 3.0),
    "descriptors": (1.0, 4.0),
    "threads": (1.0, 3.0),
    "tasks": (1.0, 4.0),
}
"""How much each may be at the end: so many times what it was, and so much more.

Not the columns of the store: it keeps an hour, which a run of an hour does no more than fill.
Nor widgets: there are as many as what happens to be open needs. Nor scroll bars: a pane has two
at most, from when it first needs them.
"""
RETURNS: Final = {"descriptors": 4.0, "threads": 3.0, "widgets": 4.0, "tasks": 4.0}
"""How much more each may be at the calm end than at the calm start, when the same is open.

Memory that was used once is not all given back.
"""
GRACE: Final = 10.0
"""Seconds after a fault within which what it has held up may still show."""
RENEWED: Final = "configuration taken over"
"""What explains a run beside the start of another engine."""
LOAD: Final = "no processor was free"
COLLECTION: Final = "garbage was collected"
"""What explains a run for most of whose delay the engine's thread stood in the kernel's queue."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``rows`` for a table; ``late`` and ``left_out`` count runs by what explains them.

    ``unexplained`` has a sentence for each run that nothing explains; ``wrong`` are sentences on
    what is not flat or not explained.
    """

    rows: tuple[tuple[str, ...], ...]
    runs: int
    late: Counter[str]
    left_out: Counter[str]
    unexplained: tuple[str, ...]
    wrong: tuple[str, ...]


def judge(lines: Sequence[Line], faults: Sequence[Span], calm: float) -> Judged:
    """What ``lines``, which were written every few seconds, say about the whole time.

    Compared are the calm ``calm`` seconds at both ends, of the first their second half, and the
    second quarter with the last one.
    """
    figures = [line for line in lines if "what" not in line]
    rows, wrong = _flat(figures, calm)
    late, left_out, unexplained = _delays(lines, [*faults, *_renewals(figures)])
    runs, counted = _counted(figures)
    if unexplained:
        wrong.append(f"{len(unexplained)} delays of runs have no reason that is known")
    if (missed := counted - late.total() - left_out.total() - len(unexplained)) > 0:
        wrong.append(f"{missed} delays were counted and not told of")
    return Judged(tuple(rows), runs, late, left_out, unexplained, tuple(wrong))


def _flat(figures: Sequence[Line], calm: float) -> tuple[list[tuple[str, ...]], list[str]]:
    """A row for each figure, and a sentence for each that is not flat."""
    start, end = figures[0]["time"], figures[-1]["time"]
    quarter = (end - start) / 4
    parts = [
        _between(figures, start + quarter, start + 2 * quarter),
        _between(figures, end - quarter, end - calm),
        _between(figures, start + calm / 2, start + calm),
        _between(figures, end - calm / 2, end),
    ]
    rows, wrong = [], []
    for what, (title, unit) in SHOWN.items():
        second, last, before, after = (
            statistics.median(line[what] for line in part) for part in parts
        )
        shown = (f"{figure:,.0f}{unit}" for figure in (second, last, before, after))
        rows.append((title, *shown))
        times, more = FLAT.get(what, (0.0, 0.0))
        if times and last > second * times + more:
            wrong.append(f"{title} grew from {second:.0f} to {last:.0f}{unit}")
        if after > before + RETURNS.get(what, math.inf):
            wrong.append(f"{title} did not come back: {before:.0f} before, {after:.0f} after")
    return rows, wrong


def _between(lines: Sequence[Line], start: float, end: float) -> Sequence[Line]:
    return [line for line in lines if start <= line["time"] <= end] or lines[-1:]


def _renewals(figures: Sequence[Line]) -> list[Span]:
    """When another engine had begun: it was made between two notes."""
    return [
        Span(RENEWED, before["time"], line["time"], slows=True)
        for before, line in pairwise(figures)
        if line["engine"] != before["engine"]
    ]


def _delays(
    lines: Sequence[Line], faults: Sequence[Span]
) -> tuple[Counter[str], Counter[str], tuple[str, ...]]:
    """Late runs and those left out, by what explains them, and what nothing explains."""
    late: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    unexplained = []
    stuck = [line for line in lines if line.get("what") == "stuck"]
    stops = [line for line in lines if line.get("what") in ("still", "collection")]
    for line in lines:
        what = line.get("what")
        if what == "late":
            why = _held_up(line, faults) or _stopped(line, stops)
            late[why] += bool(why)
        elif what == "left out":
            why = _held_up(line, faults) or _hung(line, faults)
            left_out[why] += line["runs"] if why else 0
        else:
            continue
        if not why:
            unexplained.append(_told(line, faults, [*stuck, *stops]))
    return +late, +left_out, tuple(unexplained)


def _held_up(line: Line, faults: Sequence[Span]) -> str:
    """What kept onwatch itself from it; empty where nothing did."""
    if line.get("waited", 0.0) > line.get("seconds", 0.0) / 2 > 0:
        return LOAD
    slow = [f for f in faults if f.slows and f.began <= line["time"] <= f.ended + GRACE]
    return max(slow, key=lambda fault: fault.began).name if slow else ""


def _stopped(line: Line, stops: Sequence[Line]) -> str:
    """What kept all threads from going on for most of the delay.

    One that ran meanwhile and collected no garbage kept Python's lock to itself, which is no
    reason but a fault.
    """
    for each in _about(line, stops):
        if each["seconds"] < line["seconds"] / 2:
            continue
        if each["what"] == "collection":
            return COLLECTION
        if each["ran"] < each["seconds"] / 2:
            return LOAD
    return ""


def _about(line: Line, stops: Sequence[Line]) -> list[Line]:
    """Those of ``stops`` that fell into the delay."""
    since, until = line["time"] - line["seconds"] - 0.2, line["time"] + 0.2
    return [
        each for each in stops if each["time"] >= since and each["time"] - each["seconds"] <= until
    ]


def _hung(line: Line, faults: Sequence[Span]) -> str:
    """The fault in which the server of this check did not answer."""
    for fault in faults:
        meanwhile = fault.began <= line["time"] <= fault.ended + GRACE
        if meanwhile and line["check"].startswith(fault.hangs):
            return fault.name
    return ""


def _told(line: Line, faults: Sequence[Span], stuck: Sequence[Line]) -> str:
    """All that is known of a delay that nothing explains."""
    time = line["time"]
    meanwhile = [f.name for f in faults if f.began <= time <= f.ended + GRACE]
    during = f"meanwhile: {', '.join(meanwhile)}" if meanwhile else "no fault meanwhile"
    if line["what"] == "left out":
        return f"{line['check']}: runs left out: {line['runs']}; {during}"
    told = (
        f"{line['check']} began {line['seconds']:.2f} s late: of these the engine's thread ran "
        f"{line['ran']:.2f} s and waited {line['waited']:.2f} s for a processor; {during}"
    )
    near = [
        each for each in stuck if each["time"] - each["seconds"] - 1 <= time <= each["time"] + 1
    ]
    for each in near[:3]:
        told += _stop(each)
    return told


def _stop(stop: Line) -> str:
    if stop["what"] == "still":
        return f"; all stood still for {stop['seconds']:.2f} s and ran {stop['ran']:.2f} s in it"
    if stop["what"] == "collection":
        return f"; {stop['thread']} collected garbage for {stop['seconds']:.2f} s"
    return f"; its loop was stuck for {stop['seconds']:.2f} s: {' < '.join(stop['where'])}"


def _counted(figures: Sequence[Line]) -> tuple[int, int]:
    """Runs and delays that the engines counted since the first note; a new one begins at none."""
    runs = delays = 0
    before = figures[0]
    for line in figures:
        if line["engine"] != before["engine"]:
            before = {"runs": 0, "late": 0, "skipped": 0}
        runs += line["runs"] - before["runs"]
        delays += sum(line[each] - before[each] for each in ("late", "skipped"))
        before = line
    return runs, delays
