"""The records that somebody looks at, merged from all log checks, for the pictures."""

from __future__ import annotations

import logging
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING

from checks.logs.filters import FilterError, compiled
from checks.logs.model import Level, Record
from checks.logs.tail import Held, Tail
from checks.logs.views import LogLine, LogSource, LogsView, LogsWanted, PatternView
from checks.model import clean

if TYPE_CHECKING:
    from checks.state import CheckState

__all__ = ["StandingLogs"]

log = logging.getLogger("onwatch.logs")

_TIME = attrgetter("time", "number")

Fits = Callable[[Record], bool]


class StandingLogs:
    """What ``wanted`` comes to, from picture to picture: each record is looked at once."""

    def __init__(self, wanted: LogsWanted) -> None:
        self._wanted = wanted
        self._fits, self._error = _fitting(wanted)
        self._followed: dict[str, _Followed] = {}
        self._lines: tuple[LogLine, ...] = ()
        self._total = 0

    def view(self, states: Mapping[str, CheckState], now: float) -> LogsView:
        """What fits of what the checks hold at ``now``."""
        try:
            return self._looked_at(states, now)
        except Exception as error:
            # The rim: records that somebody looks at must not cost the picture that they are in.
            log.exception("the records that are looked at could not be put together")
            said = f"internal error: {type(error).__name__}: {clean(error, 200)}"
            return LogsView(self._wanted, error=said)

    def _looked_at(self, states: Mapping[str, CheckState], now: float) -> LogsView:
        checks = [state for state in states.values() if state.log or state.spec.kind == "log"]
        for state in checks:
            if state.log is not None:
                state.log.look(now)
        self._follow(checks)
        return LogsView(
            wanted=self._wanted,
            lines=self._lines,
            total=self._total,
            sources=tuple(map(_source, checks)),
            patterns=tuple(self._patterns(checks)),
            error=self._error,
        )

    def _wants(self, state: CheckState) -> bool:
        return not self._wanted.checks or state.spec.name in self._wanted.checks

    def _follow(self, checks: list[CheckState]) -> None:
        """Bring the lines up to date, where anything came or went."""
        tails = {one.spec.name: one.log for one in checks if one.log and self._wants(one)}
        gone = [name for name in self._followed if name not in tails]
        for name in gone:
            del self._followed[name]
        changed = bool(gone)
        for name, tail in tails.items():
            followed = self._followed.get(name)
            if followed is None or followed.tail is not tail:
                followed = self._followed[name] = _Followed(name, tail, self._fits)
            changed = followed.update() or changed
        if changed:
            self._total = sum(len(one.fitting) for one in self._followed.values())
            self._lines = tuple(self._newest())

    def _newest(self) -> list[LogLine]:
        """The newest lines of all checks, oldest first."""
        most = self._wanted.most
        lines = [line for one in self._followed.values() for line in one.lines(most)]
        lines.sort(key=lambda line: line.record.time)
        return lines[-most:] if most > 0 else []

    def _patterns(self, checks: list[CheckState]) -> Iterator[PatternView]:
        for state in checks:
            if state.log is not None and self._wants(state):
                yield from state.log.reading.patterns


class _Followed:
    """A tail, and which of its records fit, by time."""

    def __init__(self, check: str, tail: Tail, fits: Fits) -> None:
        self.tail = tail
        self.fitting: list[Record] = []
        self._check = check
        self._fits = fits
        self._version = -1
        self._last = -1
        self._made: dict[int, LogLine] = {}

    def update(self) -> bool:
        """Look at what came since; whether anything did."""
        held = self.tail.held()
        if held.version == self._version:
            return False
        self._version = held.version
        self._forget(held)
        fits = self._fits
        fresh = held.after(self._last)
        for record in fresh:
            if fits(record):
                # Mostly the newest: files of a check may be behind one another.
                insort(self.fitting, record, key=_TIME)
        if fresh:
            self._last = fresh[-1].number
        return True

    def _forget(self, held: Held) -> None:
        """Let go of what the tail has let go of."""
        first = held.newest[0].number if held.newest else 0
        older = {record.number for record in held.older}
        self.fitting = [
            record for record in self.fitting if record.number >= first or record.number in older
        ]

    def lines(self, most: int) -> list[LogLine]:
        """The newest that fit; a record's line stays the same object."""
        wanted = self.fitting[-most:] if most > 0 else []
        made, self._made = self._made, {}
        for record in wanted:
            number = record.number
            self._made[number] = made.get(number) or LogLine(self._check, record)
        return list(self._made.values())


def _source(state: CheckState) -> LogSource:
    view, tail = state.view, state.log
    if tail is None:
        return LogSource(state.spec.name, view.status, (), 0.0, 60.0, 0, None, note=view.message)
    held, reading = tail.held(), tail.reading
    return LogSource(
        check=state.spec.name,
        status=view.status,
        files=reading.files,
        rate=reading.rate,
        window=reading.window,
        held=len(held),
        held_since=held.since,
        levels=held.levels,
        note=reading.note,
    )


def _fitting(wanted: LogsWanted) -> tuple[Fits, str]:
    """Whether a record is wanted, and what is wrong with the filter."""
    tests: list[Fits] = []
    error = ""
    level, pattern, since, until = wanted.level, wanted.pattern, wanted.since, wanted.until
    if level is not None and level > Level.TRACE:
        tests.append(lambda record: record.level is None or record.level >= level)
    if pattern:
        tests.append(lambda record: pattern in record.patterns)
    if since is not None:
        tests.append(lambda record: record.time >= since)
    if until is not None:
        tests.append(lambda record: record.time <= until)
    if wanted.text.strip():
        try:
            tests.append(compiled(wanted.text))
        except FilterError as wrong:
            error = str(wrong)
    if not tests:
        return (lambda record: True), error
    if len(tests) == 1:
        return tests[0], error
    return (lambda record: all(test(record) for test in tests)), error
