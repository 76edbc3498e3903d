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
    "NO_ROWS",
    "errors_config",
    "label_names",
    "labels_config",
    "no_durations",
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

NO_ROWS = "a page of metrics counts requests; of a single one it tells nothing"
"""What stands where single requests would, of a source that counts them."""

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


def errors_config(view: RequestView) -> tuple[str, ...]:
    """The lines of the configuration that would tell of errors."""
    if view.stats.counted:
        return ("metrics:", "  …", "  requests: {counter: http_requests_total, status: code}")
    return ("request_log:", "  …", "  status: status_code", "  error: error")


def labels_config(view: RequestView) -> tuple[str, ...]:
    """The lines of the configuration that would break figures down."""
    if view.stats.counted:
        return ("metrics:", "  …", "  requests: {labels: [handler]}")
    return ("request_log:", "  …", "  labels: [provider_id]")


def no_durations(view: RequestView) -> str:
    """That there are none, and what would bring them."""
    if view.stats.counted:
        text = "the page has no histogram of them, or name it: `requests: {histogram: …}`"
        return f"no durations: {text}"
    return "no durations: add `duration: {column: latency_ms, unit: ms}` to request_log"


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
