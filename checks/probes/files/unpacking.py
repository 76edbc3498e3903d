"""Reads a compressed file through, to its checksum, within a budget; keeps its ends alone."""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final, Protocol

from checks.model import clean
from checks.probes.files.dumps import HEAD, TAIL, Ends

__all__ = ["FORMATS", "StoppedError", "Unpacked", "unpack", "unzip"]

FORMATS: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
"""First bytes of a compressed file, and what it is."""
_PIECE: Final = 262_144
_ENCRYPTED: Final = 0x1
"""The flag of a zip's member that has a password."""
_GROWN: Final = 10
"""How many times as much as the budget may come of it."""
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError,
    OverflowError, NotImplementedError, RuntimeError, OSError,
)  # fmt: skip
"""What the modules raise for octets that are not as they must be; OSError then has no number."""


class StoppedError(Exception):
    """Whoever wanted to know has gone."""


@dataclass(slots=True)
class Unpacked:
    """What came of reading it. ``wrong`` says why it is damaged; ``whole`` that it was read to its
    end; ``closed`` why nobody can tell."""

    head: bytes = b""
    tail: bytes = b""
    size: int = 0
    read: int = 0
    wrong: str = ""
    whole: bool = False
    closed: str = ""
    members: list[str] = field(default_factory=list)

    @property
    def ends(self) -> Ends:
        """Its content's beginning and end."""
        return Ends(self.head, self.tail if self.whole else None, self.size if self.whole else None)

    def add(self, data: bytes) -> None:
        if len(self.head) < HEAD:
            self.head = (self.head + data)[:HEAD]
        self.tail = (self.tail + data[-TAIL:])[-TAIL:]
        self.size += len(data)


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Gzip:
    """zlib's, with the face of the other two."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max(0, max_length))


_MAKE: Final[dict[str, Callable[[], _Gzip | bz2.BZ2Decompressor | lzma.LZMADecompressor]]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=256 << 20),
}


def unpack(file: IO[bytes], what: str, budget: int, stopped: Callable[[], bool]) -> Unpacked:
    """Read ``file``, which is ``what`` of :data:`FORMATS`, ``budget`` bytes of it at most.

    Raises:
        OSError: it cannot be read.
        StoppedError: ``stopped()`` says so.
    """
    got = Unpacked()
    make = _MAKE[what]
    stream = make()
    data = b""
    try:
        while True:
            if stopped():
                raise StoppedError
            if stream.eof:
                rest = _following(stream.unused_data, file, what, got)
                if not rest.startswith(_magic(what)):
                    # Padding of a tape, or something that every program leaves out.
                    got.whole = True
                    return got
                stream, data = make(), rest
            elif stream.needs_input:
                data = file.read(_PIECE)
                if not data:
                    got.wrong = "it ends in the middle: it was cut off"
                    return got
                got.read += len(data)
            got.add(stream.decompress(data, 1 << 20))
            data = b""
            if got.read > budget or got.size > _GROWN * budget:
                return got
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        got.wrong = _damaged(error)
        return got


def _following(rest: bytes, file: IO[bytes], what: str, got: Unpacked) -> bytes:
    """What comes after a stream's end, of which ``rest`` was read with it: enough of it to see
    whether another stream begins, whose first bytes may lie in two pieces.
    """
    if len(rest) < len(_magic(what)):
        more = file.read(_PIECE)
        got.read += len(more)
        rest += more
    return rest.lstrip(b"\0")


def _damaged(error: Exception) -> str:
    """A damaged archive's names and octets may stand in what its module says."""
    return f"it is damaged: {clean(error, 120)}"


def _magic(what: str) -> bytes:
    return next(magic for magic, name in FORMATS if name == what)


def unzip(file: IO[bytes], budget: int, stopped: Callable[[], bool]) -> Unpacked:
    """As :func:`unpack`, of a zip archive: its directory, and what is in it with its checksums."""
    got = Unpacked()
    try:
        with zipfile.ZipFile(file) as archive:
            got.members = archive.namelist()
            if any(member.flag_bits & _ENCRYPTED for member in archive.infolist()):
                got.closed = "it is encrypted; unzip -t with its password tells whether it is whole"
                return got
            for member in archive.infolist():
                with archive.open(member) as content:
                    while piece := content.read(_PIECE):
                        if stopped():
                            raise StoppedError
                        if len(got.members) == 1:
                            got.add(piece)
                        else:
                            got.size += len(piece)
                        # Members follow one another as they are read.
                        got.read = max(got.read, file.tell())
                        if got.read > budget or got.size > _GROWN * budget:
                            return got
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        got.wrong = _damaged(error)
        return got
    got.whole = True
    return got
