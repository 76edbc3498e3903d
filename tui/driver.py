"""The terminal library's driver, for more terminals than it was made for.

What it asks and switches on is understood or ignored by the emulators of a desktop; others
print it, report the mouse at every cell it passes, or keep the last picture after the end.
"""

from __future__ import annotations

import os
from typing import Final

from textual.drivers.linux_driver import LinuxDriver

__all__ = ["CLEARED", "OnwatchDriver"]

CLEARED: Final = "\x1b[0m\x1b[H\x1b[2J"
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


class OnwatchDriver(LinuxDriver):
    """Draws on standard error, reads standard input."""

    @property
    def _plain(self) -> bool:
        return os.environ.get("TERM", "").startswith(_PLAIN)

    def write(self, data: str) -> None:
        if data != _FOCUS_REPORTS and not (self._plain and data.startswith(_EXTRAS)):
            super().write(data)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's own size: COLUMNS and LINES may be those of another time."""
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            return _FALLBACK
        # A serial line, or a container's terminal at first, says 0 by 0.
        return (width, height) if width and height else _FALLBACK

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
        if not self._plain:
            super()._query_in_band_window_resize()

    def stop_application_mode(self) -> None:
        self.write(CLEARED)
        super().stop_application_mode()
