"""Bytes from a terminal become lines of text: what a terminal would show of them, and no more.

A line is read when it is whole, so that nothing depends on where its bytes were cut apart: an
escape sequence, a character of several bytes, or a secret. Colours and titles vanish, carriage
returns and backspaces write over what stands there, as progress bars and ``man`` want it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from checks.command_texts import mask_command
from checks.model import clean
from checks.secrets import CREDENTIAL_WORDS, MASK, Masker

__all__ = ["WIDTH", "LineReader", "as_recorded", "command_as_recorded"]

WIDTH: Final = 2_000
"""Characters of a line that are kept."""
_PENDING: Final = 8 * WIDTH
"""Characters of an unfinished line that are kept, control characters with them."""
_TAB: Final = 8

# CSI, OSC/DCS/PM/APC strings, and the two-byte escapes (ECMA-48); also their C1 forms.
_CONTROLS: Final = re.compile(
    r"(?P<erase>(?:\x1b\[|\x9b)(?P<how>[012]?)K)"
    r"|(?P<move>[\r\b\t])"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_WORDS: Final = ("pass", "pwd", "secret", "token", "credential", "key")
_GLUED: Final = re.compile(
    rf"(?i)(?P<name>(?:{CREDENTIAL_WORDS})[\w.-]{{0,80}}=)(?P<quote>[\"']?)"
    r"(?!\d+\b)(?P<value>[^\s\"'&;,)]{3,})"
)
"""What others have in their command lines and environments: ``--password=x``, ``PGPASSWORD=x``."""
_NAMED: Final = re.compile(CREDENTIAL_WORDS, re.IGNORECASE)


class LineReader:
    """Takes bytes and gives lines; ``masker`` knows what must not be shown."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._cut = False
        """Whether the unfinished line was longer than what is kept of it."""

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that ``data`` ends."""
        *whole, rest = (self._pending + self._decoder.decode(data)).split("\n")
        cut, self._cut = self._cut, False
        self._pending = ""
        for number, line in enumerate(whole):
            yield self._shown(line, cut=cut and not number)
        self._pending = rest
        self._cut = cut and not whole
        self._bound()

    def shown(self, line: str) -> str:
        """``line``, which is whole, as it may be shown."""
        return self._shown(line)

    def unfinished(self) -> str:
        """What is there of the line that has no end yet, without what may become a secret."""
        if not self._pending:
            return ""
        shown = self._shown(self._pending, cut=self._cut)
        held = self._masker.begun(shown)
        return shown[:-held] if held else shown

    def finish(self) -> str | None:
        """The line that had no end, which it has now; None where there is none."""
        text = self._pending + self._decoder.decode(b"", final=True)
        cut = self._cut
        self.begin_anew()
        return self._shown(text, cut=cut) if text else None

    def begin_anew(self) -> None:
        """Forget the unfinished line."""
        self._decoder.reset()
        self._pending = ""
        self._cut = False

    def _bound(self) -> None:
        """Keep no more of an unfinished line than could be shown of it."""
        if len(self._pending) <= _PENDING:
            return
        after = self._pending.rfind("\r", 0, -1)
        if after >= 0:
            # A progress bar: what stood there before is written over.
            self._pending = self._pending[after:]
        if len(self._pending) > _PENDING:
            self._pending, self._cut = self._pending[:_PENDING], True

    def _shown(self, line: str, *, cut: bool = False) -> str:
        text = line if line.isascii() and line.isprintable() else _rendered(line)
        text = self._masker.text(text)
        if "=" in text and _may_be_secret(text.lower()):
            text = _GLUED.sub(_masked, text)
        if cut:
            # The secret at its end, of which the rest is not there, would not be known.
            held = self._masker.begun(text)
            text = f"{text[: len(text) - held]}…"
        return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def as_recorded(name: str, value: str) -> str:
    """The value of the variable ``name`` where it is kept: of a password or a token that it is
    there, and no more."""
    return MASK if value and _NAMED.search(name) else value


def command_as_recorded(text: str) -> str:
    """A command where it is kept, and may be sent to others: without what it gives a password or a
    token outright. A variable that it takes one from stays."""
    return mask_command(text)


def _may_be_secret(lower: str) -> bool:
    """Whether a word may be in it that :data:`_GLUED` looks for; at a tenth of its cost."""
    return any(word in lower for word in _WORDS)


def _masked(found: re.Match[str]) -> str:
    return f"{found['name']}{found['quote']}{MASK}"


def _rendered(line: str) -> str:
    """What a terminal shows of ``line``, which has control characters."""
    cells: list[str] = []
    column = at = 0
    for found in _CONTROLS.finditer(line):
        column = _write(cells, column, line[at : found.start()])
        at = found.end()
        if found["erase"]:
            _erase(cells, column, found["how"])
        elif found["move"]:
            column = _moved(column, found["move"])
    _write(cells, column, line[at:])
    return "".join(cells)


def _write(cells: list[str], column: int, text: str) -> int:
    """Write ``text`` at ``column``, over what is there; where it ends."""
    if not text:
        return column
    text = clean(text, max(1, len(text)))
    if column > len(cells):
        cells += " " * (column - len(cells))
    cells[column : column + len(text)] = text
    return column + len(text)


def _moved(column: int, how: str) -> int:
    if how == "\r":
        return 0
    if how == "\b":
        return max(0, column - 1)
    return (column // _TAB + 1) * _TAB


def _erase(cells: list[str], column: int, how: str) -> None:
    if how == "1":
        cells[: column + 1] = " " * min(column + 1, len(cells))
    elif how == "2":
        cells[:] = " " * min(column, len(cells))
    else:
        del cells[column:]
