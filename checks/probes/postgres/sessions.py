"""Sessions: the longest and those that block others at every run, all of them on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from checks.databases.model import SessionRow
from checks.databases.statements import statement
from checks.dial import place
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import CLIENT, Pulse

__all__ = ["Attention", "Sessions", "look_closer", "read_sessions", "session_id", "session_key"]

MOST: Final = 500
"""Sessions that are shown; what is beyond them is counted."""
LONG: Final = 1.0
"""Seconds from which a statement or transaction is looked at at every run."""
HANDFUL: Final = 8
_FED: Final = frozenset({"WalSenderMain", "WalSenderWaitForWAL", "WalSenderWaitForWal"})
"""What the sender to a replica waits for that has all there is. It is said to be active with one
statement for as long as the replica is connected, which would be the longest of all."""


@dataclass(frozen=True, slots=True)
class Attention:
    """What the fast tier saw of single sessions.

    ``waits`` is the seconds that the one which has waited longest for a lock has waited.
    """

    longest: tuple[SessionRow, ...] = ()
    blocked: tuple[SessionRow, ...] = ()
    blockers: tuple[SessionRow, ...] = ()
    waits: float = 0.0

    @property
    def rows(self) -> tuple[SessionRow, ...]:
        """The longest first, then those that block others, then those that are blocked."""
        found = {row.id: row for row in (*self.blocked, *self.blockers)}
        first = [found.pop(row.id, row) for row in self.longest]
        blockers = [found.pop(row.id) for row in self.blockers if row.id in found][:HANDFUL]
        return (*first, *blockers, *list(found.values())[:HANDFUL])


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions, as far as they are shown."""

    rows: tuple[SessionRow, ...]
    left_out: int


def session_id(pid: int, started: int | None) -> str:
    """What names a session for good: its process and the microsecond it began at."""
    return f"{pid}-{started or 0}"


def session_key(text: str) -> tuple[int, int] | None:
    """Process and beginning in an id; None where it is none, or the beginning was hidden."""
    pid, _, started = text.partition("-")
    if not (pid.isdigit() and started.isdigit() and int(started) and int(pid) < 2**31):
        return None
    return int(pid), int(started)


async def look_closer(ask: Asker, pulse: Pulse) -> Attention:
    """The sessions that deserve it; asks nothing where none does."""
    found = Attention()
    if max(pulse.longest_transaction, pulse.longest_query) >= LONG:
        rows = await ask("longest")
        found = Attention(_session_rows(ask, rows or (), pulse.names))
    if pulse.waiting:
        rows = await ask("blocking")
        found = _with_blocking(found, _session_rows(ask, rows or (), pulse.names), rows or ())
    return found


def _with_blocking(
    found: Attention, sessions: Sequence[SessionRow], rows: Sequence[Any]
) -> Attention:
    waits = [row["waits"] for row in rows if row["waits"] is not None]
    return replace(
        found,
        blocked=tuple(row for row in sessions if row.blocked_by),
        blockers=_most_blocking_first(sessions),
        waits=max(waits, default=0.0),
    )


def _most_blocking_first(sessions: Sequence[SessionRow]) -> tuple[SessionRow, ...]:
    """Those that others wait for, those who wait for nobody themselves first."""
    blocking: dict[str, int] = {}
    for session in sessions:
        for blocker in session.blocked_by:
            blocking[blocker] = blocking.get(blocker, 0) + 1
    found = [session for session in sessions if session.id in blocking]
    return tuple(sorted(found, key=lambda row: (bool(row.blocked_by), -blocking[row.id])))


async def read_sessions(ask: Asker, names: Mapping[int, str], within: float) -> Sessions | None:
    """Every session, the idle ones last; None where that fails."""
    rows = await ask("sessions", MOST, within=within)
    if rows is None:
        return None
    total = rows[0]["total"] if rows else 0
    return Sessions(_session_rows(ask, rows, names), total - len(rows))


def _session_rows(
    ask: Asker, rows: Iterable[Any], names: Mapping[int, str]
) -> tuple[SessionRow, ...]:
    rows = list(rows)
    ids = {row["pid"]: session_id(row["pid"], row["started"]) for row in rows}
    return tuple(_session_row(ask, row, ids, names) for row in rows)


def _session_row(
    ask: Asker, row: Any, ids: Mapping[int, str], names: Mapping[int, str]
) -> SessionRow:
    hidden = row["backend_type"] is None
    state = row["state"] or ""
    blocked_by = _blockers(row["blocked_by"], ids)
    feeding = row["wait_event"] in _FED
    idle = state == "idle" or feeding
    # Of a statement that runs the state is as old as it is; older ones may have begun before.
    seconds = row["query_age"] if state == "active" and not row["in_state"] else row["in_state"]
    return SessionRow(
        id=ids[row["pid"]],
        pid=row["pid"],
        user=ask.text(row["usename"]),
        database=names.get(row["datid"], ""),
        client=_client(row),
        application=ask.text(row["application_name"]),
        state=row["backend_type"] if feeding else state or _kind(row["backend_type"]),
        idle=idle,
        # How long it has fed its replica would put it before all that are idle.
        seconds=None if feeding else seconds,
        transaction=row["transaction"],
        waiting="Lock" if hidden and blocked_by else _waiting(row, idle=idle),
        blocked_by=blocked_by,
        # The server says "<insufficient privilege>" instead.
        query="" if hidden else statement(ask.text(row["query"])),
        own=row["pid"] in ask.own,
    )


def _client(row: Any) -> str:
    if row["client_addr"]:
        return place(row["client_addr"], row["client_port"] or 0)
    return "" if row["client_port"] is None else "local"


def _kind(backend: str | None) -> str:
    """What stands for the state of a session that has none: the server's own, or hidden."""
    if backend is None:
        return "hidden"
    return "" if backend == CLIENT else backend


def _waiting(row: Any, *, idle: bool) -> str:
    kind, event = row["wait_event_type"], row["wait_event"]
    # Every session that waits for its client is said to wait for just that.
    if not kind or idle or (kind, event) == ("Client", "ClientRead"):
        return ""
    return f"{kind}: {event}"


def _blockers(pids: Sequence[int] | None, ids: Mapping[int, str]) -> tuple[str, ...]:
    """Ids of those that are waited for; one that is not in sight is a prepared transaction,
    or began or ended meanwhile."""
    return tuple(dict.fromkeys(ids.get(pid, session_id(pid, None)) for pid in pids or ()))
