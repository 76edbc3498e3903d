"""Wide, combining and joined characters: no column moves, nothing passes the edge."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from checks.model import Status, clean
from checks.views import Snapshot
from tests.widgets import samples
from tests.widgets.stage import Stage
from widgets.alerts import AlertsPane
from widgets.glyphs import ASCII, UNICODE, in_ascii, in_console
from widgets.hints import hint_line
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.services import ServicesPane
from widgets.tabs import tab_line
from widgets.text import Line, Seg, broken, fit, fit_segs, left, right, segs_width, wrap
from widgets.verdict import verdict_segs

ODD = [
    "日本語",
    "한국",
    "🚀",
    "👩‍🔧",
    "❤️",
    "1️⃣",
    "👍🏽",
    "🇩🇪",
    "e\u0301",
    "ไท้",
    "ﷺ",
    "　",
    "—",
    "ア",
    "़",
]
TEXTS = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=4)), max_size=6).map("".join)
NAMES = TEXTS.map(clean)
WIDTHS = st.integers(0, 60)


@given(TEXTS)
@example("❤️ 1️⃣ 👍🏽 👩‍🔧")
def test_what_is_shown_is_as_wide_as_its_characters_one_by_one(text: str) -> None:
    shown = clean(text)
    assert cell_len(shown) == sum(map(get_character_cell_size, shown))


@given(NAMES, WIDTHS)
def test_cut_and_padded_texts_are_never_wider_than_their_room(name: str, width: int) -> None:
    assert cell_len(fit(name, width)) <= width
    assert cell_len(left(name, width)) == width
    assert cell_len(right(name, width)) == width
    assert all(cell_len(one) <= width for one in wrap(name, width, 3))
    if width >= 2:
        assert all(cell_len(one) <= width for one in broken(name, width))


@given(NAMES)
def test_other_characters_are_as_wide_as_those_they_stand_for(name: str) -> None:
    assert cell_len(in_ascii(name)) == cell_len(name)
    assert in_ascii(name).isascii()
    assert cell_len(in_console(name)) == cell_len(name)


@given(st.lists(NAMES, max_size=4), WIDTHS)
def test_lines_are_as_wide_as_asked(names: list[str], width: int) -> None:
    segs = tuple(Seg(name) for name in names)
    assert segs_width(fit_segs(segs, width)) <= width
    assert segs_width(Line(segs).fitted(width).segs) == width
    assert segs_width(hint_line([(name, name) for name in names], width).segs) <= max(1, width)


def renamed(picture: Snapshot, name: str) -> Snapshot:
    """``picture`` with ``name`` in every name and sentence."""
    return replace(
        picture,
        hostname=name,
        checks=tuple(
            replace(check, name=f"{name}{at}", message=f"{name} {check.message}")
            for at, check in enumerate(picture.checks)
        ),
        alerts=tuple(
            replace(alert, name=f"{name}{at}", sentence=f"{name} {alert.sentence}")
            for at, alert in enumerate(picture.alerts)
        ),
        queues=tuple(replace(queue, name=f"{name}{at}") for at, queue in enumerate(picture.queues)),
    )


@given(NAMES.filter(str.strip), st.integers(20, 120))
@settings(max_examples=60)
def test_tabs_and_the_verdict_keep_to_their_line(name: str, width: int) -> None:
    picture = renamed(samples.bad_night(), name)
    made, spans = tab_line(picture.checks, picture.checks[0].name, width)
    chosen = cell_len(picture.checks[0].name)
    assert chosen > width - 30 or segs_width(made.segs) <= width
    assert all(start < end for start, end, _ in spans)
    for glyphs in (UNICODE, ASCII):
        assert segs_width(verdict_segs(picture, width, glyphs)) <= width


WIDE = "日本語🚀"
PLAIN = "abcdefgh"


@pytest.mark.parametrize("size", [(40, 14), (80, 24), (120, 30)])
@pytest.mark.parametrize("kind", [ServicesPane, AlertsPane, QueuesPane])
async def test_columns_stand_where_they_do_for_plain_names(
    kind: type[LinePane], size: tuple[int, int]
) -> None:
    """Eight cells of wide characters move nothing that eight letters do not."""
    assert cell_len(WIDE) == cell_len(PLAIN)
    shown = []
    for name in (PLAIN, WIDE):
        pane = kind()
        async with Stage(pane).run_test(size=size) as pilot:
            pane.snapshot = renamed(samples.bad_night(), name)
            await pilot.pause()
            strips = [pane.render_line(y) for y in range(pane.size.height)]
        assert {strip.cell_length for strip in strips} == {size[0]}
        shown.append([columns(strip.text) for strip in strips])
    plain, wide = shown
    for one, other in zip(plain, wide, strict=True):
        figures = [(at, char) for at, char in one if char.isdigit() or char in "✖✔▲◌▁▂▃▄▅▆▇█"]
        assert [pair for pair in figures if pair in other] == figures


def columns(text: str) -> list[tuple[int, str]]:
    """Each character of ``text`` with the cell that it begins in."""
    placed, at = [], 0
    for char in text:
        placed.append((at, char))
        at += get_character_cell_size(char)
    return placed


def test_statuses_have_signs_of_one_cell() -> None:
    for glyphs in (UNICODE, ASCII):
        assert all(cell_len(glyphs.status(status)) == 1 for status in Status)
    assert all(unicodedata.east_asian_width(sign) != "W" for sign in UNICODE.statuses)
