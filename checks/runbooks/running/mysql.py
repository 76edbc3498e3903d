"""A step's connection to MySQL or MariaDB.

Values never come into a statement's text: each is put into a user variable, as hexadecimal digits
that no mode of the server reads otherwise, and the statement is prepared and executed with them by
the server (``EXECUTE … USING``).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from checks.dial import Phases
from checks.errors import TargetError
from checks.model import clean
from checks.probe import CheckSpec, ProbeEnv
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.link import Link
from checks.probes.mysql.session import Door
from checks.probes.mysql.wire import LimitError, Rows, ServerError
from checks.runbooks.model import Variables
from checks.runbooks.running.sql import ROWS, SIZE, Answer, StatementError
from checks.runbooks.running.table import as_text
from checks.runbooks.sql_text import sql_parameters

__all__ = ["open_mysql"]

_CELL: Final = 1_000_000
_STOPPING: Final = 2.0
_READ_ONLY: Final = 1792
_NOT_PREPARED: Final = 1295
_GONE: Final = 1094


async def open_mysql(
    target: CheckSpec, env: ProbeEnv, within: float, *, reads: bool
) -> MysqlConversation:
    """Log in as the check does; all of the step takes place ``within`` so many seconds.

    ``reads`` keeps the session read-only.

    Raises:
        TargetError, SecretError: it cannot be.
    """
    config = target.config
    if not isinstance(config, MysqlConfig):
        raise TypeError("a mysql check has a mysql configuration")
    door = Door(config, env, f"{target.name} runbook")
    # A little later than we give up: what is ours to say is said by us.
    link = await door.open(within + 0.5, Phases())
    conversation = MysqlConversation(door, link, within, reads=reads)
    try:
        await conversation.begin()
    except BaseException:
        link.abort()
        raise
    return conversation


class MysqlConversation:
    """One connection; every statement commits by itself."""

    most = ROWS
    """Rows of an answer that are kept."""

    def __init__(self, door: Door, link: Link, within: float, *, reads: bool) -> None:
        self._door = door
        self._link = link
        self._reads = reads
        self._within = within
        self._spent = False

    async def begin(self) -> None:
        """Give a step that changes something what a check's session is kept from."""
        if self._reads:
            return
        await self._link.ask("SET SESSION TRANSACTION READ WRITE")
        whole = max(1, round(self._within))
        await self._link.ask(
            f"SET SESSION lock_wait_timeout = {whole}, innodb_lock_wait_timeout = {whole}"
        )

    async def ask(self, statement: str, variables: Variables) -> Answer:
        if self._spent:
            await self._anew()
        # A procedure may send several answers, of which the first is read.
        self._spent = statement.lstrip()[:4].upper() == "CALL"
        try:
            return _told(await self._answer(statement, variables))
        except ServerError as error:
            raise StatementError(self._refused(error)) from None
        except LimitError as error:
            raise StatementError(str(error)) from None

    async def stop(self) -> str:
        other = await self._door.open(_STOPPING, Phases())
        try:
            await other.told(f"KILL CONNECTION {self._link.thread}")
        except ServerError as error:
            if error.said.code != _GONE:
                raise TargetError("permission", str(error.said)) from None
        finally:
            await other.quit()
        return "the server was told to stop it"

    async def close(self) -> None:
        await self._link.quit()

    async def _anew(self) -> None:
        await self._link.quit()
        self._link = await self._door.open(self._within + 0.5, Phases())
        await self.begin()

    async def _answer(self, statement: str, variables: Variables) -> Rows:
        sql, values = _bound(statement, variables)
        if not values:
            return await self._told(sql)
        for number, value in enumerate(values, 1):
            await self._told(f"SET @onwatch_{number} = {_literal(value)}")
        await self._told(f"SET @onwatch = {_literal(sql)}")
        await self._told("PREPARE onwatch FROM @onwatch")
        names = ", ".join(f"@onwatch_{number}" for number in range(1, len(values) + 1))
        return await self._told(f"EXECUTE onwatch USING {names}")

    async def _told(self, sql: str) -> Rows:
        return await self._link.told(sql, rows=self.most, size=SIZE, cell=_CELL)

    def _refused(self, error: ServerError) -> str:
        said = error.said
        text = clean(said.text, 300).rstrip(".")
        state = f"SQLSTATE {said.state}, " if said.state else ""
        text = f"{state}error {said.code}: {text}"
        if said.code == _READ_ONLY and self._reads:
            text += "; the step is marked safe, and so its session only reads"
        if said.code == _NOT_PREPARED:
            text += "; a statement of this kind takes no variables"
        return text


def _bound(statement: str, variables: Variables) -> tuple[str, list[str]]:
    """``statement`` with ``?`` for its variables, and the value of each."""
    values: list[str] = []
    pieces, at = [], 0
    for parameter in sql_parameters(statement, "mysql"):
        if parameter.name not in variables:
            raise StatementError(f"there is no value for :{parameter.name.lower()}")
        values.append(variables[parameter.name])
        pieces += [statement[at : parameter.start], "?"]
        at = parameter.end
    return "".join([*pieces, statement[at:]]), values


def _literal(value: str) -> str:
    """``value`` as SQL that holds nothing of it but digits."""
    digits = value.encode().hex()
    return f"CONVERT(x'{digits}' USING utf8mb4)"


def _told(answer: Rows) -> Answer:
    if not answer.columns:
        count = answer.affected
        return Answer(done=f"{count} row{'' if count == 1 else 's'} affected")
    rows = tuple(tuple(map(as_text, row)) for row in answer.rows)
    return Answer(answer.columns, rows, _numeric(answer.rows, len(answer.columns)), answer.more)


def _numeric(rows: Sequence[Sequence[Any]], columns: int) -> tuple[bool, ...]:
    numbers = (int, float, Decimal)
    return tuple(
        any(row[at] is not None for row in rows)
        and all(row[at] is None or isinstance(row[at], numbers) for row in rows)
        for at in range(columns)
    )
