"""What an alert is of: what stays the same when onwatch starts anew, or another one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.alerts.severity import severity_of
from checks.alerts.wording import shown_series

if TYPE_CHECKING:
    from checks.views import AlertView

__all__ = ["rank_of", "thing_of"]


def thing_of(alert: AlertView) -> str:
    """The rule and the labels of its alert, or the check: its :attr:`~AlertView.id` without when
    it began, which of a check each session counts anew.
    """
    if alert.rule:
        return f"{alert.rule}{shown_series(alert.labels)}"
    return f"check {alert.check}"


def rank_of(alert: AlertView) -> int:
    """How bad it is; the larger is worse. Of a rule by its severity, of a check by its status."""
    if alert.rule:
        return int(severity_of(dict(alert.labels)))
    return alert.status.severity
