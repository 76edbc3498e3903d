"""A statement as it may be shown: one printable line, the credentials in it masked.

What is masked is found by words and by what follows them, not by parsing SQL: servers hand
over statements cut off anywhere, in several dialects, with any nonsense in them. Where in
doubt a text is masked; what stands around it stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from checks.model import clean
from checks.secrets import MASK, mask_url

__all__ = ["statement"]

_KEY_WORD: Final = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|api_?key|private_?key|access_?key|credential)"
)
# Literals up to their end, or to where the server cut them off. PostgreSQL reads a backslash
# as itself, MySQL as an escape; both readings are masked. The first form is a literal in
# a literal, as in a connection string.
_NESTED: Final = r"''[^']+(?:''|$)"
_PLAIN: Final = r"'(?:[^']|'')*(?:'|$)"
_ESCAPED: Final = r"'(?:[^'\\]|''|\\.)*(?:'|\\?$)"
_QUOTED: Final = r'"(?:[^"\\]|""|\\.)*(?:"|\\?$)'
_DOLLAR: Final = r"\$(?P<tag>[a-z_]*)\$.*?(?:\$(?P=tag)\$|$)"
_HEX: Final = r"0x[0-9a-f]+"
_PREFIX: Final = r"(?:(?:e|n|b|x|u&|_[a-z0-9]+\s*)(?='))?"


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_LITERALS: Final = tuple(
    _compile(rf"{_PREFIX}(?:{_NESTED}|{text})|{_QUOTED}|{_DOLLAR}|{_HEX}")
    for text in (_PLAIN, _ESCAPED)
)
"""A literal by PostgreSQL's reading, and by MySQL's."""

_SUSPICIOUS: Final = (
    *("pass", "pwd", "secret", "token", "key", "credential", "authorization", "identified"),
    *("crypt", "digest", "hmac", "md5", "sha", "dblink", "://"),
)
"""Without any of these words there is nothing to mask."""
# password 'x', password = 'x', "password": "x", password => 'x', password('x'), in ('x', 'y')
_KEYED: Final = _compile(
    rf"{_KEY_WORD}[\w$.]*[`\"'\]]*(?:\s*(?:=>|:=|:|=|<>|!=|,|\())?"
    r"(?:\s*\b(?:not|in|like|ilike|to|by|as|text|is|with)\b)*\s*\(*\s*"
    r"(?=(?:e|n|b|x|u&|_[a-z0-9]{1,12}\s*)?'|\"|\$[a-z_]*\$|0x)"
)
_BARE: Final = (
    # As it stands in connection strings; neither a parameter nor an expression.
    _compile(
        rf"{_KEY_WORD}[\w$]*\s*=\s*(?!\$\d|[?:%@]|null\b|default\b|['\"`]|[\w.]+\s*\(|\w+\.\w)"
        r"(?P<value>\\+'[^']*'?|[^\s'\",;)&]+)"
    ),
    # The header of an HTTP request.
    _compile(r"authorization\W+(?:(?:basic|bearer|token|digest)\s+)?(?P<value>[^\s'\"]+)"),
)
_FROM_HERE: Final = (
    _compile(r"\bidentified\b"),
    _compile(r"\bset\s+password\b(?:(?!=|\bto\b).){0,300}"),
    _compile(r"(?:crypt|digest|hmac|md5|sha[12])\w{0,40}\s*\("),
    _compile(r"\bdblink\w*\s*\("),
)
"""Behind the first of each, every literal up to the statement's end may be one."""
_WRITES: Final = _compile(r"\b(?:insert|replace)\b")
_VALUES: Final = _compile(r"\b(?:values|select|set)\b")
_HAS_KEY_WORD: Final = _compile(_KEY_WORD)
_COMMA: Final = re.compile(r"\s*,\s*")


def statement(text: str, limit: int = 4000) -> str:
    """``text`` as one line of at most ``limit`` characters, without credentials.

    Literals behind PASSWORD, IDENTIFIED BY, encryption functions and the like become
    ``'•••'``, and so do passwords in connection strings and URLs.
    """
    line = " ".join(clean(text, 4 * limit).split())
    lower = line.lower()
    if any(word in lower for word in _SUSPICIOUS):
        line = mask_url(_replaced(line, _merged(_spans(line))))
    return clean(line, limit)


def _spans(line: str) -> Iterator[tuple[int, int]]:
    """Where credentials may be."""
    for match in _KEYED.finditer(line):
        for literal in _LITERALS:
            found = literal.match(line, match.end())
            while found:
                yield found.span()
                found = literal.match(line, _past_comma(line, found.end()))
    for bare in _BARE:
        yield from (match.span("value") for match in bare.finditer(line))
    for start in _openings(line):
        for literal in _LITERALS:
            yield from (found.span() for found in literal.finditer(line, start))


def _openings(line: str) -> Iterator[int]:
    """Positions behind which every literal may be a credential."""
    for opening in _FROM_HERE:
        if found := opening.search(line):
            yield found.end()
    # INSERT INTO users (name, password) VALUES (…): which of the values it is, is not asked.
    if (written := _WRITES.search(line)) and (key := _HAS_KEY_WORD.search(line, written.end())):
        values = _VALUES.search(line, key.end())
        yield values.end() if values else key.end()


def _past_comma(line: str, at: int) -> int:
    """Where the next of a list's literals begins; the line's end where there is none."""
    found = _COMMA.match(line, at)
    return found.end() if found else len(line)


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begin = end = -1
    for start, stop in sorted(spans):
        if start > end:
            if end > begin:
                yield begin, end
            begin = start
        end = max(end, stop)
    if end > begin:
        yield begin, end


def _replaced(line: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, stop in spans:
        quote = "'" if re.search(r"['\"$]", line[start:stop]) else ""
        pieces += [line[at:start], f"{quote}{MASK}{quote}"]
        at = stop
    return "".join([*pieces, line[at:]])
