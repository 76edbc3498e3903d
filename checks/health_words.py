"""The words in which services call themselves well, ailing or dead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from checks.model import Status

__all__ = [
    "counterpart",
    "ill_words",
    "is_neutral",
    "is_of_any_field",
    "own_words",
    "says_little",
    "word_status",
]

_OK: Final = (
    "ok okay healthy up pass passed passing green available connected running alive operational "
    "active ready serving success successful succeeded true good normal online reachable fine "
    "working live in_service in_sync synced nominal recovered health_ok all_ok all_good "
    "all_systems_operational"
)
_NEUTRAL: Final = (
    "disabled skipped not_configured unconfigured not_applicable n/a none info information "
    "informational notice unused"
)
_OK_THERE: Final = (
    "idle busy enabled started empty yes current up_to_date complete completed finished done "
    "queued scheduled in_progress waiting primary standby leader replica streaming pong "
    "server_available server_is_ready server_is_not_shutting_down service_is_running "
    "server_is_up_and_running everything_is_fine all_systems_go ignored"
)
_WARNING: Final = (
    "degraded degraded_performance limited warn warning yellow partial partial_outage "
    "partially_degraded minor minor_outage slow stale unstable pending initializing initialising "
    "starting loading maintenance under_maintenance read_only readonly recovering reconnecting "
    "overloaded unknown"
)
_WARNING_THERE: Final = (
    "degraded_service partially_available server_is_shutting_down "
    "health_warn amber partial_failure has_issues impaired reduced at_risk "
    "flapping restarting reloading activating deactivating stopping shutting_down terminating "
    "draining maintenance_mode maint nolb safe_mode rebuilding syncing throttled "
    "insufficient_data service_unknown"
)
_CRITICAL: Final = (
    "down fail fails failed failing failure unhealthy error errored err critical crit red "
    "unavailable disconnected dead stopped offline not_ready not_ok nok not_serving not_working "
    "not_running not_connected not_available not_healthy not_alive not_responding out_of_service "
    "outage major major_outage full_outage unreachable unresponsive refused timeout timed_out "
    "false bad broken crashed ko exception"
)
_CRITICAL_THERE: Final = (
    "crashing crash_loop_back_off image_pull_back_off backoff exited killed oom_killed evicted "
    "aborted fatal emergency emerg disaster panic alert alerting alarm problem severe health_err "
    "corrupt corrupted hung expired server_is_not_ready"
)
_SEPARATORS: Final = re.compile(r"[\s_\-]+")


def _plain(word: str) -> str:
    """``word`` whatever its case and separators: ``OutOfService`` is ``OUT_OF_SERVICE``."""
    return _SEPARATORS.sub("", word).lower()


_WORDS: Final[Mapping[str, Status]] = {
    _plain(word): status
    for words, status in (
        (_OK, Status.OK),
        (_OK_THERE, Status.OK),
        (_NEUTRAL, Status.OK),
        (_WARNING, Status.WARNING),
        (_WARNING_THERE, Status.WARNING),
        (_CRITICAL, Status.CRITICAL),
        (_CRITICAL_THERE, Status.CRITICAL),
    )
    for word in words.split()
}
_THERE: Final = frozenset(
    _plain(word) for word in f"{_OK_THERE} {_WARNING_THERE} {_CRITICAL_THERE}".split()
)
_NOTHING: Final = frozenset(_plain(word) for word in _NEUTRAL.split())
_ENVELOPES: Final = frozenset(
    {"ok", "okay", "success", "successful", "true", "active"}
    | {"error", "failed", "failure", "fail", "false"}
)
_COUNTERPARTS: Final = {
    "down": "up",
    "outofservice": "up",
    "fail": "pass",
    "warn": "pass",
    "error": "ok",
    "failed": "ok",
    "warning": "ok",
    "red": "green",
    "yellow": "green",
    "disconnected": "connected",
    "notready": "ready",
    "offline": "online",
    "stopped": "running",
    "notserving": "serving",
    "false": "true",
    "critical": "ok",
}


def word_status(value: object) -> Status | None:
    """The status that a verdict's ``value`` means; None where it means none we know."""
    if isinstance(value, bool):
        return Status.OK if value else Status.CRITICAL
    if isinstance(value, int):
        return _code_status(value)
    if not isinstance(value, str) or len(value) > 40:
        return None
    return _WORDS.get(_plain(value))


def is_of_any_field(word: object) -> bool:
    """Whether ``word`` is a verdict only where one is expected: a licence may be ``expired`` and
    a slot ``idle``."""
    return isinstance(word, str) and len(word) <= 40 and _plain(word) in _THERE


def ill_words(text: str) -> bool:
    """Whether ``text`` has a word, or two in a row, for what is not well."""
    words = re.findall(r"[^\W\d_]+", text)
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    return any(word_status(one) not in {None, Status.OK} for one in (*words, *pairs))


def is_neutral(word: str) -> bool:
    """Whether ``word`` says that there is nothing to judge."""
    return _plain(word) in _NOTHING


def says_little(word: str) -> bool:
    """Whether any answer may call itself by ``word``, whatever it is about."""
    return is_neutral(word) or _plain(word) in _ENVELOPES


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
