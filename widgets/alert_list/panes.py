"""The panes of an alert's details: how it is, its expression, its evidence, texts and rule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

from textual.reactive import reactive

from widgets import format as fmt
from widgets.alert_list.entries import Entry, entry_of, severity_rank, thing_of
from widgets.alert_list.whole import (
    about_lines,
    evidence_pairs,
    expression_lines,
    handled_lines,
    pair_lines,
    rule_pairs,
    transition_lines,
)
from widgets.alert_list.words import entry_role, marks, sign_of, value_text
from widgets.empty import GATHERING, note
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.text import Line, Seg, fit, left, line, right

if TYPE_CHECKING:
    from checks.rules.views import RuleAlertView, RulesView, RuleView, TransitionView
    from checks.views import Snapshot

__all__ = ["PANES", "AlertPane", "SaidPane", "Subject", "subject_of"]

_GONE = "this rule is not loaded any more"
_OVER = "this alert is over and not kept any more; below is its rule"
_MOST: int = 200
"""Alerts of one rule that are listed, at most."""


class Subject:
    """A rule of a picture, and its alert ``alert``, where that is there."""

    def __init__(self, snapshot: Snapshot, rules: RulesView, rule: RuleView, alert_id: str) -> None:
        self.snapshot = snapshot
        self.rules = rules
        self.rule = rule
        self.alert_id = alert_id
        found = (one for one in rule.alerts if one.id == alert_id)
        self.alert: RuleAlertView | None = next(found, None)

    @cached_property
    def entry(self) -> Entry:
        """The row that it is on the alerts screen."""
        return entry_of(self.snapshot, self.rule, self.alert)

    @cached_property
    def transitions(self) -> list[TransitionView]:
        """Those of the alert, of every alert of the rule where it is about none."""
        of_rule = [one for one in self.rules.transitions if one.rule == self.rule.key]
        return [one for one in of_rule if self.alert_id in ("", one.alert)]


@lru_cache(maxsize=2)
def subject_of(snapshot: Snapshot | None, rule: str, alert: str) -> Subject | None:
    """What the details are about; None where the rule is not loaded. All panes ask for it."""
    rules = snapshot.rules if snapshot is not None else None
    found = rules.rule(rule) if rules is not None else None
    if snapshot is None or rules is None or found is None:
        return None
    return Subject(snapshot, rules, found, alert)


def said_lines(subject: Subject, frame: Frame) -> list[Line]:
    """How the alert is and its sentence; of a rule alone how that does."""
    entry, snapshot = subject.entry, subject.snapshot
    lines = about_lines(entry, snapshot.time, frame)
    lines += handled_lines(snapshot, entry.handled, frame)
    if subject.alert_id and subject.alert is None:
        return note(_OVER, frame.width, "high")
    return lines


def evidence_lines(subject: Subject, frame: Frame) -> list[Line]:
    alert = subject.alert
    if alert is None:
        return []
    return pair_lines(evidence_pairs(alert, subject.rule, subject.snapshot.time), frame)


def label_lines(subject: Subject, frame: Frame) -> list[Line]:
    """The alert's labels; of a rule alone the templates that it adds."""
    pairs = subject.alert.labels if subject.alert is not None else subject.rule.labels
    return pair_lines(pairs, frame)


def annotation_lines(subject: Subject, frame: Frame) -> list[Line]:
    alert = subject.alert
    pairs = alert.annotations if alert is not None else subject.rule.annotations
    return pair_lines(pairs, frame)


def rule_lines(subject: Subject, frame: Frame) -> list[Line]:
    group = subject.rules.group(subject.rule)
    return pair_lines(rule_pairs(subject.rule, subject.snapshot.time, group), frame)


def history_lines(subject: Subject, frame: Frame) -> list[Line]:
    found = subject.transitions
    several = len({one.alert for one in found}) > 1
    return transition_lines(found, frame, named=several)


def other_lines(subject: Subject, frame: Frame) -> list[Line]:
    """The other alerts of the rule, the worst first; Enter leads to theirs."""
    now, lines = subject.snapshot.time, []
    others = [one for one in subject.rule.alerts if one.id != subject.alert_id]
    entries = [entry_of(subject.snapshot, subject.rule, one) for one in others[:_MOST]]
    for entry in sorted(entries, key=lambda one: (one.section, severity_rank(one))):
        alert = entry.alert
        thing = thing_of(alert, subject.rule) if alert is not None else ""
        if not frame.wants(thing, entry.section, entry.sentence):
            continue
        role = entry_role(entry)
        room = max(8, min(40, frame.width // 2))
        segs = [
            Seg(f" {sign_of(entry, frame.glyphs)} ", role),
            Seg(left(thing, room), role),
            Seg(right(value_text(entry.value), 9), "value"),
            Seg(right(fmt.age(max(0.0, now - (entry.since or now))), 6), "dim"),
            Seg(f"  {entry.section}", "dim"),
            *(Seg(f" {frame.glyphs.dot} {mark.text}", mark.role) for mark in marks(entry, now)),
        ]
        lines.append(line(*segs, key=entry.key, check=entry.check))
    if len(others) > _MOST:
        lines += note(f"{fmt.count(len(others) - _MOST)} more", frame.width)
    return lines


class AlertPane(LinePane):
    """A pane about the alert with the id ``alert`` of the rule with the key ``rule``."""

    title: ClassVar[str] = ""
    opens: ClassVar[bool] = False
    """Whether its rows lead further."""

    rule: reactive[str] = reactive("", repaint=False, layout=False)
    alert: reactive[str] = reactive("", repaint=False, layout=False)

    @property
    def subject(self) -> Subject | None:
        """What it is about; None where that is not loaded."""
        return subject_of(self.snapshot, self.rule, self.alert)

    def inputs(self) -> tuple[object, ...]:
        return (self.snapshot, self.rule, self.alert)

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        """What it has to show of ``subject``; empty where that is nothing."""
        raise NotImplementedError

    def heading(self) -> Sequence[Seg]:
        return [Seg(self.title, "title")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.opens if action == "open" else super().check_action(action, parameters)

    def rewind(self) -> None:
        """Forget where the cursor was: another alert comes."""
        self._top, self._selected, self._place, self._lost = 0, None, 0, False

    def build(self, width: int, height: int) -> list[Line]:
        subject, frame = self.subject, self.frame(width, height)
        if subject is None:
            rules = self.snapshot.rules if self.snapshot else None
            told = GATHERING if self.snapshot is None or (rules and rules.loading) else _GONE
            return note(told, width)
        return self.lines(subject, frame)

    def watch_rule(self) -> None:
        self.update_lines()

    def watch_alert(self) -> None:
        self.update_lines()


class SaidPane(AlertPane):
    """How it is, since when, and its sentence whole."""

    title = "Says"

    def heading(self) -> Sequence[Seg]:
        subject = self.subject
        thing = subject.entry.thing if subject is not None and subject.alert is not None else ""
        return [Seg(self.title, "title"), Seg(f" {fit(thing, 60)}" if thing else "", "dim")]

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return said_lines(subject, frame)


class ExpressionPane(AlertPane):
    """The rule's expression, whole."""

    title = "Expression"

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return expression_lines(subject.rule.expression, frame.width)


class EvidencePane(AlertPane):
    """What it rests on."""

    title = "Evidence"

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return evidence_lines(subject, frame)


class LabelsPane(AlertPane):
    """Its labels; of a rule alone those that it adds, as they are written."""

    title = "Labels"

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return label_lines(subject, frame)


class AnnotationsPane(AlertPane):
    """Its annotations, expanded."""

    title = "Annotations"

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return annotation_lines(subject, frame)


class RulePane(AlertPane):
    """Its rule: where it stands, how it is evaluated, how it does."""

    title = "Rule"

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return rule_lines(subject, frame)


class TransitionsPane(AlertPane):
    """Which states it had, and why."""

    title = "What happened"

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return history_lines(subject, frame)


class OthersPane(AlertPane):
    """The other alerts of the rule."""

    title = "Other alerts of this rule"
    opens = True

    def lines(self, subject: Subject, frame: Frame) -> list[Line]:
        return other_lines(subject, frame)


PANES = (
    SaidPane,
    EvidencePane,
    ExpressionPane,
    TransitionsPane,
    OthersPane,
    LabelsPane,
    AnnotationsPane,
    RulePane,
)
