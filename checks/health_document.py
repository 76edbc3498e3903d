"""Health documents: what a ``/health`` page says, in the dialects that frameworks speak.

Read without configuration: ``{"status": "ok|healthy|up|pass"}`` and its worse words,
``{"healthy": true}``, Spring Boot's ``components``, ASP.NET's ``entries``, MicroProfile's
and Spatie's lists of checks, NestJS Terminus' ``details``, IETF ``application/health+json``
and plain maps of services to words, booleans or objects. Pure: JSON in, values out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from checks.expectations import seconds
from checks.health_words import word_status
from checks.model import Part, Status, clean, worst

__all__ = ["HealthDocument", "Meaning", "changes", "read_document"]

Meaning = Callable[[object], Status | None]
"""What a verdict means; None where it means nothing."""

PARTS_BOUND: Final = 50
"""Child rows that a document may give."""
NUMBERS_BOUND: Final = 50
"""Figures that a document may give."""
DEPTH_BOUND: Final = 4
"""Levels of nesting that are looked at."""

_VERDICTS: Final = (
    "status",
    "overall_status",
    "overall",
    "health",
    "state",
    "healthy",
    "ok",
    "alive",
    "ready",
    "up",
    "success",
)
"""Keys that hold a verdict, the more usual first."""

_LISTS = (
    "services components checks dependencies subsystems systems healthchecks workers indicators "
    "probes connections contributors dependenciesstatus servicesstatus"
)
_FLAGS: Final = frozenset(_LISTS.split())
"""Keys (in lower case, without ``_`` and ``-``) whose members are parts, even bare booleans."""
_MORE = "entries details results checkresults info error modules"
_CONTAINERS: Final = _FLAGS | frozenset(_MORE.split())
"""Keys whose members are parts where they are objects or words; a boolean may be anything."""

_MESSAGES: Final = (
    "error",
    "message",
    "exception",
    "output",
    "description",
    "notificationMessage",
    "shortSummary",
    "reason",
    "detail",
)
_NAMES: Final = ("name", "label", "component", "componentName", "componentId", "id", "key")
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
_NO_VERDICT_IN = re.compile(
    r"level|env|mode|type|name|version|message|description|role|debug|feature|time", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class HealthDocument:
    """What a document says.

    ``status`` is its own verdict, ``word`` as it wrote it; where it has no verdict the status
    is its worst part's and the word empty. ``numbers`` are figures by dotted path, ``uptime``
    seconds. Facts and names of numbers are as the target wrote them: the constructors of
    :mod:`checks.model` clean them.
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

    @property
    def failing(self) -> tuple[Part, ...]:
        """Parts that are not OK, the worst first."""
        bad = [part for part in self.parts if part.status is not Status.OK]
        return tuple(sorted(bad, key=lambda part: -part.status.severity))


def read_document(document: object, meaning: Meaning = word_status) -> HealthDocument | None:
    """What ``document`` (parsed JSON) says of its service; None where it says nothing of it.

    ``meaning`` is that of its words.
    """
    if not isinstance(document, dict):
        return None
    reader = _Reader(meaning)
    key, word, status = _verdict(document, meaning)
    reader.top(document, key)
    parts = tuple(reader.parts.values())
    if status is None:
        if not parts:
            return None
        status = worst(part.status for part in parts)
    uptime, path = _uptime(document)
    return HealthDocument(
        status,
        clean(word, 40),
        key,
        parts,
        tuple(reader.facts),
        tuple((name, value) for name, value in reader.numbers if name != path),
        _text(document, _VERSIONS),
        uptime,
        _text(document, _STARTS),
    )


def _verdict(mapping: Mapping[str, Any], meaning: Meaning) -> tuple[str, str, Status | None]:
    """The key, word and meaning of the verdict in ``mapping``."""
    for key in _VERDICTS:
        value = mapping.get(key)
        status = None if value is None else meaning(value)
        if status is not None:
            return key, value if isinstance(value, str) else json.dumps(value), status
    return "", "", None


def _text(mapping: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = mapping.get(key)
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
                if _is_number(value) and 0 <= value < 1e12:
                    return float(value) * unit, f"{prefix}.{key}".lstrip(".")
    return None, ""


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


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


@dataclass(slots=True, eq=False)
class _Reader:
    """Walks a document and gathers what it finds, up to the bounds."""

    meaning: Meaning
    parts: dict[str, Part] = field(default_factory=dict)
    facts: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[tuple[str, float]] = field(default_factory=list)

    def top(self, document: Mapping[str, Any], verdict: str) -> None:
        """Read the document's own members."""
        for key, value in document.items():
            if key == verdict:
                continue
            if isinstance(value, dict | list):
                plain = _plain(key)
                if plain in _CONTAINERS:
                    self._container(key, value, 1, flags=plain in _FLAGS)
                else:
                    self._member(key, value, 1)
            elif isinstance(value, str) and not _NO_VERDICT_IN.search(key) and self.meaning(value):
                self._part(key, value)
            else:
                self._fact(key, value)

    def _container(
        self, path: str, members: dict[str, Any] | list[Any], depth: int, *, flags: bool = False
    ) -> None:
        """Objects and words in ``members`` are parts; with ``flags`` booleans are too."""
        for name, value in _named(members):
            if isinstance(value, dict):
                self._object(name, value, f"{path}.{name}", depth)
            elif isinstance(value, list):
                self._observations(name, value, depth)
            elif isinstance(value, (str, bool) if flags else str) and self.meaning(value):
                self._part(name, value)
            else:
                self._fact(f"{path}.{name}", value)

    def _member(self, path: str, value: dict[str, Any] | list[Any], depth: int) -> None:
        """An object of unknown meaning: a part where it has a verdict, else facts."""
        if depth > DEPTH_BOUND or isinstance(value, list):
            return
        if _verdict(value, self.meaning)[2] is not None:
            self._object(path, value, path, depth)
            return
        for key, inner in value.items():
            if isinstance(inner, dict):
                self._member(f"{path}.{key}", inner, depth + 1)
            else:
                self._fact(f"{path}.{key}", inner)

    def _object(self, name: str, value: Mapping[str, Any], path: str, depth: int) -> None:
        """A part that is an object: its verdict, its message, parts of its own."""
        _, word, status = _verdict(value, self.meaning)
        flags = value.get("status")
        if status is None and isinstance(flags, dict):
            self._flags(name, path, flags)
        elif status is not None:
            self._add(Part(name, status, _message(value), _figure(value) or word))
        for key, inner in value.items():
            if isinstance(inner, dict) and inner is not flags and depth < DEPTH_BOUND:
                if status is None or key in {"components", "checks", "entries", "services"}:
                    self._container(f"{path}.{key}", _prefixed(name, inner), depth + 1)
                else:
                    self._member(f"{path}.{key}", inner, depth + 1)
            elif not isinstance(inner, dict | list):
                self._number(f"{path}.{key}", inner)

    def _flags(self, name: str, path: str, flags: Mapping[str, Any]) -> None:
        """A part whose status is a map of alternatives: one that is there is enough.

        Which of them are there is a fact each, and a figure, 0 or 1.
        """
        for key, value in flags.items():
            self._fact(f"{path}.status.{key}", value)
            if isinstance(value, bool):
                self._number(f"{path}.status.{key}", int(value))
        there = [key for key, value in flags.items() if self.meaning(value) is Status.OK]
        if there or not flags:
            self._add(Part(name, Status.OK, "", f"{len(there)}/{len(flags)}"))
        else:
            message = "none of " + ", ".join(list(flags)[:5])
            self._add(Part(name, Status.WARNING, message, f"0/{len(flags)}"))

    def _observations(self, name: str, observations: list[Any], depth: int) -> None:
        """IETF health+json: a list of observations of one component."""
        objects = [item for item in observations if isinstance(item, dict)]
        for index, item in enumerate(objects):
            identity = str(item.get("componentId") or index + 1)
            own = f"{name} {identity}" if len(objects) > 1 else name
            self._object(own, item, own, depth + 1)

    def _part(self, name: str, value: object) -> None:
        status = self.meaning(value)
        if status is not None:
            self._add(
                Part(name, status, "", value if isinstance(value, str) else json.dumps(value))
            )

    def _add(self, part: Part) -> None:
        if part.name and len(self.parts) < PARTS_BOUND:
            earlier = self.parts.get(part.name)
            # NestJS lists a failing part under "error" and again under "details".
            if earlier is None or earlier.status.severity < part.status.severity:
                self.parts[part.name] = part

    def _fact(self, path: str, value: object) -> None:
        self._number(path, value)
        if isinstance(value, str | int | float) and value != "" and len(self.facts) < NUMBERS_BOUND:
            text = value if isinstance(value, str) else json.dumps(value)
            self.facts.append((path, text))

    def _number(self, path: str, value: object) -> None:
        if (
            _is_number(value)
            and len(self.numbers) < NUMBERS_BOUND
            and abs(value) < 1e300
            and math.isfinite(value)
        ):
            self.numbers.append((path, float(value)))


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _named(members: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """Names and values; members of a list name themselves."""
    if isinstance(members, dict):
        yield from members.items()
        return
    for index, item in enumerate(members[: 2 * PARTS_BOUND]):
        if isinstance(item, dict):
            name = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), "")
            yield name or str(index + 1), item


def _prefixed(name: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}/{key}": value for key, value in members.items()}


def _message(value: Mapping[str, Any]) -> str:
    """The first text of ``value`` that explains its verdict, also one within its details."""
    for source in (value, value.get("details"), value.get("data")):
        if isinstance(source, dict):
            for key in _MESSAGES:
                text = source.get(key)
                if isinstance(text, str) and text:
                    return clean(text, 200)
    return ""


def _figure(value: Mapping[str, Any]) -> str:
    """IETF's observed value with its unit; empty where there is none."""
    observed = value.get("observedValue")
    if isinstance(observed, bool) or not isinstance(observed, int | float | str):
        return ""
    return clean(f"{observed} {value.get('observedUnit', '')}".strip(), 40)
