"""Which lines belong to an alert, a check or an incident: of which logs, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.logs.views import LogsWanted
from widgets.format import clock

if TYPE_CHECKING:
    from checks.runbooks.views import Subject
    from checks.story.model import Incident
    from checks.views import AlertView, CheckView, Snapshot

__all__ = ["LogsAbout", "about_incident", "about_request", "about_subject", "log_checks", "logs_of"]

_BEFORE: Final = 300.0
"""Seconds before something began in which its cause may have been written."""
_AFTER: Final = 60.0
_AROUND: Final = 30.0
"""Seconds before a request and after it: clocks differ, and logs are written late."""
_PATTERN: Final = "pattern"
"""The label that names the pattern, as the samples of a log check have it."""
_COUNTED: Final = "log_pattern_matches"
"""What the names of the metrics of patterns begin with."""


@dataclass(frozen=True, slots=True)
class LogsAbout:
    """``wanted`` are the lines, ``title`` says around what they are."""

    title: str
    wanted: LogsWanted


def log_checks(snapshot: Snapshot | None) -> tuple[str, ...]:
    """The names of the checks that read logs."""
    found = snapshot.checks if snapshot is not None else ()
    return tuple(check.name for check in found if check.kind == "log")


def logs_of(snapshot: Snapshot, check: str) -> tuple[str, ...]:
    """The log checks that ``check`` is tied to: itself, or those that need it, that it needs, or
    that are of the same job or service. Empty where none is.
    """
    logs = log_checks(snapshot)
    if check in logs:
        return (check,)
    view = snapshot.check(check)
    if view is None:
        return ()
    return tuple(one.name for one in snapshot.checks if one.name in logs and _tied(one, view))


def _tied(one: CheckView, other: CheckView) -> bool:
    service = other.labels.get("service")
    return (
        other.name in one.depends_on
        or one.name in other.depends_on
        or (one.job or one.name) == (other.job or other.name)
        or (service is not None and one.labels.get("service") == service)
    )


def about_subject(snapshot: Snapshot | None, subject: Subject | None) -> LogsAbout | None:
    """The lines around the alert that ``subject`` names, since some minutes before it was
    pending; those of its check where it names none. None where no log is read.
    """
    if snapshot is None or subject is None or not log_checks(snapshot):
        return None
    logs = logs_of(snapshot, subject.check) if subject.check else ()
    alert = next((one for one in snapshot.alerts if one.id == subject.alert), None)
    if alert is None:
        return LogsAbout(f"of {subject.check}" if subject.check else "", LogsWanted(checks=logs))
    since = _began(snapshot, alert) - _BEFORE
    wanted = LogsWanted(checks=logs, pattern=_pattern_of(snapshot, alert), since=since)
    return LogsAbout(f"around {alert.name}", wanted)


def _pattern_of(snapshot: Snapshot, alert: AlertView) -> str:
    """The pattern that the alert is of: as its labels say, the only one there is where its rule
    reads patterns, or of the check's own alert the one that is past its bound.
    """
    view = snapshot.check(alert.check)
    if view is None or view.kind != "log":
        return ""
    named = dict(alert.labels).get(_PATTERN, "")
    # Rows of patterns say how many there were: `7 in 1 min`; others are of files, or of reading.
    patterns = [part for part in view.parts if " in " in part.value]
    if not alert.rule:
        patterns = [part for part in patterns if part.status is alert.status]
    elif not _reads_patterns(snapshot, alert):
        return named
    return named or (patterns[0].name if len(patterns) == 1 else "")


def _reads_patterns(snapshot: Snapshot, alert: AlertView) -> bool:
    found = snapshot.rules.alert(alert.id) if snapshot.rules is not None else None
    return found is not None and _COUNTED in found[0].expression


def _began(snapshot: Snapshot, alert: AlertView) -> float:
    """When it became pending."""
    found = snapshot.rules.alert(alert.id) if snapshot.rules is not None else None
    return alert.since if found is None else min(alert.since, found[1].active_at)


def about_request(
    snapshot: Snapshot | None, check: str, at: float, duration: float
) -> LogsAbout | None:
    """The lines around a request that ``check`` tells of, which ended ``at`` a time and took
    ``duration`` seconds.
    """
    if snapshot is None or not log_checks(snapshot):
        return None
    wanted = LogsWanted(
        checks=logs_of(snapshot, check), since=at - duration - _AROUND, until=at + _AROUND
    )
    return LogsAbout(f"around the request of {clock(at)}", wanted)


def about_incident(snapshot: Snapshot | None, incident: Incident | None) -> LogsAbout | None:
    """The lines from before ``incident`` began until it was over."""
    if snapshot is None or incident is None or not log_checks(snapshot):
        return None
    tied = [name for check in incident.checks for name in logs_of(snapshot, check)]
    over = incident.ended if incident.ended is not None else incident.quiet
    wanted = LogsWanted(
        checks=tuple(dict.fromkeys(tied)),
        since=incident.began - _BEFORE,
        until=None if over is None else over + _AFTER,
    )
    return LogsAbout(f"around incident {incident.id}", wanted)
