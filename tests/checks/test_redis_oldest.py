"""How long the oldest item of a queue has waited, as each library writes it down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.model import SampleBuilder, Sampler, Status
from checks.probes.redis.config import Queue
from checks.probes.redis.layouts import plan_queues
from checks.probes.redis.oldest import BOUND, EVERY, LATER, Ages, moment_of
from checks.probes.redis.reply import ErrorReply
from tests.servers.redis import RedisServer, RedisWatch

AGE = 90.0


async def age_told(
    redis_watch: RedisWatch, server: RedisServer, queue: dict[str, Any]
) -> float | None:
    result = await redis_watch.probe(server, queues=[queue]).run()
    assert result.status is Status.OK
    return result.samples.get("queue_oldest_seconds", queue="mail")


async def test_laravel_takes_at_the_left_and_horizon_writes_when(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    then = redis_watch.clock.wall() - AGE
    for moment in (then, then + 60):
        redis_server.call("RPUSH", "queues:mail", json.dumps({"pushedAt": f"{moment:.4f}"}))
    assert await age_told(redis_watch, redis_server, {"laravel": ["mail"]}) == pytest.approx(AGE)


@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
async def test_sidekiq_takes_at_the_right(
    unit: int, redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    then = redis_watch.clock.wall() - AGE
    for moment in (then, then + 60):
        item = json.dumps({"class": "Mail", "enqueued_at": moment * unit})
        redis_server.call("LPUSH", "queue:mail", item)
    assert await age_told(redis_watch, redis_server, {"sidekiq": ["mail"]}) == pytest.approx(AGE)


async def test_bull_keeps_the_time_with_the_job(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    then = redis_watch.clock.wall() - AGE
    redis_server.call("HSET", "bull:mail:17", "timestamp", str(round(then * 1000)))
    redis_server.call("LPUSH", "bull:mail:wait", "17")
    redis_server.call("LPUSH", "bull:mail:wait", "18")
    told = await age_told(redis_watch, redis_server, {"bull": ["mail"]})
    assert told == pytest.approx(AGE, abs=0.01)


async def test_rq_keeps_a_date_with_the_job(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    then = datetime.fromtimestamp(redis_watch.clock.wall() - AGE, UTC)
    redis_server.call("HSET", "rq:job:ab-1", "enqueued_at", f"{then:%Y-%m-%dT%H:%M:%S.%f}Z")
    redis_server.call("RPUSH", "rq:queue:mail", "ab-1", "ab-2")
    told = await age_told(redis_watch, redis_server, {"name": "mail", "layout": "rq"})
    assert told == pytest.approx(AGE, abs=0.01)


async def test_an_entry_of_a_stream_has_its_time_in_its_id(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    then = redis_watch.clock.wall() - AGE
    redis_server.call("XADD", "mails", f"{round(then * 1000)}-0", "to", "ada")
    queue = {"name": "mail", "size": {"stream": "mails"}}
    assert await age_told(redis_watch, redis_server, queue) == pytest.approx(AGE, abs=0.01)


@pytest.mark.parametrize(
    "item", [b"[]", b"{", b'{"pushedAt": "soon"}', b'{"pushedAt": 1}', b"[" * 100_000, b"\xff"]
)
async def test_items_without_a_time_have_no_age_and_harm_nothing(
    item: bytes, redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("RPUSH", "queues:mail", item)
    assert await age_told(redis_watch, redis_server, {"laravel": ["mail"]}) is None


async def test_an_item_too_large_to_read_leaves_the_check_well_and_is_left_alone(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("RPUSH", "queues:mail", b"x" * (BOUND + 1))
    probe = redis_watch.probe(redis_server, queues=[{"laravel": ["mail"]}])
    for _ in range(3):
        result = await probe.run()
        assert result.status is Status.OK
        assert result.samples.get("queue_size", queue="mail") == 1
        assert result.samples.get("queue_oldest_seconds", queue="mail") is None
        await redis_watch.clock.advance(EVERY)
    asked = redis_server.call("INFO", "commandstats")
    assert b"cmdstat_lindex:calls=1," in asked


async def test_the_age_goes_on_between_two_looks_and_ends_with_the_queue(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    then = redis_watch.clock.wall() - AGE
    redis_server.call("RPUSH", "queues:mail", json.dumps({"createdAt": then}))
    probe = redis_watch.probe(redis_server, queues=[{"laravel": ["mail"]}])
    await probe.run()
    await redis_watch.clock.advance(1)
    told = (await probe.run()).samples.get("queue_oldest_seconds", queue="mail")
    assert told == pytest.approx(AGE + 1)
    assert b"cmdstat_lindex:calls=1," in redis_server.call("INFO", "commandstats")
    redis_server.call("DEL", "queues:mail")
    assert (await probe.run()).samples.get("queue_oldest_seconds", queue="mail") is None


@pytest.mark.parametrize("told", [None, b"", b"x" * 300, 5])
def test_an_item_that_has_no_id_any_more_leaves_no_age_that_goes_on(told: object) -> None:
    ages = Ages(plan_queues([Queue(bull=("mail",))]))

    def seen(at: float) -> float | None:
        out = SampleBuilder(Sampler({}))
        ages.add(out, at)
        return out.build().get("queue_oldest_seconds", queue="mail")

    ages.commands({"mail": 3}, 0.0)
    assert ages.take([b"17"], 0.0)
    ages.take_more([b"1000000000"])
    assert seen(1_000_000_090.0) == AGE
    ages.commands({"mail": 3}, EVERY)
    assert ages.take([told], EVERY) == []
    assert seen(1_000_000_095.0) is None


def test_what_is_refused_is_asked_again_later() -> None:
    ages = Ages(plan_queues([Queue(laravel=("mail",))]))
    assert ages.commands({"mail": 3}, 0.0) == [("LINDEX", "queues:mail", 0)]
    ages.take([ErrorReply("NOPERM", "no right")], 0.0)
    assert ages.commands({"mail": 3}, EVERY) == []
    assert ages.commands({"mail": 3}, LATER + EVERY) != []


def test_a_time_that_makes_no_sense_is_no_age() -> None:
    ages = Ages(plan_queues([Queue(laravel=("mail",))]))
    ages.commands({"mail": 3}, 0.0)
    ages.take([b'{"pushedAt": 2000000000}'], 0.0)
    out: SampleBuilder = Sampler({}).builder()
    ages.add(out, 1_700_000_000.0)
    assert not out.build().values


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000_250, 1_700_000_000.25),
        ("1700000000.5", 1_700_000_000.5),
        ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        (True, None),
        (-1, None),
        ("nan", None),
        (None, None),
        ({}, None),
    ],
)
def test_moments_are_read_as_libraries_write_them(value: object, moment: float | None) -> None:
    assert moment_of(value) == moment


@pytest.mark.parametrize(
    ("queue", "why"),
    [
        ({"celery": ["mail"]}, "Celery"),
        ({"name": "mail", "size": {"list": "mail"}}, "layout"),
        ({"name": "mail", "size": {"set": "mail"}}, "no order in a set"),
        ({"name": "mail", "size": {"stream": "mail", "group": "g"}}, "group"),
    ],
)
def test_where_no_age_can_be_told_it_is_said_why(queue: dict[str, Any], why: str) -> None:
    (plan,) = plan_queues([Queue.model_validate(queue)])
    assert plan.oldest is None
    assert why in plan.ageless
