"""How records, levels and logs are called and drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from checks.logs.model import Level, Record, Value
from checks.logs.views import LogLine, LogsView
from checks.model import Status
from widgets import format as fmt
from widgets.glyphs import Glyphs

__all__ = [
    "LEVELS",
    "TOLD",
    "counted",
    "fields_told",
    "level_role",
    "level_sign",
    "level_told",
    "lines_more",
    "origin",
    "origin_of",
    "per_minute",
    "reach_told",
    "record_text",
    "said",
    "source_name",
    "value_text",
    "when",
]

LEVELS: Final[Mapping[Level | None, str]] = {
    None: "",
    Level.INFO: "info and worse",
    Level.WARNING: "warning and worse",
    Level.ERROR: "error and worse",
}
"""What the lines can be restricted to, in the order of the key, and how that is said."""
_STATUS: Final = {
    Level.WARNING: Status.WARNING,
    Level.ERROR: Status.CRITICAL,
    Level.CRITICAL: Status.CRITICAL,
}
_SHORT: Final = {
    Level.TRACE: "trc",
    Level.DEBUG: "dbg",
    Level.INFO: "info",
    Level.NOTICE: "note",
    Level.WARNING: "warn",
    Level.ERROR: "err",
    Level.CRITICAL: "crit",
}
TOLD: Final = frozenset(
    {"message", "msg", "time", "timestamp", "@timestamp", "ts", "level", "severity", "lvl"}
)
"""Fields that stand in columns of their own."""
_LONGEST: Final = 80
"""Characters of a field's value in a line of many."""


def level_sign(level: Level | None, glyphs: Glyphs) -> str:
    """One cell."""
    status = _STATUS.get(level) if level is not None else None
    if status is not None:
        return glyphs.status(status)
    return glyphs.dot if level is Level.NOTICE else " "


def level_told(level: Level | None, *, short: bool = False) -> str:
    """``error``; ``err`` where there is little room. Nothing where the record says none."""
    if level is None:
        return ""
    return _SHORT[level] if short else level.name.lower()


def level_role(level: Level | None) -> str:
    """The ink of its sign and word."""
    if level is None:
        return "dim"
    if level >= Level.ERROR:
        return "critical"
    if level is Level.WARNING:
        return "warning"
    return "label" if level >= Level.INFO else "dim"


def when(at: float, now: float, *, fine: bool) -> str:
    """The local time of day, ``fine`` with milliseconds; of another day that and no seconds.

    Eight cells at most, ``fine`` twelve.
    """
    here = datetime.fromtimestamp(at).astimezone()
    if here.date() != datetime.fromtimestamp(now).astimezone().date():
        return f"{here:%d %b %H:%M}" if fine else f"{here:%d %b}"
    return f"{here:%H:%M:%S}.{here.microsecond // 1000:03d}" if fine else f"{here:%H:%M:%S}"


def source_name(source: str) -> str:
    """A file's name without its folder; a journal's unit as it is."""
    return source.rpartition("/")[2] or source


def origin(line: LogLine) -> str:
    """``app/laravel.log``: the check, and which of its files or units."""
    return origin_of(line.check, line.record.source)


def origin_of(check: str, source: str) -> str:
    """The same of any check and source."""
    name = source_name(source)
    return check if not name or name == check else f"{check}/{name}"


def value_text(value: Value) -> str:
    """A field's value as the log would write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return value


def said(record: Record) -> str:
    """Its message, or where it has none, its fields."""
    return record.message or fields_told(record)


def fields_told(record: Record) -> str:
    """``user_id=7 request_id=9f3…``: what it says besides time, level and message."""
    told = (
        f"{name}={_cut(value_text(value))}"
        for name, value in record.fields.items()
        if name not in TOLD and value_text(value) != record.message
    )
    return " ".join(told)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def lines_more(record: Record) -> int:
    """How many lines it has besides its message."""
    return record.text.count("\n") if record.text else 0


def record_text(line: LogLine) -> str:
    """All of a record, to be copied: a head, its fields, and its lines as they stood."""
    record = line.record
    level = level_told(record.level)
    head = " ".join(
        each for each in (_whole_time(record.time), level, origin(line), record.message) if each
    )
    rows = [head, *(f"{name}: {value_text(value)}" for name, value in record.fields.items())]
    return "\n".join([*rows, "", record.text] if record.text else rows)


def _whole_time(at: float) -> str:
    here = datetime.fromtimestamp(at).astimezone()
    return here.isoformat(sep=" ", timespec="milliseconds")


def reach_told(view: LogsView, now: float) -> str:
    """That the logs are not held as far back as lines are wanted; empty where they are."""
    wanted = view.wanted
    if wanted.since is None:
        return ""
    read = [one for one in view.sources if not wanted.checks or one.check in wanted.checks]
    held = [one.held_since for one in read if one.held_since is not None]
    if not held or max(held) <= wanted.since:
        return ""
    # Of several logs the others may reach further back.
    before = f"before {when(max(held), now, fine=True)}"
    return f"nothing {before} is held" if len(read) == 1 else f"not all {before} is held"


def per_minute(value: float) -> str:
    """``12/min``."""
    return f"{fmt.count(round(value, 1) if value < 10 else round(value))}/min"


def counted(levels: Mapping[Level, int], glyphs: Glyphs) -> Iterable[tuple[str, str]]:
    """``✖ 12 error`` and its ink, the gravest first, warnings and worse alone."""
    for level in sorted(levels, reverse=True):
        if level >= Level.WARNING and levels[level]:
            text = f"{level_sign(level, glyphs)} {fmt.count(levels[level])} {level.name.lower()}"
            yield text, level_role(level)
