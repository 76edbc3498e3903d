"""The names that a `files` check yields: those of filestat_exporter, and its own."""

from __future__ import annotations

from typing import Final

from checks.model import SampleBuilder
from checks.probe import Metric
from checks.probes.files.content import Content
from checks.probes.files.judge import Files
from checks.probes.files.schedule import Schedule

__all__ = ["METRICS", "emit"]

_LISTED: Final = 5
"""Files that have series of their own: names change from day to day."""
_OWN: Final = "onwatch_files"


def emit(
    files: Files, schedule: Schedule | None, content: Content | None, to: SampleBuilder
) -> None:
    """Emits what was found; what is not there has no sample."""
    found = files.found
    for pattern, number in found.matches.items():
        to.add("file_glob_match_number", number, {"pattern": pattern})
    for item in found.items[:_LISTED]:
        to.add("file_stat_size_bytes", item.size, {"path": item.path})
        to.add("file_stat_modif_time_seconds", item.changed, {"path": item.path})
    to.add(f"{_OWN}_count", len(found.items))
    to.add(f"{_OWN}_total_bytes", found.total)
    if files.newest is not None and files.oldest is not None:
        if not files.ahead(files.newest):
            to.add(f"{_OWN}_newest_age_seconds", files.age(files.newest))
        to.add(f"{_OWN}_newest_modif_time_seconds", files.newest.changed)
        to.add(f"{_OWN}_oldest_age_seconds", files.age(files.oldest))
    if files.settled is not None:
        to.add(f"{_OWN}_newest_size_bytes", files.settled.size)
    if files.before is not None:
        to.add(f"{_OWN}_previous_size_bytes", files.before.size)
    if schedule is not None and not (files.newest is not None and files.ahead(files.newest)):
        newest = files.newest.changed if files.newest is not None else None
        to.add(f"{_OWN}_late", schedule.at(files.now).is_late(newest))
    if content is not None and content.sound is not None:
        to.add(f"{_OWN}_readable", content.sound)


def _own(name: str, help_: str, unit: str = "") -> Metric:
    return Metric(f"{_OWN}_{name}", "gauge", help_, unit)


METRICS: Final = (
    Metric("file_glob_match_number", "gauge", "files that a pattern matches", "", ("pattern",)),
    Metric("file_stat_size_bytes", "gauge", "size of each of the newest files", "bytes", ("path",)),
    Metric(
        "file_stat_modif_time_seconds",
        "gauge",
        "when each of the newest files was changed, in seconds since 1970",
        "s",
        ("path",),
    ),
    _own("count", "files that were found"),
    _own("total_bytes", "size of all of them together", "bytes"),
    _own("newest_age_seconds", "age of the newest", "s"),
    _own("newest_modif_time_seconds", "when the newest was changed, in seconds since 1970", "s"),
    _own("newest_size_bytes", "size of the newest that is no longer written", "bytes"),
    _own("previous_size_bytes", "size of the one before that", "bytes"),
    _own("oldest_age_seconds", "age of the oldest", "s"),
    _own("late", "1 where one that was due has not come; with `due` only"),
    _own("readable", "1 where the newest is whole, 0 where it is not; with `readable` only"),
)
