"""The comparison: what onwatch and an exporter say of one server, metric by metric."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from checks.model import Samples
from tests.exporters.stage import Stage
from tests.servers.exporters import Exporter, Scrape

__all__ = ["Found", "Kind", "beside", "compare", "of_samples", "together"]

TARGET: Final = frozenset({"job", "instance"})
"""Labels of the target, which a Prometheus adds to what an exporter says."""


class Kind(StrEnum):
    """In what something differs."""

    MISSING = "missing"
    """The exporter has the metric, and onwatch has not."""
    EXTRA = "extra"
    """onwatch has the metric, and the exporter has not."""
    LABELS = "labels"
    """Both have the metric, with different names of labels."""
    LESS = "less"
    """A series of the exporter that onwatch has not."""
    MORE = "more"
    """A series of onwatch that the exporter has not."""
    VALUE = "value"
    """A series of both with different values."""
    NONE = "none"
    """Neither has the metric: nothing was compared."""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference. ``labels`` are those of the series, empty where all of it is meant."""

    metric: str
    kind: Kind
    labels: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""


async def beside(
    stage: Stage,
    exporter: Exporter,
    names: Iterable[str],
    slack: Mapping[str, float] | None = None,
    path: str = "/metrics",
) -> list[Found]:
    """What differs between the checks on ``stage`` and ``exporter``: see :func:`compare`.

    The checks have run a minute before, so that their slow tier has what is seldom asked.
    """
    await stage.once()
    await stage.clock.advance(61)
    before = exporter.scrape(path)
    ours = of_samples(await stage.once())
    return compare(names, before, ours, exporter.scrape(path), slack)


def together(*parts: list[Found]) -> list[Found]:
    """What differs on several servers; what one of them has not is compared on another."""
    nowhere = set.intersection(
        *({one.metric for one in part if one.kind is Kind.NONE} for part in parts)
    )
    return [
        one for part in parts for one in part if one.kind is not Kind.NONE or one.metric in nowhere
    ]


def of_samples(samples: Samples) -> Scrape:
    """What onwatch collected as a page of the exporter would say it."""
    return {
        (series.name, tuple(pair for pair in series.labels if pair[0] not in TARGET)): value
        for series, value in zip(samples.series, samples.values, strict=True)
    }


def compare(
    names: Iterable[str],
    before: Scrape,
    ours: Scrape,
    after: Scrape,
    slack: Mapping[str, float] | None = None,
) -> list[Found]:
    """Differences of the metrics ``names``, which may be patterns.

    ``ours`` was read between ``before`` and ``after``: a value must lie between theirs, or within
    ``slack`` of them (by metric, as a share; a thousandth of a millionth else).
    """
    return [
        one
        for name in names
        for metric in _named(name, before, ours, after)
        for one in _metric(metric, before, ours, after, (slack or {}).get(metric, 1e-9))
    ]


def _named(pattern: str, *pages: Scrape) -> list[str]:
    """The metrics of that name, or those that it stands for; itself where there is none."""
    found = {name for page in pages for name, _ in page if re.fullmatch(pattern, name)}
    return sorted(found) or [pattern]


def _metric(
    metric: str, before: Scrape, ours: Scrape, after: Scrape, slack: float
) -> Iterator[Found]:
    theirs = {key for page in (before, after) for key in page if key[0] == metric}
    mine = {key for key in ours if key[0] == metric}
    if not theirs or not mine:
        if theirs or mine:
            yield Found(metric, Kind.MISSING if theirs else Kind.EXTRA)
        else:
            yield Found(metric, Kind.NONE)
        return
    there, here = (_label_names(keys) for keys in (theirs, mine))
    if there != here:
        yield Found(metric, Kind.LABELS, {}, f"{sorted(there)} there, {sorted(here)} here")
    for key in sorted(theirs | mine):
        labels = dict(key[1])
        if key not in mine:
            yield Found(metric, Kind.LESS, labels)
        elif key not in theirs:
            yield Found(metric, Kind.MORE, labels)
        else:
            bounds = [page[key] for page in (before, after) if key in page]
            if not _between(ours[key], bounds, slack):
                text = f"{ours[key]!r} here, {' and '.join(map(repr, bounds))} there"
                yield Found(metric, Kind.VALUE, labels, text)


def _label_names(keys: Iterable[tuple[str, tuple[tuple[str, str], ...]]]) -> set[str]:
    return {name for _, labels in keys for name, _ in labels}


def _between(value: float, bounds: list[float], slack: float) -> bool:
    if value != value or any(one != one for one in bounds):  # noqa: PLR0124 - NaN
        return value != value and all(one != one for one in bounds)  # noqa: PLR0124 - NaN
    room = math.inf if slack == math.inf else slack * max(map(abs, bounds))
    return min(bounds) - room <= value <= max(bounds) + room
