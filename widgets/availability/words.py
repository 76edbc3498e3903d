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
    from checks.views import CheckView, RecordView, WindowRecord

__all__ = ["PARTIAL", "p95_of", "percent", "runs_within", "short_window", "strip", "window_cell"]

PARTIAL: Final = "*"
"""Behind a figure whose window is longer than the check has been watched."""
_SLACK: Final = 0.98
"""Share of a window from which on it counts as covered: runs begin a little late."""
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


def strip(record: RecordView | None, width: int, glyphs: Glyphs) -> list[Seg]:
    """A sign a minute for the last ``width`` minutes, newest right; exactly ``width`` cells.

    The higher and heavier the sign, the worse the worst run of that minute. A blank is a
    minute of which nothing is known.
    """
    cells = record.cells[-width:] if record is not None and width > 0 else ()
    return list(_strip(cells, width, glyphs))


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
