"""Series descriptions: every form of labels and values, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from checks.promql.answers import series_name
from checks.promqltest.series import Histogram, parse_series
from checks.store.block import STALE, is_stale


def test_names_and_labels() -> None:
    cases = {
        "up": (("__name__", "up"),),
        "job:up:rate5m": (("__name__", "job:up:rate5m"),),
        'up{job="a",instance="b"}': (("__name__", "up"), ("instance", "b"), ("job", "a")),
        "{}": (),
        'up{job = "a" , }': (("__name__", "up"), ("job", "a")),
        "up{job='a', path=`b\\c`}": (("__name__", "up"), ("job", "a"), ("path", "b\\c")),
        r'up{path="a\"b\\c\nd\x41"}': (("__name__", "up"), ("path", 'a"b\\c\ndA')),
        '{"http.requests", "my label"="é"}': (("__name__", "http.requests"), ("my label", "é")),
        '{__name__="up", empty=""}': (("__name__", "up"),),
        'up{a="x # y {{ } 1"}': (("__name__", "up"), ("a", "x # y {{ } 1")),
    }
    for text, labels in cases.items():
        found = parse_series(f"{text} 1")
        assert (found.labels, found.points) == (labels, (1.0,)), text


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("", ()),
        ("1", (1,)),
        ("1 2 -3 +4 .5 1e3 -2.5E-1", (1, 2, -3, 4, 0.5, 1000, -0.25)),
        ("_", (None,)),
        ("_x3", (None,) * 3),
        ("_x0 1", (1,)),
        ("7x3", (7,) * 4),
        ("7x0", (7,)),
        ("0x10", (0,) * 11),
        ("1+2x3", (1, 3, 5, 7)),
        ("-1-2x3", (-1, -3, -5, -7)),
        ("0+0.5x2 _ 9", (0, 0.5, 1, None, 9)),
        ("1_000", (1000,)),
        ("Inf +Inf -Inf inf", (math.inf, math.inf, -math.inf, math.inf)),
        ("-0x1", (-0.0, -0.0)),
    ],
)
def test_values(text: str, points: tuple[float | None, ...]) -> None:
    found = parse_series(f"x {text}").points
    assert found == points
    assert [math.copysign(1, p) for p in found if isinstance(p, float)] == [
        math.copysign(1, p) for p in points if p is not None
    ]


def test_nan_is_told_from_the_stale_marker() -> None:
    nan, stale, *repeated = parse_series("x NaN stale stalex1").points
    assert np.array([nan, stale, *repeated]).dtype == np.float64
    assert list(is_stale(np.array([nan, stale, *repeated]))) == [False, True, True, True]
    assert math.isnan(STALE)


def test_steps_are_added_up_as_prometheus_adds_them() -> None:
    points = parse_series("x 0+0.1x3").points
    assert points == (0, 0.1, 0.2, 0.1 + 0.1 + 0.1)
    assert points[3] != 0.3


def test_native_histograms_are_recognised() -> None:
    text = "x {{schema:0 count:2 sum:3 buckets:[1 1]}} {{count:1}}x2 {{}}+{{count:2}}x1 _ 5"
    points = parse_series(text).points
    assert [type(point) for point in points] == [Histogram] * 6 + [type(None), float]
    assert points[0] == Histogram("{{schema:0 count:2 sum:3 buckets:[1 1]}}")


def test_a_series_is_written_as_it_is_read() -> None:
    for text in ("up", "{}", 'up{a="1", b="x\\"y"}', '{"http.requests", "my label"="é"}'):
        assert series_name(parse_series(f"{text} 1").labels) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", 'expected a series such as name{label="value"}, found ""'),
        ("1 2", 'expected a series such as name{label="value"}, found "1 2"'),
        ("up{ 1", 'expected a label\'s name, found "1"'),
        ('up{a="1"', "expected a comma or } among the labels, found the end of the line"),
        ('up{a="1" b="2"} 1', 'expected a comma or } among the labels, found "b="2"} 1"'),
        ("up{a} 1", "the label a needs = and a value in quotes"),
        ("up{a=1} 1", "the value of the label a stands in no quotes"),
        ('up{a="1', "the value of the label a stands in no quotes"),
        ('up{a="1",a="2"} 1', "the label a stands there twice"),
        ('up{"down"} 1', "the metric's name is given twice: up and down"),
        (r'up{a="\q"} 1', "invalid syntax"),
        ("up{}1", 'expected a blank before the values, found "1"'),
        ("up 1+2", 'expected a value such as 1, _, 0+10x5 or stale, found "1+2"'),
        ("up 1x", 'expected a value such as 1, _, 0+10x5 or stale, found "1x"'),
        ("up 1 # why", 'expected a value such as 1, _, 0+10x5 or stale, found "# why"'),
        ("up one", 'expected a value such as 1, _, 0+10x5 or stale, found "one"'),
        ("up _1", 'expected a value such as 1, _, 0+10x5 or stale, found "_1"'),
        ("up {{count:1}", 'expected a value such as 1, _, 0+10x5 or stale, found "{{count:1}"'),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its sentence is compared
        parse_series(text)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    "item", ["1x1000000", "_x99999999999", "1+1x" + "9" * 5000, "stalex1000000"]
)
def test_a_line_may_not_explode(item: str) -> None:
    with pytest.raises(ValueError, match="makes more than 500,000 values of one line"):
        parse_series(f"x {item}")
    with pytest.raises(ValueError, match="makes more than 500,000 values of one line"):
        parse_series(f"x 1x250000 {item.replace('1000000', '250000')}")
