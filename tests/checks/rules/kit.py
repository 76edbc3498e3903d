"""A store that is filled a run at a time, and a group of rules over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from checks.alerts.model import Alert, Transition
from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.language import PrometheusLanguage
from checks.rules.model import RuleFile, RuleGroup
from checks.rules.outcome import GroupOutcome, RuleOutcome
from checks.rules.reading import rules_of_text
from checks.store.store import Store

__all__ = ["MINUTE", "START", "Bench", "group_of", "read", "samples"]

MINUTE = 60_000
START = 1_700_000_040_000
"""A whole minute."""


def read(text: str) -> RuleFile:
    """The rules of ``text`` as the file ``rules.yml``."""
    return rules_of_text("rules.yml", text, PrometheusLanguage(Engine()))


def group_of(rules: str, head: str = "") -> RuleGroup:
    """A group ``g`` of rules that are written one a line, as YAML mappings."""
    lines = "".join(f"  - {rule}\n" for rule in rules.strip().splitlines())
    file = read(f"groups:\n- name: g\n  interval: 1m\n  {head}\n  rules:\n{lines}")
    assert not file.problems, file.problems
    return file.groups[0]


def samples(values: Mapping[str, float]) -> Samples:
    """``{"up{job=web}": 1}`` as samples."""
    series = []
    for text in values:
        name, _, inner = text.partition("{")
        pairs = (pair.split("=") for pair in inner.rstrip("}").split(",") if pair)
        series.append(Series.of(name, dict(pairs)))
    return Samples(tuple(series), tuple(values.values()))


@dataclass
class Bench:
    """Runs of a check and evaluations of a group, each a minute after the one before."""

    group: RuleGroup
    pure: bool = False
    at_once: bool = False
    since: int = 0
    external_labels: Mapping[str, str] = field(default_factory=dict)
    store: Store = field(default_factory=lambda: Store(1e12))
    now: int = START
    told: list[Transition] = field(default_factory=list)
    timer: Callable[[], float] = lambda: 0.0
    unsure: set[str] = field(default_factory=set)
    """Checks whose last run could not judge."""

    def __post_init__(self) -> None:
        self.engine = Engine()
        about = Circumstances(
            self.engine,
            self.external_labels,
            pure=self.pure,
            at_once=self.at_once,
            since=self.since,
            timer=self.timer,
            judges=lambda check: check not in self.unsure,
        )
        self.run = GroupRun(self.group, about)

    def scrape(self, values: Mapping[str, float] | None, check: str = "web") -> None:
        """A run of ``check``; None: it did not happen."""
        if values is not None:
            self.store.append(check, 60.0, self.now / 1000, samples(values))

    def evaluate(self, **values: float) -> GroupOutcome:
        outcome = self.run.evaluate(self.store, self.now)
        for one in outcome.rules:
            self.told += one.transitions
        return outcome

    def minute(self, values: Mapping[str, float] | None) -> RuleOutcome:
        """A run, an evaluation, and the clock a minute on; what the last rule came to."""
        self.scrape(values)
        outcome = self.evaluate()
        self.now += MINUTE
        return outcome.rules[-1]

    def ask(self, expression: str) -> dict[str, float]:
        """What ``expression`` comes to at the last evaluation, by the series' text."""
        asked = self.engine.instant(self.store, self.engine.parse(expression), self.now - MINUTE)
        return {shown(labels): value for labels, value in asked.samples()}

    @property
    def alerts(self) -> list[Alert]:
        """Those of the last alerting rule."""
        return list(self.run.alerts[-1].alerts.values())

    @property
    def states(self) -> list[str]:
        return [str(alert.state) for alert in self.alerts]


def shown(labels: Iterable[tuple[str, str]]) -> str:
    rest = dict(labels)
    name = rest.pop("__name__", "")
    inner = ",".join(f"{key}={value}" for key, value in rest.items())
    return f"{name}{{{inner}}}"
