"""Which processes are shown, and in which order: sorted, filtered, as a tree. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from checks.hosts.model import ProcessRow

__all__ = ["ORDERS", "Placed", "flat", "matches", "next_order", "tree"]

_Key = Callable[["ProcessRow"], tuple[object, ...]]


def _io(one: ProcessRow) -> float:
    return (one.read or 0.0) + (one.written or 0.0)


def _by_cpu(one: ProcessRow) -> tuple[object, ...]:
    # What differs by less than a tick or two is no reason to change places.
    return (-round(one.cpu or 0.0, 2), -round(one.memory / 1e6), one.pid)


ORDERS: Final[Mapping[str, _Key]] = {
    "cpu": _by_cpu,
    "memory": lambda one: (-one.memory, one.pid),
    "io": lambda one: (-_io(one), *_by_cpu(one)),
    "files": lambda one: (-(one.descriptors or 0), one.pid),
    "threads": lambda one: (-one.threads, one.pid),
    "name": lambda one: (one.name.casefold(), one.pid),
    "pid": lambda one: (one.pid,),
    "newest": lambda one: (-(one.started or 0.0), one.pid),
}
"""What processes can be sorted by."""


class Placed(NamedTuple):
    """A process and its place in the tree: how deep, and whether it is there only because what
    was looked for is beneath it."""

    row: ProcessRow
    depth: int = 0
    context: bool = False


def next_order(order: str) -> str:
    """What they are sorted by after ``order``."""
    names = list(ORDERS)
    return names[(names.index(order) + 1) % len(names)]


def matches(one: ProcessRow, text: str) -> bool:
    """Whether ``text``, which is casefolded, is in any of its texts."""
    return (
        text in one.command.casefold()
        or text in one.name.casefold()
        or text in one.user.casefold()
        or text == str(one.pid)
    )


def flat(rows: Sequence[ProcessRow], order: str, text: str) -> list[Placed]:
    """Those that match, sorted; the kernel's own threads only where they are looked for or do
    something."""
    wanted = text.casefold()
    if wanted:
        found = [one for one in rows if matches(one, wanted)]
    else:
        found = [one for one in rows if not one.kernel or (one.cpu or 0.0) >= 0.01]
    return [Placed(one) for one in sorted(found, key=ORDERS[order])]


def tree(rows: Sequence[ProcessRow], order: str, text: str) -> list[Placed]:
    """Parents before their children, siblings sorted; of those that do not match, only the
    parents of what does. The kernel's own threads are left out unless they are looked for."""
    wanted = text.casefold()
    known = {one.pid: one for one in rows if wanted or not one.kernel}
    hits = {pid for pid, one in known.items() if not wanted or matches(one, wanted)}
    kept = set(hits)
    for pid in hits:
        at = known[pid].parent
        while at in known and at not in kept:
            kept.add(at)
            at = known[at].parent
    children: dict[int, list[ProcessRow]] = {}
    for pid in kept:
        one = known[pid]
        children.setdefault(one.parent if one.parent in kept else -1, []).append(one)
    key = ORDERS[order]
    waiting = [(one, 0) for one in sorted(children.get(-1, ()), key=key, reverse=False)[::-1]]
    made: list[Placed] = []
    seen: set[int] = set()
    while waiting:
        one, depth = waiting.pop()
        if one.pid in seen:
            continue
        seen.add(one.pid)
        made.append(Placed(one, depth, one.pid not in hits))
        below = sorted(children.get(one.pid, ()), key=key)
        waiting += [(child, depth + 1) for child in reversed(below)]
    return made
