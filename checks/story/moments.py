"""The moment that somebody means by what they type. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from checks.model import clean
from checks.story.calendar import instant, local, moment

__all__ = ["moment_of"]

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_AGO = re.compile(r"-?(\d{1,6})\s*(s|m|h|d)(?: ago)?")
_LENGTHS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SKEW = 60.0
"""Seconds that a moment may be ahead: clocks are never quite right."""
_OLDEST = 90 * 86_400.0
"""Seconds back, after which nothing is kept."""


def moment_of(text: str, now: float, where: tzinfo | None = None) -> float:
    """Seconds since 1970 of ``14:05`` (the last time that clocks showed it), of
    ``2026-11-30T22:00`` with or without ``Z`` or ``+01:00``, of ``yesterday 14:05``, of ``-10m``,
    or of ``now``.

    Args:
        text: what somebody typed.
        now: seconds since 1970.
        where: whose clocks are meant; None for this machine's.

    Raises:
        ValueError: with a sentence: it is none, has not come yet, or was too long ago.
    """
    told = " ".join(text.lower().split())
    at = _read(told, now, where)
    if at is None:
        try:
            at = moment(text.strip().upper(), where)
        except ValueError:
            told = clean(text, 60)
            raise ValueError(
                f'"{told}" is no time; write 14:05, yesterday 14:05, 2026-11-30T14:05, or -10m'
            ) from None
    if at > now + _SKEW:
        shown = datetime.fromtimestamp(at, UTC).astimezone(where)
        raise ValueError(f"{shown:%Y-%m-%d %H:%M} has not come yet")
    if at < now - _OLDEST:
        raise ValueError("that is more than 90 days ago, and nothing is kept for so long")
    return min(at, now)


def _read(told: str, now: float, where: tzinfo | None) -> float | None:
    if told in {"", "now"}:
        return now
    ago = _AGO.fullmatch(told)
    if ago is not None:
        return now - int(ago[1]) * _LENGTHS[ago[2]]
    day, _, rest = told.rpartition(" ")
    clock = _CLOCK.fullmatch(rest)
    if clock is None or day not in {"", "today", "yesterday"}:
        return None
    try:
        of_day = time(int(clock[1]), int(clock[2]), int(clock[3] or 0))
    except ValueError:
        return None
    today = local(now, where).date()
    before = today - timedelta(days=1)
    if day == "yesterday":
        return instant(before, of_day, where)
    at = instant(today, of_day, where)
    # Just after midnight, 23:50 was ten minutes ago.
    return instant(before, of_day, where) if not day and at > now + _SKEW else at
