"""The pane of what is under a table's cursor, in full."""

from __future__ import annotations

from textual.reactive import reactive

from widgets.lines import LinePane
from widgets.text import Seg

__all__ = ["SelectedPane"]


class SelectedPane(LinePane):
    """What is said of the row of a :class:`~widgets.listing.pane.ListPane` that is chosen."""

    subject: reactive[str] = reactive("", repaint=False, layout=False)
    """The identity of the row in the table."""
    members: reactive[tuple[str, ...]] = reactive((), repaint=False, layout=False)
    """Identities of the rows of the group that is chosen."""

    def inputs(self) -> tuple[object, ...]:
        # Ages grow with the picture's time.
        return (self.snapshot, self.subject, self.members)

    def _filter_note(self) -> list[Seg]:
        # The filter is the table's.
        return []

    def watch_subject(self) -> None:
        self._top = 0
        self._selected = None
        self.update_lines()

    def watch_members(self) -> None:
        self.update_lines()
