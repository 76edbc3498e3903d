"""Which alerts that may fire are worth a line: of several thresholds of one thing the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from widgets.handling import handled_of, is_silenced

if TYPE_CHECKING:
    from checks.rules.views import Pairs
    from checks.views import AlertView, Snapshot

__all__ = ["next_of_each"]

_DEGREES: Final = frozenset({"severity", "priority"})
"""Labels that the thresholds of one thing differ in."""
_Thing: TypeAlias = "tuple[str, str, Pairs]"


def next_of_each(snapshot: Snapshot, alerts: Sequence[AlertView]) -> list[AlertView]:
    """``alerts``, but of pending ones of one name and labels that one alone which fires first, the
    worst of those that fire together. What is silenced speaks for no other.
    """
    pending = [
        one for one in alerts if not one.firing and not is_silenced(handled_of(snapshot, one.id))
    ]
    rules = snapshot.rules.rules if snapshot.rules is not None and len(pending) > 1 else ()
    holds = {rule.key: rule.hold for rule in rules}
    pending.sort(key=lambda one: (one.since + holds.get(one.rule, 0.0), -one.status.severity))
    first: dict[_Thing, AlertView] = {}
    for one in pending:
        first.setdefault(_thing(one), one)
    left_out = {one.id for one in pending} - {one.id for one in first.values()}
    return [one for one in alerts if one.id not in left_out]


def _thing(alert: AlertView) -> _Thing:
    labels = tuple(pair for pair in alert.labels if pair[0] not in _DEGREES)
    return alert.name, alert.check, labels
