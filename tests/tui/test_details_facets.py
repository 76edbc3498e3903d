"""What of a check is on the screen at once, how its panes stand, and the window of its chart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.model import Status, Table
from checks.views import CheckDetails, ResultLine, Snapshot
from tests.tui.app_kit import app_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.numbered import NUMBERED
from tui.screens.facets import Facets
from widgets.asked import QueriesPane
from widgets.chart import BigChart
from widgets.details import DetailPane, EventsPane, FactsPane, TablesPane
from widgets.parts import PartsPane
from widgets.related import RelatedPane
from widgets.results import ResultsPane

PARTS = (
    samples.part("database", value="3 ms"),
    samples.part(
        "payments", Status.CRITICAL, "down", "payments: connection timed out after 200 ms"
    ),
)
SENTENCE = (
    'HTTP 200 after 287 ms: status is "degraded", expected "healthy"; payments: connection timed '
    "out after 200 ms; slower than the warning bound of 200 ms (and 2 more)"
)


def night(name: str = "gateway", **changes: object) -> Snapshot:
    """A night in which ``name`` says much, has parts, and concerns nobody else."""
    before = samples.bad_night()
    checks = tuple(
        replace(one, message=SENTENCE, parts=PARTS, depends_on=()) if one.name == name else one
        for one in before.checks
    )
    mine = tuple(alert for alert in before.alerts if alert.check == name)
    details: CheckDetails = replace(samples.details(name), **changes)  # type: ignore[arg-type]
    return replace(before, checks=checks, alerts=mine, details=details)


async def test_the_ill_part_is_told_beside_the_whole_sentence() -> None:
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        text = seen(pilot)
        assert "Parts 1 of 2 not ok" in text
        assert "payments: connection timed out after 200 ms" in text
        assert "(and 2 more)" in text.split("kind  ", 1)[0].split("About", 1)[1]
        assert text.index("✖ payments down") < text.index("✔ database 3 ms"), "the worst first"


async def test_what_has_nothing_new_to_say_takes_no_room() -> None:
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        assert "Concerns" not in seen(pilot)
        assert not pilot.app.screen.query_one(RelatedPane).display
        no_parts = tuple(replace(one, parts=()) for one in night().checks)
        source_of(pilot).show(replace(night(), checks=no_parts))
        await settle(pilot)
        assert not pilot.app.screen.query_one(PartsPane).display
        needing = tuple(
            replace(one, depends_on=("cache",)) if one.name == "gateway" else one
            for one in night().checks
        )
        source_of(pilot).show(replace(night(), checks=needing))
        await settle(pilot)
        assert "needs     ▲ cache warning" in seen(pilot)


@pytest.mark.parametrize("kind", [TablesPane, QueriesPane])
async def test_tables_and_queries_are_seen_without_scrolling(kind: type[DetailPane]) -> None:
    chain = Table("Chain as sent", ("subject", "ends"), (("shop.example", "in 12 d"),))
    asked = samples.details("shop").asked[:3]
    picture = night(tables=(chain,), asked=asked if kind is QueriesPane else ())
    async with running(FakeSource(picture), size=(120, 36)) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        source_of(pilot).show(picture)
        await settle(pilot)
        pane = pilot.app.screen.query_one(kind)
        assert pane.region.bottom <= 35
        assert pane.region.height >= 4


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_no_pane_lies_on_another_and_each_has_what_it_needs(width: int) -> None:
    async with running(FakeSource(night()), size=(width, 60)) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        facets = pilot.app.screen.query_one(Facets)
        shown = [pane for pane in facets.query(DetailPane) if pane.display]
        regions = [pane.virtual_region for pane in shown]
        assert len(regions) >= 8
        for place, one in enumerate(regions):
            assert one.height >= 2
            assert not any(one.overlaps(other) for other in regions[place + 1 :])
        assert facets.size.height == max(region.bottom for region in regions)
        assert max(region.right for region in regions) <= facets.size.width


async def test_a_line_more_or_less_moves_no_other_pane() -> None:
    runs = samples.details().results
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        facets = pilot.app.screen.query_one(Facets)
        before = [pane.virtual_region for pane in facets.children]
        source_of(pilot).show(night(results=(replace(runs[0], message="ill"), *runs[4:])))
        await settle(pilot)
        assert [pane.virtual_region for pane in facets.children] == before
        changing = tuple(
            ResultLine(one.time, one.status, f"it said {'abcdefghij'[i % 10]}", 0.1)
            for i, one in enumerate(runs)
        )
        source_of(pilot).show(night(results=changing))
        await settle(pilot)
        assert pilot.app.screen.query_one(ResultsPane).size.height == 13


async def test_plus_and_minus_choose_the_window_of_the_chart_alone() -> None:
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        assert "9 m of 1 h" in seen(pilot).splitlines()[1]
        assert "+ - its window" in seen(pilot)
        for key, told in (
            ("minus", "9 m of 15 min"),
            ("minus", "5 min"),
            ("minus", "1 min"),
            ("minus", "1 min"),
            ("plus", "5 min"),
        ):
            await pilot.press(key)
            await settle(pilot)
            assert f"error ratio  {told}  now" in seen(pilot).splitlines()[1]
        chart = pilot.app.screen.query_one(BigChart).chart
        assert chart is not None
        assert chart.times[-1] - chart.times[0] <= 300
        assert not any(asked.startswith("window") for asked in source_of(pilot).asked)
        await pilot.press("escape")
        await settle(pilot)
        app_of(pilot).action_details("cache")
        await settle(pilot)
        assert pilot.app.screen.query_one(BigChart).span == 3600


async def test_the_arrows_go_on_from_the_chart_that_is_shown() -> None:
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        titles = []
        for _ in range(3):
            titles.append(seen(pilot).splitlines()[1].split("  ")[0].strip())
            await pilot.press("right")
            await settle(pilot)
        assert titles == ["error ratio", "duration", "error ratio"]


async def test_tab_goes_through_the_panes_in_their_order() -> None:
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        focused = []
        for _ in range(3):
            focused.append(type(pilot.app.screen.focused))
            await pilot.press("tab")
            await settle(pilot)
        assert focused == [FactsPane, PartsPane, TablesPane]
        assert not isinstance(pilot.app.screen.focused, EventsPane)


async def test_enter_on_a_part_leads_nowhere() -> None:
    """Its details are those that are shown; opened anew, they would lose what was chosen."""
    async with running(FakeSource(night())) as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        await pilot.press("tab", "right", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen.focused, PartsPane)
        assert pilot.app.screen.query_one(BigChart).index == 0


@pytest.mark.parametrize("width", [120, 80])
async def test_the_overview_names_the_screens_together(width: int) -> None:
    async with running(size=(width, 36)) as pilot:
        assert "1–9 screens" in seen(pilot).splitlines()[-1]


async def test_the_palette_offers_every_numbered_screen_by_name() -> None:
    async with running() as pilot:
        found = {each.title: each.help for each in app_of(pilot).palette_commands(pilot.app.screen)}
        for each in NUMBERED:
            assert found[each.name] == f"key {each.key}"
        await pilot.press("2")
        found = {each.title: each.help for each in app_of(pilot).palette_commands(pilot.app.screen)}
        assert found["overview"] == "key 1"
        assert "services" not in found, "that is where one is"
