"""What a database server tells of itself besides samples: sessions, replicas, notes, and
what it is asked.

A probe puts a :class:`DatabaseFacts` into :attr:`checks.model.Result.database`. Numbers that
have a course (connections, throughput, hit rates) are samples; their kind names them as
:class:`FigureSpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from checks.model import Status, Table, clean

__all__ = ["Action", "Asked", "DatabaseFacts", "FigureSpec", "ReplicaRow", "SessionRow"]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session of a server.

    Attributes:
        id: names this session and never a later one that is given its number; opaque to
            everybody but the probe that made it.
        pid: its number on the server.
        state: in the server's own words (``active``, ``idle in transaction``, ``Sleep``).
        idle: it waits for its client and has no transaction open.
        seconds: how long it has been in that state.
        transaction: seconds since its transaction began; None where it is in none.
        waiting: what it waits for in the server, empty where for nothing.
        blocked_by: ids of the sessions whose locks it waits for.
        query: its statement, or its last one where it is idle; one cleaned line.
        own: it is one of onwatch's.
    """

    id: str
    pid: int
    user: str = ""
    database: str = ""
    client: str = ""
    application: str = ""
    state: str = ""
    idle: bool = False
    seconds: float | None = None
    transaction: float | None = None
    waiting: str = ""
    blocked_by: tuple[str, ...] = ()
    query: str = ""
    own: bool = False

    def __post_init__(self) -> None:
        for name in ("user", "database", "client", "application", "state", "waiting"):
            object.__setattr__(self, name, clean(getattr(self, name), 120))
        object.__setattr__(self, "query", clean(self.query, 4000))


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A statement, a round of commands or the like.

    Attributes:
        name: what the check calls it.
        rhythm: how often it is asked (``every run``).
        text: the statement as it is sent, one line, without credentials.
        cost: what it costs the server, in a sentence or two; empty where nobody knows.
        at: when it was asked last.
        seconds: how long the last few took from sending to the whole answer, the
            newest last.
        rows: rows, or replies, of the last answer; None where it failed or nobody counts.
        times: how often it was asked since the check began.
    """

    name: str
    rhythm: str
    text: str
    cost: str
    at: float
    seconds: tuple[float, ...]
    rows: int | None
    times: int

    @property
    def last(self) -> float:
        return self.seconds[-1]

    @property
    def mean(self) -> float:
        return sum(self.seconds) / len(self.seconds)

    @property
    def worst(self) -> float:
        return max(self.seconds)


@dataclass(frozen=True, slots=True)
class ReplicaRow:
    """One replication link or slot, seen from this server.

    ``lag`` in seconds, ``behind`` in bytes, each None where the server does not tell.
    """

    name: str
    role: Literal["replica", "upstream", "slot"]
    status: Status
    state: str = ""
    lag: float | None = None
    behind: float | None = None
    message: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "state", "message"):
            object.__setattr__(self, name, clean(getattr(self, name), 200))


@dataclass(frozen=True, slots=True, eq=False)
class DatabaseFacts:
    """What one run saw.

    Attributes:
        product: ``PostgreSQL``, ``MariaDB`` or ``MySQL``.
        version: as the server gives it.
        role: ``primary``, ``replica``, ``standalone``.
        connections: sessions in use, of at most ``connection_limit``.
        by_state: sessions by state, most first.
        longest: the sessions whose statement or transaction has been running longest,
            longest first, and those that block others; a handful, known at every run.
        sessions: every session (capped); None while nobody looks (the on-demand tier).
        sessions_left_out: how many there are beyond ``sessions``.
        replicas: replication links and slots.
        tables: slow tier: digests, sizes, index use and the like, each with its title.
        blind: why the sessions of others cannot be seen, and which GRANT allows it; empty where
            they can. Where it is given nothing is known of who waits or runs long.
        notes: what cannot be seen and what would allow it, a sentence each.
    """

    product: str
    version: str = ""
    role: str = ""
    connections: float | None = None
    connection_limit: float | None = None
    by_state: tuple[tuple[str, float], ...] = ()
    longest: tuple[SessionRow, ...] = ()
    sessions: tuple[SessionRow, ...] | None = None
    sessions_left_out: int = 0
    replicas: tuple[ReplicaRow, ...] = ()
    tables: tuple[Table, ...] = ()
    blind: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "version", clean(self.version, 80))
        put(self, "blind", clean(self.blind))
        put(self, "by_state", tuple((clean(name, 40), n) for name, n in self.by_state))
        put(self, "notes", tuple(clean(note) for note in self.notes))

    def session(self, key: str) -> SessionRow | None:
        """The session of that id, if it was seen."""
        known = (*(self.sessions or ()), *self.longest)
        return next((session for session in known if session.id == key), None)


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """A figure of the databases screen, made from a check's own samples.

    It is the sum of the series of ``metrics`` that carry ``labels``; of their increase a
    second where ``rate``; divided by the same of ``of`` where that is given (None where that
    is 0), and ``complement`` makes it one minus that. ``limit`` is a metric that bounds it.
    ``unit`` is one of :class:`checks.views.Chart`'s.
    """

    title: str
    metrics: tuple[str, ...]
    unit: str = ""
    rate: bool = False
    of: tuple[str, ...] = ()
    complement: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that changes a target, done to one of its sessions after a confirmation.

    By its id ``cancel`` ends what the session runs at the moment, ``terminate`` the session.
    """

    id: str
    title: str
    help: str
