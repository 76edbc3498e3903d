"""The box in which the values of a dashboard's variables are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from tui import keymap
from tui.screens.fields import Field, TextLine
from tui.screens.filter import FilterLine
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from widgets.dashboard.options import OptionsPane, options_of
from widgets.databases.session import Told
from widgets.empty import note
from widgets.lines import LinePane

if TYPE_CHECKING:
    from checks.dashboards.views import VariableView

__all__ = ["OptionsScreen"]

_HELP: Final = "Enter takes a value, or all that are marked."
_MOST: Final = 24
"""Lines of values, at most."""

Chosen = Mapping[str, tuple[str, ...]]


class OptionsScreen(WholeBox):
    """The values of ``variables``; those that were chosen go to ``choose``."""

    TITLE = "Variables"
    QUESTION = "For which values of its variables is the dashboard to be shown?"
    AUTO_FOCUS = "OptionsPane"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.OPTIONS]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("pane.open",), "take"),
        (("options.mark",), "mark"),
        (("options.filter",), "filter"),
        (("field.submit",), "take"),
        (("session.close",), "back"),
    )

    def opens(self) -> str:
        return "Take this value, or those that are marked"

    def __init__(
        self,
        variables: tuple[VariableView, ...],
        choose: Callable[[Chosen], None],
        *,
        ascii_only: bool = False,
    ) -> None:
        self._variables = variables
        self._choose = choose
        self._chosen: Chosen = {one.name: one.chosen for one in variables}
        self._marked = False
        super().__init__(Told("Variables", lambda width: note(_HELP, width)), ascii_only=ascii_only)

    @property
    def _free(self) -> tuple[VariableView, ...]:
        """Those that take any text."""
        return tuple(one for one in self._variables if one.free)

    def parts(self) -> Iterable[Widget]:
        pane = OptionsPane(id="options")
        pane.set_reactive(OptionsPane.variables, self._variables)
        pane.set_reactive(OptionsPane.chosen, self._chosen)
        yield pane
        for place, one in enumerate(self._free):
            given = TextLine(f"free{place}", ", ".join(one.chosen), hint="any text")
            yield Field(one.label or one.name, given)
        yield FilterLine()

    def on_mount(self) -> None:
        # There is nothing in it to go through.
        self.query_one("#whole").can_focus = False

    def fit_choices(self, width: int) -> int:
        rows = sum(len(options_of(one)) + 1 for one in self._variables) + 1
        room = self.app.size.height - 7 - len(self._free)
        lines = max(3, min(rows, _MOST, room))
        self.query_one(OptionsPane).styles.height = lines
        return lines + len(self._free)

    @on(OptionsPane.Marked)
    def _mark(self, event: OptionsPane.Marked) -> None:
        event.stop()
        self._marked = True
        self._chosen = {**self._chosen, event.name: event.chosen}
        self.query_one(OptionsPane).chosen = self._chosen

    @on(LinePane.Opened)
    def _take(self, event: LinePane.Opened) -> None:
        """Take what is marked; what the cursor is on where nothing was marked here."""
        event.stop()
        name, _, option = event.key.partition("\n")
        one = next((each for each in self._variables if each.name == name), None)
        if one is not None and (not self._marked or not one.multi):
            self._chosen = {**self._chosen, name: (option,)}
        self._apply()

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply()

    def _apply(self) -> None:
        for place, one in enumerate(self._free):
            text = self.query_one(f"#free{place}", TextLine).value.strip()
            if text != ", ".join(one.chosen):
                self._chosen = {**self._chosen, one.name: (text,)}
        self._choose(self._chosen)
        self.dismiss()

    @on(FilterLine.Typed)
    def _filter(self, event: FilterLine.Typed) -> None:
        event.stop()
        pane = self.query_one(OptionsPane)
        pane.filter_text = event.text
        if event.done:
            self.set_focus(pane)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("mark", "filter"):
            return isinstance(self.focused, OptionsPane)
        return True

    def action_mark(self) -> None:
        self.query_one(OptionsPane).toggle()

    def action_filter(self) -> None:
        self.query_one(FilterLine).open()
