"""Reading a plugin's output: what the guidelines say, what real plugins do, and anything at all."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.probes.command.perfdata import (
    MOST_DATA,
    MOST_PROBLEMS,
    Datum,
    Range,
    parse_output,
    parse_perfdata,
    parse_range,
)

INF = math.inf


def only(text: str) -> Datum:
    data, problems = parse_perfdata(text)
    assert problems == ()
    (datum,) = data
    return datum


@pytest.mark.parametrize(
    ("text", "expected", "quiet", "alerting"),
    [
        ("10", Range(0, 10), (0, 5, 10), (-0.1, 10.1)),
        ("10:", Range(10, INF), (10, 1e9), (9.9, -1)),
        ("~:10", Range(-INF, 10), (-1e9, 10), (10.1,)),
        ("10:20", Range(10, 20), (10, 20), (9, 21)),
        ("@10:20", Range(10, 20, True), (9, 21), (10, 15, 20)),
        ("@~:5", Range(-INF, 5, True), (6,), (5, -9)),
        (":7", Range(0, 7), (3,), (-1, 8)),
        ("-5:-1", Range(-5, -1), (-3,), (0, -6)),
        ("1.5e3", Range(0, 1500), (1500,), (1501,)),
        ("0", Range(0, 0), (0,), (1,)),
        ("~:", Range(-INF, INF), (0,), ()),
        ("80%", Range(0, 80), (80,), (81,)),
    ],
)
def test_ranges(
    text: str, expected: Range, quiet: tuple[float, ...], alerting: tuple[float, ...]
) -> None:
    found = parse_range(text)
    assert found == expected
    assert not [value for value in quiet if found.alerts(value)]
    assert all(found.alerts(value) for value in alerting)


def test_no_range() -> None:
    assert parse_range("") is None
    assert parse_range("  ") is None


@pytest.mark.parametrize("text", ["x", "@", "~", "10:20:30", "1-2", "--3", "20:10", "1e999:"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no range|ends before it begins"):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("a=5", 5, ""),
        ("a=-1.5", -1.5, ""),
        ("a=.5", 0.5, ""),
        ("a=1e3", 1000, ""),
        ("a=0,25s", 0.25, "seconds"),
        ("a=12ms", 0.012, "seconds"),
        ("a=12us", 12e-6, "seconds"),
        ("a=12µs", 12e-6, "seconds"),
        ("a=12ns", 12e-9, "seconds"),
        ("a=50%", 0.5, "ratio"),
        ("a=3B", 3, "bytes"),
        ("a=2KB", 2048, "bytes"),
        ("a=2kB", 2048, "bytes"),
        ("a=2MB", 2 * 1024**2, "bytes"),
        ("a=2MiB", 2 * 1024**2, "bytes"),
        ("a=1TB", 1024**4, "bytes"),
        ("a=42C", 42, "C"),
        ("a=3b", 3, "b"),
        ("a=U", None, ""),
        ("a=", None, ""),
        ("a=nan", None, ""),
        ("a=1e999", None, ""),
        ("a=5;;;;", 5, ""),
    ],
)
def test_values_and_units(text: str, value: float | None, unit: str) -> None:
    datum = only(text)
    assert datum.value == (None if value is None else pytest.approx(value))
    assert (datum.unit, datum.counter) == (unit, False)


def test_a_counter() -> None:
    assert only("octets=123456c") == Datum("octets", 123456, counter=True)


def test_bounds_are_in_the_base_unit_too() -> None:
    datum = only("rta=80ms;100;~:200;0;1000")
    assert datum.warning == Range(0, 0.1)
    assert datum.critical == Range(-INF, 0.2)
    assert (datum.minimum, datum.maximum) == (0, 1)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("'free space'=1", "free space"),
        ("'it''s'=1", "it's"),
        ("'a=b'=1", "a=b"),
        ("'C:\\ %'=1", "C:\\ %"),
        ("/var/lib=1", "/var/lib"),
        ("time::http=1", "time::http"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert only(text).label == label


def test_what_cannot_be_read_is_named_and_costs_nothing_else() -> None:
    data, problems = parse_perfdata("a=1 junk b=x;1 c=2;9:1;5 =3 'open d=4 e=1|2")
    assert [datum.label for datum in data] == ["a", "c", "d"]
    assert data[1] == Datum("c", 2)
    assert problems == (
        "'junk' has no label",
        "b: 'x' is no value",
        "c: the range '9:1' ends before it begins",
        "'=3' has no label",
        '"\'open" has no label',
    )


def test_output_of_several_lines() -> None:
    output = parse_output(
        "DISK OK - free | /=2MB;3;4;0;9\n/ 15272 MB (77%);\n/boot 68 MB (69%); | /boot=68MB\n"
        "'/var/log'=3MB\n"
    )
    assert output.sentence == "DISK OK - free"
    assert output.long == "/ 15272 MB (77%);\n/boot 68 MB (69%); "
    assert [datum.label for datum in output.data] == ["/", "/boot", "/var/log"]


def test_without_perfdata_a_bar_is_a_bar() -> None:
    output = parse_output("\n a | b=1 \nmore | c=2", perfdata=False)
    assert (output.sentence, output.long, output.data) == ("a | b=1", "more | c=2", ())


def test_nothing() -> None:
    assert parse_output("") == parse_output(" \n \n")
    assert parse_output("| a=1").sentence == ""


def test_no_more_than_is_kept() -> None:
    data, problems = parse_perfdata(" ".join(f"a{n}=1" for n in range(1000)))
    assert len(data) == MOST_DATA
    assert problems == (f"more than {MOST_DATA} data",)


@pytest.mark.parametrize(
    "piece", ["'", "'' ", "' ", "''' ", "a=", "a=1;", ";", "1" * 400, "|", "= "]
)
def test_long_nonsense_is_quick(piece: str) -> None:
    began = time.process_time()
    parse_output("x|" + piece * (64_000 // len(piece)))
    assert time.process_time() - began < 0.5


quick = settings(database=None, deadline=None, max_examples=150)


@quick
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    output = parse_output(f"x | {text}")
    for datum in output.data:
        numbers = (datum.value, datum.minimum, datum.maximum)
        assert all(number is None or math.isfinite(number) for number in numbers)


numbers = st.floats(-1e12, 1e12).map(lambda value: round(value, 3))
labels = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="'|"), min_size=1)
ends = st.one_of(st.just(""), numbers.map(repr))


@quick
@given(
    st.lists(
        st.tuples(labels.filter(lambda text: len(text) <= 100), numbers, numbers, numbers, numbers),
        max_size=20,
    )
)
def test_what_was_written_is_read_again(rows: list[tuple[str, float, float, float, float]]) -> None:
    words = [
        f"'{label}'={value!r};{min(one, two)!r}:{max(one, two)!r};@~:{one!r};{least!r}"
        for label, value, one, two, least in rows
    ]
    data, problems = parse_perfdata(" ".join(words))
    assert problems == ()
    assert data == tuple(
        Datum(
            label,
            value,
            "",
            Range(min(one, two), max(one, two)),
            Range(-INF, one, True),
            least,
        )
        for label, value, one, two, least in rows
    )


@quick
@given(st.sampled_from(["", "@"]), st.one_of(ends, st.just("~")), ends, numbers)
def test_a_range_alerts_outside_or_within(at: str, start: str, end: str, value: float) -> None:
    text = f"{at}{start}:{end}"
    low = -INF if start == "~" else float(start or 0)
    high = float(end) if end else INF
    if low > high:
        with pytest.raises(ValueError, match="ends before it begins"):
            parse_range(text)
        return
    found = parse_range(text)
    assert found is not None
    assert found.alerts(value) is ((low <= value <= high) is bool(at))


@pytest.mark.parametrize("word", ["x ", "a=x "])
def test_what_is_no_performance_data_is_given_up(word: str) -> None:
    """A megabyte of it kept everybody waiting for half a second."""
    began = time.process_time()
    data, problems = parse_perfdata("ok=1 " + word * 250_000)
    assert time.process_time() - began < 0.1
    assert [datum.label for datum in data] == ["ok"]
    assert len(problems) == MOST_PROBLEMS
