"""Opening an SQLite file so that reading it leaves no trace.

A connection lives for one run: its writers find themselves alone again when they close,
and remove their own ``-wal`` and ``-shm``; a file that was replaced is simply opened anew.

SQLite creates both beside a database in WAL mode even to read it. Where there is no
``-wal`` nobody has it open and everything is in the file itself, so it is then opened
with ``immutable=1`` and every answer is thrown away and asked for again if the file or a
``-wal`` has changed meanwhile.
"""

from __future__ import annotations

import math
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from checks.errors import TargetError
from checks.probes.sqlite.errors import beside, opening_error, translate, write_error

__all__ = ["DatabaseFile", "Found", "Session"]

LONGEST_CELL: Final = 1_000_000
"""Bytes; a query that yields a longer one fails."""
MOST_BYTES: Final = 8_000_000
"""Bytes of text that are taken from one query."""

_MAGIC: Final = b"SQLite format 3\x00"
_OPCODES_BETWEEN_LOOKS: Final = 20_000
_LONGEST_WAIT: Final = 1.0

Stopped = Callable[[], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What a query yielded; ``more`` says that rows were left out."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool


@dataclass(frozen=True, slots=True)
class _State:
    """What shows that a file was written to."""

    device: int
    inode: int
    size: int
    modified: int


class DatabaseFile:
    """One path. Use from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._identity: tuple[int, int] | None = None
        self.replaced = False
        """Whether the last :meth:`session` found another file at the path than before."""

    @property
    def size(self) -> int:
        """Bytes of the file that the last :meth:`session` found, also where it has gone since."""
        return 0 if self._descriptor is None else os.fstat(self._descriptor).st_size

    @property
    def wal_size(self) -> int:
        """Bytes of the write-ahead log; 0 where there is none."""
        try:
            return beside(self.path, "-wal").stat().st_size
        except OSError:
            return 0

    @contextmanager
    def session(self, deadline: float, stopped: Stopped = lambda: False) -> Iterator[Session]:
        """A connection until ``deadline`` (by ``time.monotonic``).

        Raises:
            TargetError: with the sentence for whatever keeps it from being read.
        """
        wal = self._inspect()
        session = Session(self, wal, deadline, stopped)
        try:
            yield session
        finally:
            session.close()

    def state(self) -> _State | None:
        """The file's state while no ``-wal`` exists, else None."""
        if self._wal_in_use():
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        return _State(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _wal_in_use(self) -> bool:
        return self.wal_size > 0 or beside(self.path, "-shm").exists()

    def _inspect(self) -> bool:
        """Whether the file is in WAL mode; raises TargetError where it cannot be read."""
        try:
            found = self.path.stat()
            if not stat.S_ISREG(found.st_mode):
                raise TargetError("config", f"{self.path} is no file, but a directory or device")
            self._hold((found.st_dev, found.st_ino))
            assert self._descriptor is not None  # noqa: S101 - held by the line above
            header = os.pread(self._descriptor, 100, 0)
        except OSError as error:
            raise opening_error(self.path, error) from None
        if header and not header.startswith(_MAGIC):
            raise TargetError(
                "protocol", f"{self.path} is not an SQLite database, or it is encrypted"
            )
        return len(header) > 18 and header[18] == 2

    def _hold(self, identity: tuple[int, int]) -> None:
        """Keep the file open to read its header.

        Closing any descriptor of a file drops this process's POSIX locks on it, those
        of other connections included; so it stays open for as long as it is the same.
        """
        self.replaced = self._identity not in (None, identity)
        if self._identity == identity and self._descriptor is not None:
            return
        self.close()
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self.path, flags)
        self._identity = identity


class Session:
    """One connection to a database file, opened read-only."""

    def __init__(self, file: DatabaseFile, wal: bool, deadline: float, stopped: Stopped) -> None:
        self._file = file
        self._deadline = deadline
        self._stopped = stopped
        self._until = deadline
        self.wal = wal
        """Whether the database is in WAL mode."""
        self._state = file.state() if wal else None
        self._connection = self._connect()

    @property
    def spare(self) -> float:
        """Seconds left of the whole session."""
        return self._deadline - time.monotonic()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement of ours. Raises TargetError."""
        return self._ask(lambda: self._connection.execute(sql, parameters).fetchall())

    def value(self, sql: str) -> Any:
        """The first cell of a statement of ours; None of no rows. Raises TargetError."""
        rows = self.rows(sql)
        return rows[0][0] if rows else None

    def bounded(self, sql: str, max_rows: int, seconds: float) -> Found:
        """What somebody's query yields: at most ``max_rows`` rows and :data:`MOST_BYTES`
        bytes, within ``seconds``. Raises TargetError."""
        self._until = min(self._deadline, time.monotonic() + seconds)
        try:
            return self._ask(lambda: self._fetch(sql, max_rows))
        finally:
            self._until = self._deadline

    def close(self) -> None:
        self._connection.close()

    def _ask(self, call: Callable[[], T]) -> T:
        began = time.monotonic()
        for _ in range(2):
            try:
                answer = call()
            except sqlite3.Error as error:
                if not self._changed():
                    raise translate(self._file.path, error, time.monotonic() - began) from None
            else:
                if not self._changed():
                    return answer
            self._reopen()
        raise TargetError("timeout", f"{self._file.path} keeps changing while it is read")

    def _changed(self) -> bool:
        return self._state is not None and self._file.state() != self._state

    def _reopen(self) -> None:
        self._connection.close()
        self._state = self._file.state()
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        mode = "mode=ro&immutable=1" if self._state is not None else "mode=ro"
        uri = f"file:{quote(str(self._file.path.absolute()))}?{mode}"
        wait = max(0.05, min(_LONGEST_WAIT, self.spare / 3))
        try:
            connection = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)
            connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise translate(self._file.path, error, 0.0) from None
        connection.text_factory = _text
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_progress_handler(self._overdue, _OPCODES_BETWEEN_LOOKS)
        if not _has_math():
            add_math(connection)
        return connection

    def _overdue(self) -> bool:
        return time.monotonic() > self._until or self._stopped()

    def _fetch(self, sql: str, max_rows: int) -> Found:
        try:
            cursor = self._connection.execute(sql)
        except sqlite3.OperationalError as error:
            raise write_error(error) or error from None
        columns = tuple(column[0] for column in cursor.description or ())
        rows: list[tuple[Any, ...]] = []
        size = 0
        for row in cursor:
            size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
            if len(rows) >= max_rows or size > MOST_BYTES:
                cursor.close()
                return Found(columns, rows, more=True)
            rows.append(row)
        return Found(columns, rows, more=False)


@cache
def _has_math() -> bool:
    """Whether this SQLite was built with the mathematical functions."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = connection.execute("PRAGMA compile_options").fetchall()
    return ("ENABLE_MATH_FUNCTIONS",) in options


def add_math(connection: sqlite3.Connection) -> None:
    """Define the functions that the request log's aggregates need."""
    for name, function in (("ln", math.log), ("ceil", math.ceil)):
        connection.create_function(name, 1, _or_null(function), deterministic=True)


def _or_null(function: Callable[[float], float]) -> Callable[[Any], float | None]:
    return lambda value: None if value is None else float(function(value))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
