"""The words of a template: text, delimiters, and what stands between them.

Follows Go's text/template/parse/lex.go: ``{{`` and ``}}``, trim markers that need white space on
their inner side, comments that fill their action. A fault becomes the last token, of kind
``error``, since the parser alone knows whether it gets that far.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from checks.templates.quoting import code_point, quote

__all__ = ["KEYWORDS", "Token", "tokens_of"]

KEYWORDS: Final = frozenset(
    [
        *("block", "break", "continue", "define", "else", "end"),
        *("if", "nil", "range", "template", "with"),
    ]
)

_SPACES: Final = " \t\r\n"
_LEFT: Final = "{{"
_RIGHT: Final = "}}"
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*|0[bB][01_]*"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_QUOTED: Final = {
    '"': (re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), "string", "unterminated quoted string"),
    "'": (re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), "char", "unterminated character constant"),
    "`": (re.compile(r"`[^`]*`"), "raw", "unterminated raw quoted string"),
}
_ENDS_A_NAME: Final = frozenset(" \t\r\n.,|:)(}")


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is a keyword itself, or one of text, left, right, space, declare, assign, pipe,
    comma-like ``mark``, string, raw, char, number, bool, field, variable, dot, identifier, open,
    close, end of file, error. ``at`` counts characters from the text's beginning."""

    kind: str
    value: str
    at: int
    line: int

    def __str__(self) -> str:
        """As Go names a token in its messages."""
        if self.kind == "eof":
            return "EOF"
        if self.kind == "error":
            return self.value
        if self.kind in KEYWORDS or self.kind == "dot":
            return f"<{self.value}>"
        if len(self.value) > 10:
            return f"{quote(self.value[:10])}..."
        return quote(self.value)


class _FaultError(Exception):
    """The text cannot be read on: ``args`` are the reason and where it begins."""


def tokens_of(text: str) -> list[Token]:
    """The tokens of ``text``; the last is of kind ``eof`` or ``error``."""
    lexer = _Lexer(text)
    try:
        lexer.run()
    except _FaultError as fault:
        reason, at = fault.args
        lexer.tokens.append(Token("error", reason, at, lexer.line_at(at)))
    return lexer.tokens


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self._line = 1
        self._counted = 0

    def line_at(self, at: int) -> int:
        """The line that ``at``, which never goes back, stands in."""
        self._line += self.text.count("\n", self._counted, at)
        self._counted = max(self._counted, at)
        return self._line

    def emit(self, kind: str, start: int, end: int) -> None:
        self.tokens.append(Token(kind, self.text[start:end], start, self.line_at(start)))

    def run(self) -> None:
        at = 0
        while (left := self.text.find(_LEFT, at)) >= 0:
            inner = left + len(_LEFT)
            trim = self._trims_left(inner)
            end = at + len(self.text[at:left].rstrip(_SPACES)) if trim else left
            if end > at:
                self.emit("text", at, end)
            start = inner + 2 if trim else inner
            if self.text.startswith("/*", start):
                at = self._comment(start)
            else:
                self.emit("left", left, inner)
                at = self._action(start)
        if at < len(self.text):
            self.emit("text", at, len(self.text))
        self.emit("eof", len(self.text), len(self.text))

    def _trims_left(self, at: int) -> bool:
        return self.text.startswith("-", at) and self.text[at + 1 : at + 2] in tuple(_SPACES)

    def _right(self, at: int) -> tuple[int, bool] | None:
        """Where the right delimiter at ``at`` begins proper, and whether it trims; or None."""
        if self.text.startswith(_RIGHT, at):
            return at, False
        if self.text[at : at + 1] in tuple(_SPACES) and self.text.startswith("-}}", at + 1):
            return at + 2, True
        return None

    def _past(self, right: tuple[int, bool]) -> int:
        """Where the text after a right delimiter goes on."""
        at = right[0] + len(_RIGHT)
        found = _BLANK.match(self.text, at) if right[1] else None
        return found.end() if found else at

    def _comment(self, start: int) -> int:
        end = self.text.find("*/", start + 2)
        if end < 0:
            raise _FaultError("unclosed comment", start)
        right = self._right(end + 2)
        if right is None:
            raise _FaultError("comment ends before closing delimiter", start)
        return self._past(right)

    def _action(self, at: int) -> int:
        depth = 0
        while (right := self._right(at)) is None:
            if at >= len(self.text):
                raise _FaultError("unclosed action", at)
            start = at
            at = self._inside(at)
            depth += {"(": 1, ")": -1}.get(self.text[start], 0) if at == start + 1 else 0
            if depth < 0:
                raise _FaultError("unexpected right paren", start)
        if depth:
            raise _FaultError("unclosed left paren", at)
        self.emit("right", right[0], right[0] + len(_RIGHT))
        return self._past(right)

    def _inside(self, at: int) -> int:
        """One token within an action; returns where the next begins."""
        char = self.text[at]
        if char in _SPACES:
            return self._space(at)
        if char in _QUOTED:
            return self._quoted(at)
        if char in "+-" or char.isdecimal() or self._is_fraction(at):
            return self._number(at)
        if char in ".$" or char == "_" or char.isalnum():
            return self._name(at)
        return self._sign(at)

    def _is_fraction(self, at: int) -> bool:
        return self.text[at] == "." and self.text[at + 1 : at + 2] in tuple("0123456789")

    def _space(self, at: int) -> int:
        end = at
        while self.text[end : end + 1] in tuple(_SPACES) and self._right(end) is None:
            end += 1
        self.emit("space", at, end)
        return end

    def _quoted(self, at: int) -> int:
        pattern, kind, fault = _QUOTED[self.text[at]]
        found = pattern.match(self.text, at)
        if found is None:
            raise _FaultError(fault, at)
        self.emit(kind, at, found.end())
        return found.end()

    def _number(self, at: int) -> int:
        found = _NUMBER.match(self.text, at)
        end = found.end() if found else at
        following = self.text[end : end + 1]
        if end == at or following == "_" or following.isalnum():
            raise _FaultError(f"bad number syntax: {quote(self.text[at : end + 1])}", at)
        self.emit("number", at, end)
        return end

    def _name(self, at: int) -> int:
        """A field, variable, keyword or function."""
        sign = self.text[at] if self.text[at] in ".$" else ""
        found = _WORD.match(self.text, at + len(sign))
        end = found.end() if found else at + len(sign)
        following = self.text[end : end + 1]
        if following and following not in _ENDS_A_NAME:
            raise _FaultError(f"bad character {code_point(following)}", at)
        self.emit(_kind_of(self.text[at:end]), at, end)
        return end

    def _sign(self, at: int) -> int:
        char = self.text[at]
        if char == ":":
            if not self.text.startswith(":=", at):
                raise _FaultError("expected :=", at)
            self.emit("declare", at, at + 2)
            return at + 2
        if not char.isascii() or not char.isprintable():
            raise _FaultError(f"unrecognized character in action: {code_point(char)}", at)
        kinds = {"=": "assign", "|": "pipe", "(": "open", ")": "close"}
        self.emit(kinds.get(char, "mark"), at, at + 1)
        return at + 1


def _kind_of(word: str) -> str:
    if word == ".":
        return "dot"
    if word[0] in ".$":
        return "field" if word[0] == "." else "variable"
    if word in KEYWORDS:
        return word
    return "bool" if word in ("true", "false") else "identifier"
