"""Documents of Alertmanager's API v2 as values. Pure; whatever is not as it should be raises.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from checks.errors import TargetError
from checks.model import clean

__all__ = [
    "About",
    "Alert",
    "AlertsSeen",
    "Silence",
    "SilencesSeen",
    "about_of",
    "alerts_of",
    "receivers_of",
    "silences_of",
]

STATES: Final = ("active", "suppressed", "unprocessed")
SILENCE_STATES: Final = ("active", "pending", "expired")
_KEPT: Final = 500
"""Alerts, and silences, that are kept; all of them are counted."""
_TEXT: Final = 200
_SHOWN: Final = ("summary", "message", "title", "description")
"""Annotations that say what is wrong, the best first."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it holds it. ``started`` is seconds since 1970, None where that is no time."""

    name: str
    severity: str
    labels: Mapping[str, str]
    state: str
    summary: str
    started: float | None
    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...]
    inhibited: bool


@dataclass(frozen=True, slots=True)
class AlertsSeen:
    """How many there are by state, active ones by severity; some of them."""

    states: Mapping[str, int]
    severities: Mapping[str, int]
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence that is active or will be. ``ends`` is seconds since 1970, None where unknown."""

    id: str
    state: str
    matchers: str
    author: str
    comment: str
    ends: float | None


@dataclass(frozen=True, slots=True)
class SilencesSeen:
    """How many there are by state; some of those that are not over."""

    states: Mapping[str, int]
    silences: tuple[Silence, ...]


@dataclass(frozen=True, slots=True)
class About:
    """The server: its version, and its cluster (``disabled`` where it is in none)."""

    version: str
    revision: str
    started: str
    cluster: str
    members: int | None


def _no(path: str) -> TargetError:
    return TargetError("protocol", f"{path} answers, but not as Alertmanager's API v2 does")


def _text(value: object, most: int = _TEXT) -> str:
    return clean(value, most) if isinstance(value, str) else ""


def _time(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        # Of the first year and of the last one, another zone's may lie in none here.
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _rows(document: Any, path: str) -> list[dict[str, Any]]:
    if not isinstance(document, list) or not all(isinstance(one, dict) for one in document):
        raise _no(path)
    return document


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _pairs(value: object) -> dict[str, str]:
    return {clean(k): clean(v) for k, v in _dict(value).items() if isinstance(v, str)}


def about_of(document: Any) -> About:
    """Of ``/api/v2/status``; its configuration, in which secrets may stand, is left alone.

    Raises:
        TargetError: it is another document.
    """
    path = "/api/v2/status"
    if not isinstance(document, dict) or not isinstance(document.get("versionInfo"), dict):
        raise _no(path)
    version, cluster = document["versionInfo"], _dict(document.get("cluster"))
    state, peers = _text(cluster.get("status"), 20), cluster.get("peers")
    members = len(peers) if isinstance(peers, list) and state != "disabled" else None
    return About(
        _text(version.get("version"), 60),
        _text(version.get("revision"), 60),
        _text(document.get("uptime"), 40),
        state,
        members,
    )


def alerts_of(document: Any) -> AlertsSeen:
    """Of ``/api/v2/alerts``; raises as :func:`about_of`."""
    found = [_alert(one) for one in _rows(document, "/api/v2/alerts")]
    states = Counter(one.state for one in found)
    severities = Counter(one.severity for one in found if one.state == "active")
    return AlertsSeen(
        {state: states[state] for state in STATES}, dict(severities), tuple(found[:_KEPT])
    )


def _alert(one: Mapping[str, Any]) -> Alert:
    labels, notes = _pairs(one.get("labels")), _pairs(one.get("annotations"))
    status = _dict(one.get("status"))
    receivers = [_text(_dict(each).get("name"), 60) for each in _list(one.get("receivers"))]
    silenced = [clean(each, 60) for each in _list(status.get("silencedBy"))]
    return Alert(
        clean(labels.pop("alertname", "alert without a name"), 80),
        clean(labels.pop("severity", ""), 40),
        labels,
        _text(status.get("state"), 20) or "unprocessed",
        next((notes[name] for name in _SHOWN if notes.get(name)), ""),
        _time(one.get("startsAt")),
        tuple(receivers),
        tuple(silenced),
        bool(status.get("inhibitedBy")),
    )


def silences_of(document: Any) -> SilencesSeen:
    """Of ``/api/v2/silences``; raises as :func:`about_of`."""
    rows = _rows(document, "/api/v2/silences")
    states = Counter(_text(_dict(one.get("status")).get("state"), 20) for one in rows)
    lasting = [one for one in map(_silence, rows) if one.state != "expired"]
    return SilencesSeen({state: states[state] for state in SILENCE_STATES}, tuple(lasting[:_KEPT]))


def _silence(one: Mapping[str, Any]) -> Silence:
    matchers = one.get("matchers")
    told = map(_matcher, matchers) if isinstance(matchers, list) else ()
    return Silence(
        _text(one.get("id"), 60),
        _text(_dict(one.get("status")).get("state"), 20),
        clean(", ".join(each for each in told if each), _TEXT),
        _text(one.get("createdBy"), 60),
        _text(one.get("comment")),
        _time(one.get("endsAt")),
    )


def _matcher(one: object) -> str:
    own = _dict(one)
    if not own:
        return ""
    # Servers before 0.22 do not say whether it must be equal: it must.
    equal, regex = own.get("isEqual", True), own.get("isRegex", False)
    operator = ("=~" if equal else "!~") if regex else ("=" if equal else "!=")
    return f'{_text(own.get("name"), 60)}{operator}"{_text(own.get("value"), 80)}"'


def receivers_of(document: Any) -> tuple[str, ...]:
    """Names, of ``/api/v2/receivers``; raises as :func:`about_of`."""
    return tuple(_text(one.get("name"), 60) for one in _rows(document, "/api/v2/receivers"))
