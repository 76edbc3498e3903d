"""What a dashboard of an example shows while its checks run."""

from __future__ import annotations

import asyncio

from checks.dashboards.views import DashboardView, PanelView
from tests.examples.kit import Watch

__all__ = ["figures", "shown"]

_LOOKS = 400
_BETWEEN = 0.01


async def shown(watch: Watch, name: str) -> dict[str, PanelView]:
    """The panels of the dashboard ``name`` by their titles, once all of them are measured."""
    watch.engine.look_at_dashboard(name, 0, {})
    picture = watch.picture
    for _ in range(_LOOKS):
        if not watch.engine.looking.waiting:
            break
        await asyncio.sleep(_BETWEEN)
        picture = watch.picture
    view = picture.dashboard
    assert isinstance(view, DashboardView)
    assert not view.error, view.error
    return {panel.panel.title: panel for panel in view.panels}


def figures(panel: PanelView) -> dict[str, float]:
    """The values of a panel's series now, by their names."""
    return {series.name: series.value for series in panel.series}
