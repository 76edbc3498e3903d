"""How each role of text is written: in the theme's colours, worked out once a theme.

As component classes these styles would be resolved anew for every pane at every change
of a class, which took longer than all else before the first frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from rich.style import Style
from textual.color import Color

__all__ = ["INKS", "LEAST_CONTRAST", "Ink", "contrast", "style_of"]


class Ink(NamedTuple):
    """A variable of the theme, how much of it is seen, and how it is written.

    ``strength`` below 1 blends the colour into the background; where colours are the
    terminal's own, and cannot be blended, the text is dim instead.
    """

    variable: str
    strength: float = 1.0
    bold: bool = False
    reverse: bool = False


_BASE: Final = {
    "text": Ink("foreground"),
    "title": Ink("foreground", bold=True),
    "focus": Ink("text-accent", bold=True),
    "rule": Ink("foreground", 0.2),
    "name": Ink("foreground"),
    "value": Ink("foreground", bold=True),
    "dim": Ink("foreground", 0.55),
    "label": Ink("foreground", 0.7),
    "spark": Ink("text-primary", 0.75),
    "curve-1": Ink("text-primary"),
    "curve-2": Ink("text-accent"),
    "curve-3": Ink("text-secondary"),
    "curve-4": Ink("foreground", 0.8),
    "key": Ink("text-accent", bold=True),
    "high": Ink("text-warning", bold=True),
    "ok": Ink("text-success"),
    "waiting": Ink("foreground", 0.55),
    "warning": Ink("text-warning"),
    "stale": Ink("text-warning"),
    "unknown": Ink("text-secondary", bold=True),
    "critical": Ink("text-error", bold=True),
}
_STATUSES: Final = ("ok", "waiting", "warning", "stale", "unknown", "critical")

INKS: Final[Mapping[str, Ink]] = {
    **_BASE,
    **{f"chip-{s}": _BASE[s]._replace(bold=True, reverse=True) for s in _STATUSES},
}
"""What a segment's role may be. ``chip-*`` are statuses that stand out in full."""

LEAST_CONTRAST: Final = "least-contrast"
"""The theme's variable that asks for more contrast between text and ground than WCAG's AA."""

_CURSOR: Final = "block-cursor-blurred-background"
_READABLE: Final = 4.5
_SEEN: Final = 3.0
"""WCAG's least contrast of what must be seen and is not read."""
_GRAPHIC: Final = {"spark": _SEEN, "rule": 1.0}
_STEPS: Final = 20


def style_of(role: str, marked: bool, variables: Mapping[str, str], background: Color) -> Style:
    """The style of ``role``, on the cursor's background where ``marked``."""
    ink = INKS[role]
    cursor = variables[_CURSOR] if marked else ""
    least = _GRAPHIC.get(role) or float(variables.get(LEAST_CONTRAST, _READABLE))
    return _style(ink, variables[ink.variable], cursor, background, least)


def contrast(one: Color, other: Color) -> float:
    """The ratio of contrast of WCAG 2, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable(colour: Color, full: Color, ground: Color, least: float) -> Color:
    """``colour``, or as much more of ``full``, and then of black or white, as ``least`` takes."""
    if contrast(colour, ground) >= least:
        return colour
    far = max(Color(0, 0, 0), Color(255, 255, 255), key=lambda end: contrast(end, ground))
    for start, end in ((colour, full), (full, far)):
        for step in range(1, _STEPS + 1):
            nearer = start.blend(end, step / _STEPS, 1.0)
            if contrast(nearer, ground) >= least:
                return nearer
    return far


@lru_cache(maxsize=512)
def _style(ink: Ink, written: str, cursor: str, background: Color, least: float) -> Style:
    colour = Color.parse(written)
    fixed = colour.ansi is not None
    on = background if not cursor else Color.parse(cursor)
    if on.ansi is None and on.a < 1:
        on = background.blend(on, on.a, 1.0)
    if not fixed:
        full = background.blend(colour, colour.a, 1.0)
        colour = background.blend(colour, ink.strength * colour.a, 1.0)
        if on.ansi is None:
            colour = _readable(colour, full, on, least)
    return Style(
        color=colour.rich_color,
        bgcolor=on.rich_color,
        bold=ink.bold or None,
        reverse=ink.reverse or None,
        dim=(fixed and ink.strength < 0.6) or None,
    )
