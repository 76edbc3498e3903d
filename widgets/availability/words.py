"""How good a check was, in figures and signs that are honest about what they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

from checks.model import Status
from widgets import format as fmt
from widgets.glyphs import Glyphs
from widgets.text import Seg, role_of

if TYPE_CHECKING:
    from checks.records import RecordView, WindowRecord
    from checks.views import CheckView

__all__ = [
    "PARTIAL",
    "is_partial",
    "minutes_a_sign",
    "p95_of",
    "percent",
    "runs_within",
    "short_window",
    "strip",
    "strip_name",
    "window_cell",
]

PARTIAL: Final = "*"
"""Behind a figure whose window is longer than the check has been watched."""
_SLACK: Final = 0.98
"""Share of a window from which on it counts as covered: runs begin a little late."""
_HOUR: Final = 60
"""Minutes that are remembered."""
_STATUSES: Final = tuple(sorted(Status, key=lambda status: status.severity))


def percent(ratio: float | None) -> str:
    """``ratio`` in percent without its sign: ``100``, ``99.97``, ``97.3``, ``0``; never rounded
    up to 100 or down to 0.
    """
    if ratio is None or not math.isfinite(ratio):
        return fmt.DASH
    value = ratio * 100
    if value in (0.0, 100.0):
        return f"{value:.0f}"
    if value >= 99:
        return f"{math.floor(value * 100) / 100:.2f}"
    return f"{max(0.1, math.floor(value * 10) / 10):.1f}"


def window_cell(window: WindowRecord) -> tuple[str, str]:
    """The availability over ``window`` as text, and the role to write it in."""
    text = percent(window.availability)
    if window.availability is None:
        return f"{text} ", "dim"
    role = "critical" if window.availability < 0.99 else "high" if window.failed else "label"
    return text + (PARTIAL if is_partial(window) else " "), role


def is_partial(window: WindowRecord) -> bool:
    """Whether the check has not been watched for as long as the window is."""
    return window.covered < _SLACK * window.seconds


def short_window(seconds: float) -> str:
    """``1m``, ``5m``, ``15m``, ``1h``."""
    return f"{seconds / 3600:.0f}h" if seconds >= 3600 else f"{seconds / 60:.0f}m"


def minutes_a_sign(width: int, window: float) -> int:
    """Minutes that a sign of a strip of ``width`` cells stands for: one, unless the strip would
    then be shorter than ``window`` (seconds); then so many that it reaches back an hour.
    """
    if width >= min(window / 60, _HOUR):
        return 1
    # The first and the last sign may be of fewer minutes: they begin at multiples.
    return -(-(_HOUR - 1) // (width - 1)) if width > 1 else _HOUR


def strip_name(width: int, window: float) -> str:
    """What a strip is of, in at most ``width`` cells."""
    each = minutes_a_sign(width, window)
    if each == 1:
        names: tuple[str, ...] = (f"last {min(width, _HOUR)} min", f"{width} min", f"{width}m")
    else:
        names = (
            f"last 60 min, {each} min a sign",
            f"60 min, {each} a sign",
            "last 60 min",
            "60 min",
            "1 h",
        )
    return next((name for name in names if len(name) <= width), "")


def strip(record: RecordView | None, width: int, glyphs: Glyphs, window: float = 60.0) -> list[Seg]:
    """A sign for each minute, newest right, or for each few of them where the last ``width``
    minutes are less than the ``window`` (:func:`minutes_a_sign`); exactly ``width`` cells.

    The higher and heavier the sign, the worse the worst run of that time. A blank is a
    time of which nothing is known.
    """
    if record is None or width <= 0:
        return [Seg(" " * width)] if width > 0 else []
    each = minutes_a_sign(width, window)
    cells = record.cells if each == 1 else _gathered(record.cells, each, int(record.at // 60))
    return list(_strip(cells[-width:], width, glyphs))


@lru_cache(maxsize=2048)
def _gathered(cells: tuple[int, ...], each: int, newest: int) -> tuple[int, ...]:
    """The worst of ``each`` minutes of ``cells``, whose last is the minute ``newest`` since 1970:
    of the same ones from minute to minute, so that a sign changes place as seldom as it can.
    """
    oldest = newest - len(cells) + 1
    groups = groupby(range(len(cells)), key=lambda place: (oldest + place) // each)
    return tuple(max(cells[place] for place in places) for _, places in groups)


@lru_cache(maxsize=2048)
def _strip(cells: tuple[int, ...], width: int, glyphs: Glyphs) -> tuple[Seg, ...]:
    blank = (Seg(" " * (width - len(cells))),) if width > len(cells) else ()
    runs = ((*_sign(code, glyphs), len(list(run))) for code, run in groupby(cells))
    return (*blank, *(Seg(sign * count, role) for sign, role, count in runs))


def _sign(code: int, glyphs: Glyphs) -> tuple[str, str]:
    if code < 0:
        return " ", "text"
    status = _STATUSES[code]
    signs = {
        Status.OK: "." if glyphs.plain else glyphs.blocks[0],
        Status.WARNING: "!" if glyphs.plain else glyphs.blocks[3],
        Status.CRITICAL: "X" if glyphs.plain else glyphs.blocks[7],
    }
    return signs.get(status, "?"), role_of(status)


def runs_within(check: CheckView, seconds: float) -> Sequence[float]:
    """How long the runs within the last ``seconds`` took, as far as they are remembered."""
    return check.history[-max(1, round(seconds / check.interval)) :]


def p95_of(durations: Sequence[float]) -> float | None:
    """The time within which 95 % of the runs that were answered were; None without any."""
    known = sorted(one for one in durations if math.isfinite(one))
    return known[math.ceil(0.95 * len(known)) - 1] if known else None
