"""The messages that go out when an incident begins and when it is over, filled in. Pure.

Their lines are those of the templates that teams have in their handbooks: service, issue, impact,
ETA, incident commander, status page; and service, issue, duration, root cause, actions taken.
"""

from __future__ import annotations

from checks.story.report.material import Material, duration, percent

__all__ = [
    "actions_taken",
    "impact_line",
    "incident_notification",
    "resolution",
    "root_cause",
    "uncounted",
]

_ASK = "(please fill in)"


def incident_notification(material: Material) -> list[str]:
    """``INCIDENT ALERT - P1`` and what is known so far."""
    incident = material.incident
    lines = [
        f"🚨 INCIDENT ALERT - {material.priority}",
        f"Service: {_service(material)}",
        f"Issue: {incident.title}",
        f"Impact: {impact_line(material)}",
        f"Started: {material.moment(incident.began)}",
        f"ETA: {_eta(material)}",
        f"Incident Commander: {incident.acknowledged_by or 'not assigned yet'}",
    ]
    page = _last(material, "status page") or material.status_page
    return [*lines, f"Status Page: {page}"] if page else lines


def resolution(material: Material) -> list[str]:
    """``RESOLVED - P1 Incident``, how long it took, why, and what was done."""
    incident = material.incident
    end = material.over
    if end is None:
        return []
    return [
        f"✅ RESOLVED - {material.priority} Incident",
        f"Service: {_service(material)}",
        f"Issue: {incident.title} - RESOLVED",
        f"Duration: {duration(end - incident.began)}",
        f"Root Cause: {root_cause(material) or _ASK}",
        f"Actions Taken: {actions_taken(material) or 'none that onwatch knows of'}",
    ]


def _service(material: Material) -> str:
    named = ", ".join(material.incident.checks[:4])
    told = _last(material, "service") or material.service
    return told or named or material.host or material.incident.cause


def _last(material: Material, word: str) -> str:
    """What the last note said that begins with ``word``; empty where none does."""
    return next(reversed(material.said(word)), "")


def _eta(material: Material) -> str:
    told = material.said("eta")
    if told:
        return told[-1]
    if material.over is not None:
        return "Resolved"
    acted = any(run.exit_code == 0 and not run.safe for run in material.steps)
    return "Mitigation under way" if acted else "Investigating"


def impact_line(material: Material) -> str:
    """What a note says it is, else what requests tell, else how many alerts there are."""
    told = material.said("impact")
    if told:
        return told[-1]
    felt = [one for one in material.impacts if one.felt]
    if not felt:
        alerts = len(material.fired)
        return f"{_unfelt(material)}; {alerts} alert{'' if alerts == 1 else 's'}"
    first = felt[0]
    during = first.during
    if not during.errors:
        slower = during.p95 or 0.0
        return f"requests of {first.source} are slow: p95 {slower:.2g} s"
    return (
        f"{percent(during.share or 0.0)} of the requests of {first.source} failed "
        f"({during.errors:,} of {during.count:,})"
    )


def _unfelt(material: Material) -> str:
    """What requests tell that have not failed more as far as they are counted."""
    if not material.impacts:
        return "not measured by requests"
    blank = next((one.source for one in material.impacts if not one.during.minutes), None)
    if blank is None:
        return "no effect on requests seen"
    return f"requests of {blank}: {uncounted(material)}"


def uncounted(material: Material) -> str:
    """That nothing is known of requests, which are counted by whole minutes."""
    return f"not a whole minute of them is counted{'' if material.over is not None else ' yet'}"


def root_cause(material: Material) -> str:
    """What somebody has written down as such; empty where nobody has."""
    told = material.said("root cause", "cause", "rootcause")
    return told[-1] if told else ""


def actions_taken(material: Material) -> str:
    """Steps that went well and did more than look, each once, and what notes say was done."""
    steps = [run.name for run in material.steps if run.exit_code == 0 and not run.safe]
    done = dict.fromkeys((*steps, *material.said("action", "actions", "done", "fixed", "fix")))
    return ", ".join(done)
