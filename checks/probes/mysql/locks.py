"""Who waits for whom: transactions for rows, sessions for tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.probes.mysql.asking import Asker, Record

__all__ = ["METADATA", "Transaction", "Waits", "read_transactions", "read_waits"]

METADATA: Final = "metadata lock"
"""What is in the state of a session that waits for a definition, a table's in most cases."""
_MOST_BLOCKERS: Final = 20
"""Blockers of one session beyond which nobody reads on."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open InnoDB transaction of the session ``thread``; times in seconds, ``waited`` None
    where it waits for nothing."""

    id: str
    thread: int
    age: float
    waited: float | None
    wanted: str
    modified: int


@dataclass(frozen=True, slots=True)
class Waits:
    """``blockers`` are the sessions that one waits for, by its number; ``what`` is what it
    waits for."""

    blockers: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    what: Mapping[int, str] = field(default_factory=dict)

    @property
    def blocking(self) -> frozenset[int]:
        """Sessions that some other waits for."""
        return frozenset(one for found in self.blockers.values() for one in found)


async def read_transactions(ask: Asker) -> tuple[Transaction, ...] | None:
    """The open transactions, the oldest first; None where they may not be seen."""
    rows = await ask("transactions")
    if rows is None:
        return None
    return tuple(_transaction(row) for row in rows if row["thread"])


def _transaction(row: Record) -> Transaction:
    waits = row["state"] == "LOCK WAIT"
    return Transaction(
        id=str(row["trx"]),
        thread=int(row["thread"]),
        age=max(0.0, float(row["age"] or 0)),
        waited=max(0.0, float(row["waited"] or 0)) if waits else None,
        wanted=str(row["wanted"] or ""),
        modified=int(row["modified"] or 0),
    )


async def read_waits(
    ask: Asker, transactions: Sequence[Transaction], *, rows: bool, tables: bool
) -> Waits:
    """Who waits for whom; asked only of the kinds that somebody waits for."""
    found: dict[int, dict[int, None]] = {}
    what: dict[int, str] = {}
    if rows:
        await _row_waits(ask, transactions, found, what)
    if tables and ask.server.performance_schema:
        for row in await ask("metadata_locks") or ():
            waiting, blocking = int(row["waiting"]), int(row["blocking"])
            found.setdefault(waiting, {})[blocking] = None
            what[waiting] = f"metadata lock of {row['name']}"
    return Waits({one: tuple(others)[:_MOST_BLOCKERS] for one, others in found.items()}, what)


async def _row_waits(
    ask: Asker,
    transactions: Sequence[Transaction],
    found: dict[int, dict[int, None]],
    what: dict[int, str],
) -> None:
    threads = {one.id: one.thread for one in transactions}
    for row in await ask("lock_waits") or ():
        waiting, blocking = threads.get(str(row["waiting"])), threads.get(str(row["blocking"]))
        if waiting and blocking and waiting != blocking:
            found.setdefault(waiting, {})[blocking] = None
    wanted = {one.wanted: one.thread for one in transactions if one.wanted}
    what.update(_wanted(await ask("locks") or (), wanted))
    for one in transactions:
        if one.waited is not None:
            what.setdefault(one.thread, "row lock")


def _wanted(rows: Iterable[Record], wanted: Mapping[str, int]) -> Iterable[tuple[int, str]]:
    for row in rows:
        thread = wanted.get(str(row["lock_id"]))
        if thread is not None:
            table = str(row["lock_table"] or "").replace("`", "")
            index = row["lock_index"]
            at = f", index {index}" if index and index not in ("PRIMARY", "GEN_CLUST_INDEX") else ""
            yield thread, f"row lock ({row['lock_mode']}) of {table}{at}"
