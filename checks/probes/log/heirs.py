"""What a log check leaves to the one that takes its place when the configuration is read anew.

It goes on where the other ended: no line between the two is lost or counted twice, windows and
counters go on, and what was held is held.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from checks.logs.reading import LogReader
from checks.probes.log.config import LogConfig
from checks.probes.log.digest import Digest

__all__ = ["Estate", "leave", "take"]

_WAITS: Final = 10.0
"""Seconds after which nobody takes it any more: the check has gone with the configuration."""

Key = tuple[str, str]
"""Name of the check, and the folder of its configuration."""


@dataclass(frozen=True, slots=True, eq=False)
class Estate:
    """A reader where it stands, and what was made of what it read."""

    config: LogConfig
    reader: LogReader
    digest: Digest
    left_at: float


_left: dict[Key, Estate] = {}


def leave(key: Key, config: LogConfig, reader: LogReader, digest: Digest) -> None:
    """Leave it to the next of that ``key``; else the files are closed after a while."""
    _settle()
    before = _left.pop(key, None)
    if before is not None:
        before.reader.close()
    _left[key] = Estate(config, reader, digest, time.monotonic())
    asyncio.get_running_loop().call_later(_WAITS + 1, _settle)


def take(key: Key, config: LogConfig) -> Estate | None:
    """What was left by a check of the same configuration; None where nothing was."""
    _settle()
    found = _left.pop(key, None)
    if found is not None and found.config != config:
        found.reader.close()
        return None
    return found


def _settle() -> None:
    """Close the files that nobody took."""
    now = time.monotonic()
    for key in [key for key, each in _left.items() if now - each.left_at > _WAITS]:
        _left.pop(key).reader.close()
