"""logfmt: ``time=… level=info msg="it said \\"no\\"" user=7``, as Go's programs write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from checks.logs.formats.base import FIELDS, Maker, is_tidy, text_of, tidied
from checks.logs.model import Record, Value

__all__ = ["Logfmt", "pairs", "value_of"]

# A name is looked for where one may begin alone: not anew at each letter of a long word.
_PAIR = re.compile(
    r'(?<![\w.@/:-])([A-Za-z_@][\w.@/:-]{0,199}+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$|,)'
)
_FIRST = re.compile(r'[A-Za-z_@][\w.@/:-]*=(?:"|\S|$| )')
_ESCAPED = re.compile(r"\\(.)")
_MEANT: Final = {"n": "\n", "t": "\t", "r": "\r"}
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?")
_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}
_OWN: Final = frozenset({"level", "lvl", "severity", "msg", "message", "ts", "time", "at", "t"})
"""One of these names a line has that is logfmt and no sentence with a sign of equality."""


def value_of(text: str) -> Value:
    """What ``text`` stands for: a number, a truth value, or itself, without its quotes."""
    if len(text) > 1 and text[0] == '"' == text[-1]:
        inner = text[1:-1]
        if "\\" in inner:
            return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), inner)
        return inner
    if _NUMBER.fullmatch(text):
        return float(text)
    return _WORDS.get(text, text)


def pairs(line: str) -> dict[str, Value]:
    """The fields of ``line``, in their order."""
    return {name: value_of(value) for name, value in _PAIR.findall(line)[:FIELDS]}


class Logfmt:
    """Lines of names and values."""

    name = "logfmt"
    alone = True

    def __init__(self, *, sure: bool = False) -> None:
        """``sure``: it need not have one of the usual names."""
        self._sure = sure

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        if _FIRST.match(line) is None:
            return None
        fields = pairs(line)
        if not self._sure and (len(fields) < 2 or _OWN.isdisjoint(fields)):
            return None
        if not fields:
            return None
        if "\\" in line or not is_tidy(line):
            fields = tidied(fields)
        text = text_of(line, more)
        return to.of_fields(fields, text.partition("\n")[0] if more else text, text)
