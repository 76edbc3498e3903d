"""Where the screen is written to: the terminal as a file, which may stop reading."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable
from typing import Final, TextIO

__all__ = ["MARK", "Outlet"]

MARK: Final = ""
"""Written to be told when all before it has gone."""
_AT_ONCE: Final = 8192
"""Characters that are collected at most before they are written."""


class Outlet:
    """Writes what it is given to the descriptor of ``file``, past that one's own buffer.

    What the interpreter's file had not got rid of when the terminal hung up it would try to
    write again at the end, and make its failure the exit code. For the terminal's writing
    thread alone; :attr:`taken` counts what came and may be read from any.
    """

    def __init__(self, file: TextIO) -> None:
        self.taken = 0
        self.then: Callable[[], None] | None = None
        self._descriptor = file.fileno()
        self._encoding = file.encoding or "utf-8"
        self._held: list[str] = []
        self._gone = False

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        """Take ``text``; at a :data:`MARK`, write what there is and call :attr:`then`, once."""
        if text == MARK:
            self.flush()
            then, self.then = self.then, None
            if then is not None:
                then()
        self._held.append(text)
        if sum(map(len, self._held)) >= _AT_ONCE:
            self.flush()
        self.taken += 1
        return len(text)

    def flush(self) -> None:
        """Write what was taken, for as long as the terminal makes it wait."""
        data = "".join(self._held).encode(self._encoding, "backslashreplace")
        self._held.clear()
        while data and not self._gone:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # Somebody who had the terminal before us has left it so.
                select.select([], [self._descriptor], [])
            except OSError as error:
                # It has hung up: the ending is told so by the kernel as well.
                if error.errno not in (errno.EIO, errno.EPIPE, errno.EBADF):
                    raise
                self._gone = True
