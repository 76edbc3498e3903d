"""Go's layouts of a time: a reference date spelt as the result should be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

__all__ = ["written"]

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _twelve(moment: datetime) -> int:
    return moment.hour % 12 or 12


_ELEMENTS: Final[dict[str, Callable[[datetime], str]]] = {
    "January": lambda t: _MONTHS[t.month - 1],
    "Jan": lambda t: _MONTHS[t.month - 1][:3],
    "Monday": lambda t: _DAYS[t.weekday()],
    "Mon": lambda t: _DAYS[t.weekday()][:3],
    "MST": lambda t: "UTC",
    "2006": lambda t: f"{t.year:04d}",
    "-07:00": lambda t: "+00:00",
    "-0700": lambda t: "+0000",
    "-07": lambda t: "+00",
    "Z07:00": lambda t: "Z",
    "Z0700": lambda t: "Z",
    "002": lambda t: f"{t.timetuple().tm_yday:03d}",
    "01": lambda t: f"{t.month:02d}",
    "02": lambda t: f"{t.day:02d}",
    "03": lambda t: f"{_twelve(t):02d}",
    "04": lambda t: f"{t.minute:02d}",
    "05": lambda t: f"{t.second:02d}",
    "06": lambda t: f"{t.year % 100:02d}",
    "15": lambda t: f"{t.hour:02d}",
    "PM": lambda t: "PM" if t.hour >= 12 else "AM",
    "pm": lambda t: "pm" if t.hour >= 12 else "am",
    "_2": lambda t: f"{t.day:2d}",
    "1": lambda t: str(t.month),
    "2": lambda t: str(t.day),
    "3": lambda t: str(_twelve(t)),
    "4": lambda t: str(t.minute),
    "5": lambda t: str(t.second),
}
_FRACTION: Final = r"[.,](?:0+|9+)(?!\d)"
_ANY: Final = re.compile(
    f"{_FRACTION}|" + "|".join(re.escape(name) for name in sorted(_ELEMENTS, key=len, reverse=True))
)


def written(moment: datetime, layout: str) -> str:
    """``moment`` (UTC) in ``layout``, such as ``2006-01-02 15:04:05`` (Go's time/format.go)."""
    return _ANY.sub(lambda found: _element(moment, found.group()), layout)


def _element(moment: datetime, name: str) -> str:
    if name[0] not in ".,":
        return _ELEMENTS[name](moment)
    digits = f"{moment.microsecond:06d}000"[: len(name) - 1]
    if name[1] == "9":
        digits = digits.rstrip("0")
        return name[0] + digits if digits else ""
    return name[0] + digits
