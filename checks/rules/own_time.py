"""This thread's own time, for deadlines that are looked at very often."""

from __future__ import annotations

import math
import time
from typing import Final

__all__ = ["OwnTime"]

APART: Final = 0.02
"""Seconds of wall time after which the kernel is asked again."""


class OwnTime:
    """Seconds of the calling thread's own time; at most :data:`APART` ahead of it.

    Asking the kernel takes ten microseconds on some machines, which an evaluation cannot spare at
    each of its steps. No thread's own time goes faster than wall time, which is cheap to ask for.
    """

    def __init__(self) -> None:
        self._own = 0.0
        self._asked = -math.inf

    def __call__(self) -> float:
        now = time.monotonic()
        if now - self._asked > APART:
            self._own, self._asked = time.thread_time(), now
        return self._own + (now - self._asked)
