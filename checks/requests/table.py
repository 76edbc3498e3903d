"""The request log of a check: its figures, as far as the last run could read the table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from checks.clock import Clock
from checks.errors import TargetError
from checks.findings import Finding, trouble
from checks.model import SampleBuilder
from checks.requests.config import RequestLog

if TYPE_CHECKING:
    from checks.requests.source import RequestSource
    from checks.requests.stats import RequestStats
    from checks.requests.watch import RequestWatch

__all__ = ["RequestTable"]

_BUDGET: Final = 0.5


class RequestTable:
    """Base of what reads a kind of database; what a run could not read has no figures in it."""

    def __init__(self, log: RequestLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._watch: RequestWatch | None = None
        self._readable = False

    def stats(self) -> RequestStats | None:
        """The figures of the last run; None where it could not read the table."""
        return self._watch.stats() if self._watch is not None and self._readable else None

    def samples(self, to: SampleBuilder) -> None:
        """Add the counters of the last run, where it could read the table."""
        if self._watch is not None and self._readable:
            self._watch.samples(to)

    def events(self) -> tuple[str, ...]:
        """What happened to the table since this was last asked."""
        return self._watch.events() if self._watch is not None else ()

    def _watching(self, source: Callable[[], RequestSource]) -> RequestWatch:
        """What reads the log; made with ``source`` the first time."""
        # numpy comes with it: only checks that have a request log pay for it.
        from checks.requests.watch import RequestWatch  # noqa: PLC0415

        if self._watch is None:
            self._watch = RequestWatch(self._log, source(), self._clock.now())
        return self._watch

    async def _attempt(self, read: Awaitable[None]) -> list[Finding]:
        """Read; a failure costs the figures of this run alone. Until it has ended, those of
        the last one stand."""
        try:
            await read
        except TargetError as error:
            self._readable = False
            return [trouble("request log", f"request_log: {error}", error)]
        except BaseException:
            # Cancelled too: what it had got to is not known.
            self._readable = False
            raise
        self._readable = True
        return []

    @staticmethod
    def _share(spare: float) -> float:
        """Seconds that a run which has ``spare`` left may read: half of them, half a second."""
        return min(spare / 2, _BUDGET)
