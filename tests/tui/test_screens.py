"""The screens as pictures, the arrangement behind them, and the page of keys."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.binding import Binding

from tests.tui.app_kit import running
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui import keymap
from tui.app import OnwatchApp
from tui.bindings import all_bindings, keys_page
from tui.screens.arrangement import (
    Arrangement,
    Wish,
    arrange,
    column_widths,
    heights,
    place,
    shows_events,
    steady,
)
from tui.screens.facets import columns_for, shared_out, steady_heights
from widgets.lines import LinePane

SIZES = [(80, 24), (120, 36), (200, 60)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    import time  # noqa: PLC0415

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_overview(snap_compare: object, size: tuple[int, int]) -> None:
    assert snap_compare(OnwatchApp(FakeSource()), terminal_size=size)  # type: ignore[operator]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_details(snap_compare: object, size: tuple[int, int]) -> None:
    app = OnwatchApp(FakeSource())
    assert snap_compare(app, press=["enter"], terminal_size=size)  # type: ignore[operator]


def test_overview_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(), ascii_only=True)
    assert snap_compare(app, terminal_size=(120, 36))  # type: ignore[operator]


def test_overview_light(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(), theme="onwatch-light")
    assert snap_compare(app, terminal_size=(120, 36))  # type: ignore[operator]


def test_nothing_to_watch(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(samples.empty()))
    assert snap_compare(app, terminal_size=(120, 36))  # type: ignore[operator]


def test_help(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource())
    keys = ["question_mark"]
    assert snap_compare(app, press=keys, terminal_size=(120, 36))  # type: ignore[operator]


# Arrangement


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((80, 24), Arrangement.FOLDED),
        ((40, 12), Arrangement.FOLDED),
        ((200, 15), Arrangement.FOLDED),
        ((80, 60), Arrangement.STACK),
        ((120, 36), Arrangement.GRID),
        ((300, 100), Arrangement.GRID),
    ],
)
def test_the_arrangement_follows_the_cells(size: tuple[int, int], expected: Arrangement) -> None:
    assert arrange(*size) is expected


@pytest.mark.parametrize("height", range(6, 30))
@pytest.mark.parametrize("alerts", [2, 4, 50])
def test_folded_alerts_leave_room_for_services(alerts: int, height: int) -> None:
    wanted = {"services": 40, "alerts": alerts, "requests": 2, "queues": 1, "host": 1, "events": 9}
    placed = place(Arrangement.FOLDED, 80, height, wanted)
    assert 2 <= placed["alerts"].height <= max(2, (height - 3) * 2 // 5)
    assert placed["services"].height >= (height - 3) // 3


def test_folded_lines_that_are_free_go_to_alerts_then_requests_then_events() -> None:
    wanted = {"services": 7, "alerts": 5, "requests": 2, "queues": 1, "host": 1, "events": 30}
    placed = place(Arrangement.FOLDED, 80, 22, wanted)
    found = {name: region.height for name, region in placed.items()}
    assert found == {
        "alerts": 5, "services": 7, "events": 6, "requests": 2, "queues": 1, "host": 1
    }  # fmt: skip
    few = place(Arrangement.FOLDED, 80, 16, wanted)
    assert "events" not in few
    assert few["requests"].height == 2


def test_folded_alerts_are_no_longer_than_a_line_each_while_services_need_the_lines() -> None:
    wanted = {"services": 14, "alerts": 9, "requests": 2, "queues": 1, "host": 1}
    placed = place(Arrangement.FOLDED, 80, 22, wanted, brief=5)
    assert (placed["alerts"].height, placed["services"].height) == (5, 14)
    roomy = place(Arrangement.FOLDED, 80, 24, wanted, brief=5)
    assert (roomy["alerts"].height, roomy["services"].height) == (7, 14)


def test_the_requests_keep_their_shape_when_an_alert_or_a_process_comes_or_goes() -> None:
    for arrangement, size in ((Arrangement.GRID, (120, 34)), (Arrangement.STACK, (90, 58))):
        held = place(arrangement, *size, WANTED)["requests"].height
        for name in ("alerts", "host"):
            more = {**WANTED, name: WANTED[name] - 3}
            placed = steady(arrangement, *size, more, held=held)
            assert placed["requests"].height == held
            assert placed["alerts"].height >= place(arrangement, *size, more)["alerts"].height


def test_requests_give_way_where_an_alert_needs_the_lines() -> None:
    wanted = {**WANTED, "services": 6, "queues": 4, "host": 11, "events": 6, "alerts": 3}
    held = place(Arrangement.STACK, 90, 58, wanted)["requests"].height
    more = {**wanted, "alerts": 20}
    placed = steady(Arrangement.STACK, 90, 58, more, held=held)
    assert placed["alerts"].height == 21


WANTED = {"services": 20, "queues": 16, "requests": 64, "host": 26, "alerts": 12, "events": 9}


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 36), (200, 60), (300, 100), (90, 58)])
def test_panes_fill_the_height_and_never_overlap(size: tuple[int, int]) -> None:
    width, height = size
    arrangement = arrange(*size)
    wanted = dict(WANTED)
    if not shows_events(arrangement, height):
        del wanted["events"]
    placed = place(arrangement, width, height - 2, wanted)
    assert set(wanted) - set(placed) <= ({"events"} if arrangement is Arrangement.FOLDED else set())
    regions = list(placed.values())
    assert all(not a.overlaps(b) for a in regions for b in regions if a is not b)
    assert all(region.right <= width and region.bottom <= height - 2 for region in regions)
    columns = {region.x for region in regions}
    for x in columns:
        assert sum(region.height for region in regions if region.x == x) == height - 2


def test_what_requests_do_not_need_where_nothing_tells_of_them_goes_to_sentences() -> None:
    services, requests, alerts = column_widths(120)
    wider, narrower, longer = column_widths(120, unfed=True)
    assert wider > services
    assert longer > alerts
    assert narrower < requests
    assert wider + narrower + longer == services + requests + alerts


async def test_an_overview_without_requests_leaves_their_room_to_others() -> None:
    night = replace(samples.bad_night(), requests=())
    unfed = tuple(replace(one, kind="http", tells_requests=False) for one in night.checks)
    async with running(FakeSource(replace(night, checks=unfed))) as pilot:
        panes = {str(pane.id): pane.region for pane in pilot.app.screen.query(LinePane)}
        assert panes["requests"].height <= 5
        assert panes["services"].width == column_widths(120, unfed=True)[0]
    async with running(FakeSource(night)) as pilot:
        fed = {str(pane.id): pane.region for pane in pilot.app.screen.query(LinePane)}
        assert fed["requests"].height > 5
        assert fed["services"].width == column_widths(120)[0]


def test_what_a_pane_does_not_need_goes_to_one_that_can_use_it() -> None:
    given = heights(58, {"requests": Wish(9, 64), "host": Wish(10, 26)})
    assert given == {"requests": 32, "host": 26}
    assert heights(58, {"alerts": Wish(3, 4), "events": Wish(5, 9)}) == {"alerts": 4, "events": 54}
    assert heights(6, {"services": Wish(8, 20), "queues": Wish(5, 5)}) == {
        "services": 6,
        "queues": 0,
    }


def test_facets_go_where_most_room_is_left_and_stay_for_a_line_more_or_less() -> None:
    assert shared_out({"facts": 12, "parts": 4, "results": 5, "tables": 6}, 2) == {
        "facts": 0,
        "parts": 1,
        "results": 1,
        "tables": 1,
    }
    before = {"facts": 12, "parts": 6, "results": 4}
    assert steady_heights({"facts": 11, "parts": 3, "results": 9, "raw": 2}, before) == {
        "facts": 12,
        "parts": 3,
        "results": 9,
        "raw": 2,
    }
    assert columns_for(80) == 1
    assert columns_for(120) == 2
    assert columns_for(200) == 3


# Keys


def test_the_page_of_keys_is_up_to_date() -> None:
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    assert page == keys_page(), f"run {Path(sys.executable).name} tools/keys.py"


def test_every_binding_has_an_id_of_its_own_and_says_what_it_does() -> None:
    groups = (keymap.APP, keymap.SCREEN, keymap.DETAILS, keymap.HELP)
    for group in groups:
        for binding in group:
            assert binding.id
            assert binding.description
    ids = [binding.id for binding in all_bindings()]
    assert len(ids) == len(set(ids))


def test_the_keys_as_shipped_do_not_clash() -> None:
    shipped = {str(b.id): b.key for b in all_bindings()}
    assert keymap.plan(shipped, all_bindings()).notices == ()


def test_a_wish_may_take_a_key_that_another_wish_sets_free() -> None:
    bindings = [Binding("a", "x", id="app.one"), Binding("b", "y", id="app.two")]
    made = keymap.plan({"app.one": "b", "app.two": "a"}, bindings)
    assert made.notices == ()
    assert made.keymap == {"app.one": "b", "app.two": "a"}


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("question_mark", "?"),
        ("ctrl+l", "Ctrl-L"),
        ("f5", "F5"),
        ("M", "M"),
        ("p", "p"),
        ("shift+tab", "Shift-Tab"),
        ("escape", "Esc"),
    ],
)
def test_keys_are_named_as_people_write_them(key: str, shown: str) -> None:
    assert keymap.key_name(key) == shown
