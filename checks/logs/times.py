"""Times as logs write them: read into seconds since 1970, and remembered.

Most lines share their second with the line before, so what was read once is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

__all__ = ["UNITS", "Times", "zone_of"]

UNITS: Final = {"unix": 1.0, "unix_ms": 1e-3, "unix_us": 1e-6, "unix_ns": 1e-9}
"""Names of formats that are a number since 1970, and the seconds of its unit."""
_REMEMBERED: Final = 4_096
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:[.,](\d{1,9})\d*)?"
    r"\s?(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?",
    re.IGNORECASE,
)
# 26/Dec/2024:10:00:00 +0000 (access logs), 26-Dec-2024 10:00:00 UTC (PHP), 26 Dec 2024 10:00:00.1
_DAY_FIRST = re.compile(
    r"(?:[A-Z][a-z]{2},? )?(\d{1,2})[/ -]([A-Z][a-z]{2})[/ -](\d{4})[: ](\d\d):(\d\d):(\d\d)"
    r"(?:\.(\d{1,9})\d*)?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
# Thu Dec 26 10:00:00.123456 2024 (Apache's errors), Dec 26 10:00:00 (syslog)
_MONTH_FIRST = re.compile(
    r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?"
    r"(?: (\d{4}))?"
)
_NAMES_YEAR = re.compile(r"(?:[^%]|%[^YyGcx])*%[YyGcx]")
"""A format of ``strptime`` whose times name their year."""
_TIME_ALONE = re.compile(r"(?:[^%]|%[HIpMSfzZXaAwu%])+")
"""A format of ``strptime`` whose times name no day but that of the week, if any."""
_DAY: Final = 86_400.0
_SHORTEST_DAY: Final = 82_800.0
"""In spring, when clocks are put forward."""
_AHEAD: Final = 600.0
"""Seconds that the clock of whoever logs times alone may be ahead of ours."""
_LATEST: Final = 1e11
"""Seconds since 1970: the year 5138. What is more is no number of seconds, and no time."""


T = TypeVar("T")


def zone_of(name: str) -> tzinfo | None:
    """The zone of ``UTC``, ``local`` (None, as `datetime` has it) or a name of the zone database.

    Raises:
        ValueError: there is no such zone here.
    """
    if name.lower() in ("utc", "z", "gmt"):
        return UTC
    if name == "local":
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(
            f"{name!r} is no time zone that is known here; write UTC, local or Europe/Berlin"
        ) from None


class Times:
    """Reads the times of one log.

    ``zone`` holds for those that name none themselves; ``pattern`` is a format of ``strptime``
    or one of :data:`UNITS`, empty where the usual ones are to be tried.
    """

    __slots__ = ("_daily", "_dated", "_known", "_pattern", "_reads", "_seconds", "_unit", "_zone")

    def __init__(self, zone: str = "UTC", pattern: str = "") -> None:
        self._zone = zone_of(zone)
        self._pattern = pattern
        self._daily = _TIME_ALONE.fullmatch(pattern) is not None
        self._dated = _NAMES_YEAR.match(pattern) is not None
        self._unit = UNITS.get(pattern)
        self._known: dict[str, float | None] = {}
        self._seconds: dict[tuple[str, ...], float] = {}
        self._reads: tuple[Callable[[str, float], float | None], ...] = (
            self._iso,
            self._day_first,
            self._month_first,
            self._number,
        )
        if self._unit is not None:
            self._reads = (self._number,)
        elif pattern:
            self._reads = (self._formatted,)

    def read(self, value: object, now: float) -> float | None:
        """Seconds since 1970 of ``value``, a text or a number; None where it is no time.

        ``now`` tells the year where it names none, and the day where it names the time alone.
        """
        if isinstance(value, float):
            return self._scaled(value)
        if not isinstance(value, str):
            return None
        known = self._known
        if value in known and not self._is_past(known[value], now):
            return known[value]
        found = self._found(value, now)
        if len(known) >= _REMEMBERED:
            known.clear()
        known[value] = found
        return found

    def _is_past(self, moment: float | None, now: float) -> bool:
        """Whether the same time of day may have come again since, where ``moment`` is of one."""
        return self._daily and moment is not None and now + _AHEAD >= moment + _SHORTEST_DAY

    def _found(self, text: str, now: float) -> float | None:
        for read in self._reads:
            try:
                found = read(text, now)
            except (ValueError, OverflowError, OSError):
                continue
            # A calendar has no day for the last second of its last year in another zone: what
            # cannot be shown is no time, and nobody logs before 1970.
            if found is not None and 0.0 <= found < _LATEST:
                return found
        return None

    def _iso(self, text: str, now: float) -> float | None:
        del now
        found = _ISO.match(text)
        if found is None:
            return None
        year, month, day, hour, minute, second, fraction, zone = found.groups()
        return self._at((year, month, day, hour, minute, second or "0", zone or ""), fraction)

    def _day_first(self, text: str, now: float) -> float | None:
        del now
        found = _DAY_FIRST.match(text)
        month = _MONTHS.get(found[2].lower()) if found else None
        if found is None or month is None:
            return None
        day, _, year, hour, minute, second, fraction, zone = found.groups()
        return self._at((year, str(month), day, hour, minute, second, zone or ""), fraction)

    def _month_first(self, text: str, now: float) -> float | None:
        found = _MONTH_FIRST.match(text)
        month = _MONTHS.get(found[1].lower()) if found else None
        if found is None or month is None:
            return None
        _, day, hour, minute, second, fraction, year = found.groups()
        rest = (str(month), day, hour, minute, second, "")
        if year:
            return self._at((year, *rest), fraction)
        return _of_late(now, lambda year: self._at((str(year), *rest), fraction))

    def _at(self, parts: tuple[str, ...], fraction: str | None) -> float:
        """``parts`` are year to second, and the zone."""
        seconds = self._seconds.get(parts)
        if seconds is None:
            year, month, day, hour, minute, second = (int(part) for part in parts[:6])
            zone = _named(parts[6]) if parts[6] else self._zone
            # A leap second is the one after it, as Unix counts.
            leap, second = divmod(second, 60) if second == 60 else (0, second)
            moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
            seconds = moment.timestamp() + 60 * leap
            if len(self._seconds) >= _REMEMBERED:
                self._seconds.clear()
            self._seconds[parts] = seconds
        return seconds + float("0." + fraction) if fraction else seconds

    def _number(self, text: str, now: float) -> float | None:
        del now
        return self._scaled(float(text))

    def _scaled(self, value: float) -> float | None:
        if self._unit is not None:
            value *= self._unit
        elif value >= _LATEST:
            # A number so large means milliseconds, microseconds or nanoseconds.
            value *= 1e-3 if value < 1e14 else 1e-6 if value < 1e17 else 1e-9
        return value if 1e6 < value < _LATEST else None

    def _formatted(self, text: str, now: float) -> float | None:
        if self._dated:
            return self._parsed(text, self._pattern)
        if self._daily:
            today = datetime.fromtimestamp(now, UTC).date()
            # In zones far from UTC it is another day; of each the latest such time counts.
            days = [today + timedelta(days) for days in (1, 0, -1, -2)]
            pattern = f"%Y-%m-%d {self._pattern}"
            return _latest(lambda day: self._parsed(f"{day} {text}", pattern), days, now + _AHEAD)
        # The year goes first, so that the 29th of February is a day where it is one.
        return _of_late(now, lambda year: self._parsed(f"{year} {text}", f"%Y {self._pattern}"))

    def _parsed(self, text: str, pattern: str) -> float:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone follows
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return moment.timestamp()


def _of_late(now: float, at: Callable[[int], float]) -> float | None:
    """The latest time that is not to come, of those that ``at`` tells for a year.

    Late in December the clock of a machine may be a little ahead of ours, no more.
    """
    this = datetime.fromtimestamp(now, UTC).year
    # Of another year the 29th of February is no day.
    return _latest(at, (this + 1, this, this - 1), now + _DAY)


def _latest(at: Callable[[T], float], choices: Iterable[T], bound: float) -> float | None:
    """The first time that ``at`` tells of ``choices`` and is not past ``bound``."""
    for choice in choices:
        try:
            moment = at(choice)
        except ValueError:
            continue
        if moment <= bound:
            return moment
    return None


def _named(zone: str) -> tzinfo:
    if zone[0] not in "+-":
        return UTC
    offset = datetime.strptime(zone if len(zone) > 3 else zone + "00", "%z").tzinfo
    return offset or UTC
