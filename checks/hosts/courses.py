"""The courses of a machine's figures over ten minutes, and what has changed in them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from checks.hosts.changes import SPAN, Change, Course, changed, grown, ranked
from checks.hosts.model import HostFacts
from checks.store.window import Window

__all__ = ["as_shares", "changes_of"]

Points = tuple[float, ...]
_LOOKED_BACK: Final = SPAN + 90.0
"""Seconds: runs begin a little early or late."""


def as_shares(points: Iterable[float], whole: float = 1.0) -> Points:
    """``points`` as shares of ``whole``, at most 1; gaps (NaN) stay gaps."""
    # In this order: of 1 and a NaN, min() would take the 1 for the smaller one.
    return tuple(min(value / whole, 1.0) for value in points)


def changes_of(window: Window, facts: HostFacts, total: float | None) -> tuple[Change, ...]:
    """What changed most in the ten minutes before the end of ``window``."""
    found = [changed(course) for course in _courses(window, total)]
    found += [grown(one.name, one.then, one.now, one.ago, total) for one in facts.growth]
    return ranked(found)


def _courses(window: Window, total: float | None) -> Iterable[Course]:
    times = window.times(_LOOKED_BACK)
    if len(times) < 4:
        return
    yield from _resource_courses(window, times, total)
    for name, label, what, least, pane in (
        ("node_disk_io_time_seconds_total", "device", "busy", 0.2, "disks"),
        ("node_pressure_memory_waiting_seconds_total", "", "", 0.05, "pressure"),
        ("node_pressure_io_waiting_seconds_total", "", "", 0.15, "pressure"),
    ):
        for key, points in _last(window, name, label, times, rate=True):
            subject = f"disk {key}:" if label else f"pressure of {name.split('_')[2]}"
            yield Course(subject, "share", times, as_shares(points), least, what, pane)
    for way, word in (("receive", "in"), ("transmit", "out")):
        counter = f"node_network_{way}_bytes_total"
        for key, points in _last(window, counter, "device", times, rate=True):
            if key != "lo":
                yield Course(f"{key} {word}:", "rate", times, points, 1e6, "", "network")
    for counter, word, least in (
        ("node_netstat_Tcp_RetransSegs", "TCP segments sent again a second:", 20.0),
        ("node_context_switches_total", "context switches a second:", 20_000.0),
        ("node_forks_total", "processes started a second:", 20.0),
    ):
        for _, points in _last(window, counter, "", times, rate=True):
            yield Course(word, "count", times, points, least, "", "processor")


def _resource_courses(window: Window, times: Points, total: float | None) -> Iterable[Course]:
    cores = window.last("onwatch_host_cores") or 1.0
    busy = _summed(_last(window, "onwatch_host_cpu_seconds_total", "mode", times, rate=True))
    if busy:
        yield Course("cpu", "share", times, as_shares(busy, cores), 0.2, "busy", "processor")
    for _, points in _last(window, "onwatch_host_memory_used_bytes", "", times):
        least = max(100e6, (total or 0.0) * 0.03)
        yield Course("memory in use", "bytes", times, points, least, "", "memory")
    for _, points in _last(window, "node_load1", "", times):
        yield Course("load", "count", times, points, max(2.0, cores), "", "processor")
    sizes = window.last_by("node_filesystem_size_bytes", "mountpoint")
    for key, points in _last(window, "node_filesystem_avail_bytes", "mountpoint", times):
        if size := sizes.get(key):
            used = tuple(1.0 - value / size for value in points)
            yield Course(f"disk {key}", "share", times, used, 0.02, "full", "filesystems")


def _last(
    window: Window, name: str, label: str, times: Points, *, rate: bool = False
) -> Iterable[tuple[str, Points]]:
    """Courses by the label, a value for each of ``times``: NaN before there was one."""
    count = len(times)
    labels = (label,) if label else ()
    found = window.courses(name, *labels, points=count, rate=rate, seconds=_LOOKED_BACK)
    for key, points in found.items():
        lead = (math.nan,) * (count - len(points))
        yield (key[0] if key else ""), (*lead, *points)


def _summed(curves: Iterable[tuple[str, Points]]) -> Points:
    columns = zip(*(points for _, points in curves), strict=True)
    return tuple(
        sum(v for v in column if math.isfinite(v)) if any(map(math.isfinite, column)) else math.nan
        for column in columns
    )
