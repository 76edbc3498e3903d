"""Sessions: those that do something at every run, all of them on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from checks.databases.model import SessionRow
from checks.databases.statements import statement
from checks.probes.mysql.asking import Asker, Record
from checks.probes.mysql.locks import Transaction, Waits

__all__ = [
    "Process",
    "Sessions",
    "process_of",
    "read_sessions",
    "session_id",
    "session_key",
    "session_row",
    "tells_what_it_holds",
]

MOST: Final = 500
"""Sessions that are shown; what is beyond them is counted."""
OWN_THREADS: Final = ("Daemon", "Slave_IO", "Slave_SQL", "Slave_worker", "Connect")
"""Commands of threads that are the server's own."""
STREAMS: Final = ("Binlog Dump", "Binlog Dump GTID")
"""Commands of sessions that are replicas."""
_WAITS: Final = ("waiting for", "user lock")
"""How states begin in which a session waits for others."""
_ENDS: Final = frozenset({"COMMIT", "ROLLBACK"})
"""Statements after which a session holds nothing any more."""
_NOT_FOR_OTHERS: Final = ("waiting for next activation", "waiting for master", "waiting for source")


@dataclass(frozen=True, slots=True)
class Process:
    """A row of the process list. ``query_id`` numbers its statement where the server does so
    (MariaDB), else it is 0."""

    id: int
    user: str
    host: str
    db: str
    command: str
    seconds: float
    state: str
    query_id: int
    info: str

    @property
    def sleeps(self) -> bool:
        """Whether it waits for its client."""
        return self.command == "Sleep"

    @property
    def of_the_server(self) -> bool:
        """Whether it is a thread of the server's own, and no session of anybody's."""
        return self.user in ("system user", "event_scheduler") or self.command in OWN_THREADS

    @property
    def works(self) -> bool:
        """Whether it runs somebody's statement."""
        return not (self.sleeps or self.of_the_server or self.command in STREAMS)

    @property
    def waits(self) -> bool:
        """Whether its state says that it waits for another session."""
        state = self.state.lower()
        return state.startswith(_WAITS) and not state.startswith(_NOT_FOR_OTHERS)


def process_of(row: Record) -> Process:
    """The process in a row of ``busy``, ``sessions`` or ``session``."""
    return Process(
        id=int(row["id"]),
        user=_text(row["user"]),
        host=_text(row["host"]),
        db=_text(row["db"]),
        command=_text(row["command"]),
        seconds=max(0.0, float(row["seconds"] or 0)),
        state=_text(row["state"]),
        query_id=int(row["query_id"] or 0),
        info=_text(row["info"]),
    )


def session_id(thread: int, boot: int) -> str:
    """What names a session for good: its number, and the server's life, within which numbers
    are not given out twice."""
    return f"{thread}-{boot}"


def session_key(text: str) -> tuple[int, int] | None:
    """Number and life in an id; None where it is none."""
    thread, _, boot = text.partition("-")
    if not (thread.isascii() and thread.isdigit() and boot.isascii() and boot.isdigit()):
        return None
    return int(thread), int(boot)


def session_row(
    process: Process,
    boot: int,
    own: frozenset[int],
    transaction: Transaction | None,
    waits: Waits,
) -> SessionRow:
    """A session as the screens show it."""
    waiting = waits.what.get(process.id) or (process.state if process.waits else "")
    return SessionRow(
        id=session_id(process.id, boot),
        pid=process.id,
        user=process.user,
        database=process.db,
        client=process.host,
        state=_state(process),
        idle=process.sleeps and transaction is None,
        seconds=process.seconds,
        transaction=transaction.age if transaction is not None else None,
        waiting=waiting,
        blocked_by=tuple(session_id(one, boot) for one in waits.blockers.get(process.id, ())),
        query=statement(process.info),
        own=process.id in own,
    )


def _state(process: Process) -> str:
    """The server's own words: the state of a statement that runs, else the command."""
    told = process.state if process.works and not process.waits else ""
    return told or process.command


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions, as far as they are shown."""

    processes: tuple[Process, ...]
    programs: Mapping[int, str]
    left_out: int

    def rows(
        self,
        boot: int,
        own: frozenset[int],
        transactions: Mapping[int, Transaction],
        waits: Waits,
    ) -> tuple[SessionRow, ...]:
        """The sessions as the screens show them."""
        made = (
            session_row(one, boot, own, transactions.get(one.id), waits) for one in self.processes
        )
        return tuple(replace(row, application=self.programs.get(row.pid, "")) for row in made)


async def read_sessions(
    ask: Asker, connected: float | None, holders: Sequence[int]
) -> Sessions | None:
    """Every session, the idle ones last; None where they cannot be read.

    ``connected`` is how many there are; ``holders`` are those that hold a transaction open and
    do nothing, whose last statement is looked up.
    """
    rows = await ask("sessions", MOST)
    if rows is None:
        return None
    processes = tuple(map(process_of, rows))
    programs: dict[int, str] = {}
    if ask.server.performance_schema:
        programs = _by_id(await ask("applications") or (), "program")
        if holders:
            last = _by_id(await ask("last_statements", tuple(holders)) or (), "info")
            processes = tuple(
                replace(one, info=last[one.id])
                if tells_what_it_holds(one, last.get(one.id, ""))
                else one
                for one in processes
            )
    visible = sum(1 for one in processes if not one.of_the_server)
    full = len(processes) >= MOST
    return Sessions(processes, programs, max(0, int(connected or 0) - visible) if full else 0)


def tells_what_it_holds(process: Process, last: str) -> bool:
    """Whether ``last`` says what an idle session holds: one that has ended its transaction since
    it was looked at holds nothing any more, and COMMIT would lead astray.
    """
    first = last.split(None, 1)[:1]
    return not process.info and bool(first) and first[0].upper().rstrip(";") not in _ENDS


def _by_id(rows: Iterable[Record], column: str) -> dict[int, str]:
    return {int(row["id"]): _text(row[column]) for row in rows if row["id"] is not None}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
