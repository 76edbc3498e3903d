"""A dashboard as an item of a configuration's `dashboards:`, to be edited."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from checks.dashboards.model import Column, Dashboard, Panel, PanelKind, Query, Variable, Words
from checks.model import Status
from checks.settings import duration_text

__all__ = ["as_item", "as_yaml", "losses"]

_WIDTH: Final = 12
_HEIGHTS: Final = {PanelKind.NUMBER: 4, PanelKind.GAUGE: 4}
_ENDLESS: Final = 1e300
"""Where a range of values ends that has no end."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are, and items indented beneath their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        del indentless
        return super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(dashboard: Dashboard) -> str:
    """``dashboards:`` with ``dashboard`` as its only item."""
    return yaml.dump(
        {"dashboards": [as_item(dashboard)]},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )


def as_item(dashboard: Dashboard) -> dict[str, Any]:
    """The item: what can be shown of ``dashboard``."""
    item: dict[str, Any] = {
        "name": dashboard.name,
        "title": dashboard.title,
        "span": duration_text(round(dashboard.span)),
    }
    if dashboard.variables:
        item["variables"] = [_variable(one) for one in dashboard.variables]
    item["panels"] = [_panel(one) for one in dashboard.panels if not one.unshown and _says(one)]
    return item


def _says(panel: Panel) -> bool:
    return bool(panel.queries) or bool(panel.text)


def losses(dashboard: Dashboard) -> Iterator[str]:
    """What an item cannot say."""
    for panel in dashboard.panels:
        ways = {one.falling for one in panel.thresholds}
        if len(ways) > 1 or len(panel.thresholds) > len(_levels(panel)):
            yield f"panel {panel.title}: of its thresholds {_told(panel)} are written"


def _told(panel: Panel) -> str:
    return " and ".join(_levels(panel)) or "none"


def _panel(panel: Panel) -> dict[str, Any]:
    made: dict[str, Any] = {"title": panel.title, "show": panel.kind.value}
    made |= _asked(panel.queries)
    scale = panel.scale
    optional: dict[str, Any] = {
        "text": panel.text,
        "unit": _unit(panel.unit, scale),
        "decimals": panel.decimals,
        "min": None if panel.low is None else panel.low / scale,
        "max": None if panel.high is None else panel.high / scale,
        **{name: value / scale for name, value in _levels(panel).items()},
        "falling": True if any(one.falling for one in panel.thresholds) else None,
        "calc": panel.calc if panel.calc != "last" else None,
        "words": {_value(one, scale): one.text for one in panel.words},
        "columns": {one.name: _column(one) for one in panel.columns},
        "negative": list(panel.negative),
        "group": panel.group,
        "repeat": panel.repeat,
        "repeat_group": panel.repeat_group,
    }
    if panel.place is not None:
        optional["width"] = panel.place[2]
        optional["height"] = panel.place[3]
    return made | {key: value for key, value in optional.items() if value not in (None, "", [], {})}


def _asked(queries: Sequence[Query]) -> dict[str, Any]:
    """Its one query, or its expressions. Of several statements the first."""
    statements = [one for one in queries if one.sql]
    if statements:
        return _some(sql=statements[0].sql, check=statements[0].check)
    if len(queries) == 1:
        only = queries[0]
        return _some(expr=only.expr, legend=only.legend, instant=only.instant)
    exprs = [
        _some(expr=one.expr, legend=one.legend, instant=one.instant, negative=one.negative)
        for one in queries
    ]
    return {"exprs": exprs} if exprs else {}


def _some(**given: object) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value}


def _levels(panel: Panel) -> dict[str, float]:
    """A bound for each status: the first that is reached, all on one side."""
    falling = any(one.falling for one in panel.thresholds)
    names = {Status.WARNING: "warning", Status.CRITICAL: "critical"}
    levels: dict[str, float] = {}
    for one in panel.thresholds:
        name = names.get(one.status)
        if name is not None and one.falling is falling:
            pick = max if falling else min
            levels[name] = pick(levels.get(name, one.value), one.value)
    return levels


_SCALES: Final = {
    ("s", 1e-3): "ms",
    ("s", 1e-6): "µs",
    ("s", 1e-9): "ns",
    ("s", 60.0): "m",
    ("s", 3600.0): "h",
    ("s", 86400.0): "d",
    ("B", 1024.0): "KiB",
    ("B", 1024.0**2): "MiB",
    ("B", 1024.0**3): "GiB",
    ("B", 1024.0**4): "TiB",
    ("B", 1e3): "kB",
    ("B", 1e6): "MB",
    ("B", 1e9): "GB",
    ("B/s", 1024.0): "KiBs",
    ("B/s", 1024.0**2): "MiBs",
}


def _unit(unit: str, scale: float) -> str:
    return _SCALES.get((unit, scale), unit)


def _value(words: Words, scale: float) -> str:
    if math.isnan(words.low):
        return "none"
    low, high = words.low / scale, words.high / scale
    if low == high:
        return f"{low:.15g}"
    return f"{max(low, -_ENDLESS):.15g}..{min(high, _ENDLESS):.15g}"


def _column(column: Column) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": column.title,
        "unit": _unit(column.unit, column.scale),
        "decimals": column.decimals,
        "hidden": column.hidden or None,
        "place": column.place,
    }
    return {key: value for key, value in made.items() if value not in (None, "")}


def _variable(variable: Variable) -> dict[str, Any]:
    everything: object = None
    if variable.all_value is not None:
        everything = variable.all_value or True
    made: dict[str, Any] = {
        "name": variable.name,
        "label": variable.label,
        "query": variable.query,
        "sql": variable.sql,
        "check": variable.check if variable.sql else "",
        "regex": variable.pattern,
        "options": list(variable.options),
        "default": list(variable.default),
        "multi": variable.multi or None,
        "all": everything,
        "free": variable.free or None,
        "hidden": variable.hidden or None,
        "sort": variable.sort,
    }
    return {key: value for key, value in made.items() if value not in (None, "", [])}
