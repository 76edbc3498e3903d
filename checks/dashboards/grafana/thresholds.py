"""Thresholds as the several versions of Grafana write them, as ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.dashboards.grafana.colours import status_of
from checks.dashboards.grafana.node import Node
from checks.dashboards.model import Threshold
from checks.model import Status

__all__ = ["of_graph", "of_singlestat", "of_steps"]

_SEVERITY = {Status.OK: 0, Status.WARNING: 1, Status.CRITICAL: 2}
_Step = tuple[float | None, Status]
"""From where on, None from the beginning; and what holds from there."""


def of_steps(thresholds: Node, low: float | None, high: float | None) -> tuple[Threshold, ...]:
    """Of ``{mode, steps: [{color, value}]}``; percentages are of what is from ``low`` to ``high``,
    or of 100 where nobody says how far it goes."""
    percentage = thresholds["mode"].text == "percentage"
    first, last = (0.0 if low is None else low), (100.0 if high is None else high)
    steps: list[_Step] = []
    for step in thresholds.objects("steps"):
        value = step["value"].number
        if value is not None and percentage:
            value = first + (last - first) * value / 100
        steps.append((value, status_of(step["color"].text)))
    return tuple(_from_steps(steps))


def of_singlestat(panel: Node) -> tuple[Threshold, ...]:
    """Of ``thresholds: "60,80"`` with three ``colors``, where these are shown at all."""
    gauge = panel["gauge"]["show"].flag
    if not (panel["colorValue"].flag or panel["colorBackground"].flag or gauge):
        return ()
    bounds = [Node(one.strip()).number for one in panel["thresholds"].text.split(",")]
    colours = panel["colors"].texts
    known = [one for one in bounds if one is not None]
    starts: list[float | None] = [None, *known]
    return tuple(
        _from_steps(
            [(start, status_of(each)) for start, each in zip(starts, colours, strict=False)]
        )
    )


def of_graph(panel: Node) -> tuple[Threshold, ...]:
    """Of the old graph's ``thresholds: [{op, value, colorMode}]``."""
    made = []
    words = {"critical": Status.CRITICAL, "warning": Status.WARNING, "ok": Status.OK}
    for one in panel.objects("thresholds") if isinstance(panel["thresholds"].data, list) else ():
        value, mode = one["value"].number, one["colorMode"].text
        status = words.get(mode) or status_of(one["fillColor"].text or one["lineColor"].text)
        if value is not None and status is not Status.OK:
            made.append(Threshold(value, status, falling=one["op"].text == "lt"))
    return tuple(made)


def _from_steps(steps: Sequence[_Step]) -> Iterator[Threshold]:
    """What is best is in the middle: what comes before it is too low, what after it too high."""
    if not steps:
        return
    best = min(range(len(steps)), key=lambda at: _SEVERITY[steps[at][1]])
    for at, (start, status) in enumerate(steps):
        if status is Status.OK:
            continue
        if at < best:
            following = steps[at + 1][0]
            if following is not None:
                yield Threshold(following, status, falling=True)
        elif start is not None:
            yield Threshold(start, status)
