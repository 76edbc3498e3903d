"""Database servers of the bad night: a lock pile-up, a replica that lags, one that is down."""

from __future__ import annotations

from dataclasses import replace

from checks.databases.model import Action, DatabaseFacts, ReplicaRow, SessionRow
from checks.model import Status, Table
from checks.views import CheckView, DatabaseView, FigureView, Points
from tests.widgets.curves import NAN, NOW, ramp, wave

__all__ = [
    "ACTIONS",
    "database",
    "database_checks",
    "databases",
    "mariadb_facts",
    "postgres_facts",
    "session",
]

ACTIONS = (
    Action(
        "cancel",
        "cancel the statement",
        "pg_cancel_backend: what the session runs ends with an error, the session stays",
    ),
    Action(
        "terminate",
        "terminate the session",
        "pg_terminate_backend: its transaction is rolled back and its connection closed",
    ),
)

_UPDATE = (
    "UPDATE accounts SET balance = balance - $1, updated_at = now() "
    "WHERE id = $2 AND balance >= $1 RETURNING balance"
)
_REPORT = (
    "SELECT customer_id, date_trunc('day', created_at) AS day, count(*), sum(total) FROM orders "
    "JOIN order_lines USING (order_id) WHERE created_at > now() - interval '90 days' "
    "GROUP BY 1, 2 ORDER BY 4 DESC"
)


def session(pid: int, **changes: object) -> SessionRow:
    """A session of the shop that runs nothing in particular."""
    made = SessionRow(
        id=f"{pid}/1700000000.{pid}",
        pid=pid,
        user="app",
        database="shop",
        client="10.0.0.5:51234",
        application="php-fpm",
        state="active",
        seconds=0.4,
        transaction=0.4,
        query="SELECT 1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _pile_up() -> tuple[SessionRow, ...]:
    """One that holds a row and does nothing, and seven behind it."""
    root = session(
        4121,
        client="10.0.0.9:40112",
        application="psql",
        user="anna",
        state="idle in transaction",
        seconds=251.0,
        transaction=268.0,
        query="UPDATE accounts SET frozen = true WHERE id = 17",
    )
    first = session(
        4130,
        seconds=244.0,
        transaction=244.1,
        waiting="transactionid",
        blocked_by=(root.id,),
        query=_UPDATE,
    )
    waiters = tuple(
        session(
            4131 + i,
            client=f"10.0.0.{5 + i % 3}:5{i:04}",
            seconds=230.0 - 31 * i,
            transaction=230.2 - 31 * i,
            waiting="tuple",
            blocked_by=(first.id,),
            query=_UPDATE,
        )
        for i in range(6)
    )
    return (root, first, *waiters)


def _others() -> tuple[SessionRow, ...]:
    busy = (
        session(
            3987,
            user="report",
            application="metabase",
            client="10.0.0.20:33412",
            seconds=734.0,
            transaction=734.0,
            waiting="BufferIO",
            query=_REPORT,
        ),
        session(4255, seconds=0.02, transaction=0.02, query="SELECT * FROM carts WHERE id = $1"),
        session(
            4001,
            user="",
            database="",
            client="",
            application="",
            state="autovacuum",
            seconds=91.0,
            transaction=91.0,
            query="autovacuum: VACUUM ANALYZE public.order_lines",
        ),
    )
    idle = tuple(
        session(
            4300 + i,
            client=f"10.0.0.{5 + i % 3}:6{i:04}",
            state="idle",
            idle=True,
            seconds=3.0 + 17 * i,
            transaction=None,
            query="COMMIT",
        )
        for i in range(24)
    )
    own = session(
        4400,
        user="onwatch",
        application="onwatch",
        client="",
        own=True,
        seconds=0.001,
        query="SELECT pid, usename, … FROM pg_stat_activity",
    )
    return (*busy, *idle, own)


def _statements() -> Table:
    columns = ("statement", "calls/s", "mean", "total", "rows")
    rows = (
        (_UPDATE, "41", "212 ms", "38 %", "41"),
        (_REPORT, "0.02", "12.1 s", "21 %", "1,204"),
        ("SELECT * FROM carts WHERE id = $1", "812", "0.3 ms", "11 %", "812"),
        ("INSERT INTO events (kind, payload) VALUES ($1, $2)", "96", "1.1 ms", "5 %", "96"),
    )
    return Table("Statements", columns, rows, frozenset(columns[1:]))


def _sizes() -> Table:
    columns = ("table", "size", "rows", "dead", "autovacuum")
    rows = (
        ("public.order_lines", "41 GB", "210,441,002", "12 %", "running"),
        ("public.orders", "12 GB", "38,120,554", "3 %", "2 h ago"),
        ("public.events", "8.1 GB", "91,002,117", "0 %", "11 m ago"),
        ("public.accounts", "310 MB", "1,204,118", "41 %", "never"),
    )
    return Table("Tables", columns, rows, frozenset({"size", "rows", "dead"}))


def postgres_facts(**changes: object) -> DatabaseFacts:
    """A primary on which a forgotten transaction holds up seven sessions."""
    sessions = (*_pile_up(), *_others())
    made = DatabaseFacts(
        product="PostgreSQL",
        version="16.3",
        role="primary",
        connections=96.0,
        connection_limit=100.0,
        by_state=(("idle", 84.0), ("active", 11.0), ("idle in transaction", 1.0)),
        longest=(sessions[8], *sessions[:4]),
        sessions=sessions,
        sessions_left_out=60,
        replicas=(
            ReplicaRow("replica-1 (10.0.0.11)", "replica", Status.OK, "streaming", 0.2, 18_204.0),
            ReplicaRow(
                "replica-2 (10.0.0.12)",
                "replica",
                Status.WARNING,
                "catchup",
                94.0,
                812e6,
                "94 s behind, warning from 60 s",
            ),
            ReplicaRow("debezium", "slot", Status.OK, "logical, active", None, 2.1e6),
        ),
        tables=(_statements(), _sizes()),
        notes=("index use is not seen in 3 databases: GRANT CONNECT ON DATABASE … TO onwatch",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def mariadb_facts(**changes: object) -> DatabaseFacts:
    """A replica that has fallen behind, with little to do besides."""
    apply = SessionRow(
        "7/1",
        7,
        "system user",
        state="Slave_SQL",
        seconds=412.0,
        waiting="executing",
        query="ALTER TABLE request_logs ADD INDEX idx_created (created_at)",
    )
    sleeping = tuple(
        SessionRow(
            f"{90 + i}/{i}",
            90 + i,
            "gateway",
            "aigateway",
            f"10.0.1.{i}:4{i:04}",
            state="Sleep",
            idle=True,
            seconds=4.0 + 40 * i,
        )
        for i in range(5)
    )
    made = DatabaseFacts(
        product="MariaDB",
        version="10.11.6",
        role="replica",
        connections=7.0,
        connection_limit=151.0,
        by_state=(("Sleep", 5.0), ("Slave_SQL", 1.0), ("Query", 1.0)),
        longest=(apply,),
        sessions=(apply, *sleeping),
        replicas=(
            ReplicaRow(
                "10.0.1.2:3306",
                "upstream",
                Status.CRITICAL,
                "SQL running, IO running",
                412.0,
                None,
                "412 s behind, critical from 300 s",
            ),
        ),
        tables=(
            Table(
                "Tables",
                ("table", "size", "rows, about"),
                (("aigateway.request_logs", "18 GB", "88,412,009"),),
                frozenset({"size", "rows, about"}),
            ),
        ),
        notes=(
            "statements are not seen: performance_schema is off; "
            "set performance_schema=ON in my.cnf and restart",
            "lock waits are not seen: GRANT PROCESS ON *.* TO 'onwatch'@'localhost'",
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _figure(
    title: str, unit: str, value: float | None, course: Points, limit: float | None = None
) -> FigureView:
    return FigureView(title, unit, value, course, limit)


def _postgres_figures() -> tuple[FigureView, ...]:
    return (
        _figure("commits", "1/s", 231.0, wave(120, 180, 260, 40)),
        _figure("rollbacks", "1/s", 4.1, ramp(120, 0.1, 4.1)),
        _figure("cache hits", "ratio", 0.9921, wave(120, 0.985, 0.996, 50)),
        _figure("blocked", "", 7.0, ramp(120, 0.0, 7.0)),
        _figure("deadlocks", "1/s", 0.0, (0.0,) * 120),
        _figure("temp files", "bytes", 41e6, wave(120, 0, 48e6, 70)),
        _figure("longest transaction", "s", 734.0, ramp(120, 20.0, 734.0)),
        _figure("WAL written", "bytes", 2.4e6, wave(120, 1.8e6, 3e6, 33)),
    )


def _mariadb_figures() -> tuple[FigureView, ...]:
    return (
        _figure("questions", "1/s", 812.0, wave(120, 700, 900, 30)),
        _figure("slow queries", "1/s", 0.0, (0.0,) * 120),
        _figure("buffer pool hits", "ratio", 0.9996, (0.9996,) * 120),
        _figure("threads running", "", 2.0, wave(120, 1, 3, 9), 151.0),
        _figure("replica lag", "s", 412.0, ramp(120, 0.0, 412.0)),
    )


def _redis_figures() -> tuple[FigureView, ...]:
    return (
        _figure("clients", "", 48.0, wave(120, 40, 52, 21), 10_000.0),
        _figure("memory", "bytes", 58e6, ramp(120, 40e6, 58e6), 64e6),
        _figure("commands", "1/s", 4_210.0, wave(120, 3600, 4800, 44)),
        _figure("hit rate", "ratio", 0.948, wave(120, 0.93, 0.96, 60)),
        _figure("evicted", "1/s", 12.0, ramp(120, 0.0, 12.0)),
    )


def database(
    check: str = "shop",
    kind: str = "postgres",
    status: Status = Status.CRITICAL,
    **changes: object,
) -> DatabaseView:
    """A server, in trouble as the shop's is unless told otherwise."""
    made = DatabaseView(
        check=check,
        kind=kind,
        status=status,
        figures=_postgres_figures(),
        facts=postgres_facts(),
        tables=(),
        actions=ACTIONS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def databases() -> tuple[DatabaseView, ...]:
    """A server in each state that there is."""
    slow_log = Table(
        "Slow log",
        ("time", "duration", "command", "client"),
        (
            ("2023-11-14 22:12:51", "41 ms", "KEYS session:*", "worker 10.0.0.7:41822"),
            ("2023-11-14 22:01:07", "12 ms", "SMEMBERS tags:all", "php-fpm 10.0.0.5:39114"),
        ),
        frozenset({"duration"}),
    )
    gone = tuple(replace(each, value=None) for each in _postgres_figures())
    return (
        database(),
        database(
            "gateway-db",
            "mysql",
            figures=_mariadb_figures(),
            facts=mariadb_facts(),
        ),
        database(
            "cache",
            "redis",
            Status.WARNING,
            figures=_redis_figures(),
            facts=None,
            tables=(slow_log,),
            actions=(),
        ),
        database("ledger-db", figures=gone, silent_since=NOW - 204),
        database(
            "billing-db",
            status=Status.UNKNOWN,
            figures=(_figure("commits", "1/s", None, (NAN,) * 3),),
            facts=None,
            silent_since=NOW - 7200,
        ),
    )


def _row(
    name: str, kind: str, status: Status, message: str, ago: float, **changes: object
) -> CheckView:
    made = CheckView(
        name=name,
        kind=kind,
        address=f"{kind}://10.0.0.3/{name}",
        instance="10.0.0.3",
        status=status,
        since=NOW - ago,
        message=message,
        reason="limit",
        value="up",
        duration=0.003,
        history=wave(60, 0.002, 0.004),
        parts=(),
        last_run=NOW - 2,
        interval=5.0,
        up=True,
        labels={},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def database_checks() -> tuple[CheckView, ...]:
    """The checks of :func:`databases`, worst first."""
    return (
        _row(
            "shop",
            "postgres",
            Status.CRITICAL,
            "7 sessions wait for locks, the longest for 4 m, behind session 4121 of anna, which "
            "is idle in transaction; 96 % of connections used (96 of 100)",
            244,
        ),
        _row(
            "gateway-db",
            "mysql",
            Status.CRITICAL,
            "the replica is 412 s behind 10.0.1.2:3306, critical from 300 s",
            405,
        ),
        _row(
            "ledger-db",
            "postgres",
            Status.CRITICAL,
            "connection to 10.0.0.4:5432 refused: is the server running?",
            204,
            up=False,
            value="down",
            duration=None,
            reason="refused",
        ),
        _row(
            "billing-db",
            "postgres",
            Status.UNKNOWN,
            'the server answers but refuses user "onwatch": give its password in ~/.pgpass or '
            "as password: {file: …}",
            7200,
            value="",
            reason="auth",
        ),
        _row(
            "cache",
            "redis",
            Status.WARNING,
            "91 % of maxmemory used (58 MB of 64 MB)",
            545,
        ),
    )
