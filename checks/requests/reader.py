"""Reading a request log incrementally, so that no request is lost and none counted twice.

Three things are told apart by the key: rows above the last one seen are new; holes
between rows seen are watched by :mod:`checks.requests.gaps`, for a slower transaction may
fill them; and the newest rows seen are remembered with their times, so that a table that
was emptied or made anew is recognised although its ids begin again.

Counting a batch and moving on past it happen without an ``await`` between them, so a run
that is cut short anywhere neither loses nor doubles anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from checks.errors import TargetError
from checks.requests.backfill import Backfill, first_since
from checks.requests.batch import Batch, from_cells, from_rows
from checks.requests.config import RequestLog
from checks.requests.gaps import Gap, Gaps
from checks.requests.memory import Memory
from checks.requests.source import RANGES_A_QUERY, Cell, RequestSource, Row, TableState
from checks.requests.zones import to_utc

__all__ = ["BATCH", "LogReader", "Sink"]

BATCH: Final = 5_000
"""Rows of one statement."""

_SMALLEST_BATCH: Final = 50
_HOUR: Final = 3600.0
_BEFORE_ALL: Final = -(2**63)
_CLOCK_TOLERANCE: Final = 0.5

Ids = NDArray[np.int64]


class Sink(Protocol):
    """Where requests go. Times in batches are by our clock."""

    def count(self, batch: Batch) -> None:
        """Requests that came since the start."""

    def recall(self, batch: Batch) -> None:
        """Requests from before the start."""

    def covered(self, since: float) -> None:
        """All requests from ``since`` on have been handed over, as far as they show."""


class LogReader:
    """One request log's place: what has been read and what may still come."""

    def __init__(self, log: RequestLog, source: RequestSource, sink: Sink, step: float) -> None:
        self._source = source
        self._sink = sink
        self._step = step
        self._gaps = Gaps(log.late)
        self._started = False
        self._last = _BEFORE_ALL
        self._limit = BATCH
        self._memory = Memory()
        self._floor: tuple[int, float] | None = None
        self._backfill: Backfill | None = None
        self._since = 0.0
        self.shift = 0.0
        """Seconds the server's clock is ahead of ours; 0 within half a second."""
        self.behind = 0
        """Ids between the last row read and the newest there is."""
        self.skew = 0.0
        """Seconds the newest rows lie ahead of now; far from 0 where the zone is wrong."""
        self.restarts = 0
        """How often the table was found emptied or made anew."""

    @property
    def progress(self) -> float:
        """Share of the last hour that was read at the start, 0 to 1."""
        return self._backfill.progress if self._backfill is not None else 1.0

    @property
    def given_up(self) -> int:
        """Holes that could not be watched for as long as they should."""
        return self._gaps.given_up

    async def poll(self, now: float, spare: Callable[[], float]) -> None:
        """Read what is new.

        ``spare()`` is how many seconds may still be spent; one batch is read in any
        case. What is left over is read by the next call.
        """
        anchor = self._memory.anchor
        state = await self._source.state(anchor[0] if anchor else None)
        self._set_clock()
        if not self._started:
            await self._start(state, now)
        elif not self._lost_its_place(state) or await self._recover(state, now, spare):
            await self._catch_up(state, now, spare)
            await self._look_again(self._gaps.due(now), now, spare)
        await self._fill(now, spare)

    def _lost_its_place(self, state: TableState) -> bool:
        if self._memory.anchor is not None:
            return state.anchor != (self._memory.anchor[1],)
        return state.last is not None and state.last < self._last

    @property
    def _log(self) -> RequestLog:
        return self._source.log

    def _set_clock(self) -> None:
        measured = self._source.ahead()
        if abs(measured - self.shift) > _CLOCK_TOLERANCE:
            self.shift = measured if abs(measured) > _CLOCK_TOLERANCE else 0.0

    async def _start(self, state: TableState, now: float) -> None:
        self._since = now - _HOUR
        if state.last is None:
            self._sink.covered(self._since)
            self._started = True
            return
        rows, low = await self._source.newest(BATCH)
        ids = _ids(rows)
        self._last = max(state.last, int(ids[-1]) if len(ids) else state.last)
        self._gaps.note(_below(low, ids, self._last), ids, now, self._last)
        oldest = now
        if len(rows):
            batch = from_rows(rows, self._log, now, self.shift)
            oldest = min(batch.times[np.isfinite(batch.times)].tolist(), default=now)
            self._sink.recall(batch)
            self._memory.add(rows)
        self._plan_backfill(low, oldest)
        self._started = True

    def _plan_backfill(self, low: int | None, oldest: float) -> None:
        """What lies from the id ``low`` on was read, which is back to the time ``oldest``;
        where ``low`` is None that is all there is."""
        if low is None or oldest <= self._since:
            self._sink.covered(self._since)
            return
        self._sink.covered(oldest)
        if self._log.backfill:
            since = self._as_column(self._since)
            self._backfill = Backfill(self._source, low - 1, since, self._step)

    async def _fill(self, now: float, spare: Callable[[], float]) -> None:
        backfill = self._backfill
        if backfill is None:
            return

        def take(cells: Sequence[Cell]) -> None:
            if cells:
                self._sink.recall(from_cells(cells, self._log, now, self.shift))

        await backfill.run(spare, take)
        if backfill.done:
            self._sink.covered(self._since)
            self._backfill = None
        elif backfill.reached is not None:
            self._sink.covered(self._from_column(backfill.reached, now))

    async def _catch_up(self, state: TableState, now: float, spare: Callable[[], float]) -> bool:
        """Read the rows above the last one seen; whether none is left over."""
        while True:
            limit = self._limit
            rows = await self._after(limit)
            complete = len(rows) < limit
            self._take(rows, state.last if complete else None, now)
            if complete or spare() <= 0:
                break
        last = state.last if state.last is not None else self._last
        self.behind = 0 if complete else max(1, last - self._last)
        return complete

    async def _after(self, limit: int) -> Sequence[Row]:
        """New rows; fewer at a time while the server cannot read as many in time."""
        try:
            rows = await self._source.after(self._last, limit)
        except TargetError as error:
            if error.reason in ("timeout", "limit"):
                self._limit = max(limit // 4, _SMALLEST_BATCH)
            raise
        self._limit = min(2 * limit, BATCH)
        return rows

    def _take(self, rows: Sequence[Row], last: int | None, now: float) -> None:
        """Count new rows and move on past them; there are no more up to the id ``last``."""
        ids = _ids(rows)
        after = self._last
        upto = last if self._log.where else None
        if len(ids):
            self._note_skew(self._count(self._fresh(rows), now), now)
            self._memory.add(rows)
            self._last = int(ids[-1])
        if upto is not None:
            self._last = max(self._last, upto)
        if self._last == after:
            return
        if after == _BEFORE_ALL:
            after = (int(ids[0]) if len(ids) else self._last) - 1 - BATCH
        self._gaps.note(after, ids, now, self._last)

    def _fresh(self, rows: Sequence[Row]) -> Sequence[Row]:
        """``rows`` without those that had been counted before the table was made anew, or
        before they vanished for a while."""
        rows = self._memory.unseen(rows)
        if self._floor is None or not rows:
            return rows
        last, time = self._floor
        if rows[0][0] > last:
            self._floor = None
            return rows
        return [row for row in rows if row[0] > last or row[1] is None or row[1] >= time]

    def _count(self, rows: Sequence[Row], now: float) -> Batch | None:
        if not rows:
            return None
        batch = from_rows(rows, self._log, now, self.shift)
        self._sink.count(batch)
        return batch

    def _note_skew(self, batch: Batch | None, now: float) -> None:
        known = batch.times[np.isfinite(batch.times)] if batch is not None else ()
        if len(known) and not self.behind:
            self.skew = float(np.max(known)) - now

    async def _look_again(
        self, gaps: Sequence[Gap], now: float, spare: Callable[[], float]
    ) -> None:
        """Look into ``gaps``, as many as there is time for."""
        plain = [gap for gap in gaps if gap.plain]
        for start in range(0, len(plain), RANGES_A_QUERY):
            if spare() <= 0:
                return
            await self._look_into(plain[start : start + RANGES_A_QUERY], now)
        for gap in gaps:
            if spare() <= 0:
                return
            if not gap.plain:
                await self._look_over(gap, now)

    async def _look_into(self, gaps: Sequence[Gap], now: float) -> None:
        """Read whatever has come into holes in which nothing was seen."""
        rows = await self._source.within([(gap.low, gap.high) for gap in gaps], BATCH)
        ids = _ids(rows)
        self._count(rows, now)
        cut = int(ids[-1]) if len(rows) >= BATCH else None
        for gap in gaps:
            found = ids[(ids >= gap.low) & (ids <= gap.high)]
            if cut is None or gap.high <= cut:
                self._gaps.looked(gap, found, now)
            elif len(found):
                self._gaps.narrow(gap, found)

    async def _look_over(self, gap: Gap, now: float) -> None:
        """Read what has come into a stretch in which some rows were seen."""
        if await self._source.fingerprint(gap.low, gap.high) == gap.mark:
            self._gaps.unchanged(gap, now)
            return
        found: list[Ids] = []
        low = gap.low
        while True:
            rows = await self._source.within([(low, gap.high)], BATCH)
            ids = _ids(rows)
            fresh = gap.unseen(ids)
            self._count([rows[i] for i in np.flatnonzero(fresh).tolist()], now)
            gap.seen = np.union1d(gap.seen, ids)
            found.append(ids)
            if len(rows) < BATCH:
                break
            low = int(ids[-1]) + 1
        self._gaps.looked(gap, np.concatenate(found), now)

    async def _recover(self, state: TableState, now: float, spare: Callable[[], float]) -> bool:
        """The newest row seen has gone, or is another. Whether this table can be read on."""
        memory = self._memory
        rows: Sequence[Row] = ()
        if memory.span is not None and state.last is not None:
            rows = await self._source.within([memory.span], BATCH + len(memory))
        verdict = memory.judge(rows)
        if verdict == "shifted":
            memory.move(rows)
        elif verdict == "same":
            self._count(memory.used_again(rows), now)
            memory.replace(rows)
            if state.last is not None and state.last < self._last:
                self._last = state.last
                self._gaps.forget_above(state.last)
        elif await self._holds_a_mark(state):
            memory.replace(())
        elif await self._finish_elsewhere(now, spare):
            await self._begin_anew(state)
        else:
            return False
        return True

    async def _holds_a_mark(self, state: TableState) -> bool:
        """Whether more rows have gone than are remembered, and yet this is the table: a copy
        of it that lags."""
        last = state.last if state.last is not None else _BEFORE_ALL
        mark = self._memory.mark_below(last)
        return mark is not None and (await self._source.state(mark[0])).anchor == (mark[1],)

    async def _finish_elsewhere(self, now: float, spare: Callable[[], float]) -> bool:
        """Read what is left of a table that was renamed; whether nothing is left to read."""
        anchor = self._memory.anchor
        moved = await self._source.elsewhere(*anchor) if anchor is not None else None
        if moved is None:
            return True
        here, self._source = self._source, moved
        try:
            if not await self._catch_up(await moved.state(None), now, spare):
                return False
            # Who renamed it waited for all that wrote to it: one more look at the holes will
            # do, and is not put off, since it would begin at the first again.
            await self._look_again(self._gaps.all(), now, lambda: math.inf)
            return True
        finally:
            self._source = here

    async def _begin_anew(self, state: TableState) -> None:
        first = _BEFORE_ALL
        floor = None
        if state.last is not None:
            oldest = self._memory.newest - self._log.late
            first = await first_since(self._source, state.last, oldest) - 1
            floor = (state.last, oldest)
        self._last, self._floor = first, floor
        self._gaps.clear()
        self._memory.clear()
        self._backfill = None
        self.restarts += 1

    def _as_column(self, time: float) -> float:
        """``time`` in the time column's terms, up to an hour too early in a named zone."""
        server = time + self.shift
        if self._log.time.zone in ("server", "utc"):
            return server
        return server + (server - self._from_column(server, time) - self.shift) - _HOUR

    def _from_column(self, time: float, near: float) -> float:
        utc = to_utc(np.array([time]), self._log.time.zone, near + self.shift)
        return float(utc[0]) - self.shift


def _below(low: int | None, ids: Ids, last: int) -> int:
    """An id below which nothing is to be waited for at the start.

    Rows below the first that a table shows may be committed yet; its first id is 1 as a rule.
    """
    if low is not None:
        return low - 1
    first = int(ids[0]) if len(ids) else last
    return max(0, first - 1 - BATCH) if first > 0 else first - 1


def _ids(rows: Sequence[Row]) -> Ids:
    """The rows' ids. Raises TargetError where they are no integers."""
    try:
        return np.array([_integer(row[0]) for row in rows], dtype=np.int64)
    except TypeError:
        raise TargetError(
            "config",
            f"the id {str(rows[0][0])[:40]!r} is no integer;"
            " name an integer key that grows as `id`",
        ) from None
    except OverflowError:
        raise TargetError("config", f"the id {rows[-1][0]} is larger than 2^63 - 1") from None


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value
