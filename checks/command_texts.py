"""Texts of commands as they are kept, a shell's, SQL or HTTP: without the secrets in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from checks.command_lines import mask_arguments
from checks.secrets import CREDENTIAL_WORDS, MASK

__all__ = ["mask_command"]

_NAME: Final = rf"(?:{CREDENTIAL_WORDS})[\w.-]{{0,80}}"
_PATTERNS: Final = tuple(
    re.compile(text)
    for text in (
        # --password=x, PGPASSWORD=x, password=x&user=y
        rf"(?i)(?P<name>{_NAME}=)(?P<quote>[\"']?)(?!\d+\b)(?P<value>[^\s\"'&;,)]{{3,}})",
        # PGPASSWORD='x y'
        rf"(?i)(?P<name>{_NAME}=)(?P<quote>[\"'])(?P<value>[^\"'\n]{{3,500}})(?=(?P=quote))",
        # "password": "x", also within a string
        rf"(?i)(?P<name>\\?[\"'][\w.-]{{0,80}}{_NAME}\\?[\"']\s*:\s*)"
        r"(?P<quote>\\?[\"'])(?P<value>[^\"'\\\n]+)",
        # X-Api-Key: x
        r"(?i)(?P<name>\b(?:(?:proxy-)?authorization|(?:set-)?cookie|api-?key"
        r"|x-[\w-]{0,80}(?:key|token|auth|secret)[\w-]{0,80})[\"']?[ \t]*:[ \t]*"
        r"(?:(?:bearer|basic|token|apikey)[ \t]+)?)(?P<quote>[\"']?)(?P<value>[^\"'\r\n]{3,})",
        # IDENTIFIED BY 'x', PASSWORD 'x'
        r"(?i)(?P<name>\b(?:identified\s{1,20}(?:with\s{1,20}\S{1,80}\s{1,20})?(?:by|as)|password)[\s=(]{1,20})"
        r"(?P<quote>[\"'])(?P<value>[^\"'\n]+)(?=(?P=quote))",
    )
)
_TAKEN: Final = re.compile(r"(?i)[\s\"']*(?:(?:bearer|basic|token)\s+)?(?:\$[a-z_{(]|`)")
"""The begin of what a command takes from a variable or from another command."""
_WORD: Final = re.compile(
    r"(?P<end>\n|[;&|()]+)|(?P<gap>\\\n)"
    r"|(?P<word>(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\[^\n]|[^\s\"';&|()\\]|[\"'](?!\s)|\$\()+)",
    re.DOTALL,
)
"""A word of a shell's, or the end of one of its commands."""
_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", re.DOTALL)
_BLANK: Final = re.compile(r"\s")
_DEEPEST: Final = 3
"""Commands within an argument, as of ``sh -c``."""


def mask_command(text: str) -> str:
    """``text`` without what it gives a password or a token outright; a variable that it takes one
    from stays.
    """
    for pattern in _PATTERNS:
        text = pattern.sub(_masked, text)
    return _of_words(text, _DEEPEST)


def _masked(found: re.Match[str]) -> str:
    if _TAKEN.match(found["value"]):
        return found[0]
    return f"{found['name']}{found['quote']}{MASK}"


def _of_words(text: str, deepest: int) -> str:
    """With those arguments masked by which the programs of a shell take secrets."""
    made, at = [], 0
    for command in _commands(text):
        words = [found["word"] for found in command]
        for found, shown in zip(command, _shown(words, deepest), strict=True):
            made += [text[at : found.start()], shown]
            at = found.end()
    return "".join((*made, text[at:]))


def _commands(text: str) -> Iterator[list[re.Match[str]]]:
    """The words of each of the shell's commands."""
    words: list[re.Match[str]] = []
    for found in _WORD.finditer(text):
        if found["word"]:
            words.append(found)
        elif words and found["end"]:
            yield words
            words = []
    if words:
        yield words


def _shown(words: list[str], deepest: int) -> Iterator[str]:
    told = [_told(word) for word in words]
    # A blank would have each part of the word looked at by itself.
    for at, masked in enumerate(mask_arguments([_BLANK.sub("\0", word) for word in told])):
        word, quoted = words[at], _QUOTED.fullmatch(words[at])
        command = quoted is not None and _BLANK.search(told[at]) is not None
        inner = command and at and words[at - 1] == "-c"
        shown = told[at] if inner else _unless_taken(told[at], masked.replace("\0", " "))
        if quoted and shown == told[at] and command and deepest:
            shown = _of_words(shown, deepest - 1)
        if shown == told[at]:
            yield word
        else:
            yield f"{word[0]}{shown}{word[0]}" if quoted else shown


def _told(word: str) -> str:
    """What the program gets of ``word``, as far as that matters here."""
    return word[1:-1] if _QUOTED.fullmatch(word) else re.sub(r"[\"']", "", word)


def _unless_taken(word: str, masked: str) -> str:
    """``masked``, but ``word`` where its secret comes from a variable."""
    before, mask, after = masked.partition(MASK)
    if not mask or MASK in word:
        return word
    secret = word[len(before) : len(word) - len(after)]
    number = secret.isdigit() and before.endswith("=") and "pass" not in before.lower()
    return word if number or _TAKEN.match(secret) else masked
