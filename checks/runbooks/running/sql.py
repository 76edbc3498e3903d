"""A step in SQL: one statement a call, values bound and never written into it, rows bounded.

It has a connection of its own, with the credentials of the check that it goes to. A step that is
marked safe has one that only reads; that is no sandbox: ``SELECT pg_terminate_backend(…)`` reads,
too. What a database lets its role do is what a step can do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.probe import CheckSpec
from checks.runbooks.model import Marking, Variables
from checks.runbooks.running.awaited import TOOK, Awaited
from checks.runbooks.running.model import Around, Ended, Job
from checks.runbooks.running.output import Output
from checks.runbooks.running.table import as_table
from checks.runbooks.sql_text import code_of, sql_statements
from checks.runbooks.views import RunState

__all__ = ["KINDS", "ROWS", "Answer", "Conversation", "Sql", "StatementError", "refusal_of"]

KINDS: Final = ("mysql", "postgres", "sqlite")
"""Kinds of checks that SQL can go to."""
ROWS: Final = 500
"""Rows of an answer that are shown."""
SIZE: Final = 2_000_000
"""Bytes of an answer that are read."""
_STOPPING: Final = 2.0
"""Seconds that telling the server to stop may take."""
_CLOSING: Final = 0.5
_CONTROL: Final = re.compile(
    r"(?:BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|END|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION"
    r"|XA|SET\s+(?:(?:SESSION|LOCAL|GLOBAL)\s+)?TRANSACTION|SET\s+(?:SESSION\s+)?autocommit"
    r"|SET\s+SESSION\s+CHARACTERISTICS|SET\s+@@(?:SESSION\.)?autocommit)\b",
    re.IGNORECASE,
)
_MODE: Final = re.compile(
    r"SET\b.*\b(?:default_)?(?:tx|transaction)_read_only\b", re.IGNORECASE | re.DOTALL
)
_CLIENT: Final = re.compile(r"\\|(?:DELIMITER|SOURCE)\b", re.IGNORECASE)
_COPY: Final = re.compile(
    r"COPY\b.*\b(?:FROM\s+STDIN|TO\s+STDOUT)|LOAD\s+DATA\s+LOCAL", re.IGNORECASE | re.DOTALL
)


class StatementError(Exception):
    """The database refused a statement; a clause with its SQLSTATE."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a statement.

    Attributes:
        columns: their names; none of what gives no rows.
        rows: of texts, as many at most as the conversation says.
        numeric: which columns hold numbers.
        more: whether rows were left out.
        done: what the database says it has done, such as ``UPDATE 3``; empty with rows.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numeric: tuple[bool, ...] = ()
    more: bool = False
    done: str = ""


class Conversation(Protocol):
    """An open connection to a database. ``most`` is how many rows of an answer are kept."""

    most: int

    async def ask(self, statement: str, variables: Variables) -> Answer:
        """Have one statement done.

        Raises:
            StatementError: it was refused.
            TargetError: the connection was lost.
        """

    async def stop(self) -> str:
        """End what runs there, on a server over another connection; a clause on what came of it.

        Raises TargetError or SecretError where that fails.
        """

    async def close(self) -> None:
        """End it."""


class Sql(Awaited):
    """One run."""

    def __init__(self, job: Job, output: Output, around: Around) -> None:
        super().__init__()
        self._job = job
        self._output = output
        self._around = around

    async def work(self) -> Ended:
        target = self._job.target
        if target is None or target.kind not in KINDS:
            return Ended(RunState.FAILED, None, _no_target(target))
        statements = sql_statements(self._job.step.text, target.kind)
        for statement in statements:
            if refused := refusal_of(statement, target.kind):
                return Ended(RunState.FAILED, None, f"not run: {refused}")
        if not statements:
            return Ended(RunState.FAILED, None, "not run: there is no statement in it")
        return await self._all(target, statements)

    async def _all(self, target: CheckSpec, statements: Sequence[str]) -> Ended:
        conversation: Conversation | None = None
        timeout = self._job.step.timeout
        try:
            async with asyncio.timeout(timeout):
                conversation = await self._opened(target)
                return await self._asked(conversation, statements)
        except TimeoutError:
            return await self._ended(RunState.TIMED_OUT, conversation, seconds(timeout))
        except asyncio.CancelledError:
            if not self.stopped:
                raise
            return await self._ended(RunState.CANCELLED, conversation, "")
        except (TargetError, SecretError) as error:
            return Ended(RunState.FAILED, None, f"{target.name}: {error}")
        finally:
            if conversation is not None:
                await self._closed(conversation)

    async def _opened(self, target: CheckSpec) -> Conversation:
        """A connection of the step's own. Raises TargetError or SecretError."""
        env, step = self._around.env, self._job.step
        reads = step.marking is Marking.SAFE
        match target.kind:
            case "postgres":
                from checks.runbooks.running.postgres import open_postgres  # noqa: PLC0415

                return await open_postgres(target, env, step.timeout, self._output, reads=reads)
            case "mysql":
                from checks.runbooks.running.mysql import open_mysql  # noqa: PLC0415

                return await open_mysql(target, env, step.timeout, reads=reads)
            case _:
                from checks.runbooks.running.sqlite import open_sqlite  # noqa: PLC0415

                lane = f"runbook {self._job.id}"
                return await open_sqlite(target, env, step.timeout, lane, reads=reads)

    async def _asked(self, conversation: Conversation, statements: Sequence[str]) -> Ended:
        captured = None
        for number, statement in enumerate(statements, 1):
            try:
                answer = await conversation.ask(statement, self._job.variables)
            except StatementError as error:
                which = f"statement {number} of {len(statements)}: " if len(statements) > 1 else ""
                self._output.say(f"ERROR {error}")
                return Ended(RunState.DONE, 1, f"failed after {TOOK}: {which}{error}")
            self._show(answer)
            if captured is None and answer.rows and answer.columns:
                captured = answer.rows[0][0]
        name = self._job.step.capture
        pair = (name, captured) if name and captured is not None else None
        said = f"done after {TOOK}, {_told(answer)}"
        if name and pair is None:
            said += f"; it gave no row to take ${name} from"
        return Ended(RunState.DONE, 0, said, pair)

    def _show(self, answer: Answer) -> None:
        if answer.columns:
            width = self._around.size[1]
            table = as_table(answer.columns, answer.rows, answer.numeric, width)
            self._output.say("\n".join(table))
        self._output.say(f"({_told(answer)})")

    async def _ended(self, state: RunState, conversation: Conversation | None, limit: str) -> Ended:
        """It was ended from here: see to it that the server stops, too."""
        why = f"cancelled after {TOOK}"
        if limit:
            why = f"ended after {TOOK}, since it took longer than {limit}"
        if conversation is None:
            return Ended(state, None, f"{why}, before it was connected")
        try:
            async with asyncio.timeout(_STOPPING):
                how = await conversation.stop()
        except (TimeoutError, TargetError, SecretError):
            how = "the server could not be told to stop it, and may go on until its own limit"
        return Ended(state, None, f"{why}; {how}")

    @staticmethod
    async def _closed(conversation: Conversation) -> None:
        try:
            async with asyncio.timeout(_CLOSING):
                await conversation.close()
        except (TimeoutError, TargetError):
            return


def _told(answer: Answer) -> str:
    if not answer.columns:
        return answer.done or "done"
    if answer.more:
        return f"the first {len(answer.rows)} rows; there are more"
    return f"{len(answer.rows)} row{'' if len(answer.rows) == 1 else 's'}"


def _no_target(target: CheckSpec | None) -> str:
    if target is None:
        return "not run: no database to send it to; name a check with target=NAME in the step"
    kinds = ", ".join(KINDS)
    return f"not run: {target.name} is a {target.kind} check; SQL goes to one of {kinds}"


def refusal_of(statement: str, kind: str) -> str:
    """Why ``statement`` is not sent; empty where it is."""
    code = code_of(statement, kind).strip()
    shown = " ".join(code.split())[:40]
    if _CLIENT.match(code):
        return (
            f'"{shown}" is for a client such as psql, not for the server; a shell step can run it'
        )
    if _CONTROL.match(code):
        return (
            f'"{shown}" controls a transaction: each statement is one of its own; what must be '
            "done together wants a procedure, or a client in a shell step"
        )
    if _MODE.match(code):
        return f'"{shown}" changes whether the session may write: the step\'s marking says that'
    if _COPY.match(code):
        return f'"{shown}" sends a file of the client: let a shell step do it'
    return ""
