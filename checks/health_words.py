"""The words in which services call themselves well, ailing or dead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from checks.model import Status

__all__ = ["counterpart", "own_words", "word_status"]

_OK: Final = (
    "ok okay healthy up pass passed passing green available connected running alive operational "
    "active ready serving success successful true good normal online reachable fine"
)
_NEUTRAL: Final = "disabled skipped not_configured unconfigured not_applicable n/a none info"
_WARNING: Final = (
    "degraded degraded_performance limited warn warning yellow partial partial_outage "
    "partially_degraded minor minor_outage slow stale unstable pending initializing initialising "
    "starting loading maintenance under_maintenance read_only readonly recovering reconnecting "
    "overloaded unknown"
)
_CRITICAL: Final = (
    "down fail failed failing failure unhealthy error errored critical red unavailable "
    "disconnected dead stopped offline not_ready not_ok not_serving out_of_service outage major "
    "major_outage unreachable refused timeout false bad broken crashed ko exception"
)
_WORDS: Final[Mapping[str, Status]] = {
    word: status
    for words, status in (
        (_OK, Status.OK),
        (_NEUTRAL, Status.OK),
        (_WARNING, Status.WARNING),
        (_CRITICAL, Status.CRITICAL),
    )
    for word in words.split()
}
_COUNTERPARTS: Final = {
    "down": "up",
    "out_of_service": "up",
    "fail": "pass",
    "warn": "pass",
    "error": "ok",
    "failed": "ok",
    "warning": "ok",
    "red": "green",
    "yellow": "green",
    "disconnected": "connected",
    "not_ready": "ready",
    "offline": "online",
    "stopped": "running",
    "not_serving": "serving",
    "false": "true",
    "critical": "ok",
}

_SEPARATORS = re.compile(r"[\s\-]+")


def word_status(value: object) -> Status | None:
    """The status that a verdict's ``value`` means; None where it means none we know."""
    if isinstance(value, bool):
        return Status.OK if value else Status.CRITICAL
    if isinstance(value, int):
        return _code_status(value)
    if not isinstance(value, str) or len(value) > 40:
        return None
    return _WORDS.get(value.lower()) or _WORDS.get(_plain(value))


def own_words(words: Mapping[str, Status]) -> Callable[[object], Status | None]:
    """What a verdict means where ``words`` mean something of their own, whatever their case."""
    if not words:
        return word_status
    own = {_plain(word): status for word, status in words.items()}

    def meaning(value: object) -> Status | None:
        found = own.get(_plain(value)) if isinstance(value, str) and len(value) <= 40 else None
        return found or word_status(value)

    return meaning


def _code_status(code: int) -> Status | None:
    """A document's ``"status": 503``, by HTTP's classes."""
    if 200 <= code < 300:
        return Status.OK
    return Status.CRITICAL if 400 <= code < 600 else None


def counterpart(word: str) -> str:
    """The word its author would have written were all well: ``degraded`` gives ``healthy``."""
    good = _COUNTERPARTS.get(_plain(word), "healthy")
    if word.isupper():
        return good.upper()
    return good.capitalize() if word[:1].isupper() else good


def _plain(word: str) -> str:
    return _SEPARATORS.sub("_", word.strip().lower())
