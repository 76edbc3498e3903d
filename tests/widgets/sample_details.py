"""What the detail screen shows on the bad night."""

from __future__ import annotations

from dataclasses import replace

from checks.databases.asked import cost_of, rhythm_of
from checks.databases.model import Asked
from checks.model import Status, Table
from checks.probes.postgres.sql import statement_for
from checks.views import Chart, CheckDetails, EventView, ResultLine
from tests.widgets.curves import NAN, NOW, ramp

__all__ = ["asked", "database_details", "details", "events", "processes"]


DEGRADED = 'HTTP 503 after 231 ms: status is "degraded", expected "healthy"'


def processes() -> Table:
    rows = (
        ("412", "mysqld", "mysql", "148.0", "1.9 GB", "running", "/usr/sbin/mysqld"),
        ("2291", "php-fpm", "www-data", "61.2", "212 MB", "sleeping", "php-fpm: pool www"),
        ("873", "redis-server", "redis", "4.1", "58 MB", "sleeping", "redis-server 127.0.0.1:6379"),
        ("1", "systemd", "root", "0.0", "12 MB", "sleeping", "/sbin/init"),
        ("640", "sshd", "root", "0.0", "9.1 MB", "sleeping", "sshd: /usr/sbin/sshd -D"),
    )
    columns = ("pid", "name", "user", "cpu %", "memory", "state", "command")
    return Table("processes", columns, rows, frozenset({"pid", "cpu %", "memory"}))


def events() -> tuple[EventView, ...]:
    return (
        EventView(NOW - 545, "cache", "ok → warning: 91 % of maxmemory used (58 MB of 64 MB)"),
        EventView(NOW - 150, "gateway", "restarted: uptime fell from 3 d to 4 s"),
        EventView(NOW - 134, "gateway", f"ok → critical: {DEGRADED}"),
        EventView(
            NOW - 61,
            "search",
            "ok → critical: connection to 127.0.0.1:9200 refused: is the server running?",
        ),
        EventView(NOW - 40, "nightly export", "ok → stale: no answer within 3 s"),
    )


def asked() -> tuple[Asked, ...]:
    """What a check asks a PostgreSQL server, under the names and with the heads of its files."""
    took = {
        "databases": (0.0021, 0.0018, 0.0024),
        "sessions_by_state": (0.0011, 0.0012, 0.0012),
        "longest": (0.0016, 0.0014),
        "blocking": (0.0031,),
        "settings": (0.0042,),
        "database_sizes": (0.0138, 0.0121),
        "statements": (0.0312,),
    }
    found = []
    for name, seconds in took.items():
        sql = statement_for(name, (16,))
        head = cost_of(sql)
        rhythm = rhythm_of(head)
        at = NOW - (21.0 if rhythm == "each minute" else 1.2)
        text = " ".join(row for row in sql.split("\n") if not row.startswith("--"))
        line = " ".join(text.split())
        found.append(Asked(name, rhythm, line, head, at, seconds, len(name), 400))
    own = "SELECT queue, count(*) AS n FROM failed_jobs GROUP BY queue"
    cost = "Yours, from the configuration: what it costs is yours to know; EXPLAIN tells."
    found.append(Asked("query failed_jobs", "each 30 s", own, cost, NOW - 12, (0.0056,), 4, 60))
    return tuple(found)


def database_details(name: str) -> CheckDetails:
    """What the detail screen shows of a database server."""
    times = tuple(NOW - 600 + 5.0 * i for i in range(120))
    answers = Chart("answer", "s", times, ramp(120, 0.002, 0.019), 0.01, 0.05)
    told = (("server", "PostgreSQL 16.4"), ("started", "2023-11-12 04:10:00"))
    return replace(
        _service_details(name),
        charts=(answers, Chart("connections", "", times, ramp(120, 40, 147), 150, 190)),
        results=tuple(
            ResultLine(NOW - 1 - 5.0 * i, Status.OK, "answered in 2.1 ms: PostgreSQL 16.4", 0.0021)
            for i in range(40)
        ),
        phases=(("answer", 0.0161),),
        facts=told,
        tables=(),
        samples=(("pg_up", 1.0),),
        raw="",
        events=(),
        asked=asked(),
    )


def details(name: str = "gateway") -> CheckDetails:
    """What the detail screen shows of ``name``."""
    return database_details(name) if name == "shop" else _service_details(name)


def _service_details(name: str) -> CheckDetails:
    times = tuple(NOW - 600 + 5.0 * i for i in range(120))
    curve = ramp(120, 0.03, 0.24)
    gap = tuple(NAN if 30 <= i < 40 else value for i, value in enumerate(curve))
    results = tuple(
        ResultLine(
            NOW - 2 - 5.0 * i,
            Status.CRITICAL if i < 4 else Status.OK,
            DEGRADED if i < 4 else "HTTP 200 after 31 ms",
            0.231 if i < 4 else 0.031,
        )
        for i in range(40)
    )
    return CheckDetails(
        check=name,
        charts=(
            Chart("duration", "s", times, gap, 0.2, 0.5),
            Chart("error ratio", "ratio", times, ramp(120, 0.002, 0.062), 0.01, 0.05),
        ),
        results=results,
        phases=(
            ("dns", 0.0004),
            ("connect", 0.0021),
            ("tls", 0.0183),
            ("first byte", 0.2012),
            ("transfer", 0.009),
        ),
        facts=(
            ("address", "https://127.0.0.1:8443/health"),
            ("certificate", "expires in 12 d (CN=gateway.example)"),
            ("version", "2.14.1"),
        ),
        tables=(processes(),),
        samples=(
            ('probe_success{job="gateway"}', 0.0),
            ('probe_duration_seconds{job="gateway"}', 0.231),
        ),
        raw='{\n    "status": "degraded",\n    "note": "[red]not markup[/]"\n}',
        events=events(),
    )
