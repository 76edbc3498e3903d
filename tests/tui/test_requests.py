"""The requests screen over a fake source: what a person sees and does on it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

import pytest
from textual.pilot import Pilot

from checks.model import Status
from checks.views import RequestView, Snapshot
from tests.tui.app_kit import WIDE, help_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.app import OnwatchApp
from tui.screens.details import DetailsScreen
from tui.screens.overview import OverviewScreen
from tui.screens.request_places import LEAST, ORDER, columns_of, place_requests
from tui.screens.requests import RequestScreen, RequestsScreen
from widgets.hints import HintLine
from widgets.lines import LinePane
from widgets.request_log.breakdown import BreakdownPane
from widgets.request_log.kinds import KindsPane
from widgets.request_log.minutes import MinutesPane
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.rate import RatePane
from widgets.request_log.rows import NewestErrorsPane, SlowestPane
from widgets.services import ServicesPane

SIZES = [(80, 24), (120, 36), (200, 60)]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the pictures are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


class Logs(FakeSource):
    """Answers another window as the engine does, with its figures."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        super().__init__(snapshot or samples.request_night())

    def set_window(self, seconds: float) -> None:
        self.asked.append(f"window {seconds:.0f}")
        self.show(samples.request_night(seconds))


@asynccontextmanager
async def requests(
    *keys: str, size: tuple[int, int] = WIDE, picture: Snapshot | None = None
) -> AsyncIterator[Pilot[int]]:
    """The screen with ``keys`` pressed on it."""
    async with running(Logs(picture), size) as pilot:
        await press(pilot, "4", *keys)
        yield pilot


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen_of(pilot: Pilot[int]) -> RequestsScreen:
    assert isinstance(pilot.app.screen, RequestsScreen)
    return pilot.app.screen


def pane(pilot: Pilot[int], kind: type[RequestLogPane]) -> RequestLogPane:
    return screen_of(pilot).query_one(kind)


def focus(pilot: Pilot[int], kind: type[RequestLogPane]) -> RequestLogPane:
    found = pane(pilot, kind)
    found.focus()
    return found


def hints(pilot: Pilot[int]) -> list[str]:
    return [text for _, text in pilot.app.screen.query_one(HintLine).hints]


# How it looks


class Compare(Protocol):
    """The plugin's fixture."""

    def __call__(
        self,
        app: OnwatchApp,
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[int]], Awaitable[None]],
    ) -> bool: ...


def after(*keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Press ``keys``, each when the one before has done its work."""

    async def pressed(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    return pressed


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_requests(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(OnwatchApp(Logs()), terminal_size=size, run_before=after("4"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_requests_of_an_hour(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = OnwatchApp(Logs(samples.request_night(3600.0)))
    assert snap_compare(app, terminal_size=size, run_before=after("4"))


def test_requests_in_ascii(snap_compare: Compare) -> None:
    app = OnwatchApp(Logs(), ascii_only=True)
    assert snap_compare(app, terminal_size=WIDE, run_before=after("4"))


def test_requests_light(snap_compare: Compare) -> None:
    app = OnwatchApp(Logs(), theme="onwatch-light")
    assert snap_compare(app, terminal_size=WIDE, run_before=after("4"))


def test_a_request_whole(snap_compare: Compare) -> None:
    keys = after("4", "j", "enter")
    assert snap_compare(OnwatchApp(Logs()), terminal_size=WIDE, run_before=keys)


def test_no_request_log(snap_compare: Compare) -> None:
    app = OnwatchApp(Logs(samples.empty()))
    assert snap_compare(app, terminal_size=WIDE, run_before=after("4"))


# Where things stand


@pytest.mark.parametrize("opened", ORDER)
@pytest.mark.parametrize("width", [40, 103, 104, 167, 168, 300])
def test_panes_fill_the_height_and_never_overlap(width: int, opened: str) -> None:
    wanted = {
        "rate": 15, "durations": 15, "breakdown": 8, "kinds": 7, "errors": 52, "slowest": 22,
        "distribution": 14, "minutes": 12,
    }  # fmt: skip
    for height in range(1, 100):
        placed = place_requests(width, height, wanted, opened)
        regions = list(placed.values())
        assert placed[opened].height >= min(height, 4)
        assert all(not a.overlaps(b) for a in regions for b in regions if a is not b)
        assert all(region.right <= width and region.bottom <= height for region in regions)
        for x in {region.x for region in regions}:
            assert sum(region.height for region in regions if region.x == x) == height
        if columns_of(width, height):
            assert set(placed) == set(ORDER)
            assert all(placed[name].height >= min(LEAST[name], wanted[name]) for name in ORDER)


@pytest.mark.parametrize(
    "size", [(40, 12), (60, 15), (80, 24), (80, 60), (104, 33), (120, 36), (200, 60), (300, 100)]
)
async def test_every_size_shows_what_matters(size: tuple[int, int]) -> None:
    async with requests(size=size) as pilot:
        text = seen(pilot)
        assert "CRITICAL" in text.splitlines()[0]
        assert "gateway log" in text
        assert "13 %" in text
        assert "p50 387 ms" in text
        for each in screen_of(pilot).query(RequestLogPane):
            assert each.region.bottom <= size[1]
        # Where there are columns, every pane is open all the time.
        for _ in range(1 if columns_of(size[0], size[1] - 3) else 8):
            await press(pilot, "tab")
            assert isinstance(pilot.app.focused, LinePane)
            assert pilot.app.focused.size.height >= min(4, size[1] - 5)


async def test_where_the_screen_is_small_the_pane_with_the_focus_is_open() -> None:
    async with requests(size=(80, 24)) as pilot:
        assert pilot.app.focused is pane(pilot, NewestErrorsPane)
        assert pane(pilot, NewestErrorsPane).size.height >= 8
        assert pane(pilot, MinutesPane).size.height == 1
        focus(pilot, MinutesPane)
        await settle(pilot)
        assert "22:12        862" in seen(pilot)
        assert pane(pilot, NewestErrorsPane).size.height == 1
        assert "Newest errors · 1 min · last 22:13:19 anthropic" in seen(pilot)


async def test_resizing_rearranges_down_and_up_again() -> None:
    async with requests() as pilot:
        original = seen(pilot)
        for size in ((80, 24), (40, 12), (300, 100), (20, 5), (90, 50), WIDE):
            await pilot.resize_terminal(*size)
            await settle(pilot)
        assert seen(pilot) == original


# Which log


async def test_it_begins_with_the_log_that_fails_most_and_goes_on_to_the_next() -> None:
    async with requests() as pilot:
        assert screen_of(pilot).check == "gateway log"
        await press(pilot, "right_square_bracket")
        assert screen_of(pilot).check == "web log"
        assert "/cart" in seen(pilot)
        assert "anthropic" not in seen(pilot)
        await press(pilot, "left")
        assert screen_of(pilot).check == "gateway log"


async def test_it_begins_with_the_log_that_the_user_is_at_unless_another_fails() -> None:
    async with running(Logs()) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("web log")
        await press(pilot, "enter", "4")
        assert screen_of(pilot).check == "web log", "its details were open"
        assert pilot.app.focused is pane(pilot, BreakdownPane)
        await press(pilot, "1", "4")
        assert screen_of(pilot).check == "gateway log"
        assert "gateway log 13 % errors" in seen(pilot).splitlines()[1]


async def test_errors_of_now_come_before_those_of_some_minutes_ago() -> None:
    night = samples.request_night(300.0)
    long_ago, now = night.requests

    def failing(view: RequestView, recent: float, before: float) -> RequestView:
        windows = tuple(
            replace(one, error_ratio=recent if one.seconds == 60 else before)
            for one in view.stats.windows
        )
        stats = replace(view.stats, windows=windows)
        return replace(view, stats=stats, window=stats.window(300.0))

    views = (failing(long_ago, 0.0, 0.3), failing(now, 0.4, 0.1))
    async with running(FakeSource(replace(night, requests=views))) as pilot:
        assert "Requests · 5 min · web log +1" in seen(pilot)
        pilot.app.screen.query_one(ServicesPane).select("gateway log")
        await press(pilot, "4")
        assert screen_of(pilot).check == "web log"


async def test_a_click_on_a_tab_opens_it() -> None:
    async with requests() as pilot:
        place = seen(pilot).splitlines()[1].index("web log")
        await pilot.click(offset=(place, 1))
        await settle(pilot)
        assert screen_of(pilot).check == "web log"


async def test_a_log_that_could_not_be_read_yet_says_why() -> None:
    unread = replace(
        samples.check(
            "orders", Status.UNKNOWN, kind="sqlite", message="no such table: request_logs"
        ),
        tells_requests=True,
    )
    async with requests(picture=samples.empty(checks=(unread,))) as pilot:
        text = seen(pilot)
        assert "No data yet: orders unknown: no such table: request_logs" in text
        assert "Newest errors" not in text
        source_of(pilot).show(samples.request_night())
        await settle(pilot)
        assert "Newest errors" in seen(pilot)


async def test_it_asks_nothing_of_the_server_for_being_looked_at() -> None:
    async with requests() as pilot:
        assert [each for each in source_of(pilot).asked if each.startswith("focus")] == []


# Keys


async def test_another_window_is_that_of_every_pane() -> None:
    async with requests() as pilot:
        assert seen(pilot).count("· 1 min") == 7
        await press(pilot, "plus", "plus")
        assert source_of(pilot).asked[-2:] == ["window 300", "window 900"]
        assert seen(pilot).count("· 15 min") == 7
        assert "22:00" in seen(pilot)


async def test_a_key_pressed_faster_than_pictures_come_counts_each_time() -> None:
    class Slow(Logs):
        def set_window(self, seconds: float) -> None:
            self.asked.append(f"window {seconds:.0f}")

    source = Slow()
    async with running(source) as pilot:
        await pilot.press("4", "plus", "plus", "plus", "plus", "minus")
        await settle(pilot)
    windows = [each for each in source.asked if each.startswith("window")]
    assert windows == ["window 300", "window 900", "window 3600", "window 3600", "window 900"]


async def test_enter_on_an_error_shows_it_whole_and_esc_goes_back() -> None:
    async with requests("enter") as pilot:
        assert isinstance(pilot.app.screen, RequestScreen)
        text = seen_above(pilot)
        assert "2023-11-14 22:13:19" in text
        assert "claude-small" in text
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, RequestsScreen)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, OverviewScreen)


def seen_above(pilot: Pilot[int]) -> str:
    """What the box says."""
    lines = pilot.app.screen.query_one("#whole", LinePane)._lines
    return "\n".join(line.text for line in lines)


async def test_enter_on_a_slow_request_and_on_a_kind_show_them_whole() -> None:
    async with requests() as pilot:
        focus(pilot, SlowestPane)
        await press(pilot, "enter")
        assert "504" in seen_above(pilot)
        await press(pilot, "escape")
        focus(pilot, KindsPane)
        await press(pilot, "enter")
        assert "49, 44 % of all errors" in seen_above(pilot)
        assert seen_above(pilot).count("refresh failed: token") >= 3


async def test_the_selected_error_stays_selected_while_new_ones_come() -> None:
    async with requests("j", "j") as pilot:
        errors = pane(pilot, NewestErrorsPane)
        chosen = errors.selected
        picture = source_of(pilot).picture
        view = picture.requests[0]
        fresh = replace(view.window.newest_errors[0], key="new@1")
        window = replace(view.window, newest_errors=(fresh, *view.window.newest_errors))
        newer = replace(view, window=window)
        source_of(pilot).show(replace(picture, requests=(newer, *picture.requests[1:])))
        await settle(pilot)
        assert errors.keys[0] == "new@1"
        assert errors.selected == chosen


async def test_enter_on_a_value_narrows_the_tables_down_to_it_and_again_widens_them() -> None:
    async with requests(size=(200, 60)) as pilot:
        focus(pilot, BreakdownPane)
        await press(pilot, "j", "enter")
        assert screen_of(pilot).filter_text == "anthropic"
        errors = pane(pilot, NewestErrorsPane)
        assert 0 < len(errors.keys) < 50
        assert "Newest errors · 1 min · last 22:13:19 /anthropic" in seen(pilot)
        assert "Rate and errors · 1 min · 866 requests, 111 failed ──" in seen(pilot)
        await press(pilot, "enter")
        assert screen_of(pilot).filter_text == ""
        assert len(errors.keys) == 50
        await press(pilot, "enter", "escape")
        assert screen_of(pilot).filter_text == ""
        assert isinstance(pilot.app.screen, RequestsScreen)


async def test_the_filter_leaves_the_rows_that_hold_it() -> None:
    async with requests("slash", *"504", "enter") as pilot:
        rows = [row for row in seen(pilot).splitlines() if "upstream timed out af" in row]
        assert len(rows) > 5
        assert "overloaded: try" not in seen(pilot)


async def test_values_are_sorted_by_the_next_column_and_broken_down_by_the_next_label() -> None:
    async with requests() as pilot:
        values = pane(pilot, BreakdownPane)
        assert values.keys == ["openai", "anthropic", "local"]
        await press(pilot, "o")
        assert values.keys[0] == "anthropic"
        assert "errors↓" in seen(pilot)
        await press(pilot, "l")
        assert set(values.keys) >= {"claude-large", "gpt-small"}
        await press(pilot, "l")
        assert set(values.keys) == {"openai", "anthropic", "local"}


async def test_a_log_with_one_label_offers_no_other() -> None:
    picture = samples.request_night()
    view = picture.requests[0]
    one = replace(view, window=replace(view.window, breakdown=view.window.breakdown[:1]))
    checks = tuple(check for check in picture.checks if check.name != "web log")
    async with requests(picture=replace(picture, requests=(one,), checks=checks)) as pilot:
        assert "label" not in hints(pilot)
        assert "log" not in hints(pilot)
        assert "sort" in hints(pilot)


async def test_a_row_is_copied_as_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(OnwatchApp, "copy_to_clipboard", lambda _, text: copied.append(text))
    async with requests("y") as pilot:
        del pilot
    assert copied[0].startswith("gateway log: request 81")
    assert (
        "status 500, took 2.26 s, provider_id anthropic, model claude-small: refresh" in copied[0]
    )


async def test_the_rate_leads_to_the_details_of_its_check() -> None:
    async with requests() as pilot:
        focus(pilot, RatePane)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, DetailsScreen)
        assert pilot.app.screen.check == "gateway log"
        await press(pilot, "escape", "d")
        assert isinstance(pilot.app.screen, DetailsScreen)


async def test_a_pane_may_have_the_whole_screen() -> None:
    async with requests("M", size=(80, 24)) as pilot:
        assert pane(pilot, NewestErrorsPane).size.height >= 20
        assert "gateway log" in seen(pilot)
        await press(pilot, "escape")
        assert "Rate and errors" in seen(pilot)


async def test_a_frozen_picture_stays() -> None:
    async with requests("p") as pilot:
        source_of(pilot).show(samples.request_night(3600.0))
        await settle(pilot)
        assert "FROZEN" in seen(pilot)
        assert "866 requests" in seen(pilot)


async def test_help_names_what_the_keys_do_here() -> None:
    async with requests() as pilot:
        text = await help_of(pilot)
        for words in ("Break down by the next label", "Sort the values", "Next tab"):
            assert words in text
