"""What was done about alerts and what became of them, in one SQLite file that is its owner's alone.

Several onwatch may share it: each notices what others write. One of them leads: it alone records
what happens by itself, so that nothing is told twice. Everything here blocks; use it from a lane.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from checks.longterm.tally import Tally
from checks.story.errors import JournalError
from checks.story.guarded import identity, look_at, size
from checks.story.model import Acknowledgement, Entry, Figure, Incident, Session, Silence
from checks.story.pruning import take_out, take_out_oldest
from checks.story.tables import (
    APPLICATION,
    LATER_TABLES,
    TABLES,
    VERSION,
    Batch,
    Lasting,
    entry_row,
    rows_of,
    to_acknowledgement,
    to_entry,
    to_figure,
    to_incident,
    to_session,
    to_silence,
    to_tally,
)

__all__ = ["Journal"]

BOUND: Final = 32 << 20
"""Bytes of the file beyond which the oldest is taken out."""
WAL_FULL: Final = 4 << 20
"""Bytes of what is not in the file yet (``-wal``) beyond which it is brought there."""
WAL_BOUND: Final = 16 << 20
"""Bytes beyond which nothing is written: somebody keeps a reader open."""
PATIENCE: Final = 2.0
"""Seconds that another's writing is waited for."""
_PAGE: Final = 4096
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_WHY: Final = {
    sqlite3.SQLITE_FULL: "there is no room",
    sqlite3.SQLITE_READONLY: "it cannot be written to",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "its disk fails",
}


class Journal:
    """The file at ``path``, which is made where there is none.

    Raises:
        JournalError: from every method but ``close``, where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._lock: int | None = None
        self._version = 0
        self._aside = ""

    def open(self, *, create: bool = True, doubted: bool = False) -> str:
        """Open it; where it is ``doubted``, look at the whole of it first.

        Returns a sentence where a broken one was set aside for a new one.
        """
        try:
            self._open(create=create, doubted=doubted)
        except JournalError as error:
            if not error.damaged or not create:
                raise
            self._aside = self._set_aside()
            self._open(create=True)
        # Where there was no room for the new one, that is said once there is.
        said, self._aside = self._aside, ""
        return said

    def _open(self, *, create: bool, doubted: bool = False) -> None:
        """Open it, and leave nothing open where that fails."""
        try:
            with self._told():
                self._connect(create=create)
                if doubted:
                    self._look_through()
        except JournalError:
            self.close()
            raise

    def _connect(self, *, create: bool) -> None:
        self._inode = look_at(self.path, create=create)
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._connection = connection
        for pragma in (
            f"page_size = {_PAGE}",
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "journal_size_limit = 1048576",
            "wal_autocheckpoint = 200",
            "cache_size = -512",
            "trusted_schema = OFF",
            f"max_page_count = {2 * BOUND // _PAGE}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        with self._transaction() as held:
            self._prepare(held)
        self._version = self._data_version()

    def _look_through(self) -> None:
        (said,) = self._held.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise JournalError(f"{self.path} is broken: {said}", damaged=True)

    def _prepare(self, held: sqlite3.Connection) -> None:
        (version,) = held.execute("PRAGMA user_version").fetchone()
        (application,) = held.execute("PRAGMA application_id").fetchone()
        (tables,) = held.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            for table in TABLES:
                held.execute(table)
            held.execute(f"PRAGMA application_id = {APPLICATION}")
            held.execute(f"PRAGMA user_version = {VERSION}")
        elif application != APPLICATION:
            raise JournalError(f"{self.path} is no file of onwatch", damaged=True)
        elif version != VERSION:
            text = f"{self.path} was written by another version of onwatch: nothing is kept there"
            raise JournalError(text)
        for table in LATER_TABLES:
            held.execute(table)

    def _set_aside(self) -> str:
        """Give the broken file another name, unless somebody has by now."""
        aside = self.path.with_name(f"{self.path.name}.broken")
        try:
            if identity(self.path) == self._inode:
                self.path.replace(aside)
                for end in ("-wal", "-shm"):
                    self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        except OSError as error:
            text = f"{self.path} is broken and cannot be set aside: {error.strerror}"
            raise JournalError(text) from None
        return (
            f"{self.path} was broken: acknowledgements, silences and incidents of before are not "
            f"known; it is now {aside.name}"
        )

    def lead(self) -> bool:
        """Whether this is the one that records what happens by itself; tries to become so.

        It stays so until it closes or ends. Where the file system knows no locks, all are.
        """
        if self._lock is not None:
            return True
        name = self.path.with_name(f"{self.path.name}.lock")
        try:
            descriptor = os.open(name, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"{name} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            pass
        self._lock = descriptor
        return True

    @property
    def gone(self) -> bool:
        """Whether the file that is open is at its place no more."""
        return self._connection is None or identity(self.path) != self._inode

    def changed(self) -> bool:
        """Whether another one has written since this was last asked."""
        with self._told():
            before, self._version = self._version, self._data_version()
            return before != self._version

    def _data_version(self) -> int:
        (version,) = self._held.execute("PRAGMA data_version").fetchone()
        return int(version)

    def write(self, batch: Batch) -> list[int]:
        """Write all of ``batch`` or nothing; the ids of its entries."""
        with self._told():
            self._bound_wal()
            with self._transaction() as held:
                ids = [_insert(held, entry) for entry in batch.entries]
                for statement, row in rows_of(batch):
                    held.execute(statement, row)
            return ids

    def _bound_wal(self) -> None:
        wal = self.path.with_name(f"{self.path.name}-wal")
        if size(wal) <= WAL_FULL:
            return
        # Whoever reads is not waited for: it is tried again with the next writing.
        self._held.execute("PRAGMA busy_timeout = 0")
        self._held.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._held.execute(f"PRAGMA busy_timeout = {round(PATIENCE * 1000)}")
        if size(wal) > WAL_BOUND:
            raise JournalError(f"nothing is written to {self.path}: another program reads it")

    def prune(self, now: float) -> None:
        """Take out what is too old or too much, and give its room back."""
        with self._told(), self._transaction() as held:
            take_out(held, now)
        with self._told():
            self._shrink()

    def _shrink(self) -> None:
        """Take the oldest entries and figures out until the file is within its bound."""
        for _ in range(8):
            # Each of its steps gives one page back, and execute() would take a single one.
            self._held.executescript("PRAGMA incremental_vacuum")
            (pages,) = self._held.execute("PRAGMA page_count").fetchone()
            if pages * _PAGE <= BOUND:
                return
            with self._transaction() as held:
                take_out_oldest(held)

    def entries(
        self, *, incident: int | None = None, after: int = 0, limit: int = 500
    ) -> list[Entry]:
        """The newest ``limit`` entries by when they happened, the newest first.

        Of ``incident`` where it is given; with ``after``, those with a greater id.
        """
        query = "SELECT * FROM entries WHERE id > ?"
        row: list[int] = [after]
        if incident is not None:
            query += " AND incident = ?"
            row.append(incident)
        query += " ORDER BY at DESC, id DESC LIMIT ?"
        with self._told():
            return [to_entry(one) for one in self._held.execute(query, (*row, limit))]

    def acknowledgements(self, since: float) -> list[Acknowledgement]:
        """Those that last, and those that ended after ``since``; the oldest first."""
        query = "SELECT * FROM acknowledgements WHERE ended IS NULL OR ended > ? ORDER BY at"
        with self._told():
            return [to_acknowledgement(one) for one in self._held.execute(query, (since,))]

    def silences(self, since: float) -> list[Silence]:
        """Those that end after ``since``; the first to end first."""
        query = "SELECT * FROM silences WHERE ends > ? ORDER BY ends, id"
        with self._told():
            return [to_silence(one) for one in self._held.execute(query, (since,))]

    def incidents(self, limit: int = 200) -> list[Incident]:
        """The newest ``limit`` incidents, and all that last; the newest first."""
        newest = "SELECT id FROM incidents ORDER BY id DESC LIMIT ?"
        query = (
            f"SELECT * FROM incidents WHERE ended IS NULL OR id IN ({newest}) "  # noqa: S608
            "ORDER BY id DESC"
        )
        with self._told():
            return [to_incident(one) for one in self._held.execute(query, (limit,))]

    def incident(self, number: int) -> Incident | None:
        """The incident with this id."""
        with self._told():
            row = self._held.execute("SELECT * FROM incidents WHERE id = ?", (number,)).fetchone()
        return to_incident(row) if row is not None else None

    def figures(self, incident: int) -> list[Figure]:
        """What is kept for the report of ``incident``, by series and time."""
        query = "SELECT * FROM figures WHERE incident = ? ORDER BY series, at"
        with self._told():
            return [to_figure(one) for one in self._held.execute(query, (incident,))]

    def lasting(self) -> dict[str, Lasting]:
        """Since when what is wrong has been so, and how bad it was, by what it is of."""
        with self._told():
            rows = self._held.execute("SELECT thing, began, severity FROM lasting")
            return {thing: (began, severity) for thing, began, severity in rows}

    def tallies(self, series: Iterable[str]) -> list[Tally]:
        """What is kept of these series, by series, step and time."""
        query = "SELECT * FROM tallies WHERE series = ? ORDER BY step, start"
        with self._told():
            rows = (row for one in series for row in self._held.execute(query, (one,)))
            return [to_tally(row) for row in rows]

    def tallied(self) -> dict[str, str]:
        """What the series are of which there are tallies, where somebody said so."""
        with self._told():
            return dict(self._held.execute("SELECT series, about FROM tallied ORDER BY series"))

    def sessions(self, limit: int = 50) -> list[Session]:
        """The last sessions, the one that was at work last first."""
        query = "SELECT * FROM sessions ORDER BY seen DESC LIMIT ?"
        with self._told():
            return [to_session(one) for one in self._held.execute(query, (limit,))]

    def begin_session(self, session: Session) -> list[Session]:
        """Note that ``session`` began. Those are returned, once, that ended without saying so."""
        with self._told(), self._transaction() as held:
            found = held.execute("SELECT * FROM sessions WHERE ended IS NULL")
            cut_off = [one for one in map(to_session, found) if _is_over(one, session)]
            for one in cut_off:
                held.execute("UPDATE sessions SET ended = seen WHERE id = ?", (one.id,))
            for statement, row in rows_of(Batch(sessions=[session])):
                held.execute(statement, row)
            return cut_off

    def close(self) -> None:
        """Close it, such that it can be opened for reading anywhere, where nobody else has it."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA journal_mode = DELETE")
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _held(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalError(f"{self.path} is not open")
        return self._connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        held = self._held
        held.execute("BEGIN IMMEDIATE")
        try:
            yield held
            held.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                held.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say in a sentence what SQLite, or a row that is none of ours, has against it."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            damaged = code in _DAMAGED or "no such" in str(error)
            why = _WHY.get(code, str(error))
            raise JournalError(f"{self.path}: {why}", damaged=damaged) from error
        except (ValueError, TypeError, KeyError) as error:
            raise JournalError(
                f"{self.path}: it holds what is none of ours", damaged=True
            ) from error
        except OSError as error:
            raise JournalError(f"{self.path}: {error.strerror or error}") from error


def _insert(held: sqlite3.Connection, entry: Entry) -> int:
    row = entry_row(entry)
    marks = ", ".join("?" * len(row))
    made = held.execute(f"INSERT INTO entries VALUES (NULL, {marks})", row)  # noqa: S608
    return made.lastrowid or 0


_SILENT: Final = 300.0
"""Seconds after which a session that said nothing is over, whatever has its number now."""


def _is_over(session: Session, now: Session) -> bool:
    """Whether ``session``, which did not say that it ended, did."""
    if session.id == now.id:
        return False
    if session.pid == now.pid or now.began - session.seen > _SILENT:
        return True
    try:
        os.kill(session.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
