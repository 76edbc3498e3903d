"""Go's time.Time and time.Duration, as far as ``toTime`` and ``toDuration`` hand them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from checks.templates.layouts import written

__all__ = ["METHODS", "Duration", "Instant"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = ((3_600_000_000_000, "h"), (60_000_000_000, "m"))


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment in UTC, in milliseconds since 1970: Prometheus keeps no finer ones."""

    ms: int

    def __str__(self) -> str:
        fraction = f".{self.ms % 1000:03d}".rstrip("0").rstrip(".")
        return f"{self.moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"

    @property
    def moment(self) -> datetime:
        return _EPOCH + timedelta(milliseconds=self.ms)


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time in nanoseconds."""

    ns: int

    def __str__(self) -> str:
        """As Go writes it: ``1h2m3.5s``, ``250ms``, ``0s``."""
        sign, left = ("-" if self.ns < 0 else ""), abs(self.ns)
        if left < 1_000_000_000:
            return sign + _under_a_second(left)
        text = ""
        for size, unit in _UNITS:
            count, left = divmod(left, size)
            if count or text:
                text += f"{count}{unit}"
        return f"{sign}{text}{_decimal(left, 9)}s"


def _under_a_second(ns: int) -> str:
    if ns == 0:
        return "0s"
    for digits, unit in ((6, "ms"), (3, "µs")):
        if ns >= 10**digits:
            return _decimal(ns, digits) + unit
    return f"{ns}ns"


def _decimal(number: int, digits: int) -> str:
    whole, fraction = divmod(number, 10**digits)
    return f"{whole}.{fraction:0{digits}d}".rstrip("0").rstrip(".")


METHODS: Final[dict[type, dict[str, Callable[..., object]]]] = {
    Instant: {
        "Format": lambda time, layout: written(time.moment, layout),
        "String": str,
        "UTC": lambda time: time,
        "Unix": lambda time: time.ms // 1000,
        "UnixMilli": lambda time: time.ms,
        "Year": lambda time: time.moment.year,
        "YearDay": lambda time: time.moment.timetuple().tm_yday,
        "Day": lambda time: time.moment.day,
        "Hour": lambda time: time.moment.hour,
        "Minute": lambda time: time.moment.minute,
        "Second": lambda time: time.moment.second,
        # types of their own in Go, which print so
        "Month": lambda time: written(time.moment, "January"),
        "Weekday": lambda time: written(time.moment, "Monday"),
    },
    Duration: {
        "String": str,
        "Hours": lambda span: span.ns / 3.6e12,
        "Minutes": lambda span: span.ns / 6e10,
        "Seconds": lambda span: span.ns / 1e9,
        "Milliseconds": lambda span: int(span.ns / 1e6),
    },
}
"""The methods that templates may call, by type and name: the value comes first."""
