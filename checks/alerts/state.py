"""The state machine of one rule's alerts: pure, the time is an argument.

To the letter of Prometheus' rules/alerting.go. Where :class:`Doubts` are given, it goes beyond:
what cannot be judged keeps its state and is marked, and what flaps is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from checks.alerts.durations import show_duration, show_lasted
from checks.alerts.flapping import HOLD, is_flapping, recent
from checks.alerts.model import Alert, Evidence, Found, Pairs, State, Transition

__all__ = ["RETENTION", "Doubts", "OverLimitError", "Step", "Terms", "step"]

RETENTION: Final = 15 * 60_000
"""Milliseconds for which a resolved alert is kept."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule says of its alerts: ``for`` and ``keep_firing_for`` in milliseconds.

    ``limit`` 0 is none.
    """

    hold: int = 0
    keep: int = 0
    limit: int = 0


class Doubts(Protocol):
    """What keeps an evaluation from telling that an alert is over, or that it is there."""

    def watched(self, scope: Pairs) -> tuple[int, ...]:
        """Which selectors return samples for an alert of this scope."""
        ...

    def checks(self, scope: Pairs, watched: tuple[int, ...]) -> tuple[str, ...]:
        """The checks that the ``watched`` selectors have these samples from."""
        ...

    def silent(self, alert: Alert) -> str:
        """The selector that was watched and returns no samples any more, while nobody knows
        whether it would have some; empty for none.
        """
        ...

    def ended(self, alert: Alert) -> str:
        """The selector that was watched and returns no samples any more, since its target, which
        answers, has none; empty for none.
        """
        ...

    def unrecorded(self, scope: Pairs) -> bool:
        """Whether less is recorded for this scope than the expression looks back."""
        ...

    def now(self, labels: Pairs) -> Evidence:
        """What the compared value is, for an alert that is not there any more."""
        ...


class OverLimitError(Exception):
    """A rule has more alerts than its group allows; ``transitions`` tell that all are gone."""

    def __init__(self, sentence: str, transitions: tuple[Transition, ...]) -> None:
        self.transitions = transitions
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Step:
    """The alerts after an evaluation, by their labels, and what has changed."""

    alerts: Mapping[Pairs, Alert]
    transitions: tuple[Transition, ...]


def step(
    terms: Terms,
    alerts: Mapping[Pairs, Alert],
    found: Mapping[Pairs, Found],
    now: int,
    doubts: Doubts | None = None,
) -> Step:
    """The alerts of a rule after the evaluation at ``now``, which returned ``found``.

    Raises:
        OverLimitError: when more are pending or firing than the limit allows.
    """
    work = _Step(terms, now, doubts)
    for labels, one in found.items():
        work.present(labels, one, alerts.get(labels))
    for labels, alert in alerts.items():
        if labels not in found:
            work.missing(alert)
    if 0 < terms.limit < work.active:
        raise work.over_limit(alerts)
    return Step(work.alerts, tuple(work.transitions))


class _Step:
    def __init__(self, terms: Terms, now: int, doubts: Doubts | None) -> None:
        self.terms = terms
        self.now = now
        self.doubts = doubts
        self.alerts: dict[Pairs, Alert] = {}
        self.transitions: list[Transition] = []

    @property
    def active(self) -> int:
        return sum(alert.active for alert in self.alerts.values())

    def present(self, labels: Pairs, found: Found, before: Alert | None) -> None:
        if before is None or not before.active:
            if found.judged:
                self._begin(labels, found, before)
            elif before is not None:
                self._forget_or_keep(before)
            return
        unknown = before.unknown_since
        paused = 0
        if before.state is State.PENDING and found.judged and unknown is not None:
            # Nothing was known meanwhile: that does not count for `for`.
            paused = self.now - unknown
        since = self.now if unknown is None else unknown
        alert = replace(
            before.later(paused),
            value=found.value,
            annotations=found.annotations,
            seen_at=self.now,
            missing_since=None,
            no_data_since=None,
            no_history_since=None if found.judged else since,
            flapping=is_flapping(before.returns, self.now),
        )
        if before.missing_since is not None and self.doubts is not None:
            alert = self._returned(alert)
        if before.no_data_since is not None:
            why = "samples are there again, and the expression returns it"
            told = Transition(labels, self.now, before.state, before.state, why, found.evidence)
            self.transitions.append(told)
        if not found.judged:
            self._put(alert)
        elif alert.state is State.PENDING:
            self._ripen(alert, found.evidence)
        elif self.now - alert.active_at < self.terms.hold:
            self._unripen(alert, found.evidence)
        else:
            self._put(alert)

    def _begin(self, labels: Pairs, found: Found, before: Alert | None) -> None:
        returns: tuple[int, ...] = ()
        if self.doubts is not None and before is not None:
            returns = recent((*before.returns, self.now), self.now)
        alert = Alert(
            labels,
            State.PENDING,
            found.value,
            found.annotations,
            active_at=self.now,
            seen_at=self.now,
            scope=found.scope,
            returns=returns,
            flapping=is_flapping(returns, self.now),
        )
        alert = self._grounded(alert)
        hold = self.terms.hold
        if hold <= 0:
            why = "the expression returns it, and nothing is waited for"
            fired = replace(alert, state=State.FIRING, fired_at=self.now)
            self._pass(fired, State.INACTIVE, why, found.evidence)
        else:
            why = f"the expression returns it; it fires when that has lasted {show_duration(hold)}"
            self._pass(alert, State.INACTIVE, why, found.evidence)

    def _grounded(self, alert: Alert) -> Alert:
        """``alert``, with what it rests on now."""
        if self.doubts is None:
            return alert
        watched = self.doubts.watched(alert.scope)
        return replace(alert, watched=watched, checks=self.doubts.checks(alert.scope, watched))

    def _returned(self, alert: Alert) -> Alert:
        returns = recent((*alert.returns, self.now), self.now)
        return replace(alert, returns=returns, flapping=is_flapping(returns, self.now))

    def _ripen(self, alert: Alert, evidence: Evidence) -> None:
        lasted = self.now - alert.active_at
        if lasted < self.terms.hold:
            self._put(alert)
            return
        why = f"it has been there for {show_lasted(lasted)} (for: {self._for})"
        fired = replace(alert, state=State.FIRING, fired_at=self.now)
        self._pass(self._grounded(fired), State.PENDING, why, evidence)

    def _unripen(self, alert: Alert, evidence: Evidence) -> None:
        """`for` has become longer: it fires too early now."""
        lasted = show_lasted(self.now - alert.active_at)
        why = f"`for` is {self._for} now, and it has been there for {lasted}"
        pending = replace(alert, state=State.PENDING, fired_at=None)
        self._pass(pending, State.FIRING, why, evidence)

    def missing(self, before: Alert) -> None:
        if not before.active:
            self._forget_or_keep(before)
        elif self.doubts is not None and self.doubts.unrecorded(before.scope):
            self._freeze(before)
        elif self.doubts is not None and (silent := self.doubts.silent(before)):
            self._keep_without_data(before, silent)
        elif before.state is State.PENDING:
            self._drop(before)
        else:
            self._keep_or_resolve(before)

    def _freeze(self, before: Alert) -> None:
        if before.no_history:
            self._put(before)
            return
        why = "insufficient history: the rule looks back further than what is recorded"
        frozen = replace(before, no_history_since=self.now)
        self._pass(frozen, before.state, why, before.evidence)

    def _keep_without_data(self, before: Alert, silent: str) -> None:
        if before.no_data_since is not None:
            self._put(before)
            return
        why = f"no data: {silent} returns no samples any more, so nothing says that it is over"
        kept = replace(before, no_data_since=self.now)
        self._pass(kept, before.state, why, Evidence(None, before.evidence.threshold))

    def _drop(self, before: Alert) -> None:
        lasted = show_lasted(self.now - before.active_at)
        why = f"the expression returns it no more, after {lasted} of {self._for}"
        why += self._ended(before)
        told = Transition(
            before.labels, self.now, State.PENDING, State.INACTIVE, why, self._now(before)
        )
        self.transitions.append(told)

    def _keep_or_resolve(self, before: Alert) -> None:
        since = self.now if before.missing_since is None else before.missing_since
        flapping = self.doubts is not None and is_flapping(before.returns, self.now)
        keep = max(self.terms.keep, HOLD) if flapping else self.terms.keep
        kept = replace(
            before,
            missing_since=since,
            no_data_since=None,
            no_history_since=None,
            flapping=flapping,
        )
        if self.now - since < keep:
            self._put(kept)
            return
        why = f"the expression returns it no more{self._ended(before)}"
        if keep:
            reason = "held, since it flaps" if keep > self.terms.keep else "keep_firing_for"
            why += f", for {show_lasted(self.now - since)} now ({reason}: {show_duration(keep)})"
        over = replace(kept, state=State.RESOLVED, resolved_at=self.now, missing_since=None)
        self._pass(over, State.FIRING, why, self._now(before))

    def _forget_or_keep(self, before: Alert) -> None:
        resolved = before.resolved_at if before.resolved_at is not None else self.now
        if self.now - resolved <= RETENTION:
            self._put(before)

    def _now(self, alert: Alert) -> Evidence:
        return self.doubts.now(alert.labels) if self.doubts else Evidence()

    def _ended(self, alert: Alert) -> str:
        """Said where it is over because there is nothing left to judge."""
        ended = self.doubts.ended(alert) if self.doubts else ""
        return f": its target answers, and has no {ended} any more" if ended else ""

    @property
    def _for(self) -> str:
        return show_duration(self.terms.hold)

    def _put(self, alert: Alert) -> None:
        self.alerts[alert.labels] = alert

    def _pass(self, alert: Alert, before: State, why: str, evidence: Evidence) -> None:
        self._put(replace(alert, why=why, evidence=evidence))
        told = Transition(alert.labels, self.now, before, alert.state, why, evidence)
        self.transitions.append(told)

    def over_limit(self, before: Mapping[Pairs, Alert]) -> OverLimitError:
        why = f"exceeded limit of {self.terms.limit} with {self.active} alerts"
        gone = (
            Transition(alert.labels, self.now, alert.state, State.INACTIVE, why, alert.evidence)
            for alert in before.values()
            if alert.active
        )
        return OverLimitError(why, tuple(gone))
