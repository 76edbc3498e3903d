"""What a request log has to stand on every kind of server: one class for all of them.

Each test file derives from it with a fixture ``log_database``.
"""

from __future__ import annotations

import random

import pytest

from tests.checks.remote_logs import LogDatabase, RemoteBench, Request, TimeStyle, insertion
from tests.checks.request_logs import NOW, log_config

INSTANT = TimeStyle("instant", "timestamptz", "TIMESTAMP(6) NULL")
DATETIME = TimeStyle("datetime", "timestamp", "DATETIME(6)")
EPOCH = TimeStyle("epoch", "bigint", "BIGINT", unit=1e3)
TEXT = TimeStyle("text", "text", "VARCHAR(40)")
STYLES = (
    INSTANT,
    DATETIME,
    EPOCH,
    TEXT,
    TimeStyle("seconds", "double precision", "DECIMAL(12,0)", unit=1),
    TimeStyle("zulu", "varchar(40)", "TEXT", text="zulu"),
    TimeStyle("offset", "char(40)", "CHAR(40)", zone="Asia/Kolkata", text="offset"),
    TimeStyle(
        "berlin",
        "timestamp",
        "DATETIME(3)",
        zone="Europe/Berlin",
        config={"column": "created_at", "zone": "Europe/Berlin"},
    ),
)


def request(dice: random.Random, when: float | None) -> Request:
    status = dice.choices([200, 201, 302, 404, 429, 500, 503, None], [80, 4, 3, 4, 2, 3, 2, 2])[0]
    error = f"refresh failed: token {dice.randint(1, 99)}" if status == 500 else None
    latency = None if dice.random() < 0.01 else round(dice.lognormvariate(4, 1.2), 3)
    return (when, dice.choice(["openai", "anthropic", "local", None]), status, latency, error)


class RequestLogCases:
    """Tests against a real server."""

    async def fill(
        self, database: LogDatabase, requests: list[Request], style: TimeStyle = INSTANT
    ) -> None:
        for start in range(0, len(requests), 1000):
            await database.run(insertion(requests[start : start + 1000], style))

    @pytest.mark.parametrize("style", STYLES, ids=lambda style: str(style.name))
    async def test_every_way_to_write_a_time(
        self, log_database: LogDatabase, style: TimeStyle
    ) -> None:
        await log_database.run(log_database.schema(style))
        bench = RemoteBench(log_database, log_config(time=style.config), now=NOW)
        await bench.poll()
        ages = (1.0, 59.0, 61.0, 299.0, 301.0, 3599.0, 3700.0)
        # At this moment no time step is half over: windows are as long as their names say.
        await self.fill(log_database, [(NOW - age, "a", 200, 5.0, None) for age in ages], style)
        stats = await bench.poll()
        assert [window.count for window in stats.windows] == [2, 4, 5, 6]
        assert stats.note == ""
        assert bench.counted() == 7
        # A second reader finds the same in the past.
        again = RemoteBench(log_database, log_config(time=style.config), now=NOW)
        assert [window.count for window in (await again.poll()).windows] == [2, 4, 5, 6]

    async def test_what_is_no_time_or_number_is_unknown(self, log_database: LogDatabase) -> None:
        """It neither fails the statement nor is anything invented."""
        await log_database.run(log_database.loose_schema())
        good = "'2023-11-14 22:13:19'"
        rows = [
            (good, "'200'", "'10'"),
            ("'2023-11-14T22:13:19,5Z'", "'404 Not Found'", "' 1e1 '"),
            ("'2023-11-15 03:43:18.25 +0530'", "'n/a'", "'n/a'"),
            ("'2023-11-14 22:13'", "''", "''"),
            ("'2023-02-30 10:00:00'", "'OK'", "'-5'"),
            ("'2023-02-29T10:00:00Z'", "'99999999999999999999'", "'NaN'"),
            ("'2023-11-14 25:00:00'", "' 503'", "'1.'"),
            ("'today'", "'5'", "'1e999'"),
            ("''", "'1000'", "'12ms'"),
            ("NULL", "NULL", "NULL"),
        ]
        values = ", ".join(f"({', '.join(row)})" for row in rows)
        insert = f"INSERT INTO request_logs(created_at, status_code, latency_ms) VALUES {values}"  # noqa: S608
        log = log_config(labels=[], error=None)
        live = RemoteBench(log_database, log, now=NOW)
        await live.poll()
        await log_database.run(insert)
        stats = await live.poll()
        minute = stats.windows[0]
        # The four that are dates, and as now those that are none.
        assert minute.count == 10
        assert dict(minute.by_class) == {"none": 7, "2xx": 1, "4xx": 1, "5xx": 1}
        assert (minute.minimum, minute.maximum) == (0.001, 0.01)
        times = sorted(row.time for row in minute.slowest)
        assert times == [NOW - 1, NOW - 0.5, NOW]
        past = RemoteBench(log_database, log, now=NOW)
        assert (await past.poll()).windows[0].by_class == minute.by_class
