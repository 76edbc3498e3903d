"""What the panes about requests say in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets import format as fmt
from widgets.glyphs import Glyphs

if TYPE_CHECKING:
    from checks.requests.stats import RequestRow, WindowStats
    from checks.views import RequestView

__all__ = [
    "BAD_RATIO",
    "label_names",
    "over",
    "ratio_role",
    "ratio_sign",
    "rows_over",
    "status_of",
    "status_role",
    "texts_of",
]

BAD_RATIO = 0.01
"""Share of errors from which on a figure stands out."""
WORSE_RATIO = 0.05
"""Share of errors from which on a row is in trouble."""

_WHOLE = 0.95
"""Share of a window that counts as all of it."""


def over(window: WindowStats) -> str:
    """The window that figures are of, and how much of it is covered where that is not all."""
    whole = fmt.window(window.seconds)
    if window.covered >= window.seconds * _WHOLE:
        return whole
    return f"{fmt.span(window.covered)} of {whole}"


def rows_over(view: RequestView) -> str:
    """The same of single requests; what was read as sums is not among them."""
    since, window = view.stats.rows_since, view.window
    begin = view.stats.at - min(window.seconds * _WHOLE, window.covered)
    if since is None or since <= begin:
        return over(window)
    return f"{fmt.window(window.seconds)}, single requests since {fmt.clock(since)}"


def label_names(view: RequestView) -> tuple[str, ...]:
    """The labels, in the order in which single requests have their values."""
    return tuple(label for label, _ in view.window.breakdown)


def ratio_role(ratio: float | None) -> str:
    """The role of a share of errors."""
    if ratio is None or ratio < BAD_RATIO:
        return "label"
    return "critical" if ratio >= WORSE_RATIO else "warning"


def ratio_sign(ratio: float, glyphs: Glyphs) -> str:
    """The sign of a row with that share of errors, a blank where it is in no trouble."""
    signs = {"critical": glyphs.statuses[5], "warning": glyphs.statuses[2]}
    return signs.get(ratio_role(ratio), " ")


def status_of(row: RequestRow, glyphs: Glyphs) -> str:
    """The status of a request, or the dash of what is not known."""
    return glyphs.dash if row.status is None else str(row.status)


def status_role(row: RequestRow) -> str:
    if not row.failed:
        return "label"
    return "warning" if row.status is not None and 400 <= row.status < 500 else "critical"


def texts_of(row: RequestRow) -> tuple[str, ...]:
    """Everything that a user would look for a request by."""
    return (fmt.clock(row.time), str(row.status or ""), *row.labels, row.error or row.kind)
