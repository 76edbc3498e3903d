"""The wall: what its pages show, and how large."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from tests.widgets import samples
from tests.widgets.sample_handling import handled_night
from widgets.dashboard import digits
from widgets.glyphs import ASCII, UNICODE
from widgets.wall.figures import Figure, figure_of, figure_rows, scaled
from widgets.wall.pages import in_turn, pages
from widgets.wall.view import wall_lines

SIZES = [(40, 10), (80, 22), (120, 34), (200, 58), (300, 98)]
WELL = samples.bad_night(checks=(samples.check("api"), samples.check("db")), alerts=(), story=None)


def shown(name: str, width: int = 120, height: int = 34) -> list[str]:
    night = samples.bad_night()
    return [line.text for line in wall_lines(night, name, width, height, UNICODE)]


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("12 %", "12", "%"),
        ("1.2k/s", "1.2", "k/s"),
        ("<0.1 %", "<0.1", "%"),
        ("1,204", "1,204", ""),
    ],
)
def test_a_figure_is_a_number_and_its_unit(text: str, number: str, unit: str) -> None:
    made = figure_of(text, "x")
    assert (made.number, made.unit) == (number, unit)


def test_what_is_not_known_is_said_to_be_so() -> None:
    made = figure_of("—", "queue")
    assert (made.number, made.words) == ("-", "not known")


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_a_magnified_figure_is_the_same_figure(times: int) -> None:
    shapes = digits.large("1,204.5")
    assert shapes is not None
    made = scaled(shapes, times)
    assert len(made) == len(shapes) * times
    assert {len(row) for row in made} == {len(shapes[0]) * times}
    if times == 1:
        assert [row.replace("▄", "▞") for row in made] == [row.replace("▄", "▞") for row in shapes]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["verdict", "requests", "queues", "host"])
def test_a_page_fits_its_screen(name: str, size: tuple[int, int]) -> None:
    width, height = size
    rows = shown(name, width, height)
    assert len(rows) <= height
    assert all(cell_len(row) <= width for row in rows)


def test_figures_grow_with_the_screen_and_are_text_where_nothing_larger_fits() -> None:
    figures = [Figure("128", "/s", "requests"), Figure("6.2", "%", "errors")]

    def high(width: int, height: int) -> int:
        rows = figure_rows(figures, width, height, UNICODE)
        return sum("█" in row.text for row in rows)

    heights = [high(*size) for size in ((40, 8), (80, 20), (120, 34), (200, 58))]
    assert heights == sorted(set(heights))
    (first, second) = figure_rows(figures, 30, 2, UNICODE)
    assert first.text.split() == ["requests", "128", "/s"]
    assert second.text.split() == ["errors", "6.2", "%"]


def test_a_terminal_without_blocks_gets_the_numbers() -> None:
    rows = [line.text for line in wall_lines(samples.bad_night(), "requests", 120, 34, ASCII)]
    assert any("requests" in row and "128 /s" in row for row in rows)
    assert all(row.isascii() for row in rows)


def test_the_first_page_says_how_it_stands_and_what_is_wrong() -> None:
    text = "\n".join(shown("verdict"))
    for word in ("CRITICAL", "UNKNOWN", "STALE", "WARNING", "OK", "of 11 checks"):
        assert word in text
    assert "✖ gateway" in text
    assert 'status is "degraded"' in text
    few = shown("verdict", 80, 14)
    assert any("more" in row for row in few)


def test_where_all_is_well_it_says_so_and_nothing_else() -> None:
    (page, *_) = pages(WELL)
    assert [(one.label, one.number, one.role) for one in page.figures] == [("OK", "2", "ok")]
    assert page.alerts == ()


def test_what_is_silenced_is_not_on_the_wall() -> None:
    night = handled_night()
    (page, *_) = pages(night)
    assert night.story is not None
    hidden = {id_ for id_, one in night.story.handled.items() if one.silenced_by}
    assert hidden
    assert not hidden & {one.id for one in page.alerts}


def test_what_is_wrong_comes_between_all_other_pages_and_only_then() -> None:
    names = [page.name for page in pages(samples.bad_night())]
    assert in_turn(pages(samples.bad_night())) == (
        *("verdict", names[1], "verdict", names[2]),
        *("verdict", names[3]),
    )
    well = pages(samples.bad_night(alerts=(), story=None))
    assert in_turn(well) == tuple(page.name for page in well)


def test_pages_without_anything_are_left_out() -> None:
    assert [page.name for page in pages(samples.empty())] == ["verdict"]


def test_what_is_bad_stands_out() -> None:
    down = samples.check("api", Status.CRITICAL, ago=5)
    night = samples.bad_night(checks=(down,), alerts=alerts_of((down,)), story=None)
    found = {page.name: page for page in pages(night)}
    assert [one.role for one in found["verdict"].figures] == ["critical", "dim"]
    assert {one.label: one.role for one in found["host"].figures}["disk /var"] == "high"
    errors = [one for one in found["requests"].figures if one.label.endswith("errors")]
    assert [one.role for one in errors] == ["critical", "value"]


def test_requests_that_cannot_be_read_are_said_to_be_of_then() -> None:
    night = samples.bad_night()
    silent = tuple(replace(view, silent_since=night.time - 60) for view in night.requests)
    (page,) = (one for one in pages(replace(night, requests=silent)) if one.name == "requests")
    assert {one.role for one in page.figures} == {"dim"}
    assert all("not read since" in one.words for one in page.figures)
