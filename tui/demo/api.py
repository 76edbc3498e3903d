"""The API that the demo's traffic uses: providers, documents with a cache, jobs."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tui.demo.leash import Faults
from tui.demo.meters import Meters
from tui.demo.providers import FAILING, PROVIDERS, ProviderHealth, call, pick
from tui.demo.queues import CACHE_HITS, CACHE_MISSES, queue
from tui.demo.reply import Reply
from tui.demo.requestlog import Database
from tui.demo.wire import Request

__all__ = ["Api"]

_CACHED_FOR: Final = 20
_LONGEST_QUEUE: Final = 20_000
_MOST_JOBS: Final = 100


class Api:
    """The endpoints, given what they work on."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        *,
        meters: Meters,
        providers: ProviderHealth,
        faults: Faults,
        dice: random.Random,
    ) -> None:
        self._database = database
        self._redis = redis
        self._meters = meters
        self._providers = providers
        self._faults = faults
        self._dice = dice

    async def models(self, _: Request) -> Reply:
        """The providers and their share of the traffic."""
        return Reply(200, {"models": [{"id": p.name, "share": p.share} for p in PROVIDERS]})

    async def chat(self, request: Request) -> Reply:
        """Ask a provider. Body: ``provider``."""
        wanted = request.json().get("provider")
        provider = next((p for p in PROVIDERS if p.name == wanted), None)
        if provider is None:
            return Reply.refused(422, f"there is no provider {wanted!r}")
        if provider.name == FAILING and self._faults.detour:
            provider = pick(self._dice, without=FAILING)
        broken = self._faults.provider_errors and provider.name == FAILING
        outcome = call(provider, self._dice, broken=broken)
        await asyncio.sleep(outcome.latency)
        self._providers.note(provider.name, ok=outcome.error is None)
        self._meters.calls.add(provider.name, "error" if outcome.error else "ok")
        if outcome.error:
            return Reply.refused(502, outcome.error, provider.name)
        return Reply(200, {"provider": provider.name, "tokens": 96}, provider.name)

    async def document(self, request: Request) -> Reply:
        """A document, out of the cache where it is there."""
        number = request.path.rpartition("/")[2]
        if not number.isdecimal() or len(number) > 9:
            return Reply.refused(404, "a document's number is a number")
        found = await self._cached(number)
        if found is None:
            found = self._database.document(int(number))
            if found is None:
                return Reply.refused(404, f"there is no document {number}")
            await self._remember(number, found)
        return Reply(200, found)

    async def _cached(self, number: str) -> dict[str, Any] | None:
        try:
            text = await self._redis.get(f"cache:document:{number}")
        except RedisError:
            text = None
        result = "miss" if text is None else "hit"
        self._meters.cache.add(result)
        await self._count(hit=text is not None)
        return None if text is None else dict(json.loads(text))

    async def _remember(self, number: str, found: Mapping[str, Any]) -> None:
        try:
            await self._redis.set(f"cache:document:{number}", json.dumps(found), ex=_CACHED_FOR)
        except RedisError:
            self._meters.cache.add("refused")

    async def _count(self, *, hit: bool) -> None:
        """Count in Redis; both counters are there from the first look-up on."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.incrby(CACHE_HITS, int(hit))
        pipeline.incrby(CACHE_MISSES, int(not hit))
        try:
            await pipeline.execute()
        except RedisError:
            self._meters.cache.add("uncounted")

    async def add_documents(self, request: Request) -> Reply:
        """Put documents into the queue. Body: ``documents``, how many."""
        return await self._enqueue("default", request.json().get("documents", 1))

    async def invite(self, request: Request) -> Reply:
        """Put mails into the queue. Body: ``people``, how many."""
        return await self._enqueue("emails", request.json().get("people", 1))

    async def hook(self, _: Request) -> Reply:
        """Pass a notice on to a webhook."""
        return await self._enqueue("webhooks", 1)

    async def _enqueue(self, name: str, count: object) -> Reply:
        if not isinstance(count, int) or not 1 <= count <= _MOST_JOBS:
            return Reply.refused(422, f"give a number of jobs from 1 to {_MOST_JOBS}")
        jobs = [json.dumps({"job": name, "at": time.time(), "n": n}) for n in range(count)]
        waiting = queue(name).waiting
        try:
            if await self._redis.llen(waiting) >= _LONGEST_QUEUE:
                return Reply.refused(429, f"the queue {name} is full, try later")
            await self._redis.lpush(waiting, *jobs)
        except RedisError as error:
            return Reply.refused(503, f"the queue {name} takes no jobs: {error}")
        self._meters.jobs.add(name, by=float(count))
        return Reply(202, {"queued": count})
