"""A step in ``bash`` or ``sh``, from its start to the end of all that it has started.

Its text is the shell's own argument, as it stands in the file; values reach it as environment
variables and nowhere else. A signal goes to its whole session, not to the shell alone, which
would die and leave its children running.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from checks.errors import SecretError, TargetError
from checks.expectations import seconds
from checks.lanes import LaneBusyError
from checks.probes.command.guard import GUARD
from checks.probes.command.program import Launch, Plan
from checks.runbooks.running.asking import what_it_asked
from checks.runbooks.running.environment import environment
from checks.runbooks.running.leader import Leader
from checks.runbooks.running.model import Around, Ended, Job
from checks.runbooks.running.output import Output
from checks.runbooks.running.pty import Pty
from checks.runbooks.running.reading import TerminalReader
from checks.runbooks.running.sessions import Member, ignores_hangups, members, send
from checks.runbooks.views import RunState

__all__ = ["Patience", "Shell", "ending", "plan_of"]

STARTING: Final = 10.0
"""Seconds after which a start that hangs is given up."""
CROWD: Final = 500
"""Processes of one step that are more than any needs: a fork bomb."""
_LOOK: Final = 1.0
"""Seconds between two looks at how many there are."""
_LINGER: Final = 0.2
"""Seconds that output may still come after the shell's end."""
_HANGUP: Final = 0.5
"""Seconds that what is left behind has after it was hung up on."""
_BEHIND: Final = re.compile(r"\b(?:setsid|nohup)\b.*(?<![&>])&(?![&>])", re.DOTALL)
"""What a step starts behind itself to stay: `setsid nohup server >log 2>&1 &`."""
_PAUSE: Final = 0.03
_CUT: Final = 3
"""Processes that a sentence names."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a step has after each signal to end by itself."""

    interrupted: float = 3.0
    terminated: float = 3.0
    killed: float = 1.0

    @classmethod
    def of(cls, seconds: float) -> Patience:
        """Shares of ``seconds`` in all."""
        return cls(seconds * 0.35, seconds * 0.25, seconds * 0.2)


@dataclass(slots=True)
class _Course:
    """What has come up so far. ``left`` are processes that could not be ended or were meant to
    stay, as sentences."""

    state: RunState = RunState.DONE
    why: str = ""
    left: list[str] = field(default_factory=list)


class Shell:
    """One run."""

    def __init__(self, job: Job, output: Output, around: Around) -> None:
        self._job = job
        self._output = output
        self._around = around
        self._lane = f"runbook {job.id}"
        self._over = asyncio.Event()
        """Set when something has happened that ends the waiting."""
        self._cancelled = False
        self._patience = Patience()
        self._crowd: int = 0
        self._hurried = asyncio.Event()

    def cancel(self, within: float | None = None) -> None:
        """Have it end, ``within`` so many seconds where that is said."""
        self._cancelled = True
        if within is not None:
            self._patience = Patience.of(within)
            self._hurried.set()
        self._over.set()

    async def go(self) -> Ended:
        """Run it to its end."""
        GUARD.join()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            login = await self._login()
            pty = Pty(self._around.size, lingers=bool(_BEHIND.search(self._job.step.text)))
            try:
                leader = await self._start(pty, login)
            except TargetError as error:
                return Ended(RunState.FAILED, None, str(error))
            return await self._watched(leader, pty, began)
        except (TargetError, SecretError) as error:
            return Ended(RunState.FAILED, None, str(error))
        finally:
            self._around.env.lanes.drop(self._lane)
            await GUARD.leave()

    async def _login(self) -> Mapping[str, str]:
        """What a step that is marked so has besides. Raises TargetError or SecretError."""
        if not self._job.step.login:
            return {}
        from checks.runbooks.running.login import login_of  # noqa: PLC0415 - for such steps

        try:
            async with asyncio.timeout(STARTING):
                return await login_of(self._job, self._around.env)
        except TimeoutError:
            raise TargetError(
                "timeout", f"its password was not there within {seconds(STARTING)}"
            ) from None

    async def _start(self, pty: Pty, login: Mapping[str, str]) -> Leader:
        """The shell, started in a lane.

        Raises:
            TargetError: it could not be, with ``pty`` closed.
        """
        launch: Launch | None = None
        try:
            launch = Launch(plan_of(self._job, self._around, login), pty.start)
            async with asyncio.timeout(STARTING):
                return Leader(await self._around.env.lanes.run(self._lane, launch))
        except (TargetError, LaneBusyError):
            pty.close()
            raise
        except BaseException as error:
            # Given up, or cancelled: a start that hangs starts nothing any more.
            started = launch.abandon() if launch is not None else None
            if started is not None:
                leader = Leader(started)
                await self._finish(leader, Patience.of(0.1))
                leader.forsake()
            pty.close()
            if isinstance(error, TimeoutError):
                raise TargetError("timeout", _HUNG_START.format(seconds(STARTING))) from None
            raise

    async def _watched(self, leader: Leader, pty: Pty, began: float) -> Ended:
        reader = TerminalReader(pty.master, self._output, self._over.set)
        # By now it is known to whoever ends it when onwatch is killed.
        pty.let_go()
        course = _Course()
        try:
            await self._until_over(leader, course)
            if course.state is RunState.DONE:
                await self._drained(reader)
                await self._left_behind(leader, course)
            else:
                await self._end(leader, pty, course)
                reader.drain()
        finally:
            reader.close()
            pty.close()
            self._kill_at_once(leader, course)
            self._output.close()
        await self._hung_up(leader, course)
        took = asyncio.get_running_loop().time() - began
        return self._told(leader, course, took)

    # Waiting

    async def _until_over(self, leader: Leader, course: _Course) -> None:
        """Wait until it has ended, was cancelled, took too long, or became a crowd."""
        timeout = self._job.step.timeout
        exited = asyncio.create_task(leader.exited.wait())
        crowd = asyncio.create_task(self._until_crowd(leader))
        cancelled = asyncio.create_task(self._until_cancelled())
        tasks = {exited, crowd, cancelled}
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in tasks:
                task.cancel()
        if exited in done:
            return
        if cancelled in done:
            course.state, course.why = RunState.CANCELLED, "cancelled after {}"
        elif crowd in done:
            course.state = RunState.FAILED
            course.why = f"ended after {{}}, since it had started {self._crowd} processes"
        else:
            course.state = RunState.TIMED_OUT
            course.why = f"ended after {{}}, since it took longer than {seconds(timeout)}"

    async def _until_cancelled(self) -> None:
        while not self._cancelled:
            self._over.clear()
            await self._over.wait()

    async def _until_crowd(self, leader: Leader) -> None:
        while self._crowd <= CROWD:
            await asyncio.sleep(_LOOK)
            self._crowd = len(await self._members(leader))

    async def _members(self, leader: Leader) -> tuple[Member, ...]:
        """Who lives of its session."""
        while True:
            try:
                return await self._around.env.lanes.run(self._lane, lambda: members(leader.pid))
            except LaneBusyError:
                # A look that nobody waits for any more.
                await asyncio.sleep(_PAUSE)
            except TargetError:
                return members(leader.pid)

    async def _drained(self, reader: TerminalReader) -> None:
        """Take the last of what it wrote."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _LINGER
        reader.drain()
        while not reader.closed and (rest := until - loop.time()) > 0:
            self._over.clear()
            try:
                async with asyncio.timeout(rest):
                    await self._over.wait()
            except TimeoutError:
                break
        reader.drain()

    # Ending

    async def _end(self, leader: Leader, pty: Pty, course: _Course) -> None:
        """Interrupt it, ask it to end, end it: whatever is still there after each deadline."""
        if course.state is RunState.FAILED:
            await self._finish(leader, self._patience)
            return
        foreign = [m for m in await self._members(leader) if not m.ours]
        if foreign:
            pty.interrupt()
        for number in (signal.SIGINT, signal.SIGTERM):
            send(leader.pid, number, await self._members(leader))
            # Asked for anew: by now somebody may be in a hurry.
            patience = self._patience
            interrupted = number is signal.SIGINT
            within = patience.interrupted if interrupted else patience.terminated
            if await self._gone(leader, within):
                return
        await self._finish(leader, self._patience)

    async def _finish(self, leader: Leader, patience: Patience) -> None:
        """KILL, until there is nobody left whom this user may end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience.killed
        while loop.time() < until:
            left = await self._members(leader)
            send(leader.pid, signal.SIGKILL, left)
            if not any(member.ours for member in left) and leader.exited.is_set():
                return
            await asyncio.sleep(_PAUSE)

    async def _gone(self, leader: Leader, within: float) -> bool:
        """Whether all of it has ended ``within`` so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while loop.time() < until:
            if leader.exited.is_set() and not await self._members(leader):
                return True
            if self._hurried.is_set():
                until = min(until, loop.time() + self._patience.interrupted)
                self._hurried.clear()
            await asyncio.sleep(_PAUSE)
        return False

    async def _left_behind(self, leader: Leader, course: _Course) -> None:
        """What outlives the shell is hung up on, as by the closing of a terminal."""
        left = await self._members(leader)
        if not left:
            return
        # Under nohup itself, onwatch has whatever it starts ignore them.
        meant = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        stays = tuple(m for m in left if not m.ours or (meant and ignores_hangups(m.pid)))
        goes = tuple(member for member in left if member not in stays)
        if goes:
            send(leader.pid, signal.SIGHUP, goes)
            course.left.append(
                f"it left {_named(goes)} running, which was ended with it; what is to stay wants "
                "setsid or nohup"
            )
            if not await self._has_hung_up(leader, goes):
                await self._end_those(leader, goes, alone=not stays)
        if stays:
            why = "ignores hangups (nohup)" if stays[0].ours else "is another user's"
            course.left.append(f"it left {_named(stays)} running, which {why}")

    async def _has_hung_up(self, leader: Leader, goes: tuple[Member, ...]) -> bool:
        pids = {member.pid for member in goes}
        for _ in range(round(_HANGUP / _PAUSE)):
            if not pids & {member.pid for member in await self._members(leader)}:
                return True
            await asyncio.sleep(_PAUSE)
        return False

    async def _end_those(self, leader: Leader, goes: tuple[Member, ...], *, alone: bool) -> None:
        """KILL: by their groups where they are ``alone`` in the session, since what forks all the
        time (a fork bomb) is quicker than any list of its processes."""
        if alone:
            await self._finish(leader, self._patience)
            return
        for pid in {member.pid for member in goes}:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    async def _hung_up(self, leader: Leader, course: _Course) -> None:
        """See whom the closed terminal has not ended either: what runs as another user."""
        if course.state is RunState.DONE:
            return
        for _ in range(round(_HANGUP / _PAUSE)):
            left = await self._members(leader)
            if not left:
                break
            await asyncio.sleep(_PAUSE)
        if foreign := tuple(member for member in left if not member.ours):
            course.left.append(
                f"{_named(foreign)} runs as another user, whose processes this one may not end, "
                "and goes on: end it there (sudo kill)"
            )
        elif left:
            course.left.append(f"{_named(left)} hangs in the kernel and cannot be ended")
        leader.forsake()

    @staticmethod
    def _kill_at_once(leader: Leader, course: _Course) -> None:
        """Whatever has happened: the group is gone, and the number given back where it may be."""
        if course.state is not RunState.DONE or not leader.exited.is_set():
            # Not in a lane: whoever waits for this may be cancelled, and goes.
            send(leader.pid, signal.SIGKILL, members(leader.pid))
        if leader.exited.is_set():
            leader.forsake()
        else:
            leader.bury_soon()

    # Telling

    def _told(self, leader: Leader, course: _Course, took: float) -> Ended:
        code = leader.code
        said = (course.why or f"{ending(code)} after {{}}").format(seconds(took))
        if course.state is RunState.TIMED_OUT or (course.state is RunState.DONE and code != 0):
            course.left += what_it_asked(self._output)
        said = "; ".join([said, *course.left])
        return Ended(course.state, code, said, seconds=took)


_HUNG_START: Final = (
    "the shell was not started within {}: is the mount reachable that it or its folder lies on?"
)


def plan_of(
    job: Job, around: Around, login: Mapping[str, str] | None = None, *, terminal: bool = False
) -> Plan:
    """What is started for ``job``, with what ``login`` gives it besides its own environment.

    Raises TargetError where a variable cannot be given to it.
    """
    base = around.env.base_dir.absolute()
    step = job.step
    # What stands after the text is the name that the shell calls itself by in its complaints.
    argv = (str(step.language), "-c", step.text, step.name)
    return Plan(
        argv, {**environment(job.variables, terminal=terminal), **(login or {})}, base, base
    )


def ending(code: int | None) -> str:
    """What an exit code says, as the beginning of a sentence."""
    if code is None:
        return "ended, and the system kept no exit code"
    if code == 0:
        return "done"
    if code > 128:
        try:
            return f"ended by {signal.Signals(code - 128).name} (exit code {code})"
        except ValueError:
            pass
    return f"failed with exit code {code}"


def _named(found: tuple[Member, ...]) -> str:
    names = ", ".join(map(str, found[:_CUT]))
    more = len(found) - _CUT
    return f"{names} and {more} more" if more > 0 else names
