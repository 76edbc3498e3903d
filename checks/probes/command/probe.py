"""One run of a command: its turn, its environment, its start, its output, its end."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from checks.errors import TargetError
from checks.expectations import seconds
from checks.lanes import LaneBusyError
from checks.model import Result, Status
from checks.probe import PROGRAMS_AT_ONCE, Target
from checks.probes.command.child import FLOOD, GRACE, Child
from checks.probes.command.config import CommandConfig, masked, secret_arguments
from checks.probes.command.environment import minimal
from checks.probes.command.guard import GUARD
from checks.probes.command.program import Launch, NoSuchProgramError, Plan
from checks.probes.command.report import Patterns, Run, said_so_far, told
from checks.secrets import is_secret_value, url_secrets
from checks.turns import Turn, Turns

__all__ = ["CommandProbe"]

_LONG: Final = 1.0
"""Seconds after which a program leaves its turn to another, as long as few do."""
_LOOK: Final = 0.05
"""Seconds between looks at a program that runs for the first time."""
_USUAL: Final = 16
"""How many may wait for their first run without those before them being hurried."""
_LATE: Final = 0.9
"""Share of a run's time after which a turn comes too late."""
_CLOSING: Final = 0.35
"""Seconds that closing may take; the engine waits for half a second."""


class _Passing:
    """Has a turn passed on once its program has gone on for long; for the first time the sooner,
    the more others wait for their first time, as long as it does nothing but wait.
    """

    def __init__(self, turns: Turns, turn: Turn, probe: CommandProbe) -> None:
        self._turns = turns
        self._turn = turn
        self._probe = probe
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._next = self._loop.call_later(_LOOK if turn.is_new else _LONG, self._look)

    def _look(self) -> None:
        took = self._loop.time() - self._began
        crowd = max(0, self._turns.new_waiting - _USUAL)
        enough = _LONG / (1 + crowd / 4)
        if took >= _LONG or (took >= enough and self._probe.waits):
            self._turns.pass_on(self._turn)
        else:
            self._next = self._loop.call_later(_LOOK, self._look)

    def cancel(self) -> None:
        self._next.cancel()


class CommandProbe:
    """Runs the program anew each time; nothing of a run outlives it but its own ending."""

    def __init__(self, config: CommandConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._program = config.address()
        self._lane = f"command {target.name}"
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)
        self._patterns = Patterns.of(config)
        self._shown = " ".join(masked(config.argv))
        self._waited = 0.0
        self._guarded = False
        self._launch: Launch | None = None
        self._child: Child | None = None
        self._ending: asyncio.Task[None] | None = None
        masker = target.env.masker
        for _, value in secret_arguments(config.argv):
            masker.learn(value)
        for argument in config.argv:
            for secret in url_secrets(argument):
                masker.learn(secret)

    async def run(self) -> Result:
        """Run the program once, at most for the target's timeout."""
        # What the run waits for is said where it waits in vain.
        waiting = "previous"
        loop = asyncio.get_running_loop()
        self._waited = 0.0
        try:
            async with asyncio.timeout(self._patience):
                await self._previous_run()
                waiting = "environment"
                environment = await self._environment()
                waiting = "turn"
                async with self._turn():
                    # Who gets a turn at the last moment was kept waiting by the others.
                    waiting = "turn" if self._waited > _LATE * self._patience else "start"
                    began = loop.time()
                    self._child = await self._start(environment)
                    waiting = "end" if waiting == "start" else waiting
                    return await self._watched(self._child, began)
        except TimeoutError:
            return self._too_late(waiting)
        except LaneBusyError:
            return self._too_late("start")
        except NoSuchProgramError as error:
            return self._ours(error.reason, str(error), ("PATH", error.path))
        except TargetError as error:
            return self._ours(error.reason, str(error))
        finally:
            self._begin_ending()

    async def close(self) -> None:
        """End what runs, and do not wait long for it."""
        self._begin_ending()
        try:
            await self._see_ended()
        finally:
            # Also where nobody waits for it any longer.
            if self._child is not None:
                self._child.hurry()
            self._target.env.lanes.drop(self._lane)
            if self._guarded:
                self._guarded = False
                await GUARD.leave()

    async def _see_ended(self) -> None:
        if self._launch is not None:
            await self._launch.seen_off(_CLOSING)
        ending, child = self._ending, self._child
        if ending is not None and child is not None:
            await asyncio.wait({ending}, timeout=_CLOSING / 2)
            child.hurry()
            await asyncio.wait({ending}, timeout=_CLOSING / 2)
            ending.cancel()
            await asyncio.wait({ending}, timeout=0.05)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """A turn, and whether it was long or in vain: programs that hang have fewer of them."""
        turns, loop = self._target.env.turns, asyncio.get_running_loop()
        asked = loop.time()
        turn = await turns.take(self._target.name)
        self._waited = loop.time() - asked
        passing = _Passing(turns, turn, self)
        hung: bool | None = False
        try:
            yield
        except (asyncio.CancelledError, LaneBusyError):
            hung = True if self._waited <= _LATE * self._patience else None
            raise
        finally:
            passing.cancel()
            turns.end(turn, hung=hung)

    @property
    def waits(self) -> bool:
        """Whether the program that runs only waits for something."""
        return self._child is not None and self._child.waits

    async def _previous_run(self) -> None:
        """Let the end of the run before come to its end: no two runs at once."""
        if self._ending is not None:
            await asyncio.wait({self._ending})
            self._ending = self._child = None

    def _begin_ending(self) -> None:
        """Have what still runs be ended, without waiting for it."""
        if self._child is not None and self._ending is None:
            name = f"end {self._target.name}"
            self._ending = asyncio.create_task(self._child.end(GRACE), name=name)

    async def _environment(self) -> dict[str, str]:
        env, made = self._target.env, minimal()
        for name, source in self._config.env.items():
            # A word in clear such as MODE: fast is no secret, and not to be masked everywhere.
            plain = isinstance(source, str) and not is_secret_value(name, source)
            made[name] = str(source) if plain else await env.secret(source)
        return made

    async def _start(self, environment: dict[str, str]) -> Child:
        env = self._target.env
        base = env.base_dir.absolute()
        cwd = env.path(self._config.cwd).absolute() if self._config.cwd else base
        if not self._guarded:
            self._guarded = True
            GUARD.join()
        launch = self._launch = Launch(Plan(tuple(self._config.argv), environment, cwd, base))
        try:
            process = await env.lanes.run(self._lane, launch)
        except asyncio.CancelledError:
            started = launch.abandon()
            if started is not None:
                self._child = self._made(started)
            raise
        return self._made(process)

    def _made(self, process: subprocess.Popen[bytes]) -> Child:
        return Child(process, self._config.max_output)

    async def _watched(self, child: Child, began: float) -> Result:
        """The outcome of a run that comes to its end and ``began`` at that time of the loop."""
        ended = await child.ended()
        self._child = None
        run = Run(
            self._program,
            ended.code,
            bytes(child.out.data),
            bytes(child.err.data),
            duration=asyncio.get_running_loop().time() - began,
            cpu=ended.cpu,
            cut=child.out.total > len(child.out.data),
            lingers=ended.lingers,
            flood=FLOOD if ended.flood else 0,
        )
        result = told(run, self._config, self._patterns, self._target.sampler.builder())
        return replace(result, facts=(("command", self._shown), *result.facts))

    def _too_late(self, waiting: str) -> Result:
        """The sentence for a run that waited in vain for what ``waiting`` says."""
        limit, program = seconds(self._target.timeout), self._program
        late = f"{program} was not started within {limit}"
        match waiting:
            case "turn":
                return self._ours(
                    "limit",
                    f"{late}: {PROGRAMS_AT_ONCE} other commands were running all the time; run "
                    "them less often, or give them shorter timeouts",
                )
            case "start":
                return self._ours(
                    "timeout",
                    f"{late}: looking at it hangs; is the mount that it, its interpreter or its "
                    "folder lies on reachable?",
                )
            case "environment":
                return self._ours("timeout", f"{late}: reading a credential of its env hangs")
            case _:
                return self._hung(limit, previous=waiting == "previous")

    def _hung(self, limit: str, *, previous: bool) -> Result:
        """The program did not end in time, in this run or in the one before."""
        child = self._child
        assert child is not None  # noqa: S101 - it is what was waited for
        out, err = bytes(child.out.data), bytes(child.err.data)
        if not previous:
            said = said_so_far(out, err)
            text = f"{self._program} did not end within {limit} and was ended; {said}"
            if self._waited > 0.1 * self._patience:
                text += f"; {seconds(self._waited)} went by before it had its turn"
        elif child.foreign:
            text = (
                f"process {child.pid} of {self._program} still runs from the run before, as "
                "another user whom this user may not end; end it there, and give the command a "
                "time limit of its own (timeout 10 …)"
            )
        else:
            text = (
                f"process {child.pid} of {self._program} still runs from the run before and "
                "cannot be ended: it hangs in the kernel; is a mount or a disk gone?"
            )
        failed = Result.failed("timeout", text)
        return replace(failed, facts=(("command", self._shown),), raw=_joined(out, err))

    def _ours(self, reason: str, text: str, *facts: tuple[str, str]) -> Result:
        """What kept the program from being run, of which nothing follows for what it watches."""
        failed = Result.failed(reason, text, status=Status.UNKNOWN)
        return replace(failed, facts=(("command", self._shown), *facts))


def _joined(out: bytes, err: bytes) -> str:
    return b"\n".join(filter(None, (out, err))).decode("utf-8", "replace")
