"""systemd's journal as a source of records: entries of ``journalctl --output=json``.

What a service writes to its output is often a record by itself, JSON or a line with a level; it is
read as a file's line is. The journal says when it was written, and how grave it is where the line
does not.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final

from checks.errors import TargetError
from checks.logs.formats.base import TEXT_LENGTH, Maker, tidied
from checks.logs.formats.choose import choice
from checks.logs.inputs import JournalInput, LogInput
from checks.logs.journalctl import Journalctl, arguments
from checks.logs.levels import level_of
from checks.logs.model import Record, Value
from checks.logs.reading import Batch, SourceState
from checks.logs.times import Times
from checks.model import clean, clean_lines

__all__ = ["NEWEST", "JournalReader"]

NEWEST: Final = 500
"""Entries that are shown of what was there before."""
_LONGEST: Final = 1 << 20
"""Bytes of an entry; a longer one is left out."""
_FIRST: Final = 0.5
"""Seconds that the first entries are waited for, once the program was started."""
_AGAIN: Final = 5.0
"""Seconds after which the program is started again once it has ended."""
_UNITS: Final = ("_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "UNIT", "SYSLOG_IDENTIFIER", "_COMM")
_NOT_ALL: Final = (
    "this user sees only its own entries of the journal: put it into the group systemd-journal "
    "(usermod -aG systemd-journal USER, then start onwatch anew)"
)


@dataclass(slots=True)
class _Round:
    now: float
    records: list[Record] = field(default_factory=list)
    old: int = 0
    read: int = 0
    lost: int = 0
    more: bool = False
    events: list[str] = field(default_factory=list)


class JournalReader:
    """A :class:`checks.logs.reading.LogReader` of the journal.

    Its program runs from the first reading on. It is started again where it ends, after the last
    entry that was read. ``program`` is another one in tests alone.
    """

    def __init__(self, config: LogInput, program: str | None = None) -> None:
        self._wanted = config.journal or JournalInput()
        self._from_start = config.start == "beginning"
        self._program = program
        self._maker = Maker(
            "",
            itertools.count(1),
            Times(config.time.zone, config.time.format),
            time=config.time.field,
            levels=config.level,
            messages=config.message,
        )
        self._choice = choice(config.format)
        self._running: Journalctl | None = None
        self._retry = 0.0
        self._began: float | None = None
        self._cursor = ""
        self._partial = b""
        self._skipping = False
        self._problem = ""
        self.touching = "the journal"

    def read(self, now: float, most: int, seconds: float) -> Batch:
        """See :class:`checks.logs.reading.LogReader`."""
        this = _Round(now)
        if self._began is None:
            self._began = now
        wait = self._start(now, seconds)
        self._maker.broken, self._maker.now = 0, now
        if self._running is not None:
            self._read_on(self._running, this, most, time.monotonic() + seconds, wait)
        name = " ".join(("journal", *self._wanted.units, *self._wanted.identifiers))
        return Batch(
            records=tuple(this.records),
            old=this.old,
            lines=len(this.records),
            read=this.read,
            unreadable=self._maker.broken,
            lost=this.lost,
            more=this.more,
            sources=(SourceState(name, problem=self._problem),),
            events=tuple(this.events),
        )

    def close(self) -> None:
        """End the program."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def _start(self, now: float, seconds: float) -> float:
        """See that the program runs; how long to wait for what it writes first."""
        if self._running is not None or 0 <= self._retry - now <= _AGAIN:
            return 0.0
        newest = None if self._from_start else NEWEST
        told = arguments(self._wanted, self._cursor, newest)
        try:
            self._running = Journalctl(told, self._program)
        except TargetError as error:
            self._problem = str(error)
            self._retry = now + _AGAIN
            return 0.0
        self._partial, self._skipping = b"", False
        return min(_FIRST, seconds / 2)

    def _read_on(
        self, running: Journalctl, this: _Round, most: int, deadline: float, wait: float
    ) -> None:
        while data := running.read(wait):
            wait = 0.0
            this.read += len(data)
            self._split(data, this)
            self._problem = ""
            if this.read >= most or time.monotonic() > deadline:
                this.more = True
                break
        if _hint(running.said):
            self._problem = _NOT_ALL
        if running.ended:
            running.close()
            self._problem = _why(running.said)
            if "cursor" in running.said:
                # What is read once more was counted already.
                self._cursor, self._began = "", this.now
            this.events.append(f"journalctl has ended: {self._problem}")
            self._running, self._retry = None, this.now + _AGAIN

    def _split(self, data: bytes, this: _Round) -> None:
        if self._skipping:
            _, end, data = data.partition(b"\n")
            self._skipping = not end
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > _LONGEST:
            self._partial, self._skipping = b"", True
            this.lost += 1
        for line in lines:
            if line.startswith(b"{"):
                self._take(line, this)

    def _take(self, line: bytes, this: _Round) -> None:
        try:
            entry = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            this.lost += 1
            return
        self._cursor = str(entry.get("__CURSOR", self._cursor))
        record = self._record(entry)
        began = self._began or 0.0
        if not self._from_start and this.old == len(this.records) and record.time < began:
            this.old += 1
        this.records.append(record)

    def _record(self, entry: dict[str, Any]) -> Record:
        fields: dict[str, Value] = {
            name: _text(value) for name, value in entry.items() if name not in _HIDDEN
        }
        fields = tidied(fields)
        source = next((str(fields[name]) for name in _UNITS if fields.get(name)), "journal")
        message = _text(entry.get("MESSAGE"))
        lines = message.rstrip("\n").split("\n") if message else [""]
        self._maker.source = source
        record = self._choice.alone(message, self._maker) if len(lines) == 1 else None
        if record is None:
            record = self._choice.whole(lines[0], lines[1:], self._maker)
        priority = fields.get("PRIORITY")
        level = record.level if record.level is not None else level_of(priority)
        return replace(
            record,
            time=_moment(entry.get("__REALTIME_TIMESTAMP"), self._maker.now),
            level=level,
            message=record.message if len(lines) == 1 else clean(message, 1_000),
            fields={**fields, **record.fields},
            text=clean_lines(message, TEXT_LENGTH) if len(lines) > 1 else record.text,
        )


_HIDDEN: Final = frozenset(
    {"MESSAGE", "__CURSOR", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP", "__SEQNUM",
     "__SEQNUM_ID", "_BOOT_ID"}
)  # fmt: skip


def _text(value: object) -> str:
    """A field's text: octets that are no text come as a list of numbers, several values as a list
    of these, and what is too long for ``journalctl`` as null."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if all(isinstance(one, int) and 0 <= one < 256 for one in value):
            return bytes(value).decode("utf-8", "replace")
        return ", ".join(_text(one) for one in value[:20])
    return ""


def _moment(microseconds: object, now: float) -> float:
    text = str(microseconds)
    return int(text) / 1e6 if text.isdigit() and len(text) < 18 else now


def _hint(said: str) -> bool:
    """Whether it says that it shows not all."""
    return "not seeing messages from other users" in said


def _why(said: str) -> str:
    """Why it has ended."""
    for words, sentence in _REASONS:
        if words in said:
            return sentence
    last = clean(said.strip().rpartition("\n")[2], 200)
    return f"it said: {last}; it is started again" if last else "it is started again"


_REASONS: Final[tuple[tuple[str, str], ...]] = (
    ("insufficient permissions", _NOT_ALL),
    ("No journal files were found", "there is no journal here: does systemd-journald run?"),
    ("Failed to seek to cursor", "the entry that was read last is gone from the journal"),
)
