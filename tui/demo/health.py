"""What the demo's service says of itself and of what it needs."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tui.demo.providers import PROVIDERS, ProviderHealth
from tui.demo.queues import QUEUES
from tui.demo.requestlog import Database

if TYPE_CHECKING:
    from tui.demo.shop.web import Website

__all__ = ["brief", "detailed"]


def brief(uptime: float, version: str) -> dict[str, Any]:
    """The service itself serves, so it is healthy. ``uptime`` is in seconds."""
    return {"status": "healthy", "version": version, "uptime_seconds": round(uptime, 1)}


async def detailed(
    document: dict[str, Any],
    database: Database,
    redis: Redis,
    providers: ProviderHealth,
    website: Website | None,
    *,
    unused: str = "",
) -> dict[str, Any]:
    """``document`` with each service and each queue's workers asked for their state just now.

    ``unused`` is a provider that is not asked anything at present.
    """
    services = {
        "database": _database(database),
        "redis": await _redis(redis),
        **({"shop": await website.word()} if website is not None else {}),
        **{provider.name: providers.word(provider.name) for provider in PROVIDERS},
    }
    if unused:
        services[unused] = "disabled"
    workers = await _workers(redis)
    words = {*services.values(), *workers.values()}
    well = words <= {"healthy", "disabled"}
    document["status"] = "healthy" if well else "degraded"
    document["services"] = services
    document["workers"] = {**workers, "active_tasks": await _active(redis)}
    return document


def _database(database: Database) -> str:
    try:
        database.check()
    except sqlite3.Error:
        return "unhealthy"
    return "healthy"


async def _redis(redis: Redis) -> str:
    try:
        await redis.set("health:probe", "1", ex=60)
    except RedisError:
        return "unhealthy" if not await _answers(redis) else "degraded"
    return "healthy"


async def _answers(redis: Redis) -> bool:
    try:
        await redis.get("health:probe")
    except RedisError:
        return False
    return True


async def _workers(redis: Redis) -> dict[str, str]:
    try:
        beats = await redis.mget([queue.heartbeat for queue in QUEUES])
    except RedisError:
        return {queue.worker: "unknown" for queue in QUEUES}
    return {
        queue.worker: "healthy" if beat is not None else "unhealthy"
        for queue, beat in zip(QUEUES, beats, strict=True)
    }


async def _active(redis: Redis) -> int | None:
    pipeline = redis.pipeline(transaction=False)
    for queue in QUEUES:
        pipeline.llen(queue.processing)
    try:
        return sum(int(length) for length in await pipeline.execute())
    except RedisError:
        return None
