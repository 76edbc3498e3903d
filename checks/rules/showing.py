"""What came of each rule, kept for the pictures: views made anew where something changed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from checks.alerts.folding import CheckFinder
from checks.alerts.model import State, Transition
from checks.alerts.wording import shown_series
from checks.model import clean
from checks.rules.dead import described, what_is_not_there
from checks.rules.evaluate import AlertRun, RecordRun
from checks.rules.never_matching import matches_nothing, told_by_names, told_by_series
from checks.rules.outcome import GroupOutcome, Health, RuleOutcome
from checks.rules.packs import PREFIX
from checks.rules.picture import (
    MOST_SHOWN,
    alert_views,
    evidence_words,
    group_view,
    rule_view,
    told,
)
from checks.rules.resuming import Resuming
from checks.rules.ruleset import RuleSet, keyed
from checks.rules.selectors import written
from checks.rules.ties import Judged, Tie, ill, ties
from checks.rules.views import (
    GroupView,
    RuleAlertView,
    RuleHealth,
    RulesView,
    RuleView,
    TransitionView,
)
from checks.store.store import Store
from checks.views import CheckView, EventView

__all__ = ["Showing"]

_HEALTHS: Final = {one: RuleHealth(one.value) for one in Health}
_MISSING: Final = frozenset({RuleHealth.DEAD, RuleHealth.IDLE})
_NO_NEWS: Final = frozenset({"alertname", "severity"})
_KNOWN: Final = _NO_NEWS | {"job", "instance"}
_KEPT: Final = 200
"""Transitions that are shown."""


class _Judgement(NamedTuple):
    """How a rule does, as :class:`~checks.rules.views.RuleView` has it."""

    health: RuleHealth
    sentence: str = ""
    selector: str = ""
    near: str = ""


@dataclass(slots=True, eq=False)
class _Row:
    """A rule with what was shown of it last.

    ``basis`` is what the ties of its alerts were found from, ``states`` counts these. ``changes``
    is the store's number when it was last asked whether anything is missing, ``names`` how many
    metrics there were when one near to that was looked for; ``made`` are the alerts that the views
    were made of.
    """

    view: RuleView
    run: AlertRun | RecordRun
    basis: tuple[object, ...] = ()
    states: Counter[State] = field(default_factory=Counter)
    made: object = None
    seconds: float = 0.0
    changes: int = -1
    names: int = -1


class Showing:
    """The rules of ``rules``, which read ``store``."""

    def __init__(
        self,
        rules: RuleSet,
        store: Store,
        problems: Sequence[str],
        memory: Path | None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._groups: dict[str, tuple[GroupOutcome | None, int, GroupView]] = {}
        self._problems = tuple(problems)
        self._remembered = str(memory) if memory is not None else ""
        self._rows: dict[AlertRun | RecordRun, _Row] = {}
        for group in rules.runs:
            for key, run in keyed(group):
                view = rule_view(key, group.group, run, group.interval)
                self._rows[run] = _Row(view, run)
        self._healths = self._counted()
        self._records = [row for run, row in self._rows.items() if isinstance(run, RecordRun)]
        self._transitions: deque[TransitionView] = deque(maxlen=_KEPT)
        self._shown: RulesView | None = None
        self._basis: tuple[object, ...] = ()
        self._ties: Mapping[str, Tie] = {}
        self._sick: frozenset[str] = frozenset()
        self._busy = 0.0
        self._changed = self._loose = True
        self._told = False
        """Whether a check tells what an alert does, which it may not any more once that is
        evaluated."""
        self.resuming: Resuming | None = None
        """Holds back what is said of alerts that fired before a restart."""

    def follow(self, old: Showing) -> None:
        """Go on with what ``old`` has shown, of the rules that are the same."""
        self._transitions, self.resuming = old._transitions, old.resuming
        before = {row.view.key: row.view for row in old._rows.values()}
        for row in self._rows.values():
            was = before.get(row.view.key)
            if was is not None and was.expression == row.view.expression:
                row.view = replace(
                    row.view,
                    evaluated=was.evaluated,
                    duration=was.duration,
                    samples=was.samples,
                    **_judgement(was)._asdict(),
                )
        self._healths = self._counted()

    def _counted(self) -> Counter[RuleHealth]:
        return Counter(row.view.health for row in self._rows.values())

    def renew(self) -> None:
        """Show the alerts that were taken up."""
        for row in self._rows.values():
            self._renew(row)
        self._changed = True

    @property
    def busy(self) -> float:
        """Seconds that all rules took, each the last time."""
        return self._busy

    def take(
        self,
        run: AlertRun | RecordRun,
        outcome: RuleOutcome,
        at: int,
        *,
        judge: Callable[[], bool],
    ) -> None:
        """``run`` was evaluated as of ``at`` (milliseconds).

        ``judge`` tells whether everything has answered that a rule may miss.
        """
        row = self._rows[run]
        before, self._changed = row.view, True
        self._busy += outcome.seconds - row.seconds
        row.seconds = outcome.seconds
        alerts = isinstance(run, AlertRun) and bool(run.alerts)
        judged = _Judgement(_HEALTHS[outcome.health], clean(outcome.sentence))
        if outcome.health is Health.OK and not outcome.samples and not alerts:
            judged = self._judged(row, judged, judge=judge)
        row.view = replace(
            before,
            health=judged.health,
            sentence=judged.sentence,
            selector=judged.selector,
            near=judged.near,
            evaluated=at / 1000,
            duration=outcome.seconds,
            samples=outcome.samples,
            warnings=tuple(clean(one) for one in outcome.warnings),
        )
        if judged.health is not before.health:
            self._healths[before.health] -= 1
            self._healths[judged.health] += 1
        if alerts or before.alerts:
            self._renew(row)
            self._loose = self._loose or self._told

    def _judged(self, row: _Row, well: _Judgement, *, judge: Callable[[], bool]) -> _Judgement:
        """Whether there is anything of what the rule reads; asked where series came or went.

        ``well``: there is.
        """
        before = row.view
        was_missing = before.health in _MISSING
        if row.changes == self._store.changes or not judge():
            return _judgement(before) if was_missing else well
        row.changes = self._store.changes
        rule = row.run.rule
        recorded = self._recorded()
        missing = what_is_not_there(rule, self._store, recorded)
        if missing is None:
            return self._matched(row, recorded) or well
        text = clean(written(missing))
        if before.file.startswith(PREFIX):
            return _Judgement(RuleHealth.IDLE, f"nothing that is watched here has {text}", text)
        if was_missing and before.selector == text and self._known_near(row, before):
            return _judgement(before)
        dead = described(before.group, rule, missing, self._store)
        return _Judgement(RuleHealth.DEAD, clean(dead.sentence), text, dead.near)

    def _known_near(self, row: _Row, before: RuleView) -> bool:
        """Whether the metric nearest to what is missing was found, or no other ones have come
        since it was looked for: an application counts errors from the first one on."""
        names = len(self._store.names)
        known, row.names = bool(before.near) or row.names == names, names
        return known

    def _matched(self, row: _Row, recorded: set[str]) -> _Judgement | None:
        """That the operators of a user's rule can match nothing of the series that there are."""
        if row.view.file.startswith(PREFIX):
            return None
        expression = row.run.rule.expression
        known = told_by_series(self._store, told_by_names(frozenset(recorded)))
        said = matches_nothing(expression.root, expression.text, known)
        return _Judgement(RuleHealth.DEAD, clean(said)) if said else None

    def _recorded(self) -> set[str]:
        """What rules record that have something to read."""
        return {one.view.name for one in self._records if one.view.health not in _MISSING}

    def _renew(self, row: _Row) -> None:
        """Make the views of its alerts anew."""
        if isinstance(row.run, AlertRun):
            alerts, before = row.run.alerts.values(), row.view
            views = alert_views(before.key, before.name, alerts, self._ties)
            sentence = before.sentence
            if len(alerts) > MOST_SHOWN and not sentence:
                sentence = f"{MOST_SHOWN} of its {len(alerts):,} alerts are shown"
            row.view = replace(before, sentence=sentence, alerts=views)
            row.states, row.made = Counter(one.state for one in alerts), row.run.alerts
            # The value of an alert matters where its check may say the same.
            basis = tuple(
                (one.id, one.state, one.value if one.check in self._sick else None) for one in views
            )
            self._loose = self._loose or basis != row.basis
            row.basis = basis

    def passed(
        self, run: AlertRun, transitions: Sequence[Transition], finder: CheckFinder, most: int
    ) -> Iterator[EventView]:
        """Keep ``transitions``, and tell those that matter as events: ``most`` at once."""
        row = self._rows[run]
        if row.made is not run.alerts:
            self._renew(row)
        self._changed = True
        views = [told(row.view.key, row.view.name, one, run.alerts) for one in transitions]
        self._transitions.extendleft(views)
        matter = [one for one in views if State.FIRING in {one.before, one.after}]
        sentences = {alert.id: alert.sentence for alert in row.view.alerts}
        for one in matter[:most]:
            check = finder.find(dict(one.labels))
            said = _as_event(one, sentences.get(one.alert, ""), known=bool(check))
            event = EventView(one.time, check, said)
            if self.resuming is None or not self.resuming.holds(one, event):
                yield event
        if len(matter) > most:
            text = f"{row.view.name}: {len(matter) - most} more of its alerts changed at once"
            yield EventView(matter[0].time, "", text)

    def view(
        self, checks: Sequence[CheckView], finder: CheckFinder, missed: int, fault: str
    ) -> RulesView:
        """All of it; the same object again where nothing changed."""
        sick = tuple((one.name, one.status, one.since, one.up, one.message) for one in ill(checks))
        basis = (finder, missed, fault, sick)
        if self._shown is not None and not self._changed and basis == self._basis:
            return self._shown
        if self._loose or basis != self._basis:
            self._sick = frozenset(name for name, *_ in sick)
            self._tie(checks, finder)
        rules = tuple(row.view for row in self._rows.values())
        states: Counter[State] = Counter()
        for row in self._rows.values():
            if row.states:
                states.update(row.states)
        healths = self._healths
        self._shown = RulesView(
            rules=rules,
            groups=tuple(self._group_views()),
            transitions=tuple(self._transitions),
            firing=states[State.FIRING],
            pending=states[State.PENDING],
            resolved=states[State.RESOLVED],
            errors=healths[RuleHealth.ERROR],
            dead=healths[RuleHealth.DEAD],
            no_history=healths[RuleHealth.NO_HISTORY],
            missed=missed,
            busy=self.busy,
            fault=fault,
            problems=(fault, *self._problems) if fault else self._problems,
            remembered=self._remembered,
        )
        # Last: of a picture that fails inside, the next one is made anew.
        self._changed, self._loose, self._basis = False, False, basis
        return self._shown

    def _group_views(self) -> Iterator[GroupView]:
        """The same objects again of groups that were not evaluated since."""
        for key, run, outcome, missed in self._rules.progress:
            known = self._groups.get(key)
            if known is None or known[0] is not outcome or known[1] != missed:
                view = group_view(run, outcome, missed)
                known = self._groups[key] = (outcome, missed, view)
            yield known[2]

    def _tie(self, checks: Sequence[CheckView], finder: CheckFinder) -> None:
        """Put into the views which alerts follow from what, and which speak for which."""
        rows = [row for row in self._rows.values() if row.view.alerts]
        every = [
            Judged(alert, row.view.compared, row.view.evaluated or 0.0)
            for row in rows
            for alert in row.view.alerts
        ]
        before, self._ties = self._ties, ties(every, checks, finder, self._ties)
        self._told = any(tie.told for tie in self._ties.values())
        for row in rows:
            if any(self._ties[one.id] != before.get(one.id, Tie()) for one in row.view.alerts):
                made = tuple(_tied(alert, self._ties[alert.id]) for alert in row.view.alerts)
                row.view = replace(row.view, alerts=made)


def _tied(alert: RuleAlertView, tie: Tie) -> RuleAlertView:
    if (tie.check, tie.cause, tie.hidden_by) == (alert.check, alert.cause, alert.hidden_by):
        return alert
    return replace(alert, check=tie.check, cause=tie.cause, hidden_by=tie.hidden_by)


def _judgement(view: RuleView) -> _Judgement:
    """What is known of how the rule does."""
    return _Judgement(view.health, view.sentence, view.selector, view.near)


def _as_event(one: TransitionView, sentence: str, *, known: bool) -> str:
    """``DiskFull firing: /var is 96 % full: it has been there for 5m (for: 5m); … is 0.96, > 0.95;
    {mountpoint="/var"}``, or ``DiskFull {mountpoint="/var"} resolved: …`` where no sentence tells
    it apart. ``known``: the event is of a check, which has its job and instance.
    """
    hidden = _KNOWN if known else _NO_NEWS
    labels = [pair for pair in one.labels if pair[0] not in hidden]
    shown = shown_series(labels) if labels else ""
    way = str(one.after) if one.before is not one.after else f"still {one.after}"
    evidence = evidence_words(one.evidence)
    begins = one.after is State.FIRING and one.before is not State.FIRING
    if begins and sentence:
        said = [f"{one.name} {way}: {sentence}: {one.why}", evidence, shown]
    else:
        said = [f"{one.name}{f' {shown}' if shown else ''} {way}: {one.why}", evidence]
    return clean("; ".join(filter(None, said)))
