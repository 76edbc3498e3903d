"""A float64 by the verbs of Go's fmt."""

from __future__ import annotations

import math
from typing import Final

from checks.templates.numbers import float_text

__all__ = ["float_by_verb"]

_FRACTION_BITS: Final = 52


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
        return text.upper() if verb == "X" else text
    if verb == "b":
        mantissa, exponent = math.frexp(value)
        return f"{int(mantissa * 2 ** (_FRACTION_BITS + 1))}p{exponent - _FRACTION_BITS - 1:+d}"
    if verb in "vgG" and precision is None and not sharp:
        text = float_text(value)
        return text.upper() if verb == "G" else text
    kind = {"v": "g", "F": "f"}.get(verb, verb)
    return f"{value:{sharp}.{6 if precision is None else precision}{kind}}"


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
