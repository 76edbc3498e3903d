"""What is said of how an alert is dealt with: who took it, how long it is silenced, what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from checks.model import Status
from widgets import format as fmt

if TYPE_CHECKING:
    from checks.story.views import Handled
    from checks.views import AlertView, Snapshot

__all__ = [
    "dealt_with",
    "due_soon",
    "due_words",
    "handled_of",
    "handled_words",
    "is_quiet",
    "is_silenced",
    "loudest_first",
    "moment_words",
    "shouts",
    "silenced_count",
]


def handled_of(snapshot: Snapshot | None, alert: str) -> Handled | None:
    """How the alert with this id is dealt with; None where nothing is to be said of that."""
    story = snapshot.story if snapshot is not None else None
    return story.handled.get(alert) if story is not None else None


def is_silenced(handled: Handled | None) -> bool:
    """Whether a silence hides it."""
    return handled is not None and bool(handled.silenced_by)


def is_quiet(handled: Handled | None) -> bool:
    """Whether it waits for nobody: somebody has taken or silenced it."""
    return handled is not None and (handled.acknowledged is not None or bool(handled.silenced_by))


def silenced_count(snapshot: Snapshot) -> int:
    """How many alerts that fire are silenced."""
    return sum(one.firing and is_silenced(handled_of(snapshot, one.id)) for one in snapshot.alerts)


def loudest_first(snapshot: Snapshot, alerts: list[AlertView]) -> list[AlertView]:
    """``alerts`` in their order, but what somebody has taken after what fires, and what is silenced
    at the end.
    """
    if snapshot.story is None or not snapshot.story.handled:
        return alerts

    def place(alert: AlertView) -> int:
        handled = handled_of(snapshot, alert.id)
        if is_silenced(handled):
            return 3
        return 2 if not alert.firing else int(is_quiet(handled))

    return sorted(alerts, key=place)


def shouts(handled: Handled | None, alert: AlertView, now: float) -> bool:
    """Whether it is overdue that somebody takes ``alert``."""
    due = handled.due if handled is not None else None
    return due is not None and due <= now and alert.status is not Status.OK


NEAR: Final = 1800.0
"""Seconds before it is due from which on the overview says so: of a warning's hours nobody counts
each. Where an alert is looked at for its own sake, it is told from the beginning."""


def due_soon(handled: Handled | None, now: float, *, short: bool = False) -> str:
    """As :func:`due_words`, where that is soon or past."""
    due = handled.due if handled is not None else None
    return due_words(handled, now, short=short) if due is None or due - now <= NEAR else ""


def due_words(handled: Handled | None, now: float, *, short: bool = False) -> str:
    """``acknowledge within 12 m``, ``acknowledge: 3 m overdue``, ``escalate now: the team lead``;
    empty where nothing is due. ``short``: ``ack in 12 m``.
    """
    if handled is None:
        return ""
    if handled.escalates is not None and handled.escalates <= now:
        return f"escalate now{f': {handled.contact}' if handled.contact and not short else ''}"
    if handled.due is None:
        return ""
    left = handled.due - now
    if left <= 0:
        over = fmt.coarse(max(1.0, -left))
        return f"ack {over} overdue" if short else f"acknowledge: {over} overdue"
    return f"{'ack in' if short else 'acknowledge within'} {fmt.coarse(left)}"


def handled_words(snapshot: Snapshot | None, handled: Handled | None) -> list[str]:
    """Who took it and who silenced it, for how long, in a sentence each."""
    if handled is None or snapshot is None:
        return []
    words = []
    taken = handled.acknowledged
    if taken is not None:
        ago = fmt.coarse(max(0.0, snapshot.time - taken.at))
        words.append(f"taken by {taken.who} {ago} ago{f': {taken.note}' if taken.note else ''}")
    views = snapshot.story.silences if snapshot.story is not None else ()
    known = {view.silence.id: view.silence for view in views}
    for one in (known[name] for name in handled.silenced_by if name in known):
        by = f"window {one.window}" if one.window else f"by {one.who}"
        why = f": {one.comment}" if one.comment else ""
        words.append(f"silenced until {moment_words(one.ends, snapshot.time)} ({by}){why}")
    return words


def dealt_with(snapshot: Snapshot | None, check: str) -> list[tuple[str, str]]:
    """How the own alert of ``check`` is dealt with, as names and what stands for them."""
    alerts = snapshot.alerts if snapshot is not None else ()
    alert = next((one for one in alerts if one.check == check and not one.rule), None)
    if snapshot is None or alert is None:
        return []
    handled = handled_of(snapshot, alert.id)
    told = [("handling", words) for words in handled_words(snapshot, handled)]
    due = due_words(handled, snapshot.time)
    return [*told, ("due", due)] if due else told


def moment_words(at: float, now: float) -> str:
    """``14:05``, with the date where that is another day."""
    same = fmt.date_clock(at)[:10] == fmt.date_clock(now)[:10]
    return fmt.clock(at)[:5] if same else fmt.date_clock(at)[:16]
