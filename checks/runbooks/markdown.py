"""Markdown as a runbook needs it: headings, prose as plain text, and blocks of code with lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from checks.model import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

__all__ = ["Code", "Heading", "InvolvedError", "Piece", "Prose", "pieces"]

_TEXT: Final = 4_000
"""Characters of a paragraph that are kept."""
_MARKS: Final = re.compile(r"[*_`\[<&\\!]")
"""Without one of these a paragraph is its own plain text: most need no second reader."""
_REST: Final = 30
"""Characters that may follow a label."""
_DEEPEST: Final = 20
"""Lists and quotes within each other; what lies deeper is plain text."""
_ATTEMPTS: Final = 150_000
"""How often it may be looked whether a block begins, which takes half a second: each line of a
quote that goes on in lines without its mark is looked at again for every other one."""


class InvolvedError(Exception):
    """Lists and quotes are so entangled that reading them takes too long."""


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph or an item of a list (``level`` deep). ``label`` is what is bold at its head,
    where hardly more follows: people write headings so within lists."""

    text: str
    level: int
    label: str


@dataclass(frozen=True, slots=True)
class Code:
    """A fence, or code by indentation, whose ``info`` is then empty; ``line`` counts from 1."""

    text: str
    info: str
    line: int


Piece: TypeAlias = Heading | Prose | Code


def pieces(text: str, before: int = 0) -> Iterator[Piece]:
    """What ``text`` consists of, in order; ``before`` lines of the file precede it.

    Raises InvolvedError.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 40 ms, and only who has a runbook pays

    reader = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table")
    reader.core.ruler.disable("inline")
    _bound(reader)
    depth = 0
    opened: list[Token] = []
    for token in reader.parse(text):
        if token.type in ("list_item_open", "list_item_close"):
            depth += token.nesting
        elif token.type == "inline":
            yield from _inline(reader, token, opened[-1] if opened else None, depth)
        elif token.type in ("fence", "code_block"):
            line = (token.map[0] if token.map else 0) + before + 1
            info = token.info.strip() if token.type == "fence" else ""
            yield Code(token.content if info else token.content.expandtabs(4), info, line)
        if token.nesting == 1 and token.type != "list_item_open":
            opened.append(token)
        elif token.nesting == -1 and token.type != "list_item_close" and opened:
            opened.pop()


def _bound(reader: MarkdownIt) -> None:
    """Have ``reader`` give up after so many attempts: a rule of its own, which never matches."""
    left = _ATTEMPTS

    def count(state: StateBlock, begin: int, end: int, silent: bool) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise InvolvedError
        return False

    everywhere = ["paragraph", "reference", "blockquote", "list"]
    reader.block.ruler.before("code", "bound", count, {"alt": everywhere})


def _inline(reader: MarkdownIt, token: Token, around: Token | None, depth: int) -> Iterator[Piece]:
    source = token.content[:_TEXT]
    children: list[Token] = []
    if _MARKS.search(source) is None:
        text = clean(source, _TEXT).strip()
    else:
        reader.inline.parse(source, reader, {}, children)
        text = _plain(children)
    if not text:
        return
    if around is not None and around.type == "heading_open":
        yield Heading(text, int(around.tag[1:]))
    else:
        yield Prose(text, depth, _label(children))


def _plain(children: Sequence[Token]) -> str:
    """The words of a paragraph, one line, without its marks."""
    breaks = ("softbreak", "hardbreak")
    words = (
        " " if child.type in breaks else child.content
        for child in children
        if child.type != "html_inline"
    )
    return clean("".join(words), _TEXT).strip()


def _label(children: Sequence[Token]) -> str:
    """``**Error rate** (gauge):`` is labelled *Error rate*; empty where a sentence follows."""
    inner = [child for child in children if child.content or child.nesting]
    if not inner or inner[0].type != "strong_open":
        return ""
    end = next((at for at, child in enumerate(inner) if child.type == "strong_close"), len(inner))
    rest = _plain(inner[end:])
    return _plain(inner[:end]).rstrip(":") if len(rest) <= _REST else ""
