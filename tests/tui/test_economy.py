"""Updates send the cells that changed and no others, and leave the terminal as Textual would."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from rich.cells import get_character_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.economy import Mirror, Mirrored

_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[\d;]*m|\n")
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=80)


class Screen:
    """A terminal of one line, to which sequences are sent: ``cells`` and how many were ``sent``.

    Drawing over half of a wide character clears its other half, as terminals do.
    """

    def __init__(self, width: int) -> None:
        self.cells = ["·"] * width
        self.sent = 0

    def feed(self, sequence: str) -> Screen:
        at = position = 0
        for move in [*_MOVE.finditer(sequence), None]:
            for character in sequence[position : move.start() if move else len(sequence)]:
                at = self._put(at, character)
            if move is not None:
                position = move.end()
                at = int(move[2]) - 1 if move[2] else at
        return self

    def _put(self, at: int, character: str) -> int:
        self.sent += 1
        width = get_character_cell_size(character)
        if width == 0:
            return at
        end = at + width
        if self.cells[at] == "":
            self.cells[at - 1] = " "
        if end < len(self.cells) and self.cells[end] == "":
            self.cells[end] = " "
        self.cells[at:end] = [character, *[""] * (width - 1)]
        return end

    @property
    def text(self) -> str:
        return "".join(self.cells)


def update(line: dict[int, str], ends: list[int], *spans: tuple[int, int]) -> ChopsUpdate:
    strips = {x: Strip([Segment(text)]) for x, text in line.items()}
    return ChopsUpdate([strips], [(0, *span) for span in spans], [ends])


def layout(*texts: str, style: Style | None = None) -> LayoutUpdate:
    strips = [Strip([Segment(text, style)]) for text in texts]
    width = sum(strip.cell_length for strip in strips)
    return LayoutUpdate([strips], Region(0, 0, width, 1))


def sequence_of(made: ChopsUpdate | LayoutUpdate, mirror: Mirror | None = None) -> str:
    return Mirrored(made, mirror or Mirror()).render_segments(CONSOLE)


def test_only_the_changed_cells_are_sent() -> None:
    plain = update({0: "hello world", 11: "second part"}, [11, 22], (4, 15))
    screen = Screen(22).feed(sequence_of(plain))
    assert screen.text == "····o worldseco·······"
    assert screen.sent == 11


def test_a_clock_at_the_end_of_a_line_costs_its_cells() -> None:
    plain = update({0: "x" * 72 + "10:42:07"}, [80], (79, 80))
    screen = Screen(80).feed(sequence_of(plain))
    assert (screen.cells[79], screen.sent) == ("7", 1)


def test_a_span_between_wide_characters_keeps_them_whole() -> None:
    sequence = sequence_of(update({0: "日本語"}, [6], (2, 4)))
    assert "本" in sequence
    assert "日" not in sequence


def test_whatever_textual_would_have_drawn_within_the_spans_is_drawn() -> None:
    rng = random.Random(5)
    for _ in range(300):
        cuts = sorted(rng.sample(range(1, 60), 3))
        starts, ends = [0, *cuts], [*cuts, 60]
        letters = "".join(rng.choice("abcdefgh") for _ in range(60))
        line = {a: letters[a:b] for a, b in zip(starts, ends, strict=True)}
        spans = [tuple(sorted(rng.sample(range(61), 2))) for _ in range(rng.randint(1, 3))]
        plain = update(line, ends, *spans)  # type: ignore[arg-type]
        changed = {cell for start, end in spans for cell in range(start, end)}
        expected = "".join(c if at in changed else "·" for at, c in enumerate(letters))
        assert Screen(60).feed(sequence_of(plain)).text == expected


def test_a_screen_that_looks_as_before_costs_nothing() -> None:
    mirror = Mirror()
    sequence_of(layout("services ok", " │ ", "10:42:07"), mirror)
    assert sequence_of(layout("services ", "ok │ 10:42:07"), mirror) == ""


def test_of_a_full_screen_only_what_is_new_is_sent() -> None:
    mirror, screen = Mirror(), Screen(60)
    screen.feed(sequence_of(layout("a" * 50 + "0123456789"), mirror))
    screen.sent = 0
    screen.feed(sequence_of(layout("a" * 20 + "X" + "a" * 29 + "0123456780"), mirror))
    assert screen.text == "a" * 20 + "X" + "a" * 29 + "0123456780"
    assert screen.sent == 2


def test_another_colour_is_news() -> None:
    mirror = Mirror()
    sequence_of(layout("CRITICAL"), mirror)
    assert "CRITICAL" in sequence_of(layout("CRITICAL", style=Style(color="red")), mirror)


def test_what_somebody_else_drew_over_is_sent_again() -> None:
    mirror = Mirror()
    sequence_of(layout("all is well"), mirror)
    mirror.forget()
    assert "all is well" in sequence_of(layout("all is well"), mirror)


def test_after_many_updates_the_terminal_shows_the_last_one() -> None:
    rng = random.Random(7)
    letters: Sequence[str] = ["a", "b", "é", "日", "本", "🔥", " "]
    mirror, screen = Mirror(), Screen(40)
    for _ in range(600):
        text = ""
        while Strip([Segment(text)]).cell_length < 40:
            text += rng.choice(letters)
        whole = Strip([Segment(text)]).crop(0, 40)
        if rng.random() < 0.5:
            made: ChopsUpdate | LayoutUpdate = LayoutUpdate([[whole]], Region(0, 0, 40, 1))
            expected = whole.text
        else:
            start, end = sorted(rng.sample(range(41), 2))
            made = ChopsUpdate([{0: whole}], [(0, start, end)], [[40]])
            expected = _over("".join(screen.cells), whole, start, end)
        screen.feed(sequence_of(made, mirror))
        assert screen.text == expected


def _over(text: str, new: Strip, start: int, end: int) -> str:
    """``text`` with the cells from ``start`` to ``end`` of ``new`` drawn over it."""
    old = Strip([Segment(text)])
    parts = (old.crop(0, start), new.crop(start, end), old.crop(end, 40))
    return "".join(part.text for part in parts)
