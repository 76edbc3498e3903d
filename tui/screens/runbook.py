"""A runbook beside the evidence that it was opened for; its steps, and what they put out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from checks.alerts.of_checks import followed
from checks.runbooks.model import Marking
from checks.runbooks.views import RunState, Subject
from tui import keymap
from tui.annotating import alert_of
from tui.screens.filter import FilterLine
from tui.screens.hinting import HintSource
from tui.screens.picture import PictureScreen
from tui.screens.runbook_places import RunbookPanes
from tui.screens.standing import Query, Standing
from tui.screens.step import StepScreen
from tui.sentences import sentence_of
from tui.steps import CancelsRun, Reads, RunsStep
from widgets.alert_list.curve import about, asked_of
from widgets.alert_list.panes import subject_of
from widgets.chart import HOUR
from widgets.lines import LinePane
from widgets.runbook.evidence import EvidencePane
from widgets.runbook.output import OutputPane
from widgets.runbook.pane import BooksPane, ReadPane
from widgets.runbook.reading import TextPane
from widgets.runbook.steps import StepsPane
from widgets.runbook.words import last_run, offer_of, run_of
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.runbooks.views import RunbooksView, RunView, StepOffer
    from checks.views import AlertView

__all__ = ["RunbookScreen"]


class RunbookScreen(PictureScreen):
    """The runbook ``name`` for ``subject``; where the name is empty, the one that it links to.

    It is composed once and turns to another one by :meth:`turn_to`. What its steps do is that
    of the newest picture, also while a frozen one is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.RUNBOOK]
    AUTO_FOCUS = "StepsPane"
    TITLE = "Runbook"
    QUESTION = (
        "What does this alert mean, how do I look closer, and how do I mend it? Enter runs a safe "
        "step at once, and shows any other before it asks."
    )
    can_go_back = True
    HINTS = (
        (("pane.open",), "run"),
        (("runbook.show",), "show"),
        (("runbook.cancel",), "cancel"),
        (("screen.back",), "back"),
        (("screen.acknowledge",), "acknowledge"),
        (("runbook.next_output", "runbook.previous_output"), "output"),
        (("screen.filter",), "search"),
        (("runbook.next_match", "runbook.previous_match"), "match"),
        (("screen.copy",), "copy"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("app.quit",), "quit"),
    )

    books: reactive[RunbooksView | None] = reactive(None, repaint=False)
    name_wanted: reactive[str] = reactive("", repaint=False)
    subject: reactive[Subject] = reactive(Subject(), repaint=False)
    step: reactive[str] = reactive("", repaint=False)
    """The step under the cursor."""
    run: reactive[str] = reactive("", repaint=False)
    """The run whose output is shown, empty for the latest."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._asked: Query | None = None
        self._to_show = ""
        self._over = True

    def header(self) -> Widget:
        bound = (RunbookScreen.snapshot, RunbookScreen.frozen, RunbookScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (RunbookScreen.snapshot, RunbookScreen.books, RunbookScreen.use_ascii)
        return RunbookPanes(
            EvidencePane(id="evidence").data_bind(*bound, RunbookScreen.subject),
            StepsPane(id="steps").data_bind(*bound),
            TextPane(id="text").data_bind(*bound, RunbookScreen.step),
            OutputPane(id="output").data_bind(*bound, RunbookScreen.run),
        )

    def on_mount(self) -> None:
        self.query_one(FilterLine).placeholder = "search the output, or the text"

    def begin(self, standing: Standing) -> None:
        if self._composed:
            self.take(standing)
        else:
            super().begin(standing)
        self._asked = self.asks

    def let_go(self) -> None:
        super().let_go()
        subject_of.cache_clear()

    def turn_to(self, subject: Subject, name: str = "", step: str = "") -> None:
        """Show the runbook of ``subject``, or the one called ``name`` for it, from its beginning;
        the step ``step`` whole, once it is there.
        """
        self._to_show = step
        if not self._composed:
            self.set_reactive(RunbookScreen.subject, subject)
            self.set_reactive(RunbookScreen.name_wanted, name)
            return
        if (subject, name) != (self.subject, self.name_wanted):
            self.be_whole()
            self.subject, self.name_wanted = subject, name
            self.books, self.step, self.run = None, "", ""
            for pane in self.query(BooksPane):
                pane.rewind()
        self.set_focus(self.query_one(StepsPane))

    # What it is about

    @property
    def reads(self) -> Reads:
        return Reads(self.name_wanted, self.subject)

    @property
    def alert(self) -> AlertView | None:
        """The alert that it is opened for, as it is or was."""
        focus = self.books.focus if self.books is not None else None
        alerts = self.snapshot.alerts if self.snapshot is not None else ()
        before = focus.alert if focus is not None else None
        return followed(alerts, self.subject.alert, before) or before

    @property
    def chosen(self) -> str:
        return self.subject.check or (self.alert.check if self.alert is not None else "")

    @property
    def attends(self) -> str | None:
        return self.chosen or None

    @property
    def asks(self) -> Query | None:
        alert = self.alert
        subject = subject_of(self.snapshot, alert.rule, alert.id) if alert is not None else None
        return None if subject is None else Query(asked_of(subject), HOUR, about(subject))

    def concerned(self) -> Subject | None:
        return None

    def to_mend(self) -> Subject | None:
        return None

    @property
    def alert_at(self) -> AlertView | None:
        """The alert that it is opened for, as long as it is there."""
        alert = self.alert
        return alert_of(self.snapshot, alert.id) if alert is not None else None

    def hints(self) -> tuple[HintSource, ...]:
        """Without a word of running where no step runs."""
        if self.books is None or not self.books.read_only:
            return self.HINTS
        return ((("pane.open",), "show"), *self.HINTS[2:])

    def opens(self) -> str:
        runs = self.books is None or not self.books.read_only
        return "Run a safe step, show any other whole" if runs else "Show the step"

    def take(self, standing: Standing) -> None:
        super().take(standing)
        if not self._composed:
            return
        # Of a picture that is frozen nothing could be run, nor be seen of what runs.
        newest = standing.newest
        self.books = self._about_this(newest.runbooks if newest is not None else None)
        self._fit()
        self._show_wanted()
        over = self.alert_at is None
        if over != self._over:
            self._over = over
            self.refresh_bindings()

    def _about_this(self, books: RunbooksView | None) -> RunbooksView | None:
        """``books`` without what another runbook was looked at for."""
        if books is None or self._is_ours(books):
            return books
        # What was shown of this is shown until it is there anew, which is at once.
        known = self.books
        kept = known.focus if known is not None and self._is_ours(known) else None
        return replace(books, focus=kept) if books.focus is not kept else books

    def _is_ours(self, books: RunbooksView) -> bool:
        focus = books.focus
        if focus is None or focus.subject != self.subject:
            return False
        return self.name_wanted in ("", focus.name)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._fit()

    def _fit(self) -> None:
        if not self._composed:
            return
        self.query_one(RunbookPanes).fit(runs=bool(self.books and self.books.runs))
        if self.is_current and self.asks != self._asked:
            self._asked = self.asks
            self.post_message(self.Attends())

    def watch_books(self) -> None:
        self.refresh_bindings()

    def arranged(self) -> None:
        self.query_one(RunbookPanes).share_anew()

    # Steps

    @property
    def offer(self) -> StepOffer | None:
        """The step under the cursor, as it would run."""
        return offer_of(self.books.focus if self.books is not None else None, self.step)

    @property
    def shown_run(self) -> RunView | None:
        """The run whose output is shown."""
        return run_of(self.books, self.run)

    def _show_wanted(self) -> None:
        """Show the step that somebody came for, whole, now that it is known."""
        books, wanted = self.books, self._to_show
        if not wanted or books is None or books.focus is None or not self.is_current:
            return
        self._to_show = ""
        self.query_one(StepsPane).select(wanted)
        self.step = wanted
        if self.offer is None:
            self.mention(f"the runbook {books.focus.name} has no step called {wanted}")
        else:
            self.action_show()

    @on(LinePane.Selected)
    def _selected(self, event: LinePane.Selected) -> None:
        if isinstance(event.pane, StepsPane):
            first, self.step = not self.step, event.key or ""
            run = last_run(self.books, self.step)
            if run is not None and not first:
                self.run = run.id
            self.refresh_bindings()

    @on(LinePane.Opened)
    def _run_or_show(self, event: LinePane.Opened) -> None:
        """Run a safe step at once; show any other, which then asks."""
        event.stop()
        self.step = event.key
        offer = self.offer
        if offer is None:
            return
        if offer.marking is Marking.SAFE and not offer.refused and not offer.interactive:
            self.run = ""
            self.post_message(RunsStep(offer))
        else:
            self.action_show()

    def action_show(self) -> None:
        """Show the step under the cursor whole; it can be run from there."""
        offer, books = self.offer, self.books
        if offer is None or books is None:
            return
        self.run = ""
        plain = self.use_ascii
        self.post_message(self.Opens(lambda _: StepScreen(offer, books, ascii_only=plain)))

    # Output

    @on(OutputPane.Chose)
    def _choose(self, event: OutputPane.Chose) -> None:
        self.run = event.run

    def action_output(self, step: int) -> None:
        """Show the output of the next run (1) or of the one before (-1)."""
        runs = self.books.runs if self.books is not None else ()
        shown = self.shown_run
        if shown is not None:
            place = next(at for at, run in enumerate(runs) if run.id == shown.id)
            self.run = runs[(place + step) % len(runs)].id
            self.refresh_bindings()

    def interrupt(self) -> bool:
        run = self.shown_run
        if run is None or run.state is not RunState.RUNNING:
            return False
        self.post_message(CancelsRun(run))
        return True

    def action_cancel(self) -> None:
        self.interrupt()

    # Searching

    @property
    def _searched(self) -> ReadPane:
        """The pane that is searched: the one with the focus, else the output if there is any."""
        if isinstance(self.focused, ReadPane):
            return self.focused
        runs = bool(self.books and self.books.runs)
        return self.query_one(OutputPane if runs else TextPane)

    def action_filter(self) -> None:
        self.set_focus(self._searched)
        super().action_filter()

    def watch_filter_text(self) -> None:
        pane = self._filtered
        if isinstance(pane, ReadPane):
            pane.search = self.filter_text
        self.refresh_bindings()

    def action_match(self, step: int) -> None:
        if not self._searched.go_to_match(step):
            self.mention(f"nothing here has {self.filter_text} in it")

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run, books = self.shown_run, self.books
        if action == "show":
            return self.offer is not None
        if action == "cancel":
            return run is not None and run.state is RunState.RUNNING
        if action == "output":
            return books is not None and len(books.runs) > 1
        if action == "match":
            return bool(self.filter_text)
        return super().check_action(action, parameters)

    def action_copy_row(self) -> None:
        """The output, the step's command, or the text; of the evidence the alert."""
        pane = self.focused
        if isinstance(pane, OutputPane):
            self.post_message(self.Copied(pane.whole, "the output"))
        elif isinstance(pane, TextPane):
            self.post_message(self.Copied(pane.whole, "the runbook"))
        elif isinstance(pane, StepsPane) and self.offer is not None:
            self.post_message(self.Copied(self.offer.text, "the step's command"))
        elif self.snapshot is not None:
            told = sentence_of(self.snapshot, self.subject.alert, self.chosen)
            self.post_message(self.Copied(told, "the alert"))
