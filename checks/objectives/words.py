"""Ratios in words. Loads nothing."""

from __future__ import annotations

__all__ = ["ratio_text"]


def ratio_text(ratio: float) -> str:
    """``0.999`` as ``99.9 %``, with as many digits as tell it from 100 %."""
    digits = 2
    while digits < 5 and ratio < 1.0 and round(ratio * 100, digits) >= 100.0:
        digits += 1
    shown = f"{ratio * 100:.{digits}f}".rstrip("0").rstrip(".")
    return f"{shown} %"
