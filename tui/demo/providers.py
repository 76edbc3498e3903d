"""The three providers behind the demo's API: fictional, and as slow as real ones."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Final

__all__ = ["FAILING", "PROVIDERS", "Outcome", "Provider", "ProviderHealth", "call", "pick"]


@dataclass(frozen=True, slots=True)
class Provider:
    """``share`` of the traffic, ``median`` latency in seconds, ``failures`` as a ratio."""

    name: str
    share: float
    median: float
    spread: float
    failures: float


PROVIDERS: Final = (
    Provider("aurora", 0.58, 0.120, 0.45, 0.004),
    Provider("borealis", 0.30, 0.085, 0.40, 0.006),
    Provider("cirrus", 0.12, 0.260, 0.60, 0.012),
)

FAILING: Final = "borealis"
"""The one that the incident ``provider-errors`` hits."""

_BROKEN_FAILURES: Final = 0.75


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ends: after ``latency`` seconds, with a sentence where it fails."""

    latency: float
    error: str | None


def call(provider: Provider, dice: random.Random, *, broken: bool) -> Outcome:
    """One call to ``provider``; log-normal latency, at most four seconds."""
    latency = min(4.0, provider.median * dice.lognormvariate(0.0, provider.spread))
    failures = _BROKEN_FAILURES if broken else provider.failures
    if dice.random() < failures:
        return Outcome(latency, f"{provider.name} answered 502 Bad Gateway")
    return Outcome(latency, None)


def pick(dice: random.Random, *, without: str = "") -> Provider:
    """A provider, each as often as its share; not the one called ``without``."""
    among = [provider for provider in PROVIDERS if provider.name != without]
    return dice.choices(among, [provider.share for provider in among])[0]


class ProviderHealth:
    """What the last calls to a provider say of it."""

    def __init__(self, last: int = 40) -> None:
        self._last: dict[str, deque[bool]] = {p.name: deque(maxlen=last) for p in PROVIDERS}

    def note(self, provider: str, *, ok: bool) -> None:
        self._last[provider].append(ok)

    def word(self, provider: str) -> str:
        """``healthy``, or ``degraded`` once a quarter of at least eight calls failed."""
        calls = self._last[provider]
        failed = calls.count(False)
        return "degraded" if len(calls) >= 8 and failed * 4 >= len(calls) else "healthy"
