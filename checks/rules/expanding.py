"""From the samples of an alert's expression to its alerts: labels and annotations expanded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from checks.alerts.model import Found, Pairs
from checks.rules.model import AlertRule
from checks.templates import Expander

__all__ = ["DUPLICATE", "Labels", "found_alerts", "identity"]

Labels = tuple[tuple[str, str], ...]
DUPLICATE = "vector contains metrics with the same labelset after applying alert labels"
"""Prometheus' words for two alerts of one identity."""
_NAME = "__name__"


def found_alerts(
    rule: AlertRule,
    samples: Iterable[tuple[Labels, float]],
    expander: Expander,
    threshold: str = "",
    judged: Callable[[Pairs], bool] | None = None,
) -> dict[Pairs, Found]:
    """The alerts that ``samples`` of the rule's expression are, by their identity.

    ``threshold`` is what their values are compared with. ``judged`` says whether enough is
    recorded for the scope of one; None: always.

    Raises ValueError where two of them have one identity.
    """
    alerts: dict[Pairs, Found] = {}
    for labels, value in samples:
        given = dict(labels)
        expanded = [
            (key, expander.expand(text, rule.name, given, value)) for key, text in rule.labels
        ]
        own = identity(given, expanded, rule.name)
        if own in alerts:
            raise ValueError(DUPLICATE)
        annotations = tuple(
            (key, expander.expand(text, rule.name, given, value)) for key, text in rule.annotations
        )
        found = Found(value, annotations, labels, threshold)
        doubtful = judged is not None and not judged(found.scope)
        alerts[own] = replace(found, judged=False) if doubtful else found
    return alerts


def identity(sample: Mapping[str, str], expanded: Iterable[tuple[str, str]], name: str) -> Pairs:
    """The labels of an alert: the sample's without its name, the rule's over them, its own name.

    What is empty is left out.
    """
    labels = {**sample, **dict(expanded), "alertname": name}
    labels.pop(_NAME, None)
    return tuple(sorted((key, value) for key, value in labels.items() if value))
