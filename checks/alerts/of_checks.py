"""What is wrong now: which alerts there are, what they may follow from, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from checks.model import Status
from checks.views import AlertView, CheckView

__all__ = ["alerts_of", "in_order"]

_ALERTING: Final = (Status.CRITICAL, Status.UNKNOWN, Status.STALE, Status.WARNING)
_TOGETHER: Final = 60.0
"""Seconds within which alerts that begin one after the other are taken for one incident."""
_MINUTE: Final = 60.0


def alerts_of(checks: Sequence[CheckView]) -> tuple[AlertView, ...]:
    """An alert for every check that is not OK, what is to be looked at first at the front.

    The worst come first, and a cause counts as bad as what follows from it. Among equals causes
    come before symptoms. Then the newest incident does: a warning that has been there for
    weeks hides nothing that has just begun. Within one incident they stand in the order in
    which they began.
    """
    ill = {check.name: check for check in checks if check.status in _ALERTING}
    causes = {name: _cause(check, ill) for name, check in ill.items()}
    weights = {name: check.status.severity for name, check in ill.items()}
    for name, cause in causes.items():
        if cause:
            weights[cause] = max(weights[cause], ill[name].status.severity)
    incidents = _incidents(list(ill.values()))

    def rank(check: CheckView) -> tuple[float, ...]:
        name = check.name
        own = -check.status.severity
        return (-weights[name], bool(causes[name]), own, incidents[name], check.since)

    return tuple(_alert(check, causes[check.name]) for check in sorted(ill.values(), key=rank))


def in_order(checks: Sequence[CheckView], alerts: Sequence[AlertView]) -> tuple[CheckView, ...]:
    """``checks`` in the order of their ``alerts``, then those without one as they were."""
    places = {alert.check: place for place, alert in enumerate(alerts)}
    return tuple(sorted(checks, key=lambda check: places.get(check.name, len(places))))


def _incidents(ill: Sequence[CheckView]) -> dict[str, int]:
    """The incident of each check by its name, counted from the newest, which is 0."""
    found: dict[str, int] = {}
    number, before = 0, None
    for check in sorted(ill, key=lambda one: -one.since):
        if before is not None and before - check.since > _TOGETHER:
            number += 1
        found[check.name], before = number, check.since
    return found


def _alert(check: CheckView, cause: str) -> AlertView:
    down = check.status is Status.CRITICAL and not check.up
    return AlertView(
        id=f"{check.name}@{check.since:.3f}",
        name=f"{check.name} down" if down else check.name,
        check=check.name,
        status=check.status,
        since=check.since,
        sentence=check.message,
        cause=cause,
        runbook=check.runbook,
    )


def _cause(check: CheckView, ill: Mapping[str, CheckView]) -> str:
    """The ill check at the root of what ``check`` depends on; empty where there is none."""
    seen = {check.name}
    cause = ""
    waiting = list(check.depends_on)
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in ill or not _may_explain(ill[name], check):
            continue
        seen.add(name)
        cause = name
        waiting = [*ill[name].depends_on, *waiting]
    return cause


def _may_explain(cause: CheckView, symptom: CheckView) -> bool:
    """Whether ``cause`` was ill when ``symptom`` became so, as far as its runs can tell.

    Each of its runs may have come as late as its interval after what it found, and may have
    begun before ``symptom`` had waited in vain. Where its status has changed since, the
    minutes it remembers say whether it was ill before.
    """
    late = cause.interval + (symptom.duration or 0.0)
    if cause.since <= symptom.since + late:
        return True
    record = cause.record
    if record is None:
        return False
    back = int(record.at // _MINUTE) - int(symptom.since // _MINUTE) + 2
    before = record.cells[-back:][:1] if back <= len(record.cells) else ()
    return any(code >= Status.WARNING.severity for code in before)
