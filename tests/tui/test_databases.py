"""The databases screen over a fake source: tabs, selection, and what is done to a session."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from textual.pilot import Pilot

from checks.databases.model import DatabaseFacts, SessionRow
from checks.model import Status
from checks.views import DatabaseView, EventView, Snapshot
from tests.tui.app_kit import (
    WIDE,
    app_of,
    help_of,
    notes,
    running,
    seen,
    settle,
    source_of,
)
from tests.tui.fakes import FakeSource
from tests.widgets import sample_databases, samples
from tui.app import OnwatchApp
from tui.screens.databases import DatabasesScreen
from tui.screens.details import DetailsScreen
from tui.screens.overview import OverviewScreen
from tui.screens.session import RowScreen, SessionScreen
from tui.terminal import Looks
from widgets.alerts import AlertsPane
from widgets.databases.blocking import BlockingPane
from widgets.databases.server import ServerPane
from widgets.databases.session import ChoicePane, WholePane
from widgets.databases.sessions import SessionsPane
from widgets.databases.tables import TablesPane
from widgets.databases.words import texts_of, who
from widgets.hints import HintLine
from widgets.lines import LinePane
from widgets.services import ServicesPane

ROOT = "4121/1700000000.4121"
"""The session that holds up the others."""
WAITS = "4130/1700000000.4130"


@asynccontextmanager
async def databases(
    *keys: str, size: tuple[int, int] = WIDE, picture: Snapshot | None = None
) -> AsyncIterator[Pilot[int]]:
    """The screen with ``keys`` pressed on it."""
    source = FakeSource(picture or samples.database_night())
    async with running(source, size) as pilot:
        await press(pilot, "3", *keys)
        yield pilot


async def press(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


def screen_of(pilot: Pilot[int]) -> DatabasesScreen:
    assert isinstance(pilot.app.screen, DatabasesScreen)
    return pilot.app.screen


def asked(pilot: Pilot[int], word: str) -> list[str]:
    return [each for each in source_of(pilot).asked if each.startswith(word)]


def hints(pilot: Pilot[int]) -> list[str]:
    return [text for _, text in pilot.app.screen.query_one(HintLine).hints]


def offers(pilot: Pilot[int]) -> set[str]:
    """The titles of the palette's commands."""
    found = app_of(pilot).palette_commands(pilot.app.screen)
    return {command.title.partition(":")[0] for command in found}


def with_facts(facts: DatabaseFacts | None, **changes: object) -> Snapshot:
    """The night with other ``facts`` of the shop's server, None before it has answered."""
    first, *others = samples.database_night().databases
    changed = replace(first, facts=facts, **changes)  # type: ignore[arg-type]
    return samples.database_night(databases=(changed, *others), time=samples.NOW + 5)


def sessions_but(*ids: str, **changed: SessionRow) -> DatabaseFacts:
    """The shop's sessions without ``ids``, and those of ``changed`` (by number) instead."""
    instead = {row.id: row for row in changed.values()}
    facts = sample_databases.postgres_facts()
    kept = [instead.get(one.id, one) for one in facts.sessions or () if one.id not in ids]
    longest = [instead.get(one.id, one) for one in facts.longest if one.id not in ids]
    return replace(facts, sessions=tuple(kept), longest=tuple(longest))


def session(key: str) -> SessionRow:
    found = sample_databases.postgres_facts().session(key)
    assert found is not None
    return found


async def show(pilot: Pilot[int], picture: Snapshot) -> None:
    source_of(pilot).show(picture)
    await settle(pilot)


# Which server is shown


async def test_3_opens_the_server_of_the_selected_service() -> None:
    async with running(FakeSource(samples.database_night())) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("ledger-db")
        await press(pilot, "3")
        assert screen_of(pilot).check == "ledger-db"
        assert asked(pilot, "focus") == ["focus ledger-db"]


async def test_3_opens_the_server_of_the_selected_alert() -> None:
    async with running(FakeSource(samples.database_night())) as pilot:
        alerts = pilot.app.screen.query_one(AlertsPane)
        alerts.focus()
        await settle(pilot)
        key = next(alert.id for alert in source_of(pilot).picture.alerts if alert.check == "cache")
        alerts.select(key)
        await press(pilot, "3")
        assert screen_of(pilot).check == "cache"


@pytest.mark.parametrize(
    ("status", "server"), [(Status.CRITICAL, "gateway-db"), (Status.OK, "shop")]
)
async def test_3_on_what_suffers_from_a_server_opens_that_server(
    status: Status, server: str
) -> None:
    night = samples.database_night()
    api = replace(samples.check("checkout", status), depends_on=("gateway-db",))
    source = FakeSource(replace(night, checks=(*night.checks, api)))
    async with running(source) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("checkout")
        await press(pilot, "3")
        assert screen_of(pilot).check == server, "of what is fine itself, the worst"


async def test_3_does_not_come_back_to_the_server_of_an_incident_that_another_has_followed() -> (
    None
):
    async with running(FakeSource(samples.database_night())) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("api")
        await press(pilot, "3", "right", "right", "1")
        night = source_of(pilot).picture
        first, *others = night.alerts
        await show(pilot, replace(night, alerts=(*others, first)))
        await press(pilot, "3")
        assert screen_of(pilot).check == "shop", "not the cache, where it was left"


async def test_3_from_the_details_of_a_server_opens_its_tab() -> None:
    async with running(FakeSource(samples.database_night())) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("cache")
        await press(pilot, "enter", "3")
        assert screen_of(pilot).check == "cache"
        assert asked(pilot, "focus") == ["focus cache"], "it was looked at all the while"
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_without_a_choice_3_opens_the_worst_and_later_the_one_that_it_was_left_at() -> None:
    night = samples.database_night()
    fine = replace(night, checks=(samples.check("api"), *night.checks))
    async with running(FakeSource(fine)) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("api")
        await press(pilot, "3")
        assert screen_of(pilot).check == "shop"
        await press(pilot, "right", "right", "1", "3")
        assert screen_of(pilot).check == "cache"


async def test_the_tab_left_last_gives_way_once_it_is_well_and_another_is_not() -> None:
    night = samples.database_night()
    api = samples.check("api")
    well = [replace(view, status=Status.OK) for view in night.databases]
    left, trouble = well[0], replace(well[1], status=Status.WARNING)
    worse = replace(night.checks[0], name=trouble.check, status=Status.WARNING)
    checks = (api, worse, *(one for one in night.checks if one.name != trouble.check))
    source = FakeSource(replace(night, checks=checks, databases=tuple(well)))
    async with running(source) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("api")
        app_of(pilot).go_to("databases", left.check)
        await settle(pilot)
        await press(pilot, "1")
        await show(pilot, replace(source.picture, databases=(left, trouble, *well[2:])))
        await press(pilot, "3")
        assert screen_of(pilot).check == trouble.check, "not the one that is well"
        await show(pilot, replace(source.picture, databases=tuple(well)))
        assert screen_of(pilot).check == trouble.check, "it does not change under the hands"
        await press(pilot, "1")
        pilot.app.screen.query_one(ServicesPane).select(left.check)
        await show(pilot, replace(source.picture, databases=(left, trouble, *well[2:])))
        await press(pilot, "3")
        assert screen_of(pilot).check == trouble.check, "the cursor may be there for no reason"
        await press(pilot, "1", "enter", "3")
        assert screen_of(pilot).check == left.check, "it was looked at closely"


async def test_a_server_that_is_well_gives_way_though_the_service_depends_on_it() -> None:
    night = samples.database_night()
    api = replace(samples.check("checkout"), depends_on=("cache",))
    views = [
        replace(view, status=Status.OK if view.check == "cache" else view.status)
        for view in night.databases
    ]
    source = FakeSource(replace(night, checks=(*night.checks, api), databases=tuple(views)))
    async with running(source) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("checkout")
        await press(pilot, "3")
        assert screen_of(pilot).check == "shop"


async def test_the_first_frame_is_complete() -> None:
    async with running(FakeSource(samples.database_night())) as pilot:
        await pilot.press("3")
        await pilot.pause()
        text = seen(pilot)
        assert "7 sessions wait for locks" in text
        assert "waiting for the first result" not in text


@pytest.mark.parametrize(("key", "check"), [("right", "gateway-db"), ("left", "billing-db")])
async def test_arrows_change_the_tab_and_go_round(key: str, check: str) -> None:
    async with databases(key) as pilot:
        assert screen_of(pilot).check == check
        assert asked(pilot, "focus") == ["focus shop", f"focus {check}"]


async def test_brackets_change_the_tab_too() -> None:
    async with databases("right_square_bracket", "right_square_bracket") as pilot:
        assert screen_of(pilot).check == "cache"
        await press(pilot, "left_square_bracket")
        assert screen_of(pilot).check == "gateway-db"
        assert "MariaDB 10.11.6 replica" in seen(pilot)


async def test_a_click_on_a_tab_opens_it() -> None:
    async with databases() as pilot:
        place = seen(pilot).splitlines()[1].index("cache")
        await pilot.click("#tabs", offset=(place, 0))
        await settle(pilot)
        assert screen_of(pilot).check == "cache"


@pytest.mark.parametrize("key", ["escape", "1"])
async def test_leaving_ends_the_close_look(key: str) -> None:
    async with databases(key) as pilot:
        assert isinstance(pilot.app.screen, OverviewScreen)
        assert asked(pilot, "focus")[-1] == "focus None"


async def test_pressing_3_again_changes_nothing() -> None:
    async with databases("right") as pilot:
        before = pilot.app.screen
        await press(pilot, "3")
        assert pilot.app.screen is before
        assert screen_of(pilot).check == "gateway-db"


async def test_details_lie_on_the_screen_and_lead_back_to_it() -> None:
    async with databases("right", "d") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, DetailsScreen)
        assert screen.check == "gateway-db"
        await press(pilot, "escape")
        assert screen_of(pilot).check == "gateway-db"
        assert asked(pilot, "focus")[-1] == "focus gateway-db"


async def test_a_server_that_is_no_longer_configured_makes_way() -> None:
    async with databases("right") as pilot:
        night = source_of(pilot).picture
        left = tuple(view for view in night.databases if view.check != "gateway-db")
        await show(pilot, replace(night, databases=left))
        assert screen_of(pilot).check == "shop"
        assert asked(pilot, "focus")[-1] == "focus shop"


async def test_what_is_wanted_is_shown_as_soon_as_it_has_a_result() -> None:
    night = samples.database_night()
    source = FakeSource(replace(night, databases=night.databases[:1]))
    async with running(source) as pilot:
        pilot.app.screen.query_one(ServicesPane).select("cache")
        await press(pilot, "3")
        assert screen_of(pilot).check == "shop"
        await show(pilot, night)
        assert screen_of(pilot).check == "cache"
        await press(pilot, "left")
        await show(pilot, samples.database_night())
        assert screen_of(pilot).check == "gateway-db", "chosen by hand"


async def test_the_palette_knows_the_screen_and_each_server() -> None:
    async with running(FakeSource(samples.database_night())) as pilot:
        assert {"databases", "database shop", "database cache"} <= offers(pilot)
        for check in ("cache", "ledger-db"):
            found = app_of(pilot).palette_commands(pilot.app.screen)
            app_of(pilot).run_command(
                next(each for each in found if each.title == f"database {check}")
            )
            await settle(pilot)
            assert screen_of(pilot).check == check
            assert len(pilot.app.screen_stack) == 2


async def test_the_overview_names_the_key() -> None:
    async with running(FakeSource(samples.database_night()), (80, 24)) as pilot:
        assert "1–9 screens" in seen(pilot)


# Where to begin


async def test_the_cursor_begins_with_the_one_who_holds_up_the_others() -> None:
    async with databases() as pilot:
        pane = pilot.app.focused
        assert isinstance(pane, BlockingPane)
        assert pane.selected == ROOT


async def test_where_nobody_waits_it_begins_with_the_sessions() -> None:
    fine = sample_databases.postgres_facts(
        longest=(), sessions=(sample_databases.session(1), sample_databases.session(2))
    )
    async with databases(picture=with_facts(fine)) as pilot:
        assert isinstance(pilot.app.focused, SessionsPane)


async def test_a_server_that_has_not_answered_yet_begins_where_its_trouble_proves_to_be() -> None:
    async with databases(picture=with_facts(None)) as pilot:
        assert isinstance(pilot.app.focused, ServerPane)
        await show(pilot, samples.database_night())
        assert cast("BlockingPane", pilot.app.focused).selected == ROOT


async def test_a_server_without_sessions_shows_its_sentence_figures_and_tables() -> None:
    async with databases("right", "right") as pilot:
        shown = {type(pane) for pane in pilot.app.screen.query(LinePane) if pane.display}
        assert shown == {ServerPane, TablesPane}
        text = seen(pilot)
        assert "91 % of maxmemory used" in text
        assert "58 MB of 64 MB" in text
        assert "KEYS session:*" in text


async def test_going_round_the_tabs_comes_back_to_the_one_who_holds_up_the_others() -> None:
    async with databases("right", "right", "left", "left") as pilot:
        pane = pilot.app.focused
        assert isinstance(pane, BlockingPane)
        assert pane.selected == ROOT


async def test_a_pane_that_was_gone_to_keeps_the_focus_from_server_to_server() -> None:
    async with databases("tab", "tab") as pilot:
        assert isinstance(pilot.app.focused, SessionsPane)
        await press(pilot, "right", "left")
        assert isinstance(pilot.app.focused, SessionsPane)


async def test_the_next_pile_up_has_the_cursor_although_the_last_one_is_over() -> None:
    async with databases() as pilot:
        calm = sessions_but(*(s.id for s in sample_databases.postgres_facts().sessions or ()))
        await show(pilot, with_facts(calm))
        assert "nobody waits" in seen(pilot)
        await show(pilot, samples.database_night())
        assert cast("BlockingPane", pilot.app.focused).selected == ROOT


# Sessions


async def open_sessions(pilot: Pilot[int]) -> SessionsPane:
    pane = pilot.app.screen.query_one(SessionsPane)
    pane.focus()
    await settle(pilot)
    return pane


async def test_the_cursor_stays_with_its_session_when_rows_reorder() -> None:
    async with databases(size=(200, 60)) as pilot:
        pane = await open_sessions(pilot)
        pane.select(WAITS)
        facts = sample_databases.postgres_facts()
        mixed = tuple(
            replace(one, seconds=(one.pid * 7919) % 1000) for one in reversed(facts.sessions or ())
        )
        before = pane.keys
        await show(pilot, with_facts(replace(facts, sessions=mixed)))
        assert pane.keys != before
        assert pane.selected == WAITS
        await press(pilot, "x")
        assert cast("SessionScreen", pilot.app.screen).subject == WAITS


async def test_a_filter_and_an_order_narrow_and_sort_the_sessions() -> None:
    async with databases(size=(200, 60)) as pilot:
        pane = await open_sessions(pilot)
        await press(pilot, "slash", *"0.0.6", "enter")
        pids = [int(key.partition("/")[0]) for key in pane.keys]
        assert pids[:2] == [4132, 4135]
        assert len(pids) == 2 + 8
        await press(pilot, "o", "o")
        assert screen_of(pilot).order == "user"
        assert "by user" in seen(pilot)
        await press(pilot, "escape")
        users = [who(session(key)) for key in pane.keys]
        assert users == sorted(users)
        assert len(users) == 36


async def test_idle_sessions_can_be_hidden() -> None:
    async with databases(size=(200, 60)) as pilot:
        pane = await open_sessions(pilot)
        everybody = len(pane.keys)
        await press(pilot, "i")
        assert len(pane.keys) == everybody - 24
        assert "idle ones hidden" in seen(pilot)
        await press(pilot, "i")
        assert len(pane.keys) == everybody


async def test_order_and_idle_stay_from_server_to_server() -> None:
    async with databases("o", "i", "right") as pilot:
        pane = pilot.app.screen.query_one(SessionsPane)
        assert (pane.order, pane.hide_idle) == ("transaction", True)


async def test_y_copies_the_session() -> None:
    async with databases("y") as pilot:
        assert pilot.app.clipboard.startswith("shop session 4121 anna@shop")
        assert "idle in transaction" in pilot.app.clipboard
        assert "UPDATE accounts SET frozen = true WHERE id = 17" in pilot.app.clipboard


# A session whole


async def test_enter_shows_a_session_whole_and_offers_nothing_yet() -> None:
    async with databases("enter") as pilot:
        assert isinstance(pilot.app.screen, SessionScreen)
        text = seen(pilot)
        for told in ("shop: session 4121", "idle in transaction for 4 m", "10.0.0.9:40112", "psql"):
            assert told in text
        assert "4130 app@shop; 7 in all" in text
        assert "UPDATE accounts SET frozen = true WHERE id = 17" in text
        assert not pilot.app.screen.query_one(ChoicePane).display
        await press(pilot, "escape")
        assert screen_of(pilot).check == "shop"
        assert asked(pilot, "focus") == ["focus shop"], "it was looked at all the while"


async def test_a_long_statement_is_shown_to_its_end() -> None:
    columns = ", ".join(f"column_{i}" for i in range(300))
    query = " ".join(("SELECT", columns, "FROM wide_table"))
    long = replace(session(ROOT), query=query)
    facts = sessions_but(root=long)
    async with databases("enter", size=(80, 24), picture=with_facts(facts)) as pilot:
        texts = []
        for _ in range(12):
            texts.append(seen(pilot))
            await press(pilot, "pagedown")
        everything = "\n".join(texts)
        assert "column_0," in everything
        assert "column_299" in everything
        assert "wide_table" in everything


async def test_text_of_a_session_is_no_markup() -> None:
    odd = replace(session(ROOT), query="SELECT '[red]x[/red]'", application="[bold]app[/]")
    async with databases("enter", picture=with_facts(sessions_but(root=odd))) as pilot:
        assert "SELECT '[red]x[/red]'" in seen(pilot)
        assert "[bold]app[/]" in seen(pilot)


async def test_enter_on_a_row_of_a_table_shows_it_whole() -> None:
    async with databases(size=(120, 36)) as pilot:
        tables = pilot.app.screen.query_one(TablesPane)
        tables.focus()
        await settle(pilot)
        await press(pilot, "home", "enter")
        assert isinstance(pilot.app.screen, RowScreen)
        text = seen(pilot)
        assert "RETURNING balance" in text
        assert "212 ms" in text
        await press(pilot, "escape")
        assert screen_of(pilot).check == "shop"


# What is done to a session


async def test_nothing_is_done_until_it_was_chosen_and_then_confirmed() -> None:
    async with databases("x") as pilot:
        assert isinstance(pilot.app.screen, SessionScreen)
        await press(pilot, "y")
        assert asked(pilot, "act") == [], "nothing was chosen"
        await press(pilot, "down", "enter")
        assert asked(pilot, "act") == []
        question = "terminate the session? It is session 4121, anna@shop, on shop"
        assert f"{question}, with a transaction open for 4 m" in seen(pilot)
        await press(pilot, "enter", "enter")
        assert asked(pilot, "act") == [], "Enter confirms nothing"
        await press(pilot, "y")
        assert asked(pilot, "act") == [f"act shop terminate {ROOT}"]
        assert screen_of(pilot).check == "shop"
        assert notes(pilot) == ["terminate the session: asked shop"]


async def test_the_help_of_the_box_says_that_enter_chooses() -> None:
    async with databases("x") as pilot:
        text = await help_of(pilot)
        assert re.search(r"Enter +Choose what is to be done to it", text)
        assert not re.search(r"Enter +Details", text)


async def test_a_choice_can_be_taken_back() -> None:
    async with databases("x", "down", "enter", "escape") as pilot:
        assert isinstance(pilot.app.screen, SessionScreen)
        await press(pilot, "y")
        assert asked(pilot, "act") == []
        await press(pilot, "escape")
        assert screen_of(pilot).check == "shop"
        assert asked(pilot, "act") == []


async def test_cancel_is_asked_for_the_session_under_the_cursor() -> None:
    async with databases("down", "x", "enter", "y") as pilot:
        assert asked(pilot, "act") == [f"act shop cancel {WAITS}"]


async def test_x_within_a_whole_session_offers_what_can_be_done() -> None:
    async with databases("enter", "x", "down", "enter", "y") as pilot:
        assert asked(pilot, "act") == [f"act shop terminate {ROOT}"]


async def test_a_session_that_has_ended_meanwhile_is_left_alone() -> None:
    async with databases("x", "down", "enter") as pilot:
        await show(pilot, with_facts(sessions_but(ROOT)))
        text = seen(pilot)
        assert "session 4121 has ended: there is nothing left to do to it" in text
        assert "UPDATE accounts SET frozen" in text, "what it was is still told"
        await press(pilot, "y", "enter", "y")
        assert asked(pilot, "act") == []


async def test_another_session_that_was_given_its_number_is_left_alone() -> None:
    later = replace(session(ROOT), id="4121/1700000999.1", query="SELECT 2")
    facts = sessions_but(ROOT)
    facts = replace(facts, sessions=(later, *(facts.sessions or ())))
    async with databases("x", "down", "enter") as pilot:
        await show(pilot, with_facts(facts))
        await press(pilot, "y")
        assert "has ended" in seen(pilot)
        assert asked(pilot, "act") == []


async def test_a_frozen_picture_offers_nothing_for_who_has_gone() -> None:
    async with databases("p") as pilot:
        await show(pilot, with_facts(sessions_but(ROOT)))
        assert cast("BlockingPane", pilot.app.focused).selected == ROOT
        await press(pilot, "x")
        assert "session 4121 has ended" in seen(pilot)
        await press(pilot, "enter", "y")
        assert asked(pilot, "act") == []


async def test_a_statement_that_ended_before_the_confirmation_is_not_mistaken_for_the_next() -> (
    None
):
    async with databases("down", "x", "enter") as pilot:
        assert "cancel the statement? It is session 4130, app@shop, on shop" in seen(pilot)
        other = replace(session(WAITS), query="COMMIT")
        await show(pilot, with_facts(sessions_but(other=other)))
        assert "it no longer runs the statement that was chosen" in seen(pilot)
        await press(pilot, "y")
        assert asked(pilot, "act") == []
        await press(pilot, "enter", "y")
        assert asked(pilot, "act") == [f"act shop cancel {WAITS}"]


async def test_ending_a_session_does_not_depend_on_its_statement() -> None:
    async with databases("down", "x", "down", "enter") as pilot:
        await show(pilot, with_facts(sessions_but(o=replace(session(WAITS), query="COMMIT"))))
        await press(pilot, "y")
        assert asked(pilot, "act") == [f"act shop terminate {WAITS}"]


async def test_where_no_statement_runs_the_cursor_is_on_terminate() -> None:
    async with databases("x", "enter", "y") as pilot:
        assert asked(pilot, "act") == [f"act shop terminate {ROOT}"]
    async with databases("enter", "x", "enter", "y") as pilot:
        assert asked(pilot, "act") == [f"act shop terminate {ROOT}"]


async def test_who_reads_the_statement_is_not_taken_away_from_it_by_the_next_picture() -> None:
    async with databases("x", "tab") as pilot:
        text = pilot.app.focused
        assert isinstance(text, WholePane)
        later = replace(session(ROOT), seconds=300.0)
        await show(pilot, with_facts(sessions_but(root=later)))
        assert "for 5 m" in seen(pilot)
        assert pilot.app.focused is text


async def test_why_nothing_is_done_is_told_for_as_long_as_it_is_so() -> None:
    why = "it no longer runs the statement that was chosen"
    async with databases("down", "x", "enter") as pilot:
        await show(pilot, with_facts(sessions_but(o=replace(session(WAITS), query="COMMIT"))))
        assert why in seen(pilot)
        other = replace(session(WAITS), query="COMMIT", seconds=9.0)
        await show(pilot, with_facts(sessions_but(o=other)))
        assert why in seen(pilot)
        await press(pilot, "enter")
        assert why not in seen(pilot)
    async with databases("x", "up", "enter") as pilot:
        assert "it runs nothing at the moment" in seen(pilot)
        busy = replace(session(ROOT), query="SELECT 1", state="active", idle=False)
        await show(pilot, with_facts(sessions_but(root=busy)))
        assert "it runs nothing at the moment" not in seen(pilot)


async def test_cancelling_what_runs_nothing_is_said_to_be_of_no_use() -> None:
    async with databases("x", "up", "enter") as pilot:
        assert "it runs nothing at the moment" in seen(pilot)
        await press(pilot, "y")
        assert asked(pilot, "act") == []


async def test_a_session_of_onwatch_s_own_is_left_alone() -> None:
    async with databases(size=(200, 60)) as pilot:
        pane = await open_sessions(pilot)
        own = next(one for one in sample_databases.postgres_facts().sessions or () if one.own)
        pane.select(own.id)
        await press(pilot, "x")
        assert "this is a session of onwatch itself" in seen(pilot)
        await press(pilot, "down", "enter", "y")
        assert asked(pilot, "act") == []


async def test_what_came_of_it_is_told_each_time() -> None:
    async with databases("x", "down", "enter", "y") as pilot:
        first = EventView(samples.NOW + 3, "shop", "session 4121 was ended", answer=True)
        await show(pilot, samples.database_night(events=(first,)))
        assert notes(pilot) == ["shop: session 4121 was ended"]
        await press(pilot, "x", "down", "enter", "y")
        second = EventView(samples.NOW + 6, "shop", "session 4121 is gone", answer=True)
        await show(pilot, samples.database_night(events=(first, second)))
        assert notes(pilot) == ["shop: session 4121 is gone"]


def read_only() -> Snapshot:
    night = samples.database_night()
    return replace(night, databases=tuple(replace(v, actions=()) for v in night.databases))


async def test_read_only_offers_no_action_by_key_help_hint_or_palette() -> None:
    async with databases() as pilot:
        assert "cancel, terminate" in hints(pilot)
        assert "Cancel or terminate the session" in await help_of(pilot)
        assert "act" in offers(pilot)
    async with databases(picture=read_only()) as pilot:
        assert "cancel, terminate" not in hints(pilot)
        assert "Cancel or terminate" not in await help_of(pilot)
        assert "act" not in offers(pilot)
        await press(pilot, "x")
        assert screen_of(pilot).check == "shop"
        assert notes(pilot) == ["onwatch runs with --read-only: it cancels and terminates nothing"]
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, SessionScreen)
        assert "cancel, terminate" not in hints(pilot)
        await press(pilot, "x", "enter", "y")
        assert asked(pilot, "act") == []


async def test_help_lists_the_screen_s_own_keys_first() -> None:
    async with databases(size=(80, 24)) as pilot:
        assert "Cancel or terminate the session" in await help_of(pilot)
    async with databases(size=(120, 60)) as pilot:
        text = await help_of(pilot)
        order = ["Cancel or terminate the session", "Next tab", "Page up", "Next pane", "Quit"]
        places = [text.index(each) for each in order]
        assert places == sorted(places)


async def test_the_title_tells_how_many_sessions_the_filter_lets_pass() -> None:
    async with databases(size=(200, 60)) as pilot:
        await press(pilot, "slash", *"report", "enter")
        everybody = sample_databases.postgres_facts().sessions or ()
        found = [one for one in everybody if "report" in " ".join(texts_of(one)).casefold()]
        assert found
        assert f"{len(found)} of {len(everybody)} match, by time" in seen(pilot)


async def test_x_is_offered_only_where_the_cursor_is_on_a_session() -> None:
    async with databases() as pilot:
        pilot.app.screen.query_one(ServerPane).focus()
        await settle(pilot)
        assert "cancel, terminate" not in hints(pilot)
        await press(pilot, "x")
        assert screen_of(pilot).check == "shop"


# What is not fine is never shown as fine


async def test_a_server_that_cannot_be_seen_is_told_to_be_of_the_past() -> None:
    async with databases("left", "left", size=(80, 24)) as pilot:
        text = seen(pilot)
        assert "not seen since 22:09:56; below is what was seen then" in text
        assert text.count("not seen for 3 m") == 6, "each pane says so"
        roles = {seg.role for pane in panes(pilot) for line in pane._body for seg in line.segs}
        assert not roles & {"ok", "high", "value", "spark"}


def panes(pilot: Pilot[int]) -> list[LinePane]:
    return [pane for pane in pilot.app.screen.query(LinePane) if pane.display]


async def test_a_pane_that_was_hidden_shows_the_server_of_now() -> None:
    async with databases("left", "left", size=(80, 24)) as pilot:
        assert screen_of(pilot).check == "ledger-db"
        for pane in panes(pilot):
            assert "2 h" not in pane.render_line(0).text


async def test_a_server_that_refuses_us_says_what_to_give_it() -> None:
    async with databases("left") as pilot:
        text = " ".join(seen(pilot).split())
        assert 'refuses user "onwatch": give its password in ~/.pgpass' in text
        assert "not seen yet" not in text


async def test_without_a_server_the_lines_are_shown_that_would_add_one() -> None:
    async with databases(picture=samples.bad_night(checks=(samples.check("api"),))) as pilot:
        text = seen(pilot)
        assert "No database is watched yet" in text
        assert "postgres: postgresql://onwatch@127.0.0.1/shop" in text
        assert asked(pilot, "focus") == []
        await press(pilot, "x", "o", "i", "d", "right", "enter")
        assert isinstance(pilot.app.screen, DatabasesScreen)


async def test_before_the_first_result_it_waits() -> None:
    waiting = samples.check("shop", Status.WAITING, kind="postgres")
    async with databases(picture=samples.bad_night(checks=(waiting,))) as pilot:
        assert "waiting for the first result" in seen(pilot)
        await show(pilot, samples.database_night())
        assert screen_of(pilot).check == "shop"
        assert isinstance(pilot.app.focused, BlockingPane)


async def test_sessions_that_were_not_asked_for_yet_are_being_asked_for() -> None:
    facts = sample_databases.postgres_facts(sessions=None)
    async with databases(picture=with_facts(facts)) as pilot:
        assert "the server is being asked for its sessions" in seen(pilot)
        assert cast("BlockingPane", pilot.app.focused).selected == ROOT


# Keys


async def test_hints_and_help_name_what_works_on_this_screen() -> None:
    async with databases() as pilot:
        assert {"back", "server", "whole", "sort", "idle", "details"} <= set(hints(pilot))
        text = await help_of(pilot)
        assert "Sort the sessions by something else" in text
        assert "Next tab" in text
        assert "Next chart" not in text
    one = samples.database_night(databases=samples.database_night().databases[2:3])
    async with databases(picture=one) as pilot:
        assert not {"server", "sort", "idle"} & set(hints(pilot))
        assert "Next tab" not in await help_of(pilot)


async def test_keys_can_be_bound_anew() -> None:
    async with databases() as pilot:
        wanted = {"databases.act": "K", "session.confirm": "Y", "app.databases": "Z"}
        pilot.app.post_message(OnwatchApp.Keybindings(wanted))
        await settle(pilot)
        await press(pilot, "x")
        assert screen_of(pilot).check == "shop"
        await press(pilot, "K", "down", "enter", "y")
        assert asked(pilot, "act") == []
        await press(pilot, "Y")
        assert asked(pilot, "act") == [f"act shop terminate {ROOT}"]
        await press(pilot, "1", "Z")
        assert screen_of(pilot).check == "shop"


async def test_a_maximised_pane_keeps_the_verdict_and_the_tabs_above_it() -> None:
    async with databases("M", size=(80, 24)) as pilot:
        lines = seen(pilot).splitlines()
        assert "CRITICAL" in lines[0]
        assert "gateway-db" in lines[1]
        assert "Blocking" in lines[2]
        assert any("4136 app@shop" in line for line in lines)
        await press(pilot, "escape")
        assert "Sessions" in seen(pilot)


# Sizes and looks

SIZES = [(40, 12), (20, 5), (80, 24), (90, 50), (104, 22), (300, 100)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_each_server(size: tuple[int, int]) -> None:
    async with databases(size=size) as pilot:
        for _ in source_of(pilot).picture.databases:
            for pane in panes(pilot):
                assert pane.region.bottom <= size[1]
                assert pane.region.right <= size[0]
            assert "CRITICAL" in seen(pilot).splitlines()[0] or size[0] < 40
            await press(pilot, "right")
        if size[1] >= 12:
            assert "4121" in seen(pilot)
        await press(pilot, "enter", "x", "down", "enter")
        assert isinstance(pilot.app.screen, SessionScreen)


async def test_resizing_there_and_back_shows_the_same() -> None:
    async with databases() as pilot:
        original = seen(pilot)
        for width, height in ((80, 24), (40, 12), (300, 100), (20, 5), (90, 50), WIDE):
            await pilot.resize_terminal(width, height)
            await settle(pilot)
        assert seen(pilot) == original


@pytest.mark.parametrize("keys", [("3",), ("3", "x")])
async def test_ascii_needs_no_other_sign(keys: tuple[str, ...]) -> None:
    app = OnwatchApp(FakeSource(samples.database_night()), ascii_only=True)
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        text = seen(pilot)
        assert text.isascii(), sorted({c for c in text if not c.isascii()})
        assert "4121" in text


@pytest.mark.parametrize("keys", [("3", "x"), ("3", "left", "left")])
async def test_without_colour_no_colour_is_drawn(
    keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = OnwatchApp(FakeSource(samples.database_night()), looks=Looks(colours=0))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        colours = {
            str(colour.name)
            for strip in app.screen._compositor.render_strips()
            for segment in strip.apply_filter(app._filters[-1], app.styles.background)
            if segment.style
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}


async def test_five_thousand_sessions_are_drawn_soon() -> None:
    many = tuple(sample_databases.session(10_000 + i, seconds=i * 0.1) for i in range(5000))
    facts = sample_databases.postgres_facts(sessions=many, sessions_left_out=0)
    async with databases(picture=with_facts(facts), size=(200, 60)) as pilot:
        pane = await open_sessions(pilot)
        assert "5,000" in seen(pilot)
        assert len(pane.keys) == 400
        await press(pilot, "slash", *"10017", "enter")
        assert [key.partition("/")[0] for key in pane.keys] == ["10017"]


def test_views_of_the_samples_cover_each_state() -> None:
    views: dict[str, DatabaseView] = {view.check: view for view in sample_databases.databases()}
    assert views["ledger-db"].silent_since is not None
    assert views["billing-db"].facts is None
    assert views["cache"].actions == ()
