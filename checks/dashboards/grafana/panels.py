"""A panel of Grafana's as one of ours, or with a sentence on why it cannot be shown."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Final

from checks.dashboards.grafana.fields import look_of
from checks.dashboards.grafana.node import Node
from checks.dashboards.grafana.sources import Sources
from checks.dashboards.grafana.targets import asked_by, quantiles
from checks.dashboards.model import Panel, PanelKind
from checks.model import clean, clean_lines

__all__ = ["panel_of"]

_KINDS: Final = {
    "graph": PanelKind.CHART,
    "timeseries": PanelKind.CHART,
    "": PanelKind.CHART,
    "heatmap": PanelKind.CHART,
    "state-timeline": PanelKind.CHART,
    "status-history": PanelKind.CHART,
    "trend": PanelKind.CHART,
    "barchart": PanelKind.BARS,
    "singlestat": PanelKind.NUMBER,
    "stat": PanelKind.NUMBER,
    "gauge": PanelKind.GAUGE,
    "bargauge": PanelKind.BARS,
    "piechart": PanelKind.BARS,
    "grafana-piechart-panel": PanelKind.BARS,
    "histogram": PanelKind.BARS,
    "table": PanelKind.TABLE,
    "table-old": PanelKind.TABLE,
    "text": PanelKind.TEXT,
}
_OTHERWISE: Final = {
    "heatmap": "a heatmap is shown as quantiles, or as curves",
    "state-timeline": "states over time are shown as curves",
    "status-history": "states over time are shown as curves",
    "histogram": "a histogram is shown as bars of its series",
    "barchart": "bars over time are shown as bars of the present",
}
_UNSHOWN: Final = {
    "logs": "lines of logs are on the logs screen",
    "alertlist": "alerts are on the alerts screen",
    "dashlist": "a list of dashboards: they are all in the list of the dashboards screen",
    "news": "it shows news from elsewhere",
    "nodeGraph": "a graph of nodes cannot be drawn here",
    "geomap": "a map cannot be drawn here",
    "grafana-worldmap-panel": "a map cannot be drawn here",
    "canvas": "a drawing cannot be shown here",
    "traces": "traces are not read",
    "flamegraph": "profiles are not read",
    "annolist": "annotations of Grafana's are not read",
    "pluginlist": "it lists plugins of Grafana's",
}
_TAG: Final = re.compile(r"<[^>]{0,500}>")
_BREAK: Final = re.compile(r"</(?:p|div|h[1-6]|li|tr)>|<br\s*/?>", re.IGNORECASE)


def panel_of(node: Node, sources: Sources, group: str = "") -> Panel:
    """The panel that ``node`` is."""
    kind = node["type"].text
    title = clean(node["title"].text or _untitled(node), 120)
    place = _place(node)
    ours = _kind(node)
    if ours is None:
        why = _UNSHOWN.get(kind) or f"there is no panel of the kind {clean(kind, 40)} here"
        return Panel(title, PanelKind.TEXT, place=place, group=group, unshown=why)
    if ours is PanelKind.TEXT:
        return Panel(title, ours, place=place, group=group, text=_content(node))
    return _measured(node, ours, title, sources, group)


def _untitled(node: Node) -> str:
    kind = node["type"].text
    return "" if kind == "text" else kind or "untitled"


def _kind(node: Node) -> PanelKind | None:
    kind = node["type"].text
    if kind == "singlestat" and node["gauge"]["show"].flag:
        return PanelKind.GAUGE
    return _KINDS.get(kind)


def _measured(node: Node, kind: PanelKind, title: str, sources: Sources, group: str) -> Panel:
    asked, look = asked_by(node, sources), look_of(node)
    was = node["type"].text
    queries = quantiles(asked.queries) if was == "heatmap" else asked.queries
    if look.legend and "${__" not in look.legend and was not in ("graph", "table"):
        queries = [replace(one, legend=look.legend) for one in queries]
    notes = [*([_OTHERWISE[was]] if was in _OTHERWISE else []), *look.notes]
    unshown = ""
    if not queries:
        unshown = "; ".join(asked.refused) or "it asks nothing"
    else:
        notes += asked.refused
    return Panel(
        title,
        kind,
        tuple(queries),
        look.unit,
        look.decimals,
        look.low,
        look.high,
        look.thresholds,
        _place(node),
        group,
        unshown=unshown,
        scale=look.scale,
        calc=look.calc,
        words=look.words,
        columns=look.columns,
        repeat=node["repeat"].line,
        negative=look.negative,
        named=look.named,
        notes=tuple(notes),
    )


def _place(node: Node) -> tuple[int, int, int, int] | None:
    grid = node["gridPos"]
    numbers = [grid[key].number for key in ("x", "y", "w", "h")]
    if any(one is None or not 0 <= one < 100_000 for one in numbers):
        return None
    x, y, width, height = (int(one or 0) for one in numbers)
    return min(x, 23), y, max(1, min(width, 24)), max(1, min(height, 100))


def _content(node: Node) -> str:
    """The text of a text panel; of HTML what is between its tags."""
    text = node["options"]["content"].text or node["content"].text
    mode = node["options"]["mode"].text or node["mode"].text
    if mode == "html" or "</" in text:
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return clean_lines(text.strip(), 20_000, 500)
