"""Which alerts of checks were over of late, as the timeline tells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from checks.alerts.severity import LABEL
from checks.model import Status
from checks.story.identities import identity, of_rule
from checks.story.model import Entry, EntryKind
from checks.story.telling import RESOLVED
from checks.views import AlertView

__all__ = ["KEPT", "lately_over"]

KEPT: Final = 15 * 60.0
"""Seconds that an alert is shown once it is over, as one of a rule is."""
_SEVERITIES: Final = {status.value: status for status in Status}


def lately_over(
    entries: Iterable[Entry], alerts: Sequence[AlertView], now: float
) -> tuple[AlertView, ...]:
    """The alerts of checks that were over within :data:`KEPT` before ``now``, and of which none is
    among ``alerts``; the last of each check, with what was said of its end, and ``since`` then.

    ``entries`` are the timeline's, the newest first.
    """
    ill = {alert.check for alert in alerts if not alert.rule}
    found: dict[str, AlertView] = {}
    for entry in entries:
        if entry.at <= now - KEPT:
            break
        if entry.kind is not EntryKind.TRANSITION or of_rule(identity(entry.alert)):
            continue
        if entry.after == RESOLVED and entry.check not in ill:
            found.setdefault(entry.check, _over(entry))
    return tuple(found.values())


def _over(entry: Entry) -> AlertView:
    return AlertView(
        id=entry.alert,
        name=entry.name,
        check=entry.check,
        status=_SEVERITIES.get(dict(entry.labels).get(LABEL, ""), Status.WARNING),
        since=entry.at,
        sentence=entry.text,
        firing=False,
        labels=entry.labels,
    )
