"""What a key such as that for the runbook is about: the alert behind a row, or the worst one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.model import Status

if TYPE_CHECKING:
    from checks.runbooks.views import Subject
    from checks.views import AlertView, QueueView, Snapshot

__all__ = ["concerned_by", "mended"]


def concerned_by(snapshot: Snapshot | None, key: str, check: str) -> Subject | None:
    """The alert or the check that the row ``key`` of ``check`` is about; where neither is named,
    the first alert. None where there is nothing.
    """
    if snapshot is None:
        # Before anything is imported that the first frame does without.
        return None
    from checks.runbooks.views import Subject  # noqa: PLC0415 - see above

    alert = _alert(snapshot, key, check)
    if alert is not None:
        return Subject(alert=alert.id, check=alert.check)
    rules = snapshot.rules
    over = rules.alert(key) if rules is not None and key else None
    if over is not None:
        return Subject(alert=key, check=over[1].check)
    return Subject(check=check) if snapshot.check(check) is not None else None


def mended(
    snapshot: Snapshot | None, subject: Subject | None, worst: AlertView | None
) -> Subject | None:
    """What a runbook is opened for where the cursor is on ``subject``: that, unless it is fine and
    leads to none while the ``worst`` alert, which the verdict speaks of, does.
    """
    if snapshot is None or worst is None or _has_own(snapshot, subject):
        return subject
    from checks.runbooks.views import Subject  # noqa: PLC0415 - after the first frame

    return Subject(alert=worst.id, check=worst.check)


def _has_own(snapshot: Snapshot, subject: Subject | None) -> bool:
    """Whether ``subject`` is in trouble itself, or leads to a runbook."""
    if subject is None or subject.alert:
        return subject is not None
    links = snapshot.runbooks.links if snapshot.runbooks is not None else {}
    check = snapshot.check(subject.check)
    return subject.check in links or (check is not None and check.status is not Status.OK)


def _alert(snapshot: Snapshot, key: str, check: str) -> AlertView | None:
    found = next((one for one in snapshot.alerts if one.id == key), None)
    if found is not None:
        return found
    if not check and not key:
        return next(iter(snapshot.alerts), None)
    if not check:
        return None
    queue = next((one for one in snapshot.queues if key == f"{one.check}/{one.name}"), None)
    return _first_of(snapshot, check, queue)


def _first_of(snapshot: Snapshot, check: str, queue: QueueView | None) -> AlertView | None:
    """The first alert of ``check``, before all of ``queue``, that has a runbook; else the first."""
    found = [one for one in snapshot.alerts if one.check == check]
    if queue is not None:
        found.sort(key=lambda one: ("queue", queue.name) not in one.labels)
    links = snapshot.runbooks.links if snapshot.runbooks is not None else {}
    return next((one for one in found if one.id in links), next(iter(found), None))
