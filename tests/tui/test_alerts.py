"""The alerts screen, and all about one alert, as a user works in them."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import cast

import pytest
from textual.pilot import Pilot

from checks.model import Status
from checks.rules.views import GroupView, RuleHealth, RulesView
from checks.story.views import StoryView
from checks.views import AlertView, Snapshot
from tests.tui.app_kit import app_of, help_of, running, seen, settle, source_of, told
from tests.tui.fakes import FakeSource
from tests.widgets import sample_alerts
from tests.widgets.curves import NOW
from tests.widgets.sample_alerts import alert_night, quiet_rules
from tui.screens.alert import AlertScreen
from tui.screens.alerts import AlertsScreen
from tui.screens.details import DetailsScreen
from tui.screens.query import QueryScreen
from tui.sentences import entry_sentence
from widgets.alert_list.entries import entries_of, severity_word
from widgets.alert_list.table import AlertTable
from widgets.services import ServicesPane

SIZES = [(40, 12), (60, 15), (80, 24), (120, 36), (200, 60)]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the screen are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def table(pilot: Pilot[int]) -> AlertTable:
    return cast("AlertTable", app_of(pilot).screen.query_one("#table"))


async def keys(pilot: Pilot[int], *pressed: str) -> None:
    await pilot.press(*pressed)
    await settle(pilot)


async def at(pilot: Pilot[int], key: str) -> None:
    """On the alerts screen, with the cursor on the row ``key``."""
    await keys(pilot, "7")
    table(pilot).select(key)
    await settle(pilot)


OVER = "resolved after 32 s"
CONNECTIONS = "MySQLConnections/10.0.0.5:3306"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_fires_is_seen_first_at_every_size(size: tuple[int, int]) -> None:
    async with running(FakeSource(alert_night()), size=size) as pilot:
        await keys(pilot, "7")
        lines = seen(pilot).splitlines()
        assert "10 firing" in lines[1]
        heading = next(y for y, line in enumerate(lines) if "- firing 10" in line)
        assert "✖" in lines[heading + 1]
        row = next(line for line in lines if "MySQLConn" in line)
        assert "2 m" in row


async def test_each_section_counts_and_the_long_one_is_folded() -> None:
    async with running(FakeSource(alert_night()), size=(140, 70)) as pilot:
        await keys(pilot, "7")
        text = seen(pilot)
        assert "- pending 1   1 warning" in text
        assert "- errors 1" in text
        assert "- insufficient history 1" in text
        assert "+ dead rules 8   RedisRule1, RedisRule2" in text
        assert "many-to-many matching not allowed" in text
        assert "looks back 1h, of which 23m are recorded" in text
        table(pilot).select("group:dead rules")
        await keys(pilot, "space")
        assert "RedisRule8" in seen(pilot)
        assert 'redis_metric_8{role="master"} matches nothing' in seen(pilot)
        source_of(pilot).show(replace(alert_night(), hostname="elsewhere"))
        await settle(pilot)
        assert "RedisRule8" in seen(pilot), "what somebody has opened stays open"


async def test_an_empty_section_says_what_that_means() -> None:
    found = sample_alerts.rules()
    firing = replace(found, rules=tuple(one for one in found.rules if one.name == "HighMemory"))
    async with running(FakeSource(alert_night(rules=firing)), size=(120, 40)) as pilot:
        await keys(pilot, "7")
        text = seen(pilot)
        assert "pending 0   nothing is on its way" in text
        assert "dead rules 0   every rule finds the metrics that it reads" in text


async def test_rows_say_when_they_will_fire_and_what_nobody_can_say() -> None:
    async with running(FakeSource(alert_night()), size=(160, 40)) as pilot:
        await keys(pilot, "7")
        rows = seen(pilot).splitlines()

        def row(name: str) -> str:
            return next(line for line in rows if name in line)

        assert "fires in 1 m" in row("HighCpu")
        assert "no data for 4 m" in row("HighMemory")
        assert "follows from gateway" in row("HighErrorRate")
        assert "flapping" in row("QueueBacklog")
        assert "1,204" in row("QueueBacklog")
        assert "i info" in row("NewVersion")


async def test_an_alert_of_a_check_that_is_over_is_among_what_was_resolved() -> None:
    now = alert_night().time
    over = AlertView(
        "shop@1",
        "shop down",
        "shop",
        Status.CRITICAL,
        now - 60,
        "resolved after 32 s",
        firing=False,
    )
    night = replace(alert_night(), story=StoryView(over=(over,)))
    (entry,) = (one for one in entries_of(night) if one.key == "shop@1")
    assert (entry.section, entry.status, severity_word(entry)) == (
        "resolved",
        Status.OK,
        "critical",
    )
    assert entry_sentence(entry).startswith("shop down resolved after 32 s (at ")
    async with running(FakeSource(night), size=(200, 60)) as pilot:
        await at(pilot, "shop@1")
        text = seen(pilot)
        assert "resolved for 1 m" in text
        assert "resolved after 32 s" in text


async def test_rows_are_filtered_by_labels_and_sorted_by_what_began_last() -> None:
    async with running(FakeSource(alert_night()), size=(120, 40)) as pilot:
        await keys(pilot, "7", "slash", *"queue=default", "enter")
        assert "1 of 22 match" in seen(pilot)
        assert "QueueBacklog" in seen(pilot)
        assert "HighCpu" not in seen(pilot)
        await keys(pilot, "escape", "o")
        text = seen(pilot).split("- firing", 1)[1]
        assert "by since" in seen(pilot)
        assert text.index("nightly export") < text.index("NewVersion") < text.index("gateway  ")


async def test_whoever_looks_for_something_sees_it_though_its_section_was_folded() -> None:
    async with running(FakeSource(alert_night()), size=(120, 40)) as pilot:
        await keys(pilot, "7", "slash", *"redisrule7")
        assert "dead     RedisRule7" in seen(pilot)
        await keys(pilot, "escape")
        assert "dead     RedisRule7" not in seen(pilot)


async def test_keys_are_named_where_they_lead_somewhere() -> None:
    async with running(FakeSource(alert_night()), size=(120, 90)) as pilot:
        await at(pilot, "rule/DiskFullSoon")
        assert "Details of the row's check" not in await help_of(pilot)
        table(pilot).select(CONNECTIONS)
        await settle(pilot)
        assert "Details of the row's check" in await help_of(pilot)
        await keys(pilot, "tab", "down", "enter")
        assert isinstance(pilot.app.screen, AlertScreen), "also from beside the table"
        await keys(pilot, "tab", "down")
        text = await help_of(pilot)
        assert "Details of the check it is of" in text
        assert not re.search(r"Enter +Details", text)


async def test_the_cursor_begins_on_the_first_alert_so_that_keys_are_about_one() -> None:
    night = alert_night(story=StoryView(who="me"))
    only = tuple(one for one in night.alerts if one.rule)
    fine = tuple(replace(one, status=Status.OK) for one in night.checks)
    async with running(FakeSource(replace(night, alerts=only, checks=fine))) as pilot:
        concerned = {entry.check for entry in entries_of(source_of(pilot).picture)}
        calm = next(one.name for one in fine if one.name not in concerned)
        pilot.app.screen.query_one(ServicesPane).select(calm)
        await keys(pilot, "7")
        first = next(key for key in table(pilot).keys if not key.startswith("group:"))
        assert table(pilot).selected == first
        await keys(pilot, "a")
        assert "Acknowledge:" in seen(pilot)
        await keys(pilot, "escape", "home", "a")
        assert table(pilot).selected == "group:firing"
        assert told(pilot) == ["a heading: choose a row beneath it"]


async def test_what_keys_are_about_is_said_of_every_row_that_is_no_alert() -> None:
    async with running(FakeSource(alert_night(story=StoryView(who="me")))) as pilot:
        await keys(pilot, "7")
        for row, said in (
            ("group:dead rules", "a heading: Enter unfolds it"),
            ("group:errors", "a heading: choose a row beneath it"),
        ):
            table(pilot).select(row)
            await keys(pilot, "s")
            assert told(pilot) == [said]
            app_of(pilot).clear_notifications()
        failed = next(one for one in table(pilot).items() if one.section == "errors")
        table(pilot).select(failed.key)
        await keys(pilot, "s")
        assert told(pilot) == ["a rule, of which there is no alert now"]


async def test_enter_is_said_to_fold_where_the_cursor_is_on_a_heading() -> None:
    async with running(FakeSource(alert_night()), size=(120, 90)) as pilot:
        await keys(pilot, "7")
        assert "Enter details" in seen(pilot).splitlines()[-1]
        await keys(pilot, "home")
        assert table(pilot).selected == "group:firing"
        assert "Enter fold" in seen(pilot).splitlines()[-1]
        assert re.search(r"Enter +Fold or unfold the group", await help_of(pilot))
        await keys(pilot, "down")
        assert "Enter details" in seen(pilot).splitlines()[-1]
        assert re.search(r"Enter +Details", await help_of(pilot))


async def test_of_an_alert_that_is_over_it_is_said_that_nothing_is_to_be_done() -> None:
    calm = next(one.name for one in alert_night().checks if one.status is Status.OK)
    over = AlertView("calm@1", f"{calm} down", calm, Status.CRITICAL, NOW - 60, OVER, firing=False)
    night = alert_night(story=StoryView(who="me", over=(over,)))
    night = replace(night, alerts=tuple(one for one in night.alerts if one.check != calm))
    async with running(FakeSource(night)) as pilot:
        await keys(pilot, "7")
        found = [one for one in entries_of(night) if one.section == "resolved"]
        assert {one.rule is None for one in found} == {True, False}, "of a check, and of rules"
        for entry in found:
            table(pilot).folded = frozenset()
            await settle(pilot)
            table(pilot).select(entry.key)
            await keys(pilot, "a")
            assert told(pilot) == ["it is over: nothing is to be taken or silenced"]
            app_of(pilot).clear_notifications()


async def test_a_heading_counts_the_rows_that_it_has_now() -> None:
    night = alert_night()
    async with running(FakeSource(night), size=(160, 40)) as pilot:
        await keys(pilot, "7", "home")
        assert "10 rows" in seen(pilot)
        own = next(one for one in night.alerts if not one.rule)
        fewer = tuple(one for one in night.alerts if one is not own)
        source_of(pilot).show(replace(night, alerts=fewer, time=night.time + 1))
        await settle(pilot)
        assert "- firing 9" in seen(pilot)
        assert "9 rows" in seen(pilot)


async def test_groups_by_check_fold() -> None:
    async with running(FakeSource(alert_night()), size=(120, 40)) as pilot:
        await keys(pilot, "7", "g", "g")
        assert "grouped by check" in seen(pilot)
        before = seen(pilot)
        await keys(pilot, "z")
        table_of = [line for line in seen(pilot).splitlines() if line[1:2] in "+-"]
        assert "MySQLConnections" in before
        assert any("+ check gateway  2   ✖ 2 critical" in line for line in table_of)


async def test_by_groups_every_rule_has_a_row_and_each_group_its_evaluation() -> None:
    calm = (
        sample_alerts.rule("Quick", duration=0.0002),
        sample_alerts.rule("Slow", duration=0.0042),
        sample_alerts.rule("Idle", health=RuleHealth.IDLE, evaluated=None, duration=0.0),
        sample_alerts.rule("Shop", group="shop", file="shop.yml", duration=0.009),
    )
    groups = (
        GroupView("hosts", "pack host", 3, 15.0, NOW - 10, 0.0044, missed=2),
        GroupView("shop", "shop.yml", 1, 60.0, None),
    )
    snapshot = replace(quiet_rules(), rules=RulesView(rules=calm, groups=groups, busy=0.0134))
    async with running(FakeSource(snapshot), size=(120, 40)) as pilot:
        await keys(pilot, "7")
        assert "Quick" not in seen(pilot)
        await keys(pilot, "g", "g", "g")
        rows = [line for line in seen(pilot).splitlines() if line[1:2] in "+-" or "ms" in line]
        assert "4 rules  evaluated in 13 ms  slowest Shop 9 ms" in rows[0]
        assert "- group shop  1" in rows[1]
        assert "not evaluated yet" in rows[1]
        assert "3 rules evaluated 10 s ago in 4.4 ms, left out 2 times" in rows[3]
        assert [row.split()[2] for row in rows[4:6]] == ["Slow", "Quick"]
        table(pilot).select("rule/Slow")
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, AlertScreen)
        assert "hosts: 3 rules evaluated 10 s ago in 4.4 ms, left out 2 times" in " ".join(
            seen(pilot).split()
        )


async def test_without_rules_it_says_which_lines_bring_some() -> None:
    async with running(FakeSource(quiet_rules()), size=(80, 24)) as pilot:
        await keys(pilot, "7")
        text = seen(pilot)
        assert "Nothing fires, nothing is pending: 2 rules are evaluated." in text
        assert "files: [rules/*.yml]" in text


async def test_rules_that_are_still_being_read_are_no_lack_of_rules() -> None:
    snapshot = replace(quiet_rules(), rules=RulesView(loading=True))
    async with running(FakeSource(snapshot), size=(80, 24)) as pilot:
        await keys(pilot, "7")
        assert "the rules are being read" in seen(pilot)
        assert "switched off" not in seen(pilot)


async def test_enter_opens_the_alert_with_its_curve_and_threshold_and_esc_goes_back() -> None:
    async with running(FakeSource(alert_night())) as pilot:
        await at(pilot, CONNECTIONS)
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, AlertScreen)
        text = seen(pilot)
        assert "FIRING" in text.splitlines()[0]
        assert "critical 0.8" in text.splitlines()[1]
        assert "0.98 (fires where > 0.8)" in text
        assert "mysql_global_variables_max_connections > 0.8" in text
        assert "pending → firing  0.97 > 0.8" in text
        assert "the condition has held for 5m" in text
        assert "/etc/onwatch/rules/shop.yml:12" in text
        asked = source_of(pilot).asked[-1]
        assert asked.startswith("query mysql_global_status_threads_connected / ")
        assert asked.endswith("3600 instance=10.0.0.5:3306 job=gateway")
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, AlertsScreen)
        assert table(pilot).selected == CONNECTIONS
        assert source_of(pilot).asked[-1] == "query None 3600"


async def test_the_details_of_its_check_and_the_prompt_lead_back_to_the_alert() -> None:
    async with running(FakeSource(alert_night())) as pilot:
        await at(pilot, CONNECTIONS)
        await keys(pilot, "enter")
        alert = pilot.app.screen
        await keys(pilot, "d")
        opened: object = pilot.app.screen
        assert isinstance(opened, DetailsScreen)
        await keys(pilot, "escape")
        assert pilot.app.screen is alert
        curve = "query mysql_global_status_threads_connected / "
        assert source_of(pilot).asked[-1].startswith(curve), "its curve is evaluated again"
        await keys(pilot, "colon", *"query", "space")
        opened = pilot.app.screen
        assert isinstance(opened, QueryScreen)
        await keys(pilot, "escape")
        assert pilot.app.screen is alert
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, AlertsScreen)


async def test_plus_and_minus_choose_the_window_of_the_curve() -> None:
    async with running(FakeSource(alert_night())) as pilot:
        await at(pilot, CONNECTIONS)
        await keys(pilot, "enter", "minus")
        assert " 900 " in source_of(pilot).asked[-1]
        assert "gathering" in seen(pilot).splitlines()[1]
        answer = sample_alerts.answer(span=900.0)
        source_of(pilot).show(alert_night(query=answer))
        await settle(pilot)
        assert "15 min" in seen(pilot).splitlines()[1]


async def test_a_rule_that_fails_tells_why_in_full() -> None:
    async with running(FakeSource(alert_night())) as pilot:
        await at(pilot, "rule/ReplicaLag")
        await keys(pilot, "enter")
        text = seen(pilot)
        assert "ERROR" in text.splitlines()[0]
        assert "its last evaluation failed" in text
        assert "give group_left or more labels" in " ".join(text.split())
        assert "/etc/onwatch/rules/shop.yml:41" in text
        assert not (await help_of(pilot)).count("Details of the check it is of")


async def test_the_alert_of_a_check_opens_the_details_of_the_check() -> None:
    async with running(FakeSource(alert_night())) as pilot:
        await keys(pilot, "7", "enter")
        assert isinstance(pilot.app.screen, DetailsScreen)


async def test_enter_in_the_overview_opens_the_alert_of_a_rule() -> None:
    async with running(FakeSource(alert_night()), size=(120, 60)) as pilot:
        pane = pilot.app.screen.query_one("#alerts")
        pane.focus()
        pane.select(CONNECTIONS)  # type: ignore[attr-defined]
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, AlertScreen)
        assert "MySQLConnections" in seen(pilot)
        await keys(pilot, "d")
        assert isinstance(pilot.app.screen, DetailsScreen)


async def test_an_alert_that_is_over_and_forgotten_leaves_its_rule() -> None:
    def without(snapshot: Snapshot) -> Snapshot:
        assert snapshot.rules is not None
        rules = tuple(replace(one, alerts=()) for one in snapshot.rules.rules)
        return replace(snapshot, rules=replace(snapshot.rules, rules=rules))

    async with running(FakeSource(alert_night())) as pilot:
        await at(pilot, CONNECTIONS)
        await keys(pilot, "enter")
        source_of(pilot).show(without(alert_night()))
        await settle(pilot)
        assert "this alert is over" in seen(pilot)
        assert "/etc/onwatch/rules/shop.yml:12" in seen(pilot)
        source_of(pilot).show(replace(alert_night(), rules=None))
        await settle(pilot)
        assert "not loaded any more" in seen(pilot)


async def test_a_row_is_copied_as_a_sentence_that_stands_alone() -> None:
    async with running(FakeSource(alert_night())) as pilot:
        await at(pilot, "QueueBacklog/10.0.0.9:6379default")
        await keys(pilot, "y")
        assert pilot.app.clipboard.startswith(
            "QueueBacklog {instance=10.0.0.9:6379, job=cache, queue=default, severity=warning} "
            "firing (1204) since 2023-11-14 22:04:15 +0000: 1,204 items wait"
        )
        table(pilot).select("rule/DiskFullSoon")
        await keys(pilot, "y")
        assert pilot.app.clipboard == (
            "rule DiskFullSoon insufficient history: looks back 1h, of which 23m are recorded "
            "[pack host:77]"
        )


async def test_what_labels_say_is_no_markup() -> None:
    night = alert_night()
    odd = sample_alerts.alert("Odd", {"instance": "[red]x[/]"}, sentence="[b]bold[/b] [", ago=5)
    rule = sample_alerts.rule("Odd", odd)
    night = replace(night, rules=replace(sample_alerts.rules(), rules=(rule,)))
    async with running(FakeSource(night)) as pilot:
        await at(pilot, odd.id)
        assert "[red]x[/]" in seen(pilot)
        await keys(pilot, "enter")
        assert "[b]bold[/b] [" in seen(pilot)


async def test_a_covered_screen_does_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    real = AlertTable.build

    def counted(pane: AlertTable, width: int, height: int) -> object:
        built.append("table")
        return real(pane, width, height)

    monkeypatch.setattr(AlertTable, "build", counted)
    async with running(FakeSource(alert_night())) as pilot:
        await keys(pilot, "7")
        await keys(pilot, "1")
        built.clear()
        for second in range(3):
            found = sample_alerts.rules()
            source_of(pilot).show(alert_night(rules=found, time=NOW + second))
            await settle(pilot)
        assert built == []
