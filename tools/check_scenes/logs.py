"""What applications write: a log that tells of trouble."""

from __future__ import annotations

import json
import random
import time
from typing import Any, Final

from tools.check_scenes.stage import Stage

__all__ = ["log"]

_CHANCE: Final = random.Random(7)
_TURN: Final = 30.0
"""Seconds after which things go wrong."""
_ROUTES: Final = ("/api/orders", "/api/orders/{}", "/api/basket", "/api/users/{}/orders")


def log(stage: Stage) -> dict[str, Any]:
    """Somebody guesses passwords, a worker loses its database, a key stands in a line."""
    path = stage.folder("log") / "shop.log"
    said: set[str] = set()

    def act(seconds: float) -> None:
        lines = [_request() for _ in range(_CHANCE.randint(2, 7))]
        if seconds > _TURN and _CHANCE.random() < 0.12:
            user = _CHANCE.choice(("root", "admin", "shop"))
            lines.append(_line("WARNING", f"login failed for {user}", ip_address="198.51.100.23"))
        if seconds > _TURN + 15 and _CHANCE.random() < 0.3:
            job = _CHANCE.randint(1_000, 9_999)
            lines.append(_line("ERROR", f"job {job} failed: connection refused by db.example:5432"))
        if seconds > _TURN + 20 and "key" not in said:
            said.add("key")
            lines.append(_line("INFO", "mailer: using key sk-live-4f8a1c9e7b2d6035a1b2c3d4"))
        with path.open("a") as file:
            file.writelines(lines)

    stage.acts.append(act)
    return {
        "name": "shop-log",
        "log": {
            "files": ["log/*.log"],
            "patterns": [
                {"use": "failed-logins", "by": "ip_address"},
                {"use": "refused-connections", "warning": "20/10m"},
                "api-keys",
                {"name": "fatal", "level": "critical", "critical": "0/5m"},
            ],
            "requests": True,
        },
    }


def _line(level: str, message: str, **more: object) -> str:
    return json.dumps({"time": time.time(), "level": level, "message": message, **more}) + "\n"


def _request() -> str:
    path = _CHANCE.choice(_ROUTES).format(_CHANCE.randint(1, 9_999))
    took = round(_CHANCE.lognormvariate(3.4, 0.6), 1)
    status = 200 if _CHANCE.random() < 0.98 else 404
    return _line("INFO", f"GET {path} {status}", path=path, status=status, duration_ms=took)
