"""Where panels stand: rows of the old versions and of the new, as groups in one grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from checks.dashboards.grafana.node import Node
from checks.dashboards.grafana.panels import panel_of
from checks.dashboards.grafana.sources import Sources
from checks.dashboards.model import Panel, PanelKind
from checks.model import clean

__all__ = ["panels_of"]

_WIDTH: Final = 24
_PIXELS: Final = 38
"""Of a unit of height: 30 and the space between."""
_HEIGHT: Final = 250
_MOST: Final = 500


def panels_of(dashboard: Node, sources: Sources) -> tuple[Panel, ...]:
    """All panels of ``dashboard``, from the top to the bottom."""
    found = _of_old_rows(dashboard, sources) if "rows" in dashboard else iter(())
    return tuple(islice(chain(found, _of_grid(dashboard, sources)), _MOST))


def _of_grid(dashboard: Node, sources: Sources) -> Iterator[Panel]:
    """The panels of one grid; a row's are those that follow it, or that it holds folded."""
    group, repeat = "", ""
    nodes = [_resolved(one, dashboard) for one in dashboard.objects("panels")]
    for node in _in_order(nodes):
        if node["type"].text == "row":
            group, repeat = clean(node["title"].text, 120), node["repeat"].line
            for inner in _in_order(list(node.objects("panels"))):
                panel = _panel(_resolved(inner, dashboard), sources, group)
                yield replace(panel, repeat_group=repeat)
        else:
            yield replace(_panel(node, sources, group), repeat_group=repeat)


def _in_order(nodes: list[Node]) -> list[Node]:
    """From the top to the bottom; as they are written where one of them has no place."""
    if not all(node["gridPos"] for node in nodes):
        return nodes
    return sorted(
        nodes, key=lambda node: [node["gridPos"][key].number or 0.0 for key in ("y", "x")]
    )


def _panel(node: Node, sources: Sources, group: str) -> Panel:
    library = node["libraryPanel"]
    if library and "type" not in node:
        name = clean(library["name"].text or node["title"].text, 120)
        why = "a panel of Grafana's library, which the file does not hold; export it with the panel"
        return Panel(name, PanelKind.TEXT, group=group, unshown=why)
    return panel_of(node, sources, group)


def _resolved(node: Node, dashboard: Node) -> Node:
    """A library's panel, where the file has it among its elements; what shows another panel's
    queries, with these."""
    node = _with_queries(node, dashboard)
    uid = node["libraryPanel"]["uid"].text
    if not uid or uid not in dashboard["__elements"]:
        return node
    model = dashboard["__elements"][uid]["model"]
    if not isinstance(model.data, dict):
        return node
    own = {key: value for key, value in node.data.items() if key in ("gridPos", "id", "repeat")}
    return Node({**model.data, **own}, model)


def _with_queries(node: Node, dashboard: Node) -> Node:
    """``node`` with the queries of the panel whose results it shows."""
    source = node["datasource"]
    if "-- Dashboard --" not in (source.text, source["uid"].text):
        return node
    wanted = next((one["panelId"].data for one in node.objects("targets")), None)
    for other in _everything(dashboard):
        if wanted is not None and other["id"].data == wanted and other.data is not node.data:
            shared = {key: other.data[key] for key in ("targets", "datasource") if key in other}
            return Node({**node.data, "datasource": None, **shared}, node)
    return node


def _everything(dashboard: Node) -> Iterator[Node]:
    for one in dashboard.objects("panels"):
        yield one
        yield from one.objects("panels")


def _of_old_rows(dashboard: Node, sources: Sources) -> Iterator[Panel]:
    """The panels of ``rows``, each of twelve columns and of a height in pixels."""
    top = 0
    for row in dashboard.objects("rows"):
        group = clean(row["title"].text, 120)
        height = max(2, round(_pixels(row["height"]) / _PIXELS))
        x = 0
        for node in row.objects("panels"):
            width = max(1, min(_WIDTH, round(2 * (node["span"].number or 12))))
            if x + width > _WIDTH:
                x, top = 0, top + height
            panel = _panel(node, sources, group)
            place = panel.place or (x, top, width, height)
            yield replace(panel, place=place, repeat_group=row["repeat"].line)
            x += width
        top += height


def _pixels(height: Node) -> float:
    if height.number is not None:
        return height.number
    return Node(height.text.removesuffix("px")).number or _HEIGHT
