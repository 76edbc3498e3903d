"""Which variables a shell step uses and does not set itself.

A walk over the text with the shell's own rules of quoting (POSIX 1003.1, 2.2 and 2.6; bash's
``$'…'``): single quotes, comments and here-documents with a quoted end hold no variables. It is
no parser: what it takes for an assignment is what everybody writes as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Uses", "shell_uses"]

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*\b(?![a-z])")
_BRACED: Final = re.compile(r"\{[#!]?([A-Z][A-Z0-9_]*)(:?[-=+]|[^A-Za-z0-9_])")
_ASSIGNED: Final = re.compile(r"([A-Z][A-Z0-9_]*)(?:\[[^]\n]{0,200}\])?\+?=(?!=)")
_HEREDOC: Final = re.compile(r"<<(-?)[ \t]*(\\?)(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\3")
_TAKES: Final = re.compile(
    r"(?:for|select)[ \t]+([A-Z][A-Z0-9_]*)\b"
    r"|(?:read|local|export|declare|readonly|typeset|mapfile|readarray|unset|getopts)\b([^\n;|&<>()]{0,300})"
    r"|printf[ \t]+-v[ \t]+([A-Z][A-Z0-9_]*)\b"
)
_NESTED: Final = re.compile(r"\$\([^()]*\)?")
"""A command within an arithmetic expression: no names of variables."""
_DEEPEST: Final = 200
"""Quotes and substitutions within each other; behind that nothing is looked for."""
_SUM: Final = 2_000
"""Characters of an arithmetic expression."""
_ENDS: Final = " \t\n;&|()<>"
"""What ends a word outside quotes."""
_BRACES: Final = ("{", "{-")
"""``${…}``, and one whose name has a default: what stands in that is needed by nobody."""


@dataclass(slots=True)
class Uses:
    """Names in the order in which they first stand there.

    ``needed`` have no default; ``optional`` have one (``${NAME:-x}``), or are only asked about.
    """

    needed: dict[str, None] = field(default_factory=dict)
    optional: dict[str, None] = field(default_factory=dict)


def shell_uses(text: str) -> Uses:
    """The variables, upper case alone, that ``text`` reads before it sets them."""
    return _Walk(text).run()


class _Walk:
    """One pass; ``_open`` are the quotes and substitutions around where it is."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\\\n", "  ")
        self._at = 0
        self._open: list[str] = []
        self._begins = True
        """Whether a word could begin here."""
        self._set: dict[str, None] = {}
        self._coming: list[tuple[str, int]] = []
        """Assignments whose value is still being read, with how deep they stand."""
        self._ends: list[tuple[str, bool, bool]] = []
        """Here-documents that begin after this line: their end, whether tabs go, whether plain."""
        self._uses = Uses()

    def run(self) -> Uses:
        while self._at < len(self._text) and len(self._open) < _DEEPEST:
            self._step(self._text[self._at])
        return self._uses

    def _step(self, char: str) -> None:
        quoted = self._quoted()
        if char == "\\":
            self._go(2)
        elif char == "$":
            self._dollar(quoted=quoted)
        elif char == "`":
            self._toggle("`")
        elif char == '"':
            self._toggle('"')
        elif quoted:
            self._close_brace(char)
            self._go(1)
        elif char == "'":
            self._skip_to("'", 1)
        elif char == "#" and self._begins:
            self._at = self._line_end()
        elif self._begins and self._statement():
            pass
        else:
            self._plain(char)

    def _go(self, count: int, *, begins: bool = False) -> None:
        self._at += count
        self._begins = begins

    def _toggle(self, mark: str) -> None:
        """A quote or a backquote opens, or closes what it opened."""
        if self._open and self._open[-1] == mark:
            self._open.pop()
            self._go(1)
        else:
            self._open.append(mark)
            self._go(1, begins=mark == "`")

    def _plain(self, char: str) -> None:
        if char in _ENDS:
            self._settle()
        if char == "<" and self._here():
            return
        if char in "()":
            self._bracket(char)
        self._close_brace(char)
        if char == "\n" and self._ends:
            self._go(1)
            self._documents()
            return
        self._go(1, begins=char in _ENDS or char == "{")

    def _quoted(self) -> bool:
        """Whether double quotes are the next thing around, with or without braces between."""
        inner = next((mark for mark in reversed(self._open) if mark not in _BRACES), "")
        return inner == '"'

    def _close_brace(self, char: str) -> None:
        if char == "}" and self._open and self._open[-1] in _BRACES:
            self._open.pop()

    def _bracket(self, char: str) -> None:
        if char == "(":
            self._open.append("(")
        elif self._open and self._open[-1] == "(":
            self._open.pop()
            self._settle()

    def _settle(self) -> None:
        """Values that have been read whole are set from here on."""
        depth = len(self._open)
        for name, at in self._coming:
            if at >= depth:
                self._set[name] = None
        self._coming = [one for one in self._coming if one[1] < depth]

    def _statement(self) -> bool:
        """Whether an assignment, or a word that sets variables, begins here; and past it."""
        found = _ASSIGNED.match(self._text, self._at)
        if found is not None:
            self._coming.append((found[1], len(self._open)))
            self._go(found.end() - self._at)
            return True
        taken = _TAKES.match(self._text, self._at)
        if taken is not None:
            self._take(taken)
            return True
        if self._text.startswith("((", self._at) and self._text[self._at - 1 : self._at] != "(":
            self._arithmetic(self._at + 2)
        return False

    def _take(self, taken: re.Match[str]) -> None:
        for name in (taken[1], taken[3]):
            if name:
                self._set[name] = None
        if taken[2] is None:
            self._go(taken.end() - self._at)
            return
        bare = re.sub(r"[\"'].*", "", taken[2])
        for word in bare.split():
            if _NAME.fullmatch(word):
                self._set[word] = None
        # What stands behind may be an assignment with a value of its own.
        self._go(taken.start(2) - self._at, begins=False)

    def _arithmetic(self, start: int) -> None:
        """Bare names are read within ``(( … ))``."""
        end = self._text.find("))", start, start + _SUM)
        inner = _NESTED.sub(" ", self._text[start : max(end, start)])
        for found in re.finditer(
            r"(?<![\w$])([A-Z][A-Z0-9_]*)[ \t]*(\+\+|--|[-+*/%]?=(?!=))?", inner
        ):
            if found[2]:
                self._set[found[1]] = None
            else:
                self._use(found[1])

    def _dollar(self, *, quoted: bool) -> None:
        after = self._text[self._at + 1 : self._at + 2]
        if after == "'" and not quoted:
            self._skip_to("'", 2, escapes=True)
        elif self._text.startswith("$((", self._at):
            self._arithmetic(self._at + 3)
            self._open += ["(", "("]
            self._go(3)
        elif after == "(":
            self._open.append("(")
            self._go(2, begins=True)
        elif after == "{":
            self._braces()
        else:
            found = _NAME.match(self._text, self._at + 1)
            if found is not None:
                self._use(found[0])
            self._go(1 + (found.end() - found.start() if found else 0))

    def _braces(self) -> None:
        found = _BRACED.match(self._text, self._at + 1)
        if found is None:
            self._go(2)
            self._open.append("{")
            return
        optional = found[2][-1] in "-=+"
        self._use(found[1], optional=optional)
        if found[2].endswith("="):
            self._set[found[1]] = None
        closed = found[2] == "}"
        self._go(found.end() - self._at)
        if not closed:
            self._open.append("{-" if optional else "{")

    def _use(self, name: str, *, optional: bool = False) -> None:
        if name in self._set or name in self._uses.needed:
            return
        if optional or "{-" in self._open:
            self._uses.optional[name] = None
        else:
            self._uses.optional.pop(name, None)
            self._uses.needed[name] = None

    def _here(self) -> bool:
        """Whether a here-document is announced here; and past that."""
        if self._text.startswith("<<<", self._at):
            self._go(3, begins=True)
            return True
        found = _HEREDOC.match(self._text, self._at)
        if found is None:
            return False
        self._ends.append((found[4], bool(found[1]), bool(found[2] or found[3])))
        self._go(found.end() - self._at)
        return True

    def _documents(self) -> None:
        """Past the here-documents that were announced on the line before."""
        for end, tabs, plain in self._ends:
            for line in self._lines():
                if (line.lstrip("\t") if tabs else line) == end:
                    break
                if not plain:
                    self._expanded(line)
        self._ends.clear()
        self._begins = True

    def _lines(self) -> Iterator[str]:
        while self._at < len(self._text):
            end = self._line_end()
            line = self._text[self._at : end]
            self._at = min(end + 1, len(self._text))
            yield line

    def _expanded(self, line: str) -> None:
        """What a line of a here-document uses: quotes mean nothing there."""
        for found in re.finditer(
            r"(?<!\\)\$(?:\{[#!]?([A-Z][A-Z0-9_]*)(:?[-=+])?|([A-Z][A-Z0-9_]*))", line
        ):
            self._use(found[1] or found[3], optional=bool(found[2]))

    def _skip_to(self, mark: str, start: int, *, escapes: bool = False) -> None:
        at = self._at + start
        while at < len(self._text) and self._text[at] != mark:
            at += 2 if escapes and self._text[at] == "\\" else 1
        self._at = at + 1
        self._begins = False

    def _line_end(self) -> int:
        end = self._text.find("\n", self._at)
        return end if end >= 0 else len(self._text)
