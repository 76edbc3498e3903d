"""Rows as sentences, to be pasted into a message to a colleague."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checks.model import Status
from widgets.handling import handled_of

if TYPE_CHECKING:
    from checks.databases.model import SessionRow
    from checks.story.views import Handled
    from checks.views import AlertView, CheckView, EventView, QueueView, Snapshot
    from widgets.alert_list.entries import Entry

__all__ = ["entry_sentence", "sentence_of", "situation_of"]


def situation_of(snapshot: Snapshot) -> str:
    """The verdict and every alert, a line each, in their order."""
    head = f"{snapshot.hostname} at {_moment(snapshot.time)}: "
    alerts = snapshot.alerts
    count = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
    wrong = next((one for one in alerts if one.firing and one.status is not Status.OK), None)
    if wrong is not None:
        lines = [_alert(one, handled_of(snapshot, one.id)) for one in alerts]
        return "\n".join([f"{head}{wrong.status.value}, {count}", *lines])
    waiting = sum(check.status is Status.WAITING for check in snapshot.checks)
    fine = f"{len(snapshot.checks) - waiting} of {len(snapshot.checks)} checks fine"
    told = head + fine + (f", {waiting} not yet run" if waiting else "")
    return "\n".join([told, *map(_alert, alerts)])


def _alert(alert: AlertView, handled: Handled | None = None) -> str:
    told = _told(alert.name, alert.status, alert.sentence, alert.since)
    if handled is not None and handled.acknowledged is not None:
        told += f" (taken by {handled.acknowledged.who})"
    if handled is not None and handled.silenced_by:
        told += " (silenced)"
    if not alert.firing:
        return f"{told} (pending)"
    return f"{told} (follows from {alert.cause})" if alert.cause else told


def sentence_of(snapshot: Snapshot, key: str, check_name: str) -> str:
    """What the row ``key`` of the check ``check_name`` says, with its time.

    Empty of a row that is about neither the check as a whole nor anything known by its key.
    """
    check = snapshot.check(check_name)
    told = next(_of_row(snapshot, key, check_name, check), None)
    if told is not None:
        return told
    if check is None:
        return key
    whole = key in ("", check_name)
    return _told(_addressed(check), check.status, check.message, check.since) if whole else ""


def entry_sentence(entry: Entry) -> str:
    """What a row of the alerts screen says, with its labels, its value and its rule's place."""
    rule, alert = entry.rule, entry.alert
    if entry.own is not None and not entry.own.firing:
        return f"{entry.name} {entry.sentence} (at {_moment(entry.own.since)})"
    if entry.own is not None:
        return _alert(entry.own, entry.handled)
    where = f" [{rule.file}:{rule.line}]" if rule is not None else ""
    if alert is None:
        return f"rule {entry.name} {entry.section}: {entry.sentence}{where}"
    labels = ", ".join(f"{name}={value}" for name, value in alert.labels if name != "alertname")
    state = f"{alert.state} ({alert.value:.6g})"
    return (
        f"{alert.name} {{{labels}}} {state} since {_moment(alert.since)}: {alert.sentence}{where}"
    )


def _of_row(
    snapshot: Snapshot, key: str, check_name: str, check: CheckView | None
) -> Iterator[str]:
    """What is known of the alert, queue, session, part or event whose key this is."""
    for alert in snapshot.alerts:
        if alert.id == key:
            yield _told(alert.name, alert.status, alert.sentence, alert.since)
    for queue in snapshot.queues:
        if key == f"{queue.check}/{queue.name}":
            yield _queue(queue, snapshot.time)
    session = _session(snapshot, key, check_name)
    if session is not None:
        yield _of_session(session, check_name)
    for part in check.parts if check else ():
        if key == f"{check_name}/{part.name}":
            name, text = f"{check_name} {part.name}", part.message or part.value
            yield _told(name, part.status, text, part.since)
    for event in _events(snapshot):
        if key == event.id:
            yield f"{event.check} at {_moment(event.time)}: {event.text}"


def _events(snapshot: Snapshot) -> tuple[EventView, ...]:
    return (*snapshot.events, *(snapshot.details.events if snapshot.details else ()))


def _session(snapshot: Snapshot, key: str, check_name: str) -> SessionRow | None:
    views = (view for view in snapshot.databases if view.check == check_name and view.facts)
    return next((view.facts.session(key) for view in views if view.facts), None)


def _of_session(session: SessionRow, check_name: str) -> str:
    """``shop session 4121 app@shop from 10.0.0.5:51234: active for 12 s: SELECT …``."""
    name = "@".join(part for part in (session.user, session.database) if part)
    origin = f" from {session.client}" if session.client else ""
    lasts = "" if session.seconds is None else f" for {session.seconds:.0f} s"
    blocked = ", waits for other sessions" if session.blocked_by else ""
    head = " ".join(part for part in (check_name, "session", str(session.pid), name) if part)
    return f"{head}{origin}: {session.state}{lasts}{blocked}: {session.query}"


def _addressed(check: CheckView) -> str:
    return f"{check.name} ({check.address})" if check.address else check.name


def _queue(queue: QueueView, now: float) -> str:
    size = "unknown" if queue.size is None else f"{queue.size:,.0f}"
    word = "item" if queue.size == 1 else "items"
    growth = "" if queue.growth is None else f", {queue.growth:+.1f}/min"
    return f"queue {queue.name} ({queue.check}) at {_moment(now)}: {size} {word}{growth}"


def _told(name: str, status: Status, sentence: str, since: float) -> str:
    return f"{name} {status.value} since {_moment(since)}: {sentence}"


def _moment(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"
