"""``php artisan health:check`` and ``monitor:queues`` as the guide's PHP has them, in Python.

A file ``artisan`` that runs this stands where Laravel's would, and knows its servers as Laravel
does by its ``.env``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pymysql
from redis.connection import Connection

__all__ = ["artisan", "main"]

QUEUES: Final = ("default", "high", "low", "webhooks", "emails")


def artisan(folder: Path, database: Mapping[str, str], redis: int) -> None:
    """Put it into ``folder``; ``database`` is how to connect, ``redis`` a port."""
    root = Path(__file__).parents[2]
    text = f"import os, sys; sys.path.insert(0, {str(root)!r})\n"
    text += f"os.environ['ARTISAN'] = {json.dumps({'mysql': dict(database), 'redis': redis})!r}\n"
    text += "from tests.examples.askproai_artisan import main\nsys.exit(main(sys.argv[1:]))\n"
    (folder / "artisan").write_text(text)


def _servers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(os.environ["ARTISAN"])
    return found


def main(words: list[str]) -> int:
    return {"health:check": _health, "monitor:queues": _queues}[words[0]]()


def _health() -> int:
    checks = {"database": _database(), "redis": _redis()}
    for name, (healthy, message) in checks.items():
        print(f"{name}: {'OK' if healthy else 'FAILED'} {message}")
    return 0 if all(healthy for healthy, _ in checks.values()) else 1


def _database() -> tuple[bool, str]:
    try:
        link = pymysql.connect(**_servers()["mysql"])
        began = time.perf_counter()
        with link.cursor() as cursor:
            cursor.execute("SELECT 1")
        took = (time.perf_counter() - began) * 1000
        link.close()
    except pymysql.Error as error:
        return False, str(error)
    return took < 100, "OK" if took < 100 else "Slow response"


def _redis() -> tuple[bool, str]:
    try:
        return _ask("PING") == b"PONG", "OK"
    except OSError as error:
        return False, str(error)


def _ask(*command: str) -> object:
    link = Connection(host="127.0.0.1", port=_servers()["redis"], protocol=2)  # type: ignore[no-untyped-call]
    link.send_command(*command)  # type: ignore[no-untyped-call]
    answer: object = link.read_response()
    link.disconnect()  # type: ignore[no-untyped-call]
    return answer


def _queues() -> int:
    for queue in QUEUES:
        size = _ask("LLEN", f"queues:{queue}")
        if isinstance(size, int) and size > 1000:
            print(f"Queue {queue} has {size} jobs pending")
    return 0
