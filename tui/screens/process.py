"""One process whole: what the list knows of it, and what can be read of it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tui import keymap
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets.databases.session import Told, pair_lines
from widgets.host_screen.pane import detail_of
from widgets.host_screen.processes import process_pairs

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["ProcessScreen"]


class ProcessScreen(WholeBox):
    """The process ``subject`` of the machine ``check``: it, and no later one that is given its
    number. It goes on with the picture; once the process has ended, it shows what was seen last.
    """

    TITLE = "Process"
    QUESTION = "What is this process, whose is it, and what does it use?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE]

    def __init__(
        self, check: str, subject: str, standing: Standing, *, ascii_only: bool = False
    ) -> None:
        self.check = check
        self.subject = subject
        self._pairs: list[tuple[str, str]] = []
        self._gone = False
        self._look(standing.shown)
        super().__init__(self._text(), ascii_only=ascii_only)

    def on_mount(self) -> None:
        self.post_message(self.Inspects(self.check, self.subject))

    def take(self, standing: Standing) -> None:
        before = (self._pairs, self._gone)
        self._look(standing.newest)
        if (self._pairs, self._gone) != before and self.is_mounted:
            self.tell(self._text())

    def _look(self, snapshot: Snapshot | None) -> None:
        """Find the process in the newest picture, whatever is shown beneath."""
        detail = detail_of(snapshot, self.check)
        if detail is None or detail.facts.processes is None:
            return
        facts = detail.facts
        listed = any(row.key == self.subject for row in facts.processes or ())
        inspected = facts.inspected
        ended = inspected is not None and inspected.key == self.subject and inspected.gone
        self._gone = ended or (not listed and not facts.left_out)
        if not self._gone:
            self._pairs = process_pairs(self.subject, detail)

    def _text(self) -> Told:
        pid = self.subject.partition(".")[0]
        pairs = list(self._pairs) or [("process", "is being read")]
        title = f"{self.check}: process {pid}{' (ended)' if self._gone else ''}"
        return Told(title, lambda width: pair_lines(pairs, width), past=self._gone)

    def action_close(self) -> None:
        self.post_message(self.Inspects(self.check, ""))
        super().action_close()
