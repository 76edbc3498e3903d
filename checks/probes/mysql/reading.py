"""Whether a statement, or a condition in one of ours, only reads. Pure.

The session is read-only, which the server holds to in what it does to tables; but accounts,
settings, files and the session itself are changed in it as in any other. So statements of
users' own must be ones that read.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["condition_objection", "objection"]

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
    bare = _bare(sql)
    if bare is None:
        return _CODE
    if ";" in bare:
        return "must be one statement"
    first = _WORDS.search(bare)
    if first is None or first[0].lower() not in _READ or bare[: first.start()].strip("( \t\n"):
        return "must be one SELECT (or WITH, VALUES, SHOW)"
    return _INTO_FILE if _INTO.search(bare) else ""


def condition_objection(sql: str) -> str:
    """Why ``sql`` is not made part of a statement, in parentheses; as :func:`objection`."""
    bare = _bare(sql)
    if bare is None:
        return _CODE
    depth = 0
    for sign in re.findall(r"[()]", bare):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            break
    if ";" in bare or depth:
        return "must be one condition"
    return _INTO_FILE if _INTO.search(bare) else ""


_CODE: Final = "must not hold code in a comment (/*! … */)"
_INTO_FILE: Final = "must not write its rows into a file or a variable"


def _bare(sql: str) -> str | None:
    """``sql`` without texts and comments; None where a comment holds code."""
    bare = ""
    end = 0
    for piece in _PIECES.finditer(sql):
        if piece["code"]:
            return None
        # A text keeps its place, so that words do not run together.
        bare += sql[end : piece.start()] + (" '' " if piece["text"] else " ")
        end = piece.end()
    return (bare + sql[end:]).strip().rstrip(";").rstrip()
