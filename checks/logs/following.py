"""A log followed by its name: through rotation, truncation, symlinks that change, and deletion.

A file that was renamed is read to its end before the one in its place, and is looked at for a
while after: its writer keeps it until it is told. One that was copied and truncated is read on in
its copy. What stood in its place for a moment only, between two looks, is read whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Protocol

from checks.logs.assembling import Assembler
from checks.logs.formats.base import Maker
from checks.logs.opened import Opened, Print
from checks.logs.refusals import why_not
from checks.logs.siblings import Known, copy_of, seen_beside, since
from checks.wording import size as size_of

__all__ = ["LINGER", "Following", "Key", "Others"]

LINGER: Final = 300.0
"""Seconds without a further line after which a rotated file is let go."""
_PAST: Final = 3
"""Rotated files that are kept open at most."""

_LINE: Final = 200
"""Bytes that a line is taken to have where it can no longer be read."""

Key = tuple[int, int]
"""Device and number of a file."""


class Others(Protocol):
    """What a file that is followed has to know of the others."""

    def taken(self) -> set[Key]:
        """The files that are open."""

    def reads(self, path: Path, key: Key) -> bool:
        """Whether the file is read under another name, or is a copy of one that is."""

    def begins(self, path: Path, opened: Opened) -> int | None:
        """Where a file is read from that is not new; None where it is."""


class Following:
    """One path that is followed, and the files that it stood for lately.

    ``problem`` says why it cannot be read; ``blocked`` that it is there and never could be;
    ``orphans`` are lines that lost their ends.
    """

    def __init__(self, path: Path, maker: Maker, assembler: Assembler) -> None:
        self.path = path
        self.maker = maker
        self.assembler = assembler
        self.current: Opened | None = None
        self.past: list[Opened] = []
        self.problem = ""
        self.blocked = False
        self.lost = 0
        self.events: list[str] = []
        self.orphans: list[str] = []
        self._said: set[str] = set()
        self._beside: Known = {}
        self._folder: int | None = None
        self._was_there = False
        self._last: tuple[Print, int] | None = None
        """What was at the path last, and when it was written to (ns since 1970)."""
        self._resume: Print | None = None
        """What was being read when the file was lost hold of."""

    def parts(self) -> Iterator[Opened]:
        """The open files, in the order they are read."""
        yield from self.past
        if self.current is not None:
            yield self.current

    def keys(self) -> Iterator[Key]:
        for part in self.parts():
            yield part.key

    def look(self, now: float, others: Others) -> None:
        """See what the path stands for now."""
        try:
            state = self.path.stat()
        except OSError as error:
            self._gone(error, others)
            return
        key = (state.st_dev, state.st_ino)
        if self.current is not None and key == self.current.key:
            self._stays(self.current, state.st_size, others)
        elif others.reads(self.path, key):
            # Its name is now that of a file that is followed under another one.
            self._retire(now, others)
            self.problem = ""
        else:
            self._opens(now, others)

    def _stays(self, current: Opened, size: int, others: Others) -> None:
        self.problem = current.ill
        if os.fstat(current.descriptor).st_size < size:
            self._reopen(current)
        if current.offset == 0 and self._folder_changed():
            # Nothing was read of it yet, so that nothing tells whether it was copied and truncated.
            self._add_since(0, current.print, others.taken())

    def _reopen(self, current: Opened) -> None:
        """An overlay goes on showing the file as it was when opened, once somebody writes to it."""
        with suppress(OSError, ValueError):
            again = Opened.at(self.path)
            with closing(again):
                if again.size >= current.offset and current.print.fits(again.descriptor):
                    os.dup2(again.descriptor, current.descriptor, inheritable=False)

    def _folder_changed(self) -> bool:
        try:
            changed = self.path.parent.stat().st_mtime_ns
        except OSError:
            return False
        before, self._folder = self._folder, changed
        return before != changed

    def _gone(self, error: OSError, others: Others) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            if self.current is not None:
                self.events.append(f"{self.path} is gone")
            self._retire(None, others)
        elif not self._was_there:
            self.blocked = True
        self.problem = why_not(self.path, error)

    def _retire(self, now: float | None, others: Others) -> None:
        """The current file is no longer at the path; it is read to its end all the same."""
        current = self.current
        if current is None:
            return
        if not current.is_same():
            self._restart(current, others)
        self._last = (current.print, current.written())
        current.rotated = now
        self.past.append(current)
        self.current = None

    def _opens(self, now: float, others: Others) -> None:
        self._folder_changed()
        beside = seen_beside(self.path)
        try:
            opened = Opened.at(self.path)
        except (OSError, ValueError) as error:
            self.problem = why_not(self.path, error)
            self.blocked = not self._was_there
            return
        opened.changed = now
        try:
            self._takes(opened, beside, now, others)
        except OSError:
            # What was open before gives errors.
            opened.close()
            raise
        self.current, self.problem = opened, ""

    def _takes(self, opened: Opened, beside: Known, now: float, others: Others) -> None:
        """Find out where ``opened``, which is at the path now, is to be read from."""
        if self._was_put_anew(opened):
            return
        if self.current is not None:
            self.events.append(f"{self.path} was rotated: reading goes on in the new file")
            self._retire(now, others)
        resume, self._resume = self._resume, None
        if resume is not None and resume.fits(opened.descriptor):
            opened.begin_at(resume.offset)
        elif self._last is not None:
            was, changed = self._last
            taken = others.taken() | {opened.key}
            self._add_since(changed if was.offset else 0, was, taken, beside)
        else:
            self._beside = beside
            begin = others.begins(self.path, opened)
            if begin is not None:
                opened.begin_at(min(begin, opened.size))
        self._was_there, self.blocked = True, False
        self._said.clear()

    def _was_put_anew(self, opened: Opened) -> bool:
        """Whether the file is the same one once more, longer by what was written since: rsync and
        editors put a new one in its place. It is read on where the old one was read to."""
        was = self.current
        if was is None or was.offset == 0 or not was.is_same():
            return False
        if not was.print.fits(opened.descriptor) or opened.size < was.offset:
            return False
        opened.go_on(was)
        was.close()
        return True

    def _add_since(
        self, changed: int, was: Print, taken: set[Key], beside: Known | None = None
    ) -> None:
        """Read too what stood at the path between two looks, after what was written to until
        ``changed``."""
        beside = seen_beside(self.path) if beside is None else beside
        newer = since(self.path, changed, was, self._beside, taken)
        self.past += newer
        # What was rotated after ``beside`` was looked at is known as well from now on.
        self._beside = beside | {one.key: head for one in newer if (head := one.beginning())}

    def truncated(self, part: Opened, others: Others) -> None:
        """``part`` is no longer what was read: go on in its copy, and then at its beginning."""
        if part is self.current:
            self._restart(part, others)
        else:
            part.restart()

    def _restart(self, part: Opened, others: Others) -> None:
        copy = copy_of(self.path, part.print)
        if copy is not None:
            self.events.append(f"{self.path} was truncated: its copy is {copy.path.name}")
            copy.go_on(part)
            copy.changed = part.changed
            self.past.append(copy)
            changed = copy.written()
            self._add_since(changed, part.print, others.taken())
        else:
            self._say_lost(part)
            line = part.rest(0.0, 0.0)
            self.orphans += [line] if line else []
        part.restart()

    def _say_lost(self, part: Opened) -> None:
        text = f"{self.path} was truncated, and no copy of it is there"
        if part.behind:
            # How many lines these were nobody can tell; that there was one is certain.
            self.lost += max(1, part.behind // _LINE)
            text += f": {size_of(part.behind)} had not been read yet"
        self.events.append(text)

    def say(self, text: str) -> None:
        """An event that is told once for each file that the path stands for."""
        if text not in self._said:
            self._said.add(text)
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

    def lose_hold(self, error: OSError) -> None:
        """What is open gives errors (a share that was mounted anew): it is opened anew."""
        if self.current is not None:
            self._resume = self.current.print
        with suppress(OSError):
            self.close()
        self.problem = why_not(self.path, error)

    def close(self) -> None:
        parts = list(self.parts())
        self.past, self.current = [], None
        for part in parts:
            part.close()
