"""Tokens of PromQL, as Prometheus' lexer makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from checks.promql.ast import Span
from checks.promql.errors import PromQLError
from checks.promql.literals import quote

__all__ = ["AGGREGATORS", "CLOCKS", "KEYWORDS", "NOT_NAMES", "Token", "tokens"]

AGGREGATORS: Final = frozenset(
    {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk"}
    | {"count_values", "quantile", "limitk", "limit_ratio"}
)
KEYWORDS: Final = AGGREGATORS | {
    *("and", "or", "unless", "atan2", "bool", "by", "without", "on", "ignoring"),
    *("group_left", "group_right", "offset", "start", "end"),
    *("smoothed", "anchored", "fill", "fill_left", "fill_right", "step", "range"),
}
"""Words with a meaning of their own, in lower case; in a text their case does not matter."""
CLOCKS: Final = frozenset({"start", "end", "step", "range"})
"""Keywords that are functions, too."""
NOT_NAMES: Final = frozenset({"on", "ignoring", "group_left", "group_right", "atan2"})
"""Keywords that cannot be a metric's name; the others can where an operand stands."""

_TOKEN: Final = re.compile(
    r"""
    (?P<space>[ \t\r\n]+|\#[^\n]*)
  | (?P<number>
        (?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9]+)?
        |(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)
        (?P<unit>[0-9a-zA-Z_]*))
  | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
  | (?P<operator>==|=~|!=|!~|<=|>=|[-+*/%^=<>@,(){}\[\]])
    """,
    re.VERBOSE,
)
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_CLOSED: Final = {")": "(", "]": "[", "}": "{"}
_CALLED: Final = {
    "(": "parenthesis",
    "[": "bracket",
    "{": "brace",
}


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is word, number, duration, string, operator, colon or end."""

    kind: str
    text: str
    span: Span

    @property
    def word(self) -> str:
        """The keyword that it is, in lower case; empty where it is none."""
        lower = self.text.lower()
        return lower if self.kind == "word" and lower in KEYWORDS else ""

    def described(self) -> str:
        """As Prometheus names it in ``unexpected …``."""
        if self.kind == "end":
            return "end of input"
        if self.word in AGGREGATORS:
            return f"<aggr:{self.text}>"
        if self.word in {"and", "or", "unless", "atan2"} or self.text in _OPERATORS:
            return f"<op:{self.text}>"
        if self.word:
            return f"<{self.text}>"
        shown = self.text if len(self.text) <= 10 or self.kind == "word" else self.text[:10]
        cut = "..." if shown != self.text else ""
        called = {"word": "identifier ", "operator": ""}.get(self.kind, f"{self.kind} ")
        return f"{called}{quote(shown)}{cut}"


_OPERATORS: Final = frozenset(
    {"==", "!=", "<=", "<", ">=", ">", "=~", "!~", "+", "-", "*", "/", "%", "^", "@"}
)


def tokens(text: str) -> list[Token]:
    """The tokens of ``text``, ended by one of kind ``end``.

    Raises:
        PromQLError: a character that starts none, an open string or bracket.
    """
    made = list(_scanned(text))
    _check_brackets(text, made)
    made.append(Token("end", "", Span(len(text), len(text))))
    return made


def _scanned(text: str) -> Iterator[Token]:
    at = 0
    bracketed = False
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _strange(text, at)
        kind, value = found.lastgroup or "", found.group()
        if bracketed and value.startswith(":"):
            # Elsewhere a colon begins a name; here it stands between a range and a step.
            kind, value = "colon", ":"
        span = Span(at, at + len(value))
        at = span.end
        if kind == "space":
            continue
        if value in "[]":
            bracketed = value == "["
        if kind == "number":
            kind = _number_kind(text, found, span)
        elif kind == "word" and value.lower() in {"inf", "nan"}:
            kind = "number"
        yield Token(kind, value, span)


def _number_kind(text: str, found: re.Match[str], span: Span) -> str:
    if not found.group("unit"):
        return "number"
    if _DURATION.fullmatch(found.group()):
        return "duration"
    raise PromQLError(f"bad number or duration syntax: {quote(found.group())}", span, text)


def _strange(text: str, at: int) -> PromQLError:
    char, span = text[at], Span(at, at + 1)
    if char in "\"'":
        return PromQLError("unterminated quoted string", span, text)
    if char == "`":
        return PromQLError("unterminated raw string", span, text)
    if char == "!":
        after = text[at + 1 : at + 2]
        return PromQLError(f"unexpected character after '!': '{after}'", span, text)
    return PromQLError(f"unexpected character: '{char}'", span, text)


def _check_brackets(text: str, made: list[Token]) -> None:
    opened: list[Token] = []
    for token in made:
        if token.kind != "operator":
            continue
        if token.text in _CALLED:
            opened.append(token)
        elif token.text in _CLOSED:
            if not opened or opened[-1].text != _CLOSED[token.text]:
                called = _CALLED[_CLOSED[token.text]]
                message = f"unexpected right {called} '{token.text}'"
                raise PromQLError(message, token.span, text)
            opened.pop()
    if opened:
        message = f"unclosed left {_CALLED[opened[-1].text]}"
        raise PromQLError(message, opened[-1].span, text)
