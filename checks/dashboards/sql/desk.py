"""Asks databases what panels in SQL want to know, while somebody looks at them.

Each check's database has one connection of its own, which only reads, for as long as the statements
that are due take; one after the other, bounded in time and rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, Literal

from checks.dashboards.interpolate import UnsafeValueError
from checks.dashboards.sql.macros import MacroError
from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.model import clean
from checks.probe import CheckSpec, ProbeEnv
from checks.runbooks.running.output import Output
from checks.runbooks.running.sql import KINDS, Answer, Conversation, StatementError, refusal_of
from checks.runbooks.sql_text import code_of, sql_statements
from checks.secrets import Masker

__all__ = ["EVERY", "Desk", "Told", "Want", "chosen_check"]

log = logging.getLogger("onwatch.dashboards")

EVERY: Final = 30.0
"""Seconds at least between two times that a statement is asked."""
WITHIN: Final = 5.0
"""Seconds that a statement may take."""
ROWS: Final = 5_000
"""Rows of an answer that are read."""
_SHARE: Final = 20
"""A statement is asked for at most so small a part of the time."""
_BACK: Final = 5.0
"""Seconds after which one that is down is looked at again."""
_STOPPING: Final = 2.0
_CLOSING: Final = 0.5
_READS: Final = re.compile(
    r"\s*\(*\s*(?:SELECT|WITH|SHOW|VALUES|TABLE|EXPLAIN|DESCRIBE|DESC|PRAGMA)\b", re.IGNORECASE
)
_FILES: Final = re.compile(r"\b(?:OUTFILE|DUMPFILE)\b", re.IGNORECASE)
"""What a session of MySQL's that only reads keeps nobody from. Looked for in comments, too: some of
them (``/*!50000 … */``) the server runs."""
_OFFSETS: Final = {
    "mysql": "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())",
    "postgres": "SELECT extract(timezone from now())::int",
}
"""What says how many seconds east of UTC a moment without a zone is."""


@dataclass(frozen=True, slots=True, eq=False)
class Want:
    """A statement that is wanted. ``key`` is what it is, whenever it is asked; ``write`` gives its
    text for a kind of database now, and raises MacroError or UnsafeValueError."""

    key: Hashable
    check: str
    write: Callable[[str], str]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What came of it: rows or an error, at ``at`` (seconds since 1970); a moment without a zone
    is ``offset`` seconds east of UTC."""

    at: float
    answer: Answer | None = None
    error: str = ""
    offset: float = 0.0
    took: float = 0.0


def chosen_check(
    check: str, kind: str, specs: Mapping[str, CheckSpec]
) -> tuple[str, Literal[""]] | tuple[Literal[""], str]:
    """The check that a statement goes to: the one named, or the only one of ``kind``; or why there
    is none."""
    kinds = (kind,) if kind else KINDS
    if check:
        found = specs.get(check)
        if found is None:
            return "", f"there is no check {check} to ask; name one of yours with check:"
        if found.kind not in KINDS:
            return "", f"{check} is a {found.kind} check; SQL goes to one of {', '.join(KINDS)}"
        return check, ""
    fitting = [spec.name for spec in specs.values() if spec.kind in kinds]
    if len(fitting) == 1:
        return fitting[0], ""
    which = " or ".join(kinds)
    if not fitting:
        return "", f"there is no {which} check to ask; add one"
    return "", f"there are {len(fitting)} {which} checks; say with check: which one is asked"


class Desk:
    """Asks, and keeps the answers. To be used from one event loop; ``publish`` is called when
    something has come."""

    def __init__(self, env: ProbeEnv, publish: Callable[[], None]) -> None:
        self._env = env
        self._publish = publish
        self._told: dict[Hashable, Told] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, str] = {}
        self._offsets: dict[str, float] = {}

    def told(self, key: Hashable) -> Told | None:
        """What came of the statement of that key last; None where nothing has yet."""
        return self._told.get(key)

    @property
    def busy(self) -> bool:
        """Whether anything is being asked."""
        return bool(self._tasks)

    def forget(self, keys: Iterable[Hashable]) -> None:
        """Forget these answers: the statements are others now."""
        for key in keys:
            self._told.pop(key, None)

    def look(
        self,
        wants: Sequence[Want],
        specs: Mapping[str, CheckSpec],
        now: float,
        down: Mapping[str, str],
    ) -> None:
        """Have asked what is due of ``wants``; forget the answers to others.

        ``down`` are sentences on checks whose server does not answer: those are not asked.
        """
        self._told = {one.key: self._told[one.key] for one in wants if one.key in self._told}
        due: dict[str, list[Want]] = {}
        for want in wants:
            if self._is_due(want, now):
                due.setdefault(want.check, []).append(want)
        for check, some in due.items():
            spec = specs.get(check)
            error = self._refused.get(check) or down.get(check)
            if error:
                # Soon again: it may come back.
                self._failed(some, error, now - EVERY + _BACK)
            elif spec is not None and check not in self._tasks:
                self._begin(spec, some)

    def _is_due(self, want: Want, now: float) -> bool:
        told = self._told.get(want.key)
        return told is None or now - told.at >= max(EVERY, _SHARE * told.took)

    def _begin(self, spec: CheckSpec, wants: Sequence[Want]) -> None:
        task = asyncio.create_task(self._ask(spec, wants), name=f"dashboard asks {spec.name}")
        self._tasks[spec.name] = task

        def ended(done: asyncio.Task[None]) -> None:
            self._tasks.pop(spec.name, None)
            if not done.cancelled():
                if done.exception() is not None:
                    log.error("asking %s failed inside", spec.name, exc_info=done.exception())
                self._publish()

        task.add_done_callback(ended)

    def _failed(self, wants: Sequence[Want], error: str, now: float) -> None:
        for want in wants:
            self._told[want.key] = Told(now, error=error)

    async def _ask(self, spec: CheckSpec, wants: Sequence[Want]) -> None:
        """Put ``wants`` to the check's database, one after the other."""
        conversation: Conversation | None = None
        left = list(wants)
        try:
            async with asyncio.timeout(WITHIN):
                conversation = await self._opened(spec)
                offset = await self._offset(spec, conversation)
            while left:
                told = await self._answer(spec, conversation, left[0])
                self._told[left.pop(0).key] = replace(told, offset=offset)
                self._publish()
                if told.took >= WITHIN:
                    return
        except asyncio.CancelledError:
            if conversation is not None:
                await self._stopped(conversation)
            raise
        except TimeoutError:
            error = f"{spec.name}: no connection within {seconds(WITHIN)}"
            self._failed(left, error, self._env.clock.now())
        except (TargetError, SecretError) as error:
            said = clean(f"{spec.name}: {error}", 300)
            if isinstance(error, TargetError) and error.reason == "auth":
                # Asked again and again with what was refused, an account is locked.
                self._refused[spec.name] = said
            self._failed(left, said, self._env.clock.now())
        finally:
            if conversation is not None:
                with contextlib.suppress(TimeoutError, TargetError):
                    async with asyncio.timeout(_CLOSING):
                        await conversation.close()

    async def _opened(self, spec: CheckSpec) -> Conversation:
        """A connection that only reads. Raises TargetError or SecretError."""
        conversation: Conversation
        match spec.kind:
            case "postgres":
                from checks.runbooks.running.postgres import open_postgres  # noqa: PLC0415

                output = Output(self._env.masker)
                conversation = await open_postgres(spec, self._env, WITHIN, output, reads=True)
            case "mysql":
                from checks.runbooks.running.mysql import open_mysql  # noqa: PLC0415

                conversation = await open_mysql(spec, self._env, WITHIN, reads=True)
            case _:
                from checks.runbooks.running.sqlite import open_sqlite  # noqa: PLC0415

                lane = f"dashboard {spec.name}"
                conversation = await open_sqlite(spec, self._env, WITHIN, lane, reads=True)
        conversation.most = ROWS
        return conversation

    async def _offset(self, spec: CheckSpec, conversation: Conversation) -> float:
        """Seconds that the session's zone is east of UTC."""
        if spec.name not in self._offsets:
            self._offsets[spec.name] = 0.0
            statement = _OFFSETS.get(spec.kind)
            if statement is not None:
                with contextlib.suppress(StatementError, ValueError, IndexError):
                    answer = await conversation.ask(statement, {})
                    self._offsets[spec.name] = float(answer.rows[0][0])
        return self._offsets[spec.name]

    async def _answer(self, spec: CheckSpec, conversation: Conversation, want: Want) -> Told:
        clock = self._env.clock
        began = clock.now()
        try:
            statement = _single(want.write(spec.kind), spec.kind)
            async with asyncio.timeout(WITHIN):
                answer = await conversation.ask(statement, {})
        except TimeoutError:
            how = await self._stopped(conversation)
            error = f"{spec.name}: no answer within {seconds(WITHIN)}; {how}"
            return Told(clock.now(), error=error, took=WITHIN)
        except (StatementError, MacroError, UnsafeValueError) as error:
            said = clean(self._env.masker.text(f"{spec.name}: {error}"), 300)
            return Told(clock.now(), error=said)
        took = clock.now() - began
        return Told(clock.now(), _unsecret(answer, self._env.masker), took=took)

    @staticmethod
    async def _stopped(conversation: Conversation) -> str:
        """Have the server end what runs there; a clause on what came of it."""
        try:
            async with asyncio.timeout(_STOPPING):
                return await conversation.stop()
        except (TimeoutError, TargetError, SecretError):
            return "the server could not be told to stop, and goes on until its own limit"

    def close(self) -> None:
        """End what is being asked."""
        for task in list(self._tasks.values()):
            task.cancel()


def _unsecret(answer: Answer, masker: Masker) -> Answer:
    """``answer`` with known secrets and passwords in addresses masked."""
    # Of all cells at once: nearly always there are none.
    whole = "\n".join(chain.from_iterable(answer.rows))
    if masker.text(whole) == whole and "…" not in whole:
        return answer
    rows = tuple(tuple(masker.text(cell) for cell in row) for row in answer.rows)
    return replace(answer, rows=rows)


def _single(text: str, kind: str) -> str:
    """The one statement of ``text``. Raises StatementError where it is not one that reads."""
    statements = sql_statements(text, kind)
    if len(statements) != 1:
        count = "no statement" if not statements else f"{len(statements)} statements"
        raise StatementError(f"a panel asks one statement, and here is {count}")
    code = code_of(statements[0], kind)
    if refused := refusal_of(statements[0], kind):
        raise StatementError(refused)
    if not _READS.match(code) or (kind == "mysql" and _FILES.search(statements[0])):
        raise StatementError(
            f"a panel only reads, and this does not: {' '.join(code.split())[:60]}"
        )
    return statements[0]
