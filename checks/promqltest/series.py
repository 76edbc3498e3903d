"""Series descriptions: labels and their values, as ``load``, ``eval`` and rule tests write them.

``http_requests_total{job="api"} 1 2 _ 3+2x4 stale``: the items stand a step apart. The grammar
is that of Prometheus' parser for them (``series_description`` in ``generated_parser.y``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from checks.promql.literals import parse_number, unquote
from checks.promql.values import LabelSet
from checks.promqltest.words import shown
from checks.store.block import STALE

__all__ = [
    "QUOTED",
    "Histogram",
    "Point",
    "SeriesDescription",
    "parse_series",
]

MOST_POINTS: Final = 500_000
"""Values that one line may stand for."""

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
QUOTED: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_DIGITS: Final = r"(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF]|[nN][aA][nN]"
_ITEM: Final = re.compile(
    rf"(?P<blank>_)(?:x(?P<blanks>[0-9]+))?"
    rf"|(?P<stale>stale)(?:x(?P<stales>[0-9]+))?"
    rf"|(?P<first>[+-]?(?:{_DIGITS}))(?:(?P<delta>[+-](?:{_DIGITS}))?x(?P<times>[0-9]+))?"
)
_HISTOGRAM: Final = re.compile(
    r"\{\{(?P<inner>[^{}]*)\}\}(?:(?P<delta>[+-]\{\{[^{}]*\}\})?x(?P<times>[0-9]+))?"
)


@dataclass(frozen=True, slots=True)
class Histogram:
    """A native histogram as it is written, which is recognised and not understood."""

    text: str


Point = float | Histogram | None
"""A value, a native histogram, or None where there is no sample."""


@dataclass(frozen=True, slots=True)
class SeriesDescription:
    """A series and its values, one a step; the stale marker is :data:`checks.store.block.STALE`."""

    labels: LabelSet
    points: tuple[Point, ...]


def parse_series(text: str) -> SeriesDescription:
    """What ``text`` describes. Raises ValueError with a clause."""
    labels, at = parse_labels(text)
    return SeriesDescription(labels, parse_points(text[at:]))


def parse_labels(text: str) -> tuple[LabelSet, int]:
    """The labels that ``text`` begins with, and where they end. Raises ValueError."""
    found: dict[str, str] = {}
    at = 0
    name = _NAME.match(text)
    if name is not None:
        found["__name__"] = name[0]
        at = name.end()
    if text.startswith("{", at) and not text.startswith("{{", at):
        at = _inside_braces(text, at + 1, found)
    elif name is None:
        raise ValueError(f'expected a series such as name{{label="value"}}, found {shown(text)}')
    return tuple(sorted((key, value) for key, value in found.items() if value)), at


def _inside_braces(text: str, at: int, found: dict[str, str]) -> int:
    """Read labels up to the closing brace; what follows it."""
    while True:
        at = _after_blanks(text, at)
        if text.startswith("}", at):
            return at + 1
        at = _after_blanks(text, _label(text, at, found))
        if text.startswith(",", at):
            at += 1
        elif not text.startswith("}", at):
            raise ValueError(f"expected a comma or }} among the labels, found {_rest(text, at)}")


def _label(text: str, at: int, found: dict[str, str]) -> int:
    """Read ``name="value"`` or the metric's name in quotes; what follows."""
    word = _LABEL.match(text, at) or QUOTED.match(text, at)
    if word is None:
        raise ValueError(f"expected a label's name, found {_rest(text, at)}")
    quoted = word[0][0] in "\"'`"
    name = unquote(word[0]) if quoted else word[0]
    at = _after_blanks(text, word.end())
    if quoted and text[at : at + 1] in {",", "}"}:
        if "__name__" in found:
            raise ValueError(f"the metric's name is given twice: {found['__name__']} and {name}")
        found["__name__"] = name
        return at
    if not text.startswith("=", at):
        raise ValueError(f"the label {name} needs = and a value in quotes")
    value = QUOTED.match(text, _after_blanks(text, at + 1))
    if value is None:
        raise ValueError(f"the value of the label {name} stands in no quotes")
    if name in found:
        raise ValueError(f"the label {name} stands there twice")
    found[name] = unquote(value[0])
    return value.end()


def _after_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found is not None else at


def _rest(text: str, at: int) -> str:
    return shown(text[at:], 30) if at < len(text) else "the end of the line"


def parse_points(text: str) -> tuple[Point, ...]:
    """The values in ``text``, which begins with a blank or is empty. Raises ValueError."""
    if text and text[0] not in " \t":
        raise ValueError(f"expected a blank before the values, found {_rest(text, 0)}")
    points: list[Point] = []
    at = _after_blanks(text, 0)
    while at < len(text):
        found = (_HISTOGRAM if text.startswith("{{", at) else _ITEM).match(text, at)
        if found is None or text[found.end() : found.end() + 1] not in {"", " ", "\t"}:
            raise ValueError(
                f"expected a value such as 1, _, 0+10x5 or stale, found {_rest(text, at)}"
            )
        points += _expanded(found, MOST_POINTS - len(points))
        at = _after_blanks(text, found.end())
    return tuple(points)


def _expanded(found: re.Match[str], room: int) -> list[Point]:
    """The values that one item stands for. ValueError where they are more than ``room``."""
    groups = found.groupdict()
    counted = groups.get("blanks") or groups.get("stales") or groups.get("times") or "0"
    # strip first: int() of ten thousand digits is refused with a sentence about Python
    times = int(counted.lstrip("0")[:12] or "0")
    if times >= room:
        raise ValueError(f"{shown(found[0])} makes more than {MOST_POINTS:,} values of one line")
    if "inner" in groups:
        return [Histogram(f"{{{{{groups['inner']}}}}}")] * (times + 1)
    if groups["blank"]:
        return [None] * (times if groups["blanks"] else 1)
    if groups["stale"]:
        return [STALE] * (times + 1)
    value = parse_number(groups["first"])
    if not groups["delta"]:
        return [value] * (times + 1)
    delta = parse_number(groups["delta"])
    points: list[Point] = []
    for _ in range(times + 1):
        points.append(value)
        # added up, not multiplied: Prometheus' values carry the same rounding
        value += delta
    return points
