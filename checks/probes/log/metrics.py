"""What a log check yields as samples, whatever it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from checks.logs.model import Level
from checks.model import SampleBuilder
from checks.probe import Metric
from checks.requests.metrics import REQUEST_METRICS

if TYPE_CHECKING:
    from checks.probes.log.digest import Digest

__all__ = ["METRICS", "add_samples"]

_ALWAYS: Final = (Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL)
"""Levels that are told from the start: an error counts as an increase only where there was a
series before it."""

OWN: Final = (
    Metric("log_up", "gauge", "Whether the log could be read."),
    Metric(
        "log_lines_total",
        "counter",
        "Records read since onwatch started, by level; one of several lines counts once.",
        labels=("level",),
    ),
    Metric("log_read_lines_total", "counter", "Lines read, as they stand in the files."),
    Metric("log_read_bytes_total", "counter", "Bytes read.", "bytes"),
    Metric("log_unreadable_lines_total", "counter", "Lines that are not of the format configured."),
    Metric("log_lost_lines_total", "counter", "Lines that were gone before they could be read."),
    Metric("log_files", "gauge", "Files that are followed."),
    Metric("log_size_bytes", "gauge", "Size of the files that are followed.", "bytes"),
    Metric("log_behind_bytes", "gauge", "Bytes written and not read yet.", "bytes"),
    Metric("log_last_line_timestamp_seconds", "gauge", "When the newest record came.", "seconds"),
    Metric(
        "log_pattern_matches_total",
        "counter",
        "Records that match a pattern since onwatch started.",
        labels=("pattern",),
    ),
)
METRICS: Final = (*OWN, *REQUEST_METRICS)
"""Beside those that `metrics` names."""


def add_samples(to: SampleBuilder, digest: Digest, *, up: bool) -> None:
    """Add everything that ``digest`` has counted."""
    to.add("log_up", up)
    for level in dict.fromkeys((*_ALWAYS, *digest.levels)):
        name = level.name.lower() if level is not None else "none"
        to.add("log_lines_total", digest.levels[level], {"level": name})
    to.add("log_read_lines_total", digest.lines)
    to.add("log_read_bytes_total", digest.read)
    to.add("log_unreadable_lines_total", digest.unreadable)
    to.add("log_lost_lines_total", digest.lost)
    to.add("log_files", sum(not source.problem for source in digest.sources))
    to.add("log_size_bytes", sum(source.size for source in digest.sources))
    to.add("log_behind_bytes", sum(source.behind for source in digest.sources))
    to.add("log_last_line_timestamp_seconds", digest.newest)
    for pattern in digest.patterns:
        to.add("log_pattern_matches_total", pattern.total, {"pattern": pattern.name})
    for metric in digest.metrics:
        metric.samples(to)
    if digest.requests is not None:
        digest.requests.samples(to)
