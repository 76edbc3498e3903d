"""Expressions over 10,000 series of one check, over 1,000 checks, and as 200 rules.

Beside them: ``rate`` in plain Python, a series after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.report import Section
from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.store.store import Store

METRICS, EACH, ROWS, STEP = 100, 100, 720, 5.0
CHECKS = 1_000
END = round(STEP * ROWS * 1000)

LARGE = (
    "sum by (instance) (all_total)",
    "rate(all_total[5m])",
    "sum by (instance) (rate(all_total[5m])) > 0",
    "all_total / on (instance) group_left sum by (instance) (all_total)",
    "predict_linear(all_total[1h], 3600)",
)
MANY = ("up == 0", "avg_over_time(up[5m]) < 0.9")
RULES = (
    "rate(metric_{}_total[5m]) > 100",
    "sum by (instance) (rate(metric_{}_total[5m])) > 5",
    "max_over_time(metric_{}_total[30m]) > 1e9",
    "avg without (dev) (metric_{}_total) > 10",
    "absent(metric_{}_total)",
    "predict_linear(metric_{}_total[1h], 4 * 3600) < 0",
    'count by (job) (metric_{}_total{{dev=~"d[0-5]"}}) > 2',
)


def one_check() -> Store:
    """An hour of 10,000 series under one name, and of as many under a hundred."""
    alike = [
        Series.of("all_total", {"id": str(n), "instance": f"h{n % 20}"}) for n in range(10_000)
    ]
    own = [
        Series.of(
            f"metric_{metric}_total",
            {"job": "a", "m": str(metric), "instance": f"h{n % 10}", "dev": f"d{n // 10}"},
        )
        for metric in range(METRICS)
        for n in range(EACH)
    ]
    store = Store()
    for name, series in (("alike", tuple(alike)), ("own", tuple(own))):
        for row in range(ROWS):
            values = tuple(float(row * n % 1000 + row) for n in range(len(series)))
            store.append(name, STEP, (row + 1) * STEP, Samples(series, values))
    return store


def many_checks() -> Store:
    store = Store()
    for check in range(CHECKS):
        series = (Series.of("up", {"job": str(check)}),)
        for row in range(60):
            store.append(
                str(check), STEP, END / 1000 - _row_age(row, check), Samples(series, (1.0,))
            )
    return store


def _row_age(row: int, check: int) -> float:
    """How many seconds before the end a row is; no two checks run at the same moment."""
    return (59 - row) * STEP + check / 1000


def plain_rate(store: Store) -> None:
    """What a loop over series and samples takes (without extrapolation)."""
    (group,) = store.groups("all_total")
    times, values = group.rows(END - 300_000, END)
    seconds = (times / 1000.0).tolist()
    for column in values.T.tolist():
        increase = column[-1] - column[0]
        before = column[0]
        for value in column:
            if value < before:
                increase += before
            before = value
        increase / (seconds[-1] - seconds[0])


def run() -> Iterator[Section]:
    engine, store, spread = Engine(), one_check(), many_checks()
    rows = [
        (text, f"{_fastest(engine, held, [text]):.2f} ms")
        for held, texts in ((store, LARGE), (spread, MANY))
        for text in texts
    ]
    rules = [RULES[at % len(RULES)].format(at % METRICS) for at in range(200)]
    rows.append(("200 rules, of 100 series each", f"{_fastest(engine, store, rules):.1f} ms"))
    rows.append(
        ("rate(all_total[5m]) in plain Python", f"{_best(lambda: plain_rate(store)):.1f} ms")
    )
    began = time.perf_counter()
    for rule in rules:
        engine.parse(rule)
    rows.append(("parsing a rule", f"{(time.perf_counter() - began) / 200 * 1e6:.0f} µs"))
    title = f"expressions at an instant: 10,000 series, an hour at {STEP:g} s; {CHECKS:,} checks"
    yield Section(title, ("", "CPU"), tuple(rows))


def _fastest(engine: Engine, store: Store, texts: list[str]) -> float:
    """Milliseconds of CPU for all of them, labels known from an evaluation before."""
    parsed = [engine.parse(text) for text in texts]

    def once() -> None:
        for expression in parsed:
            engine.instant(store, expression, END)

    once()
    return _best(once)


def _best(work: Callable[[], None]) -> float:
    best = float("inf")
    for _ in range(7):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best * 1000
