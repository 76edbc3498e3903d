"""The databases screen as pictures, and where its panes stand."""

from __future__ import annotations

import time

import pytest

from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.app import OnwatchApp
from tui.screens.database_places import columns_of, held, is_wide, place_server

SIZES = [(80, 24), (120, 36), (200, 60)]
WANTED = {
    "server": 24,
    "blocking": 10,
    "longest": 9,
    "sessions": 40,
    "replication": 5,
    "tables": 17,
}


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def app(**options: bool) -> OnwatchApp:
    return OnwatchApp(FakeSource(samples.database_night()), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_lock_pile_up(snap_compare: object, size: tuple[int, int]) -> None:
    assert snap_compare(app(), press=["3"], terminal_size=size)  # type: ignore[operator]


def test_a_replica_that_lags(snap_compare: object) -> None:
    assert snap_compare(app(), press=["3", "right"], terminal_size=(80, 24))  # type: ignore[operator]


def test_redis(snap_compare: object) -> None:
    keys = ["3", "right", "right"]
    assert snap_compare(app(), press=keys, terminal_size=(120, 36))  # type: ignore[operator]


def test_a_server_that_is_down(snap_compare: object) -> None:
    keys = ["3", "left", "left"]
    assert snap_compare(app(), press=keys, terminal_size=(120, 36))  # type: ignore[operator]


def test_a_server_that_refuses_us_in_ascii(snap_compare: object) -> None:
    plain = app(ascii_only=True)
    keys = ["3", "left"]
    assert snap_compare(plain, press=keys, terminal_size=(80, 24))  # type: ignore[operator]


def test_a_session_and_the_question_whether_to_end_it(snap_compare: object) -> None:
    keys = ["3", "x", "down", "enter"]
    assert snap_compare(app(), press=keys, terminal_size=(80, 24))  # type: ignore[operator]


# Places

EVERY = [(80, 21), (40, 9), (20, 2), (120, 33), (200, 57), (300, 97), (90, 47), (104, 20)]


@pytest.mark.parametrize("size", EVERY)
@pytest.mark.parametrize("without", [(), ("replication",), ("blocking", "longest", "sessions")])
def test_panes_fill_the_height_and_never_overlap(
    size: tuple[int, int], without: tuple[str, ...]
) -> None:
    width, height = size
    wanted = {name: lines for name, lines in WANTED.items() if name not in without}
    placed = place_server(width, height, wanted)
    regions = list(placed.values())
    assert all(not a.overlaps(b) for a in regions for b in regions if a is not b)
    assert all(region.right <= width and region.bottom <= height for region in regions)
    for x in {region.x for region in regions}:
        assert sum(region.height for region in regions if region.x == x) == height


def test_on_80_by_24_every_pane_is_there_and_sessions_have_rows() -> None:
    placed = place_server(80, 21, WANTED)
    assert set(placed) == set(WANTED)
    assert placed["server"].height == 7
    assert placed["blocking"].height >= 4
    assert placed["sessions"].height >= 6
    assert {placed[name].height for name in ("longest", "replication", "tables")} == {1}


def test_where_nobody_waits_the_longest_statement_gets_its_lines() -> None:
    placed = place_server(80, 21, {**WANTED, "blocking": 2, "longest": 4})
    assert placed["blocking"].height == 1
    assert placed["longest"].height == 4
    quiet = place_server(80, 21, {**WANTED, "blocking": 2, "longest": 2})
    assert quiet["longest"].height == 1


def test_on_the_smallest_screens_what_matters_less_is_left_out() -> None:
    assert set(place_server(40, 9, WANTED)) == {"server", "blocking", "sessions"}


def test_a_server_without_sessions_has_its_tables_beside_it() -> None:
    placed = place_server(120, 33, {"server": 12, "tables": 9})
    assert placed["server"].y == placed["tables"].y == 0
    alone = place_server(120, 33, {"server": 12})
    assert alone["server"].size == (120, 33)


def test_very_wide_screens_give_tables_a_column() -> None:
    assert len(columns_of(list(WANTED), 200)) == 2
    assert [names for names, _ in columns_of(list(WANTED), 300)] == [
        ("server", "replication"),
        ("blocking", "longest", "sessions"),
        ("tables",),
    ]
    assert is_wide(104, 20)
    assert not is_wide(103, 60)


def test_a_pane_that_needs_a_little_less_keeps_its_lines() -> None:
    assert held({"blocking": 6, "longest": 9}, {"blocking": 10, "longest": 5}) == {
        "blocking": 10,
        "longest": 9,
    }
    assert held({"blocking": 2}, {"blocking": 10}) == {"blocking": 2}
