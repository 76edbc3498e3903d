"""Go's fmt: ``print``, ``println`` and ``printf``, with what Go writes where verbs do not fit.

After fmt/print.go and fmt/format.go. A format is taken apart once and kept, since the same few
are used for every alert.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from checks.templates.errors import CallError
from checks.templates.floats import float_by_verb
from checks.templates.numbers import float_text
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

__all__ = ["MAX_TEXT", "go_print", "go_printf", "go_println", "go_text"]

MAX_TEXT: Final = 64 * 1024
"""The longest text, in characters, that a template or a function in it may make."""

_SHORT: Final = 500
"""Formats of up to so many characters are remembered."""
_TOO_WIDE: Final = 1_000_000
"""Go ignores widths and precisions beyond this."""

_DIRECTIVE: Final = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<first>\[[^\]]*\]?)?(?P<width>\*|\d+)?"
    r"(?:(?P<point>\.)(?P<second>\[[^\]]*\]?)?(?P<precision>\*|\d+)?)?"
    r"(?P<third>\[[^\]]*\]?)?(?P<verb>.)?",
    re.DOTALL,
)


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


_PLAIN: Final = Spec("v")
_FIELD_NAMES: Final = "n"
_GO_SYNTAX: Final = "s"
"""What ``+`` and ``#`` mean to ``v``, and to ``v`` alone."""


def go_text(value: object) -> str:
    """``value`` as ``%v`` writes it."""
    if isinstance(value, str):
        return value
    if type(value) is float:
        return float_text(value)
    return _argument(value, _PLAIN)


def go_print(values: Sequence[object]) -> str:
    """``print``: a space between two values of which neither is a string."""
    text = ""
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            text += " "
        text += go_text(value)
    return text


def go_println(values: Sequence[object]) -> str:
    """``println``: a space between all, and a line's end."""
    return " ".join(map(go_text, values)) + "\n"


def go_printf(form: str, values: Sequence[object]) -> str:
    """``printf``.

    Raises:
        CallError: a width or precision asks for more than :data:`MAX_TEXT` characters.
    """
    pieces = _remembered(form) if len(form) <= _SHORT else _pieces(form)
    parts: list[str] = []
    length = 0
    for part in _Printf(values).run(pieces):
        length += len(part)
        if length > MAX_TEXT:
            raise CallError(f"a text of more than {MAX_TEXT} characters")
        parts.append(part)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Complex:
    """A directive with argument numbers or ``*``, or without a verb: decided when it is used."""

    found: re.Match[str]


@lru_cache(maxsize=256)
def _remembered(form: str) -> tuple[str | Spec | _Complex, ...]:
    return _pieces(form)


def _pieces(form: str) -> tuple[str | Spec | _Complex, ...]:
    """Text and directives by turns; the first is text."""
    pieces: list[str | Spec | _Complex] = []
    text, at = "", 0
    for found in _DIRECTIVE.finditer(form):
        text += form[at : found.start()]
        at = found.end()
        if found["verb"] == "%":
            text += "%"
            continue
        pieces += (text, _spec(found))
        text = ""
    text += form[at:]
    return (*pieces, text) if text or not pieces else tuple(pieces)


def _spec(found: re.Match[str]) -> Spec | _Complex:
    numbered = found["first"] or found["second"] or found["third"]
    if numbered or "*" in (found["width"], found["precision"]) or not found["verb"]:
        return _Complex(found)
    precision = _bounded(found["precision"] or "0") if found["point"] else None
    return Spec(found["verb"], _flags(found), _bounded(found["width"]), precision)


def _flags(found: re.Match[str]) -> str:
    flags = found["flags"]
    if found["verb"] == "v":
        flags = flags.replace("+", _FIELD_NAMES).replace("#", _GO_SYNTAX)
    return flags


def _bounded(digits: str | None) -> int | None:
    if not digits or len(digits) > 7 or int(digits) > _TOO_WIDE:
        return None
    if int(digits) > MAX_TEXT:
        raise CallError(f"printf with a width of {digits}; at most {MAX_TEXT} is written")
    return int(digits)


class _Printf:
    """The walk through a format's pieces, one argument after another."""

    def __init__(self, values: Sequence[object]) -> None:
        self._values = values
        self._next = 0
        self._reordered = False
        self._good = True

    def run(self, pieces: Sequence[str | Spec | _Complex]) -> Iterator[str]:
        for piece in pieces:
            if isinstance(piece, str):
                yield piece
            elif isinstance(piece, Spec):
                yield self._one(piece)
            else:
                yield from self._complex(piece.found)
        if not self._reordered and self._next < len(self._values):
            extra = (_typed(value) for value in self._values[self._next :])
            yield f"%!(EXTRA {', '.join(extra)})"

    def _one(self, spec: Spec) -> str:
        if self._next >= len(self._values):
            return f"%!{spec.verb}(MISSING)"
        value = self._values[self._next]
        self._next += 1
        return _argument(value, spec)

    def _complex(self, found: re.Match[str]) -> Iterator[str]:
        self._good = True
        spec = Spec(found["verb"] or "", _flags(found))
        self._number(found["first"])
        width = yield from self._amount(found["width"], "WIDTH")
        if width is not None and width < 0:
            spec = replace(spec, flags=spec.flags.replace("0", "") + "-")
        self._number(found["second"])
        precision = yield from self._amount(found["precision"], "PREC")
        if found["point"] and found["precision"] != "*":
            precision = precision or 0
        if precision is not None and precision < 0:
            precision = None
        self._number(found["third"])
        spec = replace(spec, width=None if width is None else abs(width), precision=precision)
        if not spec.verb:
            yield "%!(NOVERB)"
        else:
            yield self._one(spec) if self._good else f"%!{spec.verb}(BADINDEX)"

    def _number(self, bracketed: str | None) -> None:
        """Go on with the argument that ``[n]`` names."""
        if not bracketed:
            return
        self._reordered = True
        digits = bracketed[1:-1]
        usable = bracketed[-1] == "]" and digits.isdecimal() and len(digits) < 7
        if usable and 1 <= int(digits) <= len(self._values):
            self._next = int(digits) - 1
        else:
            self._good = False

    def _amount(self, written: str | None, what: str) -> Generator[str, None, int | None]:
        """A width or precision, which may be the next argument."""
        if written != "*":
            return _bounded(written)
        value = self._values[self._next] if self._next < len(self._values) else None
        self._next += value is not None
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _TOO_WIDE:
            yield f"%!(BAD{what})"
            return None
        _bounded(str(abs(value)))
        return value


def _typed(value: object) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={go_text(value)}"


def _argument(value: object, spec: Spec) -> str:
    if spec.verb == "T":
        return spec.padded("<nil>" if value is None else type_name(value)[: spec.precision])
    if value is None:
        return spec.padded("<nil>") if spec.verb == "v" else f"%!{spec.verb}(<nil>)"
    write = _WRITERS.get(type(value), _string)
    return write(value, spec)


def _bad(value: object, spec: Spec) -> str:
    # the flags, the width and the precision hold for the value within, too
    return f"%!{spec.verb}({type_name(value)}={_argument(value, replace(spec, verb='v'))})"


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
    if spec.verb == "q" or _GO_SYNTAX in spec.flags:
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
        written = " ".join(f"{prefix}{octet:02x}" for octet in octets)
    else:
        written = prefix + octets.hex()
    return written.upper() if spec.verb == "X" else written


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
    parts = [f"{_argument(k, spec)}:{_argument(value[k], spec)}" for k in sorted(value)]
    if _GO_SYNTAX in spec.flags:
        return f"{type_name(value)}{{{', '.join(parts)}}}"
    return f"map[{' '.join(parts)}]"


def _sample(value: Sample, spec: Spec) -> str:
    return "&" + _structure(spec, Labels=value.labels, Value=value.value)


def _structure(spec: Spec, **fields: object) -> str:
    named = _FIELD_NAMES in spec.flags or _GO_SYNTAX in spec.flags
    parts = (
        f"{name}:{_argument(value, spec)}" if named else _argument(value, spec)
        for name, value in fields.items()
    )
    return f"{{{' '.join(parts)}}}"


def _samples(value: list[Sample], spec: Spec) -> str:
    # Go writes the addresses of the samples here, which say nothing
    return f"[{' '.join(_argument(sample, spec) for sample in value)}]"


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
