"""What the tables of services and queues say, as plain text."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from checks.model import Status
from checks.records import RecordView
from checks.views import CheckView
from tests.widgets import samples
from tests.widgets.curves import NOW
from tests.widgets.sample_queues import queue_night
from tests.widgets.sample_services import record, service_night
from widgets.availability.links import needed_by, needs
from widgets.availability.selected import check_lines
from widgets.availability.table import columns_for
from widgets.availability.words import p95_of, percent, strip, strip_name
from widgets.frame import Frame
from widgets.glyphs import ASCII, UNICODE
from widgets.listing.order import arranged, following
from widgets.queue_list.curve import columns_of, curve_lines
from widgets.queue_list.table import QueueTable, chosen_columns
from widgets.queue_list.words import outlook, outlook_sentence

CRITICAL, OK = Status.CRITICAL, Status.OK


def test_failed_runs_and_outages_have_a_line_each_where_one_has_no_room_for_the_words() -> None:
    gateway = next(one for one in service_night().checks if one.name == "gateway")

    def told(width: int) -> list[str]:
        lines = check_lines(gateway, (gateway,), NOW, 60.0, Frame(width, 40))
        rows = [" ".join(row.text.split()) for row in lines if row.key == "windows"]
        return [row for row in rows if row.startswith(("failed runs", "outages"))]

    assert told(118) == ["failed runs 12 in 1 outage 27 in 1 outage 27 in 1 outage 40 in 2 outages"]
    assert told(78) == ["failed runs 12 27 27 40", "outages 1 1 1 2"]


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0, "100"),
        (0.99999, "99.99"),
        (0.9997, "99.97"),
        (0.99, "99.00"),
        (0.9876, "98.7"),
        (0.5, "50.0"),
        (0.00001, "0.1"),
        (0.0, "0"),
        (None, "—"),
        (math.nan, "—"),
    ],
)
def test_availability_is_never_rounded_up_to_all_nor_down_to_nothing(
    ratio: float | None, text: str
) -> None:
    assert percent(ratio) == text


def test_the_strip_tells_statuses_apart_without_colour_and_draws_gaps_as_gaps() -> None:
    past = record(
        ((OK, 120, ""), (None, 120, ""), (Status.WARNING, 60, ""), (CRITICAL, 60, ""),
         (Status.UNKNOWN, 60, ""))
    )  # fmt: skip
    signs = "".join(seg.text for seg in strip(past, 12, UNICODE))
    assert len(signs) == 12
    assert set(signs) == {"▁", " ", "▄", "█", "?"}
    plain = "".join(seg.text for seg in strip(past, 12, ASCII))
    assert plain == signs.translate(str.maketrans("▁▄█", ".!X"))
    assert "".join(seg.text for seg in strip(None, 8, UNICODE)) == " " * 8


def test_runs_that_a_reload_brought_together_reach_no_further_than_it_was_watched() -> None:
    """Ten runs every 5 s are of 50 s, unless some of them were not 5 s apart."""
    check = replace(samples.check("api", history=(0.01,) * 10), interval=5.0)

    def told(seconds: float) -> str:
        seen = replace(check, record=record(((OK, seconds, ""),)))
        lines = check_lines(seen, (seen,), 0.0, 60.0, Frame(100, 40))
        return "\n".join("".join(seg.text for seg in one.segs) for one in lines)

    assert "watched for 30 s so far" in told(30)
    assert "of 10 runs, 30 s" in told(30)
    assert "of 10 runs, 50 s" in told(600)


@pytest.mark.parametrize("width", [60, 47, 30, 21, 10, 5])
def test_a_strip_reaches_as_far_back_as_the_window_that_is_chosen(width: int) -> None:
    """An outage 55 minutes ago counts in the hour's figures: it must be seen beside them."""
    past = record(((OK, 60, ""), (CRITICAL, 240, ""), (OK, 3300, "")))
    signs = "".join(seg.text for seg in strip(past, width, UNICODE, 3600.0))
    assert len(signs) == width
    assert signs.lstrip().lstrip("▁").startswith("█"), signs
    of_minutes = "".join(seg.text for seg in strip(past, width, UNICODE, 60.0))
    assert of_minutes == ("▁" * width if width < 55 else signs), "a minute each, where that does"


@pytest.mark.parametrize(
    ("width", "window", "name"),
    [
        (60, 3600.0, "last 60 min"),
        (47, 900.0, "last 47 min"),
        (47, 3600.0, "last 60 min, 2 min a sign"),
        (20, 3600.0, "60 min, 4 a sign"),
        (9, 900.0, "60 min"),
        (9, 300.0, "9 min"),
        (4, 60.0, "4m"),
    ],
)
def test_a_strip_says_what_it_is_of(width: int, window: float, name: str) -> None:
    assert strip_name(width, window) == name


def test_the_p95_leaves_out_runs_that_were_not_answered() -> None:
    assert p95_of((math.nan, *(at / 100 for at in range(1, 101)))) == 0.95
    assert p95_of((math.nan,)) is None


@pytest.mark.parametrize("width", range(20, 320, 7))
def test_columns_never_take_more_than_there_is(width: int) -> None:
    given = columns_for(40, 8, width, 300.0)
    taken = 3 + given.name + given.word + given.since + 7 * len(given.windows)
    taken += given.failed + given.now + given.p95 + given.kind + given.strip + given.message
    assert taken <= max(width, 29)
    every = frozenset({"size", "outlook", "growth", "failed", "spark", "busy", "oldest", "in"})
    assert sum(cells for _, cells in chosen_columns(width, every)) <= width


def _chain() -> tuple[CheckView, ...]:
    def one(name: str, status: Status, *on: str) -> CheckView:
        return samples.check(name, status, depends_on=on)

    return (
        one("disk", OK),
        one("db", CRITICAL, "disk"),
        one("api", OK, "db", "cache", "gone"),
        one("cache", OK, "db"),
        one("web", CRITICAL, "api", "db"),
    )


def test_the_whole_tree_is_followed_in_both_directions() -> None:
    checks = _chain()
    db, web = checks[1], checks[4]
    by = [(link.check.name, link.depth, link.meaning) for link in needed_by(db, checks)]
    assert by == [
        ("api", 0, "may suffer"),
        ("web", 1, "suffers: no answer within 3 s"),
        ("cache", 0, "may suffer"),
    ]
    above = [(link.check.name, link.depth) for link in needs(web, checks)]
    assert above == [("api", 0), ("db", 1), ("disk", 2), ("cache", 1)]
    assert needs(web, checks)[1].meaning == "may be the cause: no answer within 3 s"


def test_a_circle_of_dependencies_ends() -> None:
    one = samples.check("one", depends_on=("two",))
    two = samples.check("two", depends_on=("one",))
    assert [link.check.name for link in needs(one, (one, two))] == ["two"]


def test_rows_are_grouped_in_the_order_of_their_first_and_what_is_equal_stays() -> None:
    groups = arranged("bABca", lambda letter: (letter.casefold(),), lambda letter: letter.upper())
    assert [(group.name, "".join(group.items)) for group in groups] == [
        ("A", "Aa"),
        ("B", "bB"),
        ("C", "c"),
    ]


@pytest.mark.parametrize(
    ("at", "step", "found"),
    [("a", 1, "c"), ("c", 1, "e"), ("e", 1, "c"), ("a", -1, "e"), (None, 1, "c"), (None, -1, "e")],
)
def test_the_next_match_is_looked_for_all_round(at: str | None, step: int, found: str) -> None:
    assert following(list("abcde"), lambda key: key in "ce", at, step) == found
    assert following(list("abcde"), lambda _: False, at, step) is None


@pytest.mark.parametrize(
    ("size", "growth", "words", "sentence"),
    [
        (None, None, "—", "its size is not known"),
        (10, None, "—", "not seen for long enough to say where it is going"),
        (10, 0.0, "steady", "neither grows nor shrinks"),
        (0, 0.0, "empty", "neither grows nor shrinks"),
        (100, -50, "empty in 2 m", "-50/min now: empty in 2 m at this rate"),
        (148, -50, "empty in 2 m 50 s", "-50/min now: empty in 2 m 50 s at this rate"),
        (500, 100, "warning in 5 m", "+100/min now: never empty at this rate; past its "
         "warning bound of 1,000 in 5 m"),
        (2000, 100, "critical in 30 m", "+100/min now: never empty at this rate; past its "
         "critical bound of 5,000 in 30 m"),
        (9000, 100, "never empty", "+100/min now: never empty at this rate"),
    ],
)  # fmt: skip
def test_where_a_queue_is_going_is_said_in_words(
    size: float | None, growth: float | None, words: str, sentence: str
) -> None:
    queue = replace(queue_night().queues[0], size=size, growth=growth, warning=1000, critical=5000)
    assert outlook(queue)[0] == words
    assert outlook_sentence(queue) == sentence


@pytest.mark.parametrize(
    ("room", "words"),
    [(20, "critical in 1 h 20 m"), (19, "critical in 1 h"), (17, "critical in 1 h")],
)
def test_a_second_unit_is_told_where_it_has_room(room: int, words: str) -> None:
    queue = replace(queue_night().queues[0], size=1720, growth=40, warning=1000, critical=5000)
    assert outlook(queue, room)[0] == words


def test_a_wide_table_has_room_for_the_longest_of_them() -> None:
    every = frozenset({"size", "outlook", "growth", "failed", "spark", "busy", "oldest", "word"})
    assert dict(chosen_columns(100, every))["outlook"] - 2 >= len("critical in 9 h 55 m")


@pytest.mark.parametrize(("growth", "word"), [(900, "grows"), (-900, "shrinks")])
def test_a_rate_that_has_not_held_is_told_without_a_forecast(growth: float, word: str) -> None:
    queue = replace(queue_night().queues[0], size=500, growth=growth, warning=1000, held=False)
    assert outlook(queue)[0] == word
    told = outlook_sentence(queue)
    assert told == f"{growth:+}/min now, but not for long enough to say where it leads"


def test_the_bounds_are_drawn_into_the_curve_and_far_ones_left_to_words() -> None:
    queue = queue_night().queues[0]
    lines = curve_lines(queue, Frame(100, 12))
    rule = [line.text for line in lines if "───" in line.text]
    assert len(rule) == 1
    assert rule[0].strip().startswith("1,000 ─")
    assert not any("5,000" in line.text for line in lines)
    passed = {seg.role for line in lines for seg in line.segs if "█" in seg.text}
    assert passed == {"spark", "warning"}
    assert lines[-1].text.endswith("now")


def test_no_curve_ends_below_the_size_that_is_told_or_hides_how_high_it_was() -> None:
    course = (*([0.0] * 150), 900.0, *([0.0] * 208), 150.0)
    queue = replace(
        queue_night().queues[0],
        size=600,
        course=course,
        course_step=2.5,
        course_last=7,
        warning=None,
    )
    points, _ = columns_of(queue, 60)
    assert points[-1] == 600
    assert max(points) == 900
    assert curve_lines(queue, Frame(70, 12))[0].text.split()[0] == "1,000"


def test_a_curve_of_nothing_is_not_drawn() -> None:
    unread = next(queue for queue in queue_night().queues if queue.size is None)
    assert curve_lines(unread, Frame(100, 12)) == []


@pytest.mark.parametrize("width", [10, 33, 69, 110, 189, 400])
def test_a_curve_shows_most_of_what_is_remembered_at_any_width(width: int) -> None:
    points, seconds = columns_of(queue_night().queues[0], width)
    assert len(points) <= width
    assert len(points) * seconds >= 0.75 * 900


def test_a_record_answers_for_the_nearest_window() -> None:
    past: RecordView = record(((OK, 3700, ""),))
    assert [past.over(seconds).seconds for seconds in (1, 70, 1000, 1e9)] == [60, 60, 900, 3600]


def test_the_column_of_names_has_room_for_its_own_name() -> None:
    table = QueueTable()
    queues = [replace(queue, name="q") for queue in queue_night().queues[:1]]
    table.measure(queues, Frame(100, 20))
    assert " queue " in table.names().text
