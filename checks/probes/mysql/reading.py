"""Whether a statement only reads. Pure.

The session is read-only, which the server holds to in what it does to tables; but accounts,
settings, files and the session itself are changed in it as in any other. So statements of
users' own must be ones that read.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["objection"]

_READ: Final = ("select", "with", "values", "table", "show")
_PIECES = re.compile(
    r"(?P<text>'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`(?:[^`]|``)*`)"
    r"|(?P<code>/\*(?:M?!).*)"
    r"|(?P<comment>/\*.*?\*/|--(?=\s|$)[^\n]*|#[^\n]*)",
    re.DOTALL | re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z_]+", re.IGNORECASE)
_INTO = re.compile(r"\binto\s+(?:outfile|dumpfile|@)", re.IGNORECASE)


def objection(sql: str) -> str:
    """Why ``sql`` is not sent, as a clause (``must …``); empty where it only reads."""
    bare = ""
    end = 0
    for piece in _PIECES.finditer(sql):
        if piece["code"]:
            return "must not hold code in a comment (/*! … */)"
        # A text keeps its place, so that words do not run together.
        bare += sql[end : piece.start()] + (" '' " if piece["text"] else " ")
        end = piece.end()
    bare = (bare + sql[end:]).strip().rstrip(";").rstrip()
    if ";" in bare:
        return "must be one statement"
    first = _WORDS.search(bare)
    if first is None or first[0].lower() not in _READ or bare[: first.start()].strip("( \t\n"):
        return "must be one SELECT (or WITH, VALUES, SHOW)"
    if _INTO.search(bare):
        return "must not write its rows into a file or a variable"
    return ""
