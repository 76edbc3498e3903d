"""Texts for values, as the several versions of Grafana write them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from checks.dashboards.grafana.node import Node
from checks.dashboards.model import Words

__all__ = ["of_mappings", "of_singlestat"]

_EVERYTHING = (-math.inf, math.inf)


def of_mappings(defaults: Node) -> tuple[Words, ...]:
    """Of a field's ``mappings``, of Grafana 8 and of those before it."""
    made: list[Words] = []
    for mapping in defaults.objects("mappings"):
        match mapping["type"].data:
            case "value":
                made += _values(mapping)
            case "range":
                made += _range(mapping["options"], mapping["options"]["result"]["text"])
            case "special":
                made += _special(mapping["options"])
            case 1:
                made += _exactly(mapping["value"], mapping["text"])
            case 2:
                made += _range(mapping, mapping["text"])
    return tuple(made)


def of_singlestat(panel: Node) -> tuple[Words, ...]:
    """Of ``valueMaps`` and ``rangeMaps``."""
    made: list[Words] = []
    if panel["mappingType"].data == 2:
        for one in panel.objects("rangeMaps"):
            made += _range(one, one["text"])
    else:
        for one in panel.objects("valueMaps"):
            made += _exactly(one["value"], one["text"])
    return tuple(made)


def _values(mapping: Node) -> Iterator[Words]:
    for value, result in mapping.entries("options"):
        yield from _exactly(Node(value), result["text"])


def _exactly(value: Node, text: Node) -> Iterator[Words]:
    number = value.number
    if not text.line:
        return
    if number is not None:
        yield Words(number, number, text.line)
    elif value.text == "null":
        yield Words(math.nan, math.nan, text.line)


def _range(bounds: Node, text: Node) -> Iterator[Words]:
    low, high = bounds["from"], bounds["to"]
    if not text.line:
        return
    if low.text == high.text == "null":
        yield Words(math.nan, math.nan, text.line)
        return
    first = low.number if low.number is not None else _EVERYTHING[0]
    last = high.number if high.number is not None else _EVERYTHING[1]
    yield Words(first, last, text.line)


def _special(options: Node) -> Iterator[Words]:
    text = options["result"]["text"].line
    if text and options["match"].text in ("null", "nan", "null+nan", "empty"):
        yield Words(math.nan, math.nan, text)
