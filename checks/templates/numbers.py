"""Numbers as Go reads and writes them (strconv)."""

from __future__ import annotations

import math
import re
from typing import Final

__all__ = ["MAX_INT", "MIN_INT", "float_text", "parse_constant", "parse_float"]

MAX_INT: Final = 2**63 - 1
MIN_INT: Final = -(2**63)

_OCTAL: Final = re.compile(r"[+-]?0[0-7_]+")
_DECIMAL_FLOAT: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_HEX_FLOAT: Final = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+"
)
_UNBOUNDED: Final = re.compile(r"([+-]?)(?:inf(?:inity)?|nan)", re.IGNORECASE)


def float_text(value: float) -> str:
    """``value`` as ``%v`` writes it: ``1.234567e+06``, ``+Inf``.

    The digits are the fewest that name the value, as in Python's repr; an exponent is written
    where it is under -4 or over 5 (strconv/ftoa.go: the shortest precision decides as 6 does).
    """
    if -1e6 < value < 1e6:
        text = repr(value)
        return text[:-2] if text.endswith(".0") else text
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        return text.replace(".0e", "e")
    sign = "-" if value < 0 else ""
    whole, fraction = text.removeprefix("-").split(".")
    digits = (whole + fraction).rstrip("0")
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e+{len(whole) - 1:02d}"


def parse_float(text: str) -> float | None:
    """``text`` as strconv.ParseFloat reads it; None where it is no number."""
    if _DECIMAL_FLOAT.fullmatch(text):
        return float(text)
    if _UNBOUNDED.fullmatch(text):
        return math.nan if text[-1] in "nN" else float(text)
    return float.fromhex(text) if _HEX_FLOAT.fullmatch(text) else None


def parse_constant(text: str) -> int | float | None:
    """A number in a template: an int, or a float where it has a point or an exponent.

    None where it is malformed.

    Raises:
        OverflowError: an integer beyond 64 bits.
    """
    lowered = text.lower()
    hexadecimal = "x" in lowered
    if "." in lowered or ("p" if hexadecimal else "e") in lowered:
        number = parse_float(text.replace("_", ""))
        return None if number is None or math.isinf(number) else number
    try:
        whole = int(text, 8) if _OCTAL.fullmatch(text) else int(text, 0)
    except ValueError:
        return None
    if not MIN_INT <= whole <= MAX_INT:
        raise OverflowError(text)
    return whole
