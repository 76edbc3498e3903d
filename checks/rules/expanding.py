"""From the samples of an alert's expression to its alerts: labels and annotations expanded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from checks.alerts.model import Found, Pairs
from checks.rules.model import AlertRule
from checks.templates import Expander, is_steady

__all__ = ["DUPLICATE", "Finder", "Labels", "identity"]

Labels = tuple[tuple[str, str], ...]
DUPLICATE = "vector contains metrics with the same labelset after applying alert labels"
"""Prometheus' words for two alerts of one identity."""
_NAME = "__name__"


class Finder:
    """The alerts that samples of the expression of ``rule`` are, evaluation after evaluation.

    ``threshold`` is what their values are compared with. Texts are made anew where the value is
    another one, or where they rest on more than that: most alerts stay as they are for long.
    """

    def __init__(self, rule: AlertRule, threshold: str = "") -> None:
        self._rule = rule
        self._threshold = threshold
        self._last: dict[tuple[Labels, float], tuple[Pairs, Found]] = {}

    @cached_property
    def _steady(self) -> bool:
        return all(is_steady(text) for _, text in (*self._rule.labels, *self._rule.annotations))

    def alerts(
        self,
        samples: Iterable[tuple[Labels, float]],
        expander: Expander,
        judged: Callable[[Pairs], bool] | None = None,
        begins: Callable[[], None] = lambda: None,
    ) -> dict[Pairs, Found]:
        """By their identity. ``judged`` says whether enough is recorded for the scope of one;
        None: always. ``begins`` is called before the texts of one are made, and may raise.

        Raises ValueError where two of them have one identity.
        """
        alerts: dict[Pairs, Found] = {}
        last, self._last = self._last, {}
        for sample in samples:
            made = last.get(sample)
            if made is None:
                begins()
                made = self._expanded(*sample, expander)
            own, found = made
            if self._steady:
                self._last[sample] = made
            if own in alerts:
                raise ValueError(DUPLICATE)
            doubtful = judged is not None and not judged(found.scope)
            alerts[own] = replace(found, judged=False) if doubtful else found
        return alerts

    def _expanded(self, labels: Labels, value: float, expander: Expander) -> tuple[Pairs, Found]:
        rule, given = self._rule, dict(labels)

        def expand(texts: Pairs) -> Pairs:
            return tuple(
                (key, expander.expand(text, rule.name, given, value)) for key, text in texts
            )

        own = identity(given, expand(rule.labels), rule.name)
        return own, Found(value, expand(rule.annotations), labels, self._threshold)


def identity(sample: Mapping[str, str], expanded: Iterable[tuple[str, str]], name: str) -> Pairs:
    """The labels of an alert: the sample's without its name, the rule's over them, its own name.

    What is empty is left out.
    """
    labels = {**sample, **dict(expanded), "alertname": name}
    labels.pop(_NAME, None)
    return tuple(sorted((key, value) for key, value in labels.items() if value))
