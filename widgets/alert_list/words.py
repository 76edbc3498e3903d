"""What is said of alerts and rules in a few words: values, marks, and what empty sections mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from checks.alerts.model import State
from checks.model import Status
from widgets import format as fmt
from widgets.alert_list.entries import (
    DEAD,
    ERRORS,
    FIRING,
    HISTORY,
    PENDING,
    RESOLVED,
    SECTIONS,
)
from widgets.glyphs import Glyphs
from widgets.handling import due_words, is_quiet
from widgets.text import Seg, role_of

if TYPE_CHECKING:
    from checks.rules.views import Evidence, RuleAlertView, RuleView, TransitionView
    from widgets.alert_list.entries import Entry

__all__ = [
    "EMPTY",
    "MEANINGS",
    "compared",
    "entry_role",
    "file_of",
    "marks",
    "moved",
    "sign_of",
    "transition_role",
    "value_text",
]

EMPTY: Final = {
    FIRING: "nothing is wrong",
    PENDING: "nothing is on its way: no condition holds that has yet to last",
    RESOLVED: "nothing was over within the last 15 min",
    ERRORS: "every rule could be evaluated",
    HISTORY: "as much is recorded as every rule looks back",
    DEAD: "every rule finds the metrics that it reads",
}
"""What it means that there is nothing in a section."""

MEANINGS: Final = {
    FIRING: "What is wrong now: the condition has held for as long as its rule asks.",
    PENDING: "The condition holds, but not yet for as long as its rule asks (for).",
    RESOLVED: "What was over within the last 15 minutes.",
    ERRORS: "The last evaluation failed: nobody knows whether there is something to tell. The "
    "alerts that such a rule had stay as they were.",
    HISTORY: "The rule looks back further than what is recorded: until then it says nothing.",
    DEAD: "The rule reads what is not there, and can never fire: a metric that none of the "
    "checks brings, or a label that the metric never has.",
}
"""What a section is of."""


def value_text(value: float | None) -> str:
    """A sample's value, whatever it is a value of: ``0.93``, ``1,204``, ``NaN``, ``+Inf``."""
    if value is None:
        return fmt.DASH
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return fmt.count(value)


def compared(evidence: Evidence) -> str:
    """``0.93 > 0.8``: a value and what it was compared with, as far as there are such."""
    value = value_text(evidence.value) if evidence.value is not None else "no sample"
    return f"{value} {evidence.threshold}".rstrip()


def file_of(rule: RuleView) -> str:
    """``rules/shop.yml:12``, the place in its file where a rule begins."""
    return f"{rule.file}:{rule.line}"


def moved(before: State, after: State, arrow: str) -> str:
    """``pending → firing``; where the state is the same and a mark is not, that state alone."""
    return str(after) if before is after else f"{before} {arrow} {after}"


def transition_role(one: TransitionView) -> str:
    """The role that a transition is written in: what began to fire, what is over, the rest."""
    if one.after is State.FIRING and one.status is not Status.OK:
        return role_of(one.status)
    return "ok" if one.after is State.RESOLVED else "label"


def sign_of(entry: Entry, glyphs: Glyphs) -> str:
    """The glyph before a row: that of a status, or one of its own for what is none."""
    if entry.section == RESOLVED:
        return glyphs.statuses[0]
    if entry.section == DEAD:
        return glyphs.dash
    if entry.alert is not None and entry.alert.status is Status.OK:
        # It only informs: the sign of what is well would say that it is over.
        return "i"
    return glyphs.status(entry.status)


def entry_role(entry: Entry) -> str:
    """The role that a row's sign and name are written in: what does not fire is quieter."""
    if entry.section not in SECTIONS:
        return "label" if entry.status is Status.OK else "dim"
    quiet = entry.section == FIRING and is_quiet(entry.handled)
    if quiet or entry.section in (PENDING, HISTORY, DEAD) or entry.worse:
        return "dim"
    if entry.section == FIRING and entry.status is Status.OK:
        return "label"
    return role_of(entry.status)


def marks(entry: Entry, now: float, *, dealt: bool = True) -> list[Seg]:
    """What is to be known of it besides: when it will fire, whether it can still be judged, and
    how it is ``dealt`` with.
    """
    alert, found = entry.alert, _dealt_with(entry, now) if dealt else []
    if alert is not None and entry.rule is not None:
        found += _of_alert(alert, entry.rule, now)
    cause = alert.cause if alert is not None else entry.own.cause if entry.own is not None else ""
    if cause:
        found.append(Seg(f"follows from {cause}", "dim"))
    if entry.worse:
        found.append(Seg(f"{entry.worse} speaks for it", "dim"))
    return found


def _dealt_with(entry: Entry, now: float) -> list[Seg]:
    """Who took it, that it is silenced, what is due."""
    handled = entry.handled
    if handled is None or entry.section not in (FIRING, PENDING):
        return []
    found = []
    if handled.acknowledged is not None:
        found.append(Seg(f"taken by {handled.acknowledged.who}", "label"))
    if handled.silenced_by:
        found.append(Seg("silenced", "label"))
    due = due_words(handled, now, short=True) if entry.status is not Status.OK else ""
    if due:
        found.append(Seg(due, "high" if handled.due is not None and handled.due <= now else "dim"))
    return found


def _of_alert(alert: RuleAlertView, rule: RuleView, now: float) -> list[Seg]:
    found: list[Seg] = []
    if alert.state is State.RESOLVED:
        return found
    if alert.no_data_since is not None:
        found.append(Seg(f"no data for {fmt.age(max(0.0, now - alert.no_data_since))}", "high"))
    elif alert.state is State.PENDING and not alert.no_history:
        left = alert.active_at + rule.hold - now
        found.append(Seg(f"fires in {fmt.coarse(max(0.0, left))}", "value"))
    if alert.no_history:
        found.append(Seg("insufficient history", "high"))
    if alert.missing_since is not None and alert.no_data_since is None:
        since = fmt.age(max(0.0, now - alert.missing_since))
        found.append(Seg(f"gone for {since}, goes on firing", "dim"))
    if alert.flapping:
        found.append(Seg("flapping", "high"))
    return found
