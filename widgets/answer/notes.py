"""What is said beneath the prompt: candidates, or what is wrong and where, or how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import note
from widgets.text import Line, Seg, broken, fit, left, line
from widgets.view import LineView

if TYPE_CHECKING:
    from checks.rules.views import QueryView

__all__ = ["NotesView", "candidate_lines", "mistake_lines"]

_GAP: Final = 2
_BEFORE: Final = 16
"""Characters of a long expression that are shown before its mistake, at least."""


def candidate_lines(
    candidates: Sequence[str], chosen: int, width: int, height: int, cut: str
) -> list[Line]:
    """The candidates in columns, from top to bottom; the chosen one stands out, and the first
    ones are left out where it would not be among what has room.
    """
    if not candidates or height < 1:
        return []
    cells = min(max(cell_len(one) for one in candidates) + _GAP, max(8, width - 1))
    columns = max(1, (width - 1) // cells)
    page = columns * height
    start = max(0, chosen) // page * page
    shown = list(candidates[start : start + page])
    lines = []
    for y in range(min(height, len(shown))):
        segs = [Seg(" ")]
        for at in range(y, len(shown), height):
            role = "focus" if start + at == chosen else "label"
            segs.append(Seg(left(fit(shown[at], cells - 1, cut), cells), role))
        lines.append(line(*segs))
    return lines


def mistake_lines(text: str, column: int, sentence: str, width: int) -> list[Line]:
    """The expression (around its mistake, where it is long), a caret beneath, and the sentence."""
    said = [line(" ", Seg(row, "critical")) for row in broken(sentence, max(8, width - 2))]
    if column < 1:
        return said
    room = max(_BEFORE * 2, width - 3)
    start = max(0, column - 1 - room // 2) if cell_len(text) > room else 0
    # Wide letters take as much room as two.
    while cell_len(text[start : column - 1]) > room - 1:
        start += 1
    shown = fit(text[start:], room)
    place = cell_len(text[start : column - 1])
    return [
        line(" ", Seg(shown, "label")),
        line(Seg(" " * (place + 1)), Seg("^", "critical")),
        *said,
    ]


class NotesView(LineView):
    """Beneath the prompt."""

    answer: reactive[QueryView | None] = reactive(None, repaint=False, layout=False)
    candidates: reactive[tuple[str, ...]] = reactive((), repaint=False, layout=False)
    chosen: reactive[int] = reactive(-1, repaint=False, layout=False)
    """Which of the candidates stands in the prompt; -1 for none."""
    hint: reactive[str] = reactive("", repaint=False, layout=False)
    """What to say where there is nothing else."""

    def compose_lines(self, width: int, height: int) -> list[Line]:
        answer = self.answer
        if self.candidates:
            cut = self.glyphs.cut
            return candidate_lines(self.candidates, self.chosen, width, height, cut)
        if answer is None:
            return note(self.hint, width)
        if answer.error:
            return mistake_lines(answer.text, answer.column, answer.error, width)
        took = f" {self.glyphs.dot} evaluated in {fmt.duration(answer.took)}"
        text = fit(answer.text, width - 2 - cell_len(took), self.glyphs.cut)
        told = [line(" ", Seg(text, "label"), Seg(took, "dim"))]
        return told + [one for text in answer.warnings for one in note(text, width, "warning")]

    def watch_answer(self) -> None:
        self.update_lines()

    def watch_candidates(self) -> None:
        self.update_lines()

    def watch_chosen(self) -> None:
        self.update_lines()

    def watch_hint(self) -> None:
        self.update_lines()
