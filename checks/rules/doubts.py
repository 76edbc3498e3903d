"""What keeps a rule's evaluation from saying that an alert is there, or over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

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
        self._values: _Values | None = None

    def watched(self, scope: Pairs) -> tuple[int, ...]:
        return self._coverage.watched(scope)

    def checks(self, scope: Pairs, watched: tuple[int, ...]) -> tuple[str, ...]:
        return self._coverage.checks(scope, watched)

    def silent(self, alert: Alert) -> str:
        return self._coverage.silent(alert.scope, alert.watched, alert.seen_at, alert.checks)

    def ended(self, alert: Alert) -> str:
        return self._coverage.ended(alert.scope, alert.watched)

    def unrecorded(self, scope: Pairs) -> bool:
        return self._history.unrecorded(scope, self._since)

    def now(self, labels: Pairs) -> Evidence:
        if self._compares is None:
            return Evidence()
        if self._values is None:
            self._values = _Values(self._compared())
        found = self._values.first_within(dict(labels))
        if found is None:
            return Evidence(None, self._compares.threshold)
        return Evidence(found[1], self._compares.threshold, shown_series(found[0]))


class _Values:
    """Samples to be found by alerts' labels; thousands of alerts may be over at once."""

    def __init__(self, samples: Iterable[tuple[Labels, float]]) -> None:
        self._samples = tuple(samples)
        self._places: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
        for place, (labels, _) in enumerate(self._samples):
            pairs = [pair for pair in labels if pair[0] != _NAME]
            names, texts = tuple(name for name, _ in pairs), tuple(text for _, text in pairs)
            self._places.setdefault(names, {}).setdefault(texts, place)

    def first_within(self, given: Mapping[str, str]) -> tuple[Labels, float] | None:
        """The first sample all of whose labels, but for the name, are among ``given``."""
        found = (
            places.get(tuple(given.get(name, "") for name in names))
            for names, places in self._places.items()
        )
        place = min((one for one in found if one is not None), default=None)
        return None if place is None else self._samples[place]
