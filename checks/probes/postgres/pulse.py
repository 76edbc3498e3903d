"""The fast tier's two statements, and their samples under postgres_exporter's names."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from checks.model import SampleBuilder
from checks.probes.postgres.asking import Asker

__all__ = [
    "CLIENT",
    "DATABASE_COUNTERS",
    "STATES",
    "ZEROS_FOR",
    "Group",
    "Pulse",
    "Server",
    "add_pulse",
    "read_pulse",
]

CLIENT: Final = "client backend"
"""What the server calls a session of somebody's."""

DATABASE_COUNTERS: Final = (
    *("xact_commit", "xact_rollback", "blks_read", "blks_hit"),
    *("tup_returned", "tup_fetched", "tup_inserted", "tup_updated", "tup_deleted"),
    *("conflicts", "temp_files", "temp_bytes", "deadlocks", "blk_read_time", "blk_write_time"),
    "checksum_failures",
)
"""Columns of pg_stat_database that only grow."""

STATES: Final = (
    *("active", "idle", "idle in transaction", "idle in transaction (aborted)"),
    *("fastpath function call", "disabled"),
)
"""The states a session can be in; the exporter gives a figure for each, also where it is 0."""
ZEROS_FOR: Final = 50
"""Databases up to which states that no session is in have a figure of their own."""
DATABASES: Final = 200
"""Databases that have figures of their own."""


@dataclass(frozen=True, slots=True)
class Server:
    """The figures of the whole server. Times are its own, in seconds since 1970."""

    in_recovery: bool
    now: float
    started: float
    next_xid: int
    max_connections: int
    reserved: int
    senders: int
    slots: int

    @property
    def usable(self) -> int:
        """Connections that users without special rights may have in all."""
        return max(1, self.max_connections - self.reserved)


@dataclass(frozen=True, slots=True)
class Group:
    """Sessions of one database, state and kind; ages in seconds are those of the oldest.

    ``hidden`` ones tell this role neither their state nor their times.
    """

    datid: int
    state: str
    kind: str
    sessions: int
    waiting: int
    transaction: float | None
    query: float | None
    in_state: float | None
    xmin_age: int | None
    hidden: bool = False

    @property
    def client(self) -> bool:
        """Whether they are somebody's sessions rather than the server's own processes."""
        return self.kind == CLIENT


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """What one run saw. ``server`` and ``databases`` are missing where they may not be read,
    and so are ``groups``. ``latency`` is the seconds the first statement took. ``locked_out`` are
    those who wait for a lock, where that had to be counted apart."""

    latency: float
    server: Server | None
    databases: tuple[dict[str, Any], ...]
    names: dict[int, str]
    groups: tuple[Group, ...] | None
    more_databases: bool = False
    locked_out: int | None = None

    @property
    def clients(self) -> tuple[Group, ...]:
        """The groups of somebody's sessions."""
        return tuple(group for group in self.groups or () if group.client)

    @property
    def connections(self) -> int | None:
        """Connections in use; None where they cannot be seen."""
        return None if self.groups is None else sum(g.sessions for g in self.clients)

    @property
    def blind(self) -> bool:
        """Whether sessions of others are hidden from this role: what runs long is not known."""
        return any(group.client and group.hidden for group in self.groups or ())

    @property
    def waiting(self) -> int:
        """Sessions that wait for a lock, the server's own processes too."""
        if self.locked_out is not None:
            return self.locked_out
        return sum(group.waiting for group in self.groups or ())

    @property
    def longest_transaction(self) -> float:
        """Seconds since the oldest transaction in sight of a client began; 0 without one."""
        ages = (g.transaction for g in self.clients if g.state != "idle")
        return max((age for age in ages if age is not None), default=0.0)

    @property
    def longest_idle(self) -> float:
        """Seconds that a session has held a transaction open without doing anything."""
        idle = (g.in_state for g in self.clients if g.state.startswith("idle in transaction"))
        return max((age for age in idle if age is not None), default=0.0)

    @property
    def longest_query(self) -> float:
        """Seconds that the oldest statement in sight has been running; 0 where none runs."""
        ages = (g.query for g in self.clients if g.state == "active")
        return max((age for age in ages if age is not None), default=0.0)

    def by_state(self) -> tuple[tuple[str, float], ...]:
        """Clients by state, most first."""
        counts: Counter[str] = Counter()
        for group in self.clients:
            counts[group.state or "hidden"] += group.sessions
        return tuple((state, float(count)) for state, count in counts.most_common())

    def total(self, column: str) -> int | None:
        """The sum of a column of pg_stat_database over all databases."""
        found = [row[column] for row in self.databases if row[column] is not None]
        return int(sum(found)) if found else None


async def read_pulse(ask: Asker) -> Pulse:
    """The pulse; what may not be read is missing from it.

    Raises:
        TargetError: the connection was lost, or a statement ran out of time.
    """
    began = time.perf_counter()
    databases = await ask("databases")
    latency = time.perf_counter() - began
    groups = await ask("sessions_by_state")
    rows = tuple(dict(row) for row in databases or ())
    names = {row["datid"]: ask.text(row["datname"]) for row in rows}
    pulse = Pulse(
        latency=latency,
        server=_server(rows[0]) if rows else None,
        databases=rows[:DATABASES],
        names=names,
        groups=None if groups is None else tuple(map(_group, groups)),
        more_databases=len(rows) > DATABASES,
    )
    if not pulse.blind:
        return pulse
    # Locks are no secret, whoever holds them.
    waiting = await ask("waiting")
    return replace(pulse, locked_out=waiting[0]["waiting"] if waiting else None)


def _server(row: dict[str, Any]) -> Server:
    return Server(**{name: row[name] for name in Server.__slots__})


def _group(row: Any) -> Group:
    # To a role that may not see them, other roles' sessions have neither state nor kind.
    hidden = CLIENT if row["has_user"] and row["datid"] else ""
    return Group(
        datid=row["datid"],
        state=row["state"] or "",
        kind=row["backend_type"] or hidden,
        sessions=row["sessions"],
        waiting=row["waiting"],
        transaction=row["transaction"],
        query=row["query"],
        in_state=row["in_state"],
        xmin_age=row["xmin_age"],
        hidden=not row["backend_type"],
    )


def add_pulse(to: SampleBuilder, pulse: Pulse, version: str) -> None:
    """The samples of ``pulse``."""
    short = version.split(" ", 1)[0]
    to.add("pg_static", 1, {"version": version, "short_version": short})
    if pulse.server is not None:
        _add_server(to, pulse.server)
    for row in pulse.databases:
        _add_database(to, row, pulse.names.get(row["datid"], ""))
    if pulse.groups is not None:
        _add_sessions(to, pulse)


def _add_server(to: SampleBuilder, server: Server) -> None:
    to.add("pg_postmaster_start_time_seconds", server.started)
    to.add("pg_replication_is_replica", server.in_recovery)
    to.add("pg_txid_current", server.next_xid)
    to.add("pg_connections_usable", server.usable)


def _add_database(to: SampleBuilder, row: dict[str, Any], name: str) -> None:
    labels = {"datid": str(row["datid"]), "datname": name}
    to.add("pg_stat_database_numbackends", row["numbackends"], labels)
    to.add("pg_stat_database_stats_reset", row["stats_reset"], labels)
    for column in DATABASE_COUNTERS:
        to.add(f"pg_stat_database_{column}", row[column], labels)


def _add_sessions(to: SampleBuilder, pulse: Pulse) -> None:
    to.add("pg_connections_used", pulse.connections)
    if pulse.locked_out is not None or not pulse.blind:
        to.add("pg_stat_activity_waiting", pulse.waiting)
    ages = [group.xmin_age for group in pulse.groups or () if group.xmin_age is not None]
    to.add("pg_oldest_snapshot_age_transactions", max(ages, default=0))
    if not pulse.blind:
        _add_states(to, pulse)


def _add_states(to: SampleBuilder, pulse: Pulse) -> None:
    """What is only known where no session is hidden: 0 would be an assertion."""
    to.add("pg_longest_transaction_seconds", pulse.longest_transaction)
    to.add("pg_longest_query_seconds", pulse.longest_query)
    to.add("pg_longest_idle_in_transaction_seconds", pulse.longest_idle)
    counts: dict[tuple[str, str], tuple[int, float]] = dict.fromkeys(_zeros(pulse), (0, 0.0))
    for group in pulse.groups or ():
        key = (pulse.names.get(group.datid, ""), group.state)
        if all(key):
            sessions, longest = counts.get(key, (0, 0.0))
            age = max(longest, group.transaction or 0.0)
            counts[key] = (sessions + group.sessions, age)
    for (name, state), (sessions, longest) in counts.items():
        labels = {"datname": name, "state": state}
        to.add("pg_stat_activity_count", sessions, labels)
        to.add("pg_stat_activity_max_tx_duration", longest, labels)


def _zeros(pulse: Pulse) -> Iterator[tuple[str, str]]:
    """Database and state of the figures that the exporter gives in any case."""
    names: Sequence[str] = [name for name in pulse.names.values() if name]
    for name in names if len(names) <= ZEROS_FOR else ():
        yield from ((name, state) for state in STATES)
