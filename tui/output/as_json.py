"""One pass as JSON. The format has a version and is described in docs/check-json.md."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from checks.model import Status
from checks.promql.literals import format_float
from checks.rules.views import RuleHealth, RulesView
from checks.triage import Triage
from checks.views import AlertView, CheckView, PartView
from tui.output.causes import causes_of

__all__ = ["VERSION", "as_json", "document"]

VERSION: Final = 1
"""Grows when a script that reads the document would have to change."""

_NAMES: Final = ("ok", "warning", "critical", "unknown")


def as_json(triage: Triage, host: str, program: str) -> str:
    """The document as text, ending in a line break."""
    made = document(triage, host, program)
    return json.dumps(made, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def document(triage: Triage, host: str, program: str) -> dict[str, Any]:
    """What was found, as values that JSON knows.

    ``host`` is where it ran, ``program`` the version of onwatch.
    """
    causes = causes_of(triage.checks)
    counts = Counter(_NAMES[check.status.exit_code] for check in triage.checks)
    return {
        "version": VERSION,
        "onwatch": program,
        "host": host,
        "started": _time(triage.started),
        "duration_seconds": _number(triage.duration),
        "status": triage.status.value,
        "exit_code": triage.status.exit_code,
        "counts": {name: counts[name] for name in _NAMES},
        "checks": [_check(check, causes.get(check.name, "")) for check in triage.checks],
        "alerts": [_alert(alert) for alert in triage.alerts],
        "rules": _rules(triage.rules),
    }


def _alert(alert: AlertView) -> dict[str, Any]:
    return {
        "name": alert.name,
        "status": "info" if alert.status is Status.OK else alert.status.value,
        "message": alert.sentence,
        "value": format_float(alert.value) if alert.value is not None else "",
        "check": alert.check,
        "cause": alert.cause,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
    }


def _rules(rules: RulesView | None) -> dict[str, Any]:
    found = rules or RulesView()
    return {
        "count": len(found.rules),
        "insufficient_history": _names(found, RuleHealth.NO_HISTORY),
        "dead": _names(found, RuleHealth.DEAD),
        "errors": [
            {"name": rule.name, "file": rule.file, "line": rule.line, "message": rule.sentence}
            for rule in found.rules
            if rule.health is RuleHealth.ERROR
        ],
    }


def _names(rules: RulesView, health: RuleHealth) -> list[str]:
    """The names of the rules that do so, each once."""
    return list(dict.fromkeys(rule.name for rule in rules.rules if rule.health is health))


def _check(check: CheckView, cause: str) -> dict[str, Any]:
    return {
        "name": check.name,
        "kind": check.kind,
        "address": check.address,
        "instance": check.instance,
        "status": check.status.value,
        "reason": check.reason,
        "up": check.up,
        "message": check.message,
        "value": check.value,
        "duration_seconds": _number(check.duration),
        "finished": None if check.last_run is None else _time(check.last_run),
        "labels": dict(check.labels),
        "depends_on": list(check.depends_on),
        "cause": cause,
        "runbook": check.runbook,
        "parts": [_part(part) for part in check.parts],
    }


def _part(part: PartView) -> dict[str, Any]:
    return {
        "name": part.name,
        "status": part.status.value,
        "message": part.message,
        "value": part.value,
    }


def _number(value: float | None) -> float | None:
    return round(value, 6) if value is not None and math.isfinite(value) else None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
