"""Names of steps: what ``--step``, ``keybindings`` and people call them by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from checks.model import clean

__all__ = ["Names", "first_command", "slug", "statement_title"]

_APART: Final = re.compile(r"[^\w]+")
_PROGRAM: Final = re.compile(r"[a-z][a-z0-9_.-]*")
_LONGEST: Final = 40
_NO_COMMAND: Final = re.compile(r"\s*(#.*|set\s+[-+].*|echo\b.*|printf\b.*)?")
_COMMENT: Final = re.compile(r"\s*--\s*(.*\S)")


@dataclass(slots=True)
class Names:
    """The names that steps have got; ``given`` are those that the file gives, with their line."""

    given: dict[str, int] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _headings: set[str] = field(default_factory=set)

    def choose(self, given: str, heading: str, command: str, line: int) -> tuple[str, bool]:
        """A name that no step has yet, and whether it is for people what ``heading`` says."""
        headed = bool(heading) and heading not in self._headings
        self._headings.add(heading)
        if given:
            self.given.setdefault(given, line)
        base = given or slug(heading if headed else _program(command)) or "step"
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._taken.add(name)
        return name, headed


def slug(text: str) -> str:
    """``text`` as a name: small letters, digits and dashes."""
    words = _APART.sub("-", text.casefold()).strip("-_")
    return (
        words if len(words) <= _LONGEST else words[:_LONGEST].rpartition("-")[0] or words[:_LONGEST]
    )


def first_command(text: str) -> str:
    """The first line of a script that does something, for people."""
    lines = [line.strip() for line in text.split("\n")]
    doing = next((line for line in lines if _NO_COMMAND.fullmatch(line) is None), "")
    return clean(doing or next(filter(None, lines), ""), 80)


def statement_title(text: str) -> str:
    """The comment before a statement, else its first line."""
    for line in text.split("\n"):
        comment = _COMMENT.match(line)
        if comment is not None:
            return clean(comment[1], 80)
        if line.strip():
            break
    return clean(" ".join(text.split()), 80)


def _program(command: str) -> str:
    """What names a step that its heading does not: the program, or a statement's first words."""
    words = command.split()
    if not words:
        return ""
    program = words[0].rpartition("/")[2].rstrip(";")
    if _PROGRAM.fullmatch(program):
        return program
    return " ".join(words[:3])
