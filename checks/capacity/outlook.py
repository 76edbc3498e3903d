"""From a series' buckets to when it meets its limit. Pure.

A bucket holds the sum, the largest and the number of the values that fell into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.capacity.model import Capacity
from checks.capacity.trend import FEWEST, needed_for, trend
from checks.capacity.views import CapacityView, Trend
from checks.capacity.words import amount, rate_text
from checks.longterm.ring import Buckets, Ring
from checks.model import Status
from checks.store.block import Floats
from checks.wording import span

__all__ = ["outlook"]

NEVER: Final = 3650 * 86_400.0
"""Seconds beyond which no date is named."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """Seconds until the limit, at the rate, and at the quickest and slowest probable ones."""

    seconds: float | None = None
    soonest: float | None = None
    latest: float | None = None


def outlook(
    capacity: Capacity,
    labels: tuple[tuple[str, str], ...],
    buckets: Buckets,
    limit: float | None,
    now: float,
) -> CapacityView:
    """How one series of ``capacity`` stands at ``now`` (seconds)."""
    ring = _ring(buckets, capacity.over, now)
    starts, rows = ring.points(now - capacity.over)
    counts = rows[:, 2]
    means = np.divide(rows[:, 0], counts, out=np.full(len(rows), np.nan), where=counts > 0)
    middles: Floats = starts.astype(np.float64) + ring.step / 2
    found = trend(middles, means, capacity.over)
    _, minutes = buckets.minutes.points(now - 360.0)
    value = float(minutes[-1, 0] / minutes[-1, 2]) if len(minutes) and minutes[-1, 2] else None
    if value is None and len(means):
        value = float(means[-1])
    every, _ = buckets.hours.points(0.0)
    reach = _reach(capacity, value, limit, found)
    status = _status(capacity, value, limit, reach)
    return CapacityView(
        key=buckets.series,
        name=capacity.name,
        labels=labels,
        unit=capacity.unit,
        value=value,
        limit=limit,
        falling=capacity.falling,
        trend=found,
        seconds=reach.seconds,
        soonest=reach.soonest,
        latest=reach.latest,
        mean=float(rows[:, 0].sum() / counts.sum()) if len(rows) and counts.sum() else None,
        peak=float(rows[:, 1].max()) if len(rows) else None,
        since=float(every[0]) if len(every) else now,
        last=float(starts[-1]) + ring.step if len(starts) else 0.0,
        expected=capacity.expected,
        status=status,
        sentence=_sentence(capacity.unit, value, limit, found, reach),
        built_in=capacity.built_in,
    )


def _ring(buckets: Buckets, over: float, now: float) -> Ring:
    """The buckets that say most of the last ``over`` seconds: minutes as long as there are too few
    hours to say anything of, since a first half hour of those is none at all.
    """
    ring = buckets.fitting(over)
    hours, minutes = (_length(one, over, now) for one in (ring, buckets.minutes))
    few = len(ring.points(now - over)[0]) < FEWEST
    return buckets.minutes if few and minutes >= min(hours, 0.95 * needed_for(over)) else ring


def _length(ring: Ring, over: float, now: float) -> float:
    """Seconds between the first and the last bucket of the last ``over`` seconds."""
    starts, _ = ring.points(now - over)
    return float(starts[-1] - starts[0]) if len(starts) else 0.0


def _reach(capacity: Capacity, value: float | None, limit: float | None, found: Trend) -> _Reach:
    if value is None or limit is None:
        return _Reach()
    left = value - limit if capacity.falling else limit - value
    if left <= 0:
        return _Reach(0.0, 0.0, 0.0)
    if found.way != ("shrinking" if capacity.falling else "growing"):
        return _Reach()
    rates = sorted(abs(one) for one in (found.low, found.rate, found.high))
    latest, seconds, soonest = (left / one if one else None for one in rates)
    if seconds is None or seconds > NEVER:
        return _Reach()
    return _Reach(seconds, soonest, latest)


def _status(capacity: Capacity, value: float | None, limit: float | None, reach: _Reach) -> Status:
    if value is None:
        return Status.UNKNOWN
    if limit is None or reach.seconds is None:
        return Status.OK
    for bound, status in (
        (capacity.critical, Status.CRITICAL),
        (capacity.warning, Status.WARNING),
    ):
        if bound is not None and reach.seconds <= bound:
            return status
    return Status.OK


def _sentence(
    unit: str, value: float | None, limit: float | None, found: Trend, reach: _Reach
) -> str:
    if value is None:
        return "no value"
    if reach.seconds == 0.0 and limit is not None:
        near = abs(value - limit) <= 0.01 * abs(limit)
        return f"{'at' if near else 'past'} its limit of {amount(limit, unit)}"
    if found.way not in ("growing", "shrinking"):
        return {
            "unknown": f"not enough history ({span(found.known)} of {span(found.needed)})",
            "unsteady": "no steady trend",
        }.get(found.way, "steady")
    rate = rate_text(found.rate, unit)
    if reach.seconds is None:
        return f"{found.way} by {rate}"
    between = ""
    if (
        reach.soonest is not None
        and reach.latest is not None
        and reach.latest > 1.5 * reach.soonest
    ):
        between = f" ({span(reach.soonest)} to {span(reach.latest)})"
    return f"reaches {amount(limit or 0.0, unit)} in {span(reach.seconds)}{between} at {rate}"
