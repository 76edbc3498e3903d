"""What a request log has to stand on every kind of server: one class for all of them.

Each test file derives from it with a fixture ``log_database``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from checks.requests import reader
from checks.requests.stats import WINDOWS
from tests.checks.remote_logs import LogDatabase, RemoteBench, Request, TimeStyle, insertion
from tests.checks.request_logs import NOW, log_config

BARE: dict[str, Any] = {"status": None, "duration": None, "error": None, "labels": []}
SECONDS = {"column": "latency_ms", "unit": "s"}
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


MISSPELT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"status": "statuscode"}, 'has no column "statuscode"; did you mean "status_code"?'),
    ({"duration": "latency"}, 'has no column "latency"; did you mean "latency_ms"?'),
    ({"time": "createdat"}, 'has no column "createdat"; did you mean "created_at"?'),
    ({"id": "ident"}, 'has no column "ident"; it has id, created_at, provider_id, '),
    ({"labels": ["providerid"], "error": "zzz"}, 'has no columns "zzz", "providerid" (did'),
)


class RequestLogCases:
    """What is read from a table, and what is said where it cannot be."""

    async def fill(
        self, database: LogDatabase, requests: Sequence[Request], style: TimeStyle = INSTANT
    ) -> None:
        for start in range(0, len(requests), 1000):
            await database.run(insertion(requests[start : start + 1000], style))

    async def test_every_way_to_write_a_time(self, log_database: LogDatabase) -> None:
        for style in STYLES:
            name = f"{style.name}_log"
            await log_database.run(log_database.schema(style, name))
            log = log_config(table=name, time=style.config)
            live = RemoteBench(log_database, log, now=NOW)
            await live.poll()
            ages = (1.0, 59.0, 61.0, 299.0, 301.0, 3599.0, 3700.0)
            rows = [(NOW - age, "a", 200, 5.0, None) for age in ages]
            await log_database.run(insertion(rows, style, name))
            # At this moment no time step is half over: windows are as long as their names say.
            stats = await live.poll()
            assert (style.name, [w.count for w in stats.windows]) == (style.name, [2, 4, 5, 6])
            assert (live.counted(), stats.note) == (7, "")
            past = await RemoteBench(log_database, log, now=NOW).poll()
            assert (style.name, [w.count for w in past.windows]) == (style.name, [2, 4, 5, 6])

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

    async def test_a_table_without_rows(self, log_database: LogDatabase) -> None:
        await log_database.run(log_database.schema(INSTANT))
        bench = RemoteBench(log_database, log_config(), now=NOW)
        stats = await bench.poll()
        assert [(w.count, w.covered, w.p95) for w in stats.windows] == [
            (0, seconds, None) for seconds in WINDOWS
        ]
        bench.statements.clear()
        await bench.poll(5)
        assert len(bench.statements) <= 3

    async def test_an_idle_log_costs_two_look_ups(self, log_database: LogDatabase) -> None:
        await log_database.run(log_database.schema(INSTANT))
        await self.fill(log_database, [(NOW, "a", 200, 5.0, None)] * 100)
        bench = RemoteBench(log_database, log_config(), now=NOW)
        await bench.poll()
        bench.statements.clear()
        await bench.poll(5)
        assert len(bench.statements) == 2

    async def test_a_misspelt_column_is_named(self, log_database: LogDatabase) -> None:
        await log_database.run(log_database.schema(INSTANT))
        for setting, near in MISSPELT:
            bench = RemoteBench(log_database, log_config(**setting), now=NOW)
            reason, sentence = await bench.trouble()
            said = f"table request_logs {near}"
            assert (reason, sentence[: len(said)]) == ("config", said)

    async def test_a_misspelt_table_is_named_with_its_nearest(
        self, log_database: LogDatabase
    ) -> None:
        await log_database.run(log_database.schema(INSTANT))
        bench = RemoteBench(log_database, log_config(table="request_log"), now=NOW)
        assert await bench.trouble() == (
            "config",
            'no such table: request_log; did you mean "request_logs"?',
        )

    async def test_a_column_that_is_renamed_ends_the_figures_until_it_is_back(
        self, log_database: LogDatabase
    ) -> None:
        await log_database.run(log_database.schema(INSTANT))
        bench = RemoteBench(log_database, log_config(), now=NOW)
        await bench.poll()
        await log_database.run("ALTER TABLE request_logs RENAME COLUMN status_code TO code")
        reason, sentence = await bench.trouble()
        assert reason == "config"
        assert sentence.startswith('table request_logs has no column "status_code"; ')
        await log_database.run("ALTER TABLE request_logs RENAME COLUMN code TO status_code")
        await self.fill(log_database, [(NOW, "a", 200, 5.0, None)] * 3)
        assert (await bench.poll(1)).windows[0].count == 3

    async def test_names_in_another_case_than_the_table_has(
        self, log_database: LogDatabase
    ) -> None:
        await log_database.run(log_database.schema(INSTANT))
        names = {"id": "ID", "time": "Created_At", "status": "STATUS_CODE", "error": "Error"}
        log = log_config(**names, duration="Latency_MS", labels=["Provider_ID"])
        bench = RemoteBench(log_database, log, now=NOW)
        await bench.poll()
        await self.fill(log_database, [(NOW, "a", 500, 5.0, None)])
        stats = await bench.poll(1)
        assert stats.windows[0].errors == 1
        assert [label for label, _ in stats.windows[0].breakdown] == ["Provider_ID"]

    async def test_names_are_quoted(self, log_database: LogDatabase) -> None:
        quote = log_database.quoted
        for name in ("weird name", "select", "a%sb", "x; DROP TABLE y", "ünï"):
            await log_database.run(
                f"CREATE TABLE {quote(name)} (id INTEGER PRIMARY KEY, {quote(name)} BIGINT)"
            )
            log = log_config(table=name, time=name, **{**BARE, "labels": [name]})
            bench = RemoteBench(log_database, log, now=NOW)
            await bench.poll()
            await log_database.run(f"INSERT INTO {quote(name)} VALUES (1, {NOW:.0f})")  # noqa: S608
            assert (name, (await bench.poll(1)).windows[0].count) == (name, 1)

    async def test_a_condition_with_percent_signs(self, log_database: LogDatabase) -> None:
        await log_database.run(log_database.schema(INSTANT))
        where = "provider_id LIKE 'open%' OR provider_id = '%s'"
        bench = RemoteBench(log_database, log_config(where=where), now=NOW)
        await bench.poll()
        await self.fill(
            log_database, [(NOW, name, 200, 5.0, None) for name in ("openai", "%s", "other")] * 20
        )
        assert (await bench.poll(1)).windows[0].count == 40
        assert (await RemoteBench(log_database, log_config(where=where), now=NOW).poll()).windows[
            0
        ].count == 40

    async def test_a_condition_that_few_rows_meet_does_not_read_the_whole_table(
        self, log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The start looks at the newest rows and leaves what is below to the back-fill."""
        monkeypatch.setattr(reader, "BATCH", 100)
        await log_database.run(log_database.schema(INSTANT))
        rows = [(NOW - 1200 + i, "a", 500 if i % 90 == 0 else 200, 5.0, None) for i in range(1000)]
        await self.fill(log_database, rows)
        bench = RemoteBench(log_database, log_config(where="status_code = 500"), now=NOW)
        first = await bench.poll(spare=0.0)
        assert (first.windows[-1].count, first.note) == (2, "reading the last hour: 0%")
        assert (await bench.complete()).windows[-1].count == 12
        await self.fill(log_database, [(NOW, "a", 500, 5.0, None), (NOW, "a", 200, 5.0, None)])
        await bench.poll(1)
        assert bench.counted() == 1

    async def test_a_key_that_is_no_integer_is_said(self, log_database: LogDatabase) -> None:
        for kind in ("varchar(36)", "double precision", "date"):
            await log_database.run(
                "DROP TABLE IF EXISTS request_logs",
                f"CREATE TABLE request_logs (id {kind} PRIMARY KEY, created_at BIGINT)",
            )
            bench = RemoteBench(log_database, log_config(**BARE), now=NOW)
            reason, sentence = await bench.trouble()
            assert (kind, reason) == (kind, "config")
            assert sentence.startswith("column id of table request_logs is no integer but ")
            assert sentence.endswith("; name an integer key that grows as `id`")

    async def test_a_key_that_is_a_decimal_without_a_fraction(
        self, log_database: LogDatabase
    ) -> None:
        await log_database.run(
            "CREATE TABLE request_logs (id DECIMAL(20, 0) PRIMARY KEY, created_at BIGINT)"
        )
        bench = RemoteBench(log_database, log_config(**BARE), now=NOW)
        await bench.poll()
        insert = "INSERT INTO request_logs VALUES"
        for key in (1, 2, 2**53 + 1):
            await log_database.run(f"{insert} ({key}, {NOW:.0f})")
            await bench.poll(1)
        assert bench.counted() == 3

    async def test_a_large_table_without_an_index_on_its_key_is_not_read(
        self, log_database: LogDatabase
    ) -> None:
        await log_database.run(
            "CREATE TABLE request_logs (id BIGINT, created_at BIGINT)", *log_database.many(150_000)
        )
        bench = RemoteBench(log_database, log_config(**BARE), now=NOW)
        reason, sentence = await bench.trouble()
        assert reason == "config"
        assert sentence.startswith("no index of table request_logs begins with id, so every look ")
        await log_database.run("CREATE INDEX by_id ON request_logs(id)")
        await bench.poll()

    async def test_a_view(self, log_database: LogDatabase) -> None:
        await log_database.run(
            log_database.schema(INSTANT, "log"),
            "CREATE VIEW request_logs AS SELECT id, created_at, provider_id, status_code,"
            " latency_ms / 1000 AS latency_ms, error FROM log WHERE status_code <> 204",
        )
        bench = RemoteBench(log_database, log_config(duration=SECONDS), now=NOW)
        await bench.poll()
        rows = [(NOW, "a", 204 if i % 3 == 0 else 200, 500.0, None) for i in range(30)]
        await log_database.run(insertion(rows, INSTANT, "log"))
        minute = (await bench.poll(1)).windows[0]
        assert (minute.count, minute.maximum) == (20, 0.5)

    async def test_a_partitioned_table(self, log_database: LogDatabase) -> None:
        await log_database.run(*log_database.partitioned_schema(INSTANT))
        await self.fill(log_database, [(NOW - 9, "a", 200, 5.0, None)] * 90)
        bench = RemoteBench(log_database, log_config(), now=NOW)
        assert (await bench.poll()).windows[0].count == 90
        for number in range(1, 5):
            await self.fill(log_database, [(bench.now, "a", 200, 5.0, None)] * 40)
            await bench.poll(1)
            assert bench.counted() == 40 * number

    async def test_a_table_that_may_not_be_read(self, log_database: LogDatabase) -> None:
        await log_database.run(
            log_database.schema(INSTANT), log_database.schema(INSTANT, "nothing")
        )
        stranger = await log_database.stranger()
        bench = RemoteBench(stranger, log_config(), now=NOW)
        reason, sentence = await bench.trouble()
        assert reason == "permission"
        said, _, grant = sentence.partition(": ")
        assert said == "may not read table request_logs"
        await log_database.run(*grant.split("; "))
        await bench.poll(1)
        await self.fill(log_database, [(NOW, "a", 200, 5.0, None)])
        await bench.poll(1)
        await log_database.run(grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
        assert await bench.trouble() == (reason, sentence)
        await stranger.close()

    async def test_columns_that_may_not_be_read(self, log_database: LogDatabase) -> None:
        await log_database.run(
            log_database.schema(INSTANT), log_database.schema(INSTANT, "nothing")
        )
        grant = "GRANT SELECT (id, created_at, status_code) ON request_logs TO {user}"
        stranger = await log_database.stranger(grant)
        bench = RemoteBench(stranger, log_config(duration=None, error=None), now=NOW)
        reason, sentence = await bench.trouble()
        assert reason == "permission"
        assert "provider_id" in sentence
        assert "GRANT SELECT ON " in sentence
        some = RemoteBench(stranger, log_config(duration=None, error=None, labels=[]), now=NOW)
        await some.poll()
        await stranger.close()
