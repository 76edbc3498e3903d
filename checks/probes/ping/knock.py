"""The stand-in where ICMP is not permitted: TCP connections, accepted or refused.

A refusal comes from the host itself and tells of the way there as much as an acceptance.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from typing import Final

from checks.dial import socket_address
from checks.errors import TargetError
from checks.probes.ping.echo import Round, said_by

__all__ = ["USUAL_PORTS", "Knocker"]

USUAL_PORTS: Final = (443, 80, 22)


class Knocker:
    """Knocks at one port; at all the usual ones until one of them has answered.

    ``port`` is the one that answers, None while none is known.
    """

    def __init__(self, port: int | None) -> None:
        self._given = port
        self.port = port

    async def knocks(
        self, family: int, address: str, pace: tuple[int, float, float], done: Round
    ) -> None:
        """As :func:`checks.probes.ping.echo.echoes`, by TCP."""
        count, spacing, patience = pace
        ending = asyncio.get_running_loop().time() + patience
        tasks: list[asyncio.Task[None]] = []
        try:
            for number in range(count):
                done.trips.append(None)
                ports = USUAL_PORTS if self.port is None else (self.port,)
                tasks += [
                    asyncio.create_task(self._knock(family, address, port, number, done))
                    for port in ports
                ]
                if number + 1 < count:
                    await asyncio.sleep(spacing)
            await self._wait(tasks, ending, count, done)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        if not done.answered:
            self.port = self._given
            for outcome in outcomes:
                if isinstance(outcome, OSError):
                    raise TargetError("unreachable", said_by(outcome))

    async def _wait(
        self, tasks: list[asyncio.Task[None]], ending: float, count: int, done: Round
    ) -> None:
        loop = asyncio.get_running_loop()
        waiting = set(tasks)
        while waiting and len(done.answered) < count and loop.time() < ending:
            _, waiting = await asyncio.wait(
                waiting,
                timeout=max(0.0, ending - loop.time()),
                return_when=asyncio.FIRST_COMPLETED,
            )

    async def _knock(self, family: int, address: str, port: int, number: int, done: Round) -> None:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            began = time.perf_counter()
            try:
                await asyncio.get_running_loop().sock_connect(
                    sock, socket_address(family, address, port)
                )
            except OSError as error:
                if error.errno != errno.ECONNREFUSED:
                    done.error = done.error or said_by(error)
                    raise
            trip = time.perf_counter() - began
        if self.port is None:
            self.port = port
        if done.trips[number] is None:
            done.trips[number] = trip
