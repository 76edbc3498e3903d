"""A request log as a check has it: polled, with figures for the panes and samples."""

from __future__ import annotations

from collections.abc import Callable

from checks.model import SampleBuilder
from checks.requests.batch import Batch
from checks.requests.config import RequestLog
from checks.requests.counters import RequestCounters
from checks.requests.reader import LogReader
from checks.requests.source import RequestSource
from checks.requests.stats import RequestStats
from checks.requests.window import STEP, RequestWindow
from checks.wording import many

__all__ = ["RequestWatch"]


class RequestWatch:
    """Reader, windows and counters of one request log."""

    def __init__(self, log: RequestLog, source: RequestSource, now: float) -> None:
        self._log = log
        self._window = RequestWindow(log.labels, now)
        self._counters = RequestCounters(log.labels)
        self._reader = LogReader(log, source, self, STEP)
        self._restarts = 0
        self._columns = frozenset(
            name for name in ("status", "duration", "error", "labels") if getattr(log, name)
        )
        self._summed = False

    async def poll(self, now: float, spare: Callable[[], float]) -> None:
        """Read what is new; ``spare()`` is how many seconds may still be spent on it."""
        self._window.advance(now)
        await self._reader.poll(now, spare)

    def stats(self) -> RequestStats:
        """The figures as of the last poll."""
        return self._window.stats(self._note(), self._columns)

    def samples(self, to: SampleBuilder) -> None:
        """The counters as of the last poll."""
        self._counters.samples(to)

    def events(self) -> tuple[str, ...]:
        """What happened to the table since this was last asked."""
        fresh = self._reader.restarts - self._restarts
        self._restarts = self._reader.restarts
        return (f"the request log {self._log.table} was emptied or made anew",) if fresh else ()

    def count(self, batch: Batch) -> None:
        self._window.add(batch)
        self._counters.add(batch)

    def recall(self, batch: Batch) -> None:
        self._window.add(batch)
        self._counters.announce(batch)
        self._summed = self._summed or batch.ids is None

    def covered(self, since: float) -> None:
        self._window.covered_from = since
        if not self._summed:
            self._window.rows_since = since

    def _note(self) -> str:
        """What limits the figures, in one sentence; empty where nothing does."""
        reader = self._reader
        ahead = "ahead" if reader.shift > 0 else "behind"
        clock = f"the server's clock is {_span(abs(reader.shift))} {ahead}; times are corrected"
        notes = (
            (reader.progress < 1, f"reading the last hour: {reader.progress:.0%}"),
            (reader.behind > 0, f"{many(reader.behind, 'row')} behind"),
            (reader.skew > 60, f"new rows lie {_span(reader.skew)} ahead; is `time.zone` right?"),
            (reader.skew < -900, f"new rows are {_span(-reader.skew)} old; is `time.zone` right?"),
            (abs(reader.shift) > 2, clock),
            (reader.given_up > 0, f"{reader.given_up:,} gaps in the ids could not be watched"),
        )
        return next((text for applies, text in notes if applies), "")


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"
