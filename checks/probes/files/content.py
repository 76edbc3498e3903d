"""Whether a file is whole: read once, in a lane of its own, since that may take minutes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from checks.lanes import LaneBusyError
from checks.logs.refusals import why_not
from checks.model import clean
from checks.probe import Target
from checks.probes.files.dumps import HEAD, TAIL, Ends, seen
from checks.probes.files.scan import Item
from checks.probes.files.unpacking import FORMATS, StoppedError, Unpacked, unpack, unzip
from checks.wording import size as size_of

__all__ = ["Content", "Reading", "inspect"]

_ENDINGS: Final = {".gz": "gzip", ".tgz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd",
                   ".zip": "zip"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """What came of reading a file. ``sound`` is None where nobody can tell; ``text`` is a
    sentence's end."""

    sound: bool | None
    text: str


class Reading:
    """Reads the newest file of a check, each once; what came of it is asked for at the next run."""

    def __init__(self, target: Target, budget: int) -> None:
        self._lanes = target.env.lanes
        self._lane = f"files {target.name} content"
        self._budget = budget
        self._closed = False
        self._known: tuple[Item, Content] | None = None
        self.task: asyncio.Task[None] | None = None
        """The reading that is under way."""

    async def of(self, item: Item, seconds: float) -> Content | None:
        """What came of reading ``item``, which begins now where it has not yet; None where that
        takes longer than ``seconds``."""
        if self._known is None or self._known[0] != item:
            if self.task is None or self.task.done():
                self.task = asyncio.create_task(self._read(item), name=self._lane)
            done, _ = await asyncio.wait({self.task}, timeout=seconds)
            for task in done:
                task.result()  # what went wrong inside is said
        known = self._known
        return known[1] if known is not None and known[0] == item else None

    async def _read(self, item: Item) -> None:
        def call() -> Content:
            return inspect(Path(item.path), self._budget, lambda: self._closed)

        with contextlib.suppress(LaneBusyError, StoppedError):
            self._known = (item, await self._lanes.run(self._lane, call))

    async def close(self) -> None:
        self._closed = True
        if self.task is not None:
            self.task.cancel()
            # What went wrong in it was said, and keeps nobody from closing.
            await asyncio.wait({self.task})
        self._lanes.drop(self._lane)


def inspect(path: Path, budget: int, stopped: Callable[[], bool] = bool) -> Content:
    """Read the file at ``path``, ``budget`` bytes of it at most where it is compressed. It blocks.

    Raises:
        StoppedError: ``stopped()`` says so.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Content(None, "it is no regular file, and is not read")
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return _inspected(file, path, budget, stopped)
    except OSError as error:
        return Content(None, f"whether it is whole cannot be told: {why_not(path, error)}")


def _inspected(file: IO[bytes], path: Path, budget: int, stopped: Callable[[], bool]) -> Content:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        return Content(False, "it is empty")
    head = file.read(HEAD)
    packed = next((name for magic, name in FORMATS if head.startswith(magic)), "")
    expected = _ENDINGS.get(path.suffix.lower(), "")
    if expected and packed != expected:
        begins = clean(head[:40].decode("utf-8", "replace"))
        return Content(
            False, f"it is called {path.suffix} and is no {expected}: it begins {begins!r}"
        )
    if not packed:
        return _plain(Ends(head, _tail(file, size), size))
    if packed == "zstd":
        return Content(None, "zstd: its beginning is right; zstd -t tells whether it is whole")
    file.seek(0)
    got = unzip(file, budget, stopped) if packed == "zip" else unpack(file, packed, budget, stopped)
    return _packed(packed, got, size)


def _tail(file: IO[bytes], size: int) -> bytes:
    file.seek(max(0, size - TAIL))
    return file.read(TAIL)


def _plain(ends: Ends) -> Content:
    found = seen(ends)
    if found is None:
        return Content(True, "it can be read; what format it has is not known")
    return Content(not found.wrong, found.wrong or f"{found.what}, whole")


def _packed(packed: str, got: Unpacked, size: int) -> Content:
    if got.wrong:
        return Content(False, f"{packed}: {got.wrong}")
    if got.closed:
        return Content(None, f"{packed}: {got.closed}")
    found = seen(got.ends)
    what = f"{packed} with a {found.what}" if found is not None else packed
    if found is not None and found.wrong:
        return Content(False, f"{packed}: {found.wrong}")
    if not got.whole:
        read = f"its first {size_of(got.read)} of {size_of(size)} are sound, the rest was not read"
        return Content(True, f"{what}: {read}")
    members = f" of {len(got.members):,} files" if len(got.members) > 1 else ""
    return Content(True, f"{what}{members}, whole: {size_of(got.size)} unpacked")
