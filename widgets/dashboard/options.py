"""The values that the variables of a dashboard may have, to be marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from checks.dashboards.views import ALL
from widgets.empty import note, nothing_matches
from widgets.lines import LinePane
from widgets.text import Line, Seg, fit, line

if TYPE_CHECKING:
    from checks.dashboards.views import VariableView

__all__ = ["OptionsPane", "marked"]


def options_of(variable: VariableView) -> tuple[str, ...]:
    """What may be chosen, All first; what is chosen and is no option any more is among it."""
    offered = ((ALL,) if variable.offers_all else ()) + variable.options
    return tuple(dict.fromkeys((*offered, *variable.chosen)))


def marked(variable: VariableView, chosen: Sequence[str], option: str) -> tuple[str, ...]:
    """What is chosen once the mark of ``option`` was changed: All stands alone, and something is
    chosen always.
    """
    if not variable.multi or option == ALL:
        return (option,)
    kept = [one for one in chosen if one not in (ALL, option)]
    if option not in chosen:
        kept.append(option)
    order = options_of(variable)
    return tuple(sorted(kept, key=order.index)) or tuple(chosen)


class OptionsPane(LinePane):
    """A row a value, beneath the name of its variable."""

    variables: reactive[tuple[VariableView, ...]] = reactive((), repaint=False, layout=False)
    chosen: reactive[Mapping[str, tuple[str, ...]]] = reactive({}, repaint=False, layout=False)

    class Marked(Message):
        """The variable ``name`` is to have the values ``chosen``."""

        def __init__(self, name: str, chosen: tuple[str, ...]) -> None:
            self.name = name
            self.chosen = chosen
            super().__init__()

    def inputs(self) -> tuple[object, ...]:
        return (self.variables, self.chosen)

    def heading(self) -> Sequence[Seg]:
        return [Seg("Values", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        lines: list[Line] = []
        frame = self.frame(width, height)
        for variable in self.variables:
            rows = [
                self._row(variable, option, width)
                for option in options_of(variable)
                if frame.wants(variable.name, option)
            ]
            if rows:
                several = "several may be chosen" if variable.multi else "one of"
                name = variable.label or variable.name
                lines.append(line(Seg(f" {name} ", "title"), Seg(several, "dim")))
                lines += rows
        if not lines and self.filter_text:
            return nothing_matches(self.filter_text, width)
        return lines or note("this dashboard has no variables to choose", width)

    def _row(self, variable: VariableView, option: str, width: int) -> Line:
        on = option in self.chosen.get(variable.name, variable.chosen)
        sign = ("[x]" if on else "[ ]") if variable.multi else ("(*)" if on else "( )")
        text = fit(option or "(empty)", width - 7, self.glyphs.cut)
        role = "value" if on else "label"
        return line(f"  {sign} ", Seg(text, role), key=f"{variable.name}\n{option}")

    def toggle(self) -> None:
        """Change the mark of the row under the cursor."""
        name, _, option = (self.selected or "").partition("\n")
        found = next((one for one in self.variables if one.name == name), None)
        if found is not None:
            chosen = self.chosen.get(name, found.chosen)
            self.post_message(self.Marked(name, marked(found, chosen, option)))

    def watch_variables(self) -> None:
        self.update_lines()

    def watch_chosen(self) -> None:
        self.update_lines()
