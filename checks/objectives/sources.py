"""From the samples in the store to what became of a promise: events or seconds, good ones and all.

Which series count the requests of a check is for its kind to say: a request log has names of its
own, a page of metrics those that the requests screen reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from checks.errors import OnwatchError
from checks.model import Series
from checks.objectives.counting import Counted, Grown, Increment, steps
from checks.objectives.model import Condition, OfCheck, Picked, Ratio
from checks.promql.api import Engine
from checks.promql.options import Options
from checks.rules.own_time import OwnTime
from checks.store.block import Block
from checks.store.store import Store

if TYPE_CHECKING:
    from checks.objectives.model import Source
    from checks.probe import CheckSpec
    from checks.requests.counted import Layout

__all__ = ["Happened", "Reader", "reader_of"]

_OF_TIME: Final = {"up": "up", "probe": "probe_success"}
_BUCKETS: Final = "http_request_duration_seconds_bucket"
_SLACK: Final = 1 + 1e-9
_LONGEST_LOOK: Final = 60.0
"""Seconds that a look at a condition may stand for: after more there was a gap."""
_DEADLINE: Final = 0.2
"""Seconds of this thread's own time that a condition may take."""


@dataclass(frozen=True, slots=True)
class Happened:
    """At ``at`` (seconds): ``good`` of ``total`` events or seconds, seen over ``known`` seconds."""

    at: float
    good: float
    total: float
    known: float


class Reader(Protocol):
    """Reads one source."""

    @property
    def note(self) -> str:
        """What limits it, or why nothing is known; empty where nothing does."""

    @property
    def check(self) -> str:
        """The check whose samples it reads; empty while that is not known."""

    def read(self, store: Store, now: int) -> list[Happened]:
        """What happened since it was last asked, up to ``now`` (milliseconds)."""


def reader_of(source: Source, specs: Mapping[str, CheckSpec], since: int) -> Reader:
    """What reads ``source`` from ``since`` (milliseconds) on."""
    if isinstance(source, Ratio):
        return _Counters(since, _Selected(source))
    if isinstance(source, Condition):
        return _While(source, since)
    spec = specs.get(source.check)
    if source.what in _OF_TIME:
        return _Time(source, since)
    return _Counters(since, _Requests(source, spec))


class _Time:
    """Seconds in which a check was well: each run stands for the time since the one before."""

    def __init__(self, source: OfCheck, since: int) -> None:
        self.note = ""
        self.check = source.check
        self._metric = _OF_TIME[source.what]
        self._at = since

    def read(self, store: Store, now: int) -> list[Happened]:
        block = store.block(self.check)
        if block is None:
            self.note = f"{self.check} has not run yet"
            return []
        self.note = ""
        series = store.chosen(self._metric).get(block, ())
        found = [
            Happened(at, span if value > 0 else 0.0, span, span)
            # The run before the first new one tells how long that one stands for.
            for at, value, span in steps(block, series, self._at - 1, now)
        ]
        self._at = block.newest() or self._at
        return found


class _While:
    """Seconds in which a condition holds: each look stands for the time since the one before."""

    def __init__(self, source: Condition, since: int) -> None:
        self.note = ""
        self.check = ""
        self._expression = source.expression
        self._engine = Engine(Options(deadline=_DEADLINE, left_first=True), OwnTime())
        self._at = since

    def read(self, store: Store, now: int) -> list[Happened]:
        before, self._at = self._at, now
        try:
            found = self._engine.instant(store, self._expression, now).samples()
            values = [value for _, value in found if value == value]  # noqa: PLR0124 - no NaN
        except OnwatchError as error:
            self.note = str(error)
            return []
        self._find_check(store)
        self.note = "" if values else f"{self._expression.text} returns nothing"
        span = (now - before) / 1000
        if not values or span > _LONGEST_LOOK:
            return []
        return [Happened(now / 1000, span if min(values) > 0 else 0.0, span, span)]

    def _find_check(self, store: Store) -> None:
        """The check that brings the first thing it reads, as far as one does."""
        if not self.check and self._expression.selectors:
            first = self._expression.selectors[0]
            blocks = (block.name for block in store.chosen(first.name, first.matchers))
            self.check = next((name for name in blocks if "/" not in name), "")


class _Chooser(Protocol):
    note: str
    bad: bool

    def choose(self, store: Store) -> Mapping[Block, Counted]: ...


class _Counters:
    """Events that are counted."""

    def __init__(self, since: int, chooser: _Chooser) -> None:
        self.check = ""
        self._since = since
        self._chooser = chooser
        self._grown: dict[Block, Grown] = {}
        self._chosen: tuple[int, Mapping[Block, Counted]] = (-1, {})

    @property
    def note(self) -> str:
        return self._chooser.note

    def read(self, store: Store, now: int) -> list[Happened]:
        if self._chosen[0] != store.changes:
            self._chosen = (store.changes, self._chooser.choose(store))
        chosen = self._chosen[1]
        self.check = next((block.name for block in chosen), self.check)
        self._grown = {block: one for block, one in self._grown.items() if block in chosen}
        found: list[Happened] = []
        for block, counted in chosen.items():
            grown = self._grown.get(block)
            if grown is None:
                grown = self._grown[block] = Grown(block, self._since)
            found += (self._happened(one, len(chosen)) for one in grown.read(counted, now))
        self._since = now
        return found

    def _happened(self, one: Increment, blocks: int) -> Happened:
        # Of several counters, as of a histogram's buckets, rounding may leave a little more.
        part = min(one.part, one.total)
        good = one.total - part if self._chooser.bad else part
        return Happened(one.at, max(0.0, good), one.total, one.known / blocks)


class _Selected:
    """Counters that the configuration selects."""

    def __init__(self, source: Ratio) -> None:
        self.note = ""
        self.bad = source.bad
        self._source = source

    def choose(self, store: Store) -> Mapping[Block, Counted]:
        total, part = (_select(store, one) for one in (self._source.total, self._source.part))
        self.note = "" if total else f"nothing is counted by {self._source.total.text} yet"
        return {block: Counted(part.get(block, ()), series) for block, series in total.items()}


def _select(store: Store, picked: Picked) -> Mapping[Block, tuple[Series, ...]]:
    return store.chosen(picked.name, picked.matchers)


class _Requests:
    """The requests of a check; of ``latency`` those that have a duration."""

    def __init__(self, source: OfCheck, spec: CheckSpec | None) -> None:
        self.note = ""
        self.bad = source.what == "requests"
        self._source = source
        self._spec = spec

    def choose(self, store: Store) -> Mapping[Block, Counted]:
        block = store.block(self._source.check)
        counted = self._counted(store, block) if block is not None else None
        if counted is None or block is None or not counted.total:
            self.note = self.note or f"{self._source.check} has told of no requests yet"
            return {}
        return {block: counted}

    def _counted(self, store: Store, block: Block) -> Counted | None:
        self.note = ""
        if self._spec is not None and self._spec.kind == "metrics":
            return self._of_page(block)
        if self.bad:
            total = store.chosen("http_requests_total").get(block, ())
            return Counted(store.chosen("http_requests_failed_total").get(block, ()), total)
        return self._of_buckets(store.chosen(_BUCKETS).get(block, ()))

    def _of_buckets(self, series: tuple[Series, ...]) -> Counted | None:
        bounds = {one: float(one.label("le")) for one in series if one.label("le")}
        total = tuple(one for one, bound in bounds.items() if bound == float("inf"))
        near = [bound for bound in bounds.values() if bound <= self._source.below * _SLACK]
        if not near:
            self._say_nothing_below(bounds.values())
            return None
        self._say_bound(max(near))
        return Counted(tuple(one for one, bound in bounds.items() if bound == max(near)), total)

    def _of_page(self, block: Block) -> Counted | None:
        """By the metrics that the requests screen reads of such a page."""
        from checks.probes.metrics.config import MetricsConfig, Requests  # noqa: PLC0415
        from checks.probes.metrics.requests import Chooser  # noqa: PLC0415 - imports pydantic

        config = self._spec.config if self._spec is not None else None
        wanted = config.requests if isinstance(config, MetricsConfig) else True
        wanted = wanted if isinstance(wanted, Requests) else Requests()
        series = tuple(block.series)
        layout = Chooser(wanted, {}).layout(series, ())
        if layout is None:
            return None
        if not self.bad:
            return self._of_histograms(layout, series)
        if not layout.has_status:
            self.note = f"{layout.counter} has no label with a status: no failure is counted"
            return None
        total = tuple(series[child.at] for child in layout.children)
        failed = (one for one in layout.children if _code(one.status) >= wanted.errors_from)
        return Counted(tuple(series[one.at] for one in failed), total)

    def _of_histograms(self, layout: Layout, series: tuple[Series, ...]) -> Counted | None:
        part: list[Series] = []
        total: list[Series] = []
        bound = 0.0
        for one in layout.histograms:
            seconds = [each * layout.seconds for each in one.bounds]
            near = [at for at, each in enumerate(seconds) if each <= self._source.below * _SLACK]
            if not near:
                self._say_nothing_below(seconds)
                return None
            bound = seconds[near[-1]]
            part.append(series[one.places[near[-1]]])
            total.append(series[one.places[-1]])
        if total:
            self._say_bound(bound)
        return Counted(tuple(part), tuple(total))

    def _say_bound(self, bound: float) -> None:
        if bound * _SLACK < self._source.below:
            self.note = (
                f"measured at {bound:g} s, the nearest bucket below {self._source.below:g} s"
            )

    def _say_nothing_below(self, bounds: Iterable[float]) -> None:
        least = min(bounds, default=0.0)
        if least:
            self.note = (
                f"no bucket of {self._source.check} is below {self._source.below:g} s: "
                f"its smallest is {least:g} s"
            )


def _code(status: str) -> int:
    """The status as a number, of a class (``5xx``) its first; 0 for what is neither."""
    text = status.strip().lower().replace("xx", "00")
    return int(text) if text.isascii() and text.isdigit() else 0
