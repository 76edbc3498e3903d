"""Groups of rules at work: one evaluation at a given time, rule after rule.

What a rule returned is in the store before the next one is evaluated. The time is an argument,
and so is the store: live, in tests and in back-tests the same code runs.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from checks.alerts.durations import show_duration
from checks.alerts.model import Alert, Pairs, State, Transition
from checks.alerts.series import AlertSeries
from checks.alerts.state import OverLimitError, Terms, step
from checks.errors import OnwatchError
from checks.model import clean
from checks.promql.ast import Selector
from checks.promql.sharing import Shared, in_common
from checks.promql.values import LabelSet, Matrix, Vector
from checks.rules.coverage import Coverage, nobody_doubts
from checks.rules.dead import empty_selectors
from checks.rules.doubts import StoreDoubts
from checks.rules.expanding import Finder
from checks.rules.gone import Gone
from checks.rules.model import AlertRule, RecordRule, Rule, RuleGroup
from checks.rules.outcome import GroupOutcome, Health, RuleOutcome
from checks.rules.recording import RecordedSeries, Recorder
from checks.rules.selectors import comparison, reads
from checks.rules.sources import Sources, behind, block_of, sources_of
from checks.templates import Expander

if TYPE_CHECKING:
    from checks.promql.api import Engine, Expression
    from checks.store.store import Store

__all__ = ["AlertRun", "Circumstances", "GroupRun", "RecordRun"]

INTERVAL: Final = 60_000
"""Milliseconds between evaluations where neither the group nor anybody else says how many."""
MOST_ALERTS: Final = 10_000
"""Of one rule, where the group sets no limit: more are a mistake in the rule."""
TEXTS: Final = 4
"""How many times as long as a query the labels and annotations of a rule's alerts may take."""
_NEVER: Final = 1 << 62
"""Later than any sample."""
_RELEASED: Final = "what it is about is not watched any more"
_NO_VECTOR: Final = "rule result is not a vector or scalar"

log = logging.getLogger("onwatch.rules")


@dataclass(frozen=True, slots=True, eq=False)
class Circumstances:
    """What the evaluations of all groups have in common.

    Attributes:
        engine: evaluates expressions.
        external_labels: what templates know as ``$externalLabels``.
        external_url: what they know as ``$externalURL``.
        interval: milliseconds, of groups that have none of their own.
        pure: to the letter of Prometheus: an empty result resolves, nothing is held or doubted.
        at_once: fire without waiting for `for`, where there is a single evaluation.
        since: when recording began (milliseconds).
        timer: seconds, for what evaluations take.
        judges: whether the last run of a check could judge, by the check's name.
    """

    engine: Engine
    external_labels: Mapping[str, str]
    external_url: str = ""
    interval: int = INTERVAL
    pure: bool = False
    at_once: bool = False
    since: int = 0
    timer: Callable[[], float] = time.perf_counter
    judges: Callable[[str], bool] = nobody_doubts


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """One evaluation: alerts are of ``now``, what is read and written of ``at``.

    ``shared`` is what its rules have in common.
    """

    store: Store
    now: int
    at: int
    limit: int
    shared: Shared | None = None


class _RuleError(OnwatchError):
    """A rule's result cannot be used."""


class GroupRun:
    """A group with the state of its rules. Used from one thread.

    ``sources`` are where what rules write comes from; without them that of this group's own rules.
    """

    def __init__(
        self, group: RuleGroup, circumstances: Circumstances, sources: Sources | None = None
    ) -> None:
        self.group = group
        self.interval = group.interval or circumstances.interval
        self._timer = circumstances.timer
        self._healths: dict[AlertRun | RecordRun, tuple[Health | None, int]] = {}
        self._common = in_common(rule.expression for rule in group.rules)
        known = sources_of([group], circumstances.interval) if sources is None else sources
        self._evaluated = known.evaluated
        self.runs: tuple[AlertRun | RecordRun, ...] = tuple(
            _run(rule, circumstances, self._recorder(at, rule), known)
            for at, rule in enumerate(group.rules)
        )

    def _recorder(self, at: int, rule: Rule) -> Recorder:
        return Recorder(
            block_of(self.group, at), self.interval, begins=isinstance(rule, RecordRule)
        )

    @property
    def alerts(self) -> tuple[AlertRun, ...]:
        """The alerting rules."""
        return tuple(run for run in self.runs if isinstance(run, AlertRun))

    def evaluate(self, store: Store, now: int) -> GroupOutcome:
        """Evaluate every rule at ``now`` (milliseconds); whatever a rule does, the next follows."""
        outcomes = tuple(self.steps(store, now))
        return GroupOutcome(self.group.key, now, sum(one.seconds for one in outcomes), outcomes)

    def steps(self, store: Store, now: int) -> Iterator[RuleOutcome]:
        """As :meth:`evaluate`, rule by rule: whoever goes through them may do something else in
        between.
        """
        at, shared = now - self.group.query_offset, Shared(self._common)
        moment = _Moment(store, now, at, self.group.limit, shared)
        for run in self.runs:
            began = self._timer()
            outcome = _guarded(run, moment)
            if outcome.health is not Health.ERROR or (isinstance(run, AlertRun) and not run.alerts):
                self._evaluated[run.recorder.block] = at
            health, since = self._healths.get(run, (None, now))
            since = since if health is outcome.health else now
            self._healths[run] = (outcome.health, since)
            yield outcome.timed(since, self._timer() - began)

    def follow(self, old: GroupRun) -> None:
        """Know when the rules that are the same as those of ``old`` were evaluated."""
        for was, run in zip(old.runs, self.runs, strict=False):
            same = was.rule.name == run.rule.name and type(was) is type(run)
            at = old._evaluated.get(was.recorder.block)
            if at is not None and same and was.rule.expression.text == run.rule.expression.text:
                self._evaluated[run.recorder.block] = at

    def end(self, store: Store, now: int) -> None:
        """End the series of its rules, which are no more."""
        for run in self.runs:
            run.recorder.end(store, now - self.group.query_offset)


def _run(
    rule: Rule, circumstances: Circumstances, recorder: Recorder, sources: Sources
) -> AlertRun | RecordRun:
    if isinstance(rule, AlertRule):
        return AlertRun(rule, circumstances, recorder, sources)
    return RecordRun(rule, circumstances, recorder)


def _guarded(run: AlertRun | RecordRun, moment: _Moment) -> RuleOutcome:
    try:
        return run.evaluate(moment)
    except OnwatchError as error:
        return RuleOutcome(run.rule, Health.ERROR, clean(str(error)))
    except Exception as error:
        # The rim, as in the runner of checks: a bug shows as a sentence, the other rules go on.
        log.exception("the rule %s failed inside", run.rule.name)
        return RuleOutcome(run.rule, Health.ERROR, f"internal error: {type(error).__name__}")


class RecordRun:
    """A recording rule at work."""

    def __init__(self, rule: RecordRule, circumstances: Circumstances, recorder: Recorder) -> None:
        self.rule = rule
        self.recorder = recorder
        self._engine = circumstances.engine
        self._series = RecordedSeries(rule)
        self._nothing = _Nothing(rule)

    def evaluate(self, moment: _Moment) -> RuleOutcome:
        if self.recorder.quiet and self._nothing.to_read(moment.store):
            return RuleOutcome(self.rule)
        samples, warnings = _query(self._engine, self.rule.expression, moment)
        try:
            row = self._series.row(samples, moment.limit)
        except ValueError as error:
            raise _RuleError(str(error)) from None
        self.recorder.write(moment.store, moment.at, row)
        if moment.shared is not None:
            moment.shared.forget()
        return RuleOutcome(self.rule, samples=len(samples), warnings=warnings)


class AlertRun:
    """An alerting rule at work: ``alerts`` are those it has, by their labels."""

    def __init__(
        self, rule: AlertRule, circumstances: Circumstances, recorder: Recorder, sources: Sources
    ) -> None:
        self.rule = rule
        self.recorder = recorder
        self.alerts: Mapping[Pairs, Alert] = {}
        self._about = circumstances
        self._reads = reads(rule.expression.root, rule.expression.text)
        self._sources = sources
        self._behind = tuple(behind(self._reads, sources.recordings))
        self._compares = comparison(rule.expression.root, rule.expression.text)
        self._covered = circumstances.pure
        self._series = AlertSeries(rule.name, rule.labels)
        self._finder = Finder(rule, self._compares.threshold if self._compares else "")
        self._nothing = _Nothing(rule)
        self._gives_way = tuple(bound.labels for bound in rule.gives_way)

    def evaluate(self, moment: _Moment) -> RuleOutcome:
        rule, about = self.rule, self._about
        idle = not self.alerts and self.recorder.quiet
        if idle and not about.pure and self._nothing.to_read(moment.store):
            return RuleOutcome(rule)
        samples, warnings = _query(about.engine, rule.expression, moment)
        samples = self._own(samples)
        if idle and not samples and self._covered:
            return RuleOutcome(rule, warnings=warnings)
        if len(samples) > MOST_ALERTS and not about.pure:
            raise _RuleError(
                f"it returns {len(samples):,} alerts, more than {MOST_ALERTS:,}: "
                "narrow the expression, or aggregate"
            )
        coverage = Coverage(
            moment.store, self._reads, moment.at, about.judges, sources=self._sources
        )
        history = coverage
        if self._behind and not about.pure:
            history = Coverage(moment.store, (*self._reads, *self._behind), moment.at)
        doubts = None if about.pure else self._doubts(moment, coverage, history)
        judged = (lambda scope: not doubts.unrecorded(scope)) if doubts else None
        try:
            expander, begins = self._expander(moment), self._patience(len(samples))
            found = self._finder.alerts(samples, expander, judged, begins)
        except ValueError as error:
            raise _RuleError(str(error)) from None
        outcome = self._judge_history(history, RuleOutcome(rule, warnings=warnings))
        terms = Terms(0 if about.at_once else rule.hold, rule.keep, moment.limit)
        try:
            done = step(terms, self.alerts, found, moment.now, doubts)
        except OverLimitError as error:
            self.alerts = {}
            failed = RuleOutcome(rule, Health.ERROR, str(error), samples=len(samples))
            return replace(failed, transitions=error.transitions)
        self.alerts = done.alerts
        self.recorder.write(moment.store, moment.at, self._series.row(self.alerts.values()))
        return replace(outcome, samples=len(samples), transitions=done.transitions)

    def _own(self, samples: list[tuple[LabelSet, float]]) -> list[tuple[LabelSet, float]]:
        """``samples`` without those that a check judges by a bound of its own."""
        if not self._gives_way or not samples:
            return samples
        return [
            one for one in samples if not any(map(frozenset(one[0]).issuperset, self._gives_way))
        ]

    def take_up(self, alerts: Iterable[Alert]) -> None:
        """Go on with ``alerts``, of an earlier session or of the files before a reload."""
        count = len(self._reads)
        known = (at for at, read in enumerate(self._reads) if not read.vetoes)
        every = tuple(known)
        self.alerts = {
            # Selectors are counted in the expression as it was: in another one any may be meant.
            alert.labels: alert
            if all(-count <= at < count for at in alert.watched)
            else replace(alert, watched=every)
            for alert in alerts
        }

    def release(self, gone: Gone, now: int, unseen_since: int = _NEVER) -> list[Transition]:
        """End the alerts of what is not watched any more, which nothing will ever say is over.

        Those that the expression has returned from ``unseen_since`` on (milliseconds) are of what
        is watched, whatever their checks were called.
        """
        told = []
        alerts = dict(self.alerts)
        for labels, alert in self.alerts.items():
            if not alert.active:
                continue
            seen = alert.seen_at >= unseen_since
            if seen or not gone.holds(dict(alert.scope), alert.checks):
                alerts[labels] = replace(alert, checks=gone.left(alert.checks))
                continue
            if alert.state is State.PENDING:
                del alerts[labels]
                told.append(Transition(labels, now, alert.state, State.INACTIVE, _RELEASED))
                continue
            alerts[labels] = replace(
                alert, state=State.RESOLVED, resolved_at=now, missing_since=None, why=_RELEASED
            )
            told.append(Transition(labels, now, alert.state, State.RESOLVED, _RELEASED))
        self.alerts = alerts
        return told

    def _patience(self, alerts: int) -> Callable[[], None]:
        """What refuses to go on where the texts of so many ``alerts`` take too long.

        Those that were made are remembered, where they rest on their alerts alone: the next
        evaluation gets further.
        """
        seconds = TEXTS * self._about.engine.options.deadline
        overdue = self._about.engine.overdue(seconds)

        def begins() -> None:
            if overdue():
                raise _RuleError(
                    f"the labels and annotations of its {alerts:,} alerts take longer than "
                    f"{seconds:g} s: have them ask for less, or narrow the expression"
                )

        return begins

    def _expander(self, moment: _Moment) -> Expander:
        about = self._about

        def query(text: str) -> list[tuple[Mapping[str, str], float]]:
            expression = about.engine.parse(text)
            asked = replace(moment, at=moment.now, shared=None)
            return [(dict(one), value) for one, value in _query(about.engine, expression, asked)[0]]

        return Expander(query, about.external_labels, about.external_url, moment.now)

    def _doubts(self, moment: _Moment, coverage: Coverage, history: Coverage) -> StoreDoubts:
        def compared() -> list[tuple[LabelSet, float]]:
            if self._compares is None:
                return []
            with contextlib.suppress(OnwatchError):  # evidence is no reason to keep an alert
                expression = self._about.engine.parse(self._compares.left)
                return _query(self._about.engine, expression, moment)[0]
            return []

        return StoreDoubts(coverage, history, self._about.since, self._compares, compared)

    def _judge_history(self, coverage: Coverage, outcome: RuleOutcome) -> RuleOutcome:
        """``outcome``, marked where less is recorded than the rule looks back."""
        lacking = None if self._covered else coverage.lacking(self._about.since)
        if lacking is None:
            self._covered = True
            return outcome
        wanted, there = (show_duration(each // 1000 * 1000) for each in lacking)
        text = f"insufficient history: it looks back {wanted}, and {there} are recorded"
        return replace(outcome, health=Health.NO_HISTORY, sentence=text)


class _Nothing:
    """Whether there is nothing of what ``rule`` reads, told by the metrics' names alone.

    That saves most rules of what is not watched here, and is asked where series came or went.
    """

    def __init__(self, rule: Rule) -> None:
        self._root = rule.expression.root
        self._asked: tuple[Store, int] | None = None
        self._known = False

    def to_read(self, store: Store) -> bool:
        asked = store, store.changes
        if asked != self._asked:
            missing = empty_selectors(self._root, lambda one: not one.name or store.has(one.name))
            self._asked, self._known = asked, bool(missing)
        return self._known


def _query(
    engine: Engine, expression: Expression, moment: _Moment
) -> tuple[list[tuple[LabelSet, float]], tuple[str, ...]]:
    """What ``expression`` returns at that moment, and its warnings."""
    shared = None if any(map(_of_alerts, expression.selectors)) else moment.shared
    outcome = engine.instant(moment.store, expression, moment.at, shared)
    if isinstance(outcome.value, Vector):
        return list(outcome.samples()), outcome.warnings
    if isinstance(outcome.value, str | Matrix):
        raise _RuleError(_NO_VECTOR)
    return [((), float(outcome.value[0]))], outcome.warnings


def _of_alerts(selector: Selector) -> bool:
    """Whether ``selector`` may read what an alerting rule writes."""
    return not selector.name or selector.name.startswith("ALERTS")
