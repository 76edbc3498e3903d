"""The store: bytes a sample, time an append, and a full garbage collection."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

from benchmarks.report import Budget, Section
from checks.model import Samples, Series
from checks.store.store import Store

SERIES, ROWS = 10_000, 720


def run() -> Iterator[Section]:
    gc.collect()
    gc.freeze()  # as the engine does once it has started
    series = tuple(Series.of("bench_total", {"n": str(n)}) for n in range(SERIES))
    store = Store()
    values = [tuple(float(row * n) for n in range(SERIES)) for row in range(8)]
    took = 0.0
    for row in range(ROWS):
        samples = Samples(series, values[row % 8])
        began = time.perf_counter()
        store.append("bench", 5.0, row * 5.0, samples)
        took += time.perf_counter() - began
    held = SERIES * ROWS
    began = time.perf_counter()
    gc.collect()
    collection = time.perf_counter() - began
    budgets = (
        Budget("store: bytes a sample", store.nbytes / held, 10, "B"),
        Budget("store: append of a sample", took / held * 1e9, 50, "ns"),
        Budget("store: full garbage collection", collection * 1000, 10, "ms"),
    )
    rows = tuple(budget.cells()[:2] for budget in budgets)
    title = f"store, {SERIES:,} series for an hour at 5 s"
    yield Section(title, ("", "measured"), rows, budgets=budgets)
