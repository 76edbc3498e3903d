"""How a panel's values look: unit, decimals, bounds, thresholds, words, calculation, columns."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from checks.dashboards.grafana import thresholds, words
from checks.dashboards.grafana.node import Node
from checks.dashboards.model import Column, Threshold, Words
from checks.dashboards.patterns import pattern_of
from checks.dashboards.units import unit_of
from checks.model import clean

__all__ = ["Look", "look_of"]

_CALCS: Final = {
    "last": "last",
    "lastNotNull": "last",
    "current": "last",
    "mean": "mean",
    "avg": "mean",
    "average": "mean",
    "max": "max",
    "min": "min",
    "sum": "sum",
    "total": "sum",
    "first": "first",
    "firstNotNull": "first",
    "range": "range",
    "delta": "delta",
    "diff": "delta",
    "count": "count",
}


_FIELD_LABEL: Final = re.compile(r"\$\{__field\.labels\.(\w+)\}")
"""A label in the name of a series, as panels write it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What :class:`~checks.dashboards.model.Panel` has of the same names."""

    unit: str = ""
    scale: float = 1.0
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    words: tuple[Words, ...] = ()
    calc: str = "last"
    columns: tuple[Column, ...] = ()
    negative: tuple[str, ...] = ()
    named: bool = False
    legend: str = ""
    """What series are called whatever their queries say; empty where these say it."""
    notes: tuple[str, ...] = ()


def look_of(panel: Node) -> Look:
    """How ``panel`` looks, whichever version of Grafana has written it."""
    kind = panel["type"].text
    if kind in ("graph", ""):
        look = _of_graph(panel)
    elif kind == "singlestat":
        look = _of_singlestat(panel)
    else:
        look = _of_fields(panel)
    columns, notes = _columns(panel)
    negative = tuple(_negative(panel))
    notes = (*look.notes, *notes, *_other_times(panel))
    return replace(_scaled(look), columns=columns, negative=negative, notes=notes)


def _other_times(panel: Node) -> Iterator[str]:
    """What is said of a panel that is about another time than its dashboard."""
    if panel["timeFrom"].text:
        yield f"it shows the dashboard's time, not its own ({panel['timeFrom'].line})"
    if panel["timeShift"].text:
        yield f"it shows the present, not what was {panel['timeShift'].line} ago"


def _of_graph(panel: Node) -> Look:
    if panel["fieldConfig"]["defaults"]["unit"] and not panel["yaxes"]:
        return _of_fields(panel)
    axis = next(iter(panel.objects("yaxes")), Node({}))
    unit, scale = unit_of(axis["format"].text or _first(panel["y_formats"]))
    low, high = axis["min"].number, axis["max"].number
    return Look(unit, scale, _whole(axis["decimals"]), low, high, thresholds.of_graph(panel))


def _first(node: Node) -> str:
    return node.texts[0] if node.texts else ""


def _of_singlestat(panel: Node) -> Look:
    unit, scale = unit_of(panel["format"].text or panel["postfix"].line)
    gauge = panel["gauge"]
    shown = gauge["show"].flag
    named = panel["valueName"].text == "name"
    notes = [f"it shows the last value, not its {panel['valueName'].line}"]
    return Look(
        unit,
        scale,
        _whole(panel["decimals"]),
        gauge["minValue"].number if shown else None,
        gauge["maxValue"].number if shown else None,
        thresholds.of_singlestat(panel),
        words.of_singlestat(panel),
        _CALCS.get(panel["valueName"].text, "last"),
        named=named,
        notes=tuple(notes if not named and _odd_calc(panel) else ()),
    )


def _odd_calc(panel: Node) -> bool:
    name = panel["valueName"].text
    return bool(name) and name not in _CALCS


def _of_fields(panel: Node) -> Look:
    """Of ``fieldConfig`` and ``options``, and of where Grafana 6 had the same."""
    options = panel["options"]
    old = options["fieldOptions"]
    defaults = panel["fieldConfig"]["defaults"] or old["defaults"] or options["valueOptions"]
    unit, scale = unit_of(defaults["unit"].text or options["unit"].text)
    low = defaults["min"].number if "min" in defaults else options["minValue"].number
    high = defaults["max"].number if "max" in defaults else options["maxValue"].number
    steps = defaults["thresholds"] if "steps" in defaults["thresholds"] else Node({})
    calc, notes = _calculation(panel)
    return Look(
        unit,
        scale,
        _whole(defaults["decimals"]),
        low,
        high,
        thresholds.of_steps(steps, low, high),
        words.of_mappings(defaults),
        calc,
        named=options["textMode"].text == "name",
        legend=_FIELD_LABEL.sub(r"{{\1}}", defaults["displayName"].text),
        notes=notes,
    )


def _calculation(panel: Node) -> tuple[str, tuple[str, ...]]:
    options = panel["options"]
    calcs = options["reduceOptions"]["calcs"].texts or options["fieldOptions"]["calcs"].texts
    name = (calcs or options["valueOptions"]["stat"].texts or ("last",))[0]
    if name in _CALCS:
        return _CALCS[name], ()
    return "last", (f"it shows the last value, not its {clean(name, 40)}",)


def _whole(node: Node) -> int | None:
    value = node.number
    return int(value) if value is not None and 0 <= value <= 12 else None


def _scaled(look: Look) -> Look:
    """``look`` with its bounds in the unit that values are shown in."""
    scale = look.scale
    if scale == 1.0:
        return look
    return replace(
        look,
        low=None if look.low is None else look.low * scale,
        high=None if look.high is None else look.high * scale,
        thresholds=tuple(replace(one, value=one.value * scale) for one in look.thresholds),
        words=tuple(replace(one, low=one.low * scale, high=one.high * scale) for one in look.words),
    )


def _negative(panel: Node) -> Iterator[str]:
    """Patterns for names of series that are drawn downwards."""
    for one in panel.objects("seriesOverrides"):
        if one["transform"].text == "negative-Y":
            yield from _pattern(one["alias"].text)
    for override in panel["fieldConfig"].objects("overrides"):
        for change in override.objects("properties"):
            if change["id"].data == "custom.transform" and change["value"].text == "negative-Y":
                yield from _pattern(override["matcher"]["options"].text)


def _pattern(text: str) -> Iterator[str]:
    """``/pattern/flags`` as it is, where it is one; anything else as a name."""
    if not text:
        return
    if not text.startswith("/"):
        yield f"^{re.escape(text)}$"
        return
    with contextlib.suppress(ValueError):
        pattern_of(text)
        yield text


def _columns(panel: Node) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """How a table's columns look, by overrides, transformations and the old ``styles``."""
    made: dict[str, Column] = {}
    notes: list[str] = []
    if panel["type"].text in ("table", "table-old"):
        for style in panel.objects("styles"):
            _styled(made, style)
        for override in panel["fieldConfig"].objects("overrides"):
            _overridden(made, override)
    for one in panel.objects("transformations"):
        if not one["disabled"].flag:
            _transformed(made, one, notes)
    return tuple(made.values()), tuple(dict.fromkeys(notes))


def _styled(made: dict[str, Column], style: Node) -> None:
    name = style["pattern"].line
    if not name or name.startswith("/"):
        return
    unit, scale = unit_of(style["unit"].text)
    made[name] = Column(
        name,
        style["alias"].line,
        unit,
        scale,
        _whole(style["decimals"]),
        hidden=style["type"].text == "hidden",
    )


def _overridden(made: dict[str, Column], override: Node) -> None:
    if override["matcher"]["id"].text != "byName":
        return
    name = override["matcher"]["options"].line
    column = made.get(name, Column(name))
    for change in override.objects("properties"):
        value = change["value"]
        match change["id"].text:
            case "unit":
                unit, scale = unit_of(value.text)
                column = replace(column, unit=unit, scale=scale)
            case "displayName":
                column = replace(column, title=value.line)
            case "decimals":
                column = replace(column, decimals=_whole(value))
            case "custom.hidden":
                column = replace(column, hidden=value.flag)
    made[name] = column


_JOINS: Final = frozenset({"merge", "joinByField", "seriesToColumns", "labelsToFields"})
"""What a table here does by itself."""


def _transformed(made: dict[str, Column], one: Node, notes: list[str]) -> None:
    options, kind = one["options"], one["id"].line
    match kind:
        case "organize":
            _organized(made, options)
        case "filterFieldsByName":
            for name in options["exclude"]["names"].texts:
                made[name] = replace(made.get(name, Column(name)), hidden=True)
        case _ if kind not in _JOINS:
            notes.append(f"its transformation {kind} is left out")


def _organized(made: dict[str, Column], options: Node) -> None:
    for name, gone in options.entries("excludeByName"):
        made[name] = replace(made.get(name, Column(name)), hidden=gone.flag)
    for name, title in options.entries("renameByName"):
        held = made.get(name, Column(name))
        made[name] = replace(held, title=held.title or title.line)
    for name, place in options.entries("indexByName"):
        at = place.number
        if at is not None:
            made[name] = replace(made.get(name, Column(name)), place=int(at))
