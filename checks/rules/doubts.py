"""What keeps a rule's evaluation from saying that an alert is there, or over."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checks.alerts.model import Alert, Evidence, Pairs
from checks.alerts.wording import shown_series
from checks.rules.coverage import Coverage
from checks.rules.selectors import Comparison

__all__ = ["Compared", "StoreDoubts"]

_NAME = "__name__"
Labels = tuple[tuple[str, str], ...]
Compared = Callable[[], Iterable[tuple[Labels, float]]]
"""Evaluates what a rule compares with its threshold."""


class StoreDoubts:
    """As :class:`checks.alerts.state.Doubts` says, of one evaluation.

    ``coverage`` is that of what the rule reads, ``history`` that of the rules before it too, whose
    records it reads. ``since`` is when recording began (milliseconds).
    """

    def __init__(
        self,
        coverage: Coverage,
        history: Coverage,
        since: int,
        compares: Comparison | None,
        compared: Compared,
    ) -> None:
        self._coverage = coverage
        self._history = history
        self._since = since
        self._compares = compares
        self._compared = compared
        self._values: list[tuple[Labels, float]] | None = None

    def watched(self, scope: Pairs) -> tuple[int, ...]:
        return self._coverage.watched(scope)

    def silent(self, alert: Alert) -> str:
        return self._coverage.silent(alert.scope, alert.watched, alert.seen_at)

    def ended(self, alert: Alert) -> str:
        return self._coverage.ended(alert.scope, alert.watched)

    def unrecorded(self, scope: Pairs) -> bool:
        return self._history.unrecorded(scope, self._since)

    def now(self, labels: Pairs) -> Evidence:
        if self._compares is None:
            return Evidence()
        if self._values is None:
            self._values = list(self._compared())
        given = dict(labels)
        for sample, value in self._values:
            if all(given.get(name) == text for name, text in sample if name != _NAME):
                return Evidence(value, self._compares.threshold, shown_series(sample))
        return Evidence(None, self._compares.threshold)
