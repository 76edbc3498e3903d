"""The box that a note is written into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from checks.story.incidents import foremost
from checks.story.moments import moment_of
from tui import keymap
from tui.screens.fields import Field, TextLine
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from tui.writing import WritesNote
from widgets.databases.session import Told
from widgets.text import Line, Seg, broken, line

if TYPE_CHECKING:
    from checks.story.model import Incident

__all__ = ["NoteScreen"]

_HELP = (
    "A note that begins with deployed is a mark of a deployment. A report takes up what begins "
    "with root cause:, impact:, eta: or done:."
)


class NoteScreen(WholeBox):
    """A note on ``incident``; on the one that lasts, or on none, where that is None."""

    TITLE = "Note"
    QUESTION = "What is to be remembered, and when was it?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.NOTE]
    AUTO_FOCUS = "#note"
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("field.submit",), "write it"),
        (("writing.next",), "when it was"),
        (("session.close",), "back"),
    )

    def __init__(
        self, incident: Incident | None, standing: Standing, *, ascii_only: bool = False
    ) -> None:
        self.incident = incident or _lasting(standing)
        self._now = standing.newest.time if standing.newest is not None else 0.0
        self._problem = ""
        super().__init__(self._told(), ascii_only=ascii_only)

    def parts(self) -> Iterable[Widget]:
        yield Field("note", TextLine("note", hint="root cause: the pool was too small"))
        yield Field("when", TextLine("when", "now", hint="now, 14:05, yesterday 14:05 or -10m"))

    def fit_choices(self, width: int) -> int:
        return 2

    def take(self, standing: Standing) -> None:
        if standing.newest is not None:
            self._now = standing.newest.time

    def _told(self) -> Told:
        one, problem = self.incident, self._problem
        title = f"Note on incident {one.id}" if one is not None else "Note"

        def lines(width: int) -> list[Line]:
            about = broken(one.title, width - 2) if one is not None else []
            return [
                *(line(" ", Seg(row, "value")) for row in about),
                *(line(" ", Seg(row, "dim")) for row in broken(_HELP, width - 2)),
                *(line(" ", Seg(row, "warning")) for row in broken(problem, width - 2)),
            ]

        return Told(title, lines)

    def action_next(self) -> None:
        """Go to the other line."""
        at = "#when" if self.focused is self.query_one("#note") else "#note"
        self.set_focus(self.query_one(at, TextLine))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self.query_one("#note", TextLine).value.strip()
        if not text:
            self.set_focus(self.query_one("#note", TextLine))
            self._refuse("nothing is written yet")
            return
        when = self.query_one("#when", TextLine).value.strip().lower()
        try:
            at = None if when in {"", "now"} else moment_of(when, self._now)
        except ValueError as error:
            self.set_focus(self.query_one("#when", TextLine))
            self._refuse(str(error))
            return
        number = self.incident.id if self.incident is not None else 0
        self.post_message(WritesNote(text, number, at))
        self.dismiss()

    def _refuse(self, why: str) -> None:
        self._problem = why
        self.tell(self._told())


def _lasting(standing: Standing) -> Incident | None:
    """The worst incident that lasts."""
    story = standing.newest.story if standing.newest is not None else None
    return foremost(story.incidents) if story is not None else None
