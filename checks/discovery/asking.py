"""Asking sockets what they are, all at once, within a bound; each that has said it once only."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Sequence
from typing import Final

from checks.discovery.greetings import Talk, ask
from checks.discovery.model import Web, local_host
from checks.discovery.owners import Endpoint
from checks.discovery.programs import Role
from checks.discovery.web import look

__all__ = ["TRIES", "Answered", "Asker"]

MOST: Final = 64
"""Sockets that are asked in one pass."""
TRIES: Final = 3
"""Passes after which a socket that says nothing is left alone."""


class Answered:
    """What came of asking a socket, over all passes; it is asked no more once ``settled``."""

    __slots__ = ("connected", "host", "role", "settled", "tries", "web")

    def __init__(self) -> None:
        self.host = ""
        self.connected = False
        self.role: Role | None = None
        self.web: Web | None = None
        self.settled = False
        self.tries = 0

    def hear(self, talk: Talk) -> None:
        """Take in what one talk brought."""
        self.tries += 1
        self.connected = talk.connected
        self.role = talk.role or self.role
        self.web = talk.web or self.web
        told = self.web is not None and self.web.status != 0
        self.settled = told or self.role not in {None, Role.HTTP} or self.tries >= TRIES


class Asker:
    """Remembers what sockets have said; a socket is the same for as long as its inodes are."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], Answered] = {}

    async def ask(self, wanted: Sequence[tuple[Endpoint, Role]], until: float) -> list[Answered]:
        """What is known of each by ``until`` (of ``time.monotonic``), in the same order."""
        keys = [tuple(sorted(one.inode for one in endpoint.listeners)) for endpoint, _ in wanted]
        self._known = {key: self._known.get(key) or Answered() for key in keys}
        answers = [self._known[key] for key in keys]
        tasks = [
            asyncio.create_task(_ask(endpoint, role, answer))
            for (endpoint, role), answer in zip(wanted, answers, strict=True)
            if not answer.settled
        ][:MOST]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=max(0.0, until - time.monotonic()))
            for task in late:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome
        return answers


def _hosts(endpoint: Endpoint) -> list[str]:
    """Where to reach the port: a socket bound to ``::`` may take IPv4 as well, or not."""
    hosts = (local_host(endpoint.listeners, apart=apart) for apart in (False, True))
    return list(dict.fromkeys(hosts))


async def _ask(endpoint: Endpoint, role: Role, answer: Answered) -> None:
    talk = Talk()
    try:
        for answer.host in _hosts(endpoint):
            with contextlib.suppress(OSError, ssl.SSLError):
                if role is Role.RELAY:
                    await ask(answer.host, endpoint.port, talk)
                if talk.role in {None, Role.HTTP}:
                    await look(answer.host, endpoint.port, talk)
            if talk.connected:
                break
    finally:
        # Also where the time was up: what has been heard so far is worth something.
        answer.hear(talk)
