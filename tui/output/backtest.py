"""What rules would have said, as lines: every transition in the order of time, then the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.alerts.wording import shown_labels
from checks.promql.literals import format_float

if TYPE_CHECKING:
    from checks.alerts.model import Evidence, Pairs
    from checks.rules.backtest import Backtest

__all__ = ["as_text"]


def as_text(done: Backtest) -> Iterator[str]:
    """The lines."""
    for one in done.occurrences:
        step = one.transition
        passed = f"{step.before} -> {step.after}" if step.before is not step.after else step.after
        what = _named(one.group.name, one.rule.name, step.labels)
        yield f"{_moment(step.at)}  {what}  {passed}: {step.why}{_shown(step.evidence)}"
    for trouble in done.troubles:
        span = f"from {_moment(trouble.first)} to {_moment(trouble.last)}"
        where = f"{trouble.group.name}/{trouble.name}"
        yield f"trouble: {where}: {trouble.sentence} ({span}, {trouble.times} evaluations)"
    for rule, alert in done.active:
        name = f"{rule.name}{shown_labels(_rest(alert.labels))}"
        yield f"at the end: {name} is {alert.state} since {_moment(alert.active_at)}"
    for rule in done.quiet:
        yield f"never: {rule.name}"
    steps = len(done.occurrences)
    yield f"{done.evaluations:,} evaluations, {steps} transition{'' if steps == 1 else 's'}"


def _named(group: str, rule: str, labels: Pairs) -> str:
    return f"{group}/{rule}{shown_labels(_rest(labels))}"


def _rest(labels: Pairs) -> Pairs:
    return tuple(pair for pair in labels if pair[0] != "alertname")


def _shown(evidence: Evidence) -> str:
    """`` [up{job="web"} 0, == 0]``."""
    if evidence.value is None:
        return ""
    value = format_float(evidence.value)
    of = f"{evidence.series} " if evidence.series and evidence.series != "{}" else ""
    threshold = f", {evidence.threshold}" if evidence.threshold else ""
    return f" [{of}{value}{threshold}]"


def _moment(milliseconds: int) -> str:
    """Local time with its offset."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).astimezone()
    return moment.isoformat(sep=" ", timespec="seconds")
