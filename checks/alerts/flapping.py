"""When an alert flaps: it came back too often of late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["HOLD", "OFTEN", "WINDOW", "is_flapping", "recent"]

WINDOW: Final = 30 * 60_000
"""Milliseconds over which returns are counted."""
OFTEN: Final = 3
"""Returns within the window that make it flap."""
HOLD: Final = 5 * 60_000
"""Milliseconds for which one that flaps goes on firing after it is gone."""


def recent(returns: Sequence[int], now: int) -> tuple[int, ...]:
    """Those of ``returns`` (milliseconds) that still count, the newest few of them."""
    return tuple(at for at in returns if now - at < WINDOW)[-2 * OFTEN :]


def is_flapping(returns: Sequence[int], now: int) -> bool:
    """Whether it came back :data:`OFTEN` times within the :data:`WINDOW` before ``now``."""
    return len(recent(returns, now)) >= OFTEN
