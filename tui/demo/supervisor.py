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
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tui.demo.cast import Database, assemble
from tui.demo.children import DemoError
from tui.demo.control import listen
from tui.demo.folder import Janitor, new_folder, sweep_stale
from tui.demo.incidents import INCIDENTS, Director, incident, possible
from tui.demo.operations import Operations
from tui.demo.schedule import due

__all__ = ["main"]

_TICK: Final = 0.25
_FURTHEST: Final = 86_400.0
"""Seconds by which the clock is advanced at once, at most."""
_REQUESTS: Final = ("start", "stop", "toggle", "status", "advance", "shop", "operate")


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
        self._operations = Operations()
        self._skipped = 0.0
        self._shown: dict[str, Any] = {}
        self._down: frozenset[str] = frozenset()
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
        self._director.start(name, self._now(), hold=hold)
        await asyncio.Event().wait()

    def _now(self) -> float:
        """The demo's clock, in seconds: the machine's, with what it was advanced by."""
        return time.monotonic() + self._skipped

    async def _conduct(self) -> None:
        begun = before = self._now()
        while True:
            now = self._now()
            if self._scheduled:
                plans = due(before - begun, now - begun, self._seed, self._incidents)
                self._director.follow((plan.incident for plan in plans), now)
            before = now
            self._turn(now)
            for child in self._cast.everybody:
                child.trim()
            await asyncio.sleep(_TICK)

    def _turn(self, now: float) -> None:
        """Begin and end what is due, and what somebody has mended; have the children follow."""
        for mended in self._operations.mended():
            self._director.stop(mended)
        for turn in self._director.turns(now):
            (self._operations.begin if turn.on else self._operations.end)(turn.incident.name)
        self._show()

    def _show(self) -> None:
        """Have the children do what the operations say by now."""
        faults = {**self._operations.faults(), "skipped": self._skipped}
        news = {name: on for name, on in faults.items() if self._shown.get(name) != on}
        down, restarted = self._operations.down, self._operations.restarted()
        for child in self._cast.everybody:
            if news:
                child.show(news)
            if child.name in down - self._down:
                child.put_down()
            elif child.name in self._down - down:
                child.raise_up()
            elif child.name in restarted:
                child.restart()
        self._shown, self._down = faults, down

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
        try:
            said = self._do(request)
        except KeyError:
            return {"error": f"there is no incident {request.get('incident')!r}"}
        except DemoError as error:
            return {"error": str(error)}
        now = self._now()
        self._turn(now)
        return {"said": said, **self._status(now), **self._shop(request)}

    def _status(self, now: float) -> Mapping[str, Any]:
        """What runs, and who does."""
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

    def _shop(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """What operators want to know: what there is, and what was done to it."""
        if request.get("do") not in ("operate", "shop"):
            return {}
        children = {child.name for child in self._cast.everybody}
        return {
            "shop": self._operations.rows(children),
            "history": [asdict(event) for event in self._operations.history],
            "redis_port": self._endpoints.redis_port,
        }

    def _do(self, request: Mapping[str, Any]) -> str:
        """What was done, where there is something to be said of it.

        Raises DemoError where it cannot be, KeyError where there is no such incident.
        """
        name = request.get("incident")
        match request.get("do"):
            case "start":
                self._begin(str(name), self._now(), hold=bool(request.get("hold")))
            case "stop":
                self._director.stop(None if name is None else str(name))
            case "toggle" if self._director.runs(str(name)):
                self._director.stop(str(name))
            case "toggle":
                self._begin(str(name), self._now(), hold=bool(request.get("hold")))
            case "advance":
                self._advance(request.get("seconds"))
            case "operate":
                wanted = (str(request.get(key) or "") for key in ("act", "name", "to"))
                return self._operations.do(*wanted)
            case "status" | "shop":
                pass
            case other:
                raise DemoError(f"cannot {other!r}; ask for {', '.join(_REQUESTS)}")
        return ""

    def _advance(self, seconds: object) -> None:
        """Have the demo's clock go on by so many seconds at once."""
        if not isinstance(seconds, int | float) or not 0 < seconds <= _FURTHEST:
            raise DemoError(f"give seconds to advance by, more than 0 and at most {_FURTHEST:g}")
        self._skipped += seconds


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
