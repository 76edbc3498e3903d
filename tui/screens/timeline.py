"""Incidents and what happened in them: who did what when, and how it ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.reactive import reactive

from tui import keymap
from tui.annotating import may_annotate
from tui.concerns import concerned_by, concerned_in
from tui.screens.entry import EntryScreen
from tui.screens.hinting import HintSource
from tui.screens.listing import ListScreen
from tui.writing import WritesReport
from widgets.lines import LinePane
from widgets.listing.order import GROUP
from widgets.timeline.entries import EntriesPane
from widgets.timeline.table import IncidentTable
from widgets.timeline.words import KINDS, incident_told

if TYPE_CHECKING:
    from checks.runbooks.views import Subject
    from checks.story.model import Incident
    from tui.screens.logs_about import LogsAbout
    from widgets.listing.pane import ListPane

__all__ = ["TimelineScreen"]


class TimelineScreen(ListScreen):
    """A row an incident; what happened in the one under the cursor beside it, or beneath it.
    Enter goes to that, and on it shows an entry whole.
    """

    TABLE = IncidentTable
    TITLE = "Timeline"
    QUESTION = (
        "What happened, in which order, who did what about it, and how long did it take until "
        "somebody took it and until it was over?"
    )
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.TIMELINE]
    HINTS = (
        (("screen.back",), "back"),
        (("pane.open",), "entries, details"),
        (("screen.note",), "note"),
        (("timeline.report",), "report"),
        (("timeline.kinds",), "kinds"),
        (("screen.logs",), "logs"),
        (("screen.next_pane",), "next pane"),
        (("screen.filter",), "filter"),
        (("lists.sort",), "sort"),
        (("lists.group",), "group"),
        (("screen.copy",), "copy"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("app.quit",), "quit"),
    )

    kinds: reactive[str] = reactive("everything", repaint=False)
    """Which entries are shown: one of :data:`widgets.timeline.words.KINDS`."""

    def table(self) -> ListPane[Any]:
        return IncidentTable(id="table")

    def selected(self) -> LinePane:
        pane = EntriesPane(id="selected")
        return pane.data_bind(TimelineScreen.kinds, TimelineScreen.filter_text)

    @property
    def incident(self) -> Incident | None:
        """The one under the cursor; None where that is on all that happened."""
        return self.query_one(EntriesPane).incident if self._composed else None

    @property
    def _reported(self) -> Incident | None:
        """The one whose report is written: where none is chosen, the newest."""
        story = self.snapshot.story if self.snapshot is not None else None
        newest = story.incidents[0] if story is not None and story.incidents else None
        return self.incident or newest

    def logs_about(self) -> LogsAbout | None:
        from tui.screens.logs_about import about_incident  # noqa: PLC0415 - when wanted

        return about_incident(self.snapshot, self.incident) or super().logs_about()

    def concerned(self) -> Subject | None:
        """Of an incident that lasts, and of what happened in it, the alert."""
        incident, pane = self.incident, self.focused
        entry = pane.entry(pane.selected) if isinstance(pane, EntriesPane) else None
        if entry is not None and entry.alert:
            return concerned_by(self.snapshot, entry.alert, entry.check)
        found = concerned_in(self.snapshot, incident) if incident is not None else None
        return found or super().concerned()

    # Keys

    def hints(self) -> tuple[HintSource, ...]:
        """Without the note where none can be written."""
        if may_annotate(self.snapshot):
            return self.HINTS
        return tuple(hint for hint in self.HINTS if hint[0] != ("screen.note",))

    def opens(self) -> str:
        if isinstance(self.focused, EntriesPane):
            return "Show the entry whole"
        return super().opens() or "Go to what happened in it"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "report":
            return self._reported is not None
        if action == "details":
            return bool(self.chosen)
        return super().check_action(action, parameters)

    def action_report(self) -> None:
        incident = self._reported
        if incident is not None:
            self.post_message(WritesReport(incident.id))

    def action_kinds(self) -> None:
        names = list(KINDS)
        self.kinds = names[(names.index(self.kinds) + 1) % len(names)]

    def action_copy_row(self) -> None:
        pane, incident = self.focused, self.incident
        if isinstance(pane, IncidentTable) and incident is not None and self.snapshot is not None:
            told = incident_told(incident, self.snapshot.time)
            story = self.snapshot.story
            report = story.reports.get(incident.id, "") if story is not None else ""
            told += f"; report: {report}" if report else ""
            self.post_message(self.Copied(told, "the incident"))
        else:
            super().action_copy_row()

    @on(LinePane.Opened)
    def _open(self, event: LinePane.Opened) -> None:
        event.stop()
        entries = self.query_one(EntriesPane)
        if event.pane is entries:
            entry = entries.entry(event.key)
            if entry is not None:
                began = entries.begin_of(entry)
                made = partial(EntryScreen, entry, began, ascii_only=self.use_ascii)
                self.post_message(self.Opens(made))
        elif not event.key.startswith(GROUP) and entries.display:
            self.set_focus(entries)
