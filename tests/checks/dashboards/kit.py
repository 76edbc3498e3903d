"""Stores, dashboards and looks for the tests of dashboards."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from checks.config import EngineConfig
from checks.dashboards.grafana.reading import dashboard_of
from checks.dashboards.model import Dashboard, Panel, PanelKind, Query, Variable
from checks.dashboards.single_look import Wanted, look_at_samples
from checks.dashboards.views import DashboardView, PanelView
from checks.model import Samples, Series
from checks.store.store import Store

__all__ = [
    "NOW",
    "board",
    "counter",
    "looked_at",
    "looked_at_of",
    "panel",
    "seed_dashboards",
    "shown",
    "store_of",
]

NOW = 1_700_000_000.0
SEEDS = Path(__file__).parents[4] / "shared" / "seeds"


def store_of(*rows: Mapping[str, Sequence[float]], step: float = 5.0) -> Store:
    """A store with a check for each of ``rows``: what series had every ``step`` seconds until
    :data:`NOW`, by their names as PromQL writes them."""
    store = Store(1e9)
    for number, series in enumerate(rows):
        length = len(next(iter(series.values())))
        names = tuple(_series(text) for text in series)
        for at in range(length):
            values = tuple(float(each[at]) for each in series.values())
            when = NOW - (length - 1 - at) * step
            store.append(f"check {number}", step, when, Samples(names, values))
    return store


def counter(rate: float, start: float = 0.0) -> list[float]:
    """Seven minutes of a counter that gains ``rate`` a second, five seconds apart."""
    return [start + 5 * rate * at for at in range(84)]


def _series(text: str) -> Series:
    name, _, rest = text.partition("{")
    return Series.of(name, dict(re.findall(r'(\w+)="([^"]*)"', rest)))


def panel(expr: str = "", kind: PanelKind = PanelKind.CHART, **more: object) -> Panel:
    """A panel with one expression."""
    given = {"title": "it", "kind": kind, "queries": (Query(expr),), **more}
    return Panel(**given)  # type: ignore[arg-type]


def board(*panels: Panel, variables: Sequence[Variable] = ()) -> Dashboard:
    return Dashboard("board", "Board", panels, tuple(variables))


def looked_at(
    dashboard: Dashboard, store: Store, span: float = 600.0, **chosen: str | tuple[str, ...]
) -> DashboardView:
    """What ``dashboard`` shows of ``store`` at :data:`NOW`."""
    values = {name: (one,) if isinstance(one, str) else one for name, one in chosen.items()}
    config = EngineConfig((), dashboards=(dashboard,))
    return look_at_samples(config, Wanted(dashboard.name, span, values), store, NOW)


def looked_at_of(dashboard: Dashboard, store: Store, now: float) -> DashboardView:
    """What ``dashboard`` shows of ``store`` at ``now``, ten minutes back."""
    config = EngineConfig((), dashboards=(dashboard,))
    return look_at_samples(config, Wanted(dashboard.name, 600.0, {}), store, now)


def shown(one: Panel, store: Store, **more: object) -> PanelView:
    """What a panel alone shows."""
    return looked_at(board(one), store, **more).panels[0]  # type: ignore[arg-type]


def seed_dashboards(guide: str) -> list[Dashboard]:
    """The dashboards in the guide of that name, as they stand there."""
    path = SEEDS / f"{guide}.md"
    if not path.exists():
        told = "the projects' own guides are not here"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(told)
    blocks = re.findall(r"```json\n(.*?)```", path.read_text(), re.DOTALL)
    return [dashboard_of(one, guide, f"{guide}.json") for one in blocks if '"panels"' in one]
