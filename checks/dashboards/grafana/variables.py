"""Template variables of Grafana's as ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from checks.dashboards.grafana.node import Node
from checks.dashboards.grafana.sources import PROMETHEUS, Sources, spoken
from checks.dashboards.model import Variable
from checks.dashboards.patterns import pattern_of
from checks.dashboards.views import ALL, AUTO_INTERVAL
from checks.model import clean

__all__ = ["variables_of"]

_ALL_VALUE: Final = "$__all"
_SORTS: Final[Mapping[float, str]] = {
    1: "name",
    2: "-name",
    3: "number",
    4: "-number",
    5: "name",
    6: "-name",
    7: "number",
    8: "-number",
}
_STATEMENT: Final = re.compile(r"\s*(?:select|with|show)\b", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"\s*(?:label_values|label_names|metrics|query_result)\s*\(")
_HIDDEN: Final = 2


def variables_of(dashboard: Node, sources: Sources) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """The variables, and sentences on those that there are none of here."""
    made: list[Variable] = []
    notes: list[str] = []
    for node in dashboard["templating"].objects("list"):
        name = node["name"].line
        match node["type"].text:
            case "datasource":
                continue
            case "adhoc":
                notes.append(f"the filters of ${name} cannot be set here")
            case "query":
                made.append(_asked(node, sources, notes))
            case "interval":
                made.append(_interval(node))
            case "constant":
                made.append(_fixed(node))
            case "textbox":
                made.append(_free(node))
            case "custom":
                made.append(_custom(node))
            case kind:
                notes.append(f"the variable ${name} is of the unknown kind {clean(kind, 30)}")
                made.append(_custom(node))
    return tuple(one for one in made if one.name), tuple(notes)


def _base(node: Node, options: tuple[str, ...] = (), query: str = "") -> Variable:
    everything = node["includeAll"].flag
    return Variable(
        name=node["name"].line,
        label=node["label"].line,
        query=query,
        options=options,
        default=_current(node),
        multi=node["multi"].flag,
        all_value=(node["allValue"].text if everything else None),
        hidden=node["hide"].data == _HIDDEN,
    )


def _current(node: Node) -> tuple[str, ...]:
    """The values chosen when it was saved."""
    values = node["current"]["value"].texts
    return tuple(ALL if one == _ALL_VALUE else clean(one, 200) for one in values)


def _asked(node: Node, sources: Sources, notes: list[str]) -> Variable:
    query = (node["query"]["query"] or node["query"]).text or node["definition"].text
    kind = sources.kind(node, Node({}))
    base = _base(node, query=query.strip())
    pattern = _usable(base.name, node["regex"].text, notes)
    sort = _SORTS.get(node["sort"].number or 0, "")
    in_sql = _STATEMENT.match(query) is not None
    if _FUNCTION.match(query) or (kind == PROMETHEUS and not in_sql):
        return replace(base, pattern=pattern, sort=sort)
    if in_sql:
        sql_kind = "" if kind in ("sql", PROMETHEUS) else kind
        return replace(base, query="", sql=base.query, kind=sql_kind, pattern=pattern, sort=sort)
    notes.append(f"${base.name} asks {spoken(kind)} for its values: type one")
    return replace(base, query="", free=True)


def _usable(name: str, pattern: str, notes: list[str]) -> str:
    """``pattern``; none where it cannot be used, which leaves more to choose from."""
    try:
        if pattern:
            pattern_of(pattern)
    except ValueError as wrong:
        notes.append(clean(f"${name} offers all its values: {wrong}", 300))
        return ""
    return pattern


def _custom(node: Node) -> Variable:
    """``a, b, name : value`` or what its options say."""
    query = node["query"].text
    options = [one.rpartition(" : ")[2].strip() for one in re.split(r"(?<!\\),", query)]
    options = [one.replace("\\,", ",") for one in options if one]
    if not options:
        values = (one["value"].text for one in node.objects("options"))
        options = [one for one in values if one and one != _ALL_VALUE]
    return _base(node, tuple(clean(one, 200) for one in dict.fromkeys(options)))


def _interval(node: Node) -> Variable:
    options = [one.strip() for one in node["query"].text.split(",") if one.strip()]
    base = _base(node, tuple(([AUTO_INTERVAL] if node["auto"].flag else []) + options))
    default = tuple(
        AUTO_INTERVAL if one.startswith("$__auto_interval") else one for one in base.default
    )
    return replace(base, default=default, multi=False)


def _fixed(node: Node) -> Variable:
    value = node["query"].text or (node["current"]["value"].texts or ("",))[0]
    base = _base(node, (clean(value, 200),))
    return replace(base, hidden=True, default=())


def _free(node: Node) -> Variable:
    base = _base(node, tuple(one for one in (clean(node["query"].text, 200),) if one))
    default = base.default or base.options
    return replace(base, free=True, default=default)
