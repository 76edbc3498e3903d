"""A user's own queries on PostgreSQL: each costs its own figures only, whatever it does."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from typing import Any

import pytest

from checks.dial import Phases
from checks.errors import TargetError
from checks.model import Part, Result, Status
from checks.probes.postgres.link import Link
from checks.probes.postgres.queries import bounded
from checks.queries import UserQuery
from tests.patience import tried_again
from tests.servers.postgres import PostgresDatabase, PostgresWatch

GOOD = {"metric": "good", "sql": "SELECT 1 AS value"}


def query(sql: str, metric: str = "odd", **more: Any) -> dict[str, Any]:
    return {"metric": metric, "sql": sql, **more}


def part(result: Result, name: str = "query odd") -> Part:
    return next(part for part in result.parts if part.name == name)


def labels(result: Result, metric: str, label: str) -> dict[str, float]:
    pairs = zip(result.samples.series, result.samples.values, strict=True)
    return {series.label(label): value for series, value in pairs if series.name == metric}


async def test_labels_and_values(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute(
        "CREATE TABLE jobs (queue text, n int);"
        "INSERT INTO jobs VALUES ('mails', 3), ('reports', 4), ('reports', 1)"
    )
    result = await postgres_watch.once(
        postgres_server,
        queries=[
            query(
                "SELECT queue, sum(n) AS n FROM jobs GROUP BY queue ORDER BY 1 -- all of them",
                value="n",
                labels=["queue"],
            )
        ],
    )
    assert result.status is Status.OK
    assert labels(result, "odd", "queue") == {"mails": 3, "reports": 5}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1::int2", 1.0),
        ("2::bigint", 2.0),
        ("2.5::numeric", 2.5),
        ("2.5::real", 2.5),
        ("true", 1.0),
        ("'7.25'::text", 7.25),
        ("interval '1 minute 1 second'", 61.0),
        ("'2020-01-01 00:00:10+00'::timestamptz", 1577836810.0),
        ("pg_current_wal_lsn() - pg_current_wal_lsn()", 0.0),
        ("'x'::text", None),
        ("'NaN'::float8", None),
        ("array[1]", None),
        ("NULL::int", "none"),
    ],
)
async def test_values_of_many_types(
    expression: str,
    value: float | str | None,
    postgres_server: PostgresDatabase,
    postgres_watch: PostgresWatch,
) -> None:
    result = await postgres_watch.once(
        postgres_server, queries=[query(f"SELECT {expression} AS value"), GOOD]
    )
    assert result.samples.get("good") == 1
    if value is None:
        assert "which is no number" in part(result).message
        assert part(result).status is Status.UNKNOWN
    elif value == "none":
        assert result.samples.get("odd") is None
        assert result.status is Status.OK
    else:
        assert result.samples.get("odd") == value


@pytest.mark.parametrize(
    ("sql", "clause"),
    [
        ("SELECT 1 AS n", "it has no column 'value'; it has n"),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELEC 1 AS value", 'syntax error at or near "SELEC"; it must be one SELECT statement'),
        ("SHOW max_connections", "it has no column 'value'; it has max_connections"),
        ("SELECT 1 AS value; SELECT 2 AS value", "cannot insert multiple commands"),
        ("CREATE TABLE written (value int)", "it yields no rows"),
        ("COMMIT", "it yields no rows; it must be one SELECT statement"),
        ("SELECT 1/0 AS value", "division by zero"),
        ("SELECT nextval('numbers') AS value", "it tries to write; queries must only read"),
        ("SELECT 1 AS value, 2 AS value", 'column reference "value" is ambiguous'),
        ("SELECT v AS value FROM (VALUES (1), (2)) t(v)", "two rows have the same labels"),
        ("SELECT 'x' AS value FROM pg_authid", ""),
    ],
)
async def test_a_query_that_fails_costs_its_own_figures(
    sql: str, clause: str, postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE SEQUENCE numbers")
    result = await postgres_watch.once(postgres_server, queries=[query(sql), GOOD])
    assert result.status is Status.UNKNOWN
    assert result.up
    assert part(result).message.startswith("query odd: ")
    assert clause in part(result).message
    assert result.samples.get("good") == 1
    assert result.samples.get("odd") is None
    assert result.samples.get("pg_up") == 1


async def test_a_query_on_what_the_role_may_not_read(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute(
        "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN IN ROLE pg_monitor;"
        "CREATE TABLE secrets (value int)"
    )
    result = await postgres_watch.once(
        postgres_server.url_of("reader"), queries=[query("SELECT value FROM secrets"), GOOD]
    )
    assert part(result).message == (
        "query odd: permission denied for table secrets: GRANT SELECT ON secrets TO reader"
    )
    assert result.reason == "permission"


async def test_a_query_that_may_not_be_read_does_not_hide_what_is_known(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
    await postgres_server.execute("CREATE TABLE secrets (value int)")
    result = await postgres_watch.once(
        postgres_server.url_of("reader"),
        connections_warning=0.001,
        connections_critical=1.0,
        queries=[query("SELECT value FROM secrets")],
    )
    assert result.status is Status.UNKNOWN
    assert result.reason == "permission"
    assert "of connections used" in result.message
    assert result.message.endswith(
        "; query odd: permission denied for table secrets: GRANT SELECT ON secrets TO reader"
    )


@tried_again
async def test_a_query_that_hangs_is_ended_on_the_server(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(
        postgres_server,
        timeout=1.0,
        queries=[query("SELECT 1 AS value FROM pg_sleep(60)"), GOOD],
    )
    began = time.monotonic()
    result = await probe.run()
    assert time.monotonic() - began < 1.0
    assert result.status is Status.WARNING
    assert result.reason == "timeout"
    assert part(result).message.startswith("query odd: it was stopped after 0.")
    assert result.samples.get("good") == 1
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'"
    sql = f"{running} AND state = 'active' AND pid <> pg_backend_pid()"
    assert postgres_server.psql(sql) == "0"
    assert (await probe.run()).samples.get("good") == 1


async def test_a_query_that_waits_for_a_lock(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE TABLE held (value int); INSERT INTO held VALUES (7)")
    link = await postgres_server.connect()
    await link.execute("BEGIN; LOCK TABLE held")
    result = await postgres_watch.probe(
        postgres_server,
        timeout=1.0,
        queries=[query("SELECT value FROM held"), GOOD],
        lock_wait={},
    ).run()
    assert result.status is Status.WARNING
    assert "it was stopped after" in part(result).message or "for a lock" in part(result).message
    assert result.samples.get("good") == 1


@tried_again
async def test_a_million_rows_are_not_fetched(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(
        postgres_server,
        queries=[
            query(
                "SELECT i AS value, i AS n FROM generate_series(1, 1000000) i",
                labels=["n"],
                max_rows=10,
            )
        ],
    )
    began = time.monotonic()
    result = await probe.run()
    assert time.monotonic() - began < 2
    assert len(labels(result, "odd", "n")) == 10
    assert result.status is Status.WARNING
    assert "query odd yields too many rows; those past 10 are left out" in part(result).message


async def test_a_cell_of_a_hundred_megabytes_stays_on_the_server(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    sql = (
        "SELECT 1 AS value, repeat('x', 100000000) AS huge, repeat('y', 100000000) AS name,"
        " repeat('z', 100000000)::bytea AS bytes"
    )
    probe = postgres_watch.probe(postgres_server, timeout=20, queries=[query(sql, labels=["name"])])
    tracemalloc.start()
    result = await probe.run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    (name,) = labels(result, "odd", "name")
    assert set(name) <= {"y", "…"}
    assert len(name) == 500


async def test_bytes_that_are_no_text(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(
        postgres_server,
        queries=[
            query(
                "SELECT 1 AS value, '\\xff00'::bytea AS b, E'\\x1b[31mred\\u202e\\n' AS c",
                labels=["b", "c"],
            )
        ],
    )
    assert labels(result, "odd", "b") == {"\\xff00": 1}
    assert labels(result, "odd", "c") == {"red ": 1}


async def test_a_query_has_its_own_interval(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE TABLE t (value int); INSERT INTO t VALUES (1)")
    probe = postgres_watch.probe(
        postgres_server,
        queries=[query("SELECT value FROM t", interval="30s"), query("SELECT value FROM t", "now")],
    )
    await probe.run()
    await postgres_server.execute("UPDATE t SET value = 2")
    await postgres_watch.clock.advance(5)
    result = await probe.run()
    assert (result.samples.get("odd"), result.samples.get("now")) == (1, 2)
    await postgres_watch.clock.advance(26)
    assert (await probe.run()).samples.get("odd") == 2


async def test_a_table_that_changes_under_a_prepared_query(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE TABLE t (value int); INSERT INTO t VALUES (1)")
    probe = postgres_watch.probe(postgres_server, queries=[query("SELECT * FROM t")])
    assert (await probe.run()).samples.get("odd") == 1
    await postgres_server.execute(
        "ALTER TABLE t ADD more text; ALTER TABLE t ALTER value TYPE text"
    )
    assert (await probe.run()).samples.get("odd") == 1
    await postgres_server.execute("ALTER TABLE t RENAME value TO other")
    assert "does not exist" in part(await probe.run()).message


async def test_queries_without_a_second_connection(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """The role may have one connection, and that is the health's."""
    await postgres_server.execute(
        "DROP ROLE IF EXISTS lonely; CREATE ROLE lonely LOGIN CONNECTION LIMIT 1"
    )
    result = await postgres_watch.once(postgres_server.url_of("lonely"), queries=[GOOD])
    found = part(result, "queries")
    assert found.status is Status.WARNING
    assert "there is no second connection for them" in found.message
    assert 'too many connections for role "lonely"' in found.message
    assert result.samples.get("pg_up") == 1


async def test_values_end_where_the_second_connection_is_lost(
    postgres_server: PostgresDatabase,
    postgres_watch: PostgresWatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = postgres_watch.probe(postgres_server, queries=[query("SELECT 1 AS value")])
    assert (await probe.run()).samples.get("odd") == 1

    async def gone(within: float, phases: Phases) -> Link:
        raise TargetError("limit", "too many connections")

    monkeypatch.setattr(probe._second._session, "ensure", gone)
    await postgres_watch.clock.advance(5)
    result = await probe.run()
    assert result.status is Status.WARNING
    assert result.samples.get("odd") is None


async def test_a_second_connection_that_hangs(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """The server lets the health in; whoever comes next is left waiting."""
    waiting: list[asyncio.StreamWriter] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The first two are the health's: it greets, and it logs in.
        waiting.append(writer)
        if len(waiting) > 2:
            return
        there, back = await asyncio.open_connection("127.0.0.1", postgres_server.port)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"postgresql://postgres@127.0.0.1:{port}/{postgres_server.name}?sslmode=disable"
    probe = postgres_watch.probe(url, timeout=1.0, queries=[GOOD])
    result = await probe.run()
    assert result.status is Status.WARNING
    assert result.reason == "timeout"
    assert "there is no second connection for them: the server" in part(result, "queries").message
    assert result.samples.get("pg_up") == 1
    await probe.close()
    for writer in waiting:
        writer.close()
    server.close()


async def test_slow_queries_do_not_keep_the_health_waiting(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    slow = [query("SELECT 1 AS value FROM pg_sleep(0.3)", f"slow{i}") for i in range(3)]
    probe = postgres_watch.probe(postgres_server, queries=slow)
    await probe.run()
    result = await probe.run()
    assert result.duration is not None
    assert result.duration < 0.2
    assert result.status is Status.OK
    await asyncio.sleep(0)


def test_what_the_server_is_asked_is_bounded() -> None:
    found = bounded(
        UserQuery(metric="m", sql='SELECT 1 AS n, \'a\' AS "od""d" ;\n', value="n", labels=["q"]),
        [("n", "numeric"), ("q", "text"), ("more", "bytea")],
    )
    assert found == (
        'SELECT q."n"::float8, '
        "decode(replace(left(q.\"q\"::text, 500), E'\\\\', E'\\\\\\\\'), 'escape')\n"
        'FROM (\nSELECT 1 AS n, \'a\' AS "od""d" \n) AS q\nLIMIT 101'
    )
    with pytest.raises(TargetError, match="no column 'value'"):
        bounded(UserQuery(metric="m", sql="x"), [("n", "int4")])
