"""A step's connection to PostgreSQL.

Values are bound as text and read by the server itself, whatever the type of their parameter: a
step need not know how Python writes an ``inet``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from checks.dial import Phases
from checks.errors import TargetError
from checks.model import clean
from checks.probe import CheckSpec, ProbeEnv
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.link import Link
from checks.probes.postgres.login import Wishes
from checks.probes.postgres.session import Door
from checks.runbooks.model import Variables
from checks.runbooks.running.output import Output
from checks.runbooks.running.sql import ROWS, SIZE, Answer, StatementError
from checks.runbooks.running.table import as_text
from checks.runbooks.sql_text import sql_parameters

__all__ = ["open_postgres"]

_BATCH: Final = 50
_FORWARD: Final = 10_000
_STOPPING: Final = 2.0
_NUMERIC: Final = {"int2", "int4", "int8", "float4", "float8", "numeric", "oid", "xid", "money"}
_READ_ONLY: Final = "25006"
_LOST: Final = ("57P01", "57P02", "57P03", "57P05")
_BROKEN: Final = (InterfaceError, InternalClientError, OSError, EOFError)


async def open_postgres(
    target: CheckSpec, env: ProbeEnv, within: float, output: Output, *, reads: bool
) -> PostgresConversation:
    """Log in as the check does; all of the step takes place ``within`` so many seconds.

    ``reads`` makes the session read-only.

    Raises:
        TargetError, SecretError: it cannot be.
    """
    config = target.config
    if not isinstance(config, PostgresConfig):
        raise TypeError("a postgres check has a postgres configuration")
    door = Door(config, env, f"{target.name} runbook")
    settings = {
        "application_name": "onwatch runbook",
        "default_transaction_read_only": "on" if reads else "off",
        # A little later than we give up: what is ours to say is said by us.
        "statement_timeout": f"{int(within * 1000) + 500}ms",
        "idle_in_transaction_session_timeout": "60s",
    }
    link = await door.open(Wishes(settings), within, Phases())
    return PostgresConversation(door, link, output, reads=reads)


class PostgresConversation:
    """One connection; every statement is a transaction of its own."""

    most = ROWS
    """Rows of an answer that are kept."""

    def __init__(self, door: Door, link: Link, output: Output, *, reads: bool) -> None:
        self._door = door
        self._link = link
        self._reads = reads
        self._output = output
        link.connection.add_log_listener(self._notice)

    def _notice(self, connection: Any, message: Any) -> None:
        """What a procedure raises as a notice is part of its output."""
        del connection
        self._output.say(f"{message.severity}: {clean(message.message, 500)}")

    async def ask(self, statement: str, variables: Variables) -> Answer:
        sql, values = _bound(statement, variables)
        try:
            return await self._answer(sql, values)
        except PostgresError as error:
            if str(error.sqlstate) in _LOST:
                raise TargetError("protocol", f"it ended the session: {_said(error)}") from None
            raise StatementError(self._refused(error)) from None
        except _BROKEN as error:
            text = f"the connection was lost amid the statement: {clean(error, 200)}"
            raise TargetError("protocol", text) from None
        except UnicodeError:
            raise StatementError("its answer is not valid text in the server's encoding") from None

    async def stop(self) -> str:
        other = await self._door.open(Wishes({}), _STOPPING, Phases())
        try:
            await other.rows("SELECT pg_cancel_backend($1)", self._link.pid)
        finally:
            await other.close()
        return "the server was told to stop it"

    async def close(self) -> None:
        connection = self._link.connection
        connection.remove_log_listener(self._notice)
        await self._link.close()

    async def _answer(self, sql: str, values: Sequence[str]) -> Answer:
        connection = self._link.connection
        prepared = await connection.prepare(sql)
        if values:
            await self._as_text(prepared.get_parameters())
            prepared = await connection.prepare(sql)
        columns = prepared.get_attributes()
        if self._reads and not columns:
            # The session's own mode could be changed by a statement before.
            async with connection.transaction(readonly=True):
                await prepared.fetch(*values)
            return _told((), (), prepared.get_statusmsg(), more=False)
        if not columns or sql.lstrip()[:4].upper() == "CALL":
            # Some of these run in no transaction that others began: VACUUM, a CALL that commits.
            rows = await prepared.fetch(*values)
            some = rows[: self.most]
            return _told(columns, some, prepared.get_statusmsg(), more=len(rows) > self.most)
        async with connection.transaction(readonly=self._reads):
            cursor = await prepared.cursor(*values)
            rows, more = await self._some(cursor)
            if more and not self._reads:
                # Functions that it calls may be what it is for: they are called for every row.
                while await cursor.forward(_FORWARD):
                    pass
        return _told(columns, rows[: self.most], "", more=more)

    async def _some(self, cursor: Any) -> tuple[list[asyncpg.Record], bool]:
        """The first rows, to a bound; whether there are more."""
        rows: list[asyncpg.Record] = []
        size = 0
        while len(rows) <= self.most and size < SIZE:
            batch = await cursor.fetch(_BATCH)
            rows += batch
            size += sum(len(str(cell)) for row in batch for cell in row)
            if len(batch) < _BATCH:
                return rows, len(rows) > self.most
        return rows, True

    async def _as_text(self, types: Sequence[Any]) -> None:
        """Have values of these types sent as the text that they are."""
        for kind in {(each.schema, each.name, each.kind) for each in types}:
            schema, name, sort = kind
            if sort not in ("scalar", "enum", "domain", "range"):
                raise StatementError(
                    f"a value is wanted as {name}, which cannot be bound: CAST(:name AS text)"
                )
            if sort == "scalar":
                await self._link.connection.set_type_codec(
                    name, schema=schema, encoder=str, decoder=str, format="text"
                )

    def _refused(self, error: PostgresError) -> str:
        said = f"SQLSTATE {error.sqlstate}: {_said(error)}"
        for more in (getattr(error, "detail", None), getattr(error, "hint", None)):
            said += f"; {clean(more, 200).rstrip('.')}" if more else ""
        if error.sqlstate == _READ_ONLY and self._reads:
            said += "; the step is marked safe, and so its session only reads"
        return said


def _bound(statement: str, variables: Variables) -> tuple[str, list[str]]:
    """``statement`` with ``$1`` for its first variable, and their values."""
    names: list[str] = []
    pieces, at = [], 0
    for parameter in sql_parameters(statement, "postgres"):
        if parameter.name not in names:
            names.append(parameter.name)
        pieces += [statement[at : parameter.start], f"${names.index(parameter.name) + 1}"]
        at = parameter.end
    missing = [name for name in names if name not in variables]
    if missing:
        raise StatementError(f"there is no value for :{missing[0].lower()}")
    return "".join([*pieces, statement[at:]]), [variables[name] for name in names]


def _told(
    columns: Sequence[Any], rows: Sequence[asyncpg.Record], status: str, *, more: bool
) -> Answer:
    if not columns:
        return Answer(done=clean(status or "done", 100))
    texts = tuple(tuple(_cells(row)) for row in rows)
    names = tuple(column.name for column in columns)
    return Answer(names, texts, tuple(c.type.name in _NUMERIC for c in columns), more)


def _cells(row: asyncpg.Record) -> Iterator[str]:
    return map(as_text, row.values())


def _said(error: PostgresError) -> str:
    return clean(error.args[0] if error.args else error, 300).rstrip(".")
