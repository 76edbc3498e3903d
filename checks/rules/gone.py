"""What is watched no more, by which alerts are known that nothing will ever say are over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Gone", "Place", "watched_no_more"]

Place: TypeAlias = tuple[str, str, str]
"""The name of a check, and the job and the instance that its samples carry."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What is watched no more: checks by their names, and what alone these gave.

    ``targets`` are jobs with their instances.
    """

    checks: frozenset[str] = frozenset()
    jobs: frozenset[str] = frozenset()
    targets: frozenset[tuple[str, str]] = frozenset()
    instances: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str], checks: Iterable[str] = ()) -> bool:
        """Whether ``labels`` are of something that is gone, or all of ``checks``, if any, are."""
        names = frozenset(checks)
        if names and names <= self.checks:
            return True
        job, instance = labels.get("job", ""), labels.get("instance", "")
        if not job:
            return bool(instance) and instance in self.instances
        return job in self.jobs or (job, instance) in self.targets

    def left(self, checks: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``checks`` that are still watched; the same object where all are."""
        if self.checks.isdisjoint(checks):
            return checks
        return tuple(name for name in checks if name not in self.checks)


def watched_no_more(before: Iterable[Place], now: Iterable[Place]) -> Gone:
    """What was among ``before`` and is not among ``now``."""
    earlier, later = list(before), list(now)
    return Gone(
        frozenset(place[0] for place in earlier) - {place[0] for place in later},
        frozenset(place[1] for place in earlier) - {place[1] for place in later},
        frozenset(place[1:] for place in earlier) - {place[1:] for place in later},
        frozenset(place[2] for place in earlier) - {place[2] for place in later},
    )
