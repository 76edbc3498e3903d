"""What a dashboard's panel shows, in a form that is easily compared."""

from __future__ import annotations

from checks.dashboards.views import PanelView

__all__ = ["figures"]


def figures(panel: PanelView) -> dict[str, float]:
    """The values of a panel's series now, by their names."""
    return {series.name: series.value for series in panel.series}
