"""What every format has in common: how a record is made, and how its text is made harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Final, Protocol

from checks.logs.levels import level_of
from checks.logs.model import Level, Record, Value
from checks.logs.times import Times
from checks.model import clean, clean_lines

__all__ = [
    "FIELDS",
    "FIELD_LENGTH",
    "LEVELS",
    "MESSAGES",
    "MESSAGE_LENGTH",
    "TEXT_LENGTH",
    "TIMES",
    "Format",
    "Maker",
    "is_plain",
    "is_tidy",
    "tidied",
]

TIMES: Final = ("timestamp", "time", "ts", "@timestamp", "datetime", "date", "asctime", "t",
                "datetime.date", "eventTime")  # fmt: skip
LEVELS: Final = ("level", "level_name", "severity", "lvl", "levelname", "log.level", "loglevel",
                 "PRIORITY", "levelno")  # fmt: skip
MESSAGES: Final = ("message", "msg", "log", "event", "@message", "text")
"""Names of fields as loggers have them, the usual first (``datetime.date`` is Monolog 1's)."""
MESSAGE_LENGTH: Final = 1_000
FIELD_LENGTH: Final = 2_000
TEXT_LENGTH: Final = 20_000
"""Characters that are kept of a record's message, of a field, and of its lines."""
_NAME: Final = 200
FIELDS: Final = 200
"""Fields that are kept of a record."""


def is_plain(text: str) -> bool:
    """Whether ``text`` is printable ASCII, so that ``clean`` would leave it as it is."""
    return text.isascii() and text.isprintable()


def is_tidy(line: str) -> bool:
    """Whether every part of ``line`` may be shown and kept as it stands."""
    return len(line) <= FIELD_LENGTH and line.isascii() and line.isprintable()


def tidied(fields: Mapping[str, Value]) -> dict[str, Value]:
    """``fields`` with clean names and clean texts."""
    return {
        name if is_plain(name) and len(name) <= _NAME else clean(name, _NAME): (
            clean(value, FIELD_LENGTH)
            if isinstance(value, str) and not (is_plain(value) and len(value) <= FIELD_LENGTH)
            else value
        )
        for name, value in fields.items()
    }


class Maker:
    """Makes the records of one source: it knows where they come from and how they are numbered.

    ``now`` stands for times that records do not tell. ``broken`` counts lines that were to be of
    a format and are not.
    """

    __slots__ = ("_levels", "_messages", "_next", "_times", "broken", "now", "source", "times")

    def __init__(
        self,
        source: str,
        numbers: count[int],
        times: Times,
        *,
        time: str = "",
        levels: Iterable[str] = (),
        messages: Iterable[str] = (),
    ) -> None:
        self.source = source
        self.now = 0.0
        self.times = times
        self.broken = 0
        self._next: Callable[[], int] = numbers.__next__
        self._times = (time,) if time else TIMES
        self._levels = tuple(levels) or LEVELS
        self._messages = tuple(messages) or MESSAGES

    def of_fields(self, fields: Mapping[str, Value], line: str, text: str | None = None) -> Record:
        """A record of clean ``fields``, whose time, level and message are among them.

        ``line`` is the record as it stood, clean; ``text`` where it is more than a line.
        """
        time: float | None = None
        for name in self._times:
            if name in fields:
                time = self.times.read(fields[name], self.now)
                if time is not None:
                    break
        level: Level | None = None
        for name in self._levels:
            if name in fields:
                level = level_of(fields[name])
                if level is not None:
                    break
        message = line
        for name in self._messages:
            if name in fields:
                message = str(fields[name])
                break
        if len(message) > MESSAGE_LENGTH:
            message = clean(message, MESSAGE_LENGTH)
        return Record(
            self._next(),
            self.now if time is None else time,
            level,
            message,
            self.source,
            fields,
            line if text is None else text,
        )

    def of_parts(
        self,
        time: float | None,
        level: Level | None,
        message: str,
        fields: Mapping[str, Value],
        text: str,
    ) -> Record:
        """A record of what was found already; all of it is clean."""
        if len(message) > MESSAGE_LENGTH:
            message = clean(message, MESSAGE_LENGTH)
        return Record(
            self._next(),
            self.now if time is None else time,
            level,
            message,
            self.source,
            fields,
            text,
        )


class Format(Protocol):
    """Makes a record of a line."""

    name: str
    alone: bool
    """Whether a line is a whole record."""

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        """The record whose first line is ``line``; None where it is not of this format.

        ``more`` are the lines after it that belong to it. What comes of them is made clean here.
        """


def text_of(line: str, more: Sequence[str]) -> str:
    """All lines of a record, clean and bounded."""
    if not more:
        return line if is_plain(line) and len(line) <= TEXT_LENGTH else clean(line, TEXT_LENGTH)
    return clean_lines("\n".join((line, *more)), TEXT_LENGTH, FIELD_LENGTH)
