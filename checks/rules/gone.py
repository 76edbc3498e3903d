"""What is watched no more, by which alerts are known that nothing will ever say are over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

__all__ = ["Gone", "Place", "watched_no_more"]

Place: TypeAlias = tuple[str, str, str]
"""The name of a check, and the job and the instance that its samples carry."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What is watched no more: checks by their names, and what alone these gave.

    Attributes:
        targets: jobs with their instances.
        heirs: by the name that a check had, those that watch its target now and did not before:
            it goes by another name.
        kept: jobs with their instances that are watched, where nobody knows which checks watched
            them before: their alerts are not over because a name is gone.
    """

    checks: frozenset[str] = frozenset()
    jobs: frozenset[str] = frozenset()
    targets: frozenset[tuple[str, str]] = frozenset()
    instances: frozenset[str] = frozenset()
    heirs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: frozenset[tuple[str, str]] = frozenset()

    def holds(self, labels: Mapping[str, str], checks: Iterable[str] = ()) -> bool:
        """Whether ``labels`` are of something that is gone, or all of ``checks``, if any, are."""
        names = frozenset(checks)
        job, instance = labels.get("job", ""), labels.get("instance", "")
        if names and names <= self.checks and not self._keeps(job, instance):
            return True
        if not job:
            return bool(instance) and instance in self.instances
        return job in self.jobs or (job, instance) in self.targets

    def _keeps(self, job: str, instance: str) -> bool:
        """Whether something is still watched that these are of; one that is empty says nothing."""
        return bool(job or instance) and any(
            job in {"", kept_job} and instance in {"", kept_instance}
            for kept_job, kept_instance in self.kept
        )

    def left(self, checks: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``checks`` that are still watched, by the names that they have now; the same
        object where nothing changes.
        """
        if self.checks.isdisjoint(checks) and self.heirs.keys().isdisjoint(checks):
            return checks
        names = (self.heirs.get(name, (name,)) for name in checks if name not in self.checks)
        return tuple(dict.fromkeys(chain.from_iterable(names)))


def watched_no_more(before: Iterable[Place], now: Iterable[Place]) -> Gone:
    """What was among ``before`` and is not among ``now``."""
    earlier, later = list(before), list(now)
    names, heirs = {place[0] for place in later}, _heirs(earlier, later)
    return Gone(
        frozenset(place[0] for place in earlier) - names - set(heirs),
        frozenset(place[1] for place in earlier) - {place[1] for place in later},
        frozenset(place[1:] for place in earlier) - {place[1:] for place in later},
        frozenset(place[2] for place in earlier) - {place[2] for place in later},
        heirs,
    )


def _heirs(before: Sequence[Place], now: Sequence[Place]) -> dict[str, tuple[str, ...]]:
    """By each name that is gone, those of the checks that watch its target now.

    A check that watched it before all the same is no heir: it gives something else.
    """
    names, known = {name for name, _, _ in now}, set(before)
    fresh: dict[tuple[str, str], tuple[str, ...]] = {}
    for place in now:
        if place not in known:
            fresh[place[1:]] = (*fresh.get(place[1:], ()), place[0])
    return {
        name: fresh[job, instance]
        for name, job, instance in before
        if name not in names and (job, instance) in fresh
    }
