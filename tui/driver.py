"""The terminal library's driver, for more terminals than it was made for.

What it asks and switches on is understood or ignored by the emulators of a desktop; others
print it, report the mouse at every cell it passes, or keep the last picture after the end.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import threading
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any, Final, cast

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message
from textual.messages import InBandWindowResize

from tui.outlet import MARK, Outlet
from tui.typed import Typed

__all__ = ["CLEARED", "Bell", "OnwatchDriver"]

CLEARED: Final = "\x1b[r\x1b[0m\x1b[H\x1b[2J"
"""Written before the alternate screen is left: where there is none, as in GNU screen's
defaults and on older Linux consoles, the picture would stay and the prompt lie in it."""

MOUSE_OFF: Final = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
"""Every way of reporting the mouse, positions in pixels among them."""

_PLAIN: Final = ("linux", "vt", "ansi", "wy")
"""How the names of terminals begin that print what they do not know."""
_EXTRAS: Final = ("\x1b[>", "\x1b[<u", "\x1b]22;")
"""How the sequences begin that these print: for Kitty's keyboard, and the mouse's shape."""
_FOCUS_REPORTS: Final = "\x1b[?1004h"
"""Told that the terminal is not looked at, the library takes the cursor away until a key is
pressed: in a tmux that is attached to again it would be missing."""
_FALLBACK: Final = (80, 24)
_AHEAD: Final = 8
"""Pieces that wait for the terminal before it counts as not reading: a picture is three. The
library waits for room in its queue at thirty, with the keys and all else."""
_LARGEST: Final = (2_000, 1_000)
"""Cells beyond which a size is an error of whoever tells it; a picture of them takes no memory
that a machine lacks."""
_PAUSE: Final = 0.1
"""Seconds of silence after which Escape is a key and not the beginning of one."""
_SETTLED: Final = 3
"""Such pauses after which what was typed has been understood."""
_IDLE: Final = 10.0
"""Seconds to wait for a key at a time; waking ten times a second is a twentieth of all the work
of a program at rest."""


class Bell(threading.Event):
    """An event that also ends a wait for a descriptor; there is one for as long as the process."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self._rung = os.pipe()
        for end in (self.heard, self._rung):
            os.set_blocking(end, False)

    def set(self) -> None:
        super().set()
        with contextlib.suppress(BlockingIOError):
            os.write(self._rung, b"!")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.heard, 4096)
        super().clear()


class OnwatchDriver(LinuxDriver):
    """Draws on standard error, reads standard input."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._given = 0
        self._bell = self.exit_event = Bell()
        self._outlet = Outlet(sys.__stderr__ or sys.stderr)
        # Written to by the library's thread with write() and flush(), and nothing else.
        self._file = cast("TextIOWrapper", self._outlet)
        self._raw: list[Any] | None = None

    def behind(self, caught_up: Callable[[], None]) -> bool:
        """Whether the terminal takes less than it is given.

        ``caught_up`` is then called, once and from another thread, when it has taken all.
        """
        if self._given - self._outlet.taken < _AHEAD:
            return False
        self._outlet.then = caught_up
        self.write(MARK)
        return True

    @property
    def _plain(self) -> bool:
        return os.environ.get("TERM", "").startswith(_PLAIN)

    def write(self, data: str) -> None:
        if data != _FOCUS_REPORTS and not (self._plain and data.startswith(_EXTRAS)):
            self._given += 1
            super().write(data)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's own size: COLUMNS and LINES may be those of another time."""
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            return _FALLBACK
        # A serial line, or a container's terminal at first, says 0 by 0.
        if not (width and height):
            return _FALLBACK
        return min(width, _LARGEST[0]), min(height, _LARGEST[1])

    def run_input_thread(self) -> None:
        """Read what is typed until the end.

        The library's own reading ends the program at the first byte that is no UTF-8 and at some
        sequences that are no keys: a bad line, or a terminal of another encoding, is enough.
        """
        typed, pauses = Typed(self._binds_alt), 0
        while not self._bell.is_set():
            wait = _PAUSE if pauses < _SETTLED else _IDLE
            # Not poll, which knows no terminals on macOS.
            ready, _, _ = select.select([self.fileno, self._bell.heard], [], [], wait)
            pauses += 1
            if self.fileno in ready:
                pauses = 0
                data = os.read(self.fileno, 4096)
                if not data:
                    # The other end is gone; there is nothing to wait for but the end.
                    self._bell.wait(_PAUSE)
                for event in typed.feed(data):
                    self.process_message(event)
            for event in typed.tick():
                self.process_message(event)

    def _binds_alt(self) -> bool:
        """Whether the user has bound a key together with Alt."""
        return bool(getattr(self._app, "alt_is_bound", False))

    def process_message(self, message: Message) -> None:
        """Pass on what was typed; sizes, which nobody asked for, are noise."""
        if not isinstance(message, Resize | InBandWindowResize):
            super().process_message(message)

    def _enable_mouse_support(self) -> None:
        """Report clicks, the wheel and dragging; every move of the mouse would be a sequence on
        the way here and a screen looked through for what lies beneath it.
        """
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
            self.flush()

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write(MOUSE_OFF)
            self.flush()

    def _request_terminal_sync_mode_support(self) -> None:
        if not self._plain:
            super()._request_terminal_sync_mode_support()

    def _query_in_band_window_resize(self) -> None:
        """Ask for no sizes among what is typed: the kernel tells them, and noise tells others."""

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        with contextlib.suppress(termios.error):
            self._raw = termios.tcgetattr(self.fileno)

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop; the library begins anew, with another pair of threads, also where
        it was not told of the stop (SIGSTOP) and has ended nothing.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        elif self._auto_restart:
            self._loop.call_soon_threadsafe(self._take_back)

    def _take_back(self) -> None:
        """Have the terminal as it was: a shell may have used it meanwhile."""
        if self._raw is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._raw)
        self.write("\x1b[?1049h\x1b[?25l")
        self._enable_mouse_support()
        self._enable_bracketed_paste()
        self._disable_line_wrap()
        self._app.post_message(self.SignalResume())

    def stop_application_mode(self) -> None:
        self.write(CLEARED)
        super().stop_application_mode()
