"""A dashboard that somebody looks at: its panels evaluated again and again, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.dashboards.views import DashboardView, PanelView

if TYPE_CHECKING:
    from checks.dashboards.model import Dashboard
    from checks.probe import ProbeEnv
    from checks.state import CheckState
    from checks.store.store import Store

__all__ = ["LONGEST", "StandingDashboard"]

LONGEST: Final = 86_400.0
"""Seconds that a dashboard goes back at most."""


class StandingDashboard:
    """The one of ``dashboards`` called ``name``, over ``span`` seconds (its own where 0)."""

    def __init__(
        self,
        dashboards: Sequence[Dashboard],
        name: str,
        span: float,
        chosen: Mapping[str, tuple[str, ...]],
        *,
        env: ProbeEnv,
        publish: Callable[[], None],
    ) -> None:
        self._env = env
        self._publish = publish
        self._dashboard = next((one for one in dashboards if one.name == name), None)
        own = self._dashboard.span if self._dashboard else 0.0
        self._view = DashboardView(
            name,
            self._dashboard.title if self._dashboard else name,
            at=0.0,
            span=min(max(span or own, 1.0), LONGEST),
            panels=tuple(map(PanelView, self._dashboard.panels)) if self._dashboard else (),
            chosen=chosen,
            error="" if self._dashboard else f"there is no dashboard {name} any more",
        )

    def view(self, store: Store, states: Mapping[str, CheckState], now: float) -> DashboardView:
        """The dashboard as of ``now``."""
        del store, states
        self._view = replace(self._view, at=now)
        return self._view

    def close(self) -> None:
        """End what it asks databases."""
