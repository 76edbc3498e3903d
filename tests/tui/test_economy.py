"""Updates begin and end at the cells that changed, and say the same as Textual's own."""

from __future__ import annotations

import random
import re

from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from tui.economy import SpanUpdate

_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[\d;]*m|\n")
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=80)


def update(line: dict[int, str], ends: list[int], *spans: tuple[int, int]) -> ChopsUpdate:
    strips = {x: Strip([Segment(text)]) for x, text in line.items()}
    return ChopsUpdate([strips], [(0, *span) for span in spans], [ends])


def drawn(sequence: str, width: int) -> tuple[str, int]:
    """The line after ``sequence`` on an empty one, and how many characters were sent."""
    cells = ["·"] * width
    at = sent = 0
    position = 0
    for move in [*_MOVE.finditer(sequence), None]:
        text = sequence[position : move.start() if move else len(sequence)]
        for character in text:
            cells[at] = character
            at += 1
            sent += 1
        if move is not None:
            position = move.end()
            at = int(move[2]) - 1 if move[2] else at
    return "".join(cells), sent


def test_only_the_changed_cells_are_sent() -> None:
    plain = update({0: "hello world", 11: "second part"}, [11, 22], (4, 15))
    line, sent = drawn(SpanUpdate(plain).render_segments(CONSOLE), 22)
    assert line == "····o worldseco·······"
    assert sent == 11


def test_a_clock_at_the_end_of_a_line_costs_its_cells() -> None:
    plain = update({0: "x" * 72 + "10:42:07"}, [80], (79, 80))
    line, sent = drawn(SpanUpdate(plain).render_segments(CONSOLE), 80)
    assert (line[79], sent) == ("7", 1)


def test_a_span_between_wide_characters_keeps_them_whole() -> None:
    plain = update({0: "日本語"}, [6], (2, 4))
    assert "本" in SpanUpdate(plain).render_segments(CONSOLE)
    assert "日" not in SpanUpdate(plain).render_segments(CONSOLE)


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
        assert drawn(SpanUpdate(plain).render_segments(CONSOLE), 60)[0] == expected
