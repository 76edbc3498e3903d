"""Durations as rule files have them: ``1h30m``, whole numbers, units from large to small."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["parse_duration", "show_duration", "show_lasted"]

_UNITS: Final = (
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
)
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit, _ in _UNITS), re.ASCII)
_LONGEST: Final = 2**63 // 1_000_000
"""Milliseconds that fit into Go's nanoseconds."""
_EXACT_ALONE: Final = frozenset({"y", "w", "d"})


def parse_duration(text: str) -> int:
    """Milliseconds of ``text``, as Prometheus' model.ParseDuration reads it.

    Raises ValueError with a sentence for anything else.
    """
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        hint = f"; write {text}s for seconds" if text.isdecimal() else ""
        raise ValueError(f"expected a duration such as 30s, 5m or 1h30m{hint}")
    total = sum(
        int(number) * length
        for number, (_, length) in zip(found.groups(), _UNITS, strict=True)
        if number
    )
    if total >= _LONGEST:
        raise ValueError("expected a duration of less than 292 years")
    return total


def show_duration(milliseconds: int) -> str:
    """``milliseconds`` as Prometheus prints a duration: ``1h30m``, ``14d``, ``0s``."""
    if milliseconds == 0:
        return "0s"
    shown, rest = "", milliseconds
    for unit, length in _UNITS:
        # Years, weeks and days are only used where nothing is left of them.
        if unit in _EXACT_ALONE and rest % length:
            continue
        count, rest = divmod(rest, length)
        shown += f"{count}{unit}" if count else ""
    return shown


def show_lasted(milliseconds: int) -> str:
    """How long something has lasted: as :func:`show_duration`, from a second on in whole ones."""
    return show_duration(
        milliseconds - milliseconds % 1000 if milliseconds > 1000 else milliseconds
    )
