"""A metrics page of 5,000 lines: our reader beside prometheus_client's parser, in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import cycle
from typing import TypeVar

from benchmarks.report import Budget, Section
from checks.exposition.model import Labels
from checks.exposition.reader import Reader, parse

T = TypeVar("T")

LINES, BUDGET = 5_000, 5.0
ROUTES, CODES = 40, ("200", "404", "500")
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")


def page(scrape: int) -> str:
    """The page as it stands at the scrape of that number: the same series, other values."""
    lines = ["# HELP http_requests_total Requests.", "# TYPE http_requests_total counter"]
    for route in range(ROUTES):
        for code in CODES:
            labels = f'handler="/api/v1/things/{route}",method="GET",status="{code}"'
            lines.append(f"http_requests_total{{{labels}}} {route * 1000 + scrape}")
    lines += ["# HELP took_seconds Durations.", "# TYPE took_seconds histogram"]
    for route in range(ROUTES):
        own = f'handler="/api/v1/things/{route}",method="GET"'
        for place, bound in enumerate(BOUNDS):
            lines.append(f'took_seconds_bucket{{{own},le="{bound}"}} {(place + scrape) * route}')
        lines.append(f"took_seconds_sum{{{own}}} {route * scrape * 0.0173:.6f}")
        lines.append(f"took_seconds_count{{{own}}} {(11 + scrape) * route}")
    gauge = 0
    while len(lines) < LINES:
        if gauge % 50 == 0:
            lines.append(f"# TYPE app_gauge_{gauge // 50} gauge")
        lines.append(
            f'app_gauge_{gauge // 50}{{shard="{gauge % 50}",zone="eu-1"}} {gauge + scrape / 7}'
        )
        gauge += 1
    return "\n".join(lines[:LINES]) + "\n"


def run() -> Iterator[Section]:
    pages = [page(scrape) for scrape in range(4)]
    peer = import_module("prometheus_client.parser").text_string_to_metric_families
    theirs = _median(lambda text: list(peer(text)), pages, 11)

    def keep(name: str, labels: Labels) -> tuple[str, Labels]:
        return name, labels

    reader = Reader(keep)
    encoded = [text.encode() for text in pages]
    cold = _median(parse, encoded, 11)
    steady = _median(reader.read, encoded, 101)
    rows = (
        ("prometheus_client", f"{theirs * 1000:.1f} ms", ""),
        ("onwatch, all series new", f"{cold * 1000:.1f} ms", f"{theirs / cold:.1f}x"),
        ("onwatch, from scrape to scrape", f"{steady * 1000:.2f} ms", f"{theirs / steady:.1f}x"),
    )
    title = f"a metrics page of {LINES:,} lines, {len(encoded[0]) / 1000:.0f} kB"
    beside = f"prometheus_client takes {theirs / steady:.0f}x"
    budget = Budget("metrics page of 5,000 lines", steady * 1000, BUDGET, "ms", beside)
    yield Section(title, ("", "median", "faster"), rows, budgets=(budget,))


def _median(read: Callable[[T], object], pages: list[T], times: int) -> float:
    """Seconds that reading a page takes, after every page was read once."""
    for text in pages:
        read(text)
    took = []
    for text, _ in zip(cycle(pages), range(times), strict=False):
        began = time.perf_counter()
        read(text)
        took.append(time.perf_counter() - began)
    return statistics.median(took)
