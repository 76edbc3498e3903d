"""How the demo is told what shall go wrong: a line of JSON each way over a Unix socket.

Requests: ``{"do": "status"}``, ``{"do": "start", "incident": NAME, "hold": BOOL}``,
``{"do": "stop", "incident": NAME}`` (all of them without a name), ``{"do": "toggle",
"incident": NAME, "hold": BOOL}``, ``{"do": "advance", "seconds": NUMBER}``. The answer holds what
runs afterwards, or an ``error``. What is held lasts until somebody has mended it.

``shopctl`` asks for more: ``{"do": "shop"}`` and ``{"do": "operate", "act": …, "name": …, "to":
…}``, see :class:`~tui.demo.operations.Operations`.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui.demo.children import DemoError

__all__ = ["Control", "Ongoing", "listen"]

_PATIENCE: Final = 2.0

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


async def listen(path: Path, answer: Answer) -> asyncio.Server:
    """Answer the requests that come to the socket ``path``."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(_answer(line, answer)).encode() + b"\n")
                await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(connected, path)


def _answer(line: bytes, answer: Answer) -> Mapping[str, Any]:
    try:
        request = json.loads(line)
    except ValueError:
        return {"error": "send one JSON object a line"}
    if not isinstance(request, dict):
        return {"error": "send one JSON object a line"}
    return answer(request)


@dataclass(frozen=True, slots=True)
class Ongoing:
    """An incident under way; ``left`` seconds, None while it is held."""

    name: str
    left: float | None


class Control:
    """The other end: asks the supervisor whose socket is ``path``; callable from any thread."""

    def __init__(self, path: Path, patience: float = _PATIENCE) -> None:
        self._path = path
        self._patience = patience

    def within(self, seconds: float) -> Control:
        """The same, for callers who can wait no longer than ``seconds`` for an answer."""
        return Control(self._path, seconds)

    def start(self, name: str, *, hold: bool = False) -> tuple[Ongoing, ...]:
        """Begin an incident. Raises DemoError, as all here do."""
        return self._ask({"do": "start", "incident": name, "hold": hold})

    def stop(self, name: str | None = None) -> tuple[Ongoing, ...]:
        """End an incident, or all of them."""
        return self._ask({"do": "stop", "incident": name})

    def toggle(self, name: str, *, hold: bool = False) -> tuple[Ongoing, ...]:
        """End an incident that runs, begin one that does not."""
        return self._ask({"do": "toggle", "incident": name, "hold": hold})

    def advance(self, seconds: float) -> tuple[Ongoing, ...]:
        """Have the demo's clock go on by so many seconds at once."""
        return self._ask({"do": "advance", "seconds": seconds})

    def operate(self, act: str, name: str, to: str = "") -> str:
        """Do what ``shopctl`` does: a sentence of what was done."""
        return str(self._answer({"do": "operate", "act": act, "name": name, "to": to})["said"])

    def status(self) -> tuple[Ongoing, ...]:
        """What runs."""
        return self._ask({"do": "status"})

    def processes(self) -> Mapping[str, int]:
        """The process ids of the servers that run now, by name; and the janitor's."""
        pids = self._answer({"do": "status"})["pids"]
        return {name: pid for name, pid in pids.items() if pid is not None}

    def ready(self) -> frozenset[str]:
        """The names of the children that do their work now."""
        return frozenset(map(str, self._answer({"do": "status"})["ready"]))

    def missing(self) -> Mapping[str, str]:
        """The database servers that the demo does without, and why."""
        return dict(self._answer({"do": "status"})["missing"])

    def _ask(self, request: Mapping[str, Any]) -> tuple[Ongoing, ...]:
        running = self._answer(request)["running"]
        return tuple(Ongoing(str(run["name"]), run["left"]) for run in running)

    def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = json.loads(self._exchange(json.dumps(request).encode() + b"\n"))
        except (OSError, ValueError) as error:
            raise DemoError(f"the demo's supervisor does not answer: {error}") from None
        if "error" in answer:
            raise DemoError(str(answer["error"]))
        return dict(answer)

    def _exchange(self, line: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(self._patience)
            link.connect(str(self._path))
            link.sendall(line)
            with link.makefile("rb") as answers:
                return answers.readline()
