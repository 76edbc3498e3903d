"""The figures of a picture, as a baseline has them; and what it takes to get such a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from checks.baselines.model import Figure
from checks.clock import Clock, SystemClock
from checks.collect import run_for
from checks.config import EngineConfig
from checks.engine import Engine
from checks.store.window import Window
from checks.views import RequestView, Snapshot

__all__ = ["MOST", "Measured", "figures_of", "measure"]

MOST: Final = 2_000
"""Checks that are measured at most."""
SHORTEST: Final = 60.0
"""Seconds of the shortest window that requests are told over."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """``figures`` over the ``seconds`` up to ``ended`` (seconds since 1970); what brought none is
    among ``silent``, with its sentence.
    """

    figures: tuple[Figure, ...]
    seconds: float
    ended: float
    silent: tuple[tuple[str, str], ...] = ()


async def measure(config: EngineConfig, seconds: float, clock: Clock | None = None) -> Measured:
    """Run the checks of ``config`` for ``seconds``, and say how they did."""
    clock = clock or SystemClock()
    engine = Engine(config, clock)
    engine.window = max(seconds, SHORTEST)
    engine.prepare()
    began = clock.now()
    try:
        await run_for(engine, clock, seconds)
        picture, ended = engine.snapshot(), clock.now()
        figures = tuple(figures_of(picture, engine, ended - began))
    finally:
        await engine.close()
    silent = tuple(
        (check.name, check.message)
        for check in picture.checks
        if not any(one.check == check.name for one in figures)
    )
    return Measured(figures, seconds, ended, silent)


def figures_of(picture: Snapshot, engine: Engine, seconds: float) -> Iterator[Figure]:
    """What ``picture`` tells: requests, how quickly checks were answered within the last
    ``seconds``, machines.
    """
    for view in picture.requests:
        yield from request_figures(view)
    for check in picture.checks[:MOST]:
        latency = _latency(engine, check.name, picture.time, seconds) if check.up else None
        if latency is not None and check.kind != "host":
            yield Figure(check.name, "latency", latency)
    for host in picture.hosts:
        for kind, value in (("CPU", host.cpu), ("memory", host.memory)):
            if value is not None:
                yield Figure(host.check, kind, value)


def request_figures(view: RequestView) -> Iterator[Figure]:
    """What is known of the requests of one source over the picture's window."""
    window = view.window
    if view.silent_since is not None or window.covered <= 0:
        return
    yield Figure(view.check, "throughput", window.rate)
    for kind, value in (
        ("p50", window.p50),
        ("p95", window.p95),
        ("p99", window.p99),
        ("error rate", window.error_ratio),
    ):
        if value is not None:
            yield Figure(view.check, kind, value)


def _latency(engine: Engine, check: str, end: float, seconds: float) -> float | None:
    """The median of what its runs took: one slow run is no slow check."""
    window = Window(engine.store, check, end + 1.0, seconds + 2.0)
    _, values = window.curve("probe_duration_seconds")
    known = sorted(value for value in values if math.isfinite(value))
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
