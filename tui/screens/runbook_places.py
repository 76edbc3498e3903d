"""Where the panes of a runbook stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.geometry import Region, Size
from textual.layout import ArrangeResult
from textual.widget import Widget

from tui.screens.columns import FoldingLayout, FoldingPanes, column, placements
from widgets.lines import LinePane

__all__ = ["RunbookPanes", "place_runbook"]

_WIDE: Final = 110
"""Cells from which on evidence and steps stand beside the text."""
_GAP: Final = 1
_EVIDENCE: Final = 6
"""Lines of the evidence where others need the room more."""
_STEPS: Final = 5
"""Lines of the steps, at least."""
_OUTPUT: Final = 8
"""Lines of the output, at least."""


def place_runbook(
    width: int, height: int, wanted: Mapping[str, int], opened: str, *, runs: bool
) -> dict[str, Region]:
    """The region of each pane by its id; ``wanted`` are the lines that ``evidence`` and ``steps``
    could use, ``opened`` is the pane that somebody is in, ``runs`` whether there is any output.
    """
    if width < _WIDE:
        return _stacked(width, height, wanted, opened, runs=runs)
    low = min(height // 2, max(_OUTPUT, height * 9 // 20)) if runs else 0
    high = height - low
    own = (width - _GAP) * 9 // 20
    steps = min(wanted["steps"], max(_STEPS, high // 2))
    evidence = max(0, min(wanted["evidence"], high - steps))
    left = column(0, 0, own, {"evidence": evidence, "steps": high - evidence})
    right = {"text": Region(own + _GAP, 0, width - own - _GAP, high)}
    return {**left, **right, **column(0, high, width, {"output": low})}


def _stacked(
    width: int, height: int, wanted: Mapping[str, int], opened: str, *, runs: bool
) -> dict[str, Region]:
    """Beneath each other: evidence and steps as far as there is room, one of the others, and the
    title of the fourth.
    """
    third = opened if opened in ("text", "output") else "output" if runs else "text"
    title = 1 if runs else 0
    room = max(0, height - title)
    least = min(_STEPS, room)
    if opened == "evidence":
        evidence = min(wanted["evidence"], room - least)
        share = room - evidence
    else:
        evidence = min(wanted["evidence"], _EVIDENCE, room // 4)
        share = (room - evidence) // (2 if opened == "steps" else 4)
    steps = min(wanted["steps"], max(least, share), room - evidence)
    low = {"text": title, "output": title, third: room - evidence - steps}
    return column(0, 0, width, {"evidence": evidence, "steps": steps, **low})


class _RunbookLayout(FoldingLayout):
    """Gives each pane of a :class:`RunbookPanes` lines by what it has to show."""

    name = "runbook"
    runs = False

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        panes = {str(child.id): child for child in children}
        regions = place_runbook(
            size.width, size.height, self.wants(panes, size), self.opened, runs=self.runs
        )
        return placements(panes, regions)

    def wants(self, panes: Mapping[str, Widget], size: Size) -> dict[str, int]:
        """The lines that evidence and steps could use."""
        wide = size.width >= _WIDE
        width = (size.width - _GAP) * 9 // 20 if wide else size.width
        return {
            name: min(size.height, pane.lines_wanted(width))
            for name in ("evidence", "steps")
            if isinstance(pane := panes[name], LinePane)
        }


class RunbookPanes(FoldingPanes):
    """Evidence, steps, text and output; where the screen is small, the one with the focus has
    most of it.
    """

    def __init__(self, *panes: LinePane) -> None:
        self._places = _RunbookLayout("steps")
        super().__init__(*panes, places=self._places)

    def fit(self, *, runs: bool) -> None:
        """Share the room anew if there is more to show, or clearly less."""
        panes = {str(pane.id): pane for pane in self.children}
        needs = self._places.wants(panes, self.size)
        shared = (self.size, runs, {name: -(-lines // 2) for name, lines in needs.items()})
        if shared != self._shared:
            self._shared, self._places.runs = shared, runs
            self.share_anew()

    _shared: object = None
