"""The two house themes and what NO_COLOR asks for.

Status colours are told apart by lightness as well as hue (after Okabe and Ito), so that
they survive the common kinds of colour blindness; a glyph and a word stand beside each.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

__all__ = ["DARK", "HOUSE_THEMES", "LIGHT", "WITHOUT_COLOUR", "theme_problem"]

WITHOUT_COLOUR: Final = "ansi-dark"
"""With any other theme Textual turns NO_COLOR into shades of grey."""

DARK: Final = Theme(
    name="onwatch-dark",
    dark=True,
    primary="#6cb6ff",
    secondary="#c4a5e8",
    accent="#7fd1e0",
    success="#45b89c",
    warning="#f2c14e",
    error="#ff7a66",
    foreground="#d5dbe5",
    background="#0d1117",
    surface="#121821",
    panel="#1b2430",
    variables={
        "text-primary": "#5a9bd8",
        "text-secondary": "#c9a5f0",
        "text-accent": "#7fd1e0",
        "text-success": "#45b89c",
        "text-warning": "#f0c050",
        "text-error": "#ff6f61",
        "border": "#2c3948",
        "border-blurred": "#2c3948",
        "block-cursor-foreground": "#f4f7fb",
        "block-cursor-background": "#24405e",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#1b2735",
        "scrollbar": "#2c3948",
        "scrollbar-hover": "#41546a",
        "scrollbar-active": "#6cb6ff",
        "scrollbar-background": "#0d1117",
        "scrollbar-background-hover": "#0d1117",
        "scrollbar-background-active": "#0d1117",
        "scrollbar-corner-color": "#0d1117",
        "footer-key-foreground": "#7fd1e0",
    },
)

LIGHT: Final = Theme(
    name="onwatch-light",
    dark=False,
    primary="#0b5cad",
    secondary="#7a3fa0",
    accent="#00687a",
    success="#00735a",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1d2630",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e6e3da",
    variables={
        "text-primary": "#2f6fb5",
        "text-secondary": "#7a3fa0",
        "text-accent": "#00687a",
        "text-success": "#00735a",
        "text-warning": "#8a5a00",
        "text-error": "#b3261e",
        "border": "#c4c0b4",
        "border-blurred": "#c4c0b4",
        "block-cursor-foreground": "#10161d",
        "block-cursor-background": "#cfe2f5",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e6ebef",
        "footer-key-foreground": "#00687a",
    },
)

HOUSE_THEMES: Final = (DARK, LIGHT)


def theme_problem(name: str) -> str:
    """Why there is no theme ``name``, with the nearest and all there are; empty where it is."""
    known = [*(house.name for house in HOUSE_THEMES), *sorted(BUILTIN_THEMES)]
    if name in known:
        return ""
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ";"
    return f"no theme {name}{hint} there are {', '.join(known)}"
