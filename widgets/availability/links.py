"""What a check needs and what needs it, the whole tree in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.model import Status

if TYPE_CHECKING:
    from checks.views import CheckView

__all__ = ["Link", "needed_by", "needs"]

_ILL: Final = (Status.CRITICAL, Status.UNKNOWN, Status.WARNING, Status.STALE)
_HARMFUL: Final = (Status.CRITICAL, Status.WARNING, Status.STALE)
MOST: Final = 200
"""Links that are followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A check at the other end of a dependency, ``depth`` steps away; what it means."""

    check: CheckView
    depth: int
    meaning: str


def needs(check: CheckView, checks: Sequence[CheckView]) -> list[Link]:
    """What ``check`` depends on, and what that depends on; each once, where met first."""
    known = {one.name: one for one in checks}
    ways = {one.name: one.depends_on for one in checks}
    ill = check.status in _ILL
    return [
        Link(known[name], depth, _of_cause(known[name], ill=ill))
        for name, depth in _walk(check.name, ways)
        if name in known
    ]


def needed_by(check: CheckView, checks: Sequence[CheckView]) -> list[Link]:
    """What depends on ``check``, and what depends on that."""
    known = {one.name: one for one in checks}
    ways: dict[str, list[str]] = {}
    for one in checks:
        for name in one.depends_on:
            ways.setdefault(name, []).append(one.name)
    return [
        Link(known[name], depth, _of_symptom(known[name], ill=check.status in _HARMFUL))
        for name, depth in _walk(check.name, ways)
    ]


def _walk(start: str, ways: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int]]:
    """Depth first, each name once however many ways lead there; a circle ends."""
    seen = {start}
    waiting = [(name, 0) for name in reversed(ways.get(start, ()))]
    while waiting and len(seen) <= MOST:
        name, depth = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name, depth
            waiting += [(one, depth + 1) for one in reversed(ways.get(name, ()))]


def _of_cause(other: CheckView, *, ill: bool) -> str:
    if other.status not in _ILL:
        return ""
    return f"may be the cause: {other.message}" if ill else other.message


def _of_symptom(other: CheckView, *, ill: bool) -> str:
    if other.status in _ILL:
        return f"suffers: {other.message}" if ill else other.message
    return "may suffer" if ill else ""
