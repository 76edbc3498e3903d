"""How many file descriptors there are for runs."""

from __future__ import annotations

import contextlib
import resource
from typing import Final

__all__ = ["for_runs"]

_WANTED: Final = 65_536
_SPARE: Final = 64
"""For all that is open besides runs."""


def for_runs() -> int:
    """How many runs may hold descriptors at once; raises the soft limit to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, _WANTED) if hard != resource.RLIM_INFINITY else _WANTED
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(16, soft - _SPARE)
