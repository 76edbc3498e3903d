"""Queues, from whatever tells of them: their figures over a window, and where they are going.

What counts as a figure of a queue is said in :mod:`checks.queue_names`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from checks.growth import growth, reach
from checks.model import Status, worst
from checks.outlook import LEAST_COURSE
from checks.queue_names import METRICS, NAMES
from checks.store.block import Floats, Times
from checks.store.window import Window
from checks.views import CheckView, Points, QueueTraits, QueueView

__all__ = ["COURSE", "queue_views", "tells_of_queues"]

POINTS: Final = 120
"""Points of a short history."""
COURSE: Final = 360
"""Points of the long one, which reaches over the window or :data:`LEAST_COURSE`."""
MOST_COURSES: Final = 100
"""Queues of one check beyond which none has a long history."""

_IN: Final = ("queue_enqueued_total", "queue")
_OUT: Final = ("queue_processed_total", "queue")
_TELLING: Final = tuple(
    name for what in ("size", "processing", "failed") for name, _ in NAMES[what]
)
_NO_AGE: Final = (
    "no metric tells the age of its oldest item: queue_oldest_seconds{queue}, of a query say, would"
)


def tells_of_queues(window: Window) -> bool:
    """Whether the check of ``window`` has any samples of queues."""
    store = window.store
    block = store.block(window.check)
    # Of a thousand checks, each every second, hardly one: most of them end at the name.
    return block is not None and any(store.has(n) and block in store.chosen(n) for n in _TELLING)


def queue_views(check: CheckView, window: Window) -> tuple[QueueView, ...]:
    """The queues of one check, in the order its samples have them.

    A queue that could be read within the window, or is configured, stays with its figures
    unknown while it cannot be read.
    """
    told = {what: _figures(check, window, what) for what in NAMES}
    sizes = told["size"]
    seen = [name or check.name for metric, by in NAMES["size"] for name in window.seen(metric, by)]
    known = [*sizes, *told["processing"], *told["failed"], *seen, *check.queues]
    names = tuple(dict.fromkeys(known))
    told |= {"arriving": _minutely(check, window, *_IN), "leaving": _minutely(check, window, *_OUT)}
    long = len(names) <= MOST_COURSES
    past = _Past(check, window, long=long)
    statuses: dict[str, list[Status]] = {}
    for part in check.parts:
        statuses.setdefault(part.name, []).append(part.status)
    return tuple(_view(check, past, name, told, statuses) for name in names)


class _Past:
    """The sizes of all queues of a check over as long as its views go back, read once."""

    def __init__(self, check: CheckView, window: Window, *, long: bool) -> None:
        block = window.store.block(window.check)
        self.interval = block.interval if block is not None else 0.0
        self.end = window.end
        self.step = max(window.seconds, LEAST_COURSE) / COURSE
        self.long = long
        spans = [self.interval * (POINTS + 2), reach(self.interval)]
        spans += [self.step * COURSE] if long else []
        self._lines: dict[str, tuple[str, Times, Floats]] = {}
        for metric, by in NAMES["size"]:
            times, lines = window.lines(metric, by, max(spans))
            # What has no label is the queue of the check's own name, unless another has that.
            for name in sorted(lines, key=lambda name: not name):
                self._lines.setdefault(name or check.name, (metric, times, lines[name]))

    def metric(self, queue: str) -> str:
        """The one that tells its size."""
        return self._lines[queue][0] if queue in self._lines else NAMES["size"][0][0]

    def sizes(self, queue: str, seconds: float) -> tuple[Floats, Floats]:
        """When its size was looked at within the last ``seconds`` (seconds since 1970), and what
        it was; NaN where it was not told.
        """
        if queue not in self._lines:
            return np.empty(0), np.empty(0)
        _, times, line = self._lines[queue]
        first = int(np.searchsorted(times, round((self.end - seconds) * 1000), side="right"))
        return times[first:] / 1000.0, line[first:]


def _view(
    check: CheckView,
    past: _Past,
    name: str,
    told: Mapping[str, Mapping[str, float]],
    statuses: Mapping[str, list[Status]],
) -> QueueView:
    """One queue of what is ``told``: figures by queue by what they are."""
    traits = _traits(check, name, past.metric(name))
    seen = name in told["size"]
    # What several queues have under way may be told by itself, without a size.
    read = seen or name in told["processing"] or name in told["failed"]
    # Of the last minute, whichever window is chosen.
    going = growth(*past.sizes(name, reach(past.interval))) if seen else None
    oldest = told["oldest"].get(name)
    _, lately = past.sizes(name, past.interval * (POINTS + 2))
    return QueueView(
        check=check.name,
        name=name,
        size=told["size"].get(name),
        processing=told["processing"].get(name),
        failed=told["failed"].get(name),
        growth=None if going is None else going.rate * 60.0,
        history=tuple(lately[-POINTS:].tolist()),
        status=_judged(check, name, statuses) if read else _unseen(check),
        delayed=told["delayed"].get(name),
        oldest=oldest,
        ageless="" if oldest is not None else traits.ageless or _NO_AGE,
        workers=told["workers"].get(name),
        arriving=told["arriving"].get(name),
        leaving=told["leaving"].get(name),
        warning=traits.warning,
        critical=traits.critical,
        course=_course(past, name) if past.long else (),
        course_step=past.step,
        course_last=math.floor(past.end / past.step),
        held=going is not None and going.held,
    )


def _traits(check: CheckView, name: str, metric: str) -> QueueTraits:
    """What is known of the queue, by its own name or as one of all whose size ``metric`` is."""
    traits = check.queue_traits
    own = next((one for one in traits if one.name == name), None)
    of_all = (one for one in traits if one.metric == metric)
    return own or next(of_all, QueueTraits(name))


def _judged(check: CheckView, name: str, statuses: Mapping[str, list[Status]]) -> Status:
    """What its row among the check's parts says, and the rows of queries that tell of it:
    ``queue mail``, ``query queue_size mail``.
    """
    own = {f"queue {name}", *(f"query {metric} {name}" for metric in METRICS)}
    if name == check.name:
        own |= {f"query {metric}" for metric in METRICS}
    return worst(status for one in own for status in statuses.get(one, ()))


def _figures(check: CheckView, window: Window, what: str) -> dict[str, float]:
    """Newest values by queue; what has no label is the queue of the check's own name."""
    found: dict[str, float] = {}
    for metric, by in NAMES[what]:
        for name, value in window.last_by(metric, by).items():
            found.setdefault(name or check.name, value)
    return found


def _minutely(check: CheckView, window: Window, metric: str, by: str) -> dict[str, float]:
    """Items a minute by queue, of a counter."""
    return {name or check.name: rate * 60.0 for name, rate in window.rates(metric, by).items()}


def _course(past: _Past, queue: str) -> Points:
    """Means of a step each up to the window's end, cut at multiples of the step."""
    step = past.step
    times, sizes = past.sizes(queue, step * COURSE)
    known = np.isfinite(sizes)
    if not known.any():
        return ()
    # Rows' times are whole milliseconds, which the end may lie half a one before.
    steps = np.minimum(0.0, np.floor(times[known] / step) - math.floor(past.end / step))
    places = steps.astype(int)
    inside = places > -COURSE
    at = places[inside] + COURSE - 1
    counts = np.bincount(at, minlength=COURSE)
    sums = np.bincount(at, weights=sizes[known][inside], minlength=COURSE)
    means = np.full(COURSE, math.nan)
    means[counts > 0] = sums[counts > 0] / counts[counts > 0]
    return tuple(_bridged(means, max(1, math.ceil(2.5 * past.interval / step))).tolist())


def _bridged(means: Floats, most: int) -> Floats:
    """``means`` without the holes that are there only because runs are further apart."""
    known = np.isfinite(means)
    if known.all() or not known.any():
        return means
    places = np.arange(len(means))
    last = np.maximum.accumulate(np.where(known, places, -1))
    following = np.minimum.accumulate(np.where(known, places, len(means))[::-1])[::-1]
    near = (~known) & (last >= 0) & (following < len(means)) & (following - last <= most)
    filled = means.copy()
    filled[near] = means[last[near]]
    return filled


def _unseen(check: CheckView) -> Status:
    return Status.UNKNOWN if check.status is Status.OK else check.status
