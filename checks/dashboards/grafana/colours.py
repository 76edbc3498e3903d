"""Which status a colour stands for: red is critical, orange and yellow are warnings."""

from __future__ import annotations

import colorsys
import re
from typing import Final

from checks.model import Status

__all__ = ["status_of"]

_HEX: Final = re.compile(r"#([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?|#([0-9a-fA-F]{3})")
_RGB: Final = re.compile(r"rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)")
_NAMED: Final = {"red": Status.CRITICAL, "orange": Status.WARNING, "yellow": Status.WARNING}


def status_of(colour: str) -> Status:
    """The status that ``colour``, a name of Grafana's or a CSS colour, says."""
    named = _NAMED.get(colour.strip().lower().rpartition("-")[2])
    if named is not None:
        return named
    parts = _parts(colour)
    if parts is None:
        return Status.OK
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in parts))
    if saturation < 0.25 or value < 0.2:
        return Status.OK
    degrees = hue * 360
    if degrees < 16 or degrees > 335:
        return Status.CRITICAL
    return Status.WARNING if degrees < 66 else Status.OK


def _parts(colour: str) -> tuple[int, int, int] | None:
    """Red, green and blue, from 0 to 255."""
    found = _HEX.fullmatch(colour.strip())
    if found is not None:
        digits = found[1] or "".join(2 * one for one in found[2])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    found = _RGB.match(colour.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found is not None else None
