"""How often the screen takes a new picture, and with how much in it.

Over a narrow link every cell that changes is time that a key's answer waits behind: then a
picture is shown every five seconds, and panes draw no curves, which move as a whole with each
point.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.views import Chart, CheckDetails, Snapshot

__all__ = ["EVERY", "LABEL", "Pace"]

EVERY: Final = 5.0
"""Seconds between two pictures on a narrow link."""
LABEL: Final = "every 5 s"
"""What the header says instead of live."""
_EARLY: Final = 0.5
"""Seconds by which a picture may come early: they come once a second, not to the moment."""
_EXPECTED: Final = 2.5
"""Seconds within which the source answers what it was asked for."""
_CHART: Final = 60.0
"""Seconds that a large chart stands still."""


class Pace:
    """Chooses the pictures that are shown. ``low`` is whether the link is narrow."""

    def __init__(self, *, low: bool = False) -> None:
        self.low = low
        self._shown_at = float("-inf")
        self._expected_until = float("-inf")
        self._charts: dict[tuple[str, str], tuple[float, Chart]] = {}

    def expect(self, now: float) -> None:
        """The user has asked for something: the next pictures are shown as they come."""
        self._expected_until = now + _EXPECTED

    def due(self, now: float) -> bool:
        """Whether a picture that comes ``now`` is to be shown."""
        due = now - self._shown_at >= EVERY - _EARLY or now <= self._expected_until
        if not self.low or due:
            self._shown_at = now
            return True
        return False

    def fitted(self, picture: Snapshot, now: float) -> Snapshot:
        """``picture`` as it is shown on the link: at a pace that the header tells."""
        if not self.low:
            return picture
        return replace(
            picture,
            details=picture.details and self._still(picture.details, now),
            source=LABEL if picture.source == "live" else picture.source,
        )

    def _still(self, details: CheckDetails, now: float) -> CheckDetails:
        """``details`` with charts that are drawn anew once a minute."""
        before, self._charts = self._charts, {}
        for chart in details.charts:
            key = (details.check, chart.title)
            drawn_at, drawn = before.get(key, (float("-inf"), chart))
            kept = (drawn_at, drawn) if now - drawn_at < _CHART and drawn.times else (now, chart)
            self._charts[key] = kept
        return replace(details, charts=tuple(chart for _, chart in self._charts.values()))
