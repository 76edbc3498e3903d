"""Reading what a step writes to its terminal, never faster than it is worth.

A step that writes without end (``yes``) is held back by its own terminal, which is full, and
costs next to nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from checks.runbooks.running.output import Output

__all__ = ["TerminalReader"]

BURST: Final = 2_000_000
"""Bytes that are taken as fast as they come."""
RATE: Final = 300_000
"""Bytes a second that are taken after them."""
_PIECE: Final = 65_536
_AT_ONCE: Final = 16
"""Reads in a row, of some 4 kB each, before others have their turn."""
_PAUSE: Final = 0.05


class TerminalReader:
    """Feeds ``output`` from the terminal's ``descriptor``; ``ended`` is called at its end."""

    def __init__(self, descriptor: int, output: Output, ended: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._output = output
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._room = float(BURST)
        self._since = self._loop.time()
        self._later: asyncio.TimerHandle | None = None
        self.closed = False
        self.held_back = False
        """Whether more came than was taken at once."""
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._take():
                return
            if self._room <= 0:
                self._hold_back()
                return

    def _take(self) -> bool:
        """Read once; whether there may be more."""
        try:
            data = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return False
        except OSError:
            # EIO: nobody has it open any more.
            data = b""
        if not data:
            self.close()
            self._ended()
            return False
        self._output.feed(data)
        self._room -= len(data)
        return True

    def _hold_back(self) -> None:
        self.held_back = True
        self._loop.remove_reader(self._descriptor)
        self._later = self._loop.call_later(_PAUSE, self._go_on)

    def _go_on(self) -> None:
        now = self._loop.time()
        self._room = min(float(RATE), self._room + (now - self._since) * RATE)
        self._since, self._later = now, None
        if self._room <= 0:
            self._later = self._loop.call_later(_PAUSE, self._go_on)
        else:
            self._loop.add_reader(self._descriptor, self._read)

    def drain(self) -> None:
        """Take what is there already, after the end of whoever wrote it."""
        for _ in range(_AT_ONCE * _AT_ONCE):
            if self.closed or not self._take():
                return

    def close(self) -> None:
        """Read no more."""
        if not self.closed:
            self.closed = True
            if self._later is not None:
                self._later.cancel()
            self._loop.remove_reader(self._descriptor)
