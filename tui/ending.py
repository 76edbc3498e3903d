"""How the monitor ends: SIGTERM, SIGHUP, a closed terminal, a parent that was killed.

A terminal that stops reading can block the UI's loop for good, at the latest with what it
writes when it leaves, and with it every handler that would run there. So a thread that
never touches the loop waits for the end: it is told of signals through a socket (the
interpreter's C handler writes to it whatever the main thread is doing), sees the terminal
hang up and the parent change, asks the UI to leave, and where that does not happen
restores the terminal and ends the process itself.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["RESTORE", "Ending", "Limits"]

RESTORE: Final = (
    b"\x18"  # CAN ends a sequence that was cut off in the middle
    b"\x1b[?2026l"  # synchronized output
    b"\x1b[<u"  # kitty keyboard
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    b"\x1b[?2004l\x1b[?1004l\x1b[?2048l"  # paste, focus and resize reports
    b"\x1b[r"  # margins, between which lines may just have been moved
    b"\x1b[0m\x1b[?7h\x1b[H\x1b[2J"  # colours, wrapping; the picture, where it is the only screen
    b"\x1b[?1049l\x1b[?25h"  # main screen, cursor
)
"""What undoes everything the UI switched on; harmless where it did not."""

_ATTEMPTS: Final = 40
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds counted from the cause of the end, and between looks at the parent.

    After ``polite`` the UI has had its chance; after ``hard`` the process is gone.
    """

    polite: float = 1.0
    hard: float = 1.8
    look: float = 0.5


class Ending:
    """A context around the running UI; enter it in the main thread.

    ``close`` ends the engine and is called from a thread of its own. ``terminal`` is the
    descriptor of the terminal, None where there is none. :attr:`code` is None until
    something other than the user ended the program, then 128 plus the signal's number
    (a closed terminal and a killed parent count as SIGHUP).
    """

    def __init__(
        self,
        close: Callable[[], None],
        *,
        terminal: int | None,
        limits: Limits | None = None,
    ) -> None:
        self.code: int | None = None
        self._close = close
        self._terminal = terminal
        self._limits = limits or Limits()
        self._leave: Callable[[int], None] | None = None
        self._parent = os.getppid()
        self._over = threading.Event()
        self._restoring = threading.Lock()
        self._handlers: dict[int, Any] = {}
        self._reader, self._writer = socket.socketpair()
        self._attributes: list[Any] | None = None
        self._closing: threading.Thread | None = None
        self._thread = threading.Thread(target=self._watch, name="onwatch-ending", daemon=True)

    def ask(self, leave: Callable[[int], None]) -> None:
        """Have ``leave(code)`` called, from the watching thread, when the end has come."""
        self._leave = leave

    def __enter__(self) -> Self:
        for end in (self._reader, self._writer):
            end.setblocking(False)
        if self._terminal is not None:
            with contextlib.suppress(termios.error):
                self._attributes = termios.tcgetattr(self._terminal)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._handlers[number] = signal.signal(number, _noted)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self.code is not None:
            self._wait_restored()
            self._wait_closed()
            return
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        with contextlib.suppress(OSError):
            self._writer.send(b"\0")
        self._thread.join(self._limits.look)
        self._close()
        self._reader.close()
        self._writer.close()

    def _wait_restored(self) -> None:
        """Let the thread that restores the terminal come to its end before the process does; it
        may just have set us free, with signals that would end us without our handlers.
        """
        if self._restoring.acquire(timeout=self._limits.hard):
            self._restoring.release()

    def _wait_closed(self) -> None:
        """Let the engine end what it runs, such as a runbook's step, before the process is gone;
        it is ended without a word otherwise."""
        closing = self._closing
        if closing is not None:
            closing.join(self._limits.hard)

    def expect(self, code: int) -> None:
        """The UI has been asked to leave with ``code``: end the process where it does not come
        to that, since nobody reads what it would write last.
        """
        late = threading.Timer(self._limits.polite, self._insist, (code,))
        late.daemon = True
        late.start()

    def over(self, code: int) -> None:
        """The UI has ended with ``code``: be gone soon, whatever thread still hangs."""
        last = threading.Timer(self._limits.hard, os._exit, (code,))
        last.daemon = True
        last.start()

    def _watch(self) -> None:
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        if self._terminal is not None:
            poller.register(self._terminal, 0)
        while not self._has_begun():
            code = self._cause(poller.poll(self._limits.look * 1000))
            if code is not None and not self._has_begun():
                self._end(code)

    def _has_begun(self) -> bool:
        """Whether it is over, or ends already: then signals come from here and are no cause."""
        return self.code is not None or self._over.is_set()

    def _cause(self, events: list[tuple[int, int]]) -> int | None:
        for descriptor, event in events:
            if descriptor == self._terminal and event & (select.POLLHUP | select.POLLERR):
                return 128 + signal.SIGHUP
        for number in self._signals():
            if number in self._handlers:
                return 128 + number
        return 128 + signal.SIGHUP if os.getppid() != self._parent else None

    def _signals(self) -> bytes:
        try:
            return self._reader.recv(256)
        except BlockingIOError:
            return b""

    def _insist(self, code: int) -> None:
        if not self._has_begun():
            self._end(code, asked=self._limits.polite)

    def _end(self, code: int, *, asked: float = 0.0) -> None:
        """Close, ask, wait, and end the process if nobody else does.

        ``asked``: the seconds since the UI was asked to leave, where it has been.
        """
        self.code = code
        begun = time.monotonic() - asked
        closing = threading.Thread(target=self._close, name="onwatch-close", daemon=True)
        closing.start()
        self._closing = closing
        if self._leave is not None and not asked:
            self._leave(code)
        left = self._over.wait(self._limits.polite - asked)
        last = begun + self._limits.hard
        if not left:
            self._restore(last)
        closing.join(max(0.0, last - time.monotonic()))
        if left:
            time.sleep(max(0.0, last - time.monotonic()))
        os._exit(code)

    def _restore(self, until: float) -> None:
        """Give the terminal back without ever waiting for it, trying so ``until`` at least."""
        if self._terminal is None:
            return
        with self._restoring:
            with contextlib.suppress(OSError, termios.error):
                self._write_restore(os.ttyname(self._terminal), until)
            if self._attributes is not None:
                with contextlib.suppress(OSError, termios.error):
                    termios.tcsetattr(self._terminal, termios.TCSANOW, self._attributes)

    def _write_restore(self, name: str, until: float) -> None:
        # Another open file description: O_NONBLOCK on ours would be the shell's too.
        own = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        # A blocked write holds the terminal's lock: interrupted, it comes to its end, and
        # what the UI would write after it goes nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for standard in (1, 2):
            os.dup2(nowhere, standard)
        attempts = 0
        # On a busy machine the interrupted thread may take long to let go of the lock.
        while attempts < _ATTEMPTS or time.monotonic() < until:
            attempts += 1
            _interrupt_others()
            termios.tcflush(own, termios.TCOFLUSH)
            with contextlib.suppress(BlockingIOError):
                if os.write(own, RESTORE) == len(RESTORE):
                    return
            time.sleep(0.005)


def _interrupt_others() -> None:
    """Have system calls of other threads return; the handlers were set without restarting."""
    for thread in threading.enumerate():
        if thread.ident is not None and thread is not threading.current_thread():
            with contextlib.suppress(ProcessLookupError):
                signal.pthread_kill(thread.ident, signal.SIGTERM)


def _noted(number: int, frame: FrameType | None) -> None:
    """The interpreter has told the watching thread already."""
