"""What is remembered of one check between its runs. Pure: results and times in, views out."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.databases.model import Asked, DatabaseFacts
from checks.hosts.model import HostFacts
from checks.model import Part, Result, Status, Table, clean
from checks.outcomes import CELL, Outcomes
from checks.probe import CheckSpec, Expected, Kind
from checks.registry import kind
from checks.requests.stats import RequestFigures, RequestStats
from checks.views import CheckView, EventView, PartView, ResultLine

if TYPE_CHECKING:
    from checks.logs.tail import Tail

__all__ = ["CheckState"]

HISTORY: Final = 120
"""Durations kept for the sparkline."""
RESULTS: Final = 60
"""Past results kept for the detail screen."""

log = logging.getLogger("onwatch.state")


class CheckState:
    """The state of the check ``spec``, waiting since ``now``."""

    def __init__(self, spec: CheckSpec, now: float) -> None:
        self.spec = spec
        self.result: Result | None = None
        self.requests: RequestStats | RequestFigures | None = None
        self.database: tuple[float, DatabaseFacts] | None = None
        self.host: tuple[float, HostFacts] | None = None
        self.answered: tuple[float, tuple[Table, ...]] | None = None
        """When its target answered last, and what it told in tables then."""
        self.log: Tail | None = None
        self.ever_up = False
        self.asked: tuple[Asked, ...] = ()
        # Plain tuples of plain values: collections of garbage pass them by, and of a thousand
        # checks there are sixty thousand.
        self._results: deque[tuple[float, str, str, float | None]] = deque(maxlen=RESULTS)
        self.events: deque[EventView] = deque(maxlen=RESULTS)
        self._history: deque[float] = deque(maxlen=HISTORY)
        self._parts: dict[str, tuple[Status, float]] = {}
        self._outcomes = Outcomes(spec.interval)
        self._last_run: float | None = None
        self._started = now
        self._excused = now
        self._address = spec.config.address()
        self._instance = spec.config.instance()
        self.view = self._waiting(now)

    def adopt(self, old: CheckState) -> bool:
        """Go on from ``old`` where it is the same check, unchanged. Returns whether it is."""
        spec, before = self.spec, old.spec
        same = (spec.kind, spec.config, spec.interval, spec.job, dict(spec.labels)) == (
            before.kind,
            before.config,
            before.interval,
            before.job,
            dict(before.labels),
        )
        if same:
            self.result, self.requests = old.result, old.requests
            self.database, self.host, self.asked = old.database, old.host, old.asked
            self.log, self.ever_up, self.answered = old.log, old.ever_up, old.answered
            self._results, self.events = old._results, old.events
            self._history, self._parts, self._last_run = old._history, old._parts, old._last_run
            self._outcomes, self._excused = old._outcomes, old._excused
            self.view = replace(old.view, depends_on=spec.depends_on, runbook=spec.runbook)
        return same

    def _waiting(self, now: float) -> CheckView:
        spec, own = self.spec, kind(self.spec.kind)
        expected = self._expected(own, now)
        return CheckView(
            name=spec.name,
            kind=spec.kind,
            address=self._address,
            instance=self._instance,
            status=Status.WAITING,
            since=now,
            message="waiting for the first result",
            reason="ok",
            value="",
            duration=None,
            history=(),
            parts=(),
            last_run=None,
            interval=spec.interval,
            up=False,
            labels=spec.labels,
            depends_on=spec.depends_on,
            runbook=spec.runbook,
            questions=tuple((q.id, q.title, q.help) for q in own.questions),
            queues=expected.queues,
            queue_traits=expected.queue_traits,
            tells_requests=expected.requests,
            found=spec.found,
            job=spec.job or spec.name,
        )

    def _expected(self, own: Kind, now: float) -> Expected:
        """What the kind says is configured; what is wrong with it becomes an event."""
        try:
            expected: object = own.expects(self.spec.config)
            if isinstance(expected, Expected):
                return expected
            said = f"expected a checks.probe.Expected, not {type(expected).__name__}"
        except Exception as error:
            # The rim: a kind of somebody else's must not cost more than its own row.
            log.exception("the kind %s failed", self.spec.kind)
            said = f"{type(error).__name__}: {clean(str(error), 200)}".rstrip(": ")
        text = f"the kind {self.spec.kind} failed to tell what to expect of it: {said}"
        self.events.append(EventView(now, self.spec.name, text))
        return Expected()

    def apply(self, began: float, result: Result) -> list[EventView]:
        """Take in the outcome of a run that began at ``began``. Returns what happened."""
        before = self.view
        changed = before.status is not result.status
        events = [EventView(began, self.spec.name, text) for text in result.events]
        if changed and before.status is not Status.WAITING:
            words = f"{before.status.value} → {result.status.value}: {result.message}"
            events.append(EventView(began, self.spec.name, words))
        self.events.extend(events)
        self.result = result
        self.ever_up = self.ever_up or result.up
        if result.up:
            self.answered = (began, result.tables)
        if isinstance(result.requests, RequestStats | RequestFigures):
            self.requests = result.requests
        if isinstance(result.database, DatabaseFacts):
            self.database = (began, result.database)
        if isinstance(result.host, HostFacts):
            self.host = (began, result.host)
        if result.log is not None:
            self.log = _tail(result.log)
        if result.asked:
            self.asked = tuple(each for each in result.asked if isinstance(each, Asked))
        if self.gap_before(began) is not None:
            self._history.append(math.nan)
        self._last_run = began
        self._outcomes.add(began, result.status, result.message)
        self._history.append(math.nan if result.duration is None else result.duration)
        self._results.append((began, result.status.value, result.message, result.duration))
        self.view = replace(
            before,
            status=result.status,
            since=began if changed else before.since,
            since_start=before.status is Status.WAITING if changed else before.since_start,
            message=result.message,
            reason=result.reason,
            value=result.value,
            duration=result.duration,
            history=tuple(self._history),
            parts=self._part_views(result.parts, began),
            last_run=began,
            up=result.up,
            record=self._outcomes.record(began),
        )
        return events

    @property
    def results(self) -> tuple[ResultLine, ...]:
        """The past runs, oldest first."""
        return tuple(
            ResultLine(began, Status(status), message, duration)
            for began, status, message, duration in self._results
        )

    def _part_views(self, parts: tuple[Part, ...], began: float) -> tuple[PartView, ...]:
        views = []
        seen: dict[str, tuple[Status, float]] = {}
        for part in parts:
            status, since = self._parts.get(part.name, (part.status, began))
            if status is not part.status:
                since = began
            seen[part.name] = (part.status, since)
            views.append(PartView(part.name, part.status, part.message, part.value, since))
        self._parts = seen
        return tuple(views)

    def gap_before(self, began: float) -> float | None:
        """When a time without results began that ends with the run at ``began``; None where
        none is missing.
        """
        last, interval = self._last_run, self.spec.interval
        return None if last is None or began - last <= 2 * interval + 0.5 else last + interval

    def excuse(self, now: float) -> None:
        """Count silence from ``now`` on: before, nobody could have asked."""
        self._excused = now

    def age(self, now: float) -> bool:
        """Turn stale when two intervals, and what runs take, brought no result. Returns whether it
        did.
        """
        if self.view.status is Status.STALE:
            self._age_record(now)
            return False
        last = self._started if self._last_run is None else self._last_run
        silent = now - last
        interval = self.spec.interval
        # Where the last run took longer than the interval, as long again is no silence: two of
        # them may lie between the beginning of one and the end of the next.
        longer = max(0.0, (self.view.duration or 0.0) - interval)
        allowed = 2 * interval + min(self.spec.timeout, interval) + 2 * longer
        if min(silent, now - self._excused) <= allowed:
            return False
        what = "no first result" if self._last_run is None else "no result"
        message = f"{what} for {silent:.0f} s; last known: {self.view.message}"
        self.view = replace(
            self.view,
            status=Status.STALE,
            since=now,
            since_start=False,
            message=message,
            reason="timeout",
        )
        return True

    def _age_record(self, now: float) -> None:
        """Let the windows move on while there are no results."""
        record = self.view.record
        if record is not None and now - record.at >= CELL:
            self.view = replace(self.view, record=self._outcomes.record(now))


def _tail(told: object) -> Tail | None:
    from checks.logs.tail import Tail  # noqa: PLC0415 - where there is a log check

    return told if isinstance(told, Tail) else None
