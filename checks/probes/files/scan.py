"""What files there are: names, sizes and times, within bounds. It blocks: it belongs in a lane."""

from __future__ import annotations

import glob
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

__all__ = ["Item", "Scan", "scan"]

_MOST: Final = 200_000
"""Entries that are looked at, of all that patterns name and that is within folders."""
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Item:
    """A file, or a folder that a pattern matches with all that is in it.

    ``changed`` is seconds since 1970, ``size`` bytes; ``key`` is its device and number: one that
    has several names counts once.
    """

    path: str
    changed: float
    size: int
    key: tuple[int, int]
    folder: bool = False


@dataclass(slots=True)
class Scan:
    """What was found, the newest first.

    ``matches`` are counts by pattern, ``absent`` paths that are not there, ``refused`` what may
    not be looked at; ``cut`` says that there is more than is looked at.
    """

    items: list[Item] = field(default_factory=list)
    matches: dict[str, int] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cut: bool = False
    took: float = 0.0

    @property
    def total(self) -> int:
        """Bytes of all."""
        return sum(item.size for item in self.items)


class _Walk:
    """Looks at entries until there were too many."""

    def __init__(self, exclude: Sequence[str], found: Scan) -> None:
        self._exclude = exclude
        self._left = _MOST
        self._found = found

    def counts(self, name: str) -> bool:
        """Whether one more may be looked at, and is meant."""
        self._left -= 1
        if self._left < 0:
            self._found.cut = True
            return False
        return not any(fnmatch(name, pattern) for pattern in self._exclude)

    @property
    def over(self) -> bool:
        return self._left < 0

    def files(self, folder: str) -> Iterator[Item]:
        """All files in ``folder``, however deep; links are not followed."""
        waiting = [folder]
        while waiting and not self.over:
            current = waiting.pop()
            try:
                entries = os.scandir(current)
            except PermissionError:
                self._found.refused.append(current)
                continue
            except OSError:
                continue  # it has gone meanwhile
            with entries:
                for entry in entries:
                    if not self.counts(entry.name):
                        continue
                    with suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        elif entry.is_file(follow_symlinks=False):
                            state = entry.stat(follow_symlinks=False)
                            yield _item(entry.path, state)


def scan(paths: Iterable[str], exclude: Sequence[str] = ()) -> Scan:
    """What ``paths``, which are absolute, stand for; see :class:`FilesConfig`."""
    began = time.monotonic()
    found = Scan()
    walk = _Walk(exclude, found)
    items: dict[tuple[int, int], Item] = {}
    for path in paths:
        matched = _of_pattern(path, walk) if _MAGIC.search(path) else _named(path, walk, found)
        own: set[tuple[int, int]] = set()
        for item in matched:
            items.setdefault(item.key, item)
            own.add(item.key)
        found.matches[path] = len(own)
        if _MAGIC.search(path) and not own:
            _why_none(path, found)
    found.items = sorted(items.values(), key=lambda item: (-item.changed, item.path))
    found.took = time.monotonic() - began
    return found


def _named(path: str, walk: _Walk, found: Scan) -> Iterator[Item]:
    try:
        state = Path(path).stat()
    except PermissionError:
        found.refused.append(path)
        return
    except OSError:
        found.absent.append(path)
        return
    if stat.S_ISDIR(state.st_mode):
        yield from walk.files(path)
    else:
        yield _item(path, state)


def _of_pattern(pattern: str, walk: _Walk) -> Iterator[Item]:
    for name in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - of an absolute pattern
        if walk.over:
            return
        if not walk.counts(os.path.basename(name)):  # noqa: PTH119 - thousands of them
            continue
        with suppress(OSError):
            state = os.stat(name)  # noqa: PTH116 - as above
            if not stat.S_ISDIR(state.st_mode):
                yield _item(name, state)
            elif "**" not in pattern:
                yield _folder(name, state, walk)


def _item(path: str, state: os.stat_result) -> Item:
    return Item(path, state.st_mtime, state.st_size, (state.st_dev, state.st_ino))


def _folder(name: str, state: os.stat_result, walk: _Walk) -> Item:
    """A folder as one item: as large as all in it, and as new as the newest."""
    within = list(walk.files(name))
    newest = max((item.changed for item in within), default=state.st_mtime)
    total = sum(item.size for item in within)
    return Item(name, newest, total, (state.st_dev, state.st_ino), folder=True)


def _why_none(pattern: str, found: Scan) -> None:
    """A pattern matches nothing: its folder may not be there, or may not be looked at."""
    folder = Path(_MAGIC.split(pattern, maxsplit=1)[0].rpartition("/")[0] or "/")
    try:
        with os.scandir(folder):
            pass
    except PermissionError:
        found.refused.append(str(folder))
    except OSError:
        found.absent.append(str(folder))
