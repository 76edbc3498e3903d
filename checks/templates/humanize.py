"""Numbers for people, as Prometheus' template functions write them (template/template.go)."""

from __future__ import annotations

import math
from typing import Final

from checks.templates.errors import CallError
from checks.templates.floats import float_by_verb
from checks.templates.numbers import MAX_INT, MIN_INT, float_text, parse_float
from checks.templates.quoting import quote
from checks.templates.times import Duration, Instant
from checks.templates.values import type_name

__all__ = [
    "humanize",
    "humanize_1024",
    "humanize_duration",
    "humanize_percentage",
    "humanize_timestamp",
    "to_duration",
    "to_float",
    "to_time",
]

_LARGE: Final = "kMGTPEZY"
_SMALL: Final = "munpfazy"
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def to_float(value: object) -> float:
    """``value``, or what it says as text, as a number.

    Raises:
        CallError: it is of another type, or the text is no number.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Duration):
        return value.ns / 1e9
    if type(value) is not str:
        raise CallError(f"can't convert {type_name(value)} to float")
    number = parse_float(value)
    if number is None:
        raise CallError(f"strconv.ParseFloat: parsing {quote(value)}: invalid syntax")
    if math.isinf(number) and value[-1].isdecimal():
        raise CallError(f"strconv.ParseFloat: parsing {quote(value)}: value out of range")
    return number


def _short(value: float) -> str:
    """``%.4g``."""
    return (float_by_verb(value, "g", 4, False) or "").removeprefix(
        "" if math.isinf(value) else "+"
    )


def humanize(number: object) -> str:
    """``1234567`` as ``1.235M``, ``0.12`` as ``120m``."""
    value = to_float(number)
    if value == 0 or not math.isfinite(value):
        return _short(value)
    if abs(value) >= 1:
        return _scaled(value, 1000, tuple(_LARGE))
    return _raised(value)


def _scaled(value: float, step: int, prefixes: tuple[str, ...]) -> str:
    prefix = ""
    for larger in prefixes:
        if abs(value) < step:
            break
        prefix = larger
        value /= step
    return _short(value) + prefix


def _raised(value: float) -> str:
    prefix = ""
    for smaller in _SMALL:
        if abs(value) >= 1:
            break
        prefix = smaller
        value *= 1000
    return _short(value) + prefix


def humanize_1024(number: object) -> str:
    """``1048576`` as ``1Mi``."""
    value = to_float(number)
    if abs(value) <= 1 or not math.isfinite(value):
        return _short(value)
    return _scaled(value, 1024, _BINARY)


def humanize_duration(number: object) -> str:
    """Seconds as ``14d 6h 56m 7s``; seconds alone with four digits."""
    value = to_float(number)
    if not math.isfinite(value):
        return _short(value)
    if abs(value) < 1:
        return (_raised(value) if value else _short(value)) + "s"
    return _long_duration(value)


def _long_duration(value: float) -> str:
    sign = "-" if value < 0 else ""
    value = abs(value)
    minutes, seconds = divmod(_int64(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_short(value)}s"


def _int64(value: float) -> int:
    """The most seconds that 64 bits hold, where there are more."""
    return min(int(value), MAX_INT)


def humanize_percentage(number: object) -> str:
    """``0.1234567`` as ``12.35%``."""
    return _short(to_float(number) * 100) + "%"


def humanize_timestamp(number: object) -> str:
    """Seconds since 1970 as ``2015-06-23 13:19:44.128 +0000 UTC``."""
    value = to_float(number)
    return str(_time(value)) if math.isfinite(value) else _short(value)


def to_time(number: object) -> Instant:
    """Seconds since 1970 as a time with methods, such as ``Format``."""
    value = to_float(number)
    if not math.isfinite(value):
        raise CallError("value is NaN or Inf")
    return _time(value)


def _time(value: float) -> Instant:
    nanoseconds = value * 1e9
    if not MIN_INT <= nanoseconds <= MAX_INT:
        raise CallError(
            f"{float_text(value)} cannot be represented as a nanoseconds timestamp "
            "since it overflows int64"
        )
    milliseconds = abs(int(nanoseconds)) // 1_000_000  # towards zero, as Go divides
    return Instant(-milliseconds if nanoseconds < 0 else milliseconds)


def to_duration(number: object) -> Duration:
    """Seconds as a time.Duration."""
    value = to_float(number)
    if not math.isfinite(value):
        raise CallError("value is NaN or Inf")
    return Duration(max(MIN_INT, min(int(value * 1e9), MAX_INT)))
