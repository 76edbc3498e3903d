"""Coroutines that wait for nothing but bytes which are there already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, TypeVar

__all__ = ["Deaf", "finished", "reader", "writer"]

T = TypeVar("T")


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` comes to."""
    return _runner().run(_bounded(work))


async def _bounded(work: Coroutine[Any, Any, T]) -> T:
    # Whoever waits at the end of its input waits for ever.
    async with asyncio.timeout(20):
        return await work


def reader(data: bytes) -> asyncio.StreamReader:
    """``data``, then the end; to be made within a coroutine."""
    made = asyncio.StreamReader()
    made.feed_data(data)
    made.feed_eof()
    return made


class Deaf(asyncio.Transport):
    """The other end takes everything and says no more than it has."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self.heard: Callable[[], None] = lambda: None
        """Called once something was written."""

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        del data
        self.heard()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def writer(stream: asyncio.StreamReader) -> asyncio.StreamWriter:
    """A writer to nobody, that belongs to ``stream``."""
    loop = asyncio.get_running_loop()
    protocol = asyncio.StreamReaderProtocol(stream, loop=loop)
    transport = Deaf()
    protocol.connection_made(transport)
    protocol.connection_lost(None)
    return asyncio.StreamWriter(transport, protocol, stream, loop)
