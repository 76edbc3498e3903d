"""The whole text of a runbook, to be read and scrolled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.reactive import reactive

from widgets.frame import Frame
from widgets.runbook.asking import command_lines
from widgets.runbook.pane import ReadPane
from widgets.runbook.words import ROLES, WORDS
from widgets.text import Line, Seg, broken, fit, line

if TYPE_CHECKING:
    from checks.runbooks.model import Block, Runbook, Step
    from checks.runbooks.views import RunbookFocus

__all__ = ["TextPane", "text_lines"]


def text_lines(runbook: Runbook, frame: Frame) -> tuple[list[Line], dict[str, int]]:
    """The lines of ``runbook``, and where each of its steps begins among them."""
    lines: list[Line] = []
    places: dict[str, int] = {}
    before = ""
    for block in runbook.blocks:
        if lines and not (block.kind == before == "item"):
            lines.append(line())
        step = runbook.step(block.text) if block.kind == "step" else None
        if step is not None:
            places.setdefault(step.name, len(lines))
            lines += _step(step, frame)
        else:
            lines += _block(block, frame.width)
        before = block.kind
    return lines, places


def _block(block: Block, width: int) -> Iterator[Line]:
    if block.kind == "heading":
        role = "title" if block.level <= 2 else "value"
        yield from (line(" ", Seg(row, role)) for row in broken(block.text, width - 2))
    elif block.kind == "item":
        indent = 1 + 2 * max(0, block.level - 1)
        for at, row in enumerate(broken(block.text, max(8, width - indent - 3))):
            yield line(" " * indent, Seg("  " if at else "- ", "dim"), Seg(row))
    elif block.kind == "paragraph":
        yield from (line(" ", Seg(row)) for row in broken(block.text, width - 2))
    else:
        yield from (line("   ", Seg(row, "label")) for row in block.text.splitlines())


def _step(step: Step, frame: Frame) -> Iterator[Line]:
    dot = f" {frame.glyphs.dot} "
    said = f"{step.language.value}{dot}{WORDS[step.marking]}"
    title = fit(step.name, max(8, frame.width - len(said) - 6))
    yield line(
        Seg(f" {frame.glyphs.follows} ", ROLES[step.marking]),
        Seg(title, ROLES[step.marking]),
        Seg(f"{dot}{said}", "dim"),
    )
    yield from command_lines(step.text, frame.width)


class TextPane(ReadPane):
    """The runbook as it is written; it goes along with the step under the cursor."""

    step: reactive[str] = reactive("", repaint=False, layout=False)

    _places: dict[str, int]
    _from = 0
    """Where the text was when the cursor came to the step."""
    _gone: tuple[int, int] | None = None
    """The line that it went along to, and the room there was for it; None: it is still to go."""
    _left_at = 0
    """Where it was left then."""

    def heading(self) -> Sequence[Seg]:
        focus = self.focus_shown
        if focus is None or focus.runbook is None:
            return [Seg("Text", "title")]
        return [Seg(focus.runbook.name, "title"), Seg(f" {fit(focus.runbook.path, 60)}", "dim")]

    @property
    def whole(self) -> str:
        """All of it as text."""
        return "\n".join(line.text.strip() for line in self._body)

    def inputs(self) -> tuple[object, ...]:
        focus = self.focus_shown
        return (focus.runbook if focus is not None else None,)

    def build(self, width: int, height: int) -> list[Line]:
        focus: RunbookFocus | None = self.focus_shown
        if focus is None or focus.runbook is None:
            self._places = {}
            return []
        lines, self._places = text_lines(focus.runbook, self.frame(width, height))
        return lines

    def watch_step(self) -> None:
        """Show the step that the cursor is on, with what is written before it."""
        self._from, self._gone = self._top, None
        self.update_lines()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        self._rebuild(max(1, width - 1), max(0, self.size.height - self._titled))
        goes_along = self._go_along()
        lines = super().compose_lines(width, height)
        if goes_along:
            self._left_at = self._top
        return lines

    def _go_along(self) -> bool:
        """Also where the text came only after the cursor, or has another room by now; no more
        once somebody has scrolled. Whether it did.
        """
        place, room = self._places.get(self.step), max(1, self._room)
        scrolled = self._gone is not None and self._top != self._left_at
        if place is None or scrolled or self.has_focus or self._gone == (place, room):
            return False
        self._gone = place, room
        self._top = self._from
        self._bring_up(place, gently=True)
        return True
