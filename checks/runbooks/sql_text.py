"""SQL as far as it must be understood to bind values and to tell statements apart.

Strings, quoted names, comments and PostgreSQL's dollar quotes hold neither parameters nor ends of
statements. Where servers disagree (``#`` begins a comment and a backslash escapes within strings
in MySQL alone) the kind of the check decides; where none is known, the common part holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Parameter", "code_of", "sql_parameters", "sql_statements"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """``:name`` at ``text[start:end]``; ``name`` is that of the variable, upper case."""

    start: int
    end: int
    name: str


_TAIL: Final = r"""
    | (?P<line>--[^\n]*)
    | (?P<dollar>\$(?P<tag>[A-Za-z_]\w*)?\$)
    | (?P<block>/\*)
    | (?P<parameter>(?<![\w:\]]):(?P<name>[A-Za-z_]\w*)\b(?!:(?!:)))
    | (?P<end>;)
"""
_STANDARD: Final = re.compile(
    r"""(?P<string>[eE]'(?:[^'\\]|\\.|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$))"""
    + _TAIL,
    re.VERBOSE | re.DOTALL,
)
_MYSQL: Final = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$)|`[^`]*(?:`|$)|\#[^\n]*)"""
    + _TAIL,
    re.VERBOSE | re.DOTALL,
)

_COMMENT: Final = re.compile(r"/\*|\*/")


def sql_parameters(text: str, kind: str = "") -> tuple[Parameter, ...]:
    """Where ``:name`` stands for a value; ``kind`` is that of the check it goes to."""
    return tuple(
        Parameter(found.start(), found.end(), found["name"].upper())
        for found in _walk(text, kind)
        if found["parameter"]
    )


def sql_statements(text: str, kind: str = "") -> tuple[str, ...]:
    """The statements of ``text``, each with the comments before it and without its ``;``."""
    parts, start = [], 0
    for found in _walk(text, kind):
        if found["end"]:
            parts.append(text[start : found.start()])
            start = found.end()
    parts.append(text[start:])
    return tuple(part.strip() for part in parts if code_of(part, kind).strip())


def code_of(text: str, kind: str = "") -> str:
    """``text`` without its comments, and with nothing within its strings."""
    kept, at = [], 0
    for found in _walk(text, kind):
        if found["line"] or found["block"] or found["dollar"] or found["string"]:
            kept.append(text[at : found.start()])
            comment = found["line"] or found["block"] or found.group().startswith("#")
            kept.append(" " if comment else "''")
            at = _past(text, found)
    return "".join([*kept, text[at:]])


def _walk(text: str, kind: str) -> Iterator[re.Match[str]]:
    pattern, at = (_MYSQL if kind == "mysql" else _STANDARD), 0
    while (found := pattern.search(text, at)) is not None:
        yield found
        at = _past(text, found)


def _past(text: str, found: re.Match[str]) -> int:
    """Where what ``found`` begins has ended."""
    if found["dollar"]:
        end = text.find(found["dollar"], found.end())
        return end + len(found["dollar"]) if end >= 0 else len(text)
    if found["block"]:
        return _past_comment(text, found.end(), nests=found.re is _STANDARD)
    return found.end()


def _past_comment(text: str, at: int, *, nests: bool) -> int:
    """Where a comment ends; PostgreSQL's nest, MySQL's do not. One without an end has all."""
    if not nests:
        end = text.find("*/", at)
        return end + 2 if end >= 0 else len(text)
    depth = 1
    for mark in _COMMENT.finditer(text, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
