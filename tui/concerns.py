"""What a key such as that for the runbook is about: the alert behind a row, or the worst one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.model import Status

if TYPE_CHECKING:
    from checks.runbooks.views import Subject
    from checks.story.model import Incident
    from checks.views import AlertView, QueueView, Snapshot

__all__ = ["concerned_by", "concerned_in", "mended"]


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


def concerned_in(snapshot: Snapshot | None, incident: Incident) -> Subject | None:
    """The alert that ``incident`` is of: its cause, else the first; None where it is over."""
    if snapshot is None:
        return None
    from checks.runbooks.views import Subject  # noqa: PLC0415 - after the first frame

    ids = incident.alerts
    found = [one for one in snapshot.alerts if one.id in ids]
    found.sort(key=lambda one: (one.name != incident.cause, ids.index(one.id)))
    return Subject(alert=found[0].id, check=found[0].check) if found else None


def mended(
    snapshot: Snapshot | None,
    subject: Subject | None,
    worst: AlertView | None,
    *,
    itself: str = "",
    ill: bool = False,
) -> Subject | None:
    """What a runbook is opened for where the cursor is on ``subject``: that, unless it is fine and
    leads to none while the ``worst`` alert, which the verdict speaks of, does.

    ``itself`` is the alert that the row is of, not only its check; ``ill`` says that the row is not
    OK, which what is known of its check or its alert need not tell.
    """
    if snapshot is None or _has_own(snapshot, subject, itself):
        return subject
    from checks.runbooks.views import Subject  # noqa: PLC0415 - after the first frame

    check = subject.check if subject is not None else ""
    if _is_linked(snapshot, check):
        return Subject(check=check)
    if ill or worst is None or not _is_fine(snapshot, check):
        return subject
    return Subject(alert=worst.id, check=worst.check)


def _has_own(snapshot: Snapshot, subject: Subject | None, itself: str) -> bool:
    """Whether ``subject`` is an alert that the row is of, that is wrong now, or that leads to a
    runbook.
    """
    if subject is None or not subject.alert:
        return False
    if subject.alert == itself or _is_linked(snapshot, subject.alert):
        return True
    found = next((one for one in snapshot.alerts if one.id == subject.alert), None)
    return found is not None and found.firing and found.status is not Status.OK


def _is_linked(snapshot: Snapshot, name: str) -> bool:
    """Whether the alert or the check ``name`` leads to a runbook."""
    return snapshot.runbooks is not None and name in snapshot.runbooks.links


def _is_fine(snapshot: Snapshot, name: str) -> bool:
    """Whether nothing is wrong with the check ``name``; also where there is none."""
    check = snapshot.check(name)
    return check is None or check.status is Status.OK


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
