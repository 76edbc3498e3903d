"""Moments and steps as people type them: RFC 3339, unix seconds, ``now``, ``-5m``, ``30s``."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final

from checks.promql.literals import parse_duration

__all__ = ["parse_moment", "parse_step"]

_RELATIVE: Final = re.compile(r"(?:now)?\s*([+-])\s*([0-9][0-9a-z]*)")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_LATEST: Final = 2**53
"""Milliseconds that a float holds exactly."""


def parse_moment(text: str, now: int) -> int:
    """Milliseconds since 1970 of a moment; ``now`` is what ``now`` and ``-5m`` go by.

    Raises ValueError with a sentence.
    """
    word = text.strip()
    if word == "now":
        return now
    relative = _RELATIVE.fullmatch(word)
    if relative is not None:
        try:
            distance = parse_duration(relative[2])
        except ValueError:
            distance = None
        if distance is not None:
            return now + distance if relative[1] == "+" else now - distance
    elif _NUMBER.fullmatch(word) and float(word) * 1000 <= _LATEST:
        return round(float(word) * 1000)
    else:
        moment = _dated(word)
        if moment is not None:
            return moment
    raise ValueError(
        f'"{text}" is no moment: write unix seconds, 2026-01-31T12:00:00Z, now, or -5m'
    )


def _dated(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-01-31"):
        # A bare day; what has a time needs its zone, or two machines read it differently.
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if moment.tzinfo is None:
        return None
    return round(moment.timestamp() * 1000)


def parse_step(text: str) -> int:
    """Milliseconds of a step: a duration, or seconds. Raises ValueError with a sentence."""
    word = text.strip()
    try:
        step = round(float(word) * 1000) if _NUMBER.fullmatch(word) else parse_duration(word)
    except (ValueError, OverflowError):
        step = 0
    if step < 1 or not math.isfinite(step):
        raise ValueError(f'"{text}" is no step: write a duration such as 15s or 1m, at least 1ms')
    return step
