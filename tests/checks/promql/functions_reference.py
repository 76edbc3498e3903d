"""Functions of a range vector, each written plainly from its definition, for one window at once.

A window is a list of samples, (milliseconds, value), that is never empty; a function gives
None where there is no result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

Sample = tuple[int, float]


@dataclass(frozen=True)
class Place:
    """Where a window is: its bounds and the step's moment, milliseconds; and the scalar given."""

    start: int
    end: int
    now: int
    scalar: float = 0.0


Reference = Callable[[list[Sample], Place], float | None]


class Sum:
    """Neumaier's sum: what an addition loses is kept aside."""

    def __init__(self) -> None:
        self.value = 0.0
        self.lost = 0.0

    def add(self, value: float) -> None:
        new = self.value + value
        if math.isinf(new):
            self.lost = 0.0
        elif abs(self.value) >= abs(value):
            self.lost += (self.value - new) + value
        else:
            self.lost += (value - new) + self.value
        self.value = new

    @property
    def total(self) -> float:
        return self.value if math.isinf(self.value) else self.value + self.lost


def sum_over_time(samples: list[Sample], _: Place) -> float:
    sums = Sum()
    for _at, value in samples:
        sums.add(value)
    return sums.total


def avg_over_time(samples: list[Sample], _: Place) -> float:
    """By the sum until that overflows; from then on by correcting the mean."""
    values = [value for _, value in samples]
    sums = Sum()
    sums.value = values[0]
    for at, value in enumerate(values[1:], 2):
        before = sums.value, sums.lost
        sums.add(value)
        if math.isinf(sums.value):
            mean = Sum()
            mean.value, mean.lost = before[0] / (at - 1), before[1] / (at - 1)
            for count, later in enumerate(values[at - 1 :], at):
                weight = (count - 1) / count
                mean.value, mean.lost = weight * mean.value, weight * mean.lost
                mean.add(later / count)
            return mean.value + mean.lost
    return sums.value / len(values) + sums.lost / len(values)


def stdvar_over_time(samples: list[Sample], _: Place) -> float:
    """Welford's."""
    mean, squares = Sum(), Sum()
    for count, (_at, value) in enumerate(samples, 1):
        delta = value - (mean.value + mean.lost)
        mean.add(delta / count)
        squares.add(delta * (value - (mean.value + mean.lost)))
    return (squares.value + squares.lost) / len(samples)


def stddev_over_time(samples: list[Sample], place: Place) -> float:
    variance = stdvar_over_time(samples, place)
    return math.nan if math.isnan(variance) or variance < 0 else math.sqrt(variance)


def count_over_time(samples: list[Sample], _: Place) -> float:
    return float(len(samples))


def present_over_time(_samples: list[Sample], _: Place) -> float:
    return 1.0


def last_over_time(samples: list[Sample], _: Place) -> float:
    return samples[-1][1]


def min_over_time(samples: list[Sample], _: Place) -> float:
    return min((v for _, v in samples if not math.isnan(v)), default=math.nan)


def max_over_time(samples: list[Sample], _: Place) -> float:
    return max((v for _, v in samples if not math.isnan(v)), default=math.nan)


def quantile_over_time(samples: list[Sample], place: Place) -> float:
    wanted = place.scalar
    if math.isnan(wanted):
        return math.nan
    if wanted < 0 or wanted > 1:
        return math.copysign(math.inf, wanted)
    values = sorted((v for _, v in samples), key=lambda v: (not math.isnan(v), v))
    rank = wanted * (len(values) - 1)
    low = math.floor(rank)
    high = min(len(values) - 1, low + 1)
    return values[low] * (1 - (rank - low)) + values[high] * (rank - low)


def resets(samples: list[Sample], _: Place) -> float:
    pairs = pairwise(samples)
    return float(sum(after < before for (_, before), (_, after) in pairs))


def changes(samples: list[Sample], _: Place) -> float:
    pairs = pairwise(samples)
    return float(
        sum(
            after != before and not (math.isnan(after) and math.isnan(before))
            for (_, before), (_, after) in pairs
        )
    )


def _extrapolated(
    samples: list[Sample], place: Place, *, counter: bool, per_second: bool
) -> float | None:
    if len(samples) < 2:
        return None
    (first_time, first), (last_time, last) = samples[0], samples[-1]
    change = last - first
    if counter:
        for (_, before), (_, after) in pairwise(samples):
            if after < before:
                change += before
    to_start, to_end = (first_time - place.start) / 1000, (place.end - last_time) / 1000
    sampled = (last_time - first_time) / 1000
    gap = sampled / (len(samples) - 1)
    if to_start >= gap * 1.1:
        to_start = gap / 2
    if counter and change > 0 and first >= 0:
        to_zero = sampled * (first / change) if change < math.inf or first < math.inf else math.nan
        to_start = min(to_start, to_zero)
    if to_end >= gap * 1.1:
        to_end = gap / 2
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor /= (place.end - place.start) / 1000
    return change * factor


def rate(samples: list[Sample], place: Place) -> float | None:
    return _extrapolated(samples, place, counter=True, per_second=True)


def increase(samples: list[Sample], place: Place) -> float | None:
    return _extrapolated(samples, place, counter=True, per_second=False)


def delta(samples: list[Sample], place: Place) -> float | None:
    return _extrapolated(samples, place, counter=False, per_second=False)


def idelta(samples: list[Sample], _: Place) -> float | None:
    return None if len(samples) < 2 else samples[-1][1] - samples[-2][1]


def irate(samples: list[Sample], _: Place) -> float | None:
    if len(samples) < 2:
        return None
    (before_time, before), (time, value) = samples[-2:]
    change = value if value < before else value - before
    return change / ((time - before_time) / 1000)


def _line(samples: list[Sample], at: int) -> tuple[float, float] | None:
    """Slope a second and the level at ``at`` of the least squares' line, in exact fractions."""
    if len(samples) < 2:
        return None
    if not all(math.isfinite(v) for _, v in samples):
        return math.nan, math.nan
    x = [Fraction(time - at, 1000) for time, _ in samples]
    y = [Fraction(value) for _, value in samples]
    middle, level = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / sum(
        (a - middle) ** 2 for a in x
    )
    return float(slope), float(level - slope * middle)


def deriv(samples: list[Sample], _: Place) -> float | None:
    line = _line(samples, samples[0][0])
    return None if line is None else line[0]


def predict_linear(samples: list[Sample], place: Place) -> float | None:
    line = _line(samples, place.now)
    return None if line is None else line[0] * place.scalar + line[1]


REFERENCES: dict[str, Reference] = {
    one.__name__: one
    for one in (
        avg_over_time,
        changes,
        count_over_time,
        delta,
        deriv,
        idelta,
        increase,
        irate,
        last_over_time,
        max_over_time,
        min_over_time,
        predict_linear,
        present_over_time,
        quantile_over_time,
        rate,
        resets,
        stddev_over_time,
        stdvar_over_time,
        sum_over_time,
    )
}
