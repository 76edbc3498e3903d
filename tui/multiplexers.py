"""How a sequence gets through tmux or GNU screen to the terminal that they run in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["handed_through", "in_tmux"]

_CHUNK: Final = 700
"""Bytes of a string that GNU screen passes on at once: it has room for 768."""


def in_tmux(environ: Mapping[str, str]) -> bool:
    """Whether what is written goes to a tmux: of one and a screen, to the one that names TERM."""
    return "TMUX" in environ and (
        "STY" not in environ or environ.get("TERM", "").startswith("tmux")
    )


def handed_through(sequence: str, environ: Mapping[str, str]) -> str:
    """``sequence`` as it is to be written for the terminal to get it, whatever lies between."""
    if in_tmux(environ):
        inner = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{inner}\x1b\\"
    if "STY" in environ:
        pieces = (sequence[at : at + _CHUNK] for at in range(0, len(sequence), _CHUNK))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
