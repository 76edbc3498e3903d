"""Figures as a table's cells have them: with their unit, in about three digits."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["NO_VALUE", "figure"]

NO_VALUE: Final = "–"
_BYTES: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_LARGE: Final = ("", " k", " M", " G", " T", " P")


def figure(value: float, unit: str = "", decimals: int | None = None) -> str:
    """``value`` in ``unit`` (one of :class:`checks.dashboards.model.Panel`'s)."""
    if not math.isfinite(value):
        return NO_VALUE if math.isnan(value) else f"{'-' if value < 0 else ''}∞"
    match unit:
        case "B" | "B/s":
            number, prefix = _scaled(value, _BYTES)
            return f"{_digits(number, decimals)} {prefix}{unit.removeprefix('B')}"
        case "s":
            return _seconds(value, decimals)
        case "ratio":
            return f"{_digits(value * 100, decimals)} %"
        case "/s" | "/min":
            number, prefix = _scaled(value, _LARGE)
            return f"{_digits(number, decimals)}{prefix}{unit}"
        case _:
            return f"{_plain(value, decimals)} {unit}".rstrip()


def _plain(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    number, prefix = _scaled(value, _LARGE)
    return f"{_digits(number, None)}{prefix}"


def _scaled(value: float, prefixes: tuple[str, ...]) -> tuple[float, str]:
    at = 0
    while abs(value) >= 999.5 and at + 1 < len(prefixes):
        value, at = value / 1000, at + 1
    return value, prefixes[at]


def _digits(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    return f"{value:.3g}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.2g}"


def _seconds(value: float, decimals: int | None) -> str:
    size = abs(value)
    for length, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms")):
        if size >= length:
            return f"{_digits(value / length, decimals)} {unit}"
    return "0 s" if value == 0 else f"{_digits(value * 1e6, decimals)} µs"
