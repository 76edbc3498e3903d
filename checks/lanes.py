"""Threads for what may block: hung mounts, process scans, SQLite, name look-ups.

A lane is one daemon thread with a name. What hangs in a lane holds up that lane alone,
and never the process's end, which asyncio's default executor would wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from checks.errors import NO_THREADS, NoThreadsError

__all__ = ["LaneBusyError", "Lanes"]

T = TypeVar("T")

AGAIN: Final = 5.0
"""Seconds after which a thread is asked for again."""
_PATIENCE: Final = 1.0

log = logging.getLogger("onwatch.lanes")


class LaneBusyError(Exception):
    """The lane is still in its previous call; ``since`` is the loop's time it began at."""

    def __init__(self, name: str, since: float) -> None:
        self.name = name
        self.since = since
        super().__init__(f"{name} is still busy with its previous call")


@dataclass(slots=True)
class _Job:
    call: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class _Lane:
    def __init__(self, name: str) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.busy_since: float | None = None
        self.outcome: asyncio.Future[Any] | None = None
        self.last: Callable[[], object] = lambda: None
        self.thread = threading.Thread(target=self._work, name=f"lane {name}", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            outcome: tuple[Any, BaseException | None]
            try:
                outcome = (job.call(), None)
            except StopIteration as error:
                # No future takes one.
                outcome = (None, _wrapped(error))
            except BaseException as error:  # noqa: BLE001 - handed to whoever awaits
                outcome = (None, error)
            # A loop that has closed in the meantime wants no answer.
            with contextlib.suppress(RuntimeError):
                job.loop.call_soon_threadsafe(self._settle, job.future, *outcome)
            del job, outcome
        try:
            self.last()
        except Exception:
            # Nobody waits for it; by itself a thread writes its traceback over the picture.
            log.exception("the end of the %s failed", self.thread.name)

    def _settle(self, future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
        self.busy_since = None
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)


def _wrapped(error: StopIteration) -> RuntimeError:
    wrapped = RuntimeError(f"a call in a lane raised {error!r}")
    wrapped.__cause__ = error
    return wrapped


def _looked_at(outcome: asyncio.Future[Any]) -> None:
    """All who wanted it may have gone: an error is then nobody's, and no complaint."""
    if not outcome.cancelled():
        outcome.exception()


class Lanes:
    """Named daemon threads, made when first used. Use from one event loop only."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    async def run(self, name: str, call: Callable[[], T]) -> T:
        """``call()`` in the lane ``name``; its exceptions come through.

        Cancelling the wait leaves the call running; until it ends the lane raises
        :class:`LaneBusyError` at once, so that nothing queues up behind something hung.
        Where no thread is to be had, :class:`checks.errors.NoThreadsError`.
        """
        return await self._begin(name, call)

    async def insist(self, name: str, call: Callable[[], T], tell: Callable[[str], None]) -> T:
        """As :meth:`run`, but where no thread is to be had it is tried again every few seconds:
        what is begun but once would not be there for good. ``tell`` is told of that, once.
        """
        waits = False
        while True:
            try:
                return await self.run(name, call)
            except NoThreadsError:
                if not waits:
                    tell(NO_THREADS)
                waits = True
            await asyncio.sleep(AGAIN)

    async def share(self, name: str, call: Callable[[], T]) -> T:
        """As :meth:`run`, but whoever asks while the same call is under way gets its outcome.

        A call that has been under way for longer than a second counts as hung:
        :class:`LaneBusyError`.
        """
        lane = self._lanes.get(name)
        outcome: asyncio.Future[T] | None = lane.outcome if lane is not None else None
        since = lane.busy_since if lane is not None else None
        if outcome is None or since is None:
            outcome = self._begin(name, call)
            outcome.add_done_callback(_looked_at)
        elif outcome.done() or asyncio.get_running_loop().time() - since > _PATIENCE:
            raise LaneBusyError(name, since)
        return await asyncio.shield(outcome)

    def _begin(self, name: str, call: Callable[[], T]) -> asyncio.Future[T]:
        lane = self._lanes.get(name)
        if lane is None:
            try:
                lane = self._lanes[name] = _Lane(name)
            except RuntimeError:
                # That is all that Python says of it.
                raise NoThreadsError from None
        loop = asyncio.get_running_loop()
        if lane.busy_since is not None:
            raise LaneBusyError(name, lane.busy_since)
        lane.busy_since = loop.time()
        future: asyncio.Future[T] = loop.create_future()
        lane.outcome = future
        lane.jobs.put(_Job(call, future, loop))
        return future

    def busy(self, name: str) -> bool:
        """Whether the lane is in a call now."""
        lane = self._lanes.get(name)
        return lane is not None and lane.busy_since is not None

    def drop(self, name: str, last: Callable[[], object] = lambda: None) -> None:
        """End the lane once its present call returns, with ``last()`` in it, which gives back what
        its calls use; that it fails is logged. Where there is no such lane it is called at once.
        """
        lane = self._lanes.pop(name, None)
        if lane is None:
            last()
            return
        lane.last = last
        lane.jobs.put(None)

    def close(self) -> None:
        """End every lane; one that hangs ends with the process."""
        for name in list(self._lanes):
            self.drop(name)
