"""Health documents: what a ``/health`` page says, in the dialects that frameworks speak.

Read without configuration: ``{"status": "ok|healthy|up|pass"}`` and its worse words,
``{"healthy": true}``, Spring Boot's ``components``, ASP.NET's ``entries``, MicroProfile's
and Spatie's lists of checks, NestJS Terminus' ``details``, IETF ``application/health+json``
and plain maps of services to words, booleans or objects. Pure: JSON in, values out.

A word that nobody knows is UNKNOWN where a word for health is expected: see ``expected`` and
``seen`` of :func:`read_document`. Elsewhere a ``status`` may be that of an order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from checks.expectations import seconds
from checks.health_parts import WORDED, Meaning, Said, Walk, is_number, member
from checks.health_words import says_little, word_status
from checks.model import Part, Status, clean, worst

__all__ = ["HealthDocument", "Meaning", "changes", "is_of_health", "read_document"]

_NOWHERE: Final[frozenset[str]] = frozenset()
_OF_HEALTH: Final = re.compile(
    r"(health|healthz|healthy|health[-_]?checks?|health[-_]?status|livez|readyz|liveness|readiness)"
    r"(\.\w+)?",
    re.IGNORECASE,
)
"""What the last part of a path says, or the last but one, that leads to a health document."""
_VERSIONS: Final = ("version", "app_version", "appVersion", "releaseId", "release", "build")
_STARTS: Final = ("started_at", "startedAt", "start_time", "startTime")
_UPTIMES: Final = (
    ("uptime_seconds", 1.0),
    ("uptimeSeconds", 1.0),
    ("uptime_s", 1.0),
    ("uptime_ms", 0.001),
    ("uptimeMs", 0.001),
    ("uptime", 1.0),
)
_HOMES: Final = ("process", "app", "application", "server", "runtime")
"""Objects that may hold the uptime in place of the document itself."""
_SLACK: Final = 10.0
"""Seconds that a service's own uptime may be off."""


@dataclass(frozen=True, slots=True)
class HealthDocument:
    """What a document says.

    ``status`` is its own verdict, ``word`` as it wrote it, ``why`` what follows the word; where it
    has no verdict the status is its worst part's and the word empty. ``strange`` is whether
    nobody knows its word; it is UNKNOWN then, as a part of which nobody knows the word is.
    ``places`` are those at which verdicts stood, the document's own being the empty one.
    ``numbers`` are figures by dotted path, ``uptime`` seconds. Facts and names of numbers are as
    the target wrote them: the constructors of :mod:`checks.model` clean them.
    """

    status: Status
    word: str
    key: str
    parts: tuple[Part, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()
    version: str = ""
    uptime: float | None = None
    started: str = ""
    strange: bool = False
    why: str = ""
    places: frozenset[str] = _NOWHERE

    @property
    def failing(self) -> tuple[Part, ...]:
        """Parts that are not OK, the worst first."""
        bad = [part for part in self.parts if part.status is not Status.OK]
        return tuple(sorted(bad, key=lambda part: -part.status.severity))


def is_of_health(path: str, content_type: str = "") -> bool:
    """Whether the ``path`` of a url, or what the answer says it is, tells that a page is there to
    say how a service is: ``/api/health``, ``/health/ready``, ``application/health+json``."""
    media_type = content_type.partition(";")[0].strip().lower()
    last = [part for part in path.split("/") if part][-2:]
    return media_type == "application/health+json" or any(map(_OF_HEALTH.fullmatch, last))


def read_document(
    document: object,
    meaning: Meaning = word_status,
    *,
    expected: bool = False,
    seen: frozenset[str] = _NOWHERE,
) -> HealthDocument | None:
    """What ``document`` (parsed JSON) says of its service; None where it says nothing of it.

    ``meaning`` is that of its words. ``expected`` is whether this page is known to be a health
    document; ``seen`` are the :attr:`~HealthDocument.places` of an earlier document of it.
    """
    if not isinstance(document, dict):
        return None
    walk = Walk(meaning, expected=expected, seen=seen)
    wanted = WORDED if expected else _NOWHERE
    said = walk.said(document, "", wanted)
    walk.headed = _is_of_health(said)
    walk.top(document, said.key)
    parts = tuple(walk.parts.values())
    if said.status is None and not parts:
        return None
    strange = said.status is Status.UNKNOWN
    status = said.status
    if status is None or strange:
        status = worst((part.status for part in parts), Status.UNKNOWN)
        status = worst((status, Status.UNKNOWN)) if strange else status
    uptime, path = _uptime(document)
    return HealthDocument(
        status,
        clean(said.word, 40),
        said.key,
        parts,
        tuple(walk.facts),
        tuple((name, value) for name, value in walk.numbers if name != path),
        _text(document, _VERSIONS),
        uptime,
        _text(document, _STARTS),
        strange,
        clean(said.why, 200),
        _places(walk, said),
    )


def _places(walk: Walk, said: Said) -> frozenset[str]:
    """Where the next document of the page is to say how something is: nowhere where this one may
    be of anything, an order or the state of a replica."""
    if not walk.of_health:
        return _NOWHERE
    return frozenset(walk.places if said.status is None else {"", *walk.places})


def _is_of_health(said: Said) -> bool:
    """Whether the head of a document has a word that only health documents have."""
    known = said.status not in {None, Status.UNKNOWN}
    return known and said.key in WORDED and not said.word.isdigit() and not says_little(said.word)


def _text(mapping: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = member(mapping, key)
        if isinstance(value, dict):
            value = value.get("version")
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return clean(value, 80)
    return ""


def _uptime(document: Mapping[str, Any]) -> tuple[float | None, str]:
    """Seconds the service has been up, and the path that says so."""
    for prefix in ("", *_HOMES):
        home = document.get(prefix) if prefix else document
        if isinstance(home, dict):
            for key, unit in _UPTIMES:
                value = home.get(key)
                if is_number(value) and 0 <= value < 1e12:
                    return float(value) * unit, f"{prefix}.{key}".lstrip(".")
    return None, ""


def changes(before: HealthDocument, after: HealthDocument, elapsed: float) -> tuple[str, ...]:
    """Events between two documents of one service, read ``elapsed`` seconds apart.

    An uptime that fell is a restart only where the service can have started since:
    instances behind one address take turns answering.
    """
    events = []
    old, new = before.uptime, after.uptime
    if old is not None and new is not None and new < old and new <= elapsed + _SLACK:
        events.append(f"restarted: uptime fell from {seconds(old)} to {seconds(new)}")
    elif before.started and after.started and before.started != after.started and new is None:
        events.append(f"restarted: started at {after.started}")
    if before.version and after.version and before.version != after.version:
        events.append(f"version changed from {before.version} to {after.version}")
    return tuple(events)
