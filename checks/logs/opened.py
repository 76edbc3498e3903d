"""An open log file: its bytes become lines, and it is noticed when they are no longer the same.

A file that was truncated may have grown past its former size by the next look, so its size alone
tells nothing: its first bytes and those before the place that was read to are compared.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["BEGINNING", "CHUNK", "LONGEST", "Chunk", "Opened", "Print"]

CHUNK: Final = 262_144
"""Bytes that are read at once."""
LONGEST: Final = 65_536
"""Bytes that are kept of a line."""
BEGINNING: Final = 64
"""First bytes that tell files of one number apart."""
_HEAD: Final = 256
_TAIL: Final = 64
_BOM: Final = b"\xef\xbb\xbf"
_MAGIC: Final = (
    (b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"), (b"\x7fELF", "a program"), (b"SQLite format 3\0", "a database"),
    (b"LPKSHHRH", "systemd's journal (write `journal:` instead of `files:`)"),
    (b"\xff\xfe", "UTF-16 (write it as UTF-8)"), (b"\xfe\xff", "UTF-16 (write it as UTF-8)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Print:
    """What a file is known by besides its number, which the system gives out anew: its first
    bytes, and those before ``offset``."""

    head: bytes
    tail: bytes
    offset: int

    def fits(self, descriptor: int) -> bool:
        """Whether the open file has these bytes too, where they stand."""
        if os.pread(descriptor, len(self.head), 0) != self.head:
            return False
        return os.pread(descriptor, len(self.tail), self.offset - len(self.tail)) == self.tail


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one reading of a file gave.

    ``lines`` are without their ends; ``read`` are bytes; ``cut`` says that a line was too long,
    ``zeros`` that zero bytes were left out.
    """

    lines: tuple[str, ...] = ()
    read: int = 0
    cut: bool = False
    zeros: bool = False


class Opened:
    """One file, by its descriptor: names come and go meanwhile.

    ``offset`` is the byte to read next; up to ``old_until`` it holds what was there before.
    """

    def __init__(self, path: Path, descriptor: int, offset: int = 0) -> None:
        self.path = path
        self.descriptor = descriptor
        found = os.fstat(descriptor)
        self.key = (found.st_dev, found.st_ino)
        self.size = found.st_size
        self.offset = offset
        self.old_until = 0
        self.kept_until = 0
        """Up to where nothing may be passed over, however far behind reading is."""
        self.changed = 0.0
        """When it last brought anything."""
        self.rotated: float | None = None
        """When another file took its name."""
        self.partial = b""
        self.ill = ""
        """Why it cannot be read, though it could be opened."""
        self._partial_at = 0.0
        self._skipping = False
        self._seen: tuple[int, int] | None = None
        self._print = Print(b"", b"", 0)
        self._sniffed = False
        if offset:
            self.begin_at(offset)

    @classmethod
    def at(cls, path: Path) -> Opened:
        """The regular file at ``path``.

        Raises:
            OSError: it cannot be opened.
            IsADirectoryError, ValueError: it is something else; a sentence's end says what.
        """
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            raise ValueError(_kind(kind))
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            return cls(path, descriptor)
        except OSError:
            os.close(descriptor)
            raise

    @property
    def print(self) -> Print:
        """What it is known by, as far as it was read."""
        return self._print

    @property
    def behind(self) -> int:
        """Bytes not read yet, as far as is known."""
        return max(0, self.size - self.offset)

    def written(self) -> int:
        """When it was written to last, in ns since 1970."""
        return os.fstat(self.descriptor).st_mtime_ns

    def beginning(self) -> bytes:
        """Its first bytes."""
        return os.pread(self.descriptor, BEGINNING, 0)

    def close(self) -> None:
        os.close(self.descriptor)

    def begin_at(self, offset: int) -> None:
        """Read from ``offset`` on, or from the next line where none begins there."""
        self.offset = offset
        self.partial = b""
        before = os.pread(self.descriptor, 1, offset - 1) if offset else b"\n"
        self._skipping = before not in (b"\n", b"\0")
        head = os.pread(self.descriptor, min(_HEAD, offset), 0)
        tail = min(_TAIL, offset)
        self._print = Print(head, os.pread(self.descriptor, tail, offset - tail), offset)

    def go_on(self, was: Opened) -> None:
        """Read on where ``was``, of which this is a copy, had been read to."""
        self.begin_at(was.offset)
        self.partial, self._skipping = was.partial, was._skipping
        self._partial_at = was._partial_at
        self.old_until, self.kept_until = was.old_until, was.kept_until

    def look(self) -> bool:
        """Whether it has changed since it was read; then it should be."""
        found = os.fstat(self.descriptor)
        if found.st_size >= self.offset:
            # What a truncation took was there all the same.
            self.size = found.st_size
        return self._seen != (found.st_size, found.st_mtime_ns)

    def is_same(self) -> bool:
        """Whether what was read still stands where it stood."""
        return os.fstat(self.descriptor).st_size >= self.offset and self._print.fits(
            self.descriptor
        )

    def take(self, now: float, most: int) -> Chunk | None:
        """What follows, at most ``most`` bytes.

        None where the file is no longer what was read: it was truncated. Call :meth:`restart`.
        """
        found = os.fstat(self.descriptor)
        data = os.pread(self.descriptor, most, self.offset)
        # Compared after it was read, so that nothing can change in between.
        if not self.is_same():
            return None
        self.size = max(found.st_size, self.offset + len(data))
        if not data:
            self._seen = (found.st_size, found.st_mtime_ns)
            return Chunk()
        if not self._sniffed:
            self._sniff()
        if self.ill:
            self.offset = self.size = found.st_size
            self._print = Print(b"", b"", 0)
            return Chunk()
        self._advance(data)
        self.changed = self._partial_at = now
        return self._split(data)

    def _advance(self, data: bytes) -> None:
        at = self.offset
        head = self._print.head
        if len(head) < _HEAD and at <= _HEAD:
            head = (head + data)[:_HEAD] if len(head) == at else head
        self.offset = at + len(data)
        tail = (self._print.tail + data[-_TAIL:])[-_TAIL:]
        self._print = Print(head, tail, self.offset)

    def _sniff(self) -> None:
        self._sniffed = True
        head = os.pread(self.descriptor, 512, 0)
        self.ill = next((f"it is {name}" for magic, name in _MAGIC if head.startswith(magic)), "")
        text = head.lstrip(b"\0")
        if not self.ill and b"\0" in text:
            self.ill = "it is no text"

    def _split(self, data: bytes) -> Chunk:
        read = len(data)
        zeros = b"\0" in data
        if zeros:
            data = self._without_zeros(data)
        if self.offset == read and data.startswith(_BOM):
            data = data[len(_BOM) :]
        if self._skipping:
            _, end, data = data.partition(b"\n")
            self._skipping = not end
        whole, end, rest = data.rpartition(b"\n")
        cut = False
        if end:
            whole = self.partial + whole
            self.partial = rest
        else:
            self.partial += rest
        lines = _lines(whole) if end else ()
        if len(self.partial) > LONGEST:
            lines = (*lines, _text(self.partial[:LONGEST]) + "…")
            self.partial, self._skipping, cut = b"", True, True
        if end and max(map(len, lines)) > LONGEST:
            lines = tuple(x if len(x) <= LONGEST else x[:LONGEST] + "…" for x in lines)
            cut = True
        return Chunk(lines, read, cut, zeros)

    def _without_zeros(self, data: bytes) -> bytes:
        data = data.replace(b"\0", b"")
        if not data:
            self.leave_hole()
        return data

    def leave_hole(self) -> None:
        """Jump over a hole: a writer that does not append leaves one after a truncation."""
        with suppress(OSError):
            beyond = os.lseek(self.descriptor, self.offset, os.SEEK_DATA)
            if beyond > self.offset:
                self.offset = beyond
                self._print = Print(self._print.head, b"", beyond)

    def rest(self, now: float, patience: float) -> str | None:
        """The last line where it has no end, and has waited for one for ``patience`` seconds."""
        if not self.partial or (patience > 0 and 0 <= now - self._partial_at < patience):
            return None
        line, self.partial = _text(self.partial), b""
        return line.rstrip("\r")

    def restart(self) -> None:
        """It was truncated: it is read from its beginning."""
        self.offset = self.old_until = self.kept_until = 0
        self.partial, self._skipping, self._sniffed, self.ill = b"", False, False, ""
        self._print = Print(b"", b"", 0)
        self._seen = None

    def pass_over(self, until: int, most: int) -> int:
        """Go on at the first line after ``until``; how many lines were left out.

        They are counted in the next ``most`` bytes; what is beyond is estimated by these.
        """
        begin, lines = self.offset, 0
        while self.offset < until and self.offset - begin < most:
            data = os.pread(self.descriptor, min(1 << 20, until - self.offset), self.offset)
            if not data:
                break
            lines += data.count(b"\n")
            self.offset += len(data)
        counted = max(1, self.offset - begin)
        beyond = max(0, until - self.offset)
        at = max(self.offset, until)
        self.begin_at(at)
        return lines + beyond * lines // counted + self._skipping


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _lines(data: bytes) -> tuple[str, ...]:
    text = data.decode("utf-8", "replace")
    if "\r" in text:
        return tuple(line.rstrip("\r") for line in text.split("\n"))
    return tuple(text.split("\n"))


def _kind(mode: int) -> str:
    names = (
        (stat.S_ISDIR, "a folder: name the files in it, as in folder/*.log"),
        (stat.S_ISFIFO, "a pipe, which gives each line to one reader alone"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((name for is_it, name in names if is_it(mode)), "no file")
