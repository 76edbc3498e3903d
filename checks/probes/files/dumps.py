"""What dumps are, and whether they are whole, as far as their first and last bytes tell."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from checks.model import clean

__all__ = ["HEAD", "TAIL", "Ends", "Seen", "seen"]

HEAD: Final = 2_048
TAIL: Final = 8_192
"""Bytes that are looked at of a content's beginning and end."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The beginning of a content and its end; ``tail`` is None where it was not read to its end,
    ``size`` is its bytes as far as known."""

    head: bytes
    tail: bytes | None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a content is. ``wrong`` says why it is not whole, empty where nothing speaks against
    it."""

    what: str
    wrong: str = ""


def seen(ends: Ends) -> Seen | None:
    """What it is; None where it is of no known format."""
    for look in _LOOKS:
        found = look(ends)
        if found is not None:
            return found
    return None


def _cut_off(what: str, missing: str) -> Seen:
    return Seen(what, f"its end is missing ({missing}): the dump was cut off")


_MYSQL = re.compile(rb"-- (MySQL|MariaDB) dump ")
_POSTGRES = re.compile(rb"-- PostgreSQL database (cluster )?dump\b")
_COMPLAINT = re.compile(rb"(?:mysqldump|mariadb-dump|pg_dump|pg_dumpall|mongodump|sh|bash): [^\n]*")


def _complaint(ends: Ends) -> Seen | None:
    """The dump's program could not do it, and its complaint was kept for the dump."""
    found = _COMPLAINT.match(ends.head)
    if found is None:
        return None
    said = clean(found[0].decode("utf-8", "replace"), 200)
    return Seen("no dump", f"it holds no dump but a complaint: {said}")


def _mysql(ends: Ends) -> Seen | None:
    found = _MYSQL.search(ends.head)
    if found is None:
        return None
    what = f"{found[1].decode()} dump"
    if ends.tail is not None and b"-- Dump completed" not in ends.tail:
        return _cut_off(what, "-- Dump completed")
    return Seen(what)


def _postgres(ends: Ends) -> Seen | None:
    found = _POSTGRES.search(ends.head)
    if found is None:
        return None
    what = "PostgreSQL cluster dump" if found[1] else "PostgreSQL dump"
    end = b"-- PostgreSQL database cluster dump complete" if found[1] else (
        b"-- PostgreSQL database dump complete"
    )  # fmt: skip
    if ends.tail is not None and end not in ends.tail:
        return _cut_off(what, end.decode())
    return Seen(what)


def _custom(ends: Ends) -> Seen | None:
    """pg_dump's own format: only pg_restore knows whether it is whole."""
    if not ends.head.startswith(b"PGDMP"):
        return None
    if len(ends.head) < 11:
        return Seen("pg_dump archive", "there is nothing after its first bytes")
    return Seen("pg_dump archive (its beginning is right; try pg_restore --list for the rest)")


def _sqlite(ends: Ends) -> Seen | None:
    """https://www.sqlite.org/fileformat2.html, 1.3: size of a page, and how many there are."""
    if not ends.head.startswith(b"SQLite format 3\0") or len(ends.head) < 100:
        return None
    page = struct.unpack_from(">H", ends.head, 16)[0]
    pages = struct.unpack_from(">I", ends.head, 28)[0]
    expected = (65_536 if page == 1 else page) * pages
    if ends.size is not None and pages and ends.size < expected:
        return Seen(
            "SQLite database", f"it has {ends.size:,} of {expected:,} bytes: it was cut off"
        )
    return Seen("SQLite database")


def _redis(ends: Ends) -> Seen | None:
    """An RDB file ends with 0xFF and, since version 5, eight bytes of a checksum."""
    found = re.match(rb"REDIS(\d{4})", ends.head)
    if found is None:
        return None
    what = "Redis database"
    if ends.tail is not None and int(found[1]) >= 5 and ends.tail[-9:-8] != b"\xff":
        return _cut_off(what, "the end mark and checksum of an RDB file")
    return Seen(what)


def _tar(ends: Ends) -> Seen | None:
    """A tar archive ends with two blocks of zeros (POSIX, pax)."""
    if ends.head[257:262] != b"ustar":
        return None
    if ends.tail is not None and ends.tail[-1_024:].strip(b"\0"):
        return _cut_off("tar archive", "two blocks of zeros")
    return Seen("tar archive")


def _mongo(ends: Ends) -> Seen | None:
    """mongodump --archive: a magic number, and a terminator at its end."""
    if not ends.head.startswith(b"\x6d\xe2\x99\x81"):
        return None
    if ends.tail is not None and not ends.tail.endswith(b"\xff\xff\xff\xff"):
        return _cut_off("MongoDB archive", "the terminator")
    return Seen("MongoDB archive")


_JSON = re.compile(rb'\s*(?:\{\s*["}]|\[\s*["{\[\]])')
"""How an object begins, or an array of what is worth a dump: ``[mysqld]`` and a log's
``[2026-11-27 …]`` are none."""


def _json(ends: Ends) -> Seen | None:
    if _JSON.match(ends.head) is None:
        return None
    head = ends.head.lstrip()
    if ends.tail is not None and ends.tail.rstrip()[-1:] != (b"}" if head[:1] == b"{" else b"]"):
        return _cut_off("JSON", "the last brace")
    return Seen("JSON")


_LOOKS: Final[tuple[Callable[[Ends], Seen | None], ...]] = (
    _complaint, _mysql, _postgres, _custom, _sqlite, _redis, _tar, _mongo, _json,
)  # fmt: skip
