"""What a scrape says of the page: facts, the largest families, samples of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checks.expectations import seconds
from checks.exposition.model import Family
from checks.model import Sampler, Samples, Series, Table
from checks.requests.counted import Layout
from checks.wording import many, size

__all__ = ["PageFacts", "facts_of", "families_table", "family_of", "own_samples", "requests_fact"]

_LARGEST: Final = 50
_SUFFIXES: Final = ("_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Figures of one page; sizes in bytes, ``took`` in seconds."""

    openmetrics: bool
    sent: int
    length: int
    took: float
    series: int
    left_out: int
    fresh: int
    families: int
    timestamps: int
    too_old: int
    exemplars: int


def own_samples(sampler: Sampler, facts: PageFacts | None) -> Samples:
    """What the scrape says of itself, under Prometheus' names; zeros where it failed."""
    scraped = facts.series + facts.left_out if facts else 0
    builder = sampler.builder()
    builder.add("scrape_samples_scraped", scraped)
    builder.add("scrape_samples_post_metric_relabeling", facts.series if facts else 0)
    builder.add("scrape_series_added", facts.fresh if facts else 0)
    builder.add("scrape_body_size_bytes", facts.length if facts else 0)
    return builder.build()


def facts_of(facts: PageFacts) -> tuple[tuple[str, str], ...]:
    """The same for people."""
    packed = f", sent as {size(facts.sent)}" if facts.sent < facts.length else ""
    found = [
        ("format", "OpenMetrics" if facts.openmetrics else "Prometheus text format"),
        ("series", f"{facts.series:,} in {facts.families:,} families"),
        ("page", f"{size(facts.length)}{packed}"),
        ("read within", seconds(facts.took)),
    ]
    if facts.left_out:
        found.append(("left out", f"{many(facts.left_out, 'sample')}, by keep and drop"))
    if facts.timestamps:
        text = f"{facts.timestamps:,} samples have one; they count as of the scrape"
        if facts.too_old:
            text += f", but {facts.too_old:,} that are older than 5 minutes, which are left out"
        found.append(("timestamps", text))
    if facts.exemplars:
        found.append(("exemplars", f"{facts.exemplars:,}, which are not read"))
    return tuple(found)


def requests_fact(layout: Layout | None) -> tuple[tuple[str, str], ...]:
    """Which metrics feed the requests screen."""
    if layout is None:
        return ()
    text = layout.counter
    apart = ["status"] if layout.has_status else []
    if by := [*apart, *layout.labels]:
        text += f" by {', '.join(by)}"
    text += f"; durations from {layout.histogram}" if layout.histogram else "; no durations"
    return (("requests", text),)


def family_of(name: str, families: Mapping[str, Family]) -> str:
    """The family that a sample of that name belongs to, itself where none is told of."""
    if name in families:
        return name
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name.removesuffix(suffix) in families:
            return name.removesuffix(suffix)
    return name


def families_table(series: Sequence[Series], families: Mapping[str, Family]) -> tuple[Table, int]:
    """The largest families of the page, and how many it has."""
    by_name = Counter(one.name for one in series)
    counts: Counter[str] = Counter()
    for name, count in by_name.items():
        counts[family_of(name, families)] += count
    nothing = Family()
    rows = []
    for name, count in counts.most_common(_LARGEST):
        told = families.get(name, nothing)
        rows.append((name, told.type or "unknown", f"{count:,}", told.help))
    columns = ("family", "type", "series", "help")
    return Table("families", columns, tuple(rows), frozenset({"series"})), len(counts)
