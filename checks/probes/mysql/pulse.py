"""The fast tier: what every run asks of the server, and its samples."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.databases.model import SessionRow
from checks.model import SampleBuilder
from checks.probe import Metric
from checks.probes.mysql.asking import Asker, Record
from checks.probes.mysql.locks import (
    METADATA,
    Transaction,
    Waits,
    read_transactions,
    read_waits,
)
from checks.probes.mysql.replication import Channel, add_channels, channel_of
from checks.probes.mysql.server import Server, texts
from checks.probes.mysql.sessions import Process, process_of, session_row
from checks.probes.mysql.status import STATUS_NAMES, add_status, number

__all__ = [
    "PULSE_METRICS",
    "Group",
    "Pacer",
    "Pulse",
    "Survey",
    "add_pulse",
    "read_pulse",
    "read_survey",
]

LONG: Final = 1.0
"""Seconds from which a statement or transaction is worth showing."""
HANDFUL: Final = 8
OLDEST: Final = 8
"""Transactions whose sessions are looked up besides those that wait or are waited for."""
WANTED: Final = 50
LISTED: Final = 300
"""Sessions up to which MariaDB lists them all, which is cheaper than to have it choose."""
COMBINATIONS: Final = 60
"""Commands and states that have figures of their own."""
_PAUSE: Final = 300
"""How much longer than it takes the survey of the sessions rests, so that its share of the
server's CPU stays small."""
_LONGEST_PAUSE: Final = 10.0
"""Seconds. A survey is slow also where the machine is busy; the locks of then must be seen."""
_INNODB: Final = {
    "trx_rseg_history_len": "mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len",
    "lock_deadlocks": "mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total",
    "lock_timeouts": "mysql_info_schema_innodb_metrics_lock_lock_timeouts_total",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Sessions of one command and state, and the seconds they have been in it in all."""

    command: str
    state: str
    sessions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen of the sessions. ``groups`` and ``transactions`` are None where they may
    not be seen; ``processes`` are those that do something, hold or wait. ``blind`` says that
    only our own user's sessions are among them, for want of a privilege."""

    groups: tuple[Group, ...] | None = None
    processes: tuple[Process, ...] = ()
    transactions: tuple[Transaction, ...] | None = None
    waits: Waits = field(default_factory=Waits)
    blind: bool = False

    @property
    def by_thread(self) -> dict[int, Transaction]:
        """The oldest transaction of each session."""
        return {one.thread: one for one in reversed(self.transactions or ())}

    def by_state(self) -> tuple[tuple[str, float], ...]:
        """Sessions by command, most first."""
        counts: Counter[str] = Counter()
        for group in self.groups or ():
            counts[group.command] += group.sessions
        return tuple((name, float(count)) for name, count in counts.most_common())

    @property
    def waiting(self) -> dict[int, float]:
        """Seconds that each session has waited for another, as far as the server tells."""
        found = {one.id: one.seconds for one in self.processes if one.waits}
        for transaction in self.transactions or ():
            if transaction.waited is not None:
                found[transaction.thread] = transaction.waited
        return found

    def working(self, own: frozenset[int]) -> list[Process]:
        """Those that run a statement, the longest first, ours apart."""
        found = (one for one in self.processes if one.works and one.id not in own)
        return sorted(found, key=lambda one: -one.seconds)

    def holding(self) -> list[tuple[Process, Transaction]]:
        """Those that hold a transaction open and do nothing, with it, the longest first."""
        known = self.by_thread
        found = [(one, known[one.id]) for one in self.processes if one.sleeps and one.id in known]
        return sorted(found, key=lambda pair: -pair[0].seconds)

    def attention(self, boot: int, own: frozenset[int]) -> tuple[SessionRow, ...]:
        """The sessions that deserve it: the longest first, then those that others wait for,
        then those who wait."""
        known, waiting = self.by_thread, self.waiting
        rows = {
            one.id: session_row(one, boot, own, known.get(one.id), self.waits)
            for one in self.processes
        }

        def age(process: Process) -> float:
            transaction = known.get(process.id)
            open_for = transaction.age if transaction is not None else 0.0
            return max(open_for, process.seconds if process.works else 0.0)

        aged = [(age(one), one.id) for one in self.processes if one.id not in own]
        longest = [id_ for seconds, id_ in sorted(aged, reverse=True) if seconds >= LONG]
        blocking = sorted(self.waits.blocking & rows.keys(), key=lambda one: one in waiting)
        chosen = (*longest[:HANDFUL], *blocking[:HANDFUL], *sorted(waiting.keys() & rows.keys()))
        return tuple(rows[one] for one in list(dict.fromkeys(chosen))[: 3 * HANDFUL])


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """What one run saw. ``latency`` is the seconds the first statement took, ``now`` the
    server's clock; ``status`` is empty where it could not be read, ``channels`` None; ``sent`` is
    how many statements of ours it counted until then."""

    latency: float
    now: float
    read_only: bool
    status: Mapping[str, str]
    survey: Survey
    channels: tuple[Channel, ...] | None
    innodb: Mapping[str, float] = field(default_factory=dict)
    sent: int = 0

    def figure(self, name: str) -> float | None:
        """A status variable as a number."""
        return number(self.status.get(name))

    @property
    def deadlocks(self) -> float | None:
        """Since the server's start: MariaDB counts them in its status, MySQL elsewhere."""
        counted = self.figure("Innodb_deadlocks")
        return self.innodb.get(_INNODB["lock_deadlocks"]) if counted is None else counted

    def deadlocks_since(self, before: Pulse | None) -> str:
        """A sentence on those since ``before``, in the same life of the server; else empty."""
        now, then = self.deadlocks, before.deadlocks if before is not None else None
        rise = now - then if now is not None and then is not None else 0
        if rise <= 0:
            return ""
        plural = "s" if rise > 1 else ""
        return f"{rise:,.0f} deadlock{plural}: SHOW ENGINE INNODB STATUS tells of the newest"


@dataclass(slots=True)
class Pacer:
    """Keeps what takes the server long from being asked at every run."""

    next: float = 0.0

    def due(self, now: float) -> bool:
        return now >= self.next

    def took(self, now: float, seconds: float) -> None:
        """It was asked at ``now`` and took ``seconds``."""
        self.next = now + min(seconds * _PAUSE, _LONGEST_PAUSE)


async def read_pulse(ask: Asker, now: float, pacer: Pacer, before: Survey) -> Pulse:
    """The pulse; what may not be read is missing from it. ``before`` is the survey of the run
    before, which stands where it is too early for another.

    Raises:
        TargetError: the connection was lost.
    """
    began = time.perf_counter()
    first = await ask("pulse")
    latency = time.perf_counter() - began
    # What else is sent until the server answers, it counts later.
    sent = ask.link.sent + 1
    status = await ask.pairs("status", names=texts(STATUS_NAMES)) or {}
    innodb = {} if ask.server.mariadb else _innodb(await ask("innodb_metrics") or ())
    channels = await ask("replication")
    survey = before
    if pacer.due(now):
        began = time.perf_counter()
        survey = await read_survey(ask, number(status.get("Threads_connected")))
        pacer.took(now, time.perf_counter() - began)
    row = first[0] if first else {}
    return Pulse(
        latency=latency,
        now=float(row.get("now") or 0.0),
        # A switch, and from MariaDB 12 on one of several words.
        read_only=str(row.get("read_only", 0)).upper() not in ("0", "OFF"),
        status=status,
        survey=survey,
        channels=None if channels is None else tuple(map(channel_of, channels)),
        innodb=innodb,
        sent=sent,
    )


def _innodb(rows: Sequence[Record]) -> dict[str, float]:
    return {_INNODB[row["name"]]: float(row["value"]) for row in rows if row["name"] in _INNODB}


async def read_survey(ask: Asker, connected: float | None) -> Survey:
    """The sessions: by state, those that matter, transactions, who waits for whom."""
    transactions = await read_transactions(ask)
    if transactions is None and ask.denied("transactions"):
        return await _of_ours(ask)
    if ask.server.mariadb and connected is not None and connected <= LISTED:
        return await _of_a_few(ask, transactions)
    groups = await ask("sessions_by_state")
    by_state = None if groups is None else tuple(map(_group, groups))
    known = transactions or ()
    waits = await _waits(ask, known, tables=any(METADATA in one.state for one in by_state or ()))
    ids = _wanted(known, waits, 0.0) or (0,)
    rows = await ask("busy", ids, ids)
    return Survey(by_state, tuple(map(process_of, rows or ())), transactions, waits)


async def _of_ours(ask: Asker) -> Survey:
    """What is seen without PROCESS: our own user's sessions. How many do what, and who waits,
    is known of nobody else, so it is not counted."""
    rows = await ask("busy", (0,), (0,))
    return Survey(None, tuple(map(process_of, rows or ())), None, blind=True)


async def _of_a_few(ask: Asker, transactions: tuple[Transaction, ...] | None) -> Survey:
    """All sessions at once; more is asked only of those that take long or wait."""
    rows = await ask("processlist")
    if rows is None:
        return Survey(None, (), transactions)
    processes = {one.id: one for one in map(_listed, rows)}
    groups = _grouped(processes.values())
    known = transactions or ()
    waits = await _waits(
        ask, known, tables=any(METADATA in one.state for one in processes.values())
    )
    ids = _wanted(known, waits, LONG)
    long = (one for one in processes.values() if one.works and one.seconds >= LONG)
    ids += tuple(one.id for one in sorted(long, key=lambda one: -one.seconds)[:WANTED])
    if ids:
        found = await ask("session", tuple(dict.fromkeys(ids)))
        processes |= {one.id: one for one in map(process_of, found or ())}
    wanted = {*ids, *(one.thread for one in known)}
    kept = (one for one in processes.values() if one.id in wanted or not one.sleeps)
    return Survey(groups, tuple(kept), transactions, waits)


def _grouped(processes: Iterable[Process]) -> tuple[Group, ...]:
    """What ``sessions_by_state`` would say of them."""
    counts: Counter[tuple[str, str]] = Counter()
    seconds: dict[tuple[str, str], float] = {}
    for one in processes:
        key = (one.command, one.state)
        counts[key] += 1
        seconds[key] = seconds.get(key, 0.0) + one.seconds
    return tuple(Group(*key, count, seconds[key]) for key, count in counts.most_common())


def _listed(row: Record) -> Process:
    """The process in a row of SHOW PROCESSLIST, which cuts statements off and numbers none."""
    return process_of(
        {
            **{name.lower(): value for name, value in row.items()},
            "seconds": row["Time"],
            "query_id": 0,
        }
    )


async def _waits(ask: Asker, known: Sequence[Transaction], *, tables: bool) -> Waits:
    waiting = any(one.waited is not None for one in known)
    if not (waiting or tables):
        return Waits()
    return await read_waits(ask, known, rows=waiting, tables=tables)


def _wanted(known: Sequence[Transaction], waits: Waits, age: float) -> tuple[int, ...]:
    """The sessions of transactions as old as ``age``, of those that wait or are waited for."""
    wanted = dict.fromkeys(one.thread for one in known[:OLDEST] if one.age >= age)
    wanted |= dict.fromkeys(sorted(waits.blocking))
    wanted |= dict.fromkeys(one.thread for one in known if one.waited is not None)
    return tuple(wanted)[:WANTED]


def _group(row: Record) -> Group:
    return Group(
        str(row["command"] or ""),
        str(row["state"] or ""),
        int(row["sessions"]),
        float(row["seconds"] or 0),
    )


def add_pulse(out: SampleBuilder, pulse: Pulse, server: Server, own: frozenset[int]) -> None:
    """The samples of ``pulse``; ``own`` are our sessions."""
    add_status(out, pulse.status, server)
    for name, value in pulse.innodb.items():
        out.add(name, value)
    if pulse.channels is not None:
        add_channels(out, pulse.channels)
    survey = pulse.survey
    _add_groups(out, survey.groups)
    _add_transactions(out, survey.transactions)
    if survey.groups is not None:
        working = survey.working(own)
        out.add("mysql_longest_query_seconds", working[0].seconds if working else 0.0)
    if survey.transactions is not None:
        ages = [one.age for one in survey.transactions]
        out.add("mysql_longest_transaction_seconds", max(ages, default=0.0))
        idle = [process.seconds for process, _ in survey.holding()]
        out.add("mysql_longest_idle_in_transaction_seconds", max(idle, default=0.0))
        waiting = survey.waiting
        out.add("mysql_lock_waiting_sessions", len(waiting))
        out.add("mysql_longest_lock_wait_seconds", max(waiting.values(), default=0.0))


def _add_groups(out: SampleBuilder, groups: Sequence[Group] | None) -> None:
    counts: dict[tuple[str, str], tuple[int, float]] = {}
    for group in (groups or ())[:COMBINATIONS]:
        key = (_plain(group.command), _plain(group.state))
        sessions, seconds = counts.get(key, (0, 0.0))
        counts[key] = (sessions + group.sessions, seconds + group.seconds)
    for (command, state), (sessions, seconds) in counts.items():
        labels = {"command": command, "state": state}
        out.add("mysql_info_schema_processlist_threads", sessions, labels)
        out.add("mysql_info_schema_processlist_seconds", seconds, labels)


def _plain(text: str) -> str:
    """A state as mysqld_exporter writes it in a label."""
    return re.sub(r"[ -]", "_", re.sub(r"[;,:.()]", "", text.lower())) or "unknown"


def _add_transactions(out: SampleBuilder, transactions: Sequence[Transaction] | None) -> None:
    if transactions is None:
        return
    for state, wanted in (("RUNNING", False), ("LOCK WAIT", True)):
        found = [one.age for one in transactions if (one.waited is not None) is wanted]
        labels = {"state": state}
        out.add("mysql_info_schema_innodb_trx_transactions", len(found), labels)
        oldest = max(found, default=0.0)
        out.add("mysql_info_schema_innodb_trx_oldest_transaction_seconds", oldest, labels)


_BY_STATE: Final = ("command", "state")
PULSE_METRICS: Final = (
    Metric("mysql_info_schema_processlist_threads", "gauge", "sessions by state", "", _BY_STATE),
    Metric("mysql_info_schema_processlist_seconds", "gauge", "their seconds in it", "s", _BY_STATE),
    Metric(
        "mysql_info_schema_innodb_trx_transactions", "gauge", "open transactions", "", ("state",)
    ),
    Metric(
        "mysql_info_schema_innodb_trx_oldest_transaction_seconds",
        *("gauge", "age of the oldest", "s"),
        ("state",),
    ),
    Metric("mysql_longest_query_seconds", "gauge", "how long a statement has been running", "s"),
    Metric(
        "mysql_longest_transaction_seconds", "gauge", "how long a transaction has been open", "s"
    ),
    Metric(
        "mysql_longest_idle_in_transaction_seconds",
        *("gauge", "how long a session has held one open doing nothing", "s"),
    ),
    Metric("mysql_lock_waiting_sessions", "gauge", "sessions that wait for others' locks"),
    Metric("mysql_longest_lock_wait_seconds", "gauge", "how long one has waited for a lock", "s"),
)
