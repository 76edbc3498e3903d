"""Updates send the cells that changed and no others, and leave the terminal as Textual would."""

from __future__ import annotations

import gc
import random
from collections.abc import Sequence
from typing import cast

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.strip import Strip

from checks.views import Snapshot
from tests.tui.app_kit import Clock, app_of, running, settle
from tests.tui.emulated import Emulated
from tests.tui.fakes import FakeSource
from tests.tui.tour import TOUR, everything, later
from tui.economy import Mirror, Mirrored
from tui.pen import can_erase
from tui.screens.picture import PictureScreen

CONSOLE = Console(force_terminal=True, color_system="truecolor", width=80)


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
    screen = Emulated(22).feed(sequence_of(plain))
    assert screen.text == "····o worldseco·······"
    assert screen.sent == 11


def test_a_clock_at_the_end_of_a_line_costs_its_cells() -> None:
    plain = update({0: "x" * 72 + "10:42:07"}, [80], (79, 80))
    screen = Emulated(80).feed(sequence_of(plain))
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
        assert Emulated(60).feed(sequence_of(plain)).text == expected


def test_a_screen_that_looks_as_before_costs_nothing() -> None:
    mirror = Mirror()
    sequence_of(layout("services ok", " │ ", "10:42:07"), mirror)
    assert sequence_of(layout("services ", "ok │ 10:42:07"), mirror) == ""


def test_of_a_full_screen_only_what_is_new_is_sent() -> None:
    mirror, screen = Mirror(), Emulated(60)
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


def test_a_word_after_a_word_of_the_same_colour_costs_no_colour() -> None:
    one, other = (
        Style(color="#d5dbe5", bgcolor="#0d1117"),
        Style(color="#ff6f61", bgcolor="#0d1117"),
    )
    made = row(("api", one), (" ", other), ("200", one), (" ", one), ("12 ms", other))
    sequence = sequence_of(made)
    assert sequence == (
        "\x1b[1H\x1b[38;2;213;219;229;48;2;13;17;23mapi 200 \x1b[38;2;255;111;97m12 ms\x1b[m"
    )


def test_what_looks_alike_is_written_together() -> None:
    name, figure = Style(color="#d5dbe5", bgcolor="#0d1117"), Style(color="#ff6f61")
    parts = [part for n in range(9) for part in ((f"api-{n}", name), (f"{n} ms", figure))]
    sequence = sequence_of(row(*parts), Mirror(erases=True))
    assert sequence.count("213;219;229") == 1
    text = "".join(word for word, _ in parts)
    assert Emulated(len(text)).feed(sequence).text == text


def test_bold_ends_without_saying_the_colours_again() -> None:
    loud, quiet = Style(bold=True, bgcolor="#0d1117"), Style(bgcolor="#0d1117")
    assert "down\x1b[22m since" in sequence_of(row(("down", loud), (" since", quiet)))


def test_a_wide_blank_is_erased_where_the_terminal_keeps_its_colour() -> None:
    panel = Style(bgcolor="#0d1117")
    made = row(("api", panel), (" " * 60, panel), ("ok", panel), (" " * 30, panel))
    erased = sequence_of(made, Mirror(erases=True))
    assert len(erased) < 50
    drawn = sequence_of(made, Mirror(erases=False))
    assert " " * 60 in drawn
    assert Emulated(95).feed(erased).seen() == Emulated(95).feed(drawn).seen()


def test_a_blank_in_another_colour_is_no_news_but_one_underlined_is() -> None:
    assert sequence_of(layout("   ", style=Style(color="blue", bold=True)), _showing("   ")) == ""
    assert sequence_of(layout("   ", style=Style(underline=True)), _showing("   ")) != ""


def _showing(text: str) -> Mirror:
    mirror = Mirror()
    sequence_of(layout(text), mirror)
    return mirror


def row(*parts: tuple[str, Style]) -> LayoutUpdate:
    strip = Strip([Segment(text, style) for text, style in parts])
    return LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1))


@pytest.mark.parametrize("erases", [True, False])
def test_every_look_is_what_textual_would_have_sent(erases: bool) -> None:
    rng = random.Random(11)
    names = ("bold", "dim", "italic", "underline", "reverse", "strike", "underline2", "overline")
    mirror, ours, theirs = Mirror(erases=erases), Emulated(80, 3), Emulated(80, 3)
    for _ in range(150):
        strips = [_coloured(rng, names) for _ in range(3)]
        if rng.random() < 0.3:
            made: ChopsUpdate | LayoutUpdate = LayoutUpdate(
                [[s] for s in strips], Region(0, 0, 80, 3)
            )
        else:
            start, end = rng.randrange(40), rng.randrange(41, 81)
            chops: list[dict[int, Strip | None]] = [{0: s.crop(0, end)} for s in strips]
            made = ChopsUpdate(chops, [(y, start, end) for y in range(3)], [[end]] * 3)
        ours.feed(sequence_of(made, mirror))
        theirs.feed(Mirrored(made, Mirror(erases=False)).render_segments(CONSOLE))
        assert ours.look == Emulated(1).look, "the pen is left plain"
        assert ours.seen() == theirs.seen()
        if isinstance(made, LayoutUpdate):
            assert Emulated(80, 3).feed(made.render_segments(CONSOLE)).seen() == ours.seen()


def _coloured(rng: random.Random, names: Sequence[str]) -> Strip:
    segments = []
    for _ in range(8):
        words = [name for name in names if rng.random() < 0.15]
        words += rng.choice(["", "red", "#ff6f61", "color(208)"]).split()
        background = rng.choice(["", "#0d1117", "blue"])
        style = Style.parse(" ".join([*words, *(["on", background] if background else [])]))
        text = rng.choice(["api ok", " " * 10, "   ", "─────", "a b c d e ", "日本 x"])
        segments.append(Segment(text, style))
    return Strip(segments).adjust_cell_length(80).simplify()


@pytest.mark.parametrize(
    ("environ", "can"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "tmux-256color"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "linux"}, True),
        ({"TERM": "vt100"}, False),
        ({}, False),
    ],
)
def test_only_terminals_known_to_erase_in_colour_are_asked_to(
    environ: dict[str, str],
    can: bool,
) -> None:
    assert can_erase(environ) is can


def test_after_many_updates_the_terminal_shows_the_last_one() -> None:
    rng = random.Random(7)
    letters: Sequence[str] = ["a", "b", "é", "日", "本", "🔥", " "]
    mirror, screen = Mirror(), Emulated(40)
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


async def test_closed_screens_do_not_pile_up_in_memory() -> None:
    async with running() as pilot:
        for key in ("enter", "4", "question_mark"):
            for _ in range(3):
                await pilot.press(key)
                await settle(pilot)
                await pilot.press("escape")
                await settle(pilot)
        gc.collect()
        alive = sum(isinstance(each, StylesCache) for each in gc.get_objects())
        screens = (*app_of(pilot).screen_stack, *app_of(pilot)._kept.values())
        shown = sum(1 for screen in screens for _ in screen.walk_children(with_self=True))
        assert alive <= 2 * shown, "styles are kept of more than the screen closed last"


async def test_screens_that_were_left_hold_no_picture_once_their_user_rests() -> None:
    source, clock = FakeSource(everything()), Clock()
    async with running(source, clock=clock) as pilot:
        for keys in (*TOUR.values(), ("escape", "2", "enter"), ("escape", "7", "enter"), ("r",)):
            source.show(later(source.picture))
            await settle(pilot)
            await pilot.press(*keys)
            await settle(pilot)
        newest = source.picture.time
        await pilot.press("1")
        clock.time += 4
        app_of(pilot)._look()
        source.show(later(source.picture))
        await settle(pilot)
        gc.unfreeze()
        gc.collect()
        old = [each.time for each in gc.get_objects() if isinstance(each, Snapshot)]
        assert not [time for time in old if everything().time < time <= newest]
        await pilot.press("2")
        await settle(pilot)
        assert cast("PictureScreen", pilot.app.screen).snapshot is source.picture
