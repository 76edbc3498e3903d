"""What is followed without anybody asking for it: what fills in the checks that there are."""

from __future__ import annotations

from functools import cache
from typing import Final

from checks.capacity.model import Capacity
from checks.promql.api import Engine

__all__ = ["BUILT_IN", "CONNECTIONS", "DATABASE", "FILESYSTEM", "MEMORY", "built_in"]

FILESYSTEM: Final = "filesystem"
DATABASE: Final = "size"
CONNECTIONS: Final = "connections"
MEMORY: Final = "memory"

OVER: Final = 86_400.0
"""Seconds that their trends are taken over: a day, so that a night's job is no trend."""

BUILT_IN: Final = (
    (
        FILESYSTEM,
        'node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|squashfs"}'
        " - (node_filesystem_free_bytes or node_filesystem_avail_bytes)",
        # As df does: what is kept for root alone is neither used nor there to be filled.
        "node_filesystem_size_bytes - (node_filesystem_free_bytes or node_filesystem_avail_bytes)"
        " + node_filesystem_avail_bytes",
        "bytes",
    ),
    (
        DATABASE,
        "pg_database_size_bytes or mysql_info_schema_schema_size_bytes"
        " or sqlite_database_size_bytes",
        "",
        "bytes",
    ),
    (
        CONNECTIONS,
        # Those that users may have: the ones that are reserved they never get. An exporter tells
        # of neither.
        "pg_connections_used or on (job, instance) sum by (job, instance) (pg_stat_activity_count)"
        " or mysql_global_status_threads_connected or redis_connected_clients",
        "pg_connections_usable > 0 or on (job, instance) pg_settings_max_connections"
        " or mysql_global_variables_max_connections"
        " or redis_config_maxclients or redis_max_clients",
        "",
    ),
    (MEMORY, "redis_memory_used_bytes", "redis_memory_max_bytes > 0", "bytes"),
)
"""Name, expression, that of the limit, and unit."""


@cache
def built_in() -> tuple[Capacity, ...]:
    """These, parsed once."""
    engine = Engine()
    return tuple(
        Capacity(
            name,
            engine.parse(expr),
            engine.parse(limit) if limit else None,
            OVER,
            unit=unit,
            built_in=True,
        )
        for name, expr, limit, unit in BUILT_IN
    )
