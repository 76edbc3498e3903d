"""The process that the demo's servers are children of.

Its standard input is a pipe that the command holds: its end, by whatever death of the
command, is the end of the demo. It prints one line on standard output: where the servers
are once they answer, or an error.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tui.demo import redis_server
from tui.demo.children import Child, DemoError, module
from tui.demo.control import listen
from tui.demo.endpoints import Endpoints, free_ports
from tui.demo.incidents import INCIDENTS, Director, Turn
from tui.demo.schedule import due

__all__ = ["main"]

_PREFIX: Final = "onwatch-demo-"
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

    def __init__(self, endpoints: Endpoints, seed: int, *, scheduled: bool) -> None:
        self._endpoints = endpoints
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
        keepers = [asyncio.create_task(child.keep()) for child in self._children]
        try:
            await self._all_ready(keepers)
            self._endpoints.write_config()
            server = await listen(self._endpoints.control, self.answer)
            if first:
                self._director.start(first, time.monotonic(), hold=hold)
            _say(self._endpoints.to_line())
            async with server:
                await self._conduct()
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*(child.end() for child in self._children))

    async def _all_ready(self, keepers: Sequence[asyncio.Task[None]]) -> None:
        ready = asyncio.create_task(self._each_ready())
        done, _ = await asyncio.wait((ready, *keepers), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _each_ready(self) -> None:
        for child in self._children:
            await child.ready()

    async def _conduct(self) -> None:
        begun = before = time.monotonic()
        while True:
            now = time.monotonic()
            if self._scheduled:
                for plan in due(before - begun, now - begun, self._seed):
                    self._director.start(plan.incident.name, now)
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
                case "status":
                    pass
                case other:
                    return {"error": f"cannot {other!r}; ask for start, stop or status"}
        except KeyError:
            return {"error": f"there is no incident {name!r}"}
        self._turn(now)
        return {
            "running": [
                {"name": run.incident.name, "left": run.until and round(run.until - now, 1)}
                for run in self._director.running()
            ],
            "pids": {child.name: child.pid for child in self._children},
        }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _keep_janitor(folder: str, started: asyncio.Event) -> None:
    """Have a janitor at all times: one that is killed is followed by another."""
    while True:
        janitor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(Path(__file__).with_name("janitor.py"))),
            *(str(os.getpgrp()), folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        started.set()
        await janitor.wait()


async def _command_gone() -> None:
    """Return when the command that holds the other end of standard input is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def _supervise(folder: str, options: argparse.Namespace) -> None:
    """Run the stack until the command is gone or a signal comes."""
    swept = asyncio.Event()
    janitor = asyncio.create_task(_keep_janitor(folder, swept))
    await swept.wait()
    endpoints = Endpoints(folder, *free_ports(2))
    supervisor = Supervisor(endpoints, options.seed, scheduled=options.scheduled)
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
        janitor.cancel()


def _new_folder() -> tuple[str, int]:
    """A folder of our own, and the lock in it that says that we live."""
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    lock = os.open(Path(folder) / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def sweep_stale() -> None:
    """Remove folders of this user's demos that were killed together with their janitor."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.lstat().st_uid != os.getuid() or not folder.is_dir():
                continue
            lock = os.open(folder / "lock", os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


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
    folder, _lock = _new_folder()
    try:
        asyncio.run(_supervise(folder, options))
    except (DemoError, OSError) as error:
        _say(json.dumps({"error": str(error)}))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
