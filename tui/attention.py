"""When to call somebody to the screen, and with which bytes: bell and desktop notification.

Pure. A terminal answers nothing to OSC 9 or OSC 777, and some print what they do not know: a
notification goes only to those that are known to take it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.model import Status, clean
from checks.story.identities import identity
from tui.multiplexers import handed_through
from widgets.alerts import speaks

if TYPE_CHECKING:
    from checks.views import AlertView, Snapshot

__all__ = ["BELL", "Attention", "Call", "notification"]

BELL: Final = "\a"
SETTLING: Final = 5.0
"""Seconds from the first picture in which what is wrong was so before: one call for all of it."""
APART: Final = 30.0
"""Seconds between two calls; what comes meanwhile is counted in the next one."""
FORGOTTEN: Final = 600.0
"""Seconds after which an alert that was over is new again: what flaps calls once."""
_LONGEST: Final = 180
_NEVER: Final = ("linux", "vt", "ansi", "wy", "dumb")
"""How the names of terminals begin that know nothing of this, and may print it."""
_NINE: Final = ("iTerm.app", "WezTerm", "ghostty", "kitty", "mintty", "rio", "WarpTerminal")
"""Programs, by TERM_PROGRAM, that take OSC 9."""
_NINE_MARKS: Final = (
    "ITERM_SESSION_ID",
    "KITTY_WINDOW_ID",
    "WEZTERM_PANE",
    "GHOSTTY_RESOURCES_DIR",
)
"""Variables that these set, which a tmux within them hands on."""
_NINE_TERMS: Final = (
    "xterm-kitty",
    "xterm-ghostty",
    "wezterm",
    "iterm",
    "foot",
    "contour",
    "mintty",
)
_SEVENS: Final = ("rxvt", "urxvt")
"""How the names of terminals begin that take OSC 777; those of VTE set VTE_VERSION."""


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody is to be called: ``text`` says to what, ``count`` to how many alerts."""

    text: str
    count: int


class Attention:
    """Remembers what was called for. It is off while ``on`` is false, and goes on remembering."""

    def __init__(self) -> None:
        self.on = True
        self._began: float | None = None
        self._known: dict[str, float] = {}
        self._there: frozenset[str] = frozenset()
        self._waiting: dict[str, AlertView] = {}
        self._called: float | None = None

    def look(self, snapshot: Snapshot, now: float) -> Call | None:
        """Whether ``snapshot`` is worth a call ``now`` (seconds of any steady clock)."""
        if snapshot.source != "live" and not snapshot.source.startswith("low"):
            return None
        if self._began is None:
            self._began = now
        urgent = {identity(one.id): one for one in _urgent(snapshot)}
        self._forget(now)
        self._waiting |= {key: one for key, one in urgent.items() if key not in self._known}
        self._known |= dict.fromkeys(urgent, now)
        self._there = frozenset(urgent)
        # What was over before it could be told of calls nobody.
        self._waiting = {key: urgent[key] for key in self._waiting if key in urgent}
        if not self._waiting or not self._due(now):
            return None
        told, self._waiting, self._called = list(self._waiting.values()), {}, now
        return _call(told) if self.on else None

    def _forget(self, now: float) -> None:
        """Take what has been over for long for new; what was there at the last look is not over."""
        known = self._known.items()
        self._known = {k: at for k, at in known if k in self._there or now - at < FORGOTTEN}

    def _due(self, now: float) -> bool:
        settled = self._began is not None and now - self._began >= SETTLING
        return settled and (self._called is None or now - self._called >= APART)


def _urgent(snapshot: Snapshot) -> list[AlertView]:
    """The critical alerts that fire and that nobody has taken or silenced."""
    handled = snapshot.story.handled if snapshot.story is not None else {}
    found = []
    for one in snapshot.alerts:
        if one.firing and one.status is Status.CRITICAL and speaks(one):
            known = handled.get(one.id)
            if known is None or not (known.silenced_by or known.acknowledged):
                found.append(one)
    return found


def _call(alerts: list[AlertView]) -> Call:
    # Causes come before what follows from them.
    first = min(alerts, key=lambda one: bool(one.cause))
    text = f"{first.name}: {first.sentence}"
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    return Call(f"{clean(text, _LONGEST)}{more}", len(alerts))


def notification(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """What has the terminal show ``text`` as a notification of the desktop; empty where none is
    known to.
    """
    way = _way(environ)
    # A semicolon would end a field; OSC 9 with a digit at its begin means something else.
    said = clean(text, _LONGEST + 40).replace(";", ",")
    if way == "9":
        sequence = f"\x1b]9;onwatch: {said}\x07"
    elif way == "777":
        sequence = f"\x1b]777;notify;onwatch;{said}\x07"
    else:
        return ""
    return handed_through(sequence, environ)


def _way(environ: Mapping[str, str]) -> str:
    """The number of the sequence that the terminal takes; empty for none."""
    kind = environ.get("TERM", "").lower()
    if kind.startswith(_NEVER):
        return ""
    if (
        environ.get("TERM_PROGRAM") in _NINE
        or environ.get("LC_TERMINAL") in {"iTerm2", "WezTerm"}
        or any(environ.get(mark) for mark in _NINE_MARKS)
        or kind.startswith(_NINE_TERMS)
    ):
        return "9"
    if environ.get("VTE_VERSION") or kind.startswith(_SEVENS):
        return "777"
    return ""
