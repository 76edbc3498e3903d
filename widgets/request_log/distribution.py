"""How durations are distributed: a bar for each range, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from math import floor, log10
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.empty import note
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.words import no_durations, ratio_role
from widgets.text import Line, Seg, line, right

if TYPE_CHECKING:
    from checks.requests.stats import Bucket, WindowStats
    from checks.views import RequestView

__all__ = ["DistributionPane", "distribution_lines", "merged"]

_STEPS: Final = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0))
"""Where ranges begin within a power of ten: as fine as there are, and as coarse as is shown."""
_RANGE: Final = 14
_MARKS: Final = 12


def merged(buckets: Sequence[Bucket], steps: Sequence[float]) -> list[Bucket]:
    """``buckets`` put together so that they begin at ``steps`` of a power of ten alone."""

    def begin(bucket: Bucket) -> float:
        if bucket.low <= 0:
            return 0.0
        power = 10.0 ** floor(log10(bucket.low) + 1e-9)
        step = max(s for s in steps if s * power <= bucket.low * (1 + 1e-9))
        return round(step * power, 9)

    return [_together(list(group)) for _, group in groupby(buckets, begin)]


def _fitting(buckets: Sequence[Bucket], height: int) -> list[Bucket]:
    """In ranges as fine as there are lines for; what lies at the ends is put together."""
    for steps in _STEPS:
        made = merged(buckets, steps)
        if len(made) <= height:
            return made
    while len(made) > max(3, height):
        fast, slow = made[0].count + made[1].count, made[-2].count + made[-1].count
        # Who is fast is of less interest.
        place = 0 if fast <= 4 * slow else len(made) - 2
        made[place : place + 2] = [_together(made[place : place + 2])]
    return made


def _together(buckets: Sequence[Bucket]) -> Bucket:
    return replace(
        buckets[0],
        high=buckets[-1].high,
        count=sum(bucket.count for bucket in buckets),
        errors=sum(bucket.errors for bucket in buckets),
    )


def _range(bucket: Bucket) -> str:
    """``10–20 ms``; the unit once where both ends have it."""
    low, high = fmt.duration(bucket.low), fmt.duration(bucket.high)
    number, _, unit = low.partition(" ")
    same = unit == high.partition(" ")[2] or bucket.low <= 0
    return f"{number}–{high}" if same else f"{low}–{high}"


def _percentiles(bucket: Bucket, window: WindowStats) -> str:
    """The percentiles that lie in ``bucket``."""
    named = (("p50", window.p50), ("p95", window.p95), ("p99", window.p99))
    inside = [name for name, v in named if v is not None and bucket.low < v <= bucket.high]
    return " ".join(inside)


def distribution_lines(view: RequestView, frame: Frame) -> tuple[list[Line], list[Line]]:
    """The names of the columns, and a line for each range; of its bar, what failed is drawn
    in another colour.
    """
    window = view.window
    if "duration" not in view.stats.columns:
        return [], note(no_durations(view), frame.width)
    if not window.buckets:
        return [], note("no request with a duration in this time", frame.width)
    buckets = _fitting(window.buckets, frame.height - 1)
    total = sum(bucket.count for bucket in buckets)
    most = max(bucket.count for bucket in buckets)
    room = max(0, frame.width - 1 - _RANGE - 8 - 8 - 2 - _MARKS)
    lines = [
        line(
            Seg(f" {right(_range(bucket), _RANGE)}", "label"),
            *aligned(fmt.percent(bucket.count / total), 8),
            *_failed(bucket),
            Seg("  "),
            *_bar(bucket, most, room, frame),
            Seg(f" {_percentiles(bucket, window)}", "key"),
        )
        for bucket in buckets
    ]
    head = f" {right('took', _RANGE)}{right('share', 8)}{right('failed', 8)}"
    return [line(Seg(head, "dim"))], lines


def _bar(bucket: Bucket, most: int, room: int, frame: Frame) -> list[Seg]:
    full = round(bucket.count / most * room)
    full = max(full, 1) if bucket.count and room else full
    bad = round(full * bucket.errors / bucket.count) if bucket.count else 0
    bad = max(bad, 1) if bucket.errors and full > 1 else bad
    glyphs = frame.glyphs
    return [
        Seg(glyphs.full * (full - bad), "spark"),
        Seg(glyphs.full * bad, "critical"),
        Seg(" " * (room - full)),
    ]


def _failed(bucket: Bucket) -> list[Seg]:
    if not bucket.errors:
        return [Seg(" " * 8)]
    ratio = bucket.errors / bucket.count
    return aligned(fmt.percent(ratio), 8, ratio_role(ratio))


class DistributionPane(RequestLogPane):
    """How many requests took how long."""

    title = "Distribution"

    def summary(self, view: RequestView) -> Sequence[Seg]:
        window = view.window
        timed = sum(bucket.count for bucket in window.buckets)
        missing = window.count - timed
        if not timed:
            return ()
        told = [f"{fmt.count(missing)} without a duration"] if missing else []
        failed = any(bucket.errors for bucket in window.buckets)
        if view.stats.counted and window.errors and not failed:
            told.append("which of them failed is not known")
        if self.size.height == 1:
            most = max(merged(window.buckets, _STEPS[1]), key=lambda bucket: bucket.count)
            told.insert(0, f"{fmt.percent(most.count / timed)} in {_range(most)}")
        return [Seg(", ".join(told), "dim")] if told else ()

    def needs(self, view: RequestView) -> int:
        return max(1, len(merged(view.window.buckets, _STEPS[1]))) + 1

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        heads, lines = distribution_lines(view, frame)
        self.pin(*heads)
        return lines
