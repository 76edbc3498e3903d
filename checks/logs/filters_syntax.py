"""The language of filters, from text to a tree.

::

    or      := and ("or" and)*
    and     := not ("and" not)*
    not     := "not" not | one
    one     := "(" or ")" | "exists" "(" field ")" | string | field compare
    compare := ("=" | "!=" | "~" | "!~" | "<" | "<=" | ">" | ">=") value
             | ["not"] "contains" value | ["not"] "in" "[" value ("," value)* "]"
    value   := string | number | "true" | "false" | "null" | word
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from checks.logs.model import Value

__all__ = [
    "Both",
    "Compare",
    "Either",
    "Exists",
    "FilterError",
    "Literal",
    "Node",
    "Not",
    "Search",
    "Word",
    "parse",
]

LONGEST: Final = 2_000
"""Characters of a filter."""
DEEPEST: Final = 50
"""Parentheses and negations within one another."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<op><=|>=|!=|==|!~|=~|[=<>~])
    | (?P<mark>[()\[\],])
    | (?P<quoted>`[^`]+`)
    | (?P<word>(?:[^\W\d]|[@$])(?:[\w.@$/-]*[\w@$])?)
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t"}
_EXPRESSION = re.compile(
    r"""[=<>~] | ^\s*(?:not\s+|\(\s*)*(?:"|exists\s*\() | \bin\s*\[ | \bcontains\s+["']""",
    re.IGNORECASE | re.VERBOSE,
)
"""What only an expression has: else the text is plain words, such as ``not found``."""
_SAME: Final = {"==": "=", "=~": "~"}
_CONSTANTS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}


class FilterError(ValueError):
    """What is wrong with a filter, and at which column, counted from 1."""

    def __init__(self, column: int, what: str) -> None:
        super().__init__(f"column {column}: {what}")
        self.column = column


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the filter, at ``column``."""

    value: Value
    column: int


@dataclass(frozen=True, slots=True)
class Word:
    """A field's name; where the record has no such field and it stands at the right, itself."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Compare:
    """A field, one of ``= != ~ !~ < <= > >= contains in``, and what it is compared with."""

    field: Word
    operator: str
    values: tuple[Literal | Word, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the record has the field."""

    field: Word


@dataclass(frozen=True, slots=True)
class Search:
    """Whether the text stands anywhere in the record."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All of them."""

    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of them."""

    of: tuple[Node, ...]


Node = Compare | Exists | Search | Not | Both | Either


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse(text: str) -> Node:
    """The tree of ``text``; without any operator in it all of it is looked for.

    Raises:
        FilterError: it is no filter.
    """
    if len(text) > LONGEST:
        raise FilterError(LONGEST + 1, f"a filter has at most {LONGEST:,} characters")
    if not _EXPRESSION.search(text):
        return Search(text.strip())
    return _Parser(text).all()


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unreadable(text, place)
        kind = match.lastgroup or ""
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    found.append(_Token("end", "", end + 1))
    return found


def _unreadable(text: str, place: int) -> FilterError:
    spaces = _SPACE.match(text, place)
    place = spaces.end() if spaces is not None else place
    letter = text[place]
    if letter in "\"'`":
        return FilterError(place + 1, f"the text that begins with {letter} has no end")
    if letter in "&|!":
        return FilterError(place + 1, "write and, or, not")
    word = re.split(r"[\s()\[\],]", text[place:], maxsplit=1)[0]
    if letter.isdigit() or letter == "-":
        return FilterError(
            place + 1, f"{word} is no number; write it in the field's own unit, or text in quotes"
        )
    return FilterError(place + 1, f"put text such as {word[:40]} in quotes")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def all(self) -> Node:
        node = self._or()
        left = self._now
        if left.kind != "end":
            raise FilterError(left.column, f"expected and, or, or the end, not {left.text[:40]}")
        return node

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _is(self, *words: str) -> bool:
        """Whether a keyword or mark stands here."""
        token = self._now
        return token.kind in ("word", "mark") and token.text.lower() in words

    def _take(self, word: str) -> bool:
        there = self._is(word)
        self._at += there
        return there

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            token = self._now
            said = f", not {token.text[:40]}" if token.kind != "end" else ""
            raise FilterError(token.column, f"expected {mark}{said}")

    def _or(self) -> Node:
        nodes = [self._and()]
        while self._take("or"):
            nodes.append(self._and())
        return nodes[0] if len(nodes) == 1 else Either(tuple(nodes))

    def _and(self) -> Node:
        nodes = [self._not()]
        while self._take("and"):
            nodes.append(self._not())
        return nodes[0] if len(nodes) == 1 else Both(tuple(nodes))

    def _not(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterError(self._now.column, f"nested deeper than {DEEPEST} times")
        try:
            return Not(self._not()) if self._take("not") else self._one()
        finally:
            self._depth -= 1

    def _one(self) -> Node:
        token = self._next()
        if token.kind == "string":
            return Search(_unquoted(token.text))
        if token.text == "(" and token.kind == "mark":
            node = self._or()
            self._expect(")")
            return node
        if token.kind not in ("word", "quoted"):
            said = f", not {token.text[:40]}" if token.kind != "end" else ""
            raise FilterError(token.column, f"expected a field such as level or message{said}")
        if token.kind == "word" and token.text.lower() == "exists" and self._is("("):
            return self._exists()
        return self._compare(_field(token))

    def _exists(self) -> Exists:
        self._expect("(")
        token = self._next()
        if token.kind not in ("word", "quoted"):
            raise FilterError(token.column, "expected the name of a field")
        self._expect(")")
        return Exists(_field(token))

    def _compare(self, field: Word) -> Node:
        token = self._next()
        if token.kind == "op":
            return Compare(field, _SAME.get(token.text, token.text), (self._value(),))
        word = token.text.lower() if token.kind == "word" else ""
        if word == "not" and self._is("in", "contains"):
            return Not(self._compare(field))
        if word == "contains":
            return Compare(field, word, (self._value(),))
        if word == "in":
            return Compare(field, word, self._list())
        raise FilterError(
            token.column,
            f"expected an operator such as = or ~ after {field.name}; text that is only to be "
            "looked for stands in quotes",
        )

    def _list(self) -> tuple[Literal | Word, ...]:
        self._expect("[")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect("]")
        return tuple(values)

    def _value(self) -> Literal | Word:
        token = self._next()
        if token.kind == "string":
            return Literal(_unquoted(token.text), token.column)
        if token.kind == "number":
            return Literal(float(token.text), token.column)
        if token.kind == "word" and token.text.lower() in _CONSTANTS:
            return Literal(_CONSTANTS[token.text.lower()], token.column)
        if token.kind in ("word", "quoted"):
            return _field(token)
        raise FilterError(token.column, "expected a value: text in quotes, a number or a field")


def _field(token: _Token) -> Word:
    return Word(token.text.strip("`"), token.column)


def _unquoted(text: str) -> str:
    """What stands between quotes; before any other letter a backslash is one, as ``\\d`` wants."""

    def letter(found: re.Match[str]) -> str:
        one = found[1]
        return one if one in "\"'\\" else _ESCAPED.get(one, found[0])

    return _ESCAPE.sub(letter, text[1:-1])
