"""Figures as text: three digits that matter, a unit, and never a false nought.

What is not known is a dash, never 0; what is not quite all is never ``100 %``.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

__all__ = [
    "DASH",
    "age",
    "clock",
    "coarse",
    "count",
    "date_clock",
    "duration",
    "growth",
    "many",
    "percent",
    "rate",
    "size",
    "span",
    "until",
    "value_in",
    "window",
]

DASH: Final = "—"
"""Stands for a figure that is not known."""

_THIN: Final = 1000.0
_BYTES: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_BIG: Final = ("", "k", "M", "G", "T")


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _three(value: float) -> str:
    """``value`` in about three digits: 12.3 as 12, 1.23 as 1.2, 0.123 as 0.12."""
    size = abs(value)
    if size >= 9.95 or value == 0:
        return f"{value:.0f}"
    if size >= 0.995:
        return f"{value:.1f}".removesuffix(".0")
    if size >= 0.095:
        return f"{value:.2f}".rstrip("0")
    return f"{value:.1g}" if size >= 0.001 else "<0.001"


def _seconds(seconds: float) -> str:
    places = 2 if seconds < 9.995 else 1
    return f"{seconds:.{places}f}".rstrip("0").rstrip(".") + " s"


def duration(seconds: float | None) -> str:
    """How long something took: ``0.4 ms``, ``12 ms``, ``1.2 s``, ``2 m 5 s``."""
    if seconds is None or not _known(seconds):
        return DASH
    size = abs(seconds)
    if size >= 99.95:
        text = span(size)
    elif size >= 0.9995:
        text = _seconds(size)
    elif size >= 0.0000995 or size == 0:
        text = f"{_three(size * 1e3)} ms"
    else:
        text = f"{_three(size * 1e6)} µs" if size >= 1e-6 else "<1 µs"
    return f"-{text}" if seconds < 0 else text


def span(seconds: float | None) -> str:
    """A length of time in its two largest units: ``45 s``, ``2 m 5 s``, ``3 h``, ``4 d 2 h``."""
    if seconds is None or not _known(seconds):
        return DASH
    left = int(abs(seconds))
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    for place, (unit, length) in enumerate(units):
        if left >= length:
            first, rest = divmod(left, length)
            if place + 1 == len(units):
                return f"{first} {unit}"
            next_unit, next_length = units[place + 1]
            second = rest // next_length
            return f"{first} {unit} {second} {next_unit}" if second else f"{first} {unit}"
    return "0 s"


def window(seconds: float) -> str:
    """The time that figures are computed over: ``30 s``, ``1 min``, ``15 min``, ``1 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def age(seconds: float | None) -> str:
    """How long ago, in its largest unit: ``now``, ``45 s``, ``2 m``, ``3 h``, ``12 d``."""
    if seconds is None or not _known(seconds):
        return DASH
    if seconds < 1:
        return "now"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def coarse(seconds: float | None) -> str:
    """A length of time in steps that rarely change: ``<1 s``, ``7 s``, ``45 s``, ``4 m``, ``3 h``.

    For what grows as one looks: it is sent anew only when it says something new. Steps are of
    1 s below 10 s and of 5 s below a minute.
    """
    if seconds is None or not _known(seconds):
        return DASH
    if seconds < 1:
        return "<1 s"
    if seconds < 60:
        return f"{int(seconds) if seconds < 10 else int(seconds) // 5 * 5} s"
    return age(seconds)


def until(seconds: float | None) -> str:
    """The time that is left, in steps that rarely change: ``45 s``, ``2 m 50 s``, ``1 h 20 m``,
    ``3 d 4 h``, ``12 d``.

    A second unit while there are fewer than ten of the first, by which it would be too short by up
    to a half. Steps are of 10 s below 10 m, of 5 m below 10 h, of 1 h below 10 d.
    """
    if seconds is None or not _known(seconds):
        return DASH
    for length, step in ((86400, 3600), (3600, 300), (60, 10)):
        if seconds >= length:
            return span(seconds // step * step) if seconds < 10 * length else age(seconds)
    return coarse(seconds)


def _scaled(value: float, units: tuple[str, ...]) -> tuple[str, str]:
    """``value`` brought below 1,000, in three digits, and the unit it then has."""
    size, place = abs(value), 0
    while size >= 999.5 and place + 1 < len(units):
        size /= _THIN
        place += 1
    text = _three(size) if size else "0"
    return (f"-{text}" if value < 0 else text), units[place]


def size(value: float | None) -> str:
    """Bytes in powers of 1,000: ``512 B``, ``2.1 MB``."""
    if value is None or not _known(value):
        return DASH
    text, unit = _scaled(value, _BYTES)
    return f"{text} {unit}"


def rate(value: float | None, unit: str = "") -> str:
    """So many a second: ``128/s``, ``0.5/s``, ``1.2k/s``; with ``unit="B"`` ``2.1 MB/s``."""
    if value is None or not _known(value):
        return DASH
    if unit == "B":
        return f"{size(value)}/s"
    if 999.5 <= abs(value) < 9999.5:
        return f"{value:,.0f}/s"
    text, prefix = _scaled(value, _BIG)
    return f"{text}{prefix}/s"


def growth(value: float | None) -> str:
    """Items a minute with their sign: ``+38/min``, ``-0.4/min``, ``±0/min``."""
    if value is None or not _known(value):
        return DASH
    if value == 0:
        return "±0/min"
    text, prefix = _scaled(abs(value), _BIG)
    return f"{'+' if value > 0 else '-'}{text}{prefix}/min"


def count(value: float | None) -> str:
    """A number of things: ``0``, ``1,204``, ``12.3 M`` from ten million on."""
    if value is None or not _known(value):
        return DASH
    if abs(value) < 1e7:
        whole = value == int(value) or abs(value) >= 100
        return f"{value:,.0f}" if whole else _three(value)
    for unit, power in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if abs(value) >= power:
            return f"{value / power:,.1f} {unit}"
    return DASH


def many(number: float | None, one: str, more: str = "") -> str:
    """A number of things with their word: ``1 error``, ``1,204 errors``; ``more`` is the word for
    several where that is not ``one`` with an s.
    """
    return f"{count(number)} {one if number == 1 else more or f'{one}s'}"


def percent(ratio: float | None) -> str:
    """A ratio as ``6.2 %``; what is not quite 0 or 100 is never shown as if it were."""
    if ratio is None or not _known(ratio):
        return DASH
    value = ratio * 100
    if value in (0.0, 100.0):
        return f"{value:.0f} %"
    if 0 < value < 0.1:
        return "<0.1 %"
    if 99.9 < value < 100:
        return ">99.9 %"
    if abs(value) < 9.95 or 99 < value < 100:
        return f"{value:.1f}".removesuffix(".0") + " %"
    return f"{value:,.0f} %"


def clock(time: float) -> str:
    """The local time of day, ``10:42:07``."""
    return datetime.fromtimestamp(time).astimezone().strftime("%H:%M:%S")


def date_clock(time: float) -> str:
    """The local date and time of day, ``2023-11-14 22:13:20``."""
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def value_in(unit: str, value: float | None) -> str:
    """``value`` in a chart's ``unit``: ``s``, ``ratio``, ``bytes``, ``1/s`` or empty."""
    if unit == "s":
        return duration(value)
    if unit == "ratio":
        return percent(value)
    if unit == "bytes":
        return size(value)
    if unit == "1/s":
        return rate(value)
    return count(value)
