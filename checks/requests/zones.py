"""Dates without a zone, as whole columns."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_utc"]

_SLOT = 900.0


def to_utc(naive: NDArray[np.float64], zone: str, near: float) -> NDArray[np.float64]:
    """Seconds since 1970 in UTC of dates that ``naive`` gives as if they were in UTC.

    ``zone`` is as in :class:`checks.requests.config.TimeColumn`; ``server`` and ``utc``
    change nothing. Of an hour that a clock goes through twice the reading nearest to
    ``near`` is taken. NaN stays NaN.
    """
    if zone in ("server", "utc"):
        return naive
    known = np.isfinite(naive)
    result = naive.copy()
    slots, where = np.unique(np.floor(naive[known] / _SLOT), return_inverse=True)
    offsets = np.array([_offset(float(slot) * _SLOT, zone, near) for slot in slots])
    if len(slots):
        result[known] -= offsets[where]
    return result


def _offset(naive: float, zone: str, near: float) -> float:
    """Seconds that ``zone`` is ahead of UTC at the local time ``naive``."""
    try:
        moment = datetime.fromtimestamp(naive, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return 0.0
    readings = [_reading(moment.replace(fold=fold), zone) for fold in (0, 1)]
    return min(readings, key=lambda offset: abs(naive - offset - near))


def _reading(moment: datetime, zone: str) -> float:
    local = moment.astimezone() if zone == "local" else moment.replace(tzinfo=ZoneInfo(zone))
    offset = local.utcoffset()
    return offset.total_seconds() if offset is not None else 0.0
