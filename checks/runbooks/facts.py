"""What is known of an alert and of a check's target, as values of variables.

``$INSTANCE`` and every other label of the alert, ``$ALERTNAME``, ``$VALUE``; of the check
``$CHECK``, ``$JOB``, ``$INSTANCE``, ``$HOST``, ``$PORT``, ``$USER``, ``$DATABASE``, ``$URL`` (of
HTTP), ``$FILE`` (of SQLite), ``$NAME`` (of DNS). Never a password.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from checks.runbooks.variables import variable_of

if TYPE_CHECKING:
    from checks.probe import CheckSpec

__all__ = [
    "KNOWN",
    "LABELS",
    "WHERE",
    "of_alert",
    "of_check",
    "place_of",
    "variables_of_checks",
]

_OF_ALERTS: Final = ("ALERTNAME", "SEVERITY", "VALUE")
_OF_CHECKS: Final = (
    "CHECK",
    "DATABASE",
    "FILE",
    "HOST",
    "INSTANCE",
    "JOB",
    "NAME",
    "PORT",
    "URL",
    "USER",
)
KNOWN: Final = frozenset((*_OF_ALERTS, *_OF_CHECKS))
"""Variables that come from alerts and checks whatever the rules are."""

WHERE: Final = frozenset({"CHECK", "HOST", "PORT", "URL"})
"""Where a step is sent: what the check says goes before a label of a series, which the page that
was scraped may have chosen."""

LABELS: Final = frozenset(
    {
        "APPLICATION_NAME",
        "CODE",
        "CPU",
        "DATNAME",
        "DEVICE",
        "ERROR",
        "FSTYPE",
        "GROUPNAME",
        "MASTER_HOST",
        "MOUNTPOINT",
        "PART",
        "PHASE",
        "QUEUE",
        "QUEUE_NAME",
        "RELNAME",
        "SCHEMA",
        "SCHEMANAME",
        "SERVER",
        "SLAVE_IP",
        "SLOT_NAME",
        "STATE",
        "STATUS",
        "TYPE",
    }
)
"""Variables that alerts of the built-in rules have as labels, each some of them."""

_PLACE: Final = re.compile(r"\[?([^\]]*?)\]?:(\d{1,5})")


def variables_of_checks(specs: Iterable[CheckSpec]) -> frozenset[str]:
    """The variables that the labels of checks give to their alerts."""
    return frozenset(variable_of(label) for spec in specs for label in spec.labels)


def of_alert(
    labels: Iterable[tuple[str, str]], value: float | None = None, name: str = ""
) -> dict[str, str]:
    """The variables of an alert: one for each label."""
    found = {variable_of(label): text for label, text in labels if text}
    if name:
        found.setdefault("ALERTNAME", name)
    if value is not None:
        found["VALUE"] = _number(value)
    return found


def _number(value: float) -> str:
    """``value`` as Prometheus writes it, with ten digits."""
    if math.isnan(value):
        return "NaN"
    return f"{value:.10g}" if math.isfinite(value) else f"{'+' if value > 0 else '-'}Inf"


def place_of(instance: str) -> tuple[str, str] | None:
    """Host and port of ``host:port``; None where it is something else."""
    place = _PLACE.fullmatch(instance)
    return (place[1], place[2]) if place is not None else None


def of_check(spec: CheckSpec) -> dict[str, str]:
    """The variables of a check: where its target is, and who logs in there."""
    instance = spec.config.instance()
    found = {variable_of(label): text for label, text in spec.labels.items() if text}
    found |= {"CHECK": spec.name, "JOB": spec.job or spec.name, "INSTANCE": instance}
    place = place_of(instance)
    if place is not None:
        found |= {"HOST": place[0], "PORT": place[1]}
    elif spec.kind in ("host", "process", "systemd", "command", "ping"):
        found["HOST"] = instance
    found |= _of_address(spec.config)
    if spec.kind == "http":
        found["URL"] = spec.config.address()
    if spec.kind == "sqlite":
        found["FILE"] = instance
    if spec.kind == "dns":
        found["NAME"] = str(getattr(spec.config, "name", ""))
    return {name: text for name, text in found.items() if text}


def _of_address(config: Any) -> dict[str, str]:
    """Of a database server what its URL says; what it leaves out, clients fill in themselves."""
    parsed = getattr(config, "parsed", None)
    if parsed is None:
        return {}
    address = parsed()
    found = {"HOST": address.host, "USER": address.user, "DATABASE": address.database}
    if address.port:
        found["PORT"] = str(address.port)
    return {name: text for name, text in found.items() if text}
