"""Runs rule tests by the rules of ``promtool test rules``.

All groups are evaluated every ``evaluation_interval`` (whatever their own interval is) from the
start up to the last eval_time; alerts are compared after the last evaluation at or before their
eval_time, expressions at the end, over what was loaded up to the last evaluation.
"""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from checks.alerts.durations import show_duration
from checks.alerts.model import State
from checks.errors import ConfigError, OnwatchError
from checks.model import Samples
from checks.model import Series as Stored
from checks.promql.literals import quote
from checks.promql.values import Matrix, Vector
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.language import PrometheusLanguage
from checks.rules.model import RuleGroup
from checks.rules.outcome import Health
from checks.rules.reading import read_rule_file
from checks.rules.unit_tests.model import (
    AlertCase,
    ExpectedAlert,
    ExpectedSample,
    ExprCase,
    TestFile,
    TestGroup,
)
from checks.rules.unit_tests.reading import read_test_file
from checks.rules.unit_tests.wording import go_duration, shown_alerts, shown_samples
from checks.store.store import Store

if TYPE_CHECKING:
    from checks.promql.api import Engine

__all__ = ["LOOKBACK", "Failure", "TestReport", "run_test_file"]

LOOKBACK = 300_000
"""Milliseconds, as in promtool."""
_FOREVER = 1e12


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed, in promtool's words; ``line`` is that of the test, 0 for the file itself."""

    line: int
    text: str


@dataclass(slots=True)
class TestReport:
    """What came of a file: nothing in ``failures`` is a success."""

    name: str
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    __test__ = False


def run_test_file(path: Path, wanted: Callable[[str], bool] = lambda _: True) -> TestReport:
    """Run the tests in the file at ``path``; whatever is wrong is among the failures.

    ``wanted`` says of the name of each test whether it runs.
    """
    report = TestReport(str(path))
    try:
        file = read_test_file(path)
    except ConfigError as error:
        report.failures += [Failure(0, f"  {problem}") for problem in error.problems]
        return report
    # Two patterns may name one file, which promtool then has once.
    rule_files = list(dict.fromkeys(_rule_files(file, path.parent, report)))
    for group in file.groups:
        if not wanted(group.name):
            continue
        report.failures += _Suite(file, group).run(rule_files)
    return report


def _rule_files(file: TestFile, base: Path, report: TestReport) -> Iterator[Path]:
    for pattern in file.rule_files:
        found = sorted(glob.glob(str(base / pattern)))  # noqa: PTH207 - any base
        if not found:
            report.warnings.append(f"no file matches {base / pattern}")
        yield from (Path(os.path.normpath(one)) for one in found)


class _Suite:
    """One test group with its own store, engine and rules."""

    def __init__(self, file: TestFile, group: TestGroup) -> None:
        from checks.promql.api import Engine  # noqa: PLC0415 - loads numpy
        from checks.promql.options import Options  # noqa: PLC0415

        self._file = file
        self._group = group
        self._engine: Engine = Engine(Options(lookback=LOOKBACK, subquery_step=file.interval))
        self._store = Store(_FOREVER)
        # Of two with the same labels the later one counts, as in promtool.
        self._input = list({series.labels: series for series in group.series}.values())
        self._loaded = [0] * len(self._input)

    def run(self, rule_files: Sequence[Path]) -> list[Failure]:
        """What failed."""
        groups, problems = self._groups(rule_files)
        if problems:
            return problems
        failures: list[Failure] = []
        waiting = sorted({case.eval_time for case in self._group.alerts})
        for since in range(0, self._group.last + 1, self._file.interval):
            errors = self._evaluate(groups, since)
            if errors:
                return [*failures, *errors]
            while waiting and waiting[0] < since + self._file.interval:
                due = waiting.pop(0)
                cases = (case for case in self._group.alerts if case.eval_time == due)
                failures += [
                    Failure(c.line, text) for c in cases if (text := self._judge(c, groups))
                ]
        asked = (Failure(c.line, text) for c in self._group.exprs if (text := self._ask(c)))
        return [*failures, *asked]

    def _groups(self, rule_files: Sequence[Path]) -> tuple[list[GroupRun], list[Failure]]:
        """The rule groups in the order of their evaluation, or what is wrong with their files."""
        language = PrometheusLanguage(self._engine)
        groups: list[RuleGroup] = []
        problems: list[Failure] = []
        for path in rule_files:
            read = read_rule_file(path, language, trusted=True)
            groups += read.groups
            problems += [Failure(0, f"    {problem}") for problem in read.problems]
        places = {name: at for at, name in enumerate(self._file.order)}
        groups.sort(key=lambda group: places.get(group.name, 0))
        about = Circumstances(
            self._engine,
            self._group.external_labels,
            self._group.external_url,
            self._group.interval,
            pure=True,
        )
        return [GroupRun(group, about) for group in groups], problems

    def _evaluate(self, groups: Sequence[GroupRun], since: int) -> list[Failure]:
        """Evaluate all groups ``since`` milliseconds after the start; the rules' errors."""
        now = self._group.start + since
        self._load(now)
        errors = []
        for group in groups:
            for one in group.evaluate(self._store, now).rules:
                if one.health is Health.ERROR:
                    when = go_duration(since)
                    text = f"    rule: {one.rule.name}, time: {when}, err: {one.sentence}"
                    errors.append(Failure(self._group.line, text))
        return errors

    def _load(self, now: int) -> None:
        """Put into the store what the input series have up to ``now``.

        Each is a block of its own, since one may lack a sample without having ended.
        """
        interval = self._group.interval
        for number, series in enumerate(self._input):
            labels = dict(series.labels)
            stored = (Stored.of(labels.pop("__name__", ""), labels),)
            at = self._loaded[number]
            while at < len(series.points) and self._group.start + at * interval <= now:
                value = series.points[at]
                if value is not None:
                    time = (self._group.start + at * interval) / 1000
                    sample = Samples(stored, (value,))
                    self._store.append(f"input/{number}", interval / 1000, time, sample)
                at += 1
            self._loaded[number] = at

    def _judge(self, case: AlertCase, groups: Sequence[GroupRun]) -> str:
        found = [
            ExpectedAlert(alert.labels, alert.annotations)
            for group in groups
            for run in group.alerts
            if run.rule.name == case.alertname
            for alert in run.alerts.values()
            if alert.state is State.FIRING
        ]
        expected = _sorted(case.expected)
        if expected == _sorted(found):
            return ""
        named = f"    name: {self._group.name},\n" if self._group.name else ""
        return (
            f"{named}    alertname: {case.alertname}, time: {show_duration(case.eval_time)}, \n"
            f"        exp:{shown_alerts(expected)}, \n"
            f"        got:{shown_alerts(_sorted(found))}"
        )

    def _ask(self, case: ExprCase) -> str:
        asked = f"    expr: {quote(case.expr)}, time: {show_duration(case.eval_time)},"
        try:
            found = self._samples(case)
        except OnwatchError as error:
            return f"{asked} err: {error}"
        expected = sorted(case.expected, key=lambda one: one.labels)
        if _same(expected, found, fuzzy=self._file.fuzzy):
            return ""
        return (
            f"{asked}\n        exp: {shown_samples(expected)}\n        got: {shown_samples(found)}"
        )

    def _samples(self, case: ExprCase) -> list[ExpectedSample]:
        expression = self._engine.parse(case.expr)
        at = self._group.start + case.eval_time
        outcome = self._engine.instant(self._store, expression, at)
        if isinstance(outcome.value, str | Matrix):
            raise OnwatchError("rule result is not a vector or scalar")
        if not isinstance(outcome.value, Vector):
            return [ExpectedSample((), float(outcome.value[0]))]
        found = (ExpectedSample(labels, value) for labels, value in outcome.samples())
        return sorted(found, key=lambda one: one.labels)


def _sorted(alerts: Sequence[ExpectedAlert]) -> list[ExpectedAlert]:
    return sorted(alerts, key=lambda one: (one.labels, one.annotations))


def _same(
    expected: Sequence[ExpectedSample], found: Sequence[ExpectedSample], *, fuzzy: bool
) -> bool:
    """Whether they are the same samples; as in promtool, NaN is never what is expected."""
    return len(expected) == len(found) and all(
        one.labels == other.labels and _equal(one.value, other.value, fuzzy=fuzzy)
        for one, other in zip(expected, found, strict=True)
    )


def _equal(one: float, other: float, *, fuzzy: bool) -> bool:
    if one == other or not fuzzy:
        return one == other
    return math.nextafter(one, -math.inf) == other or math.nextafter(one, math.inf) == other
