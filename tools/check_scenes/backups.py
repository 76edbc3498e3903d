"""Backups of a database, a night each."""

from __future__ import annotations

import gzip
import os
import random
import time
from typing import Any, Final

from tools.check_scenes.stage import Stage

__all__ = ["files"]

_CHANCE: Final = random.Random(11)
_NIGHTS: Final = 14
_DAY: Final = 86_400.0


def files(stage: Stage) -> dict[str, Any]:
    """Last night's dump was cut off, and an old one was never deleted."""
    folder = stage.folder("backups")
    last = time.time() - time.time() % _DAY + 7_320 - _DAY  # two minutes past two, UTC
    for night in (*range(_NIGHTS), 45):
        at = last - night * _DAY
        name = time.strftime("shop-%Y-%m-%d.sql.gz", time.gmtime(at))
        packed = gzip.compress(_dump(60_000 - 900 * night))
        path = folder / name
        path.write_bytes(packed[: len(packed) * 5 // 8] if night == 0 else packed)
        os.utime(path, (at, at))
    return {
        "name": "nightly",
        "files": {
            "path": "backups/*.sql.gz",
            "due": {"schedule": "0 2 * * *", "grace": "1d"},
            "shrinks": {"warning": "20%", "critical": "50%"},
            "oldest": {"warning": "31d"},
            "count": {"min": 7, "max": 30},
            "readable": True,
        },
    }


def _dump(rows: int) -> bytes:
    lines = [b"-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n"]
    lines += [b"INSERT INTO orders VALUES (%d,'%x');\n" % (row, _CHANCE.getrandbits(64))
              for row in range(rows)]  # fmt: skip
    return b"".join([*lines, b"-- Dump completed on 2026-11-27  2:00:07\n"])
