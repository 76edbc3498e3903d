"""What a log check makes of the records that were read: held, counted, searched."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from typing import Final

from checks.logs.counting import Sliding, Top
from checks.logs.counting_columns import Columns
from checks.logs.counting_metrics import RecordCounter
from checks.logs.counting_templates import template
from checks.logs.filters import compiled
from checks.logs.model import Level, Record, Value
from checks.logs.patterns import Matcher, PatternCount
from checks.logs.patterns_search import BLOCK, Block
from checks.logs.reading import Batch, SourceState
from checks.logs.requests import RequestRecords
from checks.logs.tail import GRAVE, NEWEST, Tail, is_grave
from checks.probes.log.config import LogConfig
from checks.secrets import Masker

__all__ = ["Digest"]

_TEMPLATES: Final = 200
"""Messages of one reading that are looked at for what they have in common: of more, some stand for
the others."""
_SKEWED: Final = 900.0
"""Seconds that a line that was just written is away from now where its zone is another."""
_MINUTE: Final = 60.0
_HOLD: Final = 0.5
"""Seconds for which a flood's records wait to be held: most of them are gone by then."""
_QUERY: Final = dict.fromkeys(("query", "query_string", "querystring", "args"), "?")
"""What stands before the value of a field of that name where the address is whole: by it the
first secret of a query is known."""
_LEVEL = attrgetter("level")
_TIME = attrgetter("time")
_NUMBER = attrgetter("number")


class Digest:
    """Counters, windows and the tail of one check. Used in one thread at a time."""

    def __init__(self, config: LogConfig, now: float) -> None:
        self._config = config
        self.masker = Masker()
        """Of the engine's secrets."""
        self._where = compiled(config.where) if config.where is not None else None
        self._matchers = tuple(map(Matcher, config.patterns))
        self.tail = Tail()
        self.patterns = tuple(
            PatternCount(pattern, now, self._masked) for pattern in config.patterns
        )
        self.metrics = tuple(RecordCounter(metric, self._masked) for metric in config.metrics)
        self.requests = RequestRecords(config.told, now) if config.told is not None else None
        self.levels: Counter[Level | None] = Counter()
        self.lines = self.read = self.unreadable = self.lost = 0
        self.rate = Sliding(_MINUTE)
        self.grave = Sliding(300.0)
        """Records that are errors or worse."""
        self.losing = Sliding(300.0)
        """Lines lost."""
        self.common, self.errors = Top(now), Top(now)
        self.levels_of: dict[str, Level] = {}
        """The level of each kind of message, as of its newest."""
        self.error_levels: dict[str, Level] = {}
        """The same of those that are errors: others may say the same in another level."""
        self.began = self.since = now
        """All that was written from ``since`` on was seen."""
        self.newest: float | None = None
        """When the last record of interest came."""
        self.sources: tuple[SourceState, ...] = ()
        self.more = self.caught_up = False
        self.skew = 0.0
        """Seconds that new records lie ahead of when they came; 0 where they are about as old."""
        self._old: list[Record] | None = []
        self._begins: dict[str, float] = {}
        self._unheld: list[Record] = []
        self._held_at = now

    @property
    def readable(self) -> bool:
        """Whether anything can be read; if not, what is not found is not known to be not there."""
        return any(not source.problem for source in self.sources)

    def take(self, batch: Batch, now: float) -> None:
        """Take in what a reading brought at ``now``."""
        self._account(batch, now)
        before = batch.records[: batch.old]
        old, fresh = self._searched(before), self._searched(batch.records[batch.old :])
        if self._old is not None:
            self._note_covered(before)
            # What tells no time is of an unknown past: it is shown, and counts for no window.
            self._old += [record for record in old if record.time < now]
            if fresh or not batch.more:
                self._recall(self._old, now)
                self._old = None
        self._keep((*old, *fresh), now)
        if fresh:
            self._count(fresh, now)
        self._advance(now)

    def _account(self, batch: Batch, now: float) -> None:
        self.sources, self.more = batch.sources, batch.more
        self.caught_up = self.caught_up or not batch.more
        self.lines += batch.lines
        self.read += batch.read
        self.unreadable += batch.unreadable
        self.lost += batch.lost
        if batch.lost:
            self.losing.add(now, batch.lost)

    def _keep(self, records: Sequence[Record], now: float) -> None:
        """To be held: at once, or where there is more to come after a while."""
        self._unheld += records
        if not self.more or not 0 <= now - self._held_at < _HOLD:
            self.hold(now)
        elif len(self._unheld) > 2 * NEWEST:
            past = [one for one in self._unheld[:-NEWEST] if is_grave(one)]
            self._unheld = past[-GRAVE:] + self._unheld[-NEWEST:]

    def hold(self, now: float) -> None:
        """Into the tail with what came since, of which a flood leaves the last ones."""
        if self._unheld:
            # A file that is followed no longer has its last record among those of others.
            self._unheld.sort(key=_NUMBER)
            self.tail.add(self._unheld, self._unsecret)
            self._unheld = []
        self._held_at = now

    def _searched(self, records: Sequence[Record]) -> list[Record]:
        """Those of interest, with the names of the patterns that they match, and masked."""
        if self._where is not None:
            records = [record for record in records if self._where(record)]
        if not self._matchers or not records:
            return list(records)
        found: list[Record] = []
        for start in range(0, len(records), BLOCK):
            found += self._matched(records[start : start + BLOCK])
        return found

    def _matched(self, records: Sequence[Record]) -> Sequence[Record]:
        block = Block(records)
        names: dict[int, list[Matcher]] = {}
        for matcher in self._matchers:
            for place in matcher.places(records, block):
                names.setdefault(place, []).append(matcher)
        if not names:
            return records
        changed = list(records)
        for place, matchers in names.items():
            record = replace(records[place], patterns=tuple(one.name for one in matchers))
            for matcher in matchers:
                record = matcher.unreadable(record)
            changed[place] = record
        return changed

    def _masked(self, text: str) -> str:
        return self.masker.text(text)

    def _unsecret(self, record: Record) -> Record:
        """``record`` without passwords that onwatch knows, or that stand in addresses."""
        text = self.masker.text
        message, whole = text(record.message), text(record.text)
        # Fields may say what the lines do not: the journal's stand in none, and escapes hide from a
        # search in a line what is there.
        said = "\n".join(
            f"{name}\n{_QUERY.get(name.rpartition('.')[2], '')}{value}"
            if isinstance(value, str)
            else name
            for name, value in record.fields.items()
        )
        same = message == record.message and whole == record.text
        # Of one that was cut off its own end may be the beginning of a secret.
        if same and "…" not in said and text(said) == said:
            return record
        fields: dict[str, Value] = {}
        for name, value in record.fields.items():
            mark = _QUERY.get(name.rpartition(".")[2], "")
            told = text(f"{mark}{value}")[len(mark) :] if isinstance(value, str) else value
            fields[text(name)] = told
        return replace(record, message=message, text=whole, fields=fields)

    def _recall(self, records: Sequence[Record], now: float) -> None:
        """Records from before the start: counted for the windows that they lie in, by nothing
        else."""
        ordered = sorted(records, key=_TIME)
        self.since = min(self.since, max(self._begins.values(), default=now))
        for pattern in self.patterns:
            pattern.recall(one for one in ordered if pattern.name in one.patterns)
        self._sum(ordered, now, trusted=True)
        self._note_messages(ordered)
        tops = (self.common, self.errors, *(one.by for one in self.patterns if one.by is not None))
        for top in tops if ordered else ():
            top.reaches(ordered[0].time)
        columns = Columns(records)
        for metric in self.metrics:
            metric.announce(columns)
        if self.requests is not None:
            self.requests.recall(columns, self.since, now)

    def _note_covered(self, records: Sequence[Record]) -> None:
        """Since when all records are known, of what was there before: each source may begin
        elsewhere."""
        for record in records:
            known = self._begins.get(record.source, math.inf)
            self._begins[record.source] = min(known, record.time)

    def _count(self, records: Sequence[Record], now: float) -> None:
        """New records: each counts once, and as of now; where all that was ever written is read,
        as of when it was.
        """
        trusted = self._config.start == "beginning"
        self.levels.update(map(_LEVEL, records))
        self._sum(records, now, trusted=trusted)
        if self.patterns:
            matching = [record for record in records if record.patterns]
            for pattern in self.patterns:
                own = [one for one in matching if pattern.name in one.patterns]
                if trusted:
                    past = (one for one in sorted(own, key=_TIME) if one.time <= now)
                    pattern.recall(past, counted=True)
                else:
                    pattern.add(own, now)
        columns = Columns(records)
        for metric in self.metrics:
            metric.add(columns)
        if self.requests is not None:
            self.requests.add(columns, now, trusted=trusted)
        self._note_messages(records)
        ahead = records[-1].time - now
        self.skew = 0.0 if trusted or abs(ahead) < _SKEWED else ahead

    def _sum(self, records: Sequence[Record], now: float, *, trusted: bool) -> None:
        """How many of late, how many of them are errors, and when the newest was."""
        if not trusted:
            self.rate.add(now, len(records))
            self.grave.add(now, sum((one.level or 0) >= Level.ERROR for one in records))
            self.newest = now
            return
        past = [one for one in records if one.time <= now]
        self.newest = max(self.newest or 0.0, *(one.time for one in past), 0.0) or None
        recent = (one for one in past if now - one.time <= self.grave.window)
        for record in sorted(recent, key=_TIME):
            self.rate.add(record.time)
            self.grave.add(record.time, (record.level or 0) >= Level.ERROR)

    def _note_messages(self, records: Sequence[Record]) -> None:
        errors = [record for record in records if (record.level or 0) >= Level.ERROR]
        self._note(self.errors, errors, self.error_levels)
        self._note(self.common, records, self.levels_of)

    def _note(self, top: Top, records: Sequence[Record], levels: dict[str, Level]) -> None:
        """Count what messages have in common; of many every so manieth stands for its like."""
        step = math.ceil(len(records) / _TEMPLATES)
        for record in islice(records, 0, None, step or 1):
            kind = template(record.message)
            top.add((kind,), step)
            if record.level is not None:
                levels[kind] = record.level
        top.cut = top.cut or step > 1

    def _advance(self, now: float) -> None:
        for sums in (self.rate, self.grave, self.losing):
            sums.advance(now)
        tops = (self.common, self.errors, *(one.by for one in self.patterns if one.by is not None))
        for top in tops:
            top.advance(now)
        for levels in (self.levels_of, self.error_levels):
            if len(levels) > 2_000:
                levels.clear()
