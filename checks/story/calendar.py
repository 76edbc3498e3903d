"""Local times and what they come to: days, times of day, zones whose clocks change twice a year."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

__all__ = ["WEEKDAYS", "instant", "local", "moment", "zone"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?\s*(Z|[+-]\d\d:?\d\d)?")


@lru_cache(maxsize=32)
def zone(name: str) -> tzinfo | None:
    """The zone called ``name``; None, which is this machine's own, where it is empty.

    Raises:
        ValueError: there is none of this name.
    """
    if not name:
        return None
    import zoneinfo  # noqa: PLC0415 - where somebody names a zone

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'there is no time zone "{name}"; write one such as Europe/Berlin') from (
            None
        )


def local(at: float, where: tzinfo | None) -> datetime:
    """What the clocks show at ``at`` (seconds since 1970), without a zone of its own."""
    return datetime.fromtimestamp(at, where).replace(tzinfo=None)


def instant(day: date, of_day: time, where: tzinfo | None, *, second: bool = False) -> float:
    """When the clocks show ``of_day`` on ``day``, in seconds since 1970.

    A time that the clocks leave out in spring is as much later as they are put forward. One that
    they show twice in autumn is the first, or with ``second`` the second.
    """
    shown = datetime.combine(day, of_day, where).replace(fold=int(second))
    return shown.timestamp()


def moment(text: str, where: tzinfo | None) -> float:
    """``2026-11-30T22:00``, a date alone, or one with ``Z`` or ``+01:00``, in seconds since 1970.

    Raises:
        ValueError: it is none.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no time; write 2026-11-30T22:00')
    day, of_day, offset = found.groups()
    at = datetime.fromisoformat(f"{day}T{of_day or '00:00'}")
    if offset is None:
        return instant(at.date(), at.time(), where)
    if offset == "Z":
        return at.replace(tzinfo=UTC).timestamp()
    return datetime.fromisoformat(f"{at.isoformat()}{offset}").timestamp()
