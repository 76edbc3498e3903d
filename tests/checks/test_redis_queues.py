"""Queues and values kept in Redis, changed from outside as workers change them."""

from __future__ import annotations

from typing import Any

import pytest

from checks.model import Status
from checks.probes.redis.config import KeySource
from checks.probes.redis.queues import read_figure
from checks.probes.redis.reply import parse_number
from tests.servers.redis import RedisServer, RedisWatch

SEED = {
    "name": "default",
    "size": {"list": "queues:default"},
    "processing": {"list": "queues:default:processing"},
    "failed": {"value": "queues:default:failed"},
}


async def test_the_figures_of_a_queue_follow_its_keys(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server, queues=[SEED])
    samples = (await probe.run()).samples
    for what in ("size", "processing", "failed"):
        assert samples.get(f"queue_{what}", queue="default") == 0
    redis_server.call("LPUSH", "queues:default", "1", "2", "3")
    redis_server.call("RPOPLPUSH", "queues:default", "queues:default:processing")
    redis_server.call("INCRBY", "queues:default:failed", 7)
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("queue_size", queue="default") == 2
    assert result.samples.get("queue_processing", queue="default") == 1
    assert result.samples.get("queue_failed", queue="default") == 7


@pytest.mark.parametrize(
    ("source", "fill"),
    [
        ({"list": "k"}, ("RPUSH", "k", "a", "b")),
        ({"set": "k"}, ("SADD", "k", "a", "b")),
        ({"zset": "k"}, ("ZADD", "k", "1", "a", "2", "b")),
        ({"hash": "k"}, ("HSET", "k", "a", "1", "b", "2")),
        ({"value": "k"}, ("SET", "k", "2")),
    ],
    ids=["list", "set", "zset", "hash", "value"],
)
async def test_every_kind_of_key_counts(
    source: dict[str, str],
    fill: tuple[str, ...],
    redis_server: RedisServer,
    redis_watch: RedisWatch,
) -> None:
    probe = redis_watch.probe(redis_server, queues=[{"name": "q", "size": source}])
    assert (await probe.run()).samples.get("queue_size", queue="q") == 0
    redis_server.call(*fill)
    assert (await probe.run()).samples.get("queue_size", queue="q") == 2


async def test_a_stream_with_its_group_gives_length_and_pending(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    queue = {"name": "events", "size": {"stream": "s", "group": "workers"}}
    probe = redis_watch.probe(redis_server, queues=[queue])
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("queue_size", queue="events") == 0
    for _ in range(3):
        redis_server.call("XADD", "s", "*", "field", "value")
    result = await probe.run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert result.message == 'queue events: stream "s" has no group "workers"'
    redis_server.call("XGROUP", "CREATE", "s", "workers", "0")
    redis_server.call("XREADGROUP", "GROUP", "workers", "w1", "COUNT", "2", "STREAMS", "s", ">")
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("redis_stream_length", db="db0", stream="s") == 3
    assert result.samples.get("redis_stream_group_messages_pending", group="workers") == 2
    assert result.samples.get("queue_processing", queue="events") == 2


def test_the_lag_that_redis_7_reports_is_the_queue() -> None:
    source = KeySource(stream="s", group="g")
    group = [b"name", b"g", b"consumers", 1, b"pending", 2, b"entries-read", 8, b"lag", 4]
    figure = read_figure(source, [12, [[b"name", b"other", b"lag", 99], group]])
    assert (figure.count, figure.length, figure.pending, figure.lag) == (4, 12, 2, 4)


async def test_celery_counts_priorities_and_what_is_unacknowledged(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("LPUSH", "celery", "1", "2")
    redis_server.call("LPUSH", "celery\x06\x163", "3")
    redis_server.call("LPUSH", "celery\x06\x169", "4")
    redis_server.call("HSET", "unacked", "tag", "[]")
    for queue in ({"celery": ["celery"]}, {"name": "celery", "layout": "celery"}):
        samples = (await redis_watch.once(redis_server, queues=[queue])).samples
        assert samples.get("queue_size", queue="celery") == 4
        assert samples.get("celery_queue_length", queue_name="celery") == 4
        assert samples.get("queue_processing", queue="celery") == 1
    several = await redis_watch.once(redis_server, queues=[{"celery": ["celery", "mail"]}])
    assert several.samples.get("celery_queue_length", queue_name="mail") == 0
    assert several.samples.get("queue_processing", queue="celery") is None
    assert several.samples.get("queue_processing", queue="unacked") == 1


async def test_laravel_counts_reserved_and_delayed_behind_its_prefix(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("RPUSH", "shop_queues:mail", "1", "2")
    redis_server.call("ZADD", "shop_queues:mail:reserved", "1", "a")
    redis_server.call("ZADD", "shop_queues:mail:delayed", "1", "b", "2", "c", "3", "d")
    queues = [{"laravel": ["mail", "other"], "prefix": "shop_"}]
    samples = (await redis_watch.once(redis_server, queues=queues)).samples
    assert samples.get("queue_size", queue="mail") == 2
    assert samples.get("queue_processing", queue="mail") == 1
    assert samples.get("queue_delayed", queue="mail") == 3
    assert samples.get("queue_size", queue="other") == 0


async def test_bounds_of_a_queue(redis_server: RedisServer, redis_watch: RedisWatch) -> None:
    queue: dict[str, Any] = {**SEED, "warning": 2, "critical": 4}
    probe = redis_watch.probe(redis_server, queues=[queue])
    expected = [Status.OK, Status.OK, Status.WARNING, Status.WARNING, Status.CRITICAL]
    for status in expected:
        redis_server.call("LPUSH", "queues:default", "job")
        result = await probe.run()
        assert result.status is status
    assert result.reason == "limit"
    assert result.message == "queue default: 5 waiting, more than 4"
    assert [(part.name, part.value) for part in result.parts] == [("queue default", "5")]


async def test_a_key_of_another_type_is_unknown_and_the_other_queues_go_on(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("SADD", "queues:default", "1")
    redis_server.call("RPUSH", "good", "1")
    good = {"name": "good", "size": {"list": "good"}}
    result = await redis_watch.once(redis_server, queues=[SEED, good])
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert 'key "queues:default" is not a list' in result.message
    assert result.samples.get("queue_size", queue="default") is None
    assert result.samples.get("queue_size", queue="good") == 1
    assert result.samples.get("redis_memory_used_bytes") is not None


async def test_values_are_read_as_their_applications_write_them(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("SET", "oauth:cache:hits", "41")
    redis_server.call("SET", "laravel_cache:api.rpm", "i:120;")
    redis_server.call("HSET", "stats", "errors", "0.25")
    result = await redis_watch.once(
        redis_server,
        values=[
            {"metric": "oauth_cache_hits_total", "type": "counter", "key": "oauth:cache:hits"},
            {"metric": "api_rpm", "key": "laravel_cache:api.rpm", "labels": {"app": "shop"}},
            {"metric": "errors", "key": "stats", "field": "errors"},
        ],
    )
    assert result.status is Status.OK
    assert result.samples.get("oauth_cache_hits_total") == 41
    assert result.samples.get("api_rpm", app="shop") == 120
    assert result.samples.get("errors") == 0.25


async def test_a_value_that_is_not_there_is_absent_and_never_zero(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("SET", "text", "many")
    redis_server.call("HSET", "hash", "a", "1")
    missing = {"metric": "missing", "key": "nowhere"}
    probe = redis_watch.probe(
        redis_server,
        values=[
            missing,
            {"metric": "field", "key": "hash", "field": "b"},
            {"metric": "text", "key": "text"},
            {"metric": "hash", "key": "hash"},
        ],
    )
    result = await probe.run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "missing")
    assert result.message == 'missing: key "nowhere" is missing or empty (and 3 more)'
    assert [part.message for part in result.parts][1:] == [
        'field: field "b" of key "hash" is missing or empty',
        'text: key "text" holds "many", not a number',
        'hash: key "hash" is of another type; a hash needs field:',
    ]
    assert all(result.samples.get(name) is None for name in ("missing", "field", "text", "hash"))
    redis_server.call("SET", "nowhere", "0")
    assert (await probe.run()).samples.get("missing") == 0


async def test_only_the_beginning_of_a_huge_value_is_read(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("SETRANGE", "huge", 20_000_000, "1")
    result = await redis_watch.once(redis_server, values=[{"metric": "n", "key": "huge"}])
    assert result.status is Status.UNKNOWN
    assert "not a number" in result.message


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12.5\n", 12.5),
        ("-3e2", -300),
        ('"7"', 7),
        ("i:42;", 42),
        ("d:0.125;", 0.125),
        ("b:1;", 1),
        ('s:3:"1.5";', 1.5),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
        ('"unended', None),
        ("a:1:{i:0;i:1;}", None),
        ("[1]", None),
    ],
)
def test_numbers(text: str, number: float | None) -> None:
    assert parse_number(text) == number
