"""Whether the clock is kept right: adjtimex(2), which only Linux has."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

from checks.probes.host.files import Emit

__all__ = ["collect_clock"]

_NANOSECONDS: Final = 0x2000
_UNSYNCHRONISED: Final = 5


class _Timex(ctypes.Structure):
    """The head of `struct timex`; ``rest`` is as long as any platform's tail of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 512),
    )


def collect_clock(emit: Emit) -> None:
    """Emits offset, error bound and whether the clock is synchronised; only reads."""
    if not sys.platform.startswith("linux"):
        return
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return
    if state < 0:
        return
    unit = 1e-9 if timex.status & _NANOSECONDS else 1e-6
    emit("node_timex_offset_seconds", timex.offset * unit)
    emit("node_timex_maxerror_seconds", timex.maxerror * 1e-6)
    emit("node_timex_estimated_error_seconds", timex.esterror * 1e-6)
    emit("node_timex_sync_status", 0.0 if state == _UNSYNCHRONISED else 1.0)
    emit("node_timex_status", timex.status)
