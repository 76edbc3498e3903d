"""Figures as people read them: ``1.2 GB``, ``96 %``, ``40 s``."""

from __future__ import annotations

__all__ = ["many", "percent", "size", "span"]


def many(number: float, one: str, more: str = "") -> str:
    """A number of things with their word: ``1 line``, ``1,204 lines``; ``more`` is the word for
    several where that is not ``one`` with an s.
    """
    return f"{number:,.0f} {one if number == 1 else more or f'{one}s'}"


def size(count: float) -> str:
    """Bytes in decimal units: ``812 B``, ``1.2 GB``, ``340 MB``."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if abs(value) < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"


def percent(ratio: float) -> str:
    """``0.957`` as ``96 %``; only what is full reads 100 %."""
    rounded = round(ratio * 100)
    return f"{99 if rounded == 100 and ratio < 1 else rounded} %"


def span(seconds: float) -> str:
    """A duration in its largest unit: ``40 s``, ``5 min``, ``3 h``, ``2 d``."""
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
