"""The log of one of the demo's programs: a JSON object a line, in a file of bounded size."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

__all__ = ["FOLDER", "SLOW", "AppLog", "Level"]

FOLDER: Final = "logs"
"""In the demo's folder; a file of a program there is called as operators call the program."""
SLOW: Final = 1.0
"""Seconds; what takes longer is a warning."""

Level: TypeAlias = Literal["info", "warning", "error"]

_LARGEST: Final = 2_000_000
"""Bytes of a file; with the one before it a program's log takes twice as much."""


class AppLog:
    """Writes ``name``.log in the demo's ``folder``; a large one is renamed to ``name``.log.1.

    A disk that takes no line holds up nobody: what was to be said is lost.
    """

    def __init__(self, folder: Path, name: str, largest: int = _LARGEST) -> None:
        self._path = folder / FOLDER / f"{name}.log"
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._largest = largest

    def say(self, level: Level, message: str, **fields: object) -> None:
        """Write a record; ``fields`` that are None are left out."""
        told = {key: value for key, value in fields.items() if value is not None}
        line = json.dumps({"time": _now(), "level": level, "message": message, **told})
        with suppress(OSError):
            with self._path.open("ab") as file:
                file.write(line.encode() + b"\n")
                size = file.tell()
            if size > self._largest:
                self._path.rename(self._path.with_name(f"{self._path.name}.1"))


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
