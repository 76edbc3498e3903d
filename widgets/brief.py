"""Sentences where there is no room for all of them: what happened comes before where and when."""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len

from widgets.text import fit

__all__ = ["brief"]

_TURNS: Final = (
    (
        re.compile(
            r"(?:HTTP 2\d\d|answered|connected) (?:after|in) [\d.,]+ (?:µs|ms|s|min): (?=.)"
        ),
        "",
    ),
    (re.compile(r"(HTTP [345]\d\d) after [\d.,]+ (?:µs|ms|s|min): (?=.)"), r"\1: "),
    (re.compile(r"connection to (\S+) (refused|reset|closed|timed out)\b:? ?"), r"\2 by \1; "),
)
"""What stands before the reason in most sentences, and what is left of it."""


def brief(text: str, width: int, cut: str = "…") -> str:
    """``text`` in at most ``width`` cells; where it has to be cut, its reason comes first."""
    if cell_len(text) <= width:
        return text
    for pattern, left in _TURNS:
        found = pattern.match(text)
        if found:
            text = f"{found.expand(left)}{text[found.end() :]}"
            break
    return fit(text, width, cut)
