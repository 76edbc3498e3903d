"""Rows as sentences, to be pasted into a message to a colleague."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checks.model import Status

if TYPE_CHECKING:
    from checks.views import CheckView, QueueView, Snapshot

__all__ = ["sentence_of"]


def sentence_of(snapshot: Snapshot, key: str, check_name: str) -> str:
    """What the row ``key`` of the check ``check_name`` says, with its time."""
    for alert in snapshot.alerts:
        if alert.id == key:
            return _told(alert.name, alert.status, alert.sentence, alert.since)
    for queue in snapshot.queues:
        if key == f"{queue.check}/{queue.name}":
            return _queue(queue, snapshot.time)
    check = snapshot.check(check_name)
    if check is None:
        return key
    for part in check.parts:
        if key == f"{check.name}/{part.name}":
            name, text = f"{check.name} {part.name}", part.message or part.value
            return _told(name, part.status, text, part.since)
    return _told(_addressed(check), check.status, check.message, check.since)


def _addressed(check: CheckView) -> str:
    return f"{check.name} ({check.address})" if check.address else check.name


def _queue(queue: QueueView, now: float) -> str:
    size = "unknown" if queue.size is None else f"{queue.size:,.0f}"
    growth = "" if queue.growth is None else f", {queue.growth:+.1f}/min"
    return f"queue {queue.name} ({queue.check}) at {_moment(now)}: {size} items{growth}"


def _told(name: str, status: Status, sentence: str, since: float) -> str:
    return f"{name} {status.value} since {_moment(since)}: {sentence}"


def _moment(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"
