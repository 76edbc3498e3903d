"""Where the evaluator's samples come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from checks.store.groups import Group
from checks.store.matching import Matcher

__all__ = ["Group", "Storage"]


class Storage(Protocol):
    """What :class:`checks.store.store.Store` is, and what samples of files are put into."""

    def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> Sequence[Group]:
        """The series of metric ``name`` (any, where it is empty) that match; none in two groups."""
        ...
