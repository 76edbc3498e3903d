"""Everything about one alert and its rule: the curve with the threshold, evidence, texts, past."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from checks.model import Status
from checks.rules.views import RuleHealth
from tui import keymap
from tui.concerns import concerned_by
from tui.screens.details import Page
from tui.screens.facets import Facets
from tui.screens.picture import PictureScreen
from tui.screens.standing import Query, Standing
from tui.sentences import entry_sentence
from widgets.alert_list.curve import RuleChart, about, asked_of
from widgets.alert_list.header import AlertHeader
from widgets.alert_list.panes import PANES, AlertPane, SaidPane, Subject, subject_of
from widgets.chart import HOUR
from widgets.frame import Frame
from widgets.lines import ANY_HEIGHT, LinePane

if TYPE_CHECKING:
    from checks.runbooks.views import Subject as Concerned

__all__ = ["AlertScreen"]

_MOST: Final = 12
"""Lines of a pane, at most, on most terminals; the rest is scrolled to."""


class AlertScreen(PictureScreen):
    """The alert with the id ``alert`` of the rule with the key ``rule``; where ``alert`` is empty
    that rule. Plus and minus change the window of the chart.

    It is composed once and turns to another one by :meth:`turn_to`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.ALERT]
    # It would scroll to the pane, past the chart where the screen is small.
    AUTO_FOCUS = ""
    TITLE = "Alert"
    QUESTION = (
        "Why does this alert fire, or why not: what does its rule compare with what, since when, "
        "and what happened before?"
    )
    can_go_back = True
    HINTS = (
        (("screen.back",), "back"),
        (("screen.runbook",), "runbook"),
        (("screen.acknowledge",), "acknowledge"),
        (("screen.silence",), "silence"),
        (("screen.logs",), "logs"),
        (("app.window_longer", "app.window_shorter"), "the chart's window"),
        (("alert.check",), "its check"),
        (("screen.copy",), "copy"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("screen.filter",), "filter"),
        (("app.help",), "help"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    rule: reactive[str] = reactive("", repaint=False)
    alert: reactive[str] = reactive("", repaint=False)
    span: reactive[float] = reactive(HOUR, repaint=False)
    """Seconds that the chart is of."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._panes: list[AlertPane] = []
        self._asked: Query | None = None

    def header(self) -> Widget:
        return AlertHeader(id="verdict").data_bind(
            AlertScreen.snapshot,
            AlertScreen.frozen,
            AlertScreen.rule,
            AlertScreen.alert,
            AlertScreen.use_ascii,
        )

    def body(self) -> Widget:
        bound = (
            AlertScreen.snapshot,
            AlertScreen.rule,
            AlertScreen.alert,
            AlertScreen.use_ascii,
        )
        chart = RuleChart(id="chart").data_bind(*bound, AlertScreen.span)
        self._panes = [
            pane(id=pane.__name__.removesuffix("Pane").lower()).data_bind(
                *bound, AlertScreen.filter_text
            )
            for pane in PANES
        ]
        return Page(chart, Facets(self._panes, self._needs), id="page", can_focus=False)

    def begin(self, standing: Standing) -> None:
        if self._composed:
            self.take(standing)
        else:
            super().begin(standing)
        self._asked = self.asks

    def let_go(self) -> None:
        super().let_go()
        subject_of.cache_clear()

    def turn_to(self, rule: str, alert: str = "") -> None:
        """Show another alert from its beginning, as a screen that is newly made does."""
        if not self._composed:
            self.set_reactive(AlertScreen.rule, rule)
            self.set_reactive(AlertScreen.alert, alert)
            return
        self.be_whole()
        for pane in self._panes:
            pane.rewind()
        self.query_one(Facets).forget()
        self.span = HOUR
        self.rule, self.alert = rule, alert
        self._begin_at_top()

    def on_mount(self) -> None:
        self._begin_at_top()

    def _begin_at_top(self) -> None:
        self.query_one(Page).scroll_home(animate=False)
        self.set_focus(self.query_one(SaidPane), scroll_visible=False)

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._fit()

    def watch_snapshot(self) -> None:
        self._fit()

    # What it is about

    @property
    def subject(self) -> Subject | None:
        """The rule and the alert; None where that is not loaded."""
        return subject_of(self.snapshot, self.rule, self.alert)

    @property
    def asks(self) -> Query | None:
        subject = self.subject
        return None if subject is None else Query(asked_of(subject), self.span, about(subject))

    def concerned(self) -> Concerned | None:
        alert = self.subject.alert if self.subject is not None else None
        return concerned_by(self.snapshot, alert.id, alert.check) if alert is not None else None

    @property
    def row_alert(self) -> str:
        return self.alert

    @property
    def row_ill(self) -> bool:
        subject = self.subject
        return subject is not None and subject.entry.status is not Status.OK

    @property
    def chosen(self) -> str:
        subject = self.subject
        return subject.alert.check if subject is not None and subject.alert is not None else ""

    def _fit(self) -> None:
        """Give the panes the lines they need; none to what there is nothing of."""
        if not self._composed:
            return
        height, subject = self.size.height, self.subject
        # Of what there is no series of a chart would be empty for ever.
        draws = subject is None or subject.rule.health is not RuleHealth.DEAD
        tall = max(min(8, height - 5), height // 3) if draws else 1
        chart = self.query_one(RuleChart)
        chart.styles.height, chart.styles.min_height = tall, min(tall, 6)
        self.query_one(Facets).fit(max(_MOST, height // 3))
        if self.is_current and self.asks != self._asked:
            # A rule that was read again may compare something else.
            self._ask()

    def _needs(self, width: int) -> dict[str, int]:
        """The lines that each pane has to show in ``width`` cells, by its id, in their order."""
        subject = self.subject
        if subject is None:
            return {"said": 1}
        frame = Frame(width, ANY_HEIGHT)
        needs = {str(pane.id): len(pane.lines(subject, frame)) for pane in self._panes}
        return {name: lines for name, lines in needs.items() if lines}

    def _ask(self) -> None:
        self._asked = self.asks
        self.post_message(self.Attends())

    def widen(self, step: int) -> bool:
        """The chart's window is what can be chosen."""
        from checks.requests.stats import WINDOWS  # noqa: PLC0415 - not for the first frame

        place = WINDOWS.index(self.span) + step
        self.span = WINDOWS[max(0, min(len(WINDOWS) - 1, place))]
        self._ask()
        return True

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "check":
            return bool(self.chosen)
        return super().check_action(action, parameters)

    def action_check(self) -> None:
        self.post_message(self.Deeper(self.chosen))

    def action_copy_row(self) -> None:
        """The row under the cursor; where there is none, the alert as a sentence."""
        pane, subject = self.focused, self.subject
        if isinstance(pane, LinePane) and pane.selected is not None:
            self.post_message(self.Copied(pane.text_of(pane.selected), "the row"))
        elif subject is not None:
            self.post_message(self.Copied(entry_sentence(subject.entry), "the alert"))

    @on(LinePane.Opened)
    def _other(self, event: LinePane.Opened) -> None:
        """Another alert of the rule."""
        event.stop()
        subject = self.subject
        if subject is not None and any(one.id == event.key for one in subject.rule.alerts):
            self.post_message(self.DeeperAlert(self.rule, event.key))
