"""Files that a log was rotated to: found beside it by their names and by what is in them."""

from __future__ import annotations

import os
import re
import stat
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from checks.logs.opened import Opened, Print

__all__ = [
    "COMPRESSED", "Known", "base_of", "copy_of", "is_rotated_name",
    "seen_beside", "since",
]  # fmt: skip

COMPRESSED: Final = (".gz", ".xz", ".zst", ".bz2", ".zip", ".lz4", ".Z")
_REST = re.compile(r"[._-](?:\d[\d._T:-]*|old|bak|prev|save)")
_ENDING = re.compile(r"(.+?)(?:[._-](\d{1,3}|old|bak|prev|save)|[._-]\d[\d._T:-]*)")
_LOOKS: Final = 5
_LOOKED_AT: Final = 200

Known = dict[tuple[int, int], bytes]
"""Files by device and number, and their first bytes: a number alone is given out anew."""


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


def _beside(path: Path) -> dict[tuple[int, int], tuple[int, Path]]:
    """What ``path`` was rotated to, uncompressed: when it was written to (ns), and its name."""
    found: dict[tuple[int, int], tuple[int, Path]] = {}
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if is_rotated_name(entry.name, path.name):
                with suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode):
                        written = (state.st_mtime_ns, Path(entry.path))
                        found[state.st_dev, state.st_ino] = written
    return found


def _opened(path: Path) -> list[Opened]:
    """The same, open, the newest first; who takes one closes it.

    What is renamed while a folder is looked at may be missed or found under a name that is
    another's by now, so it is looked at again until nothing new is there.
    """
    found: dict[tuple[int, int], Opened] = {}
    for _ in range(_LOOKS):
        new = {key: one for key, one in _beside(path).items() if key not in found}
        for _, name in sorted(new.values(), reverse=True)[: _LOOKED_AT - len(found)]:
            with suppress(OSError, ValueError):
                opened = Opened.at(name)
                if opened.key in found:
                    opened.close()
                else:
                    found[opened.key] = opened
        if not new:
            break
    return sorted(found.values(), key=lambda one: -one.written())


def seen_beside(path: Path) -> Known:
    """What stands beside ``path`` now, so that it is not taken for new later."""
    known: Known = {}
    for opened in _opened(path):
        with closing(opened), suppress(OSError):
            if head := opened.beginning():
                known[opened.key] = head
    return known


def _is_known(one: Opened, known: Known) -> bool:
    head = known.get(one.key)
    if head is None:
        return False
    with suppress(OSError):
        return one.beginning().startswith(head)
    # What cannot be read any more brings nothing new.
    return True


def _fits(one: Opened, was: Print) -> bool:
    """Whether it has the bytes of what ``was``; not where it cannot be read."""
    with suppress(OSError):
        return was.fits(one.descriptor)
    return False


def copy_of(path: Path, was: Print) -> Opened | None:
    """The file that what ``path`` held was copied to before it was truncated (``copytruncate``):
    it begins alike, and is the same up to where it had been read."""
    if was.offset == 0:
        return None
    found: Opened | None = None
    for opened in _opened(path):
        if found is None and opened.size >= was.offset and _fits(opened, was):
            opened.begin_at(was.offset)
            found = opened
        else:
            opened.close()
    return found


def since(
    path: Path, changed: int, was: Print, known: Known, taken: set[tuple[int, int]]
) -> list[Opened]:
    """Files that were the log for a while between two looks: newer than what was written to until
    ``changed`` (ns since 1970), neither ``known`` nor ``taken`` nor a copy of what it ``was``; the
    oldest first."""
    newer: list[Opened] = []
    for opened in _opened(path):
        left_out = (
            opened.written() < changed
            or opened.key in taken
            or _is_known(opened, known)
            or (was.offset > 0 and _fits(opened, was))
        )
        if left_out:
            opened.close()
        else:
            newer.append(opened)
    return newer[::-1]
