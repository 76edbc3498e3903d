"""How a soak ends, however it ends: with nothing left of what it has started."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

import psutil

__all__ = ["leaving_nothing"]

ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WITHIN: Final = 5.0


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Unwind what is within where a signal ends it, then kill whatever is still our child.

    A signal that whoever started us had us ignore (as ``nohup`` does) stays ignored. The exit code
    is a shell's: 128 and the signal's number.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    try:
        yield
    finally:
        _kill_children()


def _end(number: int, _: FrameType | None) -> NoReturn:
    # One that comes meanwhile must not break off what ends the servers.
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _kill_children() -> None:
    """A fault under way has some that only its own end would have ended."""
    left = psutil.Process().children(recursive=True)
    for child in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(left, _WITHIN)
