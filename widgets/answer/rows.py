"""The rows of an answer: each series with its value."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.reactive import reactive

from checks.model import clean
from widgets import format as fmt
from widgets.empty import note
from widgets.lines import LinePane
from widgets.text import Line, Seg, line, right

if TYPE_CHECKING:
    from checks.rules.views import Pairs, QueryView

__all__ = ["LONG", "ORDERS", "RowsPane", "series_text"]

ORDERS: Final = ("as answered", "largest", "smallest", "series")
_VALUE: Final = 14
LONG: Final = 2_000
"""Characters of a series, at most."""
_WHOLE: Final = 1e15
"""From here on not every whole number can be told from the next."""


def series_text(labels: Pairs) -> str:
    """``up{job="api"}``; empty for a series without any label."""
    rest = [pair for pair in labels if pair[0] != "__name__"]
    name = next((value for label, value in labels if label == "__name__"), "")
    inner = ", ".join(f"{label}={json.dumps(value, ensure_ascii=False)}" for label, value in rest)
    return f"{name}{{{inner}}}" if inner else name


def exact(value: float) -> str:
    """A value with the digits that it has, as far as they can be read."""
    if math.isfinite(value) and value == int(value) and abs(value) < _WHOLE:
        return f"{value:,.0f}"
    return f"{value:.8g}".replace("inf", "Inf").replace("nan", "NaN")


class RowsPane(LinePane):
    """What the expression is now, a row a series."""

    ORDERS: ClassVar[tuple[str, ...]] = ORDERS

    answer: reactive[QueryView | None] = reactive(None, repaint=False, layout=False)
    order: reactive[str] = reactive(ORDERS[0], repaint=False, layout=False)
    waits: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether something is being evaluated of which there is no answer yet."""

    def heading(self) -> Sequence[Seg]:
        answer = self.answer
        segs = [Seg("Now", "title")]
        if answer is None or answer.error or answer.string:
            return segs
        count = f"{fmt.count(answer.total)} series"
        told = f" {count} {self.glyphs.dot} {self.order} {self.glyphs.dot} {fmt.clock(answer.at)}"
        return [*segs, Seg(told, "dim")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A row leads nowhere further."""
        return action != "open" and super().check_action(action, parameters)

    def inputs(self) -> tuple[object, ...]:
        return (self.answer, self.order, self.waits)

    def build(self, width: int, height: int) -> list[Line]:
        answer = self.answer
        if answer is None:
            return note("being evaluated" if self.waits else "", width)
        if answer.error:
            return []
        if answer.string:
            return [line(" ", Seg(answer.string, "value"))]
        if not answer.rows:
            return note("no series: nothing that is collected matches this", width)
        frame = self.frame(width, height)
        # What label_replace() makes has passed no one yet.
        named = [(clean(series_text(labels), LONG), value) for labels, value in answer.rows]
        lines = [
            line(
                Seg(f"{right(exact(value), _VALUE)}  ", "value"),
                Seg(name, "label"),
                key=name or "scalar",
            )
            for name, value in self._in_order(named)
            if frame.wants(name)
        ]
        if answer.total > len(answer.rows):
            more = answer.total - len(answer.rows)
            lines += note(f"{fmt.count(more)} more: aggregate them, or take topk(20, …)", width)
        return lines

    def _in_order(self, named: list[tuple[str, float]]) -> list[tuple[str, float]]:
        if self.order == "series":
            return sorted(named)
        if self.order == ORDERS[0]:
            return named
        sign = -1 if self.order == "largest" else 1
        # What is no number comes last, whichever way.
        return sorted(named, key=lambda one: (math.isnan(one[1]), sign * one[1]))

    def watch_answer(self) -> None:
        self.update_lines()

    def watch_order(self) -> None:
        self.update_lines()

    def watch_waits(self) -> None:
        self.update_lines()
