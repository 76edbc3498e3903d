"""What the terminal can do, judged from the environment before anything is drawn."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Terminal", "judge"]

_WITHOUT_GLYPHS = ("vt100", "vt102", "vt220", "ansi", "dumb", "unknown")


@dataclass(frozen=True, slots=True)
class Terminal:
    """``interactive``: a person can see and type; ``ascii_only``: no glyph beyond ASCII;
    ``colour``: false where NO_COLOR asks for none.
    """

    interactive: bool
    ascii_only: bool
    colour: bool
    descriptor: int | None


def judge(environ: Mapping[str, str] = os.environ, encoding: str | None = None) -> Terminal:
    """The terminal this process has; ``encoding`` is that of the output by default."""
    kind = environ.get("TERM", "")
    return Terminal(
        interactive=_is_terminal(),
        ascii_only=kind in _WITHOUT_GLYPHS or not _is_utf8(encoding or _encoding()),
        colour=not environ.get("NO_COLOR"),
        descriptor=sys.__stdin__.fileno() if sys.__stdin__ and _is_terminal() else None,
    )


def _is_terminal() -> bool:
    """Textual reads from stdin and draws on stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__))


def _encoding() -> str:
    return getattr(sys.__stderr__, "encoding", None) or "ascii"


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False
