"""What the terminal can do, judged from the environment before anything is drawn.

The terminal itself is asked nothing: an answer takes a round trip, which over a slow link is
longer than the first frame may take, and some terminals print the question.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["TRUE_COLOUR", "Characters", "Looks", "Terminal", "judge"]

TRUE_COLOUR: Final = 1 << 24
Characters = Literal["unicode", "console", "ascii"]
"""What can be shown besides text: everything; what the fonts of the Linux console have in
common; ASCII alone."""

_CANNOT_DRAW: Final = ("dumb", "unknown", "network", "dialup", "emacs")
_HARDWARE: Final = re.compile(r"vt\d\d\d|ansi|wy\d|tvi|hp\d|.*-(m|mono)$")
"""Terminals with neither colours nor characters beyond ASCII, and what is set for a serial line."""
_TRUE: Final = re.compile(
    r"(xterm-)?(kitty|ghostty)|alacritty|foot|wezterm|contour|rio|iterm2?|mintty|.*-(direct|truecolor)"
)
"""Terminals with 24-bit colours by name: ssh does not pass COLORTERM on."""
_C_LOCALE: Final = ("C", "POSIX")
_COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to where the locale is C."""
_LIGHT: Final = (7, *range(9, 16))
"""Colours of a light background, as COLORFGBG counts them."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How things are to be drawn: how many colours there are (0, 16, 256, 2^24), which
    characters, and whether the background is known to be light.
    """

    colours: int = TRUE_COLOUR
    characters: Characters = "unicode"
    light: bool = False


@dataclass(frozen=True, slots=True)
class Terminal:
    """``problem``: why nothing can be drawn here, empty where a person can see and type;
    ``descriptor``: that of the terminal, None without one.
    """

    problem: str
    descriptor: int | None
    looks: Looks = field(default_factory=Looks)

    @property
    def ascii_only(self) -> bool:
        """Whether nothing beyond ASCII can be shown."""
        return self.looks.characters == "ascii"


def judge(environ: Mapping[str, str] = os.environ, encoding: str | None = None) -> Terminal:
    """The terminal this process has; ``encoding`` is that of the output by default."""
    missing = _missing()
    stdin = sys.__stdin__
    return Terminal(
        problem=f"{missing} is not one" if missing else _cannot_draw(environ),
        descriptor=None if missing or stdin is None else stdin.fileno(),
        looks=Looks(
            colours=_colours(environ),
            characters=_characters(environ, encoding or _encoding()),
            light=_light(environ.get("COLORFGBG", "")),
        ),
    )


def _missing() -> str:
    """The stream that is no terminal. Textual reads from the first, measures the second and
    draws on the third.
    """
    streams = {
        "standard input": sys.__stdin__,
        "standard output": sys.__stdout__,
        "standard error": sys.__stderr__,
    }
    no_terminal = (name for name, s in streams.items() if s is None or s.closed or not s.isatty())
    return next(no_terminal, "")


def _cannot_draw(environ: Mapping[str, str]) -> str:
    kind = environ.get("TERM", "")
    if not kind:
        return "this one does not say what it is (TERM is not set; try TERM=xterm)"
    return f"this terminal (TERM={kind}) cannot draw" if kind in _CANNOT_DRAW else ""


def _colours(environ: Mapping[str, str]) -> int:
    kind = environ.get("TERM", "").lower()
    if environ.get("NO_COLOR") or _HARDWARE.fullmatch(kind):
        return 0
    if kind == "linux":
        return 16
    eight_bit = 256 if "256color" in kind else 16
    if _in_screen(environ, kind):
        # It hands on the outer terminal's COLORTERM and knows no such colours itself.
        return eight_bit
    told = environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return TRUE_COLOUR if told or _TRUE.fullmatch(kind) else eight_bit


def _in_screen(environ: Mapping[str, str], kind: str) -> bool:
    """Whether this is GNU screen; tmux may call itself that as well, and either may run in the
    other, in which case it counts.
    """
    if kind.startswith("tmux"):
        return False
    return "STY" in environ or (kind.startswith("screen") and "TMUX" not in environ)


def _characters(environ: Mapping[str, str], encoding: str) -> Characters:
    kind = environ.get("TERM", "").lower()
    if _HARDWARE.fullmatch(kind) or kind in _CANNOT_DRAW or not _is_utf8(environ, encoding):
        return "ascii"
    return "console" if kind == "linux" else "unicode"


def _is_utf8(environ: Mapping[str, str], encoding: str) -> bool:
    """Whether the terminal shows UTF-8. Without any locale it is taken to: containers have
    none, and the terminal is that of the machine somebody sits at.
    """
    found = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if found[1] in _COERCED and found[2] in _C_LOCALE:
        # Python has set LC_CTYPE itself, because LANG says C.
        found[1] = ""
    if next((locale for locale in found if locale), "") in _C_LOCALE:
        return False
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _encoding() -> str:
    return getattr(sys.__stderr__, "encoding", None) or "ascii"


def _light(colours: str) -> bool:
    """Whether COLORFGBG (``0;15``, ``0;default;15``) tells of a light background."""
    background = colours.rpartition(";")[2]
    return background.isdecimal() and int(background) in _LIGHT
