"""How much empty space is told of a table and its indexes that lost most of their rows."""

from __future__ import annotations

import pytest

from checks.model import Samples
from tests.servers.postgres import PostgresDatabase, PostgresServers, PostgresWatch

ROWS = 60_000


def percent(samples: Samples, kind: str, **labels: str) -> float:
    found = samples.get(f"pg_bloat_{kind}_bloat_pct", **labels)
    assert found is not None
    return found


@pytest.fixture
async def orders(postgres_servers: PostgresServers) -> PostgresDatabase:
    """A table of some megabytes with an index on columns, one of them with nulls, and one on an
    expression."""
    database = PostgresDatabase(postgres_servers.start(autovacuum="off"))
    await database.execute(
        "CREATE TABLE orders (id serial PRIMARY KEY, v text, n int);"
        "INSERT INTO orders (v, n)"
        " SELECT md5(i::text) || repeat('x', i % 60), CASE WHEN i % 3 = 0 THEN i END"
        " FROM generate_series(1, 60000) AS i;"
        "CREATE INDEX both_columns ON orders (v, n); CREATE INDEX shouted ON orders (upper(v));"
        "CREATE TABLE small (id int)"
    )
    return database


async def told(database: PostgresDatabase, watch: PostgresWatch, *first: str) -> Samples:
    for statement in (*first, "ANALYZE"):
        await database.execute(statement)
    return (await watch.once(database)).samples


@pytest.mark.asyncio
async def test_what_was_deleted_is_empty_space(
    orders: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    names = ("orders_pkey", "both_columns", "shouted")
    full = await told(orders, postgres_watch)
    table = {"datname": "postgres", "schemaname": "public", "relname": "orders"}
    assert percent(full, "table", **table) < 10
    assert all(percent(full, "btree", **table, idxname=name) < 10 for name in names)
    assert full.get("pg_bloat_table_real_size", relname="small") is None

    emptied = await told(
        orders, postgres_watch, "DELETE FROM orders WHERE id % 10 > 0", "VACUUM orders"
    )
    assert 85 < percent(emptied, "table", **table) < 95
    assert all(80 < percent(emptied, "btree", **table, idxname=name) < 95 for name in names)
    size = (await orders.fetch("SELECT pg_relation_size('orders')"))[0][0]
    assert emptied.get("pg_bloat_table_real_size", **table) == size
    assert emptied.get("pg_bloat_table_bloat_size", **table) == pytest.approx(0.9 * size, rel=0.1)


@pytest.mark.asyncio
async def test_of_what_may_not_be_read_nothing_is_said(
    orders: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await orders.execute("CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher; ANALYZE orders")
    result = await postgres_watch.once(orders.url_of("watcher"))
    assert result.up
    assert result.samples.get("pg_bloat_table_real_size") is None
    assert result.samples.get("pg_stat_user_tables_n_live_tup", relname="orders") == ROWS
