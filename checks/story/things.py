"""What an alert is of: what stays the same when onwatch starts anew, or another one looks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checks.alerts.severity import severity_of
from checks.alerts.wording import shown_series

if TYPE_CHECKING:
    from checks.alerts.model import Pairs
    from checks.views import AlertView

__all__ = ["rank_of", "thing_of", "thing_of_check"]


def thing_of(alert: AlertView) -> str:
    """The rule and the labels of its alert, or the check: its :attr:`~AlertView.id` without when
    it began, which of a check each session counts anew.
    """
    if alert.rule:
        return _of_rule(alert.rule, alert.labels)
    return thing_of_check(alert.check)


def thing_of_check(name: str) -> str:
    """The check called ``name``."""
    return f"check {name}"


@lru_cache(maxsize=4096)
def _of_rule(rule: str, labels: Pairs) -> str:
    return f"{rule}{shown_series(labels)}"


def rank_of(alert: AlertView) -> int:
    """How bad it is; the larger is worse. Of a rule by its severity, of a check by its status."""
    if alert.rule:
        return int(severity_of(dict(alert.labels)))
    return alert.status.severity
