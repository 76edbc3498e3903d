"""The dashboards screen over a fake source: what is asked, where the cursor goes, what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from textual.pilot import Pilot

from checks.dashboards.views import DashboardView
from checks.views import Snapshot
from tests.tui.app_kit import WIDE, app_of, help_of, running, seen, settle, source_of, told
from tests.tui.fakes import FakeSource
from tests.widgets.sample_dashboards import boards, dashboard_night, gateway, later
from tests.widgets.stage import spy_on
from tui.screens.dashboard import DashboardsScreen
from tui.screens.dashboard_options import OptionsScreen
from tui.screens.dashboard_panel import NotesScreen, PanelScreen
from tui.screens.overview import OverviewScreen
from widgets.dashboard.options import OptionsPane
from widgets.dashboard.pane import DashboardPane, is_ill
from widgets.dashboard.whole import SeriesPane

FIGURES = ("Requests", "Errors", "p95 latency", "Cache hits", "Tokens", "Connections used")


class Measured(FakeSource):
    """Answers with the dashboard that is asked for, as the engine does."""

    def __init__(self, picture: Snapshot | None = None) -> None:
        super().__init__(picture or dashboard_night(dashboard=None))

    def dashboard(
        self,
        name: str | None,
        span: float = 3600.0,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().dashboard(name, span, chosen)
        made = boards[name]() if name is not None and name in boards else None
        if made is not None:
            given = chosen or {}
            variables = tuple(
                replace(one, chosen=given.get(one.name, one.chosen)) for one in made.variables
            )
            made = replace(made, span=span or made.span, variables=variables, chosen=given)
        self.show(replace(self.picture, dashboard=made))


@asynccontextmanager
async def opened(
    *keys: str, size: tuple[int, int] = WIDE, source: FakeSource | None = None
) -> AsyncIterator[Pilot[int]]:
    """On the screen, with ``keys`` pressed on it."""
    async with running(source or Measured(), size) as pilot:
        await press(pilot, "D", *keys)
        yield pilot


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await settle(pilot)


def pane_of(pilot: Pilot[int]) -> DashboardPane:
    screen = next(s for s in app_of(pilot).screen_stack if isinstance(s, DashboardsScreen))
    return screen.query_one(DashboardPane)


def at(pilot: Pilot[int]) -> str:
    """The title of the panel under the cursor."""
    panel = pane_of(pilot).panel
    return panel.panel.title if panel is not None else ""


def asked(pilot: Pilot[int]) -> list[str]:
    return [each for each in source_of(pilot).asked if each.startswith("dashboard")]


# What is measured


async def test_a_dashboard_is_measured_while_it_is_looked_at_and_no_longer() -> None:
    async with opened() as pilot:
        assert isinstance(app_of(pilot).screen, DashboardsScreen)
        assert "AI gateway" in seen(pilot)
        assert "Requests by provider" in seen(pilot)
        assert asked(pilot) == ["dashboard gateway 0 {}"]
        await press(pilot, "escape")
        assert isinstance(app_of(pilot).screen, OverviewScreen)
        assert asked(pilot)[-1] == "dashboard None 3600 {}"


async def test_brackets_go_from_dashboard_to_dashboard_and_a_click_on_a_tab_too() -> None:
    async with opened("right_square_bracket") as pilot:
        assert asked(pilot)[-1] == "dashboard database 0 {}"
        assert "Queries by command" in seen(pilot)
        assert at(pilot) == "Uptime"
        await press(pilot, "right_square_bracket")
        assert asked(pilot)[-1] == "dashboard gateway 0 {}"
        await pilot.click("#boards", offset=(16, 0))
        await settle(pilot)
        assert "Queries by command" in seen(pilot)
        await press(pilot, "escape", "D")
        assert "Queries by command" in seen(pilot), "the one that was left is there again"


async def test_the_palette_opens_a_dashboard_by_its_title() -> None:
    async with running(Measured()) as pilot:
        await press(pilot, "colon", *"mysql")
        assert "dashboard MySQL" in seen(pilot)
        await press(pilot, "enter")
        assert asked(pilot)[-1] == "dashboard database 0 {}"


async def test_plus_and_minus_change_the_span_of_this_dashboard_alone() -> None:
    async with opened("plus") as pilot:
        assert asked(pilot)[-1] == "dashboard gateway 10800 {}"
        assert "Last 3 h" in seen(pilot)
        await press(pilot, "minus", "minus")
        assert asked(pilot)[-1] == "dashboard gateway 1800 {}"
        assert not [each for each in source_of(pilot).asked if each.startswith("window")]
        await press(pilot, "right_square_bracket")
        assert asked(pilot)[-1] == "dashboard database 0 {}"
        between = boards["database"](span=7200.0)
        source_of(pilot).show(replace(source_of(pilot).picture, dashboard=between))
        await settle(pilot)
        await press(pilot, "plus")
        assert asked(pilot)[-1] == "dashboard database 10800 {}"
        await press(pilot, *["minus"] * 9)
        assert asked(pilot)[-1] == "dashboard database 300 {}"


async def test_another_dashboards_panels_are_never_shown_under_its_name() -> None:
    async with opened(source=FakeSource(dashboard_night())) as pilot:
        await press(pilot, "right_square_bracket")
        assert "being measured" in seen(pilot)
        assert "Requests by provider" not in seen(pilot)


async def test_frozen_it_stays_as_it_is_and_says_why_another_is_not_there() -> None:
    source = Measured()
    async with opened("p", source=source) as pilot:
        before = seen(pilot)
        source.show(replace(source.picture, dashboard=later(source.picture.dashboard, 300)))
        await settle(pilot)
        assert seen(pilot).splitlines()[2:-1] == before.splitlines()[2:-1]
        await press(pilot, "right_square_bracket")
        assert "was frozen before anybody looked" in seen(pilot)
        await press(pilot, "p")
        assert "Queries by command" in seen(pilot)


async def test_an_error_of_the_whole_dashboard_is_told() -> None:
    wrong = DashboardView("gateway", "AI gateway", 0.0, 3600.0, error="gateway.json is no JSON")
    async with opened(source=FakeSource(dashboard_night(dashboard=wrong))) as pilot:
        assert "gateway.json is no JSON" in seen(pilot)


async def test_one_that_has_left_the_configuration_gives_way_to_another() -> None:
    source = Measured()
    async with opened(source=source) as pilot:
        kept = tuple(one for one in source.picture.dashboards if one.name == "database")
        source.show(replace(source.picture, dashboards=kept))
        await settle(pilot)
        assert asked(pilot)[-1] == "dashboard database 0 {}"
        source.show(replace(source.picture, dashboards=()))
        await settle(pilot)
        assert "dashboards:" in seen(pilot)


# Where the cursor goes


async def test_the_cursor_goes_from_panel_to_panel() -> None:
    async with opened() as pilot:
        assert at(pilot) == "Requests"
        await press(pilot, "right")
        assert at(pilot) == "Errors"
        await press(pilot, "down")
        assert at(pilot) == "Requests by provider"
        await press(pilot, "right")
        assert at(pilot) == "Latency"
        await press(pilot, "up")
        assert at(pilot) == "Cache hits"
        await press(pilot, "left", "left", "left", "left")
        assert at(pilot) == "Requests"
        passed = []
        for _ in range(17):
            passed.append(at(pilot))
            await pilot.press("tab")
        assert passed[:6] == list(FIGURES)
        assert len(set(passed[:16])) == 16
        assert passed[16] == "Requests", "the first follows the last"
        await press(pilot, "end")
        assert at(pilot) == "Traces"


async def test_the_panel_under_the_cursor_is_always_seen() -> None:
    async with opened(size=(80, 24)) as pilot:
        for _ in range(16):
            assert f"▌{at(pilot)}" in seen(pilot)
            await pilot.press("tab")
            await pilot.pause()
        await press(pilot, "pagedown")
        assert at(pilot) != "Requests"
        await press(pilot, "home")
        assert "▌Requests" in seen(pilot)


async def test_n_goes_to_what_is_not_ok() -> None:
    async with opened("n") as pilot:
        passed = []
        for _ in range(7):
            passed.append(at(pilot))
            await pilot.press("n")
        assert passed[:3] == ["Errors", "p95 latency", "Connections used"]
        assert "Redis hits" in passed, "what brings nothing is not ok"
        assert "Memory" not in passed
        await press(pilot, "home", "N")
        assert at(pilot) == "Disks"


async def test_n_says_that_every_panel_is_fine_where_none_is_not() -> None:
    source = Measured()
    async with opened(source=source) as pilot:
        view = gateway()
        fine = tuple(one for one in view.panels if not is_ill(one))
        source.show(replace(source.picture, dashboard=replace(view, panels=fine)))
        await settle(pilot)
        before = at(pilot)
        await press(pilot, "n")
        assert at(pilot) == before
        assert "every panel is fine" in told(pilot)


async def test_the_cursor_stays_with_its_panel_when_panels_come_and_go() -> None:
    source = Measured()
    async with opened("end", "left", source=source) as pilot:
        assert at(pilot) == "On call"
        view = gateway()
        source.show(replace(source.picture, dashboard=replace(view, panels=view.panels[3:])))
        await settle(pilot)
        assert at(pilot) == "On call"
        source.show(replace(source.picture, dashboard=replace(view, panels=view.panels[:3])))
        await settle(pilot)
        assert at(pilot) == ""
        await press(pilot, "tab")
        assert at(pilot) == "Requests"


async def test_the_cursor_is_where_it_was_when_the_screen_is_opened_again() -> None:
    async with opened("right") as pilot:
        chosen = at(pilot)
        await press(pilot, "1")
        await press(pilot, "D")
        assert at(pilot) == chosen
        await press(pilot, "enter")
        assert isinstance(app_of(pilot).screen, PanelScreen)


async def test_a_click_chooses_a_panel_and_another_opens_it() -> None:
    async with opened() as pilot:
        await pilot.click("#dashboard", offset=(70, 9))
        await settle(pilot)
        assert at(pilot) == "Latency"
        await pilot.click("#dashboard", offset=(70, 9), times=2)
        await settle(pilot)
        assert isinstance(app_of(pilot).screen, PanelScreen)


# One panel


async def test_a_maximised_panel_has_all_the_room_and_the_next_has_it_then() -> None:
    async with opened("y", "down", "M") as pilot:
        assert app_of(pilot).clipboard == "Requests: value 177/s"
        assert at(pilot) == "Requests by provider"
        assert "p95 latency" not in seen(pilot)
        await press(pilot, "tab")
        assert "Latency" in seen(pilot)
        assert "openai" not in seen(pilot)
        await press(pilot, "escape")
        assert "Requests by provider" in seen(pilot)
        assert isinstance(app_of(pilot).screen, DashboardsScreen)


async def test_enter_shows_a_panel_whole_which_goes_on_and_can_be_copied_from() -> None:
    source = Measured()
    async with opened("down", "enter", source=source) as pilot:
        screen = app_of(pilot).screen
        assert isinstance(screen, PanelScreen)
        assert asked(pilot) == ["dashboard gateway 0 {}"], "it is measured further"
        picture = seen(pilot)
        for text in ("series", "now", "mean", "openai", "72/s", "sum(rate(requests_by_provider"):
            assert text in picture
        await press(pilot, "y")
        assert app_of(pilot).clipboard.startswith("a openai 72/s")
        await press(pilot, "end", "y")
        assert app_of(pilot).clipboard == "sum(rate(requests_by_provider_total[5m]))"
        await press(pilot, "o", "o")
        rows = [row for row in seen(pilot).splitlines() if row.count("/s") == 4]
        assert [row.split()[2] for row in rows] == ["ローカル", "gemini", "anthropic", "openai"]
        source.show(replace(source.picture, dashboard=later(source.picture.dashboard)))
        await settle(pilot)
        assert "73/s" in seen(pilot)
        await press(pilot, "plus")
        assert asked(pilot)[-1] == "dashboard gateway 10800 {}"
        await press(pilot, "right")
        assert "Latency" in seen(pilot)
        assert "p99" in seen(pilot)
        await press(pilot, "escape")
        assert isinstance(app_of(pilot).screen, DashboardsScreen)


async def test_an_expression_that_has_left_its_panel_is_copied_as_it_was_drawn_last() -> None:
    source = Measured()
    async with opened("down", "enter", "end", source=source) as pilot:
        app_of(pilot).screen.query_one(SeriesPane).display = False
        await settle(pilot)
        view = gateway()
        bare = [replace(one, panel=replace(one.panel, queries=())) for one in view.panels]
        source.show(replace(source.picture, dashboard=replace(view, panels=tuple(bare))))
        await press(pilot, "y")
        assert app_of(pilot).is_running
        assert app_of(pilot).clipboard == "sum(rate(requests_by_provider_total[5m]))"


async def test_a_table_is_whole_with_all_its_rows() -> None:
    async with opened("slash", *"slow", "enter", "enter", size=(80, 24)) as pilot:
        assert "深い検索" in seen(pilot)
        await press(pilot, *["down"] * 3, "y")
        assert app_of(pilot).clipboard == "深い検索 /v1/search 1.1 s"


# Filter, variables, notes


async def test_the_filter_keeps_panels_and_groups_and_series_that_match() -> None:
    async with opened("slash", *"openai") as pilot:
        await press(pilot, "enter")
        assert "Requests by provider" in seen(pilot)
        assert "Errors" not in seen(pilot)
        await press(pilot, "escape", "slash", *"infra", "enter")
        assert "Memory" in seen(pilot)
        assert "Latency" not in seen(pilot)
        await press(pilot, "escape", "slash", *"zzz", "enter")
        assert "nothing matches 'zzz'" in seen(pilot)


async def test_the_values_of_a_variable_are_chosen() -> None:
    async with opened("v") as pilot:
        assert isinstance(app_of(pilot).screen, OptionsScreen)
        assert "[x] All" in seen(pilot)
        await press(pilot, "down", "space", "escape")
        assert asked(pilot) == ["dashboard gateway 0 {}"], "what was marked is forgotten"
        await press(pilot, "v", "slash", *"gem", "enter")
        assert app_of(pilot).screen.query_one(OptionsPane).keys == ["provider\ngemini"]
        await press(pilot, "escape", "v", "down", "space", "down", "space")
        assert "[ ] All" in seen(pilot)
        assert seen(pilot).count("[x]") == 2
        await press(pilot, "enter")
        values = {"provider": ("openai", "anthropic"), "instance": ("gw-1:9090",)}
        assert asked(pilot)[-1] == f"dashboard gateway 0 {values}"
        assert "provider openai, anthropic" in seen(pilot)
        await press(pilot, "v", *["down"] * 6, "enter")
        assert cast("DashboardsScreen", app_of(pilot).screen).view is not None
        assert "instance gw-2:9090" in seen(pilot)


async def test_help_and_hints_name_the_keys_and_notes_what_is_not_shown() -> None:
    async with opened() as pilot:
        last = seen(pilot).splitlines()[-1]
        assert "[ ] dashboard" in last
        assert "v variables" in last
        text = await help_of(pilot)
        assert "past a threshold" in text
        assert "Panel at the right, panel at the left" in text
        await press(pilot, "i")
        assert isinstance(app_of(pilot).screen, NotesScreen)
        assert "from onwatch.yaml:40" in seen(pilot)
        assert "Tempo" in seen(pilot)
        await press(pilot, "escape", "right_square_bracket", "v")
        assert "variables" not in seen(pilot).splitlines()[-1], "this one has none"
        assert isinstance(app_of(pilot).screen, DashboardsScreen)


# What it costs


async def test_a_new_picture_repaints_what_has_changed_and_no_more() -> None:
    source = Measured()
    async with opened(size=(200, 60), source=source) as pilot:
        painted = spy_on(pane_of(pilot))
        source.show(replace(source.picture, time=source.picture.time + 1))
        await settle(pilot)
        assert painted == []
        view = gateway()
        one = view.panels[9]
        larger = replace(one.series[0], value=413_777.0)
        changed = replace(one, series=(larger, *one.series[1:]))
        panels = (*view.panels[:9], changed, *view.panels[10:])
        source.show(replace(source.picture, dashboard=replace(view, panels=panels, at=view.at + 5)))
        await settle(pilot)
        regions = [region for region in painted if region is not None]
        assert len(regions) == len(painted)
        assert 0 < sum(region.area for region in regions) < 150


@pytest.mark.parametrize("size", [(7, 3), (300, 100)])
async def test_every_size_is_survived(size: tuple[int, int]) -> None:
    async with opened("tab", "down", "M", "M", size=size) as pilot:
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        assert "Last 1 h" in seen(pilot)
        assert "Requests" in seen(pilot)
