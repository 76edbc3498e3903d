"""The screens services and queues as a user works in them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import cast

import pytest
from textual.pilot import Pilot

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from checks.views import Snapshot
from tests.tui.app_kit import app_of, help_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tests.widgets.sample_queues import queue_night
from tests.widgets.sample_services import many_services, service_night
from tui.app import OnwatchApp
from tui.screens.details import DetailsScreen
from tui.screens.listing import ListScreen, share
from tui.screens.overview import OverviewScreen
from widgets.availability.table import ServiceTable
from widgets.ink import style_of
from widgets.lines import LinePane
from widgets.listing.pane import ListPane
from widgets.text import Line

SIZES = [(40, 12), (80, 24), (120, 36), (200, 60), (300, 100)]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the screen are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def table(pilot: Pilot[int]) -> ListPane[object]:
    return cast("ListPane[object]", app_of(pilot).screen.query_one("#table"))


async def opened(pilot: Pilot[int], key: str) -> None:
    await pilot.press(key)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_services_say_the_worst_first_at_every_size(size: tuple[int, int]) -> None:
    async with running(FakeSource(service_night()), size=size) as pilot:
        await opened(pilot, "2")
        rows = [line for line in seen(pilot).splitlines() if "gateway" in line]
        assert len(rows) >= 2
        assert "94.1*" in seen(pilot)
        assert table(pilot).selected == "gateway"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_queues_say_how_long_they_are_at_every_size(size: tuple[int, int]) -> None:
    async with running(FakeSource(queue_night()), size=size) as pilot:
        await opened(pilot, "5")
        text = seen(pilot)
        assert "1,204" in text
        assert "+138/min" in text
        if size[0] > 40:
            assert "critical in 27 m" in text


async def test_the_selected_check_tells_parts_dependents_and_outages() -> None:
    async with running(FakeSource(service_night()), size=(120, 60)) as pilot:
        await opened(pilot, "2")
        text = seen(pilot)
        for told in (
            "database  critical",
            "gateway db  critical  may be the cause",
            "api  ok  may suffer",
            "billing  unknown  suffers: HTTP 401",
            "HTTP 502 after 3 ms: expected 200",
            "watched for 56 m so far",
            "http://127.0.0.1/gateway",
        ):
            assert told in text
        await pilot.press("j")
        await settle(pilot)
        assert "is the server running?" in seen(pilot)
        assert "billing  unknown  suffers" in seen(pilot)


async def test_n_goes_round_the_rows_that_are_not_ok() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        met = []
        for key in ("n", "n", "n", "n", "n", "N", "N"):
            await pilot.press(key)
            met.append(table(pilot).selected)
        assert met == [
            "gateway db", "billing", "cache", "nightly export", "gateway", "nightly export", "cache"
        ]  # fmt: skip


async def test_n_says_so_where_every_row_is_fine() -> None:
    quiet = samples.all_quiet()
    checks = tuple(check for check in quiet.checks if check.status is Status.OK)
    async with running(FakeSource(replace(quiet, checks=checks)), size=(80, 24)) as pilot:
        await opened(pilot, "2")
        await pilot.press("n")
        await settle(pilot)
        assert "every row is fine" in seen(pilot)


async def test_the_cursor_stays_with_its_check_when_rows_reorder() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        for _ in range(3):
            await pilot.press("n")
        assert table(pilot).selected == "cache"
        before = service_night()
        checks = tuple(reversed(before.checks))
        source_of(pilot).show(replace(before, checks=checks))
        await settle(pilot)
        assert table(pilot).selected == "cache"
        assert "91 % of maxmemory used" in seen(pilot)


async def test_sorting_goes_through_all_orders() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        firsts = {}
        for _ in ServiceTable.ORDERS:
            firsts[table(pilot).order] = table(pilot).keys[0]
            await pilot.press("o")
            await settle(pilot)
        assert firsts == {
            "status": "gateway",
            "name": "api",
            "availability": "gateway",
            "response time": "gateway",
            "since": "nightly export",
        }


async def test_groups_count_statuses_fold_and_are_found_by_n() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        await pilot.press("g")
        await settle(pilot)
        text = seen(pilot)
        assert "grouped by env" in text
        assert "- env prod  14   ✖ 2 critical   ? 1 unknown" in text
        await pilot.press("space")
        await settle(pilot)
        assert table(pilot).keys[:2] == ["group:prod", "group:stage"]
        assert "+ env prod" in seen(pilot)
        assert "connection to 127.0.0.1:3306 refused" in seen(pilot)
        await pilot.press("end", "n")
        assert table(pilot).selected == "group:prod"
        await pilot.press("enter")
        await settle(pilot)
        assert "gateway db" in table(pilot).keys
        await pilot.press("end", "z")
        await settle(pilot)
        assert table(pilot).keys == ["group:prod", "group:stage"]
        assert table(pilot).selected == "group:stage"
        assert "all 4 of stage are fine" in seen(pilot)
        await pilot.press("g")
        await settle(pilot)
        assert table(pilot).selected in table(pilot).keys


async def test_nothing_is_grouped_by_that_gives_each_check_its_own_group() -> None:
    night = service_night()
    checks = [
        replace(one, kind=f"kind{i}", labels={"team": "a" if i % 2 else "b"})
        for i, one in enumerate(night.checks)
    ]
    async with running(FakeSource(replace(night, checks=tuple(checks))), size=(80, 24)) as pilot:
        await opened(pilot, "2")
        await pilot.press("g")
        assert table(pilot).grouping == "team"
        assert "kind" not in table(pilot).groupings()


async def test_how_rows_are_arranged_is_kept_while_one_is_elsewhere() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        await pilot.press("o", "g", "space", "j", "n")
        kept = (table(pilot).order, table(pilot).grouping, table(pilot).folded)
        await opened(pilot, "5")
        assert table(pilot).order == "status"
        await opened(pilot, "2")
        assert (table(pilot).order, table(pilot).grouping, table(pilot).folded) == kept


async def test_the_screen_begins_with_the_check_that_one_was_at() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await pilot.press("end", "2")
        await settle(pilot)
        assert table(pilot).selected == "new one"
        assert "waiting for the first result" in seen(pilot)
        await pilot.press("home", "n", "1")
        assert isinstance(app_of(pilot).screen, OverviewScreen)
        await pilot.press("home", "2")
        await settle(pilot)
        assert table(pilot).selected == "gateway"


async def test_enter_leads_to_the_details_and_escape_back() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        await pilot.press("n", "enter")
        await settle(pilot)
        screen = app_of(pilot).screen
        assert isinstance(screen, DetailsScreen)
        assert screen.check == "gateway db"
        await pilot.press("escape")
        assert isinstance(app_of(pilot).screen, ListScreen)
        assert table(pilot).selected == "gateway db"


async def test_the_filter_keeps_what_matches_and_counts_it() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        await pilot.press("slash", *"env=stage", "enter")
        await settle(pilot)
        assert table(pilot).keys == ["new shop", "staging api", "staging web", "staging db"]
        assert "4 of 18 match" in seen(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert len(table(pilot).keys) == 18


async def test_an_outage_that_begins_while_one_looks_is_seen() -> None:
    async with running(FakeSource(samples.all_quiet()), size=(200, 60)) as pilot:
        await opened(pilot, "2")
        assert "no check has failed" in seen(pilot)
        source_of(pilot).show(service_night())
        await settle(pilot)
        assert "2 going on" in seen(pilot)
        assert "22:11:05 — now" in seen(pilot)


@pytest.mark.parametrize(
    ("key", "told"),
    [("2", "http: http://127.0.0.1:8000/health"), ("5", "SELECT queue, count(*) AS n FROM jobs")],
)
async def test_an_empty_screen_says_which_lines_would_fill_it(key: str, told: str) -> None:
    async with running(FakeSource(samples.empty())) as pilot:
        await opened(pilot, key)
        assert told in seen(pilot)


async def test_a_queue_says_where_it_is_going_and_why_its_age_is_not_known() -> None:
    async with running(FakeSource(queue_night()), size=(120, 48)) as pilot:
        await opened(pilot, "5")
        text = seen(pilot)
        assert "never empty at this rate; past its critical bound of 5,000 in 27 m" in text
        assert "all 7 queues  1,828 waiting  1 not read" in text
        await pilot.press("down")
        await settle(pilot)
        assert "— the queue cannot be read" in seen(pilot)
        await pilot.press("down")
        await settle(pilot)
        assert "empty in 2 m 50 s at this rate" in seen(pilot)
        await pilot.press("end", "up")
        await settle(pilot)
        text = seen(pilot)
        assert "Celery's messages do not say when they were sent" in text
        assert "612/min in, 611/min out" in text


async def test_queues_are_sorted_by_what_will_take_longest() -> None:
    async with running(FakeSource(queue_night())) as pilot:
        await opened(pilot, "5")
        await pilot.press("o", "o", "o")
        await settle(pilot)
        assert table(pilot).order == "time left"
        assert table(pilot).keys[:3] == ["cache/default", "cache/thumbnails", "jobs/reports"]
        await pilot.press("g")
        await settle(pilot)
        assert table(pilot).keys[0] == "group:cache"


async def test_help_names_what_works_there() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        text = await help_of(pilot)
        assert "Next row that is not ok" in text
        assert "Fold the group" not in text
        await pilot.press("g")
        assert "Fold the group" in await help_of(pilot)


async def copied(pilot: Pilot[int]) -> str:
    await pilot.press("y")
    await settle(pilot)
    return app_of(pilot).clipboard


async def test_what_is_copied_can_be_pasted_to_a_colleague() -> None:
    async with running(FakeSource(service_night()), size=(200, 60)) as pilot:
        await opened(pilot, "2")
        text = await copied(pilot)
        assert text.startswith("gateway (http://127.0.0.1/gateway) critical since 20")
        assert text.endswith("94.1 % available over 56 m, 40 failed runs in 2 outages")
        await pilot.press("tab", "j")
        text = await copied(pilot)
        assert text.startswith("gateway db: 22:11:05")
        assert text.endswith("connection to 127.0.0.1:3306 refused: is the server running?")
        await pilot.press("shift+tab", "g", "g", "g", "home")
        assert await copied(pilot) == "- kind http 10 ✖ 1 critical ? 1 unknown … 1 waiting ✔ 7 ok"
        await pilot.press("5")
        await settle(pilot)
        text = await copied(pilot)
        assert text.startswith("queue default (cache) at 20")


async def test_the_palette_leads_to_a_queue() -> None:
    async with running(FakeSource(queue_night())) as pilot:
        await pilot.press("colon", *"queue emails")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        await settle(pilot)
        assert table(pilot).selected == "cache/emails"


def test_the_room_goes_to_what_needs_it() -> None:
    assert share(40, 10, 20, low=False) == ("nowhere", 0)
    assert share(80, 22, 12, low=False) == ("below", 10)
    assert share(200, 58, 20, low=False) == ("beside", 80)
    assert share(200, 58, 20, low=True) == ("below", 38)
    assert share(200, 58, 50, low=True)[0] == "beside"


async def test_a_thousand_checks_are_smooth() -> None:
    """Only what is on the screen is drawn; a key takes next to nothing of a core."""
    async with running(FakeSource(many_services(1000)), size=(120, 36)) as pilot:
        await opened(pilot, "2")
        pane = table(pilot)
        drawn: list[str] = []
        draw = pane._draw

        def noted(key: str, width: int) -> Line:
            drawn.append(key)
            return draw(key, width)

        pane._draw = noted  # type: ignore[method-assign]
        began = time.process_time()
        for _ in range(20):
            pane.action_move(1)
        each = (time.process_time() - began) / 20
        assert len(drawn) <= 20 * 36
        assert each < 0.02
        pictures = [many_services(1000, samples.NOW + tick) for tick in range(4)]
        pane.snapshot = pictures[0]
        began = time.process_time()
        for picture in pictures[1:]:
            pane.snapshot = picture
        assert (time.process_time() - began) / 3 < 0.1


def _without(snapshot: Snapshot, name: str) -> Snapshot:
    checks = tuple(check for check in snapshot.checks if check.name != name)
    return replace(snapshot, checks=checks, alerts=alerts_of(checks))


async def test_a_check_that_has_gone_leaves_nothing_selected() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await opened(pilot, "2")
        await pilot.press("n")
        source_of(pilot).show(_without(service_night(), "gateway db"))
        await settle(pilot)
        assert table(pilot).selected is None
        assert "nothing is selected" in seen(pilot)


async def test_a_screen_that_is_opened_again_is_whole_and_arranged_as_it_was() -> None:
    async with running(FakeSource(service_night())) as pilot:
        app = app_of(pilot)
        await pilot.press("2", "o", "slash", *"gateway", "enter", "M")
        await settle(pilot)
        first = cast("ListScreen", app.screen)
        order = first.order
        await pilot.press("1")
        app.theme = "onwatch-light"
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        source_of(pilot).show(replace(service_night(), hostname="elsewhere"))
        await pilot.press("2")
        await settle(pilot)
        assert cast("ListScreen", app.screen) is first
        assert (first.order, first.filter_text, first.maximized) == (order, "", None)
        assert first.snapshot is not None
        assert first.snapshot.hostname == "elsewhere"
        lines = seen(pilot).splitlines()
        assert (len(lines), len(lines[0])) == (30, 100)
        pane = first.query_one(LinePane)
        role = pane._lines[0].segs[0].role
        assert pane._styles()[role, False].color == _title_colour(app)


def _title_colour(app: OnwatchApp) -> object:
    """What a pane's title is drawn in by the theme there is now."""
    return style_of("title", False, app.theme_variables, app.screen.background_colors[1]).color


async def test_a_screen_that_is_opened_again_while_its_filter_was_typed_has_its_keys() -> None:
    async with running(FakeSource(service_night())) as pilot:
        await pilot.press("2", "slash", *"gate")
        # As the palette does, which opens over the line.
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        await opened(pilot, "2")
        assert pilot.app.focused is table(pilot)
        assert "filter" in seen(pilot).splitlines()[-1]
        first = table(pilot).selected
        await opened(pilot, "j")
        assert table(pilot).selected != first
