"""What panels and series are known by from picture to picture, so that each keeps its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.dashboards.model import PanelKind

if TYPE_CHECKING:
    from checks.dashboards.views import DashboardView, PanelView, SeriesView

__all__ = ["Steady", "panel_keys"]

_MOST: Final = 500
"""Series of a panel that are remembered."""
_BY_PLACE: Final = frozenset({PanelKind.CHART, PanelKind.NUMBER, PanelKind.GAUGE})
"""Kinds whose series are found again by where they stand, and by their letter."""


def panel_keys(view: DashboardView) -> list[str]:
    """What each panel is known by from view to view: its group, its title, and which of those
    with the same it is.
    """
    return _numbered([f"{one.panel.group}/{one.panel.title}" for one in view.panels])


def _numbered(names: Sequence[str]) -> list[str]:
    """``names``, each with how many there were of it so far."""
    seen: dict[str, int] = {}
    keys = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        keys.append(f"{name}/{seen[name]}")
    return keys


class Steady:
    """Has each series of a dashboard keep its place, though they are answered by their size: the
    letter of a curve would be another's as soon as the two cross.
    """

    def __init__(self) -> None:
        self._orders: dict[str, tuple[str, ...]] = {}
        self._panels: dict[str, tuple[PanelView, PanelView]] = {}
        self._last: tuple[DashboardView, DashboardView] | None = None

    def view(self, view: DashboardView) -> DashboardView:
        """``view`` with its series in the order that they had before; new ones come last."""
        last = self._last
        if last is not None and last[0] is view:
            return last[1]
        if last is not None and last[0].name != view.name:
            self._orders, self._panels = {}, {}
        pairs = zip(panel_keys(view), view.panels, strict=True)
        made = replace(view, panels=tuple(self._panel(key, one) for key, one in pairs))
        self._last = (view, made)
        return made

    def _panel(self, key: str, view: PanelView) -> PanelView:
        if view.panel.kind not in _BY_PLACE:
            return view
        known = self._panels.get(key)
        if known is None or known[0] is not view:
            known = (view, replace(view, series=self._ordered(key, view.series)))
            self._panels[key] = known
        return known[1]

    def _ordered(self, key: str, series: Sequence[SeriesView]) -> tuple[SeriesView, ...]:
        names = _numbered([one.name for one in series])
        # One that is away for a moment has its place again.
        order = tuple(dict.fromkeys((*self._orders.get(key, ()), *names)))[:_MOST]
        self._orders[key] = order
        places = {name: place for place, name in enumerate(order)}
        found = sorted(zip(names, series, strict=True), key=lambda one: places.get(one[0], _MOST))
        return tuple(one for _, one in found)
