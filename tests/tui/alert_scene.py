"""A shop whose evening goes wrong: a real engine with rules, servers that are played.

The rules are a file of Prometheus' format, read as the configuration reads one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from checks.clock import FakeClock
from checks.config import EngineConfig, RulesConfig
from checks.engine import Engine
from checks.model import Result, Status
from checks.probe import Target
from checks.rules.views import Pairs
from checks.views import Snapshot
from tests.checks.fakes import PLAYED, config, settle, spec
from tests.checks.rules.kit import read
from tests.checks.rules.scene import Scene, playing
from tests.tui.fakes import FakeSource

__all__ = ["EngineOfHand", "Shop", "evening", "shop"]

RULES = """
groups:
  - name: shop
    interval: 5s
    rules:
      - alert: MySQLConnections
        expr: mysql_global_status_threads_connected / mysql_global_variables_max_connections > 0.8
        for: 1m
        labels: {severity: critical}
        annotations:
          summary: '{{ $labels.job }} uses {{ $value | humanizePercentage }} of its connections'
          description: New sessions are refused at 100 %. Look for statements that hold up others.
          runbook_url: https://wiki.example/runbooks/mysql-connections
      - alert: QueueBacklog
        expr: queue_size > 1000
        labels: {severity: warning}
        annotations: {summary: '{{ $value }} items wait in the queue {{ $labels.queue }}'}
      - alert: HighLoad
        expr: node_load1 > 4
        for: 30m
        labels: {severity: warning}
        annotations: {summary: '{{ $labels.instance }} has a load of {{ $value }}'}
      - alert: SearchSlow
        expr: search_latency_seconds > 2
        labels: {severity: critical}
        annotations: {summary: 'search takes {{ $value }} s'}
      - alert: KernelChanged
        expr: node_reboot_required == 1
        labels: {severity: info}
        annotations: {summary: '{{ $labels.instance }} runs an older kernel than is installed'}
  - name: machines
    interval: 5s
    rules:
      - alert: DiskFullSoon
        expr: predict_linear(node_filesystem_avail_bytes[6h], 4 * 3600) < 0
        labels: {severity: warning}
      - alert: DiskShare
        expr: node_filesystem_avail_bytes / on (job) node_filesystem_size_bytes < 0.1
        labels: {severity: warning}
      - alert: RedisEvictions
        expr: rate(redis_evicted_key_total[5m]) > 0
        labels: {severity: warning}
      - alert: ReplicaLag
        expr: mysql_slave_status_seconds_behind_master{role="replica"} > 30
        labels: {severity: critical}
"""


class Shop:
    """What the servers say; ``minute`` counts from the beginning of the evening."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._began = clock.now()

    @property
    def minute(self) -> float:
        return (self._clock.now() - self._began) / 60

    async def gateway(self, target: Target) -> Result:
        builder = target.sampler.builder()
        used = min(147.0, round(62 + 5.4 * self.minute))
        builder.add("mysql_global_status_threads_connected", used)
        builder.add("mysql_global_variables_max_connections", 150)
        text = f"{used:.0f} of 150 connections"
        return Result(Status.OK, text, value="up", duration=0.004, samples=builder.build())

    async def cache(self, target: Target) -> Result:
        builder = target.sampler.builder()
        builder.add("queue_size", round(180 + 60 * self.minute), {"queue": "default"})
        builder.add("queue_size", 4, {"queue": "mail"})
        builder.add("redis_evicted_keys_total", 0)
        return Result(Status.OK, "2 queues", value="up", duration=0.001, samples=builder.build())

    async def machine(self, target: Target) -> Result:
        builder = target.sampler.builder()
        builder.add("node_load1", 1.9 + min(4.0, self.minute / 3))
        builder.add("node_reboot_required", 1)
        for mount, share in (("/", 0.6), ("/var", 0.1)):
            labels = {"mountpoint": mount}
            builder.add("node_filesystem_size_bytes", 1e11, labels)
            builder.add("node_filesystem_avail_bytes", share * 1e11 - 1e7 * self.minute, labels)
        return Result(Status.OK, "busy", value="up", duration=0.01, samples=builder.build())

    async def search(self, target: Target) -> Result:
        builder = target.sampler.builder()
        slow = 6 < self.minute < 13
        builder.add("search_latency_seconds", 3.2 if slow else 0.2)
        return Result(Status.OK, "answers", value="200", duration=0.2, samples=builder.build())


class EngineOfHand(FakeSource):
    """Pictures of ``engine``, which the test runs on: it looks and evaluates as it is asked to."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(self._named(engine.snapshot()))
        self._engine = engine

    def refresh(self) -> None:
        """The picture that there is now."""
        self.show(self._named(self._engine.snapshot()))

    @staticmethod
    def _named(snapshot: Snapshot) -> Snapshot:
        """The same on every machine."""
        return replace(snapshot, hostname="shop-1")

    def focus(self, check: str | None) -> None:
        self.asked.append(f"focus {check}")
        self._engine.watch(check)
        self.refresh()

    def query(self, text: str | None, seconds: float = 3600.0, about: Pairs = ()) -> None:
        super().query(text, seconds, about)
        self._engine.query(text, seconds, about)
        self.refresh()


def shop(clock: FakeClock) -> EngineConfig:
    """Four checks and the rules, as of now."""
    played = Shop(clock)
    answers: dict[str, Callable[[Target], Awaitable[Result]]] = {
        "gateway": played.gateway,
        "cache": played.cache,
        "web-1": played.machine,
        "search": played.search,
    }
    PLAYED.update(answers)
    file = read(RULES)
    assert not file.problems, file.problems
    checks = config(*(spec(name) for name in answers))
    return replace(checks, rules=RulesConfig(groups=file.groups))


@asynccontextmanager
async def evening(minutes: float = 16.0) -> AsyncIterator[tuple[Scene, EngineOfHand]]:
    """``minutes`` into it, the engine at work."""
    clock = FakeClock()
    async with playing(shop(clock), clock) as scene:
        for _ in range(round(minutes * 60 / 2.5)):
            await clock.advance(2.5)
            await settle()
        yield scene, EngineOfHand(scene.engine)
