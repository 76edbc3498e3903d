"""The tables of the story's file, and how its values lie in their rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from checks.longterm.tally import Key, Tally
from checks.model import Status
from checks.story.model import (
    Acknowledgement,
    Entry,
    EntryKind,
    Figure,
    Incident,
    Matcher,
    Session,
    Silence,
)

__all__ = [
    "APPLICATION",
    "LATER_TABLES",
    "TABLES",
    "VERSION",
    "Batch",
    "Lasting",
    "Row",
    "entry_row",
    "rows_of",
    "to_acknowledgement",
    "to_entry",
    "to_figure",
    "to_incident",
    "to_session",
    "to_silence",
    "to_tally",
]

APPLICATION: Final = 0x6F6E7761
"""SQLite's ``application_id`` of the file: ``onwa``."""
VERSION: Final = 1
"""Its ``user_version``."""

TABLES: Final = (
    "CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT, "
    "text TEXT, incident INTEGER, alert TEXT, name TEXT, check_name TEXT, status TEXT, who TEXT, "
    "detail TEXT, labels TEXT, after TEXT)",
    "CREATE INDEX entries_at ON entries (at)",
    "CREATE INDEX entries_incident ON entries (incident)",
    "CREATE TABLE acknowledgements (id TEXT PRIMARY KEY, alert TEXT, who TEXT, at REAL NOT NULL, "
    "note TEXT, thing TEXT, severity INTEGER, ended REAL) WITHOUT ROWID",
    "CREATE TABLE silences (id TEXT PRIMARY KEY, matchers TEXT, starts REAL NOT NULL, "
    "ends REAL NOT NULL, who TEXT, comment TEXT) WITHOUT ROWID",
    "CREATE TABLE incidents (id INTEGER PRIMARY KEY, title TEXT, cause TEXT, status TEXT, "
    "began REAL NOT NULL, ended REAL, acknowledged REAL, acknowledged_by TEXT, alerts TEXT, "
    "severity TEXT, checks TEXT, quiet REAL)",
    "CREATE TABLE figures (incident INTEGER, series TEXT, at REAL, value REAL, count INTEGER, "
    "errors INTEGER, PRIMARY KEY (incident, series, at)) WITHOUT ROWID",
    "CREATE TABLE lasting (thing TEXT PRIMARY KEY, began REAL NOT NULL, severity INTEGER) "
    "WITHOUT ROWID",
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, pid INTEGER, began REAL NOT NULL, "
    "seen REAL NOT NULL, ended REAL, who TEXT) WITHOUT ROWID",
)

LATER_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS tallies (series TEXT, step INTEGER, start INTEGER, first REAL, "
    "second REAL, third REAL, PRIMARY KEY (series, step, start)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS tallied (series TEXT PRIMARY KEY, about TEXT) WITHOUT ROWID",
)
"""Tables that files of before have not; a version that does not know them leaves them alone."""

Row: TypeAlias = Sequence[Any]
Lasting: TypeAlias = tuple[float, int]
"""Since when something has been wrong, and how bad it is."""


@dataclass(slots=True, eq=False)
class Batch:
    """What is written in one transaction.

    What has an id takes the place of what had it before. ``lasting`` is by thing; None takes
    it out. ``tallied`` says what the series of the ``tallies`` are.
    """

    entries: list[Entry] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    lasting: dict[str, Lasting | None] = field(default_factory=dict)
    tallies: dict[Key, Tally] = field(default_factory=dict)
    tallied: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def _parts(self) -> tuple[list[Any] | dict[Any, Any], ...]:
        return (
            self.entries,
            self.acknowledgements,
            self.silences,
            self.incidents,
            self.figures,
            self.sessions,
            self.lasting,
            self.tallies,
            self.tallied,
        )


_TALLIED: Final = (
    "INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET first = "
    "excluded.first, second = excluded.second, third = excluded.third WHERE excluded.third >= third"
)
"""What knows more of a bucket takes the place of what knows less."""


def rows_of(batch: Batch) -> list[tuple[str, Row]]:
    """A statement with its parameters for all of ``batch`` but its entries, which want ids."""
    made: list[tuple[str, Row]] = []
    for table, items, packed in (
        ("acknowledgements", batch.acknowledgements, _acknowledgement),
        ("silences", batch.silences, _silence),
        ("incidents", batch.incidents, _incident),
        ("figures", batch.figures, _figure),
        ("sessions", batch.sessions, _session),
    ):
        made += _replacing(table, items, packed)
    for thing, lasting in batch.lasting.items():
        if lasting is None:
            made.append(("DELETE FROM lasting WHERE thing = ?", (thing,)))
        else:
            made.append(("INSERT OR REPLACE INTO lasting VALUES (?, ?, ?)", (thing, *lasting)))
    made += [(_TALLIED, (*one.key, *one[1:])) for one in batch.tallies.values()]
    about = "INSERT OR REPLACE INTO tallied VALUES (?, ?)"
    made += [(about, row) for row in batch.tallied.items()]
    return made


def _replacing(
    table: str, items: Sequence[Any], packed: Callable[[Any], Row]
) -> list[tuple[str, Row]]:
    rows = [packed(item) for item in items]
    marks = ", ".join("?" * len(rows[0])) if rows else ""
    statement = f"INSERT OR REPLACE INTO {table} VALUES ({marks})"  # noqa: S608 - names of ours
    return [(statement, row) for row in rows]


def entry_row(one: Entry) -> Row:
    """All of ``one`` but its id."""
    return (
        one.at,
        one.kind.value,
        one.text,
        one.incident,
        one.alert,
        one.name,
        one.check,
        one.status.value,
        one.who,
        one.detail,
        json.dumps(one.labels),
        one.after,
    )


def to_entry(row: Row) -> Entry:
    """What lies in a row of ``entries``."""
    id_, at, kind, text, incident, alert, name, check, status, who, detail, labels, after = row
    return Entry(
        at=at,
        kind=EntryKind(kind),
        text=text,
        id=id_,
        incident=incident,
        alert=alert,
        name=name,
        check=check,
        status=Status(status),
        who=who,
        detail=detail,
        labels=tuple((str(label), str(value)) for label, value in json.loads(labels)),
        after=after,
    )


def _acknowledgement(one: Acknowledgement) -> Row:
    return (one.id, one.alert, one.who, one.at, one.note, one.thing, one.severity, one.ended)


def to_acknowledgement(row: Row) -> Acknowledgement:
    """What lies in a row of ``acknowledgements``."""
    return Acknowledgement(*row[1:])


def _silence(one: Silence) -> Row:
    matchers = json.dumps([(m.name, m.operator, m.value) for m in one.matchers])
    return (one.id, matchers, one.starts, one.ends, one.who, one.comment)


def to_silence(row: Row) -> Silence:
    """What lies in a row of ``silences``."""
    id_, matchers, starts, ends, who, comment = row
    made = tuple(Matcher(*map(str, one)) for one in json.loads(matchers))
    return Silence(id_, made, starts, ends, who, comment)


def _incident(one: Incident) -> Row:
    return (
        one.id,
        one.title,
        one.cause,
        one.status.value,
        one.began,
        one.ended,
        one.acknowledged,
        one.acknowledged_by,
        json.dumps(one.alerts),
        one.severity,
        json.dumps(one.checks),
        one.quiet,
    )


def to_incident(row: Row) -> Incident:
    """What lies in a row of ``incidents``."""
    id_, title, cause, status, began, ended, taken, by, alerts, severity, checks, quiet = row
    return Incident(
        id=id_,
        title=title,
        cause=cause,
        status=Status(status),
        began=began,
        ended=ended,
        acknowledged=taken,
        acknowledged_by=by,
        alerts=tuple(map(str, json.loads(alerts))),
        severity=severity,
        checks=tuple(map(str, json.loads(checks))),
        quiet=quiet,
    )


def _figure(one: Figure) -> Row:
    return (one.incident, one.series, one.at, one.value, one.count, one.errors)


def to_figure(row: Row) -> Figure:
    """What lies in a row of ``figures``."""
    return Figure(*row)


def _session(one: Session) -> Row:
    return (one.id, one.pid, one.began, one.seen, one.ended, one.who)


def to_session(row: Row) -> Session:
    """What lies in a row of ``sessions``."""
    return Session(*row)


def to_tally(row: Row) -> Tally:
    """What lies in a row of ``tallies``."""
    series, step, start, *numbers = row
    return Tally(Key(str(series), int(step), int(start)), *map(float, numbers))
