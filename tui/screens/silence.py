"""The box in which somebody silences alerts: by which labels, for how long, and what it hides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from checks.alerts.durations import parse_duration
from checks.story.matchers import MatcherError, labels_of, matches, parse, proposed
from checks.story.model import Matcher, Silence
from tui import keymap
from tui.annotating import Silences
from tui.screens.fields import ChoiceLine, Field, TextLine
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets.databases.session import Told
from widgets.handling import moment_words
from widgets.matchers import MatchersPane
from widgets.text import Line, Seg, broken, line

if TYPE_CHECKING:
    from checks.views import AlertView

__all__ = ["SilenceScreen"]

CHOICES: Final = ("15m", "1h", "4h", "1d")
_PREVIEW: Final = 3
"""Lines for what it hides: always as many, so that nothing moves while somebody types."""
_MOST: Final = 6
"""Labels that are seen at once."""
_FIELDS: Final = 3


class SilenceScreen(WholeBox):
    """A silence made from the labels of ``alert``. What it would hide is shown as it is typed."""

    TITLE = "Silence"
    QUESTION = "Which alerts are expected, until when, and why?"
    AUTO_FOCUS = "MatchersPane"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.SILENCE]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("field.submit",), "silence"),
        (("handling.silence",), "silence"),
        (("handling.toggle",), "label on, off"),
        (("field.longer", "field.shorter"), "how long"),
        (("handling.next",), "next field"),
        (("session.close",), "back"),
    )

    def __init__(self, alert: AlertView, standing: Standing, *, ascii_only: bool = False) -> None:
        self._newest = standing.newest
        self._of = alert.name
        offered = proposed(alert)
        self._offered = tuple(one for one, _ in offered)
        self._chosen = tuple(one for one, on_ in offered if on_)
        self._problem = ""
        self._seconds = 3600.0
        super().__init__(self._preview(), ascii_only=ascii_only)

    def parts(self) -> Iterable[Widget]:
        pane = MatchersPane(id="labels")
        pane.set_reactive(MatchersPane.offered, self._offered)
        pane.set_reactive(MatchersPane.chosen, self._chosen)
        yield pane
        yield Field("matchers", TextLine("matchers", _text(self._chosen), max_length=4_000))
        choices = ChoiceLine("duration", CHOICES, "1h")
        yield Field("for", choices, " ".join(CHOICES) + ", or your own")
        yield Field("comment", TextLine("comment", hint="why, for the others"))

    def on_mount(self) -> None:
        # There is nothing in it to go through.
        self.query_one("#whole").can_focus = False

    def fit_choices(self, width: int) -> int:
        rows = min(_MOST, len(self._offered), max(2, self.app.size.height - 12)) + 1
        self.query_one(MatchersPane).styles.height = rows
        return rows + _FIELDS

    def _preview(self) -> Told:
        problem, hidden = self._problem, self._hidden()
        until = moment_words(self._now + self._seconds, self._now)
        count = "no alert" if not hidden else f"{len(hidden)} alert{'s' * (len(hidden) != 1)}"
        names = ", ".join(dict.fromkeys(one.name for one in hidden))
        told = problem or f"hides {count} now, until {until}{f': {names}' if names else ''}"
        role = "high" if problem else "text" if hidden else "warning"

        def lines(width: int) -> list[Line]:
            rows = broken(told, width - 2)[:_PREVIEW]
            made = [line(" ", Seg(row, role)) for row in rows]
            return [*made, *(line() for _ in range(_PREVIEW - len(made)))]

        return Told(f"Silence: {self._of}", lines)

    @property
    def _now(self) -> float:
        return self._newest.time if self._newest is not None else 0.0

    def _hidden(self) -> list[AlertView]:
        """The alerts of the newest picture that it would hide."""
        alerts = self._newest.alerts if self._newest is not None else ()
        if self._problem or not self._chosen:
            return []
        return [one for one in alerts if matches(self._chosen, labels_of(one))]

    def take(self, standing: Standing) -> None:
        self._newest = standing.newest
        if self.is_mounted:
            self.tell(self._preview())

    # What is typed

    @on(MatchersPane.Toggled)
    def _toggled(self, event: MatchersPane.Toggled) -> None:
        event.stop()
        one = event.matcher
        chosen = [each for each in self._chosen if each != one]
        if one not in self._chosen:
            chosen.append(one)
        self.query_one("#matchers", TextLine).value = _text(chosen)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._read()
        self.query_one(MatchersPane).chosen = self._chosen
        self.tell(self._preview())
        self.refresh_bindings()

    def _read(self) -> None:
        """Take over what the fields say, or what is wrong with it."""
        self._problem = ""
        try:
            self._seconds = (
                parse_duration(self.query_one("#duration", TextLine).value.strip()) / 1000
            )
            if self._seconds <= 0:
                self._problem = "how long? write 15m, 1h or 2h30m"
        except ValueError:
            self._problem = "how long? write 15m, 1h or 2h30m"
        self._chosen = ()
        try:
            self._chosen = parse(self.query_one("#matchers", TextLine).value)
        except MatcherError as error:
            self._problem = str(error)

    def action_mark(self) -> None:
        self.query_one(MatchersPane).toggle()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "mark":
            return isinstance(self.focused, MatchersPane)
        return True

    def action_next(self, step: int) -> None:
        if step > 0:
            self.focus_next()
        else:
            self.focus_previous()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_silence()

    def action_silence(self) -> None:
        if self._problem:
            return
        now = self._now
        comment = self.query_one("#comment", TextLine).value
        made = Silence("", self._chosen, now, now + self._seconds, "", comment)
        self.post_message(Silences(made))
        self.dismiss()


def _text(matchers: Iterable[Matcher]) -> str:
    return ", ".join(map(str, matchers))
