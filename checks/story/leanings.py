"""What each check depends on, and what depends on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

__all__ = ["Leanings"]


class Leanings:
    """``depends_on`` names for each check those that it depends on directly."""

    def __init__(self, depends_on: Mapping[str, Sequence[str]]) -> None:
        self._beneath = _all_beneath(depends_on)
        self._above: dict[str, set[str]] = {}
        for name, beneath in self._beneath.items():
            for each in beneath:
                self._above.setdefault(each, set()).add(name)

    def kin(self, own: Set[str]) -> set[str]:
        """The checks ``own``, what these depend on, directly and in turn, and what on them."""
        beneath = (self._beneath.get(name, frozenset()) for name in own)
        return set(own).union(*beneath, *(self._above.get(name, set()) for name in own))


def _all_beneath(depends_on: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """What each check depends on, directly and in turn."""
    found: dict[str, frozenset[str]] = {}
    for name, direct in depends_on.items():
        if not direct:
            continue
        seen: set[str] = set()
        waiting = list(direct)
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += depends_on.get(each, ())
        found[name] = frozenset(seen - {name})
    return found
