"""What the logs screen asks for, and what it is shown: frozen values, text already clean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.logs.model import Level, Record
from checks.model import Status

__all__ = ["LogLine", "LogSource", "LogsView", "LogsWanted", "PatternView"]


@dataclass(frozen=True, slots=True)
class LogsWanted:
    """Which records somebody wants to see.

    Attributes:
        checks: of these log checks alone; of all where empty.
        level: records at least so grave, and those that say none; None for all.
        text: a filter, in the language of docs/checks/log.md (``level >= error and
            context.user_id == "7"``); a text without any operator is looked for, case-blind, in
            all of a record.
        pattern: records alone that match the pattern of this name.
        until: records alone that are no newer (seconds since 1970); None follows the tail.
        since: records alone that are no older.
        most: how many, the newest of those that fit.
    """

    checks: tuple[str, ...] = ()
    level: Level | None = None
    text: str = ""
    pattern: str = ""
    until: float | None = None
    since: float | None = None
    most: int = 500


@dataclass(frozen=True, slots=True, eq=False)
class LogLine:
    """A record, and the check that read it."""

    check: str
    record: Record

    @property
    def key(self) -> str:
        """What the line is known by, however the list moves."""
        return f"{self.check}/{self.record.number}"


@dataclass(frozen=True, slots=True, eq=False)
class PatternView:
    """How often a pattern matched.

    ``rate`` is matches a minute over ``window`` seconds, ``count`` matches in it, ``last`` when
    the newest was. ``bound`` says its thresholds in words, empty where it has none.
    """

    check: str
    name: str
    status: Status
    rate: float
    count: int
    window: float
    last: float | None
    bound: str = ""
    history: tuple[float, ...] = ()
    """Matches a minute, for a small curve."""


@dataclass(frozen=True, slots=True, eq=False)
class LogSource:
    """A log check: how it does, and how much it reads.

    ``files`` are those that are read now; ``levels`` counts of the records held, by level;
    ``rate`` records a second over ``window`` seconds; ``held_since`` is the time of the oldest
    record held; ``note`` says what is missing (lines passed over under a flood, a file that
    cannot be read), empty where nothing is.
    """

    check: str
    status: Status
    files: tuple[str, ...]
    rate: float
    window: float
    held: int
    held_since: float | None
    levels: Mapping[Level, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LogsView:
    """What came of :class:`LogsWanted`: ``lines`` oldest first, ``total`` of those held that fit.

    ``error`` says what is wrong with the filter; the lines are then those without it.
    """

    wanted: LogsWanted
    lines: tuple[LogLine, ...] = ()
    total: int = 0
    sources: tuple[LogSource, ...] = ()
    patterns: tuple[PatternView, ...] = ()
    error: str = ""
