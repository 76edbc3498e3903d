"""Where a queue is going, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from checks.outlook import STEADY, seconds_to
from widgets import format as fmt

if TYPE_CHECKING:
    from checks.views import QueueView

__all__ = ["bound_ahead", "outlook", "outlook_sentence", "per_minute"]


_SOON: Final = 900.0
"""Seconds within which a bound that will be passed is written as if it were."""
_WHOLE: Final = 80
"""Cells that the longest words have room in."""


def bound_ahead(queue: QueueView) -> tuple[str, float, float] | None:
    """The next bound that a growing queue will pass: its name, its size, and in how many
    seconds.
    """
    for name, bound in (("warning", queue.warning), ("critical", queue.critical)):
        if bound is None or queue.size is None or queue.size > bound:
            continue
        seconds = seconds_to(queue, bound)
        if seconds is not None and (queue.growth or 0) > 0:
            return name, bound, seconds
    return None


def outlook(queue: QueueView, room: int = _WHOLE) -> tuple[str, str]:
    """Where it is going in a few words, and the role to write them in.

    Times have a second unit where there is ``room`` for it, in cells.
    """
    if queue.size is None or queue.growth is None:
        return fmt.DASH, "dim"
    if abs(queue.growth) < STEADY:
        return ("empty", "dim") if queue.size == 0 else ("steady", "label")
    if not queue.held:
        return ("shrinks", "label") if queue.growth < 0 else ("grows", "value")
    if queue.growth < 0:
        return _within("empty", seconds_to(queue, 0.0), room), "ok"
    ahead = bound_ahead(queue)
    if ahead is not None:
        name, _, seconds = ahead
        return _within(name, seconds, room), name if seconds < _SOON else "high"
    return "never empty", "high"


def _within(what: str, seconds: float | None, room: int) -> str:
    told = f"{what} in {fmt.until(seconds)}"
    return told if len(told) <= room else f"{what} in {fmt.coarse(seconds)}"


def outlook_sentence(queue: QueueView) -> str:
    """The same as a sentence that says what it rests on."""
    if queue.size is None:
        return "its size is not known"
    if queue.growth is None:
        return "not seen for long enough to say where it is going"
    if abs(queue.growth) < STEADY:
        return "neither grows nor shrinks"
    rate = f"{fmt.growth(queue.growth)} now"
    if not queue.held:
        return f"{rate}, but not for long enough to say where it leads"
    return f"{rate}: {_leads(queue)}"


def _leads(queue: QueueView) -> str:
    if queue.growth is not None and queue.growth < 0:
        return f"empty in {fmt.until(seconds_to(queue, 0.0))} at this rate"
    ahead = bound_ahead(queue)
    told = "never empty at this rate"
    if ahead is None:
        return told
    name, bound, seconds = ahead
    return f"{told}; past its {name} bound of {bound:,.0f} in {fmt.until(seconds)}"


def per_minute(value: float | None) -> str:
    """So many a minute, without a sign: ``38/min``."""
    return fmt.growth(value).lstrip("+±")
