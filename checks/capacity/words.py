"""Amounts and rates in words. Loads nothing heavy."""

from __future__ import annotations

from typing import Final

from checks.wording import size

__all__ = ["amount", "rate_text"]

DAY: Final = 86_400.0


def rate_text(rate: float, unit: str) -> str:
    """A rate a second as people read it: ``1.2 GB/d``."""
    return f"{amount(abs(rate) * DAY, unit)}/d"


def amount(value: float, unit: str) -> str:
    """``value`` with its unit: ``1.2 GB``, ``83 %``, ``120 ms``, ``1,204``."""
    if unit == "bytes":
        return size(value)
    if unit == "ratio":
        return f"{value:.1%}".replace("%", " %")
    if unit == "s":
        return f"{value * 1000:.0f} ms" if abs(value) < 1 else f"{value:.1f} s"
    shown = f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
    return f"{shown}/s" if unit == "1/s" else shown
