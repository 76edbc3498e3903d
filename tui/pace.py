"""How often the screen takes a new picture, and with how much in it.

Over a narrow link every cell that changes is time that a key's answer waits behind: then a
picture is shown every five seconds, without curves, which move as a whole with each point.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from checks.views import Chart, CheckDetails, DatabaseView, RequestView, Snapshot

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
        self._thinned: dict[int, tuple[object, Any]] = {}
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
        """``picture`` with what there is room for on the link."""
        if not self.low:
            return picture
        before, self._thinned = self._thinned, {}

        def thin(view: Any) -> Any:
            known = before.get(id(view))
            made = known[1] if known and known[0] is view else _without_curves(view)
            self._thinned[id(view)] = (view, made)
            return made

        return replace(
            picture,
            checks=tuple(map(thin, picture.checks)),
            requests=tuple(map(thin, picture.requests)),
            queues=tuple(map(thin, picture.queues)),
            hosts=tuple(map(thin, picture.hosts)),
            databases=tuple(map(thin, picture.databases)),
            host=picture.host and thin(picture.host),
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


def _curves_of(kind: type) -> tuple[str, ...]:
    """The fields of the view ``kind`` that are curves."""
    return tuple(each.name for each in fields(kind) if each.type == "Points")


def _without_curves(view: Any) -> Any:
    """``view`` without anything that moves at each point."""
    from checks.views import DatabaseView, RequestView  # noqa: PLC0415 - for narrow links alone

    if isinstance(view, RequestView):
        return _quiet_requests(view)
    if isinstance(view, DatabaseView):
        return _quiet_database(view)
    return _bare(view)


def _bare(view: Any) -> Any:
    """``view`` without its curves and those of what it holds."""
    changes: dict[str, Any] = dict.fromkeys(_curves_of(type(view)), ())
    for each in fields(view):
        held = getattr(view, each.name)
        first = held[0] if isinstance(held, tuple) and held else held
        if is_dataclass(first) and _curves_of(type(first)):
            changes[each.name] = tuple(map(_bare, held)) if first is not held else _bare(held)
    return replace(view, **changes)


def _quiet_requests(view: RequestView) -> RequestView:
    stats = replace(view.stats, rates=(), error_ratios=(), p95s=())
    return replace(view, stats=stats, window=replace(view.window, curves=None))


def _quiet_database(view: DatabaseView) -> DatabaseView:
    # Its sessions and tables hold no curve and may be long.
    return replace(view, figures=tuple(map(_bare, view.figures)))
