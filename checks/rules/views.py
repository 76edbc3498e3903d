"""What panes show of rules, of their alerts, and of a query: frozen values, text already clean.

Times are seconds since 1970 in UTC, durations seconds. What did not change is the same object as
in the picture before. Nothing here needs numpy or the evaluator.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from checks.alerts.model import Evidence, Pairs, State
from checks.model import Status

__all__ = [
    "Curve",
    "Evidence",
    "GroupView",
    "Pairs",
    "QueryView",
    "RuleAlertView",
    "RuleHealth",
    "RuleView",
    "RulesView",
    "State",
    "TransitionView",
]


class RuleHealth(StrEnum):
    """How a rule does: what its last evaluation came to, or why it can come to nothing."""

    OK = "ok"
    WAITING = "not evaluated yet"
    ERROR = "error"
    NO_HISTORY = "insufficient history"
    DEAD = "dead"
    """What it reads is not there, or its operators can never match, so that it returns nothing."""
    IDLE = "nothing to watch"
    """The same of a built-in rule: nothing of the kind that it is for is watched."""


@dataclass(frozen=True, slots=True, eq=False)
class TransitionView:
    """An alert passed from one state to another, or got or lost a mark, and why.

    ``rule`` is the :attr:`RuleView.key` of the alert's rule, ``alert`` the
    :attr:`RuleAlertView.id`.
    """

    time: float
    rule: str
    alert: str
    name: str
    labels: Pairs
    status: Status
    before: State
    after: State
    why: str
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True, eq=False)
class RuleAlertView:
    """One alert of a rule.

    Attributes:
        id: the same for as long as it lasts; a re-fire is a new alert with another id.
        rule: the key of its rule.
        labels: all of them, ``alertname`` and ``severity`` too.
        status: what its severity is among the statuses of checks; OK for ``info``.
        state: pending, firing, or resolved (kept for 15 minutes).
        value: of the last evaluation in which it was there.
        sentence: its summary, else its description, else its series and value; one line.
        since: since when it has been there (pending), then since when it has been firing, then
            since when it is resolved.
        active_at: since when it has been there.
        fired_at: since when it has been firing; None while pending.
        resolved_at: None until then.
        seen_at: the last evaluation in which it was there.
        missing_since: the expression returns it no more, and it goes on firing for a while.
        no_data_since: since when nothing says whether it is over, for want of samples.
        no_history: less is recorded than its rule looks back: it stays as it is.
        flapping: it came back too often of late.
        check: the check that it is of, empty where its labels tell none.
        cause: the check that it is a symptom of, which is ill itself; empty for none.
        hidden_by: the id of a worse alert of the same thing, which speaks for it; empty for none.
        why: the sentence of its last transition; ``evidence`` what that rested on.
        runbook: its ``runbook_url``, empty where it has none.
    """

    id: str
    rule: str
    name: str
    labels: Pairs
    status: Status
    state: State
    value: float
    annotations: Pairs
    sentence: str
    since: float
    active_at: float
    seen_at: float
    fired_at: float | None = None
    resolved_at: float | None = None
    missing_since: float | None = None
    no_data_since: float | None = None
    no_history: bool = False
    flapping: bool = False
    check: str = ""
    cause: str = ""
    hidden_by: str = ""
    why: str = ""
    evidence: Evidence = field(default_factory=Evidence)
    runbook: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RuleView:
    """A rule.

    Attributes:
        key: what tells it from all others, also after a reload.
        group: the name of its group.
        name: the alert's name, or the metric that it records.
        file: the rule file; ``pack host`` for a built-in one.
        line: where it begins there.
        records: whether it is a recording rule.
        expression: as it is written.
        hold: its ``for``.
        keep: its ``keep_firing_for``.
        labels: templates, as they are written.
        annotations: templates, as they are written.
        health: how it does.
        sentence: what is wrong: the error, how much history is lacking, the selector that
            matches nothing. Empty where all is well.
        selector: of a dead rule, what matches nothing.
        near: of a dead rule, the nearest metric name that exists, empty where none is near.
        evaluated: when it was last evaluated; None before.
        duration: what that took.
        samples: how many its expression returned.
        warnings: of its last evaluation.
        compared: the text of what it compares with a constant, for its chart; empty for none.
        operator: that comparison's, empty for none.
        limit: that constant, the threshold to draw; None for none.
        interval: seconds between its evaluations.
        alerts: firing ones first, then pending ones, then resolved ones.
        gives_way: which checks judge themselves what a built-in alert is about.
    """

    key: str
    group: str
    name: str
    file: str
    line: int
    records: bool
    expression: str
    hold: float
    keep: float
    labels: Pairs
    annotations: Pairs
    interval: float
    health: RuleHealth = RuleHealth.WAITING
    sentence: str = ""
    selector: str = ""
    near: str = ""
    evaluated: float | None = None
    duration: float = 0.0
    samples: int = 0
    warnings: tuple[str, ...] = ()
    compared: str = ""
    operator: str = ""
    limit: float | None = None
    alerts: tuple[RuleAlertView, ...] = ()
    gives_way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class GroupView:
    """A group of rules: how many it has, every how many seconds it is evaluated, when it last was
    (None before) and what that took, and how many evaluations were left out since the start.
    """

    name: str
    file: str
    rules: int
    interval: float
    evaluated: float | None = None
    duration: float = 0.0
    missed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RulesView:
    """All rules, in the order of their files.

    Attributes:
        rules: every rule that is loaded.
        groups: their groups.
        transitions: the last ones of all rules, the newest first.
        firing: how many alerts fire; likewise ``pending`` and ``resolved``.
        errors: how many rules failed the last time; likewise ``dead`` and ``no_history``.
        missed: evaluations of groups left out since the start, since others took too long.
        busy: seconds that all rules took, each the last time.
        loading: whether the rule files are still being read.
        fault: why no rule is evaluated, or why this is as it was before; empty where all goes on.
        problems: the ``fault``, and sentences on files and rules that could not be used, and on
            the alerts' memory.
        remembered: the file that keeps the alerts over a restart, empty where none does.
    """

    rules: tuple[RuleView, ...] = ()
    groups: tuple[GroupView, ...] = ()
    transitions: tuple[TransitionView, ...] = ()
    firing: int = 0
    pending: int = 0
    resolved: int = 0
    errors: int = 0
    dead: int = 0
    no_history: int = 0
    missed: int = 0
    busy: float = 0.0
    loading: bool = False
    fault: str = ""
    problems: tuple[str, ...] = ()
    remembered: str = ""

    @property
    def complete(self) -> bool:
        """Whether an alert that is not among them is over."""
        return not self.loading and not self.fault

    def rule(self, key: str) -> RuleView | None:
        """The rule with this key."""
        return next((rule for rule in self.rules if rule.key == key), None)

    def group(self, rule: RuleView) -> GroupView | None:
        """The group of ``rule``."""
        where = (rule.file, rule.group)
        return next((one for one in self.groups if (one.file, one.name) == where), None)

    def alert(self, alert_id: str) -> tuple[RuleView, RuleAlertView] | None:
        """The alert with this id, and its rule."""
        found = ((rule, one) for rule in self.rules for one in rule.alerts if one.id == alert_id)
        return next(found, None)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One series of a query over time; NaN in ``values`` where it is not there."""

    labels: Pairs
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class QueryView:
    """What came of the query that somebody looks at (``SnapshotSource.query``).

    Attributes:
        text: the expression.
        at: when it was evaluated; ``took`` seconds.
        error: why there is no answer, in one sentence; empty where there is one.
        column: where in the text the mistake begins, counted from 1; 0 where that is not known.
        warnings: of the evaluation.
        rows: what it is now: labels (with ``__name__``) and value, the first few thousand.
        total: how many there are in all.
        string: where the expression is a text, that text.
        times: of the ``curves``, ascending.
        curves: the first few series over ``span`` seconds, or over what is held where that is less.
        span: how far back the curves are to go.
        about: the labels of the series whose curve was wanted; empty where all were.
        metrics: every metric name that is held, for completion; sorted.
        labels: every label name that is held, likewise.
    """

    text: str
    at: float
    took: float = 0.0
    error: str = ""
    column: int = 0
    warnings: tuple[str, ...] = ()
    rows: tuple[tuple[Pairs, float], ...] = ()
    total: int = 0
    string: str = ""
    times: tuple[float, ...] = ()
    curves: tuple[Curve, ...] = ()
    span: float = 0.0
    about: Pairs = ()
    metrics: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
