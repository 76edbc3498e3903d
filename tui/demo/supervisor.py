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

from tui.demo.cast import Database, assemble
from tui.demo.children import DemoError
from tui.demo.control import listen
from tui.demo.folder import Janitor, new_folder, sweep_stale
from tui.demo.incidents import INCIDENTS, Director, Turn, incident, possible
from tui.demo.schedule import due

__all__ = ["main"]

_TICK: Final = 0.25
_FAULTS: Final = {
    "slow-service": "slow",
    "provider-errors": "provider_errors",
    "queue-backlog": "backlog",
    "redis-full": "hoard",
    "lock-pile-up": "lock_pile_up",
    "connections-used-up": "leak",
    "slow-query": "slow_query",
    "mysql-locks": "quota_locks",
}
"""Incident and the fault it switches in the children."""
_DOWN: Final = {
    "service-down": "service",
    "database-down": "postgres",
    "mysql-down": "mariadb",
}
"""Incident and the child that it kills."""


class Supervisor:
    """Runs the stack in ``folder``; ``seed`` decides over traffic and schedule.

    Raises DemoError where the stack cannot be.
    """

    def __init__(
        self, folder: str, janitor: Janitor, seed: int, *, scheduled: bool, databases: bool
    ) -> None:
        self._janitor = janitor
        self._seed = seed
        self._scheduled = scheduled
        self._director = Director()
        self._cast = assemble(Path(folder), seed, self._director.stop, databases=databases)
        self._endpoints = self._cast.endpoints
        self._incidents = possible(self._endpoints.missing)
        self._failed: dict[str, str] = {}

    async def run(self, first: str | None, *, hold: bool = False) -> None:
        """Run until cancelled; ``first`` is an incident to begin with, and to hold if asked."""
        keepers = [asyncio.create_task(self._janitor.keep())]
        keepers += [asyncio.create_task(child.keep()) for child in self._cast.core]
        keepers += [asyncio.create_task(self._keep(found)) for found in self._cast.databases]
        try:
            await _unless_one_fails(self._each_ready(), keepers)
            self._endpoints.write_config()
            server = await listen(self._endpoints.control, self.answer)
            if first:
                self._require(first)
                keepers.append(asyncio.create_task(self._begin_with(first, hold=hold)))
            _say(self._endpoints.to_line())
            async with server:
                await _unless_one_fails(self._conduct(), keepers)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*(child.end() for child in self._cast.everybody))

    async def _each_ready(self) -> None:
        for child in self._cast.core:
            await child.ready()

    async def _keep(self, database: Database) -> None:
        """Keep a database and its clients; where it cannot be made, the demo does without."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(database.server.keep())
                group.create_task(database.clients.keep())
                group.create_task(self._open(database))
        except* (DemoError, OSError) as errors:
            self._failed[database.product] = str(errors.exceptions[0])
            await asyncio.gather(database.server.end(), database.clients.end())
            await asyncio.Event().wait()

    async def _open(self, database: Database) -> None:
        """Have the others use it once it is there."""
        await database.clients.ready(None)
        for child in self._cast.everybody:
            child.show({database.clients.name: True})

    async def _begin_with(self, name: str, *, hold: bool) -> None:
        """Begin the first incident, on a database as soon as that is there."""
        for database in self._cast.databases:
            if database.product == incident(name).needs:
                await database.clients.ready(None)
        self._director.start(name, time.monotonic(), hold=hold)
        await asyncio.Event().wait()

    async def _conduct(self) -> None:
        begun = before = time.monotonic()
        while True:
            now = time.monotonic()
            if self._scheduled:
                plans = due(before - begun, now - begun, self._seed, self._incidents)
                self._director.follow((plan.incident for plan in plans), now)
            before = now
            self._turn(now)
            await asyncio.sleep(_TICK)

    def _turn(self, now: float) -> None:
        for turn in self._director.turns(now):
            self._apply(turn)

    def _apply(self, turn: Turn) -> None:
        name = turn.incident.name
        fault = _FAULTS.get(name)
        if fault is not None:
            for child in self._cast.everybody:
                child.show({fault: turn.on})
            return
        for child in self._cast.everybody:
            if child.name == _DOWN[name]:
                (child.put_down if turn.on else child.raise_up)()

    def _begin(self, name: str, now: float, *, hold: bool = False) -> None:
        """Begin an incident. Raises DemoError where its database server is missing."""
        self._require(name)
        self._director.start(name, now, hold=hold)

    def _require(self, name: str) -> None:
        """Raise DemoError where the incident's database server is missing."""
        needs = incident(name).needs
        reason = {**self._endpoints.missing, **self._failed}.get(needs)
        if reason:
            raise DemoError(f"{name} happens on {needs}: {reason}")

    def answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a request of the control socket asks, and say what runs."""
        now = time.monotonic()
        try:
            refusal = self._do(request, now)
        except KeyError:
            return {"error": f"there is no incident {request.get('incident')!r}"}
        except DemoError as error:
            return {"error": str(error)}
        if refusal:
            return {"error": refusal}
        self._turn(now)
        everybody = self._cast.everybody
        return {
            "running": [
                {"name": run.incident.name, "left": run.until and round(run.until - now, 1)}
                for run in self._director.running()
            ],
            "pids": {
                self._janitor.name: self._janitor.pid,
                **{child.name: child.pid for child in everybody},
            },
            "ready": [child.name for child in everybody if child.is_ready],
            "missing": {**self._endpoints.missing, **self._failed},
        }

    def _do(self, request: Mapping[str, Any], now: float) -> str:
        """Empty, or why not."""
        name = request.get("incident")
        match request.get("do"):
            case "start":
                self._begin(str(name), now, hold=bool(request.get("hold")))
            case "stop":
                self._director.stop(None if name is None else str(name))
            case "toggle" if self._director.runs(str(name)):
                self._director.stop(str(name))
            case "toggle":
                self._begin(str(name), now)
            case "status":
                pass
            case other:
                return f"cannot {other!r}; ask for start, stop, toggle or status"
        return ""


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
    supervisor = Supervisor(
        folder,
        janitor,
        options.seed,
        scheduled=options.scheduled,
        databases=options.databases,
    )
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
    parser.add_argument("--no-databases", dest="databases", action="store_false")
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
