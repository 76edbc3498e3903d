"""Go's fmt: ``print``, ``println`` and ``printf``, with what Go writes where verbs do not fit.

After fmt/print.go and fmt/format.go. A format is taken apart once and kept, since the same few
are used for every alert.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from checks.templates.directives import FIELD_NAMES, GO_SYNTAX, Spec, written
from checks.templates.errors import CallError
from checks.templates.numbers import float_text
from checks.templates.values import type_name

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
_PLAIN: Final = Spec("v")


def go_text(value: object) -> str:
    """``value`` as ``%v`` writes it."""
    if isinstance(value, str):
        return value
    if type(value) is float:
        return float_text(value)
    return written(value, _PLAIN)


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
        flags = flags.replace("+", FIELD_NAMES).replace("#", GO_SYNTAX)
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
        return written(value, spec)

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

    def _amount(self, given: str | None, what: str) -> Generator[str, None, int | None]:
        """A width or precision, which may be the next argument."""
        if given != "*":
            return _bounded(given)
        value = self._values[self._next] if self._next < len(self._values) else None
        self._next += value is not None
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _TOO_WIDE:
            yield f"%!(BAD{what})"
            return None
        _bounded(str(abs(value)))
        return value


def _typed(value: object) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={go_text(value)}"
