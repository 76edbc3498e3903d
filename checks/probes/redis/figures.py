"""What the databases screen shows of a Redis server."""

from __future__ import annotations

from typing import Final

from checks.databases.model import FigureSpec
from checks.probes.redis.lookups import HITS, MISSES

__all__ = ["FIGURES"]

FIGURES: Final = (
    FigureSpec("clients", ("redis_connected_clients",), limit="redis_config_maxclients"),
    FigureSpec("memory", ("redis_memory_used_bytes",), "bytes", limit="redis_memory_max_bytes"),
    FigureSpec("commands", ("redis_commands_processed_total",), "1/s", rate=True),
    FigureSpec("hit rate", (HITS,), "ratio", rate=True, of=(HITS, MISSES)),
    FigureSpec("evicted", ("redis_evicted_keys_total",), "1/s", rate=True),
    FigureSpec("expired", ("redis_expired_keys_total",), "1/s", rate=True),
    FigureSpec("error replies", ("redis_errors_total",), "1/s", rate=True),
    FigureSpec("refused clients", ("redis_rejected_connections_total",), "1/s", rate=True),
    FigureSpec("blocked clients", ("redis_blocked_clients",)),
    FigureSpec("keys", ("redis_db_keys",)),
    FigureSpec("unsaved changes", ("redis_rdb_changes_since_last_save",)),
)
