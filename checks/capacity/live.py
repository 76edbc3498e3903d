"""What is watched for where it is going, beside the checks. Used from the engine's loop."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from checks.capacity.model import Capacity
from checks.capacity.outlook import outlook
from checks.capacity.remembered import about
from checks.capacity.views import CapacityView
from checks.errors import OnwatchError
from checks.longterm.ring import Buckets
from checks.model import Sampler, Samples
from checks.promql.api import Engine, Expression
from checks.promql.options import Options
from checks.promql.values import LabelSet
from checks.rules.own_time import OwnTime
from checks.store.store import Store

__all__ = ["BLOCK", "EVERY", "LiveCapacity"]

BLOCK: Final = "onwatch/capacity"
"""The name of their block in the store, which no check can have."""
EVERY: Final = 60.0
"""Seconds between two looks."""
MOST: Final = 50
"""Series of one expression that are followed; the first ones by their labels."""
_DEADLINE: Final = 0.2
"""Seconds of this thread's own time that an expression may take."""

log = logging.getLogger("onwatch.capacity")


class LiveCapacity:
    """``items`` over what is in ``store``."""

    def __init__(
        self, items: Sequence[Capacity], store: Store, external: Mapping[str, str]
    ) -> None:
        self._items = items
        self._store = store
        self._external = external
        self._engine = Engine(Options(deadline=_DEADLINE, left_first=True), OwnTime())
        self._held: dict[str, Buckets] = {}
        self._samplers: dict[str, Sampler] = {}
        self.views: tuple[CapacityView, ...] = ()
        self.problems: dict[str, str] = {}

    @property
    def buckets(self) -> list[Buckets]:
        """Of all series that are followed."""
        return list(self._held.values())

    def follow(self, old: LiveCapacity) -> None:
        """Go on with the courses that ``old`` has."""
        self._held = dict(old._held)

    def look(self, now: float) -> None:
        """Note what everything is now, say where it is going, and put that into the store."""
        views: list[CapacityView] = []
        samples = Samples()
        for item in self._items:
            try:
                for view in self._seen(item, now):
                    views.append(view)
                    samples += self._samples(item, view)
                self.problems.pop(item.name, None)
            except OnwatchError as error:
                # An expression that returns nothing usable costs itself alone.
                self.problems[item.name] = str(error)
                log.info("capacity %s: %s", item.name, error)
        self.views = tuple(views)
        used = {view.key for view in views}
        # What is gone for longer than the minutes reach is taken up from the file again.
        self._held = {
            key: one
            for key, one in self._held.items()
            if key in used or len(one.minutes.points(now - 21_600.0)[0])
        }
        self._samplers = {key: one for key, one in self._samplers.items() if key in self._held}
        if samples or self._store.block(BLOCK) is not None:
            self._store.append(BLOCK, EVERY, now, samples)

    def _seen(self, item: Capacity, now: float) -> Iterator[CapacityView]:
        at = round(now * 1000)
        limits = self._limits(item, at)
        found = sorted((_bare(labels), value) for labels, value in self._ask(item.expr, at))
        for labels, value in found[:MOST]:
            key = item.key(labels)
            buckets = self._held.get(key)
            if buckets is None:
                buckets = self._held[key] = Buckets(key, peaks=True)
            if math.isfinite(value):
                buckets.add(now, value, value, 1.0)
            limit = _limit(limits, labels)
            buckets.about = about(item, labels, limit)
            yield outlook(item, labels, buckets, limit, now)

    def _limits(self, item: Capacity, at: int) -> float | list[tuple[LabelSet, float]] | None:
        if item.limit is None or isinstance(item.limit, float):
            return item.limit
        return [(_bare(labels), value) for labels, value in self._ask(item.limit, at)]

    def _ask(self, expression: Expression, at: int) -> list[tuple[LabelSet, float]]:
        return list(self._engine.instant(self._store, expression, at).samples())

    def _samples(self, item: Capacity, view: CapacityView) -> Samples:
        """Its series; until when is infinite where it does not go there."""
        if item.built_in or view.value is None:
            return Samples()
        sampler = self._samplers.get(view.key)
        if sampler is None:
            base = {**self._external, **dict(view.labels), "capacity": view.name}
            sampler = self._samplers[view.key] = Sampler(base)
        builder = sampler.builder()
        builder.add("capacity_value", view.value)
        builder.add("capacity_limit", view.limit)
        if view.trend.way not in ("unknown", "unsteady"):
            builder.add("capacity_growth_per_second", view.trend.rate)
        if view.limit is not None and view.trend.way != "unknown":
            until = math.inf if view.seconds is None else view.seconds
            builder.add("capacity_seconds_until_limit", until)
            builder.add("capacity_warning_seconds", item.warning)
            builder.add("capacity_critical_seconds", item.critical)
        return builder.build()


def _bare(labels: LabelSet) -> LabelSet:
    return tuple(pair for pair in labels if pair[0] != "__name__")


def _limit(limits: float | list[tuple[LabelSet, float]] | None, labels: LabelSet) -> float | None:
    """The limit of the series with ``labels``: that whose labels it has all, or the only one that
    has none against it.
    """
    if limits is None or isinstance(limits, float):
        return limits
    own = dict(labels)
    fits = [(len(each), value) for each, value in limits if set(labels).issuperset(each)]
    if fits:
        return max(fits)[1]
    likely = [
        value for each, value in limits if all(own.get(name, text) == text for name, text in each)
    ]
    return likely[0] if len(likely) == 1 else None
