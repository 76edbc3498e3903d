"""Names of keys: how the terminal library spells them, and which can be bound at all."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from textual.keys import REPLACED_KEYS, Keys, _character_to_key, key_to_character

__all__ = ["normal", "split", "why_not"]

_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_REFUSED: Final = {
    "ctrl+i": "the terminal cannot tell it from Tab",
    "ctrl+j": "the terminal cannot tell it from Enter",
    "ctrl+m": "the terminal cannot tell it from Enter",
    "ctrl+h": "the terminal cannot tell it from Backspace",
    "ctrl+left_square_bracket": "the terminal cannot tell it from Escape",
    "tilde": "after Enter it commands ssh",
}
_OTHERS: Final = {"pgup": "pageup", "pgdn": "pagedown", "del": "delete", "ins": "insert"}
"""What people write, where no similar name would be found."""
_SHORTEST: Final = 3
"""Letters from which on a word can be said to resemble a name."""


def split(keys: str) -> list[str]:
    """The keys that ``keys`` names, separated by commas, as Textual calls them."""
    return [normal(key) for key in (part.strip() for part in keys.split(",")) if key]


def normal(key: str) -> str:
    """``key`` as Textual calls it: ``ctrl+[`` is ``ctrl+left_square_bracket``."""
    held, _, last = key[:-1].rpartition("+")
    last += key[-1:]
    name = _character_to_key(last) if len(last) == 1 else last.lower()
    return f"{held.lower()}+{name}" if held else name


def why_not(key: str) -> str:
    """Why ``key``, in Textual's spelling, can never work; empty where it can."""
    if key in _REFUSED:
        return f"cannot be bound: {_REFUSED[key]}"
    *modifiers, last = key.split("+")
    odd = next((each for each in modifiers if each not in _MODIFIERS), "")
    if odd:
        return f"is no key: {odd} is none of {', '.join(_MODIFIERS)}"
    if last not in _NAMES and not (key_to_character(last) or "\0").isprintable():
        return f"is no key{_near(last)}"
    if modifiers == ["shift"] and len(last) == 1:
        return f"never arrives: terminals send {last.upper()}"
    return ""


def _near(name: str) -> str:
    found = difflib.get_close_matches(name, _NAMES, n=1) if len(name) >= _SHORTEST else []
    near = _OTHERS.get(name) or next(iter(found), "")
    return f" (did you mean {near}?)" if near else ""


def _names() -> Iterator[str]:
    yield from REPLACED_KEYS
    for key in Keys:
        name = key.value
        if name.isidentifier() and name not in ("ignore", "any"):
            yield name


_NAMES: Final = frozenset(_names())
