"""How busy the demo is and when what goes wrong: functions of time and a seed alone.

A day of the demo lasts four minutes, so that its mornings and evenings show in a
sparkline.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tui.demo.incidents import INCIDENTS, Incident

__all__ = ["DAY", "Planned", "due", "load", "planned", "rate"]

DAY: Final = 240.0
"""Seconds that a day of the demo lasts."""

_CALM_FIRST: Final = 45.0
_CALM_BETWEEN: Final = 30.0
_QUIET_RATE: Final = 5.0
_BUSY_RATE: Final = 24.0
_NOISE_STEP: Final = 3.0

# Shares of the busiest hour, hour by hour.
_NIGHT: Final = (0.10, 0.06, 0.03, 0.02, 0.02, 0.05)
_MORNING: Final = (0.14, 0.32, 0.62, 0.85, 0.95, 0.92)
_AFTERNOON: Final = (0.74, 0.70, 0.88, 1.00, 0.97, 0.86)
_EVENING: Final = (0.68, 0.55, 0.48, 0.40, 0.28, 0.17)
_HOURS: Final = (*_NIGHT, *_MORNING, *_AFTERNOON, *_EVENING)


def load(elapsed: float) -> float:
    """The share of the busiest hour's traffic, 0 to 1, ``elapsed`` seconds in.

    The demo opens at eight in the morning; between two hours it changes evenly.
    """
    hour = (elapsed / DAY * 24.0 + 8.0) % 24.0
    before = int(hour)
    part = hour - before
    return _HOURS[before] * (1.0 - part) + _HOURS[(before + 1) % 24] * part


def rate(elapsed: float, seed: int) -> float:
    """Requests a second at ``elapsed`` seconds: the day's shape with the noise of people."""
    base = _QUIET_RATE + (_BUSY_RATE - _QUIET_RATE) * load(elapsed)
    position = elapsed / _NOISE_STEP
    left = math.floor(position)
    part = position - left
    noise = _noise(left, seed) * (1.0 - part) + _noise(left + 1, seed) * part
    return max(1.0, base * (1.0 + noise))


def _noise(step: int, seed: int) -> float:
    return random.Random(seed * 1_000_003 + step).uniform(-0.3, 0.3)


@dataclass(frozen=True, slots=True)
class Planned:
    """An incident of the schedule; ``start`` and ``end`` are seconds since the demo began."""

    incident: Incident
    start: float
    end: float


def planned(index: int, seed: int, incidents: Sequence[Incident] = INCIDENTS) -> Planned:
    """The ``index``-th of the schedule of these ``incidents``, counting from 0.

    A round brings every incident once, in an order of its own, with calm between them.
    """
    turn, place = divmod(index, len(incidents))
    start = _CALM_FIRST + turn * _round(incidents)
    order = _order(turn, seed, incidents)
    for earlier in order[:place]:
        start += earlier.duration + _CALM_BETWEEN
    return Planned(order[place], start, start + order[place].duration)


def _round(incidents: Sequence[Incident]) -> float:
    return sum(known.duration + _CALM_BETWEEN for known in incidents)


def _order(turn: int, seed: int, incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    order = list(incidents)
    random.Random(seed * 7919 + turn).shuffle(order)
    return tuple(order)


def due(
    before: float, now: float, seed: int, incidents: Sequence[Incident] = INCIDENTS
) -> tuple[Planned, ...]:
    """What the schedule starts after ``before`` and not later than ``now``."""
    found: list[Planned] = []
    index = max(0, int((before - _CALM_FIRST) // _round(incidents))) * len(incidents)
    while (plan := planned(index, seed, incidents)).start <= now:
        if plan.start > before:
            found.append(plan)
        index += 1
    return tuple(found)
