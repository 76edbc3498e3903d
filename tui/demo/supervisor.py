"""The process that the demo's servers are children of.

Its standard input is a pipe that the command holds: its end, by whatever death of the
command, is the end of the demo. It prints one line on standard output: where the servers
are once they answer, or an error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tui.demo import redis_server
from tui.demo.children import Child, DemoError, module
from tui.demo.control import listen
from tui.demo.endpoints import Endpoints, free_ports
from tui.demo.folder import Janitor, new_folder, sweep_stale
from tui.demo.incidents import INCIDENTS, Director, Turn
from tui.demo.schedule import due

__all__ = ["main"]

_TICK: Final = 0.25
_FAULTS: Final = {
    "slow-service": "slow",
    "provider-errors": "provider_errors",
    "queue-backlog": "backlog",
    "redis-full": "hoard",
}
"""Incident and the fault it switches in the children."""


class Supervisor:
    """Runs the stack in ``folder``; ``seed`` decides over traffic and schedule."""

    def __init__(
        self, endpoints: Endpoints, janitor: Janitor, seed: int, *, scheduled: bool
    ) -> None:
        self._endpoints = endpoints
        self._janitor = janitor
        self._seed = seed
        self._scheduled = scheduled
        self._director = Director()
        folder = Path(endpoints.folder)
        http, redis = endpoints.http_port, endpoints.redis_port
        binary = redis_server.find()
        self._service = Child(
            "service",
            module("service", str(http), str(redis), str(endpoints.database), str(seed)),
            folder,
        )
        self._children = (
            Child(
                "redis",
                redis_server.command(binary, redis, folder),
                folder,
                answers=lambda: redis_server.answers(redis),
            ),
            self._service,
            Child("workers", module("workers", str(redis), str(seed)), folder),
            Child("traffic", module("traffic", str(http), str(seed)), folder),
        )

    async def run(self, first: str | None, *, hold: bool = False) -> None:
        """Run until cancelled; ``first`` is an incident to begin with, and to hold if asked."""
        keepers = [asyncio.create_task(kept.keep()) for kept in (self._janitor, *self._children)]
        try:
            await _unless_one_fails(self._each_ready(), keepers)
            self._endpoints.write_config()
            server = await listen(self._endpoints.control, self.answer)
            if first:
                self._director.start(first, time.monotonic(), hold=hold)
            _say(self._endpoints.to_line())
            async with server:
                await _unless_one_fails(self._conduct(), keepers)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*(child.end() for child in self._children))

    async def _each_ready(self) -> None:
        for child in self._children:
            await child.ready()

    async def _conduct(self) -> None:
        begun = before = time.monotonic()
        while True:
            now = time.monotonic()
            if self._scheduled:
                plans = due(before - begun, now - begun, self._seed)
                self._director.follow((plan.incident for plan in plans), now)
            before = now
            self._turn(now)
            await asyncio.sleep(_TICK)

    def _turn(self, now: float) -> None:
        for turn in self._director.turns(now):
            self._apply(turn)

    def _apply(self, turn: Turn) -> None:
        fault = _FAULTS.get(turn.incident.name)
        if fault is not None:
            for child in self._children:
                child.show({fault: turn.on})
        elif turn.on:
            self._service.put_down()
        else:
            self._service.raise_up()

    def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a request of the control socket asks, and say what runs."""
        now = time.monotonic()
        name = request.get("incident")
        try:
            match request.get("do"):
                case "start":
                    self._director.start(str(name), now, hold=bool(request.get("hold")))
                case "stop":
                    self._director.stop(None if name is None else str(name))
                case "toggle":
                    self._director.toggle(str(name), now)
                case "status":
                    pass
                case other:
                    return {"error": f"cannot {other!r}; ask for start, stop, toggle or status"}
        except KeyError:
            return {"error": f"there is no incident {name!r}"}
        self._turn(now)
        return {
            "running": [
                {"name": run.incident.name, "left": run.until and round(run.until - now, 1)}
                for run in self._director.running()
            ],
            "pids": {kept.name: kept.pid for kept in (self._janitor, *self._children)},
        }


async def _unless_one_fails(
    work: Coroutine[Any, Any, None], others: Sequence[asyncio.Task[None]]
) -> None:
    """Do ``work``, ended by the error of any of ``others``."""
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait((task, *others), return_when=asyncio.FIRST_COMPLETED)
        for ended in done:
            ended.result()
    finally:
        task.cancel()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _command_gone() -> None:
    """Return when the command that holds the other end of standard input is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def _supervise(folder: str, options: argparse.Namespace) -> None:
    """Run the stack until the command is gone or a signal comes."""
    janitor = Janitor(folder)
    await janitor.hire()
    endpoints = Endpoints(folder, *free_ports(2))
    supervisor = Supervisor(endpoints, janitor, options.seed, scheduled=options.scheduled)
    work = asyncio.create_task(supervisor.run(options.incident, hold=options.hold))
    gone = asyncio.create_task(_command_gone())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, gone.cancel)
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo's servers; the exit code."""
    parser = argparse.ArgumentParser(prog="supervisor", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-incidents", dest="scheduled", action="store_false")
    parser.add_argument("--incident", choices=[known.name for known in INCIDENTS])
    parser.add_argument("--hold", action="store_true")
    options = parser.parse_args(arguments)
    if os.getsid(0) != os.getpid():
        parser.error("this is started by `onwatch demo`, in a session of its own")
    sweep_stale()
    try:
        folder, _lock = new_folder()
        asyncio.run(_supervise(folder, options))
    except (DemoError, OSError) as error:
        _say(json.dumps({"error": str(error)}))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
