"""A runbook and its steps, as they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

__all__ = ["Block", "Language", "Marking", "Runbook", "Step", "Variables"]

Variables: TypeAlias = Mapping[str, str]
"""Values by the name of their variable, which is upper case: ``INSTANCE``."""


class Marking(StrEnum):
    """What a step wants before it runs."""

    SAFE = "safe"
    """Nothing: it changes nothing."""
    ASKS = "asks"
    """A confirmation. What says nothing itself is marked so."""
    DANGER = "danger"
    """That its target's name is typed."""


class Language(StrEnum):
    """What a step is written in."""

    BASH = "bash"
    SH = "sh"
    SQL = "sql"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Step:
    """One fenced block.

    Attributes:
        name: unique within its runbook; what ``--step`` and ``keybindings`` name.
        title: the same for people: its heading or its first command.
        text: the block as it is written; variables are never put into it.
        description: the paragraph before it, as plain text.
        timeout: seconds after which it is ended.
        target: the check that it is for, where it names another than the alert's.
        capture: the variable that the last line of its output sets, empty for none.
        interactive: whether it needs the terminal for itself.
        login: whether its shell is logged in to the Redis that it is for.
        marked: whether its file says how it is marked.
        line: of its fence in the file, from 1.
    """

    name: str
    title: str
    language: Language
    text: str
    marking: Marking = Marking.ASKS
    description: str = ""
    timeout: float = 60.0
    target: str = ""
    capture: str = ""
    interactive: bool = False
    login: bool = False
    marked: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a runbook as it is read: a heading, a paragraph, an item, code, or a step.

    ``kind`` is ``heading``, ``paragraph``, ``item``, ``code`` or ``step``; ``level`` the
    heading's or the list's depth; ``text`` plain, of a step its name.
    """

    kind: str
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Runbook:
    """A file.

    Attributes:
        name: its stem, by which alerts link to it.
        title: its first heading.
        path: as the user knows it; of a built-in one ``built-in``.
        digest: SHA-256 of its bytes, in hex.
        blocks: all of it in order, for reading.
        patterns: regular expressions that the values of its variables must match whole, by the
            name of the variable, as its front matter says.
        defaults: values of variables where nothing else has one, from there too.
        built_in: whether it came with onwatch.
    """

    name: str
    title: str
    path: str
    digest: str
    steps: tuple[Step, ...]
    blocks: tuple[Block, ...]
    patterns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    built_in: bool = False

    def step(self, name: str) -> Step | None:
        """The step called ``name``."""
        return next((step for step in self.steps if step.name == name), None)
