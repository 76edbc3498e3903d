"""The house themes, and which of them a terminal begins with.

Status colours are told apart by lightness as well as hue (after Okabe and Ito), so that
they survive the common kinds of colour blindness; a glyph and a word stand beside each.
The ``safe`` themes go further: blue, yellow, grey and orange. ``ansi`` ones leave every
colour to the terminal, for those that have sixteen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

from tui.terminal import Looks
from widgets.ink import LEAST_CONTRAST

__all__ = [
    "ANSI_DARK",
    "ANSI_LIGHT",
    "DARK",
    "HOUSE_THEMES",
    "LIGHT",
    "WITHOUT_COLOUR",
    "first_theme",
    "theme_problem",
]

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
    success="#006b5a",
    warning="#8f6400",
    error="#8c0030",
    foreground="#1d2630",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e6e3da",
    variables={
        "text-primary": "#2f6fb5",
        "text-secondary": "#6433b0",
        "text-accent": "#00687a",
        "text-success": "#006b5a",
        "text-warning": "#8f6400",
        "text-error": "#8c0030",
        "border": "#c4c0b4",
        "border-blurred": "#c4c0b4",
        "block-cursor-foreground": "#10161d",
        "block-cursor-background": "#cfe2f5",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e6ebef",
        "footer-key-foreground": "#00687a",
    },
)


def _safe(base: Theme, name: str, status: Mapping[str, str]) -> Theme:
    """``base`` with other colours for statuses."""
    return replace(
        base,
        name=name,
        success=status["success"],
        warning=status["warning"],
        error=status["error"],
        variables={**base.variables, **{f"text-{role}": each for role, each in status.items()}},
    )


SAFE_DARK: Final = _safe(
    DARK,
    "onwatch-safe-dark",
    {"success": "#63b3ff", "warning": "#fff4a8", "error": "#f07a2e", "secondary": "#9a9ea6"},
)
SAFE_LIGHT: Final = _safe(
    LIGHT,
    "onwatch-safe-light",
    {"success": "#114dd1", "warning": "#726613", "error": "#ba1179", "secondary": "#2e2a26"},
)
CONTRAST: Final = replace(
    SAFE_DARK,
    name="onwatch-contrast",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    variables={**SAFE_DARK.variables, LEAST_CONTRAST: "7", "border": "#8c8c8c"},
)


def _ansi(base: str, name: str, colours: Mapping[str, str]) -> Theme:
    """The terminal's own sixteen colours, those chosen that can be read on its background."""
    texts = {f"text-{role}": colour for role, colour in colours.items()}
    made = BUILTIN_THEMES[base]
    return replace(made, name=name, variables={**made.variables, **texts})


ANSI_DARK: Final = _ansi(
    "ansi-dark",
    "onwatch-ansi-dark",
    {
        "primary": "ansi_cyan",
        "secondary": "ansi_bright_magenta",
        "accent": "ansi_bright_cyan",
        "success": "ansi_bright_green",
        "warning": "ansi_bright_yellow",
        "error": "ansi_bright_red",
    },
)
ANSI_LIGHT: Final = _ansi(
    "ansi-light",
    "onwatch-ansi-light",
    {
        "primary": "ansi_blue",
        "secondary": "ansi_blue",
        "accent": "ansi_blue",
        "success": "ansi_green",
        "warning": "ansi_magenta",
        "error": "ansi_red",
    },
)

HOUSE_THEMES: Final = (DARK, LIGHT, SAFE_DARK, SAFE_LIGHT, CONTRAST, ANSI_DARK, ANSI_LIGHT)


def first_theme(looks: Looks) -> str:
    """The theme to begin with where none was asked for."""
    if looks.colours == 0:
        return WITHOUT_COLOUR
    if looks.colours <= 16:
        return (ANSI_LIGHT if looks.light else ANSI_DARK).name
    return (LIGHT if looks.light else DARK).name


def theme_problem(name: str) -> str:
    """Why there is no theme ``name``, with the nearest and those of ours; empty where it is."""
    known = [*(house.name for house in HOUSE_THEMES), *sorted(BUILTIN_THEMES)]
    if name in known:
        return ""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"no theme {name}; did you mean {near[0]}?"
    ours = ", ".join(house.name for house in HOUSE_THEMES)
    return f"no theme {name}; there are {ours}, and in the palette {len(BUILTIN_THEMES)} more"
