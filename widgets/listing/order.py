"""Rows in order and in groups. Pure: items in, rows out; what cannot be seen is not drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from checks.model import Status
from widgets.glyphs import WORDS, Glyphs
from widgets.text import Line, Seg, fit, line, role_of, segs_width

__all__ = ["GROUP", "Group", "arranged", "following", "group_line"]

GROUP = "group:"
"""What the identity of a group's row begins with."""
_ILL = (Status.CRITICAL, Status.UNKNOWN, Status.WARNING, Status.STALE)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class Group(Generic[Item]):
    """Rows that have ``name`` in common, in order; empty where nothing is grouped."""

    name: str
    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        """The identity of its row."""
        return GROUP + self.name


def arranged(
    items: Iterable[Item],
    rank: Callable[[Item], tuple[object, ...]],
    group_of: Callable[[Item], str] | None,
) -> list[Group[Item]]:
    """``items`` sorted by ``rank``; the groups in the order of their first row.

    What is equal stays in the order in which it is given.
    """
    ordered = sorted(items, key=rank)
    if group_of is None:
        return [Group("", tuple(ordered))] if ordered else []
    found: dict[str, list[Item]] = {}
    for item in ordered:
        found.setdefault(group_of(item), []).append(item)
    return [Group(name, tuple(rows)) for name, rows in found.items()]


def following(
    keys: Sequence[str], wanted: Callable[[str], bool], at: str | None, step: int
) -> str | None:
    """The next (``step`` 1) or previous (-1) of ``keys`` after ``at`` that is wanted, round and
    round; None where there is none.
    """
    count = len(keys)
    start = keys.index(at) if at in keys else (-1 if step > 0 else 0)
    for away in range(1, count + 1):
        key = keys[(start + step * away) % count]
        if wanted(key):
            return key
    return None


def group_line(
    key: str, title: str, statuses: Sequence[Status], width: int, glyphs: Glyphs, *, folded: bool
) -> Line:
    """The row of a group: whether it is folded, its name, and how many have which status."""
    worst = max(statuses, key=lambda one: one.severity)
    ill = worst in _ILL
    role = role_of(worst) if ill else "title"
    head = [
        Seg(f" {'+' if folded else '-'} ", "key"),
        Seg(fit(title, max(8, width // 2), glyphs.cut), role),
        Seg(f"  {len(statuses):,}", "label"),
    ]
    for status in sorted(set(statuses), key=lambda one: -one.severity):
        count = sum(one is status for one in statuses)
        more = Seg(f"   {glyphs.status(status)} {count:,} {WORDS[status]}", role_of(status))
        if segs_width(head) + segs_width([more]) <= width:
            head.append(more)
    return line(*head, key=key)
