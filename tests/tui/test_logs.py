"""The logs screen on 8, jumps to it, and a record whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from textual.screen import Screen

from checks.logs.model import Level
from checks.logs.views import LogsWanted
from checks.model import Status
from checks.rules.views import RulesView
from checks.runbooks.views import Subject
from checks.views import AlertView
from tests.tui.app_kit import app_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import sample_alerts, samples
from tests.widgets.sample_logs import NOW, log_checks, log_night, logs_later
from tests.widgets.sample_stories import eventful_night
from tui.screens.alerts import AlertsScreen
from tui.screens.details import DetailsScreen
from tui.screens.filter import FilterLine
from tui.screens.logs import LogsScreen
from tui.screens.logs_about import about_subject, logs_of
from tui.screens.logs_record import RecordScreen
from tui.screens.timeline import TimelineScreen
from widgets.logs.tail import TailPane


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks on the screen are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Logging(FakeSource):
    """Notes which lines are wanted."""

    wanted: LogsWanted | None = None

    def logs(self, wanted: LogsWanted | None) -> None:
        self.wanted = wanted
        super().logs(wanted)


async def test_lines_are_asked_for_while_the_screen_is_open_and_filtered_by_keys() -> None:
    source = Logging(log_night())
    async with running(source) as pilot:
        assert source.wanted is None
        await pilot.press("8")
        await settle(pilot)
        assert source.wanted == LogsWanted(most=500)
        assert "22:13:20.000 ✖ error    laravel/laravel.log Illuminate" in seen(pilot)
        await pilot.press("v", "v")
        await settle(pilot)
        text = seen(pilot)
        assert "warning and worse" in text
        assert "call accepted" not in text
        await pilot.press("o")
        await settle(pilot)
        assert source.wanted == LogsWanted(checks=("api-log",), level=Level.WARNING, most=500)
        assert "nginx/access.log" not in seen(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert source.wanted == LogsWanted(most=500)
        await pilot.press("slash", *"status", "equals_sign", *"502", "enter")
        await settle(pilot)
        text = seen(pilot)
        assert 'POST /api/calls" 502' in text
        assert "slow query" not in text.partition("Patterns")[0]
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert source.wanted is None, "nobody looks"


async def test_a_mistake_is_told_with_its_place_and_the_lines_stay() -> None:
    async with running(FakeSource(log_night()), size=(80, 24)) as pilot:
        await pilot.press("8", "slash", *"level", "space", "greater_than_sign")
        await pilot.pause(0.3)
        text = seen(pilot)
        assert "\n        ^ expected a value" in text
        assert "call accepted" in text


async def test_enter_on_a_pattern_shows_its_lines_alone_and_all_again() -> None:
    source = Logging(log_night())
    async with running(source) as pilot:
        await pilot.press("8", "tab", "enter")
        await settle(pilot)
        assert source.wanted == LogsWanted(("laravel",), pattern="database-down", most=500)
        assert "call accepted" not in seen(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert source.wanted == LogsWanted(most=500)


async def test_a_record_is_shown_whole_and_its_fields_filter_the_lines() -> None:
    async with running(FakeSource(log_night())) as pilot:
        await pilot.press("8", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, RecordScreen)
        text = seen(pilot)
        for said in ("#2 {main}", "QueryException", "database-down", "/var/www/storage/logs"):
            assert said in text, said
        await pilot.press("y")
        await settle(pilot)
        assert "#1 /var/www/app/Jobs" in app_of(pilot)._clipboard
        await pilot.press("down", "f")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LogsScreen)
        assert pilot.app.screen.filter_text == "user_id = 7"
        assert "user_id=12" not in seen(pilot)
        await pilot.press("n", "enter", "x")
        await settle(pilot)
        assert pilot.app.screen.filter_text.startswith("user_id = 7 and not ")


async def test_scrolling_up_lets_the_lines_stand_still_until_a_key() -> None:
    source = FakeSource(log_night())
    async with running(source) as pilot:
        await pilot.press("8", "up")
        await settle(pilot)
        before = seen(pilot)
        assert source.picture.logs is not None
        source.show(replace(source.picture, logs=logs_later(source.picture.logs)))
        await settle(pilot)
        assert "paused, 2 new below" in seen(pilot)
        assert seen(pilot).splitlines()[2:28] == before.splitlines()[2:28]
        await pilot.press("G")
        await settle(pilot)
        assert "following" in seen(pilot)


async def test_a_frozen_picture_says_that_a_filter_waits() -> None:
    source = FakeSource(log_night())
    async with running(source) as pilot:
        await pilot.press("8")
        await settle(pilot)
        await pilot.press("p", "v", "v")
        await settle(pilot)
        text = seen(pilot)
        assert "warning and worse, once it is live again" in text
        assert "call accepted" in text
        await pilot.press("p")
        await settle(pilot)
        assert "call accepted" not in seen(pilot)


async def test_a_frozen_picture_says_that_older_lines_wait() -> None:
    source = FakeSource(log_night())
    async with running(source) as pilot:
        await pilot.press("8")
        await settle(pilot)
        logs = source.picture.logs
        assert logs is not None
        source.show(replace(source.picture, logs=replace(logs, total=logs.total + 1000)))
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "older lines once it is live again" not in seen(pilot)
        await pilot.press("home")
        await settle(pilot)
        assert "Logs · older lines once it is live again" in seen(pilot)


async def test_an_alert_leads_to_the_lines_around_it_and_escape_back() -> None:
    rule = AlertView(
        "g;LogPatternRate;ab;1@1",
        "LogPatternRate",
        "laravel",
        Status.CRITICAL,
        NOW - 30,
        "12 a minute",
        rule="g;LogPatternRate;ab;1",
        labels=(("pattern", "database-down"), ("job", "laravel")),
    )
    source = Logging(replace(log_night(), alerts=(rule,)))
    async with running(source) as pilot:
        await pilot.press("7", "L")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LogsScreen)
        assert source.wanted == LogsWanted(
            ("laravel",), pattern="database-down", since=NOW - 330, most=500
        )
        assert "around LogPatternRate" in seen(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, AlertsScreen)
        await pilot.press("L", "8")
        await settle(pilot)
        assert source.wanted == LogsWanted(most=500), "the key for the screen shows all lines"
        await pilot.press("escape")
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 1


@pytest.mark.parametrize(
    ("parts", "pattern"),
    [
        ([("database-down", "7 in 1 min")], "database-down"),
        ([("database-down", "7 in 1 min"), ("slow", "9 in 1 min")], ""),
        ([("worker.log", "")], ""),
        ([("database-down", "7 in 1 min"), ("worker.log", "")], "database-down"),
    ],
)
async def test_an_alert_of_a_log_itself_leads_to_the_lines_of_the_pattern_past_its_bound(
    parts: list[tuple[str, str]], pattern: str
) -> None:
    ill = [samples.part(name, Status.CRITICAL, value) for name, value in parts]
    laravel = replace(log_checks()[0], parts=(samples.part("fine", value="0 in 1 min"), *ill))
    alert = AlertView("laravel", "laravel", "laravel", Status.CRITICAL, NOW - 30, "7 in 1 min")
    about = about_subject(
        replace(log_night(), checks=(laravel,), alerts=(alert,)), Subject("laravel", "laravel")
    )
    assert about is not None
    assert about.wanted == LogsWanted(("laravel",), pattern=pattern, since=NOW - 330)


@pytest.mark.parametrize(
    ("expression", "patterns", "chosen"),
    [
        ("sum by (job) (rate(log_pattern_matches_total[5m])) > 1", ["slow"], "slow"),
        ("sum by (job) (rate(log_pattern_matches_total[5m])) > 1", ["slow", "lost"], ""),
        ('rate(log_lines_total{level="error"}[5m]) > 1', ["slow"], ""),
    ],
)
async def test_a_rule_that_reads_the_only_pattern_leads_to_its_lines(
    expression: str, patterns: list[str], chosen: str
) -> None:
    rows = tuple(samples.part(name, value="0 in 1 min") for name in patterns)
    laravel = replace(log_checks()[0], parts=(*rows, samples.part("worker.log")))
    alert = sample_alerts.alert("Slow", {}, status=Status.WARNING)
    rule = sample_alerts.rule("Slow", alert, expression=expression)
    shown = AlertView(
        alert.id, "Slow", "laravel", Status.WARNING, NOW - 30, "2 a second", rule=rule.key
    )
    night = replace(log_night(), checks=(laravel,), alerts=(shown,), rules=RulesView(rules=(rule,)))
    about = about_subject(night, Subject(shown.id, "laravel"))
    assert about is not None
    assert about.wanted.pattern == chosen


async def test_an_incident_leads_to_the_lines_from_before_it_until_it_was_over() -> None:
    night = eventful_night()
    source = Logging(replace(night, checks=(*night.checks, *log_checks())))
    async with running(source) as pilot:
        await pilot.press("9", "j", "j", "L")
        await settle(pilot)
        assert source.wanted is not None
        assert (source.wanted.since, source.wanted.until) == (NOW - 90_300, NOW - 88_140)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TimelineScreen)


async def test_a_request_that_failed_leads_to_the_lines_around_it() -> None:
    night = samples.request_night()
    source = Logging(replace(night, checks=(*night.checks, *log_checks())))
    async with running(source, size=(120, 60)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        pilot.app.screen.set_focus(pilot.app.screen.query_one("#errors"))
        await pilot.press("down", "L")
        await settle(pilot)
        assert "around the request of" in seen(pilot)
        assert source.wanted is not None
        assert source.wanted.since is not None
        assert source.wanted.until is not None
        assert 60 <= source.wanted.until - source.wanted.since < 120


async def test_the_details_of_a_log_and_the_palette_lead_to_its_lines() -> None:
    source = Logging(log_night())
    async with running(source) as pilot:
        app = app_of(pilot)
        app.action_details("nginx")
        await settle(pilot)
        await pilot.press("L")
        await settle(pilot)
        assert source.wanted == LogsWanted(("nginx",), most=500)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, DetailsScreen)
        screen = cast("Screen[object]", pilot.app.screen)
        offers = {one.title: one for one in app.palette_commands(screen)}
        app.run_command(offers["log laravel"])
        await settle(pilot)
        assert source.wanted == LogsWanted(("laravel",), most=500)


def test_logs_are_tied_to_what_needs_them_and_to_who_has_their_job() -> None:
    night = log_night()
    checks = [
        replace(one, job="shop") if one.name in ("api-log", "billing") else one
        for one in night.checks
    ]
    night = replace(night, checks=tuple(checks))
    assert logs_of(night, "nginx") == ("nginx",)
    assert logs_of(night, "gateway") == ("nginx",), "it depends on that"
    assert logs_of(night, "billing") == ("api-log",)
    assert logs_of(night, "search") == ()


async def test_without_logs_the_screen_says_how_to_get_some_and_no_key_leads_there() -> None:
    async with running(FakeSource(samples.bad_night())) as pilot:
        assert "L logs" not in seen(pilot)
        await pilot.press("8")
        await settle(pilot)
        assert "log: /var/log/app/*.log" in seen(pilot)
        assert source_of(pilot).asked.count("logs None") == 0


async def test_a_jump_to_the_lines_of_a_check_leaves_the_filter_that_was_there_behind() -> None:
    source = Logging(log_night())
    async with running(source) as pilot:
        await pilot.press("8", "slash", *"502", "enter", "d", "L")
        await settle(pilot)
        screen = cast("LogsScreen", pilot.app.screen)
        assert source.wanted == LogsWanted(checks=("nginx",), most=500)
        assert screen.filter_text == ""
        await pilot.press("slash")
        await settle(pilot)
        assert screen.query_one(FilterLine).value == ""


async def test_a_jump_to_lines_shows_them_where_another_pane_had_the_whole_screen() -> None:
    async with running(FakeSource(log_night())) as pilot:
        await pilot.press("8", "tab", "M", "d", "L")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LogsScreen)
        assert pilot.app.focused is pilot.app.screen.query_one(TailPane)
        assert "Logs · of laravel" in seen(pilot)


async def test_n_finds_nothing_where_the_lines_have_no_room_and_others_have_come() -> None:
    source = FakeSource(log_night())
    async with running(source, size=(80, 24)) as pilot:
        await pilot.press("8")
        await settle(pilot)
        tail = pilot.app.screen.query_one(TailPane)
        first = tail.keys[0]
        await pilot.resize_terminal(80, 6)
        await pilot.press("tab")
        await settle(pilot)
        picture = app_of(pilot).standing().newest
        assert picture is not None
        assert picture.logs is not None
        lines = logs_later(picture.logs).lines[-2:]
        source.show(replace(picture, logs=replace(picture.logs, lines=lines)))
        await settle(pilot)
        assert tail.line_at(first) is None
        await pilot.press("n")
        await settle(pilot)
        assert pilot.app.is_running
