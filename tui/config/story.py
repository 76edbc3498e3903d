"""What a configuration says on dealing with alerts: maintenance windows, and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.config import StoryConfig

if TYPE_CHECKING:
    from checks.story.maintenance import Window
    from tui.config.models import File
    from tui.config.problems import Report

__all__ = ["read_story"]

_KEYS = frozenset({"silences", "severities", "business_hours", "escalate_to"})


def read_story(report: Report, head: File) -> StoryConfig:
    """What ``head`` says of it; reports what does not hold together."""
    if not _KEYS & head.model_fields_set:
        return StoryConfig()
    from tui.config.reading_story import targets_of, window_of  # noqa: PLC0415 - few say any

    windows: dict[str, Window] = {}
    for index, given in enumerate(head.silences):
        if given.name in windows:
            report.add(("silences", index, "name"), f'another window is called "{given.name}"')
        window = window_of(report, index, given)
        if window is not None:
            windows.setdefault(given.name, window)
    return StoryConfig(windows=tuple(windows.values()), targets=targets_of(report, head))
