"""Names to addresses, so that a name server that hangs costs only its own checks anything."""

from __future__ import annotations

from checks.clock import Clock
from checks.lanes import Lanes

__all__ = ["Resolver"]


class Resolver:
    """Single flight a name, the last good answer kept, daemon threads."""

    def __init__(self, lanes: Lanes, clock: Clock) -> None:
        self._lanes = lanes
        self._clock = clock

    async def resolve(self, host: str, port: int) -> list[tuple[int, str]]:
        """Address family and address of each answer for ``host``, in the system's order."""
        raise NotImplementedError
