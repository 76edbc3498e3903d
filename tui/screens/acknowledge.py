"""The box in which somebody takes an alert, or leaves it to others again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from checks.model import Status
from tui import keymap
from tui.annotating import Acknowledges, TakesBack, alert_of
from tui.screens.fields import Field, TextLine
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets import format as fmt
from widgets.databases.session import Told, pair_lines
from widgets.handling import due_words, handled_of, handled_words
from widgets.text import Line

if TYPE_CHECKING:
    from checks.views import AlertView, Snapshot

__all__ = ["AcknowledgeScreen"]

_OVER = "it is over by now: there is nothing to take"


class AcknowledgeScreen(WholeBox):
    """About one alert, whatever moves beneath: it alone is taken, or nothing."""

    TITLE = "Acknowledge"
    QUESTION = "Who looks after this alert from now on?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.ACKNOWLEDGE]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("field.submit",), "take it"),
        (("handling.take_back",), "leave it to others"),
        (("session.close",), "back"),
    )

    def __init__(self, alert: AlertView, standing: Standing, *, ascii_only: bool = False) -> None:
        self.alert = alert
        self._newest = standing.newest
        self._over = False
        self._taken = self._is_taken()
        super().__init__(self._told(), ascii_only=ascii_only)

    def _is_taken(self) -> bool:
        handled = handled_of(self._newest, self.alert.id)
        return handled is not None and handled.acknowledged is not None

    def parts(self) -> Iterable[Widget]:
        yield Field("note", TextLine("note", hint="what you do about it, if you like"))

    def fit_choices(self, width: int) -> int:
        return 1

    def on_mount(self) -> None:
        # Enter is for the note alone.
        self.query_one("#whole").can_focus = False
        self._offer_note()

    def _offer_note(self) -> None:
        """Have the note typed as long as nobody has taken the alert."""
        self.query_one(Field).display = not self._taken
        if not self._taken:
            self.set_focus(self.query_one("#note", TextLine))

    def _told(self) -> Told:
        alert, newest = self.alert, self._newest
        verb = "Taken" if self._taken else "Acknowledge"
        return Told(f"{verb}: {alert.name}", lambda width: _lines(alert, newest, width, self._over))

    def take(self, standing: Standing) -> None:
        """Follow the alert: its sentence, and whether it is over."""
        self._newest = standing.newest
        found = alert_of(standing.newest, self.alert.id)
        before = (self.alert.sentence, self._over, self._taken)
        self._over, self._taken = found is None, self._is_taken()
        self.alert = found or self.alert
        if not self.is_mounted or (self.alert.sentence, self._over, self._taken) == before:
            return
        self._offer_note()
        self.tell(self._told())
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take_back":
            return self._taken and not self._over
        return True

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._taken and not self._over:
            self.post_message(Acknowledges(self.alert, event.value))
            self.dismiss()

    def action_take_back(self) -> None:
        self.post_message(TakesBack(self.alert))
        self.dismiss()


def _lines(alert: AlertView, newest: Snapshot | None, width: int, over: bool) -> list[Line]:
    handled = handled_of(newest, alert.id)
    now = newest.time if newest is not None else alert.since
    who = newest.story.who if newest is not None and newest.story is not None else ""
    taken = handled is not None and handled.acknowledged is not None
    word = "info" if alert.status is Status.OK else alert.status.value
    pairs = [
        ("alert", f"{alert.name}: {alert.sentence}"),
        ("since", f"{fmt.date_clock(alert.since)}, {word}"),
        ("due", due_words(handled, now)),
        *(("", words) for words in handled_words(newest, handled)),
        ("who", "" if taken else who),
        ("", _OVER if over else ""),
    ]
    return pair_lines([(name, text) for name, text in pairs if text], width)
