"""Dashboards made by hand: a gateway's night with every kind of panel, and what is wrong there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from checks.dashboards.model import Panel, PanelKind, Query, Threshold
from checks.dashboards.views import (
    DashboardName,
    DashboardView,
    PanelView,
    SeriesView,
    VariableView,
)
from checks.model import Status, Table
from checks.views import Snapshot
from tests.widgets.curves import NOW
from tests.widgets.sample_services import service_night

__all__ = [
    "NAMES",
    "boards",
    "course",
    "dashboard_night",
    "gateway",
    "later",
    "panel",
    "panel_view",
    "readable",
    "series",
]

STEP = 30.0
COUNT = 121
TIMES = tuple(NOW - STEP * (COUNT - 1 - i) for i in range(COUNT))
NAMES = (
    DashboardName("gateway", "AI gateway", "onwatch.yaml:40"),
    DashboardName("database", "MySQL", "grafana/mysql.json"),
)
HIGH = (Threshold(0.01, Status.WARNING), Threshold(0.05, Status.CRITICAL))
SLOW = (Threshold(1.0, Status.WARNING), Threshold(2.0, Status.CRITICAL))
FULL = (Threshold(80.0, Status.WARNING), Threshold(90.0, Status.CRITICAL))


def course(
    base: float, swing: float, *, phase: float = 0.0, gap: Sequence[int] = (), end: float = 0.0
) -> tuple[float, ...]:
    """A wave around ``base`` that rises by ``end`` over its last third; ``gap`` is not known."""

    def at(i: int) -> float:
        late = max(0.0, (i - COUNT * 2 / 3) / (COUNT / 3))
        noise = math.sin(i * 1.7 + phase) * 0.25 + math.sin(i * 0.53 + phase * 3) * 0.2
        return base + swing * (math.sin(i / 14 + phase) + noise) + end * late

    return tuple(math.nan if i in gap else max(0.0, at(i)) for i in range(COUNT))


def status_of(value: float, thresholds: Sequence[Threshold]) -> Status | None:
    if not thresholds or math.isnan(value):
        return None
    past = [
        one.status
        for one in thresholds
        if (value < one.value if one.falling else value >= one.value)
    ]
    return max(past, key=lambda status: status.severity, default=Status.OK)


def series(
    name: str, points: Sequence[float] | float, thresholds: Sequence[Threshold] = ()
) -> SeriesView:
    """A series with a course, or one that is asked for now alone."""
    whole = (points,) if isinstance(points, float) else tuple(points)
    value = whole[-1]
    kept = () if isinstance(points, float) else whole
    return SeriesView(name, value, status_of(value, thresholds), kept)


def panel(title: str, kind: PanelKind, **more: object) -> Panel:
    queries = (Query(expr=f"sum(rate({title.replace(' ', '_').lower()}_total[5m]))"),)
    return replace(Panel(title, kind, queries), **more)  # type: ignore[arg-type]


def panel_view(made: Panel, *each: SeriesView, **more: object) -> PanelView:
    times = TIMES if any(one.points for one in each) else ()
    return replace(PanelView(made, times, each, total=len(each)), **more)  # type: ignore[arg-type]


def _figures() -> list[PanelView]:
    def number(title: str, x: int, unit: str, one: SeriesView, **more: object) -> PanelView:
        made = panel(title, PanelKind.NUMBER, unit=unit, place=(x, 0, 4, 4), **more)
        return panel_view(made, one)

    used = panel(
        "Connections used",
        PanelKind.GAUGE,
        unit="%",
        place=(20, 0, 4, 4),
        thresholds=FULL,
        low=0.0,
        high=100.0,
    )
    return [
        number("Requests", 0, "/s", series("", course(118, 21, end=40))),
        number("Errors", 4, "ratio", series("", course(0.004, 0.002, end=0.058), HIGH),
               thresholds=HIGH),
        number("p95 latency", 8, "s", series("", course(0.62, 0.1, end=0.7), SLOW),
               thresholds=SLOW),
        number("Cache hits", 12, "%", series("", course(91, 2, end=-4)), decimals=1),
        number("Tokens", 16, "tokens", series("", course(812_400, 9_000))),
        panel_view(used, series("", course(71, 6, end=26), FULL)),
    ]  # fmt: skip


def _curves() -> list[PanelView]:
    requests = panel("Requests by provider", PanelKind.CHART, unit="/s", place=(0, 4, 12, 8))
    latency = panel("Latency", PanelKind.CHART, unit="s", place=(12, 4, 12, 8), thresholds=SLOW)
    errors = panel("Error rate", PanelKind.CHART, unit="ratio", place=(0, 12, 8, 7),
                   thresholds=HIGH)  # fmt: skip
    share = panel("Tokens by model", PanelKind.BARS, place=(8, 12, 8, 7))
    slow = panel("Slowest requests", PanelKind.TABLE, place=(16, 12, 8, 7))
    table = Table(
        "Slowest requests",
        ("model", "route", "took"),
        (
            ("gpt-4o", "/v1/chat/completions", "4.2 s"),
            ("claude-3-opus", "/v1/messages", "3.9 s"),
            ("gpt-4o", "/v1/embeddings", "2.7 s"),
            ("深い検索", "/v1/search", "1.1 s"),
        ),
        frozenset({"took"}),
    )
    return [
        panel_view(
            requests,
            series("openai", course(61, 12)),
            series("anthropic", course(32, 8, phase=1.0)),
            series("gemini", course(18, 4, phase=2.1, gap=range(60, 75))),
            series("ローカル", course(6, 2, phase=3.0)),
        ),
        panel_view(
            latency,
            series("p50", course(0.18, 0.03)),
            series("p95", course(0.62, 0.1, end=0.7), SLOW),
            series("p99", course(1.1, 0.2, end=1.2), SLOW),
        ),
        panel_view(errors, series("all", course(0.004, 0.002, end=0.058), HIGH)),
        panel_view(
            share,
            series("gpt-4o", 412_000.0),
            series("claude-3-opus", 301_500.0),
            series("gemini-1.5-pro", 77_200.0),
            series("mistral-large", 18_100.0),
            series("llama-3-70b (local)", 3_600.0),
        ),
        panel_view(slow, table=table),
    ]


def _infrastructure() -> list[PanelView]:
    group = "Infrastructure"
    memory = panel("Memory", PanelKind.CHART, unit="B", place=(0, 20, 8, 7), group=group)
    hits = panel("Redis hits", PanelKind.CHART, unit="/s", place=(8, 20, 8, 7), group=group)
    disks = panel(
        "Disks", PanelKind.GAUGE, unit="ratio", place=(16, 20, 8, 4), group=group,
        thresholds=(Threshold(0.8, Status.WARNING), Threshold(0.9, Status.CRITICAL)),
    )  # fmt: skip
    told = panel("On call", PanelKind.TEXT, place=(16, 24, 4, 3), group=group,
                 text="**Gateway**: see runbook `gateway-down`")  # fmt: skip
    traces = panel("Traces", PanelKind.CHART, place=(20, 24, 4, 3), group=group,
                   unshown="its data source is Tempo, which onwatch does not ask")  # fmt: skip
    missing = (
        "redis_keyspace_hits_total is brought by nothing: give a redis check, "
        "or a metrics check of its exporter"
    )
    return [
        panel_view(
            memory,
            series("gateway", course(1.9e9, 2e7, end=4e8)),
            series("worker", course(7.1e8, 4e7, phase=2)),
        ),
        panel_view(hits, error=missing),
        panel_view(
            disks,
            series("/", 0.41, disks.thresholds),
            series("/var", 0.93, disks.thresholds),
            series("/var/lib/mysql", 0.84, disks.thresholds),
        ),
        panel_view(told),
        panel_view(traces),
    ]


def gateway(**more: object) -> DashboardView:
    """Sixteen panels in Grafana's grid, of every kind; some cannot be shown."""
    made = DashboardView(
        "gateway",
        "AI gateway",
        NOW,
        3600.0,
        (*_figures(), *_curves(), *_infrastructure()),
        variables=(
            VariableView(
                "provider", "provider", ("openai", "anthropic", "gemini", "ローカル"), ("All",),
                multi=True, offers_all=True,
            ),
            VariableView("instance", "", ("gw-1:9090", "gw-2:9090"), ("gw-1:9090",)),
        ),
        notes=("Traces: its data source is Tempo, which onwatch does not ask",),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def readable(view: DashboardView) -> DashboardView:
    """``view`` without names in characters that few fonts have."""

    def plain(one: PanelView) -> PanelView:
        series = tuple(replace(s, name=s.name if s.name.isascii() else "local") for s in one.series)
        rows = tuple(row for row in one.table.rows if row[0].isascii()) if one.table else ()
        table = replace(one.table, rows=rows) if one.table else None
        return replace(one, series=series, table=table)

    return replace(view, panels=tuple(map(plain, view.panels)))


def database(**more: object) -> DashboardView:
    """Panels without places, as the configuration gives them."""
    made = DashboardView(
        "database",
        "MySQL",
        NOW,
        3600.0,
        (
            panel_view(panel("Uptime", PanelKind.NUMBER, unit="s"), series("", 1_203_441.0)),
            panel_view(panel("Queries", PanelKind.NUMBER, unit="/s"), series("", course(840, 90))),
            panel_view(
                panel("Queries by command", PanelKind.CHART, unit="/s"),
                series("select", course(610, 70)),
                series("insert", course(140, 30, phase=1)),
            ),
            panel_view(panel("Threads", PanelKind.CHART), series("running", course(7, 3, phase=2))),
        ),
    )
    return replace(made, **more)  # type: ignore[arg-type]


boards: Mapping[str, Callable[..., DashboardView]] = {"gateway": gateway, "database": database}


def later(view: DashboardView | None, seconds: float = 5.0) -> DashboardView | None:
    """``view`` some seconds on: its points are a step further once that has passed, and every
    figure is another.
    """
    if view is None:
        return None
    at = view.at + seconds
    steps = int(at // STEP - view.at // STEP)
    return replace(view, at=at, panels=tuple(_moved(one, steps) for one in view.panels))


def _moved(view: PanelView, steps: int) -> PanelView:
    times = tuple(moment + steps * STEP for moment in view.times)
    moved = tuple(
        replace(one, value=one.value * 1.01, points=(*one.points[steps:], *one.points[:steps]))
        for one in view.series
    )
    return replace(view, times=times, series=moved)


def dashboard_night(**more: object) -> Snapshot:
    """A picture with two dashboards, of which one is looked at."""
    night = replace(service_night(), dashboards=NAMES, dashboard=gateway())
    return replace(night, **more)  # type: ignore[arg-type]
