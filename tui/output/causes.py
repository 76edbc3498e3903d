"""What a check's sentence is told with where nobody can look further: its address, its cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from checks.views import CheckView

__all__ = ["causes_of", "told", "worst_first"]


def causes_of(checks: Sequence[CheckView]) -> Mapping[str, str]:
    """By name of a check that is not OK: the one it may follow from, empty for none."""
    return {alert.check: alert.cause for alert in alerts_of(checks)}


def worst_first(checks: Sequence[CheckView], causes: Mapping[str, str]) -> list[CheckView]:
    """Among equals a cause before what may follow from it, else as they were."""
    return sorted(checks, key=lambda one: (-one.status.severity, bool(causes.get(one.name))))


def told(check: CheckView, causes: Mapping[str, str]) -> str:
    """The sentence of ``check``; of one that is not OK with where it is and what may cause it."""
    if check.status is Status.OK:
        return check.message
    named = check.address in check.message or check.instance in check.message
    where = f" ({check.address})" if "://" in check.address and not named else ""
    cause = causes.get(check.name)
    return f"{check.message}{where}{f' (may follow from {cause})' if cause else ''}"
