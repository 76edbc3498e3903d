"""Figures of panels as text, in the units that panels have."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.axis import labels

if TYPE_CHECKING:
    from checks.dashboards.model import Panel
    from checks.dashboards.views import SeriesView

__all__ = ["divided", "shown", "tick_labels", "value_text"]

_TOLD: Final[Mapping[str, Callable[[float], str]]] = {
    "s": fmt.duration,
    "B": fmt.size,
    "B/s": lambda value: fmt.rate(value, "B"),
    "ratio": fmt.percent,
    "%": lambda value: fmt.percent(value / 100),
    "/s": fmt.rate,
}
_TIMES: Final = ((1.0, " s"), (1e-3, " ms"), (1e-6, " µs"))
_THOUSAND: Final = 1000.0
_SIZES: Final = (" B", " kB", " MB", " GB", " TB", " PB")
_COUNTS: Final = ("", "k", "M", "G", "T")
_FIGURE = re.compile(r"([<>]?[-±]?[\d.,]+)\s?(.*)")


def value_text(value: float, unit: str, decimals: int | None = None) -> str:
    """``value`` in a panel's ``unit``; with as many ``decimals`` where these are given.

    A dash where it is not known.
    """
    if not math.isfinite(value):
        return fmt.DASH if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    if decimals is not None:
        return _exactly(value, unit, decimals)
    told = _TOLD.get(unit)
    return told(value) if told is not None else _with(fmt.count(value), unit)


def shown(series: SeriesView, panel: Panel) -> str:
    """What a series is now: the panel's word for it, else its value."""
    return series.text or value_text(series.value, panel.unit, panel.decimals)


def divided(text: str) -> tuple[str, str]:
    """The figure and the unit behind it: ``12`` and ``ms``; no unit where it is no figure."""
    found = _FIGURE.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def tick_labels(unit: str, ticks: Sequence[float]) -> list[str]:
    """``ticks`` of a scale in one unit that suits them all."""
    if unit == "%":
        return labels("ratio", [tick / 100 for tick in ticks])
    if unit == "B/s":
        return [f"{one}/s" for one in labels("bytes", ticks)]
    return labels({"B": "bytes", "/s": "1/s"}.get(unit, unit), ticks)


def _with(text: str, unit: str) -> str:
    """A number with any text behind it."""
    return f"{text} {unit}" if unit else text


def _exactly(value: float, unit: str, decimals: int) -> str:
    places = min(max(decimals, 0), 9)
    if unit in ("%", "ratio"):
        return f"{value * (100 if unit == 'ratio' else 1):,.{places}f} %"
    if unit == "s":
        one, name = next((each for each in _TIMES if abs(value) >= each[0]), _TIMES[0])
        return f"{value / one:,.{places}f}{name}"
    if unit in ("B", "B/s", "/s"):
        names = _SIZES if unit != "/s" else _COUNTS
        power = 0
        while abs(value) >= _THOUSAND and power + 1 < len(names):
            value /= _THOUSAND
            power += 1
        return f"{value:,.{places}f}{names[power]}{'/s' if unit != 'B' else ''}"
    return _with(f"{value:,.{places}f}", unit)
