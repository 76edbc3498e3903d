"""What a key that there is not was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["nearest", "unknown_key"]


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The most similar of ``known``, empty where none is similar.

    ``alike`` is the least that counts: twice the letters in common by those of both, 0 to 1.
    """
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=alike)
    return found[0] if found else ""


def unknown_key(
    key: str, known: Iterable[str], also_called: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The sentence for a key that there is not.

    ``also_called`` has what keys are called elsewhere, where that is not similar.
    """
    names = sorted(known)
    called = key.lower().replace("-", "_")
    others = also_called or {}
    meant = next((name for name in names if called in others.get(name, ())), "")
    near = meant or nearest(key, names)
    if near:
        return f'unknown key; did you mean "{near}"?'
    return f"unknown key; known here: {', '.join(names)}" if names else "unknown key"
