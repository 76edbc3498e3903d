"""The slow log: its samples, and its newest entries as a table.

It costs the server most where it is long, so that the entries are read only when the
newest one's id has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from checks.expectations import seconds
from checks.model import SampleBuilder, Table
from checks.probes.redis.reply import as_count, as_text
from checks.secrets import MASK

__all__ = ["SlowEntry", "add_slowlog", "parse_entries", "slowlog_table"]

_ARGUMENTS: Final = 16
_ARGUMENT_LENGTH: Final = 64
_ACL_SIGNS: Final = "><#!"
_HAVE_SECRETS: Final[dict[str, tuple[str, ...]]] = {
    "auth": ("auth",),
    "hello": ("auth",),
    "migrate": ("auth",),
    "config": ("requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"),
    "acl": tuple(_ACL_SIGNS),
}
"""Command, and how the word begins after which, or at which, a credential stands."""


@dataclass(frozen=True, slots=True)
class SlowEntry:
    """One entry. ``time`` in seconds since 1970, ``duration`` in seconds."""

    id: int
    time: int
    duration: float
    command: str
    client: str


def parse_entries(reply: object) -> tuple[SlowEntry, ...]:
    """The entries in the reply to SLOWLOG GET, newest first; malformed ones are left out."""
    found = (_entry(row) for row in (reply if isinstance(reply, list) else ()))
    return tuple(entry for entry in found if entry is not None)


def _entry(row: object) -> SlowEntry | None:
    if not isinstance(row, list) or len(row) < 4 or not isinstance(row[3], list):
        return None
    number, when, micros = (as_count(cell) for cell in row[:3])
    if number is None or when is None or micros is None:
        return None
    # Since Redis 4: the client's address and its name.
    address, name = (as_text(row[at]) if len(row) > at else "" for at in (4, 5))
    client = f"{name} {address}".strip()
    return SlowEntry(number, when, micros / 1e6, _command(row[3]), client)


def _command(arguments: Sequence[object]) -> str:
    """The command as one line, cut to a bound, the credentials in it masked."""
    words = [as_text(argument)[: _ARGUMENT_LENGTH * 4] for argument in arguments[:_ARGUMENTS]]
    more = " …" if len(arguments) > _ARGUMENTS else ""
    name = words[0].lower() if words else ""
    if name not in _HAVE_SECRETS:
        return " ".join(map(_cut, words)) + more
    marks = _HAVE_SECRETS[name]
    first = next((at for at, word in enumerate(words) if word.lower().startswith(marks)), None)
    if first is None:
        return " ".join(map(_cut, words)) + more
    keep = first if words[first][0] in _ACL_SIGNS else first + 1
    return " ".join([*map(_cut, words[:keep]), MASK])


def _cut(word: str) -> str:
    return word if len(word) <= _ARGUMENT_LENGTH else f"{word[:_ARGUMENT_LENGTH]}…"


def add_slowlog(out: SampleBuilder, length: int, newest: SlowEntry | None) -> None:
    """Add the exporter's three figures; 0 for the newest entry of an empty log, as it does."""
    out.add("redis_slowlog_length", length)
    out.add("redis_slowlog_last_id", newest.id if newest else 0)
    out.add("redis_last_slow_execution_duration_seconds", newest.duration if newest else 0)


def slowlog_table(entries: Sequence[SlowEntry]) -> Table:
    """The entries as rows, newest first, times in local time."""
    rows = tuple(
        (_local(entry.time), seconds(entry.duration), entry.command, entry.client)
        for entry in entries
    )
    columns = ("time", "duration", "command", "client")
    return Table("Slow log", columns, rows, frozenset({"duration"}))


def _local(when: int) -> str:
    try:
        return f"{datetime.fromtimestamp(when, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return str(when)
