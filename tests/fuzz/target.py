"""A target: something that reads bytes which others have written, with what must hold of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

__all__ = ["MEGABYTE", "SECOND", "HangError", "SlowError", "Target", "at_most"]

MEGABYTE: Final = 1_000_000
SECOND: Final = 1.0
"""CPU seconds that one input may take."""
_GIVEN_UP: Final = 10.0
"""CPU seconds after which an input is not waited for any more."""


class SlowError(AssertionError):
    """An input took longer than it may."""


class HangError(AssertionError):
    """An input was given up."""


@dataclass(frozen=True, slots=True)
class Target:
    """``run`` takes any bytes and raises nothing, save for what it found wrong.

    ``seeds`` are whole inputs, ``tokens`` pieces that mean something in their format; ``bound``
    is how many bytes the real reader takes at most.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...] = ()
    bound: int = MEGABYTE
    large: Callable[[], Iterable[bytes]] = tuple
    """Further inputs of a size that would take time if anything does."""

    def check(self, data: bytes) -> None:
        """Run ``data``; raises what ``run`` does, or where it takes too long."""
        data = data[: self.bound]
        with at_most(SECOND):
            self.run(data)

    def swollen(self) -> Iterator[bytes]:
        """Inputs as large as they may be: each seed and each token many times over."""
        yield from self.large()
        for piece in (*self.seeds, *self.tokens):
            if piece:
                yield (piece * (self.bound // len(piece) + 1))[: self.bound]
        for seed in self.seeds:
            for token in self.tokens[:40]:
                half = len(seed) // 2
                many = token * max(1, (self.bound - len(seed)) // max(1, len(token)))
                yield (seed[:half] + many + seed[half:])[: self.bound]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail where the body takes more than ``seconds`` of CPU; break off what hangs.

    In the main thread only. CPU time: the machine may have other things to do.
    """

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise HangError(f"no end after {_GIVEN_UP:g} s of CPU")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, _GIVEN_UP)
    began = time.thread_time()
    try:
        yield
        took = time.thread_time() - began
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    if took > seconds:
        raise SlowError(f"took {took:.2f} s of CPU; {seconds:g} s are allowed")
