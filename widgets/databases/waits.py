"""Who waits for whom, as trees: the session that nobody holds up comes first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from widgets.databases.words import held_for

if TYPE_CHECKING:
    from checks.databases.model import DatabaseFacts, SessionRow

__all__ = ["Wait", "known_sessions", "wait_trees", "waits_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Wait:
    """A session in a tree of those that wait.

    Attributes:
        id: the session's; ``session`` is None where it was not seen itself.
        depth: 0 for a root.
        behind: how many wait behind it, directly or not.
        beside: how many more sessions it waits for besides the one above it.
        circle: it waits for one that waits for it: a deadlock not yet broken.
    """

    id: str
    session: SessionRow | None
    depth: int
    behind: int
    beside: int = 0
    circle: bool = False


@lru_cache(maxsize=4)
def waits_of(facts: DatabaseFacts) -> tuple[Wait, ...]:
    """The trees of those that wait on a server."""
    return tuple(wait_trees(known_sessions(facts)))


@lru_cache(maxsize=4)
def known_sessions(facts: DatabaseFacts) -> Mapping[str, SessionRow]:
    """Every session that was seen, by id."""
    return {session.id: session for session in (*facts.longest, *(facts.sessions or ()))}


def wait_trees(sessions: Mapping[str, SessionRow]) -> list[Wait]:
    """The trees, that of most waiters first; a session comes before those that it holds up.

    One that waits for several stands below one of them, and says how many more there are.
    """
    above = {
        key: _blocker(session, sessions) for key, session in sessions.items() if session.blocked_by
    }
    below: dict[str, list[str]] = {}
    for key, blocker in above.items():
        below.setdefault(blocker, []).append(key)
    roots = [key for key in below if key not in above]
    circles = _circles(above)
    trees = [_tree(root, below, sessions, circle=root in circles) for root in (*roots, *circles)]
    trees.sort(key=lambda tree: (-tree[0].behind, -_waited(tree)))
    return [wait for tree in trees for wait in tree]


def _blocker(session: SessionRow, sessions: Mapping[str, SessionRow]) -> str:
    """Which of its blockers it is shown below: one that runs freely, else the first."""
    free = (b for b in session.blocked_by if b in sessions and not sessions[b].blocked_by)
    return next(free, session.blocked_by[0])


def _circles(above: Mapping[str, str]) -> list[str]:
    """One session of each circle of sessions that wait for each other."""
    found: list[str] = []
    settled: set[str] = set()
    for start in above:
        path: list[str] = []
        key = start
        while key in above and key not in settled:
            settled.add(key)
            path.append(key)
            key = above[key]
        if key in path:
            found.append(min(path[path.index(key) :]))
    return found


def _tree(
    root: str,
    below: Mapping[str, Sequence[str]],
    sessions: Mapping[str, SessionRow],
    *,
    circle: bool,
) -> list[Wait]:
    """``root`` and all behind it, each before those behind it, who wait longest first."""
    order: list[tuple[str, int, int]] = []
    seen = {root}
    stack = [(root, 0, -1)]
    while stack:
        key, depth, parent = stack.pop()
        place = len(order)
        order.append((key, depth, parent))
        own = [one for one in reversed(below.get(key, ())) if one not in seen]
        seen.update(own)
        own.sort(key=lambda one: held_for(sessions[one]) or 0.0)
        stack += [(one, depth + 1, place) for one in own]
    behind = [0] * len(order)
    for place in range(len(order) - 1, 0, -1):
        behind[order[place][2]] += behind[place] + 1
    made = []
    for (key, depth, _), count in zip(order, behind, strict=True):
        session = sessions.get(key)
        others = len(session.blocked_by) - 1 if session is not None and depth else 0
        made.append(Wait(key, session, depth, count, others, circle and depth == 0))
    return made


def _waited(tree: Iterable[Wait]) -> float:
    """The longest that one of the tree has waited."""
    waits = (held_for(wait.session) or 0.0 for wait in tree if wait.session and wait.depth)
    return max(waits, default=0.0)
