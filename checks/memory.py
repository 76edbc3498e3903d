"""Memory that was needed once goes back to the system."""

from __future__ import annotations

from typing import Final

__all__ = ["LARGE", "return_large_blocks"]

LARGE: Final = 1024 * 1024
"""Bytes from which on a block is the system's again as soon as nobody needs it."""
ARENAS: Final = 1
"""Heaps that threads share: nearly all that they do with memory waits for Python's lock anyway."""

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""What glibc's malloc.h calls them."""


def return_large_blocks() -> None:
    """Have the C library keep no large blocks at hand, once an answer of megabytes has passed.

    glibc takes the largest block that was ever freed, up to 32 MB, for what will be needed
    again, and keeps twice as much in each of its arenas, unless it is told a size (mallopt(3)).
    Each new thread gets an arena of its own, up to eight a core, and what one has free is no use
    to another: a lane for each of many servers is as many. From now on no more are made. Other C
    libraries know nothing of it, and need not.
    """
    import ctypes  # noqa: PLC0415 - not before the first frame

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_ARENA_MAX, ARENAS)
    mallopt(_M_MMAP_THRESHOLD, LARGE)
    mallopt(_M_TRIM_THRESHOLD, LARGE)
