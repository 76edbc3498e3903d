"""The report of an incident as values for programs. Pure."""

from __future__ import annotations

from typing import Any

from checks.story.model import Entry
from checks.story.report.follow_ups import follow_ups
from checks.story.report.impact import Impact, Span
from checks.story.report.material import Material, StepRun
from checks.story.report.notifications import incident_notification, resolution, root_cause

__all__ = ["as_data", "listed"]


def as_data(material: Material) -> dict[str, Any]:
    """Everything that the report tells; times are seconds since 1970 in UTC."""
    return {
        **listed(material),
        "root_cause": root_cause(material),
        "impact": [_impact(one) for one in material.impacts],
        "timeline": [_entry(one) for one in material.entries],
        "steps": [_step(one) for one in material.steps],
        "follow_ups": follow_ups(material),
        "notifications": {
            "incident": "\n".join(incident_notification(material)),
            "resolution": "\n".join(resolution(material)),
        },
    }


def listed(material: Material) -> dict[str, Any]:
    """The incident itself, as in a list of several."""
    one = material.incident
    return {
        "id": one.id,
        "title": one.title,
        "cause": one.cause,
        "priority": material.priority,
        "severity": one.severity,
        "status": one.status.value,
        "began": one.began,
        "ended": material.over,
        "acknowledged": one.acknowledged,
        "acknowledged_by": one.acknowledged_by,
        "time_to_acknowledge": one.time_to_acknowledge,
        "time_to_resolve": None if material.over is None else material.over - one.began,
        "checks": list(one.checks),
        "alerts": list(one.alerts),
    }


def _impact(one: Impact) -> dict[str, Any]:
    return {
        "source": one.source,
        "before": _span(one.before),
        "during": _span(one.during),
        "bad_minutes": one.bad,
        "worst_share": one.worst,
        "worst_minute": one.worst_at,
    }


def _span(one: Span) -> dict[str, Any]:
    return {
        "minutes": one.minutes,
        "requests": one.count,
        "failed": one.errors,
        "p95": one.p95,
        "worst_p95": one.worst_p95,
    }


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "at": one.at,
        "kind": one.kind.value,
        "text": one.text,
        "alert": one.name if one.alert else "",
        "check": one.check,
        "after": one.after,
        "who": one.who,
        "detail": one.detail,
    }


def _step(one: StepRun) -> dict[str, Any]:
    return {
        "name": one.began.name,
        "who": one.began.who,
        "began": one.began.at,
        "ended": one.ended.at if one.ended is not None else None,
        "exit_code": one.exit_code,
        "looks_only": one.safe,
    }
