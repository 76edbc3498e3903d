"""Lines that have moved are moved by the terminal, and what is seen is what Textual drew."""

from __future__ import annotations

import random

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.tui.emulated import Emulated
from tui.driver import CLEARED
from tui.economy import Mirror, Mirrored
from tui.ending import RESTORE

CONSOLE = Console(force_terminal=True, color_system="truecolor", width=80)
WIDTH, HEIGHT = 60, 20
RED = Style(color="red", bgcolor="blue")
WORDS = ("queue", "timed out", "注文", "user", "payment", "retry", "e\u0301tat", "cache", "—")


def lines(count: int, seed: int) -> list[list[Segment]]:
    """Lines of a log, each another."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        text = f"{number:04d} " + " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6)))
        made.append([Segment(text[:5], RED), Segment(text[5:])])
    return made


def screen(top: str, rows: list[list[Segment]]) -> LayoutUpdate:
    head = Strip([Segment(top)]).adjust_cell_length(WIDTH)
    strips = [head, *(Strip(row).adjust_cell_length(WIDTH) for row in rows)]
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, len(strips)))


def send(made: LayoutUpdate, mirror: Mirror, terminal: Emulated) -> str:
    sequence = Mirrored(made, mirror).render_segments(CONSOLE)
    terminal.feed(sequence)
    return sequence


def shown(made: LayoutUpdate) -> list[tuple[str, object]]:
    """What a terminal shows that gets all of it."""
    terminal = Emulated(WIDTH, HEIGHT)
    terminal.feed(Mirrored(made, Mirror(erases=True)).render_segments(CONSOLE))
    return terminal.seen()  # type: ignore[return-value]  # each with its look


def test_a_tail_that_moves_on_costs_its_new_lines() -> None:
    mirror, terminal = Mirror(erases=True), Emulated(WIDTH, HEIGHT)
    log = lines(200, 1)
    whole = len(send(screen("22:13:05", log[:19]), mirror, terminal))
    for first in range(1, 20, 2):
        made = screen(f"22:13:{first + 5:02d}", log[first : first + 19])
        cost = len(send(made, mirror, terminal))
        assert terminal.seen() == shown(made)
        assert cost < whole / 4, "two new lines of nineteen"


def test_whatever_moves_wherever_the_terminal_shows_what_was_drawn() -> None:
    rng = random.Random(7)
    log = lines(400, 2)
    mirror, terminal = Mirror(erases=True), Emulated(WIDTH, HEIGHT)
    moves = 0
    at = 100
    for step in range(200):
        at = max(0, min(360, at + rng.choice((-30, -7, -3, -1, 0, 1, 2, 5, 12, 40))))
        rows = log[at : at + 19]
        if rng.random() < 0.4:
            # Panes above and beneath stand still, and one of the lines is another.
            rows = [*log[:3], *rows[3:15], *log[3:7]]
            rows[rng.randrange(19)] = [Segment(f"changed {step}")]
        made = screen(str(step), rows)
        moves += "r\x1b[" in send(made, mirror, terminal)
        assert terminal.seen() == shown(made), step
    assert moves > 50


def test_nothing_moves_on_a_terminal_that_may_not_know_how_nor_for_a_few_lines() -> None:
    for mirror, height in ((Mirror(erases=False), 19), (Mirror(erases=True), 5)):
        log = lines(40, 3)
        terminal = Emulated(WIDTH, HEIGHT)
        send(screen("a", log[:height]), mirror, terminal)
        made = screen("b", log[1 : height + 1])
        assert "r\x1b[" not in send(made, mirror, terminal)


@pytest.mark.parametrize("end", [CLEARED, RESTORE.decode()])
def test_however_it_ends_no_margins_are_left(end: str) -> None:
    """What is yet to be written is thrown away where a terminal has stopped reading."""
    _, undone, rest = end.partition("\x1b[r")
    assert undone
    assert "\x1b[H" in rest, "it puts the cursor elsewhere"
