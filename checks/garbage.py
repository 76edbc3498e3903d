"""When cyclic garbage is collected: seldom, and the most of it while nobody waits.

A collection holds up all threads, the one that answers keys too. Its cost grows with what there
is, not with what is garbage.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

__all__ = ["SETTLED", "collect_seldom", "set_apart", "settle"]

SETTLED: Final = 5.0
"""Seconds after which an engine has imported what it needs and run every check."""

_THRESHOLDS: Final = (1_000, 8, 30)
"""Objects that have become more before the young are looked through (a fifth of a millisecond);
how many times that, before the older are (2 ms); how many times that again, before all are. What
may be garbage until then is a few megabytes."""


def collect_seldom() -> None:
    """Have the interpreter look for garbage, but less often than it would by itself."""
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()


def set_apart() -> None:
    """Collect all garbage, and leave what remains out of later collections: most of it lives as
    long as the process.

    Takes up to a tenth of a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def settle() -> None:
    """Set apart what an engine holds once it has settled: with a thousand checks, looking through
    it would keep each from its run for longer than it may be late.
    """
    await asyncio.sleep(SETTLED)
    set_apart()
