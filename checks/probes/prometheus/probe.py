"""The worker of a prometheus check: is it ready, how are its targets and rules, what it knows."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from checks.errors import TargetError
from checks.findings import Finding, trouble
from checks.model import Result, Status
from checks.probe import Target
from checks.probes.http.api import Api, NotToldError, Reply
from checks.probes.http.asking import OURS
from checks.probes.http.report import peer_facts
from checks.probes.prometheus.config import PrometheusConfig
from checks.probes.prometheus.judge import verdict_of
from checks.probes.prometheus.reading import (
    build_of,
    head_series_of,
    is_api,
    readings_of,
    rules_of,
    runtime_of,
    targets_of,
)
from checks.probes.prometheus.report import Known, facts_of, own_samples, tables_of
from checks.queries import DueQueries

__all__ = ["PrometheusProbe"]

_READY: Final = ("/-/ready", "/ready")
"""Where Prometheus, Thanos and VictoriaMetrics say it, and where Mimir and Cortex do."""
_SLOW: Final = 15.0
"""Seconds between looks at targets and rules: a page of a thousand targets is a megabyte."""
_SELDOM: Final = 300.0
"""Seconds between looks at the head's series, for which the server counts all of them."""
_LEAST: Final = 0.05
"""Seconds that must be left for something to be asked."""
T = TypeVar("T")


class PrometheusProbe:
    """Asks one server."""

    def __init__(self, config: PrometheusConfig, target: Target) -> None:
        self._config = config
        self._clock = target.env.clock
        self._sampler = target.sampler
        self._api = Api("prometheus", config, target, config.max_bytes)
        self._queries = DueQueries(config.queries)
        self._known = Known()
        self._ready_at = _READY[0]
        self._slow_at = self._seldom_at = -math.inf
        # A little before the scheduler's own timeout, which knows of no phases.
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def run(self) -> Result:
        """Ask once, at most for the target's timeout."""
        until = self._clock.now() + self._patience
        try:
            ready = await self._ask_ready(until)
            await self._look_around(until)
        except TargetError as error:
            return self._failed(error)
        await self._ask_queries(until)
        return self._told(ready)

    def _left(self, until: float) -> float:
        return until - self._clock.now()

    def _enough(self, until: float) -> float:
        """The seconds that are left for something besides. Raises TargetError where none are."""
        left = self._left(until)
        if left < _LEAST:
            raise TargetError("timeout", "no time was left to ask it: raise timeout")
        return left

    async def _ask_ready(self, until: float) -> Reply:
        """The answer to whether it is ready, wherever this server says it."""
        reply = await self._api.get(self._ready_at, self._left(until))
        if reply.status == 404:
            for path in _READY:
                if path == self._ready_at:
                    continue
                other = await self._api.get(path, self._left(until))
                if other.status != 404:
                    self._ready_at = path
                    return other
        return reply

    # What is known of it

    async def _look_around(self, until: float) -> None:
        """Read what is due. Raises TargetError where this is no such server at all."""
        now = self._clock.now()
        known = self._known
        if now >= self._seldom_at:
            await self._identify(until)
            known.head = await self._part(
                "head", "/api/v1/status/tsdb", head_series_of, until, limit="1"
            )
            self._seldom_at = now + _SELDOM - 0.5
        if now >= self._slow_at:
            known.targets = await self._part(
                "targets", "/api/v1/targets", targets_of, until, state="active"
            )
            known.rules = await self._part("rules", "/api/v1/rules", rules_of, until)
            known.runtime = await self._part(
                "runtime", "/api/v1/status/runtimeinfo", runtime_of, until
            )
            self._slow_at = now + _SLOW - 0.5

    async def _identify(self, until: float) -> None:
        """Its version; where it does not tell that, whether it speaks the language at all."""
        known = self._known
        try:
            path = "/api/v1/status/buildinfo"
            document = await self._api.document(path, self._left(until))
            if is_api(document):
                known.take_build(build_of(document))
                return
        except NotToldError:
            pass
        try:
            document = await self._api.document("/api/v1/query", self._left(until), query="1")
            if is_api(document):
                known.untold["version"] = "/api/v1/status/buildinfo"
                return
        except NotToldError:
            pass
        raise TargetError(
            "protocol",
            "what answers here has no API of Prometheus': for a page of metrics alone use a "
            "metrics check; else correct prometheus.url (with the path before /api)",
        )

    async def _part(
        self, name: str, path: str, read: Callable[[Any], T], until: float, **parameters: str
    ) -> T | None:
        """What ``path`` tells; None, and why, where it tells nothing."""
        known = self._known
        known.untold.pop(name, None)
        known.troubles.pop(name, None)
        try:
            return await self._api.told(path, self._enough(until), read, **parameters)
        except NotToldError:
            known.untold[name] = path
        except TargetError as error:
            known.troubles[name] = error
        return None

    async def _ask_queries(self, until: float) -> None:
        for number, query in self._queries.due(self._clock.now()):
            now = self._clock.now()
            try:
                found, more = await self._api.told(
                    "/api/v1/query",
                    self._enough(until),
                    partial(readings_of, query),
                    query=query.expr,
                )
                self._queries.succeeded(number, now, found, more=more)
            except TargetError as error:
                self._queries.failed(number, now, error)

    # What it comes to

    def _told(self, ready: Reply) -> Result:
        known = self._known
        asked = self._queries.problems()
        extra = [trouble(f"query {name}", str(error), error) for name, error in asked]
        findings: list[Finding] = [*self._queries.values(), *extra]
        is_ready = ready.status < 300 or ready.status == 404
        status, reason, message, parts = verdict_of(self._config, known, ready, findings)
        builder = self._sampler.builder()
        builder.extend(own_samples(self._sampler, known, ready=is_ready))
        self._queries.samples(builder)
        news, known.news = known.news, ()
        peer = peer_facts(self._api.peer) if self._api.peer else ()
        return Result(
            status,
            message,
            reason=reason,
            value=known.headline if is_ready else str(ready.status),
            duration=ready.took,
            samples=builder.build(),
            parts=parts,
            phases=ready.phases,
            tables=tables_of(known),
            facts=(*facts_of(known), *peer),
            raw=ready.answer.raw(),
            events=news,
        )

    def _failed(self, error: TargetError) -> Result:
        """A run that met no Prometheus; what was known of it counts no longer."""
        self._known = Known(build=self._known.build)
        self._slow_at = self._seldom_at = -math.inf
        ours = error.reason in OURS
        builder = self._sampler.builder()
        builder.add("prometheus_ready", 0.0)
        return Result.failed(
            error.reason,
            str(error),
            status=Status.UNKNOWN if ours else Status.CRITICAL,
            samples=builder.build(),
            answered=self._api.answered,
        )
