"""Entries of the timeline: what happened, each in a sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from checks.alerts.model import Evidence
from checks.alerts.severity import LABEL
from checks.model import Status, clean, clean_lines
from checks.rules.views import RuleAlertView
from checks.story.model import Entry, EntryKind, Session
from checks.views import AlertView, EventView

__all__ = [
    "CUT_OFF",
    "FIRING",
    "LONGEST_NOTE",
    "RESOLVED",
    "STEP_BEGAN",
    "STEP_ENDED",
    "fired",
    "marked",
    "note",
    "of_event",
    "resolved",
    "session_began",
    "session_ended",
    "session_lost",
    "severity_word",
    "step_began",
    "step_ended",
]

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
STEP_BEGAN: Final = "began"
STEP_ENDED: Final = "ended"
CUT_OFF: Final = "cut off"
"""What :attr:`~checks.story.model.Entry.after` is of alerts and of steps."""

LONGEST_NOTE: Final = 2_000
"""Characters of a note or a comment."""
_LONG: Final = 4_000
_WORDS: Final = {
    Status.CRITICAL: "critical",
    Status.WARNING: "warning",
    Status.UNKNOWN: "unknown",
    Status.STALE: "stale",
}
_VERSION = re.compile(r"version changed from (.{1,80}) to (.{1,80})$")
_CHANGED = re.compile(r"(?:ok|waiting|warning|stale|unknown|critical) → \w+: ")
_KINDS: Final = (
    ("configuration reloaded", EntryKind.RELOAD),
    ("configuration not reloaded", EntryKind.RELOAD),
    ("onwatch stood still", EntryKind.GAP),
    ("the wall clock jumped", EntryKind.GAP),
)


def severity_word(alert: AlertView) -> str:
    """What its label says, else its status in a word."""
    labels = dict(alert.labels)
    told = labels.get(LABEL) or labels.get("priority") or ""
    return told or _WORDS.get(alert.status, "info")


def fired(alert: AlertView, rule: RuleAlertView | None = None, *, before: str = "") -> Entry:
    """It fires; ``rule`` has its reason and evidence, ``before`` is the severity that it had."""
    turned = f"{before} → {severity_word(alert)}" if before else FIRING
    detail = [f"severity: {severity_word(alert)}"]
    if rule is not None:
        detail += _grounds(rule.why, rule.evidence)
    if alert.cause:
        detail.append(f"may follow from: {alert.cause}")
    if alert.runbook:
        detail.append(f"runbook: {alert.runbook}")
    at = alert.since
    return _of_alert(alert, at, f"{turned}: {alert.sentence}", FIRING, detail)


def resolved(
    alert: AlertView, at: float, why: str, evidence: Evidence | None = None, *, known: bool = True
) -> Entry:
    """It fires no more. ``known`` is false where nobody saw when it ended."""
    lasted = f" after {_lasted(at - alert.since)}" if known else ""
    text = f"resolved{lasted}{f': {why}' if why else ''}"
    return _of_alert(alert, at, text, RESOLVED, _grounds("", evidence or Evidence()))


def _lasted(seconds: float) -> str:
    """``45 s``, ``7 min 40 s``, ``2 h 5 min``, ``3 d 4 h``."""
    left = round(max(0.0, seconds))
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    for (length, unit), (less, below) in pairwise(units):
        if left >= length:
            rest = left % length // less
            return f"{left // length} {unit} {rest} {below}" if rest else f"{left // length} {unit}"
    return f"{left} s"


def marked(alert: AlertView, at: float, text: str) -> Entry:
    """It goes on firing, and something is to be known of it."""
    return _of_alert(alert, at, text, FIRING, ())


def _of_alert(alert: AlertView, at: float, text: str, after: str, detail: Iterable[str]) -> Entry:
    return Entry(
        at=at,
        kind=EntryKind.TRANSITION,
        text=clean(text),
        alert=alert.id,
        name=alert.name,
        check=alert.check,
        status=alert.status if after == FIRING else Status.OK,
        detail=clean_lines("\n".join(detail), _LONG),
        labels=alert.labels,
        after=after,
    )


def _grounds(why: str, evidence: Evidence) -> list[str]:
    """Why, and the value with its threshold and its series, in lines."""
    lines = [f"why: {why}"] if why else []
    if evidence.value is not None:
        compared = f" {evidence.threshold}" if evidence.threshold else ""
        lines.append(
            f"value: {evidence.value:.6g}{f' (fires where{compared})' if compared else ''}"
        )
    if evidence.series:
        lines.append(f"series: {evidence.series}")
    return lines


def note(text: str, at: float, who: str, incident: int = 0) -> Entry:
    """What somebody wrote down; one that begins with ``deployed`` is a mark of a deployment."""
    kind = EntryKind.DEPLOYMENT if is_deployment(text) else EntryKind.NOTE
    said = clean(text, LONGEST_NOTE)
    return Entry(at=at, kind=kind, text=said, incident=incident, who=clean(who))


def is_deployment(text: str) -> bool:
    """Whether a note tells of a deployment: its first word says so."""
    first = text.strip().partition(" ")[0].strip(":,.").lower()
    return first in {"deploy", "deployed", "deployment", "released", "release", "rollout"}


def step_began(
    at: float,
    run: str,
    runbook: str,
    step: str,
    *,
    alert: str,
    check: str,
    who: str,
    command: str,
    safe: bool = False,
) -> Entry:
    """A step of a runbook was started; ``run`` tells it from all other runs. ``command`` is its
    text, with its values beneath; ``safe`` says that it only looks.
    """
    return Entry(
        at=at,
        kind=EntryKind.STEP,
        text=clean(f"{step} of {runbook}: started"),
        alert=alert,
        name=clean(f"{runbook} › {step}"),
        check=check,
        who=clean(who),
        detail=clean_lines(command, _LONG),
        labels=(("run", run), ("safe", "yes")) if safe else (("run", run),),
        after=STEP_BEGAN,
    )


def step_ended(
    at: float,
    run: str,
    runbook: str,
    step: str,
    *,
    alert: str,
    check: str,
    who: str,
    exit_code: int | None,
    said: str,
    output: Sequence[str] = (),
) -> Entry:
    """It has ended; ``output`` are its last lines."""
    came = f"exit code {exit_code}" if exit_code is not None else said or "no exit code"
    more = f" ({said})" if said and exit_code is not None else ""
    good = exit_code == 0
    return Entry(
        at=at,
        kind=EntryKind.STEP,
        text=clean(f"{step} of {runbook}: {came}{more}"),
        alert=alert,
        name=clean(f"{runbook} › {step}"),
        check=check,
        status=Status.OK if good else Status.WARNING,
        who=clean(who),
        detail=clean_lines("\n".join(output), _LONG),
        labels=(("exit_code", "" if exit_code is None else str(exit_code)), ("run", run)),
        after=STEP_ENDED,
    )


def session_began(session: Session) -> Entry:
    """onwatch began to watch."""
    return _session(session, session.began, "onwatch began to watch", "began")


def session_ended(session: Session, at: float) -> Entry:
    """onwatch ended as it should."""
    return _session(session, at, "onwatch ended: nothing is watched from now on", "ended")


def session_lost(session: Session) -> Entry:
    """A session has ended without saying so; told as of when it was last heard of."""
    text = "onwatch ended without a word soon after this: killed, or the machine went down"
    return _session(session, session.seen, text, CUT_OFF)


def _session(session: Session, at: float, text: str, after: str) -> Entry:
    return Entry(
        at=at,
        kind=EntryKind.SESSION,
        text=clean(text),
        name=session.id,
        who=clean(session.who),
        detail=f"process {session.pid}",
        after=after,
    )


def of_event(event: EventView) -> Entry | None:
    """An event of the engine or of a check, as far as a timeline wants it: changes of a check's
    status are told of its alert.
    """
    if _CHANGED.match(event.text):
        return None
    kind = next((kind for begin, kind in _KINDS if event.text.startswith(begin)), EntryKind.EVENT)
    text = event.text
    version = _VERSION.match(event.text) if event.check else None
    if version is not None:
        kind, text = EntryKind.DEPLOYMENT, f"version {version[2]} (was {version[1]})"
    elif kind is EntryKind.EVENT and not event.check:
        return None
    return Entry(at=event.time, kind=kind, text=clean(text), check=event.check, name=event.check)
