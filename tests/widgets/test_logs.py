"""The panes of the logs screen, and filters made of a record's fields."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from checks.logs.filters import compiled
from checks.logs.formats.jsonlines import decoded
from checks.logs.model import Level, Value
from checks.logs.views import LogLine, LogsView, LogsWanted
from checks.views import Snapshot
from tests.widgets import sample_logs, samples
from tests.widgets.sample_logs import NOW, log_checks, log_lines, record
from tests.widgets.stage import Stage, shown, spy_on
from widgets.frame import Frame
from widgets.glyphs import ASCII, UNICODE
from widgets.logs.lines import Columns, line_of, mistake_lines
from widgets.logs.narrowing import condition, narrowed
from widgets.logs.patterns import pattern_lines
from widgets.logs.record import record_lines
from widgets.logs.sources import source_lines
from widgets.logs.tail import TailPane
from widgets.logs.words import record_text, value_text


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks on the screen are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def numbered(first: int, last: int) -> tuple[LogLine, ...]:
    """Lines that say their number."""
    return tuple(
        LogLine("app", record(n, NOW - 500 + n, Level.INFO, f"line {n}"))
        for n in range(first, last + 1)
    )


def view(lines: tuple[LogLine, ...], *, most: int = 500, text: str = "") -> LogsView:
    return LogsView(LogsWanted(most=most, text=text), lines, len(lines))


def picture(logs: LogsView) -> Snapshot:
    return replace(samples.empty(), checks=log_checks()[:1], logs=logs)


def rows(pane: TailPane) -> list[str]:
    """What the lines say."""
    return [row.partition("line ")[2] for row in shown(pane)[1:] if "line " in row]


async def test_the_tail_goes_along_until_somebody_looks_further_up() -> None:
    pane = TailPane()
    async with Stage(pane).run_test(size=(80, 9)) as pilot:
        pane.snapshot = picture(view(numbered(1, 20)))
        pane.focus()
        await pilot.pause()
        assert rows(pane) == [str(n) for n in range(13, 21)]
        pane.snapshot = picture(view(numbered(3, 22)))
        assert rows(pane)[-1] == "22"
        assert "following" in shown(pane)[0]
        await pilot.press("up", "up")
        assert pane.selected == "app/20"
        pane.snapshot = picture(view(numbered(6, 25)))
        assert rows(pane) == [str(n) for n in range(15, 23)], "they stand still"
        assert "paused, 3 new below" in shown(pane)[0]
        pane.snapshot = picture(view(numbered(100, 119)))
        assert rows(pane) == [str(n) for n in range(15, 23)], "also those no longer held"
        assert pane.selected == "app/20"
        assert "paused, 20+ new below" in shown(pane)[0]
        pane.snapshot = picture(view(numbered(107, 119)))
        assert "paused, 20+ new below" in shown(pane)[0], "never fewer than there were"
        await pilot.press("end")
        assert rows(pane)[-1] == "119"
        assert "following" in shown(pane)[0]


async def test_older_lines_come_above_and_leave_those_on_the_screen_where_they_are() -> None:
    pane = TailPane()
    asked: list[object] = []

    class Listening(Stage):
        def on_tail_pane_older(self, event: TailPane.Older) -> None:
            asked.append(event)

    async with Listening(pane).run_test(size=(80, 9)) as pilot:
        pane.snapshot = picture(replace(view(numbered(21, 40)), total=40))
        pane.focus()
        await pilot.pause()
        await pilot.press("home")
        await pilot.pause()
        assert len(asked) == 1
        assert rows(pane)[0] == "21"
        pane.snapshot = picture(view(numbered(1, 41), most=2000))
        assert rows(pane)[0] == "21"
        assert pane.selected == "app/21"
        await pilot.press("up")
        assert pane.selected == "app/20"


async def test_another_filter_keeps_the_line_or_goes_to_the_last_one_before_it() -> None:
    pane = TailPane()
    async with Stage(pane).run_test(size=(80, 9)) as pilot:
        pane.snapshot = picture(view(numbered(1, 40)))
        pane.focus()
        await pilot.pause()
        await pilot.press("up", "up", "up")
        kept = numbered(1, 40)[::2]
        pane.snapshot = picture(view(kept, text="odd"))
        assert pane.selected == "app/37"
        pane.snapshot = picture(view(kept[:10], text="old"))
        assert pane.selected == "app/19"


async def test_a_filter_that_is_wrong_is_not_said_to_be_in_force() -> None:
    pane = TailPane()
    async with Stage(pane).run_test(size=(80, 9)):
        pane.wanted = LogsWanted(text="level >")
        pane.snapshot = picture(view(numbered(1, 20), text="level >"))
        assert shown(pane)[0].startswith(" Logs · /level > · following")
        wrong = replace(view(numbered(1, 20), text="level >"), error="column 8: expected a value")
        pane.snapshot = picture(wrong)
        assert shown(pane)[0].startswith(" Logs · following")
        assert "^ expected a value" in shown(pane)[2]


async def test_lines_that_are_wanted_and_no_longer_held_are_told_of_above_the_first() -> None:
    (source,) = sample_logs.logs(LogsWanted()).sources[:1]
    pane = TailPane()
    async with Stage(pane).run_test(size=(80, 9)):
        held = replace(source, held_since=NOW - 10)
        around = LogsWanted(checks=(source.check,), since=NOW - 300)
        pane.snapshot = picture(LogsView(around, numbered(491, 500), 10, (held,)))
        assert shown(pane)[1] == " nothing before 22:13:10.000 is held"
        further = replace(held, check="nginx", held_since=NOW - 900)
        both = replace(around, checks=())
        pane.snapshot = picture(LogsView(both, numbered(491, 500), 10, (held, further)))
        assert shown(pane)[1] == " not all before 22:13:10.000 is held"
        reaches = replace(held, held_since=NOW - 301)
        pane.snapshot = picture(LogsView(around, numbered(491, 500), 10, (reaches,)))
        assert "held" not in shown(pane)[1]


async def test_where_there_is_no_line_what_is_missing_says_why() -> None:
    (source,) = sample_logs.logs(LogsWanted()).sources[:1]
    missing = replace(source, held=0, note="/var/log/*.log: no file is called so")
    pane = TailPane()
    async with Stage(pane).run_test(size=(80, 9)) as pilot:
        pane.snapshot = picture(replace(view(()), sources=(missing,)))
        await pilot.pause()
        told = "\n".join(shown(pane))
        assert "no line has come yet" in told
        assert f"{source.check}: /var/log/*.log: no file is called so" in told


async def test_lines_that_stand_still_are_not_painted_again() -> None:
    pane = TailPane()
    async with Stage(pane).run_test(size=(80, 9)) as pilot:
        pane.snapshot = picture(view(numbered(1, 20)))
        pane.focus()
        await pilot.pause()
        await pilot.press("up")
        asked = spy_on(pane)
        pane.snapshot = picture(view(numbered(1, 20)))
        assert asked == []
        pane.snapshot = picture(view(numbered(1, 21)))
        assert {region.y for region in asked if region is not None} == {0}


def test_a_line_says_when_how_grave_where_from_and_what() -> None:
    lines = {one.record.level: one for one in log_lines()}
    wide, narrow = Columns(110, 20, True), Columns(60, 0, False)
    slow = line_of(lines[Level.WARNING], NOW, wide, UNICODE).text
    assert slow.startswith(" 22:13:19.000 ▲ warning  api-log/api.json     slow query took 1840 ms")
    assert slow.endswith("user_id=7 sql=SELECT * FROM calls")
    failed = line_of(lines[Level.ERROR], NOW, narrow, ASCII).text
    assert failed.startswith(" 22:13:20 X err  Illuminate")
    assert len(failed) <= 60
    old = line_of(lines[Level.ERROR], NOW + 90_000, wide, UNICODE).text
    assert old.startswith(" 14 Nov 22:13 ✖ error")
    assert "+3 lines" in old


def test_a_number_that_is_larger_than_any_is_told_as_it_is() -> None:
    read = decoded('{"n": 1e999, "m": -1e999, "id": 7, "share": 0.5}')
    assert read is not None
    assert [value_text(value) for value in read[0].values()] == ["inf", "-inf", "7", "0.5"]


def test_a_mistake_in_a_filter_has_a_caret_where_it_is() -> None:
    told = [row.text for row in mistake_lines("level > ", "column 9: expected a value", 60)]
    assert told == [" level > ", "         ^ expected a value"]
    long = [row.text for row in mistake_lines("x" * 90, "column 80: no", 30)]
    assert long == [" column 80: no"]
    wide = [row.text for row in mistake_lines("東京" * 9, "column 16: no", 30)]
    assert wide == [" column 16: no"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", 7.0),
        ("user.name", 'O"Neil \\ and\nsons'),
        ("ok", True),
        ("a field", "x"),
        ("and", "1.0"),
        ("ratio", 0.25),
    ],
)
def test_a_condition_fits_the_record_it_was_made_of_and_the_opposite_does_not(
    field: str, value: Value
) -> None:
    one = record(1, NOW, None, "said", fields={field: value})
    without = record(2, NOW, None, "said", fields={})
    other = record(3, NOW, None, "said", fields={field: "something else"})
    only = compiled(condition(field, value))
    left = compiled(condition(field, value, exclude=True))
    assert (only(one), only(other)) == (True, False)
    assert (left(one), left(without), left(other)) == (False, True, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'id = "7"'),
        ("timed out", '"timed out" and id = "7"'),
        ("level >= error", 'level >= error and id = "7"'),
        ("a = 1 or b = 2", '(a = 1 or b = 2) and id = "7"'),
        ('x = 1 and id = "7"', 'x = 1 and id = "7"'),
        ("level >", 'id = "7"'),
    ],
)
def test_a_condition_is_added_to_what_is_filtered_by(before: str, after: str) -> None:
    assert narrowed(before, 'id = "7"') == after
    compiled(after)


@pytest.mark.parametrize(("rate", "count"), [(10_796.0, 10_796), (1_110_796.0, 1_110_796)])
def test_large_figures_of_a_pattern_do_not_touch(rate: float, count: int) -> None:
    first, *more = sample_logs.logs(LogsWanted()).patterns
    busy = replace(first, name="payments-x", rate=rate, count=count, window=60.0)
    rows = [each.text for each in pattern_lines((busy, *more), NOW, Frame(78, 20))]
    assert f" payments-x {rate:,.0f}/min {count:,} in 1min " in rows[0]
    assert len({row.index("/min") for row in rows}) == 1, "the columns are as wide for all"


def test_what_is_missing_of_a_log_stands_beneath_it() -> None:
    sources = sample_logs.logs(LogsWanted()).sources
    text = "\n".join(line.text for line in source_lines(sources, NOW, Frame(100, 20)))
    assert "▲ laravel" in text
    assert "   /var/www/storage/logs/worker.log cannot be read: permission denied" in text
    assert "access.log and 1 more" in text


def test_the_time_and_the_level_of_a_record_stand_twice_only_where_it_says_why() -> None:
    fields: dict[str, Value] = {"time": "14:03:11", "level": "ERR", "user": "7", "message": "said"}
    one = LogLine("app", record(1, NOW, Level.ERROR, "said", fields=fields))
    rows = [row.text.split()[:2] for row in record_lines(one, 80, UNICODE)]
    at = rows.index(["as", "they"])
    assert [name for name, *_ in rows[:at]].count("time") == 1
    assert ["user", "7"] in rows[:at]
    assert rows[at + 1 :] == [["time", "14:03:11"], ["level", "ERR"]]
    bare = LogLine("app", record(1, NOW, Level.ERROR, "said", fields={"user": "7"}))
    assert not any("as they stand" in row.text for row in record_lines(bare, 80, UNICODE))


def test_a_copied_record_has_everything() -> None:
    one = next(one for one in log_lines() if one.record.text)
    text = record_text(one)
    assert "2023-11-14 22:12:30.000+00:00 error laravel/laravel.log Illuminate" in text
    assert "exception: QueryException" in text
    assert text.endswith("#2 {main}")
