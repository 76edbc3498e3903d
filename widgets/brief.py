"""Texts where there is no room for all of them: of sentences what happened comes before where and
when, of names what tells one from its neighbours.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len

from widgets.text import fit, without_middle

__all__ = ["brief", "brief_name", "name_of_check"]

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
_QUERY: Final = "query "
"""What the name of a row begins with that is a value of somebody's own query."""
_LEAST: Final = 6
"""Cells of a metric's name, and of the labels beside it, that are left at least, where there are so
many.
"""
_TOLD: Final = 13
"""Cells by which a check's name that is cut in its middle is known from others."""


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


def brief_name(name: str, width: int, cut: str = "…") -> str:
    """The name of a part in at most ``width`` cells.

    Values of one query differ in their labels alone, which come last: these are kept, and the
    metric's name is cut in its middle. Long labels are cut so too; where next to nothing of them
    would stand beside the metric, that goes.
    """
    if cell_len(name) <= width or not name.startswith(_QUERY):
        return fit(name, width, cut)
    name = name.removeprefix(_QUERY)
    metric, blank, labels = name.partition(" ")
    if cell_len(name) <= width or not blank:
        return without_middle(name, width, cut)
    room = max(min(_LEAST, cell_len(metric)), width - 1 - cell_len(labels))
    left = width - 1 - room
    if left < min(_LEAST, cell_len(labels)):
        return without_middle(labels, width, cut)
    return f"{without_middle(metric, room, cut)} {without_middle(labels, left, cut)}"


def name_of_check(name: str, check: str, width: int, cut: str = "…") -> str:
    """The name of something of ``check``, of which the check's may be a part (``api down``), in at
    most ``width`` cells: the middle of the check's gives way, or what stands behind it.

    Of a rule's own name, which is unlike others, the end does.
    """
    if not check or check not in name or cell_len(name) <= width:
        return fit(name, width, cut)
    room = width - (cell_len(name) - cell_len(check))
    if room >= _TOLD:
        return name.replace(check, without_middle(check, room, cut), 1)
    return without_middle(check if name.startswith(check) else name, width, cut)
