"""A log followed by its name: through rotation, truncation, symlinks that change, and deletion.

A file that was renamed is read to its end before the one in its place, and is looked at for a
while after: its writer keeps it until it is told. One that was copied and truncated is read on in
its copy. What stood in its place for a moment only, between two looks, is read whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from checks.logs.assembling import Assembler
from checks.logs.formats.base import Maker
from checks.logs.model import Record
from checks.logs.opened import Opened
from checks.logs.refusals import why_not
from checks.logs.siblings import Known, copy_of, seen_beside, since
from checks.wording import size as size_of

__all__ = ["LINGER", "Following", "Key"]

LINGER: Final = 300.0
"""Seconds without a further line after which a rotated file is let go."""
_PAST: Final = 3
"""Rotated files that are kept open at most."""

_LINE: Final = 200
"""Bytes that a line is taken to have where it can no longer be read."""

Key = tuple[int, int]
"""Device and number of a file."""


class Following:
    """One path that is followed, and the files that it stood for lately.

    ``problem`` says why it cannot be read; ``blocked`` that it is there and never could be.
    """

    def __init__(self, path: Path, maker: Maker, assembler: Assembler) -> None:
        self.path = path
        self.maker = maker
        self.assembler = assembler
        self.current: Opened | None = None
        self.past: list[Opened] = []
        self.problem = ""
        self.lost = 0
        self.events: list[str] = []
        self.said: set[str] = set()
        self._beside: Known = {}
        self._folder: int | None = None
        self._was_there = False
        self.blocked = False

    def parts(self) -> Iterator[Opened]:
        """The open files, in the order they are read."""
        yield from self.past
        if self.current is not None:
            yield self.current

    def keys(self) -> Iterator[Key]:
        for part in self.parts():
            yield part.key

    def look(self, now: float, taken: set[Key], begin: int | None) -> None:
        """See what the path stands for now.

        ``taken`` are the files that are read under whatever name: a name may come to stand for one
        of these. ``begin``: where a file that was not followed before is read from; None for its
        beginning.
        """
        try:
            state = self.path.stat()
        except OSError as error:
            self._gone(error)
            return
        key = (state.st_dev, state.st_ino)
        current = self.current
        if current is not None and key == current.key:
            self._stays(current, state.st_size, taken)
        elif key in taken:
            # Its name is now that of a file that is followed under another one.
            self._to_the_past(now)
            self.problem = ""
        else:
            self._opens(now, taken, begin)

    def _stays(self, current: Opened, size: int, taken: set[Key]) -> None:
        self.problem = current.ill
        if os.fstat(current.descriptor).st_size < size:
            self._reopen(current)
        if current.offset == 0 and self._folder_changed():
            # Nothing was read of it yet, so that nothing tells whether it was copied and truncated.
            self.past += since(self.path, 0, self._beside, taken)
            self._beside = seen_beside(self.path)

    def _reopen(self, current: Opened) -> None:
        """An overlay goes on showing the file as it was when opened, once somebody writes to it."""
        with suppress(OSError, ValueError):
            again = Opened.at(self.path)
            if again.size >= current.offset and current.print.fits(again.descriptor):
                os.dup2(again.descriptor, current.descriptor, inheritable=False)
            again.close()

    def _folder_changed(self) -> bool:
        try:
            changed = self.path.parent.stat().st_mtime_ns
        except OSError:
            return False
        before, self._folder = self._folder, changed
        return before != changed

    def _gone(self, error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            if self.current is not None:
                self.events.append(f"{self.path} is gone")
            self._to_the_past(None)
        elif not self._was_there:
            self.blocked = True
        self.problem = why_not(self.path, error)

    def _to_the_past(self, now: float | None) -> None:
        if self.current is not None:
            self.current.rotated = now
            self.past.append(self.current)
            self.current = None

    def _opens(self, now: float, taken: set[Key], begin: int | None) -> None:
        self._folder_changed()
        beside = seen_beside(self.path)
        try:
            opened = Opened.at(self.path)
        except (OSError, ValueError) as error:
            self.problem = why_not(self.path, error)
            self.blocked = not self._was_there
            return
        before = self.current
        opened.changed = now
        if before is not None:
            changed = os.fstat(before.descriptor).st_mtime_ns
            self.events.append(f"{self.path} was rotated: reading goes on in the new file")
            self._to_the_past(now)
            self.past += since(self.path, changed, self._beside, taken | {opened.key})
        elif begin is not None and not self._was_there:
            with suppress(OSError):
                opened.begin_at(max(0, min(begin, opened.size)), whole=False)
        self._beside = beside
        self._was_there, self.blocked = True, False
        self.current, self.problem = opened, ""
        self.said.clear()

    def truncated(self, part: Opened, taken: set[Key], now: float, out: list[Record]) -> None:
        """``part`` is no longer what was read: go on in its copy, and then at its beginning."""
        copy = copy_of(self.path, part.print) if part is self.current else None
        text = f"{self.path} was truncated"
        if copy is not None:
            text += f": its copy is {copy.path.name}"
            copy.partial, copy.changed = part.partial, now
            changed = os.fstat(copy.descriptor).st_mtime_ns
            self.past += [copy, *since(self.path, changed, self._beside, {*taken, copy.key})]
            self._beside = seen_beside(self.path)
        else:
            if part.behind:
                # How many lines these were nobody can tell; that there was one is certain.
                self.lost += max(1, part.behind // _LINE)
                text += f"; {size_of(part.behind)} had not been read yet"
            line = part.rest(now, 0)
            if line:
                self.assembler.feed((line,), now, out)
        part.restart()
        self.events.append(text)

    def say(self, text: str) -> None:
        """An event that is told once for each file that the path stands for."""
        if text not in self.said:
            self.said.add(text)
            self.events.append(text)

    def let_go(self, now: float) -> list[Opened]:
        """Close rotated files that nobody has written to for long; which these were."""
        ended = [
            part
            for number, part in enumerate(self.past)
            if not part.behind
            and (not 0 <= now - part.changed < LINGER or number < len(self.past) - _PAST)
        ]
        for part in ended:
            self.past.remove(part)
            part.close()
        return ended

    def close(self) -> None:
        for part in self.parts():
            part.close()
        self.past, self.current = [], None
