"""The slow log of the redis check: newest entries, bounded, read only when it changed."""

from __future__ import annotations

import re

from checks.expectations import seconds
from checks.model import Result
from checks.probes.redis.slowlog import parse_entries
from tests.patience import PATIENCE
from tests.servers.redis import RedisServer, RedisWatch


def commands(result: Result) -> list[str]:
    return [row[2] for table in result.tables for row in table.rows]


async def test_newest_entries_are_a_table_with_the_exporters_figures(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server, slowlog=3)
    result = await probe.run()
    assert result.tables == ()
    assert result.samples.get("redis_slowlog_length") == 0
    redis_server.call("CLIENT", "SETNAME", "worker")
    redis_server.set(slowlog_log_slower_than=10_000)
    for number in range(5):
        redis_server.call("DEBUG", "SLEEP", f"0.02{number}")
    result = await probe.run()
    (table,) = result.tables
    assert table.columns == ("time", "duration", "command", "client")
    assert commands(result) == ["DEBUG SLEEP 0.024", "DEBUG SLEEP 0.023", "DEBUG SLEEP 0.022"]
    when, duration, _, client = table.rows[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", when)
    last = result.samples.get("redis_last_slow_execution_duration_seconds")
    assert last is not None
    assert 0.024 <= last < PATIENCE
    assert duration == seconds(last)
    assert re.fullmatch(r"worker 127\.0\.0\.1:\d+", client)
    assert result.samples.get("redis_slowlog_length") == 5
    assert result.samples.get("redis_slowlog_last_id") == 4


async def test_entries_are_read_again_only_after_a_new_one(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(slowlog_log_slower_than=10_000)
    redis_server.call("DEBUG", "SLEEP", "0.02")
    probe = redis_watch.probe(redis_server)

    def reads() -> int:
        # By its subcommands from Redis 7 on.
        told = redis_server.call("INFO", "all")
        return sum(map(int, re.findall(rb"cmdstat_slowlog(?:\|\w+)?:calls=(\d+)", told)))

    await probe.run()
    assert reads() == 3
    result = await probe.run()
    assert reads() == 5
    assert commands(result) == ["DEBUG SLEEP 0.02"]
    redis_server.call("SLOWLOG", "RESET")
    assert (await probe.run()).tables == ()


async def test_the_slow_log_is_left_alone_where_it_is_not_wanted(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    result = await redis_watch.once(redis_server, slowlog=0)
    assert result.samples.get("redis_slowlog_length") is None
    assert b"cmdstat_slowlog" not in redis_server.call("INFO", "all")


async def test_huge_entries_are_cut(redis_server: RedisServer, redis_watch: RedisWatch) -> None:
    redis_server.set(slowlog_log_slower_than=0)
    redis_server.call("RPUSH", "k", *["x" * 100_000] * 500)
    redis_server.set(slowlog_log_slower_than=-1)
    result = await redis_watch.once(redis_server)
    found = next(command for command in commands(result) if command.startswith("RPUSH"))
    assert len(found) <= 300
    assert found.endswith("…")


async def test_credentials_in_the_slow_log_are_masked(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(slowlog_log_slower_than=0)
    redis_server.call("CONFIG", "SET", "masterauth", "hunter2")
    redis_server.call("GET", "auth")
    redis_server.set(slowlog_log_slower_than=-1)
    shown = commands(await redis_watch.once(redis_server))
    assert "hunter2" not in "".join(shown)
    assert "CONFIG SET masterauth •••" in shown
    assert "GET auth" in shown


def test_masking_covers_what_newer_servers_hide_themselves() -> None:
    lines = {
        b"AUTH bob pw": "AUTH •••",
        b"HELLO 3 AUTH bob pw": "HELLO 3 AUTH •••",
        b"MIGRATE h 1 k 0 9 AUTH2 bob pw": "MIGRATE h 1 k 0 9 AUTH2 •••",
        b"ACL SETUSER bob on >pw +ping": "ACL SETUSER bob on •••",
        b"config set requirepass pw": "config set requirepass •••",
    }
    rows = [[1, 0, 5, line.split(), b"", b""] for line in lines]
    assert [entry.command for entry in parse_entries(rows)] == list(lines.values())


def test_malformed_entries_are_left_out() -> None:
    good = [2, 1_700_000_000, 12, [b"GET", b"a"]]
    rows = [None, [], [1, 2, 3], [1, b"x", 3, []], [1, 2, 3, b"GET"], [1, 2, 3, []], good]
    assert [(e.id, e.command, e.client) for e in parse_entries(rows)] == [
        (1, "", ""),
        (2, "GET a", ""),
    ]
    assert parse_entries(b"nothing") == ()
