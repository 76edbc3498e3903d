"""A float64 by the verbs of Go's fmt."""

from __future__ import annotations

import math
from typing import Final

from checks.templates.numbers import float_text

__all__ = ["float_by_verb"]

_FRACTION_BITS: Final = 52
_LEAST: Final = -1074
"""The power of two that the smallest float64 is."""


def float_by_verb(value: float, verb: str, precision: int | None, sharp: bool) -> str | None:
    """``value`` by ``verb``, with a sign always; None where the verb is not for floats.

    ``precision`` is None for the verb's own: six digits, or for ``v`` and ``g`` the fewest that
    name the value. ``sharp`` keeps the point and the zeros that ``g`` would drop.
    """
    if verb not in "vgGeEfFxXb":
        return None
    if math.isnan(value):
        return "+NaN"
    sign = "-" if math.copysign(1, value) < 0 else "+"
    if math.isinf(value):
        return f"{sign}Inf"
    return sign + _unsigned(abs(value), verb, precision, "#" if sharp else "")


def _unsigned(value: float, verb: str, precision: int | None, sharp: str) -> str:
    if verb in "xX":
        text = _hexadecimal(value, precision)
        if sharp:
            # Go asks for digits here with x, of which its own counts as one, and not with X
            digits = 0 if verb == "X" else 6 if precision is None else precision
            text = _with_zeros(text, "p", digits)
        return text.upper() if verb == "X" else text
    if verb == "b":
        exponent = max(math.frexp(value)[1] - _FRACTION_BITS - 1, _LEAST) if value else _LEAST
        return f"{int(math.ldexp(value, -exponent))}p{exponent:+d}"
    if verb in "vgG" and precision is None:
        text = _with_zeros(float_text(value), "e", 6) if sharp else float_text(value)
        return text.upper() if verb == "G" else text
    kind = {"v": "g", "F": "f"}.get(verb, verb)
    return f"{value:{sharp}.{6 if precision is None else precision}{kind}}"


def _with_zeros(text: str, exponent: str, wanted: int) -> str:
    """What ``#`` asks for: a point, and no fewer digits than ``wanted``."""
    number, mark, power = text.partition(exponent)
    count = len(number.replace(".", "").lstrip("0")) or 1
    point = "" if "." in number else "."
    return number + point + "0" * (wanted - count) + mark + power


def _hexadecimal(value: float, precision: int | None) -> str:
    """Go's ``%x``: one digit before the point, and an exponent of at least two digits."""
    mantissa, exponent = math.frexp(value)
    bits = int(mantissa * 2 ** (_FRACTION_BITS + 1))
    exponent -= 1 if value else 0
    digits = _FRACTION_BITS // 4
    if precision is not None and precision < digits:
        scale = 16 ** (digits - precision)
        quotient, rest = divmod(bits, scale)
        up = rest * 2 > scale or (rest * 2 == scale and quotient % 2)
        bits, digits = quotient + bool(up), precision
        if bits >> (4 * digits) > 1:
            bits, exponent = bits >> 1, exponent + 1
    whole, fraction = divmod(bits, 16**digits)
    text = f"{fraction:0{digits}x}" if digits else ""
    text = text.rstrip("0") if precision is None else text.ljust(precision, "0")
    return f"0x{whole}{'.' if text else ''}{text}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
