"""Reads log files within bounds, each in its turn; see :mod:`checks.logs.finding` for which."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.logs.assembling import Assembler
from checks.logs.expressions import compiled
from checks.logs.finding import Finding
from checks.logs.following import Following
from checks.logs.formats.base import Maker
from checks.logs.formats.choose import choice
from checks.logs.inputs import LogInput
from checks.logs.model import Record
from checks.logs.opened import CHUNK, Opened
from checks.logs.reading import Batch, shown_name
from checks.logs.times import Times
from checks.wording import size as size_of

__all__ = ["BEHIND", "OLD", "FilesReader"]

OLD: Final = 262_144
"""Bytes of a file that are shown of what was there before, and eight times as many of all."""
BEHIND: Final = 64 << 20
"""Bytes behind which lines are passed over, down to half of it."""
_FAIR: Final = 16_384
"""Bytes that a file may bring at least before others have their turn."""
_PARTIAL: Final = 5.0
"""Seconds that the end of a last line is waited for."""
_STILL: Final = 120.0
"""Seconds after a rotation from which on a writer should have the new file."""


@dataclass(slots=True)
class _Round:
    """One reading: its bounds, and what it brings so far. ``deadline`` is monotonic."""

    now: float
    most: int
    deadline: float
    records: list[Record] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    lines: int = 0
    read: int = 0
    lost: int = 0
    more: bool = False

    def is_over(self) -> bool:
        """Whether a bound is reached; then there is more."""
        self.more = self.more or self.read >= self.most or time.monotonic() > self.deadline
        return self.more


class FilesReader:
    """A :class:`checks.logs.reading.LogReader` of files.

    ``path`` makes a path of what the configuration says.
    """

    def __init__(self, config: LogInput, path: Callable[[str], Path]) -> None:
        self._config = config
        self._times = Times(config.time.zone, config.time.format)
        self._numbers = itertools.count(1)
        patterns = tuple(str(path(text)) for text in config.files)
        self._finding = Finding(patterns, self._follow, self._leave)
        self._left: list[Record] = []
        self._turn = 0
        self._broken = 0

    @property
    def touching(self) -> str:
        """The file that is being read; where a reading does not come back, that hangs."""
        return self._finding.touching

    def read(self, now: float, most: int, seconds: float) -> Batch:
        """See :class:`checks.logs.reading.LogReader`."""
        this = _Round(now, most, time.monotonic() + seconds)
        for one in self._finding.look(now):
            if one.current is not None:
                self._begin(one.current)
        self._read_old(this)
        old = len(this.records)
        this.records += self._left
        self._left = []
        if not this.more:
            self._read_new(this)
        self._tidy(this)
        followed = self._finding.followed.values()
        broken = sum(one.maker.broken for one in followed)
        unreadable, self._broken = max(0, broken - self._broken), broken
        return Batch(
            records=tuple(this.records),
            old=old,
            lines=this.lines,
            read=this.read,
            unreadable=unreadable,
            lost=this.lost,
            more=this.more,
            sources=tuple(self._finding.sources()),
            events=tuple(this.events),
        )

    def close(self) -> None:
        """Give back the files."""
        self._finding.close()

    def _follow(self, path: Path) -> Following:
        config = self._config
        maker = Maker(
            shown_name(path),
            self._numbers,
            self._times,
            time=config.time.field,
            levels=config.level,
            messages=config.message,
        )
        first = compiled(config.multiline) if config.multiline else None
        chosen = choice(config.format, joined=first is not None)
        return Following(path, maker, Assembler(chosen, maker, first))

    def _leave(self, one: Following) -> None:
        one.assembler.flush(self._left)
        self._broken -= one.maker.broken

    def _begin(self, opened: Opened) -> None:
        """What was there before onwatch looked."""
        if self._config.start == "beginning":
            opened.kept_until = opened.size
            return
        share = min(OLD, 8 * OLD // max(1, len(self._finding.followed)))
        opened.begin_at(max(0, opened.size - share))
        opened.old_until = opened.size

    def _read_old(self, this: _Round) -> None:
        for one in self._finding.followed.values():
            part = one.current
            if part is None or part.offset >= part.old_until:
                continue
            try:
                while part.offset < part.old_until:
                    if this.is_over():
                        return
                    if not self._take(one, part, this, min(CHUNK, part.old_until - part.offset)):
                        break
            except OSError as error:
                one.lose_hold(error)
            one.assembler.flush(this.records)

    def _read_new(self, this: _Round) -> None:
        """One chunk of each in turn; who is first changes, so that a flood in one starves none."""
        everyone = list(self._finding.followed.values())
        self._turn += 1
        at = self._turn % len(everyone) if everyone else 0
        busy = [*everyone[at:], *everyone[:at]]
        share = max(_FAIR, min(CHUNK, this.most // max(1, len(busy))))
        while busy:
            left = []
            for one in busy:
                if this.is_over():
                    return
                if self._take_next(one, this, share):
                    left.append(one)
            busy = left

    def _take_next(self, one: Following, this: _Round, most: int) -> bool:
        """Read the oldest file that has something; whether there may be more."""
        self._finding.touching = str(one.path)
        try:
            for part in list(one.parts()):
                if part.look():
                    self._skip(one, part, this)
                    if self._take(one, part, this, most):
                        return True
        except OSError as error:
            one.lose_hold(error)
        return False

    def _take(self, one: Following, part: Opened, this: _Round, most: int) -> bool:
        """Read a chunk of one file; whether it brought anything."""
        chunk = part.take(this.now, most)
        if chunk is None:
            one.truncated(part, self._finding)
            return True
        if part.ill:
            return False
        this.read += chunk.read
        this.lines += len(chunk.lines)
        one.assembler.feed(chunk.lines, this.now, this.records)
        if chunk.cut:
            one.say(f"lines of {one.path} that are longer than 64 kB are cut")
        if chunk.zeros:
            one.say(f"zero bytes in {one.path} are left out")
        if chunk.read and part.rotated is not None and this.now - part.rotated > _STILL:
            one.say(
                f"{one.path} was rotated, and its writer goes on in the old file: have it open its "
                "log anew (logrotate's postrotate, or copytruncate)"
            )
        return chunk.read > 0

    def _skip(self, one: Following, part: Opened, this: _Round) -> None:
        """Under a flood the oldest lines are passed over, and counted."""
        if part.behind > BEHIND:
            part.leave_hole()
        behind = part.behind
        if behind <= BEHIND or part.offset < part.kept_until:
            return
        lines = part.pass_over(part.size - BEHIND // 2, BEHIND)
        this.lost += lines
        this.events.append(
            f"{one.path} is written to faster than it is read: {lines:,} lines "
            f"({size_of(behind - part.behind)}) were passed over"
        )

    def _tidy(self, this: _Round) -> None:
        """What waited long enough is whole; what was rotated is let go."""
        for one in self._finding.followed.values():
            ends = [part.rest(this.now, _PARTIAL) for part in one.parts()]
            lines = [*one.orphans, *(line for line in ends if line)]
            if lines:
                one.orphans.clear()
                this.lines += len(lines)
                one.assembler.feed(lines, this.now, this.records)
            one.assembler.settle(this.now, this.records)
            this.lost, one.lost = this.lost + one.lost, 0
            this.events += one.events
            one.events.clear()
        self._finding.let_go(this.now)
