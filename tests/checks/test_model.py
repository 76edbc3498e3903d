"""Text from targets is harmless, series are shared, statuses are ordered."""

from __future__ import annotations

import math
import time
import tracemalloc

import pytest

from checks.model import (
    Part,
    Result,
    Sampler,
    Samples,
    Series,
    Status,
    Table,
    clean,
    clean_lines,
    worst,
)


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("plain ✖ text", "plain ✖ text"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]52;c;aGFjaw==\x1b\\paste", "paste"),
        ("\x9b2Jcleared", "cleared"),
        ("a\x1bPq#0;2;0;0;0\x1b\\b", "ab"),
        ("line\r\nbreak\ttab", "line break tab"),
        ("bell\x07 nul\x00 del\x7f", "bell nul del"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud800 pair", "half  pair"),
        ("[red]markup[/red]", "[red]markup[/red]"),
        ("unfinished \x1b[", "unfinished "),
    ],
)
def test_control_characters_never_survive(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


def test_long_text_is_cut_with_a_sign() -> None:
    assert clean("x" * 1000, 10) == "x" * 9 + "…"
    assert len(clean("\x1b[31m" * 100_000 + "end", 50)) <= 50


def test_lines_are_kept_in_raw_answers_and_nothing_else() -> None:
    assert clean_lines("one\x1b[2J\r\ntwo\x07") == "one\ntwo"
    assert clean_lines("a\n" * 100, 10).endswith("…")


@pytest.mark.parametrize(
    "text",
    ["", "a", "a\n", "a\n\n", "\na b", "a\tb\n", "a\r\nb", "ä\nb", "a\x0bb", "x" * 30 + "\ny"],
)
def test_plain_lines_are_left_as_the_others_are(text: str) -> None:
    lines = [clean(line.expandtabs(4), 20) for line in text.splitlines()]
    assert clean_lines(text, width=20) == "\n".join(lines)


def test_a_long_raw_answer_takes_no_time_from_the_other_checks() -> None:
    answer = "x 1\n" * 5_000
    began = time.thread_time()
    for _ in range(10):
        clean_lines(answer)
    assert (time.thread_time() - began) / 10 < 0.004


def test_every_text_of_a_result_is_cleaned() -> None:
    evil = "\x1b[31mevil\x07"
    result = Result(
        Status.OK,
        evil,
        value=evil,
        raw=evil,
        parts=(Part(evil, Status.OK, evil, evil),),
        facts=((evil, evil),),
        events=(evil,),
        tables=(Table(evil, (evil,), ((evil,),)),),
    )
    texts = [result.message, result.value, result.raw, *result.events]
    texts += [*result.facts[0], result.parts[0].name, result.parts[0].message]
    texts += [result.parts[0].value, result.tables[0].title, *result.tables[0].rows[0]]
    assert set(texts) == {"evil"}


def test_equal_series_are_one_object_whatever_the_label_order() -> None:
    one = Series.of("up", {"job": "api", "instance": "a:1"})
    assert one is Series.of("up", {"instance": "a:1", "job": "api", "empty": ""})
    assert repr(one) == 'up{instance="a:1",job="api"}'


def test_series_hold_the_name_and_the_labels_that_they_have_in_common_once() -> None:
    def texts(at: int) -> tuple[str, dict[str, str]]:
        page = f"requests_total job api path /{at}".split()
        return page[0], {page[1]: page[2], page[3]: page[4]}

    one, other = Series.of(*texts(1)), Series.of(*texts(2))
    assert one.labels[0] == ("job", "api")
    assert one.name is other.name
    assert one.labels[0] is other.labels[0]
    assert one.labels[1][0] is other.labels[1][0]
    assert one.labels[1] != other.labels[1]


def test_labels_that_are_another_with_every_scrape_do_not_stay() -> None:
    tracemalloc.start()
    try:
        for at in range(30_000):
            Series.of(f"m{at}", {f"l{at}": f"{at}" * 20, "body": "x" * 5_000 + str(at)})
        assert tracemalloc.get_traced_memory()[0] < 3e6
    finally:
        tracemalloc.stop()


def test_series_that_no_run_tells_any_more_do_not_stay() -> None:
    """Rows of a query by a customer's number, interfaces of containers: ever new ones."""
    sampler = Sampler({"job": "shop"})
    known = len(Series._interned)
    for run in range(500):
        builder = sampler.builder()
        builder.add("steady", run)
        for row in range(20):
            builder.add("orders", row, {"customer": f"{run}-{row}"})
        builder.build()
    assert len(Series._interned) - known < 1_000


def test_however_many_series_each_run_tells_they_are_made_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampler = Sampler({"job": "shop"})

    def run() -> Samples:
        builder = sampler.builder()
        for row in range(5_000):
            builder.add("orders", row, {"customer": f"{row}"})
        return builder.build()

    first = run()
    assert run().series == first.series

    def makes(*told: object) -> Series:
        raise AssertionError(f"{told} is made anew")

    monkeypatch.setattr(Series, "of", makes)
    for _ in range(3):
        assert run().series == first.series


def test_a_label_that_collides_with_the_targets_is_kept_as_exported() -> None:
    series = Sampler({"job": "api", "instance": "a:1"}).series("m", {"job": "theirs"})
    assert series.label("job") == "api"
    assert series.label("exported_job") == "theirs"


def test_a_series_given_twice_keeps_its_last_value_and_none_is_absent() -> None:
    builder = Sampler({}).builder()
    builder.add("a", 1)
    builder.add("a", 2)
    builder.add("b", None)
    builder.add("c", math.nan)
    samples = builder.build()
    assert samples.get("a") == 2
    assert samples.get("b") is None
    assert len(samples) == 2


def test_the_worst_status_is_critical_then_unknown_then_warning() -> None:
    every = [Status.OK, Status.WARNING, Status.UNKNOWN, Status.CRITICAL]
    assert [worst(every[: n + 1]) for n in range(4)] == every
    assert [status.exit_code for status in every] == [0, 1, 3, 2]


def test_a_reason_outside_the_documented_ones_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="unknown reason"):
        Result(Status.OK, "x", reason="because")
