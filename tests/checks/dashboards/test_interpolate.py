"""Variables in expressions and texts, as Grafana writes them."""

from __future__ import annotations

import pytest

from checks.dashboards.figures import figure
from checks.dashboards.interpolate import Value, Values
from checks.dashboards.patterns import pattern_of
from checks.dashboards.probing import mistake_in
from checks.dashboards.units import unit_of

VALUES = Values(
    {
        "one": Value(("a.b",)),
        "some": Value(("a.b", "c|d"), several=True),
        "single": Value(("a.b",), several=True),
        "all": Value((".+",), several=True, raw=True),
        "auto": Value(("auto",), own="__rate_interval"),
    },
    start=1_700_000_000,
    end=1_700_003_600,
    step=15.0,
    scrape=30.0,
    title="Board",
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('x{a="$one"}', 'x{a="a.b"}'),
        ('x{a=~"$some"}', 'x{a=~"(a\\\\.b|c\\\\|d)"}'),
        ('x{a=~"${single}"}', 'x{a=~"a\\\\.b"}'),
        ('x{a=~"[[all]]"}', 'x{a=~".+"}'),
        ('x{a=~"${some:pipe}"}', 'x{a=~"a.b|c|d"}'),
        ("${some:csv} ${some:raw}", "a.b,c|d a.b,c|d"),
        ("${some:regex}", "(a\\.b|c\\|d)"),
        ("${some:json}", '["a.b", "c|d"]'),
        ("${one:singlequote} ${one:doublequote}", "'a.b' \"a.b\""),
        ("[[one:glob]] ${some:glob}", "a.b {a.b,c|d}"),
        # At least four samples, whatever the step: here 4 x 30 s.
        ("rate(x[$__rate_interval])", "rate(x[120s])"),
        ("rate(x[$auto])", "rate(x[120s])"),
        ("[$__interval] $__interval_ms", "[15s] 15000"),
        ("[$__range] $__range_s $__range_ms", "[3600s] 3600 3600000"),
        ("$__from ${__to:date:seconds} ${__from:date:iso}", "1700000000000 1700003600 2023-11-14"),
        ("${__from:date:YYYY-MM}", "2023-11"),
        ("$nobody ${nobody} $1", "$nobody ${nobody} $1"),
    ],
)
def test_where_variables_stand(text: str, written: str) -> None:
    assert VALUES.promql(text).startswith(written)


@pytest.mark.parametrize(
    ("written", "text", "found"),
    [
        ('/instance="([^"]+)"/', 'up{instance="a:1"} 1', "a:1"),
        ("/(?<value>[a-z]+)-.*/", "web-1", "web"),
        ("/WEB/i", "web", "web"),
        ("b$", "ab", "b"),
    ],
)
def test_patterns_are_javascripts(written: str, text: str, found: str) -> None:
    match = pattern_of(written).search(text)
    assert match
    assert (match.groups() or (match[0],))[0] == found


def test_no_pattern_takes_long_and_what_cannot_be_used_is_told() -> None:
    assert not pattern_of("(a+)+$").search("a" * 200 + "!")
    with pytest.raises(ValueError, match="cannot be used"):
        pattern_of("/^(?!x)/")


def test_titles_are_for_people() -> None:
    assert VALUES.plain("of $some in $__dashboard") == "of a.b + c|d in Board"


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("rate(x[$__rate_interval])", ""),
        ("topk($nobody, x)", "there is no variable $nobody"),
        ("sum(x", "unclosed left parenthesis"),
    ],
)
def test_mistakes_are_seen_before_anything_is_measured(expr: str, said: str) -> None:
    assert mistake_in(expr, ()) == said


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("short", ("", 1)),
        ("percentunit", ("ratio", 1)),
        ("ms", ("s", 1e-3)),
        ("decgbytes", ("B", 1e9)),
        ("reqps", ("/s", 1)),
        ("suffix: req", (" req", 1)),
        ("furlongs", ("furlongs", 1)),
        ("\x1b[31mred", ("red", 1)),
    ],
)
def test_units(name: str, ours: tuple[str, float]) -> None:
    assert unit_of(name) == ours


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (1.5e9, "B", None, "1.5 GB"),
        (2048, "B/s", 2, "2.05 kB/s"),
        (0.25, "s", None, "250 ms"),
        (90_000, "s", None, "1.04 d"),
        (0.999, "ratio", 1, "99.9 %"),
        (1234567, "", None, "1,234,567"),
        (float("nan"), "B", None, "–"),
        (float("-inf"), "", None, "-∞"),
    ],
)
def test_figures_of_tables(value: float, unit: str, decimals: int | None, text: str) -> None:
    assert figure(value, unit, decimals) == text
