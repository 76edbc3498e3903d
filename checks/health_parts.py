"""The parts of a health document: where verdicts stand in it, and what they come to. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeGuard

from checks.expectations import quoted
from checks.health_words import ill_words, is_neutral, is_of_any_field, word_status
from checks.model import Part, Status, clean

__all__ = ["WORDED", "Meaning", "Said", "Walk", "is_number", "member"]

Meaning = Callable[[object], Status | None]
"""What a verdict means; None where it means nothing."""

PARTS_BOUND: Final = 50
"""Child rows that a document may give."""
NUMBERS_BOUND: Final = 50
"""Figures that a document may give."""
DEPTH_BOUND: Final = 4
"""Levels of nesting that are looked at."""
LOOKED_AT: Final = 4_000
"""Objects, and members of one, that are looked at: a megabyte may hold a hundred thousand."""
WORD_BOUND: Final = 40
"""Characters of a word that are looked at, and shown."""

_EXPLAINED: Final = 400
"""Characters in which a word and what follows it are looked for."""

_WORDED: Final = ("status", "overall_status", "overall", "aggregatedStatus", "outcome", "health")
_VERDICTS: Final = (*_WORDED, "state", "healthy", "ok", "alive", "ready", "up", "success")
"""Keys that hold a verdict, the more usual first; .NET and Go begin them with a capital."""
WORDED: Final = frozenset(_WORDED)
"""Those under which a word that nobody knows is a verdict, where one is expected."""
_NOWHERE: Final[frozenset[str]] = frozenset()

_LISTS = (
    "services components checks dependencies subsystems systems healthchecks workers indicators "
    "probes connections contributors dependenciesstatus servicesstatus"
)
_FLAGS: Final = frozenset(_LISTS.split())
"""Keys (in lower case, without ``_`` and ``-``) whose members are parts, even bare booleans."""
_OF_HEALTH: Final = _FLAGS | frozenset({"entries", "checkresults"})
"""Keys that hold nothing but parts. The others may be of any answer: results, details."""
_MORE = "details results info error modules"
_CONTAINERS: Final = _OF_HEALTH | frozenset(_MORE.split())
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
_NAMES: Final = (
    *("name", "label", "component", "componentName", "componentId", "id", "key"),
    *("serviceName", "checkID"),
)
_NO_VERDICT_IN = re.compile(
    r"level|env|mode|type|name|version|message|description|role|debug|feature|time"
    r"|severity|priority|threshold|channel|colou?r|slot|commit|branch|region|zone",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_][^\W\d]*(?:[ /-][^\W\d]+){0,4}|")
_AND_WHY: Final = re.compile(r"\s*([^\W\d][\w \-]{0,39}?)(?::\s*|\s+[-–—]\s+|\s+\()(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict: the key it stood under, the word as it was written, what it means, and what
    followed the word. UNKNOWN is that of a word nobody knows, None that of no verdict."""

    key: str = ""
    word: str = ""
    status: Status | None = None
    why: str = ""


def member(mapping: Mapping[str, Any], key: str) -> Any:
    """What ``mapping`` has under ``key``, also where that begins with a capital."""
    found = mapping.get(key)
    return mapping.get(key[:1].upper() + key[1:]) if found is None else found


def is_number(value: object) -> TypeGuard[float]:
    """Whether JSON's ``value`` is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(slots=True, eq=False)
class Walk:
    """Walks a document and gathers what it finds, up to the bounds.

    With ``expected`` words are expected wherever a verdict may stand, with ``headed`` in lists of
    parts: its head has a word that only health documents have. ``seen`` are the places at which
    an earlier document of this page, which was one of health, had a verdict; ``places`` are those
    of this one.
    """

    meaning: Meaning
    expected: bool = False
    headed: bool = False
    seen: frozenset[str] = frozenset()
    parts: dict[str, Part] = field(default_factory=dict)
    facts: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[tuple[str, float]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    left: int = LOOKED_AT

    @property
    def of_health(self) -> bool:
        """Whether it is known to be a health document: elsewhere a word that nobody knows, or
        that fields of all kinds have, says nothing of health."""
        return self.expected or self.headed or bool(self.seen)

    def said(self, mapping: Mapping[str, Any], place: str, words: frozenset[str]) -> Said:
        """The verdict in ``mapping``, which stands at ``place``. Under the keys ``words`` one that
        nobody knows is one, too."""
        seen = place in self.seen
        strange = Said("", "", Status.UNKNOWN) if seen else Said()
        for key in _VERDICTS:
            value = member(mapping, key)
            if value is None:
                continue
            word, status, why = self._meant(value, explained=seen or bool(words))
            if status is not None:
                return Said(key, word, status, why)
            if not strange.key and (seen or (key in words and _is_word(value))):
                strange = Said(key, word, Status.UNKNOWN)
        return strange

    def top(self, document: Mapping[str, Any], verdict: str) -> None:
        """Read the document's own members, but for its ``verdict``."""
        for key, value in islice(document.items(), LOOKED_AT):
            plain = _plain(key)
            if plain == _plain(verdict):
                continue
            if isinstance(value, dict | list) and plain in _CONTAINERS:
                self._container(key, value, 1, plain)
            elif isinstance(value, dict | list):
                self._member(key, value, 1)
            elif not self._top_word(key, value):
                self._fact(key, value)

    def _top_word(self, key: str, value: object) -> bool:
        """Whether ``value``, which is no object, is a part beside the document's verdict."""
        known = key in self.seen
        if not known and (
            not isinstance(value, str) or _NO_VERDICT_IN.search(key) or self._of_any_field(value)
        ):
            return False
        word, status, why = self._meant(value, explained=known)
        # Where a word stood there may be a time now, or what else is no word.
        if status is None and (not known or (isinstance(value, str) and not _is_word(value))):
            return False
        # A word for nothing to judge may be any field's: what follows it need be no verdict.
        place = key if known or not is_neutral(word) else ""
        self._add(_part(key, Said(key, word, status or Status.UNKNOWN, why)), place)
        return True

    def _container(
        self, path: str, members: dict[str, Any] | list[Any], depth: int, plain: str
    ) -> None:
        """Objects and words in ``members``, which stand under a key that is ``plain``, are parts;
        under some keys booleans are, too."""
        named = list(_named(members))
        akin: set[str] = set()
        if plain in _OF_HEALTH:
            akin.update(key for _, value in named if (key := self._known_at(value)) is not None)
        words = _NOWHERE
        if self.expected or (self.of_health and plain in _OF_HEALTH):
            words = WORDED | akin
        for name, value in named:
            place = f"{path}.{name}"
            if isinstance(value, dict):
                self._object(name, value, place, depth, words)
            elif isinstance(value, list):
                self._observations(name, value, place, depth, words)
            elif not self._word(name, value, place, flags=plain in _FLAGS and depth == 1):
                self._fact(place, value)

    def _known_at(self, value: object) -> str | None:
        """The key under which a member of a list of parts has a word that is known; the word
        itself has none. None where there is no such word."""
        if isinstance(value, list):
            value = next((item for item in value if isinstance(item, dict)), None)
        if isinstance(value, dict):
            for key in (*_WORDED, "state"):
                if isinstance(word := member(value, key), str) and self.meaning(word) is not None:
                    return key
            return None
        return "" if isinstance(value, str) and self.meaning(value) is not None else None

    def _word(self, name: str, value: object, place: str, *, flags: bool) -> bool:
        """Whether ``value``, a member of a list of parts and no object, is a part. A word that
        nobody knows may tell of what kind it is: ``{"cache": "redis"}``."""
        known = place in self.seen
        if not known and not isinstance(value, (str, bool) if flags else str):
            return False
        word, status, why = self._meant(value, explained=known or self.of_health)
        if status is None and not known:
            return False
        self._add(_part(name, Said("", word, status or Status.UNKNOWN, why)), place)
        return True

    def _member(self, path: str, value: dict[str, Any] | list[Any], depth: int) -> None:
        """An object of unknown meaning: a part where it has a verdict, else facts."""
        if depth > DEPTH_BOUND or isinstance(value, list) or self._is_enough():
            return
        words = WORDED if self.expected and depth == 1 else _NOWHERE
        said = self.said(value, path, words)
        if said.status is not None and (self.of_health or not self._of_any_field(said.word)):
            self._object(path, value, path, depth, words)
            return
        for key, inner in value.items():
            if isinstance(inner, dict):
                self._member(f"{path}.{key}", inner, depth + 1)
            else:
                self._fact(f"{path}.{key}", inner)

    def _object(
        self, name: str, value: Mapping[str, Any], path: str, depth: int, words: frozenset[str]
    ) -> None:
        """A part that is an object: its verdict, its message, parts of its own."""
        if self._is_enough():
            return
        flags = member(value, "status")
        said = Said()
        if isinstance(flags, dict):
            self._flags(name, path, flags)
        else:
            said = self.said(value, path, words)
        if said.status is not None:
            self._add(_part(name, said, _message(value), _figure(value)), path)
        for key, inner in value.items():
            if isinstance(inner, dict) and inner is not flags and depth < DEPTH_BOUND:
                plain = _plain(key)
                if said.status is None or plain in {"components", "checks", "entries", "services"}:
                    self._container(f"{path}.{key}", _prefixed(name, inner), depth + 1, plain)
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
            self._add(Part(name, Status.OK, "", f"{len(there)}/{len(flags)}"), path)
        else:
            message = "none of " + ", ".join(list(flags)[:5])
            self._add(Part(name, Status.WARNING, message, f"0/{len(flags)}"), path)

    def _observations(
        self, name: str, observations: list[Any], path: str, depth: int, words: frozenset[str]
    ) -> None:
        """IETF health+json: a list of observations of one component."""
        objects = [item for item in observations if isinstance(item, dict)]
        for index, item in enumerate(objects):
            identity = str(item.get("componentId") or index + 1)
            more = f" {identity}" if len(objects) > 1 else ""
            self._object(name + more, item, path + more, depth + 1, words)

    def _of_any_field(self, value: object) -> bool:
        """Whether ``value`` is a verdict only where one is expected, and not by words of ours."""
        return is_of_any_field(value) and self.meaning(value) is word_status(value)

    def _is_enough(self) -> bool:
        self.left -= 1
        return self.left < 0

    def _meant(self, value: object, *, explained: bool) -> tuple[str, Status | None, str]:
        """The word that ``value`` says, its meaning, and, where it may be ``explained``, what
        follows it: ``unhealthy: connection refused``."""
        status = self.meaning(value)
        if isinstance(value, str) and status is None and explained:
            match = _AND_WHY.fullmatch(value[:_EXPLAINED])
            meant = self.meaning(match[1]) if match else None
            # ``up (unhealthy)`` is not well, and nobody knows what ``ok: 3 failed`` is.
            doubtful = meant is Status.OK and match is not None and ill_words(match[2])
            if match and meant is not None and not doubtful:
                return match[1], meant, match[2].removesuffix(")")
        return _text(value), status, ""

    def _add(self, part: Part, place: str = "") -> None:
        if not part.name:
            return
        earlier = self.parts.get(part.name)
        if earlier is None and len(self.parts) >= PARTS_BOUND:
            # What fails is shown in place of what is well.
            well = (one.name for one in reversed(self.parts.values()) if one.status is Status.OK)
            spare = None if part.status is Status.OK else next(well, None)
            if spare is None:
                return
            del self.parts[spare]
        if place and len(self.places) < 2 * PARTS_BOUND:
            self.places.add(place)
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
            is_number(value)
            and len(self.numbers) < NUMBERS_BOUND
            and abs(value) < 1e300
            and math.isfinite(value)
        ):
            self.numbers.append((path, float(value)))


def _part(name: str, said: Said, message: str = "", figure: str = "") -> Part:
    """The row of a part that has a verdict; of one that nobody knows it says so."""
    word = clean(said.word, WORD_BOUND)
    more = message or clean(said.why, 200)
    status = said.status or Status.UNKNOWN
    if status is Status.UNKNOWN:
        strange = "it does not say how it is"
        if word:
            strange = f"{quoted(word)} is no word that onwatch knows"
        more = f"{strange}; {more}" if more else strange
    return Part(name, status, more, figure or word)


def _is_word(value: object) -> TypeGuard[str]:
    """Whether ``value`` may be a word for how something is: a few letters, or none at all."""
    return (
        isinstance(value, str)
        and len(value) <= WORD_BOUND
        and _WORD.fullmatch(value.strip()) is not None
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value[: 2 * WORD_BOUND]
    return "" if isinstance(value, dict | list) else json.dumps(value)


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _named(members: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """Names and values; members of a list name themselves."""
    if isinstance(members, dict):
        yield from islice(members.items(), LOOKED_AT)
        return
    for index, item in enumerate(members[: 2 * PARTS_BOUND]):
        if isinstance(item, dict):
            found = (member(item, key) for key in _NAMES)
            name = next((one for one in found if isinstance(one, str)), "")
            yield name or str(index + 1), item


def _prefixed(name: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}/{key}": value for key, value in members.items()}


def _message(value: Mapping[str, Any]) -> str:
    """The first text of ``value`` that explains its verdict, also one within its details."""
    for source in (value, member(value, "details"), member(value, "data")):
        if isinstance(source, dict):
            for key in _MESSAGES:
                text = member(source, key)
                if isinstance(text, str) and text:
                    return clean(text, 200)
    return ""


def _figure(value: Mapping[str, Any]) -> str:
    """IETF's observed value with its unit; empty where there is none."""
    observed = member(value, "observedValue")
    if isinstance(observed, bool) or not isinstance(observed, int | float | str):
        return ""
    return clean(f"{observed} {value.get('observedUnit', '')}".strip(), WORD_BOUND)
