"""What messages have in common: their text without what differs from one to the next."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["template"]

_LONGEST: Final = 200
"""Characters of a message that are looked at."""
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)")
_TELLS = re.compile(r"[0-9@]")
_TOKEN = re.compile(r"[^\s=,;()\[\]{}\"'/#<>&?|]*[0-9@][^\s=,;()\[\]{}\"'/#<>&?|]*")
_STEM = re.compile(r"[^\W\d]{3,}(?:\.[^\W\d]+)*[-_:]")


def template(message: str) -> str:
    """``message`` with numbers, identifiers and addresses as ``N``, and quoted text as ``"…"``.

    ``user 81 not found`` and ``user 7 not found`` are both ``user N not found``.
    """
    text = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    if '"' in text or "'" in text:
        text = _QUOTED.sub('"…"', text)
    if _TELLS.search(text) is None:
        return text
    # Word by word: what a word is not, no search has to find out letter by letter.
    return " ".join(
        word if word.isalpha() or _TELLS.search(word) is None else _TOKEN.sub(_replaced, word)
        for word in text.split(" ")
    )


def _replaced(found: re.Match[str]) -> str:
    """``N``, behind the words that it begins with: ``worker-3`` is ``worker-N``."""
    text = found[0]
    stem = _STEM.match(text)
    end = ":" if text.endswith(":") else ""
    return f"{stem[0] if stem is not None and '@' not in text else ''}N{end}"
