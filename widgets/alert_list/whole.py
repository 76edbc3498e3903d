"""Everything about an alert and its rule, as lines: what it says, what it rests on, its texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.rules.views import RuleHealth
from widgets import format as fmt
from widgets.alert_list.entries import DEAD, ERRORS, HISTORY, Entry, severity_word
from widgets.alert_list.words import (
    compared,
    file_of,
    marks,
    moved,
    sign_of,
    transition_role,
    value_text,
)
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.handling import due_words, handled_words
from widgets.text import Line, Seg, broken, left, line, role_of

if TYPE_CHECKING:
    from checks.alerts.model import Pairs
    from checks.rules.views import GroupView, RuleAlertView, RuleView, TransitionView
    from checks.story.views import Handled
    from checks.views import Snapshot

__all__ = [
    "about_lines",
    "evidence_pairs",
    "expression_lines",
    "group_words",
    "handled_lines",
    "pair_lines",
    "rule_pairs",
    "transition_lines",
]

_OF_RULES: Final[Mapping[str, str]] = {
    ERRORS: "its last evaluation failed",
    HISTORY: "says nothing yet",
    DEAD: "can never fire",
    RuleHealth.OK: "has nothing to tell now",
    RuleHealth.WAITING: "",
}
_NAMES: Final = 22
"""Cells of the names at the left, at most."""


def pair_lines(pairs: Iterable[tuple[str, str]], frame: Frame) -> list[Line]:
    """Names and what stands for them, whole; a line for each that the filter lets pass."""
    wanted = [pair for pair in pairs if frame.wants(*pair)]
    if not wanted:
        return []
    names = min(max(cell_len(name) for name, _ in wanted), _NAMES, max(6, frame.width * 2 // 5))
    lines = []
    for name, text in wanted:
        rows = broken(name, names), broken(text, max(8, frame.width - names - 4)) or [fmt.DASH]
        for label, row in zip_longest(*rows, fillvalue=""):
            shown = (Seg(f" {left(label, names)}  ", "dim"), Seg(row, "label"))
            lines.append(line(*shown, key=f"{name}={text}"))
    return lines


def expression_lines(text: str, width: int) -> list[Line]:
    """The expression as it is written, its own lines kept; broken where one is too long."""
    lines = []
    for row in text.strip().splitlines():
        indent = min(len(row) - len(row.lstrip()), width // 3)
        for at, piece in enumerate(broken(row, max(8, width - 2 - indent)) or [""]):
            lines.append(line(Seg(" " * (1 + indent + 2 * bool(at))), Seg(piece, "value")))
    return lines


def about_lines(entry: Entry, now: float, frame: Frame) -> list[Line]:
    """How it is, in a line, its sentence whole, and what else is to be known of it."""
    role, state = role_of(entry.status), _state(entry)
    word = severity_word(entry)
    segs = [Seg(f" {sign_of(entry, frame.glyphs)} {word}", role), Seg(f"  {state}", "value")]
    if entry.since is not None:
        age = fmt.span(max(0.0, now - entry.since))
        segs.append(Seg(f" for {age}, since {fmt.date_clock(entry.since)}", "dim"))
    lines = [line(*segs)]
    width = max(8, frame.width - 2)
    lines += [line(" ", Seg(row, "text")) for row in broken(entry.sentence, width)]
    told = marks(entry, now, dealt=False)
    if told:
        joint = Seg(f" {frame.glyphs.dot} ", "dim")
        joined = [seg for mark in told for seg in (joint, mark)][1:]
        lines.append(line(" ", *joined))
    return lines


def handled_lines(snapshot: Snapshot, handled: Handled | None, frame: Frame) -> list[Line]:
    """Who took it, who silenced it, and what is due, whole."""
    width = max(8, frame.width - 2)
    words = [*handled_words(snapshot, handled), due_words(handled, snapshot.time)]
    return [line(" ", Seg(row, "label")) for text in words if text for row in broken(text, width)]


def _state(entry: Entry) -> str:
    """``firing``, ``pending``; of a rule alone what it can do."""
    if entry.alert is not None:
        return str(entry.alert.state)
    return _OF_RULES.get(entry.section, entry.section)


def evidence_pairs(alert: RuleAlertView, rule: RuleView, now: float) -> list[tuple[str, str]]:
    """What the alert rests on: its value, the threshold, the series, and the last transition."""
    limit = f" (fires where {rule.operator} {_exact(rule.limit)})" if rule.limit is not None else ""
    when = (
        "" if now - alert.seen_at < 2 * rule.interval else f", {fmt.age(now - alert.seen_at)} ago"
    )
    pairs = [("value", f"{_exact(alert.value)}{limit}{when}")]
    if alert.evidence.value is not None or alert.evidence.threshold:
        pairs.append(("it began with" if alert.fired_at else "at first", compared(alert.evidence)))
    if alert.evidence.series:
        pairs.append(("series", alert.evidence.series))
    if alert.why:
        pairs.append(("why", alert.why))
    pairs += _moments(alert)
    if alert.check:
        pairs.append(("check", alert.check))
    if alert.runbook:
        pairs.append(("runbook", alert.runbook))
    return pairs


def _moments(alert: RuleAlertView) -> list[tuple[str, str]]:
    """When it began, fired, was missing and was over, as far as it did."""
    named = (
        ("there since", alert.active_at),
        ("fired at", alert.fired_at),
        ("gone since", alert.missing_since),
        ("no data since", alert.no_data_since),
        ("resolved at", alert.resolved_at),
    )
    return [(name, fmt.date_clock(time)) for name, time in named if time is not None]


def _exact(value: float | None) -> str:
    """A value with as many digits as tell it from its threshold."""
    shown = value_text(value)
    exact = f"{value:.6g}" if value is not None else shown
    return shown if exact == shown.replace(",", "") else exact


def rule_pairs(rule: RuleView, now: float, group: GroupView | None = None) -> list[tuple[str, str]]:
    """Where a rule stands, how it is evaluated with its ``group``, and how it does."""
    kind = "records" if rule.records else "alert"
    told = f": {group_words(group, now)}" if group is not None else ""
    pairs = [(kind, rule.name), ("file", file_of(rule)), ("group", f"{rule.group}{told}")]
    pairs.append(("interval", fmt.span(rule.interval)))
    if not rule.records:
        pairs.append(("for", fmt.span(rule.hold) if rule.hold else "at once"))
        if rule.keep:
            pairs.append(("keep firing for", fmt.span(rule.keep)))
    if rule.gives_way:
        pairs.append(("gives way to", f"the bounds of {', '.join(rule.gives_way)}"))
    pairs.append(("evaluated", _evaluated(rule, now)))
    pairs.append(("health", f"{rule.health}{f': {rule.sentence}' if rule.sentence else ''}"))
    if rule.selector:
        pairs.append(("matches nothing", rule.selector))
    if rule.near:
        pairs.append(("nearest metric", rule.near))
    return pairs + [("warning", text) for text in rule.warnings]


def _evaluated(rule: RuleView, now: float) -> str:
    if rule.evaluated is None:
        return "not yet"
    told = f"{_ago(rule.evaluated, now)}, in {fmt.duration(rule.duration)}"
    return f"{told}, {fmt.count(rule.samples)} series"


def _ago(time: float, now: float) -> str:
    ago = max(0.0, now - time)
    return "just now" if ago < 1 else f"{fmt.coarse(ago)} ago"


def group_words(group: GroupView, now: float) -> str:
    """When a group of rules was evaluated, what that took, and how often it was left out."""
    if group.evaluated is None:
        return "not evaluated yet"
    rules = fmt.many(group.rules, "rule")
    told = f"{rules} evaluated {_ago(group.evaluated, now)} in {fmt.duration(group.duration)}"
    if group.missed:
        times = "once" if group.missed == 1 else f"{fmt.count(group.missed)} times"
        told += f", left out {times}"
    return told


def transition_lines(
    transitions: Sequence[TransitionView], frame: Frame, *, named: bool
) -> list[Line]:
    """What passed from which state to which, when, and why; the newest first as given.

    ``named``: they are of several alerts, and say of which.
    """
    lines: list[Line] = []
    arrow = "->" if frame.glyphs.plain else "→"
    for at, one in enumerate(transitions):
        told = moved(one.before, one.after, arrow)
        series = _labelled(one.labels) if named else ""
        if not frame.wants(told, one.why, series):
            continue
        role = transition_role(one)
        clock = Seg(f" {fmt.clock(one.time)}  ", "dim")
        key = f"{one.time!r}/{one.alert}/{at}"
        more = f"  {compared(one.evidence)}" if one.evidence.value is not None else ""
        lines.append(line(clock, Seg(told, role), Seg(more, "value"), key=key))
        said = f"{one.why}{f' ({series})' if series else ''}"
        lines += [
            line("   ", Seg(row, "dim"), key=key) for row in broken(said, max(8, frame.width - 4))
        ]
    if not lines and transitions:
        return nothing_matches(frame.filter_text, frame.width)
    return lines or note("no state has changed since the start", frame.width)


def _labelled(labels: Pairs) -> str:
    left_out = ("alertname", "severity")
    return ", ".join(f"{name}={value}" for name, value in labels if name not in left_out)
