"""The silences: what each hides, until when, and who set it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from widgets.empty import config_lines
from widgets.handling import moment_words
from widgets.lines import LinePane
from widgets.text import Line, Seg, broken, line

if TYPE_CHECKING:
    from checks.story.model import Silence
    from checks.story.views import SilenceView

__all__ = ["SilencesPane", "silence_lines"]

_NONE: Final = (
    "No alert is silenced; s silences the one under the cursor. Planned maintenance, in "
    "onwatch.yaml:"
)
_EXAMPLE: Final = (
    "silences:",
    "  - name: nightly",
    "    matchers: {job: backup}",
    '    schedule: "0 2 * * sun"',
    "    duration: 2h",
)


def silence_lines(view: SilenceView, now: float, width: int) -> list[Line]:
    """One silence: how it stands and what it goes by, then who, why, and what it hides now."""
    one = view.silence
    active = one.active(now)
    by = f"window {one.window}, planned" if one.window else f"by {one.who}"
    told = f"{by}{f': {one.comment}' if one.comment else ''}"
    if active:
        names = ", ".join(dict.fromkeys(view.hides))
        told += f"; hides {names}" if names else "; hides nothing now"
    matchers = ", ".join(map(str, one.matchers))
    head, *others = broken(f"{_state(one, now)}, {matchers}", width - 2)
    role = "value" if active else "dim"
    return [
        line(" ", Seg(head, role), key=one.id),
        *(line("   ", Seg(row, role), key=one.id) for row in others),
        *(line("   ", Seg(row, "dim"), key=one.id) for row in broken(told, width - 4)),
    ]


def _state(one: Silence, now: float) -> str:
    """``active until 14:05``, ``coming from 02:00``, ``ended at 14:05``."""
    if one.ends <= now:
        return f"ended at {moment_words(one.ends, now)}"
    if one.active(now):
        return f"active until {moment_words(one.ends, now)}"
    return f"coming from {moment_words(one.starts, now)}"


class SilencesPane(LinePane):
    """A row a silence: active ones first, then those that come, then those that have ended."""

    def heading(self) -> Sequence[Seg]:
        return [Seg("Silences", "title")]

    def views(self) -> tuple[SilenceView, ...]:
        """The silences of the picture."""
        story = self.snapshot.story if self.snapshot is not None else None
        return story.silences if story is not None else ()

    def build(self, width: int, height: int) -> list[Line]:
        views = self.views()
        if self.snapshot is None or not views:
            return config_lines(_NONE, _EXAMPLE, width)
        now = self.snapshot.time
        return [row for view in views for row in silence_lines(view, now, width)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # There is nothing beneath a silence.
        return action != "open"
