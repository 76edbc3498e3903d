"""How the demo's processes connect to its Redis."""

from __future__ import annotations

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

__all__ = ["AFTER_TROUBLE", "connect"]

AFTER_TROUBLE: Final = 1.0
"""Seconds after which what failed is tried again."""


def connect(port: int, name: str, *, timeout: float) -> Redis:
    """A client that says at once that Redis is away; the driver would ask for seconds.

    ``timeout`` is in seconds and longer than the longest blocking command.
    """
    return Redis(
        host="127.0.0.1",
        port=port,
        client_name=name,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
