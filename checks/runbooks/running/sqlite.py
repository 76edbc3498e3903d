"""A step's connection to an SQLite file, in a lane: SQLite blocks."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from checks.errors import TargetError
from checks.lanes import LaneBusyError
from checks.model import clean
from checks.probe import CheckSpec, ProbeEnv
from checks.probes.sqlite.config import SqliteConfig
from checks.probes.sqlite.errors import opening_error
from checks.runbooks.model import Variables
from checks.runbooks.running.sql import ROWS, SIZE, Answer, StatementError
from checks.runbooks.running.table import as_text
from checks.runbooks.sql_text import sql_parameters

__all__ = ["open_sqlite"]

T = TypeVar("T")

_BETWEEN_LOOKS: Final = 20_000
"""Opcodes of SQLite's machine between two looks whether to go on."""
_WAIT: Final = 5.0
"""Seconds that another's lock is waited for."""
_BATCH: Final = 50
_LOOKS: Final = 20
_PAUSE: Final = 0.02
_CELL: Final = 1_000_000


async def open_sqlite(
    target: CheckSpec, env: ProbeEnv, within: float, lane: str, *, reads: bool
) -> SqliteConversation:
    """Open the check's file. ``reads`` opens it for reading alone. Raises TargetError.

    ``lane`` is its own, and ends with it.
    """
    config = target.config
    if not isinstance(config, SqliteConfig):
        raise TypeError("an sqlite check has an sqlite configuration")
    path = env.path(config.path).absolute()
    # A little later than we give up: what is ours to say is said by us.
    until = time.monotonic() + within + 0.5
    conversation = SqliteConversation(env, lane, until)

    def opened() -> sqlite3.Connection:
        _look_at(path)
        mode = "ro" if reads else "rw"
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=min(_WAIT, within),
            isolation_level=None,
            check_same_thread=False,
        )
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL)
        connection.set_authorizer(_reading if reads else _allowed)
        connection.set_progress_handler(conversation.must_stop, _BETWEEN_LOOKS)
        return connection

    try:
        conversation.connection = await conversation.aside(opened)
    except BaseException:
        env.lanes.drop(lane)
        raise
    return conversation


class SqliteConversation:
    """One connection; every statement commits by itself."""

    connection: sqlite3.Connection

    most = ROWS
    """Rows of an answer that are kept."""

    def __init__(self, env: ProbeEnv, lane: str, until: float) -> None:
        self._env = env
        self._lane = lane
        self._until = until
        self._stopped = False

    def must_stop(self) -> bool:
        """Whether a statement that runs is to be ended."""
        return self._stopped or time.monotonic() > self._until

    async def aside(self, call: Callable[[], T]) -> T:
        """``call()`` in the lane. Raises TargetError where that hangs."""
        try:
            return await self._env.lanes.run(self._lane, call)
        except LaneBusyError:
            raise TargetError("timeout", "the file's file system hangs") from None

    async def ask(self, statement: str, variables: Variables) -> Answer:
        names = {each.name for each in sql_parameters(statement, "sqlite")}
        missing = sorted(names - set(variables))
        if missing:
            raise StatementError(f"there is no value for :{missing[0].lower()}")
        # As SQLite names them: with the letters that the statement has.
        bound = {
            statement[each.start + 1 : each.end]: variables[each.name]
            for each in sql_parameters(statement, "sqlite")
        }
        try:
            return await self.aside(lambda: self._answer(statement, bound))
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise StatementError(_refused(error)) from None

    def _answer(self, statement: str, bound: dict[str, str]) -> Answer:
        cursor = self.connection.execute(statement, bound)
        if cursor.description is None:
            count = max(0, cursor.rowcount)
            return Answer(done=f"{count} row{'' if count == 1 else 's'} affected")
        columns = tuple(str(column[0]) for column in cursor.description)
        rows: list[tuple[Any, ...]] = []
        size = 0
        more = False
        while batch := cursor.fetchmany(_BATCH):
            if len(rows) < self.most and size < SIZE:
                rows += batch
                size += sum(len(str(cell)) for row in batch for cell in row)
            else:
                more = True
                break
        more = more or len(rows) > self.most
        rows = rows[: self.most]
        texts = tuple(tuple(map(as_text, row)) for row in rows)
        numeric = tuple(
            any(row[at] is not None for row in rows)
            and all(row[at] is None or isinstance(row[at], int | float) for row in rows)
            for at in range(len(columns))
        )
        return Answer(columns, texts, numeric, more)

    async def stop(self) -> str:
        self._stopped = True
        return "it was stopped, and what the statement had changed is undone"

    async def close(self) -> None:
        self._stopped = True
        try:
            for _ in range(_LOOKS):
                if not self._env.lanes.busy(self._lane):
                    return await self.aside(self.connection.close)
                # What runs there ends at its next look at whether it may go on.
                await asyncio.sleep(_PAUSE)
        finally:
            # What does not end soon is not waited for; it may be read until then.
            self._env.lanes.drop(self._lane, self.connection.close)


def _look_at(path: Path) -> None:
    """Raise TargetError where there is no file to open.

    It is not opened here: to close it again would drop the locks that this process has on it.
    """
    try:
        path.stat()
        if not os.access(path, os.R_OK):
            raise PermissionError
    except OSError as error:
        raise opening_error(path, error) from None


def _allowed(action: int, *_: object) -> int:
    """A step is for one file: others are neither attached nor written."""
    refused = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


_ASKING: Final = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
     "foreign_key_list", "foreign_key_check", "integrity_check", "quick_check"}
)  # fmt: skip
"""Pragmas whose argument is what they are asked about."""


def _reading(action: int, first: str | None, second: str | None, *_: object) -> int:
    """One that only reads sets nothing besides: ``PRAGMA hard_heap_limit`` and its like hold for
    the whole process, which is ours.
    """
    if action == sqlite3.SQLITE_PRAGMA and second is not None:
        name = (first or "").lower()
        return sqlite3.SQLITE_OK if name in _ASKING else sqlite3.SQLITE_DENY
    return _allowed(action)


def _refused(error: Exception) -> str:
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    text = f"{name}: {clean(error, 300)}"
    if name.startswith("SQLITE_READONLY"):
        text += "; the step is marked safe, and so it only reads"
    if name == "SQLITE_INTERRUPT":
        text = "SQLITE_INTERRUPT: it took too long"
    return text
