"""What has changed of late: courses of figures in, ranked sentences out. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from checks.wording import percent, size

__all__ = ["SPAN", "Change", "Course", "changed", "grown", "ranked"]

SPAN: Final = 600.0
"""Seconds that are looked back."""
_NOW: Final = 60.0
"""Seconds at the end whose mean is what a figure is now."""
_KNOWN: Final = 180.0
"""Seconds before those that must be known, or nothing is said."""
_TIMES: Final = 3.0
"""By how much a rate must have grown or shrunk."""
_MEMORY: Final = 50e6
"""Bytes of memory below which the growth of a program is not worth a word."""
_LESS: Final = 0.5
"""What a change for the better counts for beside one for the worse."""

Measure = Literal["share", "rate", "bytes", "count"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its sentence, how much it matters, whether it is for the worse.

    ``since`` is when it began, seconds since 1970; None where that is not known. ``pane`` names
    what it is about.
    """

    text: str
    weight: float
    worse: bool
    since: float | None = None
    pane: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A figure over the last ten minutes: ``times`` in seconds since 1970, NaN for gaps.

    ``least`` is the smallest difference worth a word, in the figure's own unit; ``what`` stands
    between the figures and their unit (``busy``).
    """

    name: str
    measure: Measure
    times: Sequence[float]
    values: Sequence[float]
    least: float
    what: str = ""
    pane: str = ""
    fall_is_worse: bool = False


def changed(course: Course) -> Change | None:
    """What became of a figure: its last minute against the median of what was before."""
    seen = [
        (time, value)
        for time, value in zip(course.times, course.values, strict=False)
        if math.isfinite(value)
    ]
    if len(seen) < 4:
        return None
    end = seen[-1][0]
    now = [value for time, value in seen if time > end - _NOW]
    before = [(time, value) for time, value in seen if end - SPAN <= time <= end - _NOW]
    if len(before) < 3 or before[-1][0] - before[0][0] < _KNOWN:
        return None
    then, is_now = _median([value for _, value in before]), sum(now) / len(now)
    weight = _weight(course, then, is_now)
    if weight is None:
        return None
    worse = (is_now < then) is course.fall_is_worse
    return Change(
        text=_sentence(course, then, is_now),
        weight=weight if worse else weight * _LESS,
        worse=worse,
        since=_began(seen, then, is_now),
        pane=course.pane,
    )


def _median(values: Sequence[float]) -> float:
    """The upper one of the middle two where their number is even."""
    return sorted(values)[len(values) // 2]


def _weight(course: Course, then: float, now: float) -> float | None:
    """How often the least difference worth a word it is; None where it is worth none."""
    by = abs(now - then)
    if by < course.least:
        return None
    if course.measure in ("rate", "count"):
        less, more = sorted((max(then, 0.0), max(now, 0.0)))
        if less > 0 and more / less < _TIMES:
            return None
        # Rates have no upper end: a hundredfold is not a hundred times as bad as a twofold.
        return 1.0 + math.log2(by / course.least)
    return by / course.least


def _began(seen: Sequence[tuple[float, float]], then: float, now: float) -> float | None:
    """Since when it has been nearer to what it is now than to what it was."""
    began = None
    for time, value in reversed(seen):
        if abs(value - now) > abs(value - then):
            break
        began = time
    return began


def _sentence(course: Course, then: float, now: float) -> str:
    words = f"{course.name} {_pair(course.measure, then, now)}"
    return f"{words} {course.what}" if course.what else words


def _pair(measure: Measure, then: float, now: float) -> str:
    """``12 → 98 %``: both figures, the unit once where it is the same."""
    first, second = (_figure(measure, value) for value in (then, now))
    number, _, unit = first.rpartition(" ")
    return f"{number if number and second.endswith(' ' + unit) else first} → {second}"


def _figure(measure: Measure, value: float) -> str:
    if measure == "share":
        return percent(value)
    if measure == "count":
        return f"{value:,.0f}"
    return f"{size(value)}/s" if measure == "rate" else size(value)


def grown(name: str, then: float, now: float, ago: float, total: float | None) -> Change | None:
    """What became of the memory of the processes called ``name`` since ``ago`` seconds."""
    by, worth = now - then, max(_MEMORY, (total or 0.0) * 0.02)
    if abs(by) < worth:
        return None
    sign = "+" if by > 0 else "-"
    over = max(1, round(ago / 60))
    text = f"memory of {name} {sign}{size(abs(by))} in {over} min, now {size(now)}"
    weight = abs(by) / worth
    return Change(text, weight if by > 0 else weight * _LESS, by > 0, None, "processes")


def ranked(found: Iterable[Change | None], most: int = 12) -> tuple[Change, ...]:
    """The ``most`` that matter, first what matters most."""
    known = [change for change in found if change is not None]
    return tuple(sorted(known, key=lambda change: -change.weight)[:most])
