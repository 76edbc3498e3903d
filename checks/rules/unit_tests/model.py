"""What a file of rule tests says. Durations and times are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "AlertCase",
    "ExpectedAlert",
    "ExpectedSample",
    "ExprCase",
    "Series",
    "TestFile",
    "TestGroup",
]

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Series:
    """An input series: labels and values in the notation of Prometheus' test language."""

    labels: Labels
    points: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that fires; the label ``alertname`` is added to its labels."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True)
class AlertCase:
    """All alerts called ``alertname`` that fire at ``eval_time``."""

    line: int
    eval_time: int
    alertname: str
    expected: tuple[ExpectedAlert, ...]


@dataclass(frozen=True, slots=True)
class ExpectedSample:
    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class ExprCase:
    """What ``expr`` comes to at ``eval_time``."""

    line: int
    eval_time: int
    expr: str
    expected: tuple[ExpectedSample, ...]


@dataclass(frozen=True, slots=True)
class TestGroup:
    """Input with what is expected of it. ``start`` is the moment of eval_time 0."""

    line: int
    name: str
    interval: int
    series: tuple[Series, ...]
    alerts: tuple[AlertCase, ...]
    exprs: tuple[ExprCase, ...]
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    start: int = 0

    __test__ = False

    @property
    def last(self) -> int:
        """The latest eval_time."""
        moments = [case.eval_time for case in self.alerts]
        return max([*moments, *(case.eval_time for case in self.exprs)], default=0)


@dataclass(frozen=True, slots=True)
class TestFile:
    """A file of tests; ``rule_files`` are patterns, relative to it."""

    name: str
    rule_files: tuple[str, ...]
    interval: int
    order: tuple[str, ...]
    groups: tuple[TestGroup, ...]
    fuzzy: bool = False

    __test__ = False
