"""The checks that the guide's comprehensive script runs: ``healthy``, ``message``, ``details``."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psutil

from .memory import SwarmDB

__all__ = ["HealthChecker"]

Outcome = dict[str, Any]
_MOST_DISK: Final = 0.98
_MOST_MEMORY: Final = 0.98
_SLOW_QUERY: Final = 0.1
"""Seconds."""
_STUCK_AFTER: Final = 3600.0
"""Seconds that an agent may run."""


class HealthChecker:
    """One method a thing that is looked at."""

    def check_database(self) -> Outcome:
        """Whether it opens."""
        return _judged(lambda: f"{SwarmDB().get_database_size()} bytes")

    def check_disk_space(self) -> Outcome:
        """Room on the disk that holds it."""
        usage = shutil.disk_usage(Path.cwd())
        share = usage.used / usage.total
        return _within(share, _MOST_DISK, f"{share:.0%} used")

    def check_memory(self) -> Outcome:
        """Memory of the machine."""
        share = psutil.virtual_memory().percent / 100
        return _within(share, _MOST_MEMORY, f"{share:.0%} used")

    def check_query_performance(self) -> Outcome:
        """How long a query takes."""
        began = time.perf_counter()
        outcome = _judged(lambda: f"{len(SwarmDB().get_active_agents())} agents read")
        if not outcome["healthy"]:
            return outcome
        took = time.perf_counter() - began
        return _within(took, 5 * _SLOW_QUERY, outcome["message"])

    def check_agents(self) -> Outcome:
        """Agents that have been running for too long."""

        def look() -> str:
            since = time.time() - _STUCK_AFTER
            agents = SwarmDB().get_active_agents()
            stuck = [agent["agent_id"] for agent in agents if agent["spawn_time"] < since]
            if stuck:
                raise RuntimeError(f"stuck: {', '.join(stuck)}")
            return f"{len(agents)} active"

        return _judged(look)


def _judged(look: Callable[[], str]) -> Outcome:
    try:
        return {"healthy": True, "message": look()}
    except (sqlite3.Error, OSError, RuntimeError) as error:
        return {"healthy": False, "message": "failed", "details": str(error)}


def _within(value: float, bound: float, message: str) -> Outcome:
    if value < bound:
        return {"healthy": True, "message": message}
    return {"healthy": False, "message": message, "details": f"above {bound:g}"}
