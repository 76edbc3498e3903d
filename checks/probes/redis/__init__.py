"""The `redis` check: a Redis server, its queues and values; see `docs/checks/redis.md`."""

from checks.probes.redis.config import RedisConfig
from checks.probes.redis.probe import KIND, RedisProbe

__all__ = ["KIND", "RedisConfig", "RedisProbe"]
