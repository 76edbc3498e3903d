"""Texts that come again and again, held once."""

from __future__ import annotations

from typing import Final

__all__ = ["LONGEST", "MOST", "shared", "shared_label"]

MOST: Final = 4096
"""How many are kept at hand."""
LONGEST: Final = 100
"""Characters up to which one is: what a target sends must not stay here by the megabyte."""

_texts: Final[dict[str, str]] = {}
_labels: Final[dict[tuple[str, str], tuple[str, str]]] = {}


def shared(text: str) -> str:
    """``text``, as it was here before."""
    if len(_texts) >= MOST:
        _texts.clear()
    return _texts.setdefault(text, text) if len(text) <= LONGEST else text


def shared_label(name: str, value: str) -> tuple[str, str]:
    """Both, as they were here before: thousands of series have all labels but one in common."""
    label = (shared(name), value)
    if len(_labels) >= MOST:
        _labels.clear()
    return _labels.setdefault(label, label) if len(value) <= LONGEST else label
