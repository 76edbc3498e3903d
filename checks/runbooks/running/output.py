"""What a step writes: bounded, without control characters, secrets masked, whatever comes.

The bytes are kept as they came and read when somebody looks: of what a step writes between two
looks only the last lines are of interest, so a flood costs little more than its copying.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from checks.runbooks.running.lines import LineReader
from checks.secrets import Masker

__all__ = ["LINES", "Output"]

LINES: Final = 5_000
"""Lines of its output that a run keeps."""
UNREAD: Final = 256_000
"""Bytes that are kept until somebody looks, or so many have come."""
SIZE: Final = 1_000_000
"""Characters that all lines kept may have."""


class Output:
    """The lines of one run; to be used from one thread.

    ``taker`` gets each line as soon as it is whole, none left out; for who prints them.
    """

    def __init__(self, masker: Masker, taker: Callable[[str], None] | None = None) -> None:
        self._taker = taker
        self._reader = LineReader(masker)
        self._lines: deque[str] = deque()
        self._size = 0
        self._raw = bytearray()
        self._dropped = 0
        self._seen: tuple[str, ...] | None = ()
        self._left_out = 0
        """Of the lines kept, those that the unfinished one takes the place of."""
        self._over = False
        self.total = 0
        """What has come, in bytes; it grows whenever there is something new to see."""
        self.ended_open = False
        """Whether its last line had no end when it was closed: a question, often."""

    def feed(self, data: bytes) -> None:
        """Take what a program has written, cut anywhere."""
        if not data or self._over:
            return
        self.total += len(data)
        self._raw += data
        self._seen = None
        if self._taker is not None or len(self._raw) > UNREAD:
            self._read()

    def say(self, text: str) -> None:
        """Add ``text`` as lines of ours: a table, a status line."""
        self._read()
        self._finish_line()
        self.total += len(text)
        lines = text.split("\n")
        self._dropped += max(0, len(lines) - LINES)
        for line in lines[-LINES:]:
            self._keep(self._reader.shown(line))
        self._seen = None

    def close(self) -> None:
        """Nothing more comes; a line without an end is one now."""
        if self._over:
            return
        self._read()
        self.ended_open = bool(self._reader.unfinished().strip())
        self._finish_line()
        self._over = True
        self._seen = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, with the one that is being written; the same object while nothing
        comes."""
        if self._seen is None:
            self._read()
            unfinished = "" if self._over else self._reader.unfinished()
            kept = tuple(self._lines)
            self._left_out = 1 if unfinished and len(kept) == LINES else 0
            self._seen = (*kept[self._left_out :], unfinished) if unfinished else kept
        return self._seen

    @property
    def dropped(self) -> int:
        """How many lines before these are kept no more."""
        return self._dropped + self._left_out if self.lines else 0

    @property
    def last_line(self) -> str:
        """The last line with anything in it; empty for none."""
        return next((line.strip() for line in reversed(self.lines) if line.strip()), "")

    def _read(self) -> None:
        if not self._raw:
            return
        data, self._raw = bytes(self._raw), bytearray()
        data = self._latest(data)
        for line in self._reader.feed(data):
            self._keep(line)

    def _latest(self, data: bytes) -> bytes:
        """The last of ``data``: as many lines as are kept at all."""
        if self._taker is not None or data.count(b"\n") <= LINES:
            return data
        start = len(data)
        for _ in range(LINES + 1):
            start = data.rfind(b"\n", 0, start)
        start += 1
        # What was begun before belongs to the first of the lines that are left out.
        self._reader.begin_anew()
        self._dropped += data.count(b"\n", 0, start)
        return data[start:]

    def _finish_line(self) -> None:
        rest = self._reader.finish()
        if rest is not None:
            self._keep(rest)

    def _keep(self, line: str) -> None:
        if self._taker is not None:
            self._taker(line)
        self._lines.append(line)
        self._size += len(line)
        while len(self._lines) > LINES or (self._size > SIZE and len(self._lines) > 1):
            self._size -= len(self._lines.popleft())
            self._dropped += 1
