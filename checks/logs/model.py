"""What a log check makes of lines: records."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Level", "Record", "Value"]

Value = str | float | bool | None
"""Of a field; numbers are floats. Text is clean."""


class Level(enum.IntEnum):
    """How grave a record is, whatever the log calls it."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    NOTICE = 3
    WARNING = 4
    ERROR = 5
    CRITICAL = 6


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One entry of a log, which may be several lines.

    Attributes:
        number: ascending within a check; what it is known by.
        time: seconds since 1970; when it was read, where it does not say when it was written.
        level: None where it says none.
        message: one clean line.
        source: the file's name, or the journal's unit.
        fields: what it says by name; nested ones are joined by dots (``metadata.size``).
        text: all of its lines as they stood, clean and bounded, where there is more to them than
            ``message``; else empty.
        patterns: names of the check's patterns that it matches.
    """

    number: int
    time: float
    level: Level | None
    message: str
    source: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    text: str = ""
    patterns: tuple[str, ...] = ()
