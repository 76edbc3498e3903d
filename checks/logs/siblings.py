"""Files that a log was rotated to: found beside it by their names and by what is in them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.logs.opened import BEGINNING, Opened, Print

__all__ = [
    "COMPRESSED", "Known", "Sibling", "base_of", "copy_of", "is_rotated_name",
    "seen_beside", "since",
]  # fmt: skip

COMPRESSED: Final = (".gz", ".xz", ".zst", ".bz2", ".zip", ".lz4", ".Z")
_REST = re.compile(r"[._-](?:\d[\d._T:-]*|old|bak|prev|save)")
_ENDING = re.compile(r"(.+?)(?:[._-](\d{1,3}|old|bak|prev|save)|[._-]\d[\d._T:-]*)")
_LOOKED_AT: Final = 200

Known = dict[tuple[int, int], bytes]
"""Files by device and number, and their first bytes: a number alone is given out anew."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A file beside a log that was rotated; ``changed`` is when it was last written to, in ns."""

    path: Path
    key: tuple[int, int]
    size: int
    changed: int


def is_rotated_name(name: str, of: str) -> bool:
    """Whether ``name`` is what the log ``of`` is called once rotated: ``app.log.1``,
    ``app.log-20241226``, ``app-20241226.log``."""
    if name.startswith(of):
        return _REST.fullmatch(name[len(of) :]) is not None
    stem, dot, suffix = of.rpartition(".")
    if not dot or not name.startswith(stem) or not name.endswith(dot + suffix):
        return False
    return _REST.fullmatch(name[len(stem) : -len(suffix) - 1]) is not None


def base_of(name: str) -> tuple[str, bool]:
    """The log whose rotated file ``name`` may be, where that is told by what follows the log's
    name, else empty; and whether it is sure: ``app.log.1`` is, ``app.log.2026-11-27`` may be what
    is written to today."""
    found = _ENDING.fullmatch(name)
    return (found[1], found[2] is not None) if found else ("", False)


def _beside(path: Path) -> Iterator[Sibling]:
    """What ``path`` was rotated to, uncompressed, the newest first."""
    found = []
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if is_rotated_name(entry.name, path.name):
                with suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode):
                        key = (state.st_dev, state.st_ino)
                        found.append(
                            Sibling(Path(entry.path), key, state.st_size, state.st_mtime_ns)
                        )
    found.sort(key=lambda one: -one.changed)
    yield from found[:_LOOKED_AT]


def _head(one: Sibling) -> bytes:
    try:
        with one.path.open("rb") as file:
            return file.read(BEGINNING)
    except OSError:
        return b""


def seen_beside(path: Path) -> Known:
    """What stands beside ``path`` now, so that it is not taken for new later."""
    return {one.key: head for one in _beside(path) if (head := _head(one))}


def _is_known(one: Sibling, known: Known) -> bool:
    head = known.get(one.key)
    return head is not None and _head(one).startswith(head)


def copy_of(path: Path, was: Print) -> Opened | None:
    """The file that what ``path`` held was copied to before it was truncated (``copytruncate``):
    it begins alike, and is the same up to where it had been read."""
    if was.offset == 0:
        return None
    for one in _beside(path):
        if one.size < was.offset:
            continue
        with suppress(OSError, ValueError):
            opened = Opened.at(one.path)
            if was.fits(opened.descriptor):
                opened.begin_at(was.offset)
                return opened
            opened.close()
    return None


def since(
    path: Path, changed: int, was: Print, known: Known, taken: set[tuple[int, int]]
) -> list[Opened]:
    """Files that were the log for a while between two looks: newer than what was written to until
    ``changed`` (ns since 1970), neither ``known`` nor ``taken`` nor a copy of what it ``was``; the
    oldest first."""
    newer: list[Opened] = []
    for one in _beside(path):
        if one.changed < changed or one.key in taken or _is_known(one, known):
            continue
        with suppress(OSError, ValueError):
            opened = Opened.at(one.path)
            if was.offset and was.fits(opened.descriptor):
                opened.close()
            else:
                newer.append(opened)
    return newer[::-1]
