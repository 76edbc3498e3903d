"""Which files are followed: those that are named, and of those that patterns name the newest."""

from __future__ import annotations

import glob
import itertools
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.logs.following import Following, Key
from checks.logs.opened import Opened, Print
from checks.logs.reading import SourceState
from checks.logs.siblings import COMPRESSED, base_of, is_rotated_name

__all__ = ["FOLLOWED", "Finding"]

FOLLOWED: Final = 100
"""Files of a check that are followed at once: those that were written to last."""
_EVERY: Final = 2.0
"""Seconds between two looks for new files; more where a look takes long."""
_FOUND: Final = 20_000
"""Paths that are looked at of those that a pattern names."""
_REMEMBERED: Final = 1_000
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class _Found:
    """A file that a pattern names: when it was written to, which it is, its bytes."""

    changed: float
    key: Key
    size: int


class Finding:
    """The files of a check. ``make`` makes what follows one; ``left`` is told of one that is
    followed no longer, before it is closed.

    ``touching`` is what is being looked at: where a look does not come back, that hangs.
    """

    def __init__(
        self,
        patterns: tuple[str, ...],
        make: Callable[[Path], Following],
        left: Callable[[Following], None],
    ) -> None:
        self.followed: dict[Path, Following] = {}
        self.touching = ""
        self._named = tuple(Path(one) for one in patterns if not _MAGIC.search(one))
        self._patterns = tuple(one for one in patterns if _MAGIC.search(one))
        self._make = make
        self._left = left
        self._waiting: dict[Path, int] = {}
        """Those that are not followed, and where reading them would begin."""
        self._done: dict[Key, Print] = {}
        """Those that were read, as far as they were."""
        self._looked: float | None = None
        self._took = 0.0
        self._matched = 0
        self._empty: list[str] = []

    def look(self, now: float) -> list[Following]:
        """See what each name stands for by now, and which files there are besides; which are
        followed for the first time and were there before."""
        first = self._looked is None
        # What a log was rotated to is its own: logs before what may be called as its rotated ones.
        fresh = self._look_at(sorted(self.followed.values(), key=_rank), now, first=False)
        every = max(_EVERY, 50 * self._took)
        if self._looked is None or not 0 <= now - self._looked < every:
            began = time.monotonic()
            new = self._search(first=first)
            self._looked, self._took = now, time.monotonic() - began
            fresh += self._look_at(sorted(new, key=_rank), now, first=first)
        return fresh

    def _look_at(self, some: list[Following], now: float, *, first: bool) -> list[Following]:
        fresh = []
        for one in some:
            self.touching = str(one.path)
            new = one.current is None and (first or one.blocked)
            try:
                one.look(now, self)
            except OSError as error:
                one.lose_hold(error)
            if new and one.current is not None:
                fresh.append(one)
        return fresh

    def taken(self) -> set[Key]:
        """The files that are open."""
        return {key for one in self.followed.values() for key in one.keys()}  # noqa: SIM118

    def let_go(self, now: float) -> None:
        """Close what was rotated and is written to no longer."""
        for one in self.followed.values():
            for ended in one.let_go(now):
                self._done[ended.key] = ended.print
        while len(self._done) > _REMEMBERED:
            del self._done[next(iter(self._done))]

    def close(self) -> None:
        for one in self.followed.values():
            one.close()
        self.followed.clear()

    def _search(self, *, first: bool) -> list[Following]:
        """Look for files; which are followed from now on."""
        found = _without_rotated(self._matching(), self._named)
        self._matched = len(found)
        ranked = sorted(found, key=lambda path: -found[path].changed)
        newest = ranked[:FOLLOWED]
        wanted = {*self._named, *newest}
        for path, one in list(self.followed.items()):
            if path not in wanted and not (one.past and path not in found):
                self._forget(path)
        new = []
        for path in (*self._named, *newest):
            if path not in self.followed:
                self.followed[path] = made = self._make(path)
                new.append(made)
        self._waiting = {path: at for path, at in self._waiting.items() if path in found}
        for path in ranked[FOLLOWED:]:
            self._waiting.setdefault(path, found[path].size if first else 0)
        return new

    def _matching(self) -> dict[Path, _Found]:
        """What the patterns name; what is compressed was rotated away."""
        found: dict[Path, _Found] = {}
        self._empty = []
        for pattern in self._patterns:
            self.touching = pattern
            before = len(found)
            paths = glob.iglob(pattern, recursive=True)  # noqa: PTH207 - of an absolute pattern
            for name in itertools.islice(paths, _FOUND):
                with suppress(OSError):
                    state = os.stat(name)  # noqa: PTH116 - thousands of them
                    if not stat.S_ISDIR(state.st_mode) and not name.endswith(COMPRESSED):
                        key = (state.st_dev, state.st_ino)
                        found[Path(name)] = _Found(state.st_mtime, key, state.st_size)
            if len(found) == before:
                self._empty.append(pattern)
        return found

    def reads(self, path: Path, key: Key) -> bool:
        """See :class:`checks.logs.following.Others`."""
        if key in self.taken():
            return True
        prints = [
            part.print
            for other in self.followed.values()
            if other.path.parent == path.parent and is_rotated_name(path.name, other.path.name)
            for part in other.parts()
            if part.offset
        ]
        return bool(prints) and _fits(path, prints)

    def begins(self, path: Path, opened: Opened) -> int | None:
        """See :class:`checks.logs.following.Others`."""
        was = self._done.get(opened.key)
        if was is not None and was.fits(opened.descriptor):
            return was.offset
        return self._waiting.pop(path, None)

    def _forget(self, path: Path) -> None:
        one = self.followed.pop(path)
        self._left(one)
        for part in one.parts():
            self._done[part.key] = part.print
        if one.current is not None:
            self._waiting[path] = one.current.offset
        one.close()

    def sources(self) -> Iterator[SourceState]:
        """Where reading stands, and what is not read."""
        for one in self.followed.values():
            current = one.current
            if current is None and (not one.problem or one.path not in self._named):
                continue
            behind = sum(part.behind for part in one.parts())
            size, ill = (0, "") if current is None else (current.size, current.ill)
            yield SourceState(str(one.path), size, behind, one.problem or ill)
        for pattern in self._empty:
            yield SourceState(pattern, problem="no file is called so")
        if self._matched > FOLLOWED:
            why = f"not followed: {FOLLOWED} files of a check are, those written to last"
            yield SourceState(f"{self._matched - FOLLOWED:,} more files", problem=why)


def _without_rotated(found: dict[Path, _Found], named: tuple[Path, ...]) -> dict[Path, _Found]:
    """Without those that a log among them was rotated to: they belong to that log."""
    return {
        path: one
        for path, one in found.items()
        if path in named or not _is_rotated(path, one, found)
    }


def _is_rotated(path: Path, one: _Found, found: dict[Path, _Found]) -> bool:
    name, sure = base_of(path.name)
    base = found.get(path.with_name(name)) if name else None
    return base is not None and (sure or one.changed <= base.changed)


def _rank(one: Following) -> tuple[int, str]:
    return len(one.path.name), str(one.path)


def _fits(path: Path, prints: list[Print]) -> bool:
    with suppress(OSError, ValueError):
        opened = Opened.at(path)
        try:
            return any(one.fits(opened.descriptor) for one in prints)
        finally:
            opened.close()
    return False
