"""Which alerts follow from which: by the checks that they are of, and what these depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["CheckFinder", "Subject", "causes"]

LATER: Final = 120_000
"""Milliseconds by which a cause may be found later than what follows from it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is wrong with a check: an alert of it, or its own status.

    ``since`` in milliseconds; ``explains`` is false where it is no trouble that others may follow
    from, as what is told for information.
    """

    id: str
    check: str
    since: int
    explains: bool = True


class CheckFinder:
    """Finds the check that an alert is of, from the alert's ``job`` and ``instance``.

    ``checks`` are names with the job and the instance that their samples carry.
    """

    def __init__(self, checks: Iterable[tuple[str, str, str]]) -> None:
        self._exact: dict[tuple[str, str], str] = {}
        self._jobs: dict[str, set[str]] = {}
        self._instances: dict[str, set[str]] = {}
        for name, job, instance in checks:
            self._exact.setdefault((job, instance), name)
            self._jobs.setdefault(job, set()).add(name)
            self._instances.setdefault(instance, set()).add(name)

    def find(self, labels: Mapping[str, str]) -> str:
        """The check's name; empty where the labels fit none, or several."""
        job, instance = labels.get("job", ""), labels.get("instance", "")
        exact = self._exact.get((job, instance))
        if exact is not None:
            return exact
        for names, value in ((self._jobs, job), (self._instances, instance)):
            found = names.get(value, set()) if value else set()
            if len(found) == 1:
                return next(iter(found))
        return ""


def causes(subjects: Sequence[Subject], depends_on: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For the id of each subject that follows from another one: the check at its root.

    A check explains what depends on it, over any number of steps, unless its own trouble began
    clearly later.
    """
    began: dict[str, int] = {}
    for one in subjects:
        if one.check and one.explains:
            began[one.check] = min(one.since, began.get(one.check, one.since))
    return {one.id: cause for one in subjects if (cause := _root(one, began, depends_on))}


def _root(
    subject: Subject, began: Mapping[str, int], depends_on: Mapping[str, Sequence[str]]
) -> str:
    """The last ill check that is met on the way down from the subject's; empty for none."""
    root = ""
    for name in _beneath(subject.check, depends_on):
        since = began.get(name)
        if since is not None and since <= subject.since + LATER:
            root = name
    return root


def _beneath(check: str, depends_on: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What ``check`` depends on, directly and in turn, each once, nearest first."""
    seen = {check}
    waiting = list(depends_on.get(check, ()))
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            waiting += depends_on.get(name, ())
