"""The descriptors between this program and one that it starts.

Before CPython 3.11.4 :class:`subprocess.Popen` keeps what it had opened for ever where a start
fails for want of descriptors (gh-87474): a check of a program would then use up, run by run, the
few that are left. Debian 12 has 3.11.2.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import IO, Self, cast

__all__ = ["Ends"]


class Ends:
    """Opens descriptors within its block, whose end closes all that were not :meth:`kept`."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as closing:
            for one in self._open:
                closing.callback(os.close, one)
        self._open.clear()

    def null(self) -> int:
        """What is empty to read and forgets what is written. Raises OSError, as the others do."""
        return self._opened(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))

    def pipe(self) -> tuple[int, int]:
        """The end to read from and the one to write to."""
        reading, writing = os.pipe()
        return self._opened(reading), self._opened(writing)

    def kept(self, end: int, mode: str = "rb") -> IO[bytes]:
        """``end`` as an unbuffered file, which is the caller's to close from now on."""
        self._open.discard(end)
        return cast("IO[bytes]", os.fdopen(end, mode, buffering=0))

    def _opened(self, one: int) -> int:
        self._open.add(one)
        return one
