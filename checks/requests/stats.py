"""What a request log or request counter says, ready for the panes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["WINDOWS", "BreakdownRow", "RequestStats", "WindowStats"]

WINDOWS: Final = (60.0, 300.0, 900.0, 3600.0)
"""The windows that figures are given for, in seconds."""


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """One value of a breakdown label within a window.

    ``share`` is of all requests, 0 to 1; ``error_ratio`` of this value's own; ``p95`` in
    seconds, None where no duration is known.
    """

    value: str
    count: int
    share: float
    error_ratio: float
    p95: float | None


@dataclass(frozen=True, slots=True, eq=False)
class WindowStats:
    """Rate, errors and duration over the last ``seconds``.

    ``covered`` is how many of these seconds the source could be read for (less right
    after the start). ``rate`` is requests a second over the window's time steps up to now,
    as far as they are covered. Ratios are 0 to 1
    and None without requests; durations are seconds and None where none is known.
    ``by_class`` holds ``("2xx", n)`` and so on, classes that occur only.
    ``breakdown`` maps a label's name to its values, most requests first, capped.
    """

    seconds: float
    covered: float
    count: int
    rate: float
    errors: int
    error_ratio: float | None
    by_class: tuple[tuple[str, int], ...]
    minimum: float | None
    mean: float | None
    maximum: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    breakdown: tuple[tuple[str, tuple[BreakdownRow, ...]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class RequestStats:
    """All windows at time ``at``, and histories of one point each ``step`` seconds.

    Histories are oldest first and NaN where nothing is known: ``rates`` in requests a
    second, ``error_ratios`` 0 to 1, ``p95s`` in seconds. ``note`` says what limits the
    figures (still back-filling, clock differs), empty where nothing does.
    """

    at: float
    windows: tuple[WindowStats, ...]
    step: float
    rates: tuple[float, ...]
    error_ratios: tuple[float, ...]
    p95s: tuple[float, ...]
    note: str = ""

    def window(self, seconds: float) -> WindowStats:
        """The figures for the window of ``seconds``; the nearest there is."""
        return min(self.windows, key=lambda w: abs(w.seconds - seconds))
