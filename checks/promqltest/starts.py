"""Start timestamps (``@st`` lines): read for their form, since nothing here uses them."""

from __future__ import annotations

import re
from typing import Final

from checks.promql.literals import parse_duration
from checks.promqltest.series import MOST_POINTS
from checks.promqltest.words import shown

__all__ = ["parse_starts"]

_DURATION: Final = r"[+-]?([0-9]+[a-wyzA-Z]*)"
_ITEM: Final = re.compile(rf"(?:_|\*|\^|@?{_DURATION}(?:[+-]{_DURATION[5:]})?)(?:x([0-9]+))?")


def parse_starts(text: str) -> int:
    """How many samples the offsets in ``text`` are for. Raises ValueError with a clause."""
    count = 0
    for item in text.split():
        found = _ITEM.fullmatch(item)
        if found is None or (found[2] and not found[3]):
            raise ValueError(f"expected a start timestamp such as -1m, found {shown(item)}")
        for duration in (found[1], found[2]):
            if duration:
                parse_duration(duration)
        times = int((found[3] or "0").lstrip("0")[:12] or "0")
        count += times if item.startswith("_") and found[3] else times + 1
        if count > MOST_POINTS:
            raise ValueError(f"{shown(item)} makes more than {MOST_POINTS:,} values of one line")
    return count
