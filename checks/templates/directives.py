"""A value as a directive of Go's fmt writes it, whatever its type; after fmt/print.go and
fmt/format.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from checks.templates.floats import float_by_verb
from checks.templates.quoting import quote
from checks.templates.times import Duration, Instant
from checks.templates.values import (
    Arguments,
    Data,
    Html,
    Octet,
    Sample,
    Samples,
    type_name,
)

__all__ = ["FIELD_NAMES", "GO_SYNTAX", "Spec", "written"]

FIELD_NAMES: Final = "n"
GO_SYNTAX: Final = "s"
"""What ``+`` and ``#`` mean to ``v``, and to ``v`` alone."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One directive: flags, width and precision (None where not given), verb."""

    verb: str
    flags: str = ""
    width: int | None = None
    precision: int | None = None

    def padded(self, text: str) -> str:
        """``text`` in the directive's width, in characters; Go pads words with zeros, too."""
        if self.width is None or len(text) >= self.width:
            return text
        return text.rjust(self.width, "0") if self.zeros else self.spaced(text)

    def spaced(self, text: str) -> str:
        """``text`` in the directive's width, whatever it says of zeros."""
        width = self.width or 0
        return text.ljust(width) if "-" in self.flags else text.rjust(width)

    @property
    def zeros(self) -> bool:
        return "0" in self.flags and "-" not in self.flags

    @property
    def sign(self) -> str:
        """What stands before a number that is not negative."""
        return "+" if "+" in self.flags else " " if " " in self.flags else ""


def written(value: object, spec: Spec) -> str:
    """``value`` as ``spec`` has it; where its verb does not fit, what Go says of that."""
    if spec.verb == "T":
        return spec.padded("<nil>" if value is None else type_name(value)[: spec.precision])
    if value is None:
        return spec.padded("<nil>") if spec.verb == "v" else f"%!{spec.verb}(<nil>)"
    write = _WRITERS.get(type(value), _string)
    return write(value, spec)


def _bad(value: object, spec: Spec) -> str:
    # the flags, the width and the precision hold for the value within, too
    return f"%!{spec.verb}({type_name(value)}={written(value, replace(spec, verb='v'))})"


def _boolean(value: bool, spec: Spec) -> str:
    if spec.verb not in "tv":
        return _bad(value, spec)
    return spec.padded("true" if value else "false")


def _string(value: object, spec: Spec) -> str:
    text = str(value)
    if spec.verb in "xX":
        return spec.padded(_hex(text, spec))
    if spec.verb not in "svq":
        return _bad(value, spec)
    if spec.precision is not None:
        text = text[: spec.precision]
    if spec.verb == "q" or GO_SYNTAX in spec.flags:
        text = _quoted(text, spec)
    return spec.padded(text)


def _quoted(text: str, spec: Spec) -> str:
    backquotable = "`" not in text and all(c.isprintable() or c == "\t" for c in text)
    if spec.verb == "q" and "#" in spec.flags and backquotable:
        return f"`{text}`"
    return quote(text, spec.verb == "q" and "+" in spec.flags)


def _hex(text: str, spec: Spec) -> str:
    octets = text.encode("utf-8", "replace")[: spec.precision]
    prefix = "0x" if "#" in spec.flags and octets else ""
    if " " in spec.flags:
        digits = " ".join(f"{prefix}{octet:02x}" for octet in octets)
    else:
        digits = prefix + octets.hex()
    return digits.upper() if spec.verb == "X" else digits


_BASES: Final = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "o": "0", "O": "0", "x": "0x", "X": "0X"}


def _integer(value: int, spec: Spec) -> str:
    if spec.verb in _BASES:
        return _digits(value, spec)
    if spec.verb not in "cqU":
        return _bad(value, spec)
    known = 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000
    char = chr(value) if known else "\ufffd"
    if spec.verb == "U":
        digits = f"U+{value % 2**64:0{max(4, spec.precision or 0)}X}"
        shown = known and "#" in spec.flags and char.isprintable()
        return spec.spaced(f"{digits} '{char}'" if shown else digits)
    return spec.padded(char if spec.verb == "c" else quote(char, "+" in spec.flags, "'"))


def _digits(value: int, spec: Spec) -> str:
    sign = "-" if value < 0 else spec.sign
    digits = format(abs(value), _BASES[spec.verb])
    if spec.precision == value == 0:
        return spec.spaced("")  # no digit at all, nor a sign or a base
    if spec.precision is not None:
        digits = digits.zfill(spec.precision)
    elif spec.zeros and spec.width is not None:
        digits = digits.zfill(spec.width - len(sign))
    if "#" in spec.flags and not (spec.verb in "oO" and digits[0] == "0"):
        digits = _PREFIXES.get(spec.verb, "") + digits
    if spec.verb == "O":
        digits = "0o" + digits
    return spec.spaced(sign + digits)


def _float(value: float, spec: Spec) -> str:
    number = float_by_verb(value, spec.verb, spec.precision, "#" in spec.flags)
    if number is None:
        return _bad(value, spec)
    sign, digits = number[0], number[1:]
    if sign == "+":
        sign = spec.sign or ("+" if digits == "Inf" else "")
    if digits in ("Inf", "NaN"):  # these look like no numbers: never padded with zeros
        return spec.spaced(sign + digits)
    if spec.zeros and spec.width is not None:
        digits = digits.rjust(spec.width - len(sign), "0")
    return spec.spaced(sign + digits)


def _mapping(value: dict[str, object], spec: Spec) -> str:
    parts = [f"{written(k, spec)}:{written(value[k], spec)}" for k in sorted(value)]
    if GO_SYNTAX in spec.flags:
        return f"{type_name(value)}{{{', '.join(parts)}}}"
    return f"map[{' '.join(parts)}]"


def _sample(value: Sample, spec: Spec) -> str:
    return "&" + _structure(spec, Labels=value.labels, Value=value.value)


def _structure(spec: Spec, **fields: object) -> str:
    named = FIELD_NAMES in spec.flags or GO_SYNTAX in spec.flags
    parts = (
        f"{name}:{written(value, spec)}" if named else written(value, spec)
        for name, value in fields.items()
    )
    return f"{{{' '.join(parts)}}}"


def _samples(value: list[Sample], spec: Spec) -> str:
    # Go writes the addresses of the samples here, which say nothing
    return f"[{' '.join(written(sample, spec) for sample in value)}]"


def _data(value: Data, spec: Spec) -> str:
    return _structure(
        spec,
        Labels=value.labels,
        ExternalLabels=value.external_labels,
        ExternalURL=value.external_url,
        Value=value.value,
    )


def _time(value: Instant | Duration, spec: Spec) -> str:
    return _string(str(value), spec) if spec.verb in "vsqxX" else _bad(value, spec)


_WRITERS: Final[dict[type, Callable[..., str]]] = {
    str: _string,
    Html: _string,
    bool: _boolean,
    int: _integer,
    Octet: _integer,
    float: _float,
    dict: _mapping,
    Arguments: _mapping,
    Sample: _sample,
    Samples: _samples,
    Data: _data,
    Instant: _time,
    Duration: _time,
}
