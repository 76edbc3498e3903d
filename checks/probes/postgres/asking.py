"""Asking by a statement's name: what may not be read is noted, and the rest goes on."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from checks.errors import TargetError
from checks.probes.postgres.sql import statement_for

if TYPE_CHECKING:
    from checks.databases.asked import Ledger
    from checks.probes.postgres.link import Link

__all__ = ["Asker", "Troubles", "grant_for", "is_denied"]

TITLES: Final = {
    "databases": "figures of the databases",
    "sessions_by_state": "sessions",
    "waiting": "sessions that wait for a lock",
    "longest": "longest statements",
    "blocking": "blocked sessions",
    "sessions": "list of sessions",
    "replication": "replicas",
    "slots": "replication slots",
    "standby": "replication from the primary",
    "settings": "settings",
    "wraparound": "wraparound",
    "database_sizes": "sizes of the databases",
    "tables": "tables",
    "indexes": "indexes",
    "bloat_tables": "empty space in tables",
    "bloat_indexes": "empty space in indexes",
    "locks": "locks",
    "writers": "archiver and checkpoints",
    "statements": "pg_stat_statements",
    "statement_texts": "texts of pg_stat_statements",
    "rights": "rights of the role",
}
"""What each statement is about, for people; what is missed most first."""

_SOMETIMES: Final = (
    "waiting",
    "longest",
    "blocking",
    "sessions",
    "replication",
    "slots",
    "standby",
)
"""Statements of the fast tier and on demand that not every run has a reason for."""

_WEIGHT: Final = {name: place for place, name in enumerate(TITLES)}

_DENIED = re.compile(
    r"permission denied for (?P<kind>view|relation|table|function|schema) \"?(?P<name>[\w.]+)"
)
_GRANTS: Final = {"function": "EXECUTE ON FUNCTION", "schema": "USAGE ON SCHEMA"}


class Troubles:
    """What could not be read, and why, until it could be again."""

    def __init__(self) -> None:
        self._found: dict[str, TargetError] = {}
        self.role = ""

    def failed(self, name: str, error: TargetError) -> None:
        """The statement ``name`` failed."""
        self._found[name] = error

    def succeeded(self, name: str) -> None:
        """The statement ``name`` did not fail."""
        self._found.pop(name, None)

    def begin(self) -> None:
        """A run begins, in which not everything is asked that was in the one before."""
        for name in _SOMETIMES:
            self._found.pop(name, None)

    def of(self, name: str) -> TargetError | None:
        """Why ``name`` could not be read; None where it could."""
        return self._found.get(name)

    def __len__(self) -> int:
        return len(self._found)

    def notes(self) -> tuple[str, ...]:
        """A sentence each, with what would allow it."""
        return tuple(self._note(name, error) for name, error in self._by_weight())

    def _by_weight(self) -> list[tuple[str, TargetError]]:
        """In the order of :data:`TITLES`, by how much each costs an operator."""
        return sorted(self._found.items(), key=lambda item: (_WEIGHT.get(item[0], 99), item[0]))

    def _note(self, name: str, error: TargetError) -> str:
        sentence = f"{TITLES.get(name, name)}: {error}"
        if error.reason != "permission":
            return sentence
        return f"{sentence}; {grant_for(str(error), self.role or 'this role')}"

    def clear(self) -> None:
        """Forget it all: another connection may have other rights."""
        self._found.clear()


def is_denied(text: str) -> bool:
    """Whether ``text`` says what was denied."""
    return _DENIED.search(text) is not None


def grant_for(text: str, role: str) -> str:
    """The GRANT that would allow what was denied with ``text``."""
    denied = _DENIED.search(text)
    if denied is None:
        return f"GRANT pg_monitor TO {role}"
    what = _GRANTS.get(denied["kind"], "SELECT ON")
    return f"GRANT {what} {denied['name']} TO {role}"


class Asker:
    """Asks one connection in one run, and notes in ``ledger`` what that took."""

    def __init__(
        self,
        link: Link,
        troubles: Troubles,
        own: frozenset[int] = frozenset(),
        ledger: Ledger | None = None,
    ) -> None:
        self.link = link
        self._ledger = ledger
        self.own = own | {link.pid}
        """Processes that serve this check."""
        self._troubles = troubles

    def text(self, value: bytes | None) -> str:
        """Text that came as bytes."""
        return self.link.text(value)

    async def __call__(
        self, name: str, *arguments: object, within: float | None = None
    ) -> Sequence[Any] | None:
        """The rows of the statement ``name``; None, and a note, where it fails.

        Raises:
            TargetError: the connection was lost, or time ran out.
        """
        return await self.run(
            name, statement_for(name, (self.link.version,)), *arguments, within=within
        )

    async def run(
        self, name: str, sql: str, *arguments: object, within: float | None = None
    ) -> Sequence[Any] | None:
        """As a call, with the statement's text given."""
        began = time.perf_counter()
        rows: Sequence[Any] | None = None
        try:
            rows = await self.link.rows(sql, *arguments, within=within)
        except TargetError as error:
            if self.link.closed or (within is None and error.reason == "timeout"):
                raise
            self._troubles.failed(name, error)
        else:
            self._troubles.succeeded(name)
        if self._ledger is not None:
            took = time.perf_counter() - began
            self._ledger.note(name, sql, took, None if rows is None else len(rows))
        return rows
