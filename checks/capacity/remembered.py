"""What the story's file says of the courses in it, so that they can be told without the checks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.capacity.model import Capacity
from checks.capacity.outlook import outlook
from checks.capacity.views import CapacityView
from checks.longterm.ring import Buckets
from checks.model import clean
from checks.promql.values import LabelSet

if TYPE_CHECKING:
    from checks.longterm.tally import Tally

__all__ = ["about", "remembered", "unseen"]


def about(item: Capacity, labels: LabelSet, limit: float | None) -> str:
    """Which series of ``item`` it is, and where it must not get to."""
    bound = limit if limit is not None and math.isfinite(limit) else None
    return json.dumps([item.name, labels, None if bound is None else round(bound, 6)])


def remembered(
    items: Iterable[Capacity],
    tallied: Mapping[str, str],
    tallies: Iterable[Tally],
    now: float,
) -> list[CapacityView]:
    """How what is followed of ``items`` stood when it was last written."""
    every = list(items)
    rows: dict[str, list[Tally]] = {}
    for one in tallies:
        rows.setdefault(one.key.series, []).append(one)
    found = []
    for series, said in tallied.items():
        try:
            name, labels, limit = json.loads(said)
        except (ValueError, TypeError):
            continue  # of another version
        pairs = tuple((str(key), clean(value)) for key, value in labels)
        # What the configuration asks for in other words now is another course.
        fits = (one for one in every if one.name == name and one.key(pairs) == series)
        item = next(fits, None)
        if item is None or series not in rows:
            continue
        buckets = Buckets(series, peaks=True)
        buckets.recall(rows[series])
        bound = item.limit if isinstance(item.limit, float) else limit
        found.append(outlook(item, pairs, buckets, bound, now))
    order = {item.name: at for at, item in enumerate(reversed(every))}
    return sorted(found, key=lambda view: (view.built_in, -order[view.name], view.labels))


def unseen(item: Capacity, now: float) -> CapacityView:
    """What is told of ``item`` while nothing was ever seen of it."""
    limit = item.limit if isinstance(item.limit, float) else None
    told = outlook(item, (), Buckets(item.name, peaks=True), limit, now)
    return replace(told, sentence=f"nothing was seen of it yet: {item.expr.text}")
