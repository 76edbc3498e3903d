"""Lines become records: which belong together, and when one is whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from checks.logs.formats.base import Maker
from checks.logs.formats.choose import Choice
from checks.logs.formats.laravel import LARAVEL_HEAD
from checks.logs.model import Record

__all__ = ["PATIENCE", "Assembler"]

PATIENCE: Final = 0.4
"""Seconds without a further line after which a record is whole."""
_MOST: Final = 500
_MOST_CHARACTERS: Final = 60_000
"""Lines of a record that are kept, and characters; the rest of it is passed over."""
_MAY: Final = frozenset(" \t#CTDS.[\"}){]'aE\r")
"""What a further line begins with, for a look that costs nothing."""
_FURTHER = re.compile(
    r"[ \t\r]|#\d+ |Caused by: |Traceback \(most recent call last\)|During handling of the above|"
    r"The above exception was|Stack trace:|\[stacktrace\]|\[previous exception\]|\.\.\. \d+ more|"
    r"[\"')}\]]+ ?[,;]?$|at [\w.$<]+\("
)
_COLOURS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\))")
_TRACEBACK: Final = "Traceback (most recent call last)"


class Assembler:
    """Makes the records of one file of its lines, in their order.

    ``first`` finds a record's first line, where the configuration says which are; without it
    JSON, logfmt and access logs are a record a line, and in other logs what looks like the rest
    of a record (indented, a stack trace) is that. After a line of Laravel's everything is, up to
    its next one.
    """

    __slots__ = ("_characters", "_choice", "_first", "_laravel", "_lines", "_maker", "_more",
                 "_touched", "_trace")  # fmt: skip

    def __init__(self, choice: Choice, maker: Maker, first: re.Pattern[str] | None = None) -> None:
        self._choice = choice
        self._maker = maker
        self._first = first
        self._lines: list[str] = []
        self._more = 0
        self._characters = 0
        self._laravel = False
        self._trace = False
        self._touched = 0.0

    @property
    def waiting(self) -> bool:
        """Whether a record is there that may go on."""
        return bool(self._lines)

    def feed(self, lines: Iterable[str], now: float, out: list[Record]) -> None:
        """Take further ``lines``, without their ends; what became whole is added to ``out``."""
        maker, alone = self._maker, self._choice.alone
        maker.now = now
        for line in lines:
            if "\x1b" in line:
                # Colours stand before what tells a line's time and level.
                line = _COLOURS.sub("", line)  # noqa: PLW2901
            if self._lines:
                if self._goes_on(line):
                    self._add(line)
                    continue
                self.flush(out)
            record = alone(line, maker)
            if record is not None:
                out.append(record)
            elif line:
                self._begin(line)
        self._touched = now

    def settle(self, now: float, out: list[Record]) -> None:
        """Nothing more was there: a record that has waited long enough is whole."""
        if self._lines and not 0 <= now - self._touched < PATIENCE:
            self._maker.now = now
            self.flush(out)

    def flush(self, out: list[Record]) -> None:
        """The record that is there is whole."""
        if self._lines:
            lines, self._lines = self._lines, []
            while len(lines) > 1 and not lines[-1].strip():
                lines.pop()
            out.append(self._choice.whole(lines[0], lines[1:], self._maker))

    def _begin(self, line: str) -> None:
        self._lines = [line]
        self._more = 0
        self._characters = len(line)
        self._laravel = LARAVEL_HEAD.match(line) is not None
        self._trace = line.startswith(_TRACEBACK)

    def _add(self, line: str) -> None:
        self._more += 1
        self._characters += len(line)
        if self._more < _MOST and self._characters < _MOST_CHARACTERS:
            self._lines.append(line)
        elif self._lines[-1] != "…":
            self._lines.append("…")

    def _goes_on(self, line: str) -> bool:
        """Whether ``line`` is part of the record that is there."""
        if self._first is not None:
            return self._first.search(line) is None
        if self._laravel:
            return LARAVEL_HEAD.match(line) is None and not (line[:2] == '{"' and line[-1:] == "}")
        if self._trace:
            # The exception itself is the first line that is not indented.
            self._trace = not line or line[0] in " \t"
            return True
        if line and line[0] not in _MAY:
            return False
        if line.startswith(_TRACEBACK):
            self._trace = True
            return True
        return not line or _FURTHER.match(line) is not None
