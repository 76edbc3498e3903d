"""When a filesystem will be full, if it goes on as in the last hour."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set
from typing import Final

from checks.hosts.model import Outlook

__all__ = ["Forecast", "slope", "steady_slope"]


_NEVER: Final = 3650 * 86_400.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Change of the value a second, by least squares; 0 for fewer than two points in time."""
    if len(points) < 2:
        return 0.0
    middle = sum(time for time, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((time - middle) ** 2 for time, _ in points)
    if spread <= 0:
        return 0.0
    return sum((time - middle) * (value - mean) for time, value in points) / spread


def steady_slope(points: Sequence[tuple[float, float]]) -> float:
    """Change of the value a second as the median over all pairs of points (Theil and Sen).

    A log that is rotated, or a file of gigabytes that comes and goes, does not move it.
    """
    slopes = sorted(
        (after - before) / (late - early)
        for place, (early, before) in enumerate(points)
        for late, after in points[place + 1 :]
        if late > early
    )
    if not slopes:
        return 0.0
    middle = len(slopes) // 2
    return slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2


class Forecast:
    """Keeps a point a minute of the space left on each mount, for an hour."""

    SPAN: Final = 3600.0
    STEP: Final = 60.0
    LEAST: Final = 1800.0

    def __init__(self) -> None:
        self._points: dict[str, deque[tuple[float, float]]] = {}
        self._rates: dict[str, float] = {}

    def add(self, now: float, available: dict[str, float], silent: Set[str] = frozenset()) -> None:
        """Space left by mount, in bytes; a mount that is gone is forgotten, one that is ``silent``
        is not: it may go on filling."""
        for mount in self._points.keys() - available.keys() - silent:
            del self._points[mount], self._rates[mount]
        for mount, left in available.items():
            points = self._points.setdefault(mount, deque())
            if points and now - points[-1][0] < self.STEP:
                continue
            points.append((now, left))
            while now - points[0][0] > self.SPAN:
                points.popleft()
            self._rates[mount] = steady_slope(tuple(points))

    def full_in(self, mount: str, left: float) -> float | None:
        """Seconds until ``left`` bytes are used up; None where half an hour is not yet known,
        or where the space is not shrinking."""
        points = self._points.get(mount)
        if not points or points[-1][0] - points[0][0] < self.LEAST:
            return None
        rate = self._rates[mount]
        return left / -rate if rate < 0 else None

    def outlook(self, mount: str, left: float) -> Outlook:
        """Whether ``mount``, which has ``left`` bytes, fills, as far as that is known."""
        points = self._points.get(mount)
        known = points[-1][0] - points[0][0] if points else 0.0
        if known < self.LEAST:
            return Outlook("unknown", known=known, needed=self.LEAST)
        rate = self._rates[mount]
        seconds = self.full_in(mount, left)
        # Slower than a byte in ten years is nobody's trouble.
        if seconds is None or seconds > _NEVER:
            return Outlook("steady", None, -rate, known, self.LEAST)
        return Outlook("filling", seconds, -rate, known, self.LEAST)
