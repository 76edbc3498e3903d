"""What a pane says where it has nothing to show."""

from __future__ import annotations

from widgets.text import Line, Seg, line, wrap

__all__ = ["GATHERING", "WAITING", "config_lines", "note", "nothing_matches"]

WAITING = "waiting for the first result"
GATHERING = "gathering what is known of this check"


def note(text: str, width: int, role: str = "dim", limit: int = 4) -> list[Line]:
    """``text`` as quiet lines."""
    return [line(" ", Seg(one, role)) for one in wrap(text, width - 2, limit)]


def config_lines(sentence: str, yaml: tuple[str, ...], width: int) -> list[Line]:
    """``sentence``, and the lines of the configuration that would fill the pane."""
    shown = note(sentence, width)
    return [*shown, *(line("   ", Seg(one, "label")) for one in yaml)]


def nothing_matches(filter_text: str, width: int) -> list[Line]:
    return note(f"nothing matches {filter_text!r}", width)
