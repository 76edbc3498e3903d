"""Figures as text."""

from __future__ import annotations

import math

import pytest

from widgets import format as fmt


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"),
        (math.nan, "—"),
        (math.inf, "—"),
        (0, "0 ms"),
        (1e-9, "<1 µs"),
        (0.00004, "40 µs"),
        (0.0004, "0.4 ms"),
        (0.0011, "1.1 ms"),
        (0.012, "12 ms"),
        (0.2312, "231 ms"),
        (0.9999, "1 s"),
        (1.21, "1.21 s"),
        (12.34, "12.3 s"),
        (125, "2 m 5 s"),
        (7200, "2 h"),
        (-0.5, "-500 ms"),
        (1e12, "11574074 d 1 h"),
    ],
)
def test_durations_keep_the_digits_that_matter(seconds: float | None, text: str) -> None:
    assert fmt.duration(seconds) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (None, "—"),
        (0.0, "0 %"),
        (0.0004, "<0.1 %"),
        (1e-12, "<0.1 %"),
        (0.062, "6.2 %"),
        (0.71, "71 %"),
        (0.9951, "99.5 %"),
        (0.9996, ">99.9 %"),
        (1.0, "100 %"),
        (1.48, "148 %"),
        (math.nan, "—"),
    ],
)
def test_percentages_never_claim_all_or_nothing_wrongly(ratio: float | None, text: str) -> None:
    assert fmt.percent(ratio) == text


def test_no_ratio_between_reads_as_nought_or_hundred() -> None:
    texts = {fmt.percent(step / 10_000) for step in range(1, 10_000)}
    assert not texts & {"0 %", "100 %"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0, "0/s"), (0.5, "0.5/s"), (128, "128/s"), (1204, "1,204/s"), (1.2e6, "1.2M/s")],
)
def test_rates(value: float | None, text: str) -> None:
    assert fmt.rate(value) == text


def test_byte_rates_and_sizes_use_powers_of_a_thousand() -> None:
    assert fmt.rate(2.1e6, "B") == "2.1 MB/s"
    assert fmt.size(999.7e3) == "1 MB"
    assert fmt.size(512) == "512 B"
    assert fmt.size(None) == "—"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0, "0"), (1204, "1,204"), (1.5, "1.5"), (12_345_678, "12.3 M"), (2e12, "2.0 T")],
)
def test_counts(value: float | None, text: str) -> None:
    assert fmt.count(value) == text


def test_one_thing_is_not_called_by_the_word_for_several() -> None:
    assert fmt.many(1, "error") == "1 error"
    assert fmt.many(0, "error") == "0 errors"
    assert fmt.many(1204, "entry", "entries") == "1,204 entries"
    assert fmt.many(1, "entry", "entries") == "1 entry"
    assert fmt.many(None, "run") == "— runs"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (38.2, "+38/min"), (-0.4, "-0.4/min"), (0.0, "±0/min"), (1200, "+1.2k/min")],
)
def test_growth_has_its_sign(value: float | None, text: str) -> None:
    assert fmt.growth(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.2, "now"), (45, "45 s"), (134, "2 m"), (11_000, "3 h"), (1e6, "11 d")],
)
def test_ages_have_one_unit(seconds: float | None, text: str) -> None:
    assert fmt.age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(30.0, "30 s"), (60.0, "1 min"), (900.0, "15 min"), (7200.0, "2 h")]
)
def test_a_window_below_a_minute_is_in_seconds(seconds: float, text: str) -> None:
    assert fmt.window(seconds) == text


def test_chart_units() -> None:
    assert fmt.value_in("s", 0.012) == "12 ms"
    assert fmt.value_in("ratio", 0.062) == "6.2 %"
    assert fmt.value_in("bytes", 2.1e6) == "2.1 MB"
    assert fmt.value_in("1/s", 128) == "128/s"
    assert fmt.value_in("", 1204) == "1,204"


def test_clocks_are_local() -> None:
    assert fmt.clock(1_700_000_000) == "22:13:20"
    assert fmt.date_clock(1_700_000_000) == "2023-11-14 22:13:20"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.4, "<1 s"), (7.9, "7 s"), (10, "10 s"), (17.9, "15 s"), (59, "55 s")],
)
def test_what_grows_is_told_in_steps(seconds: float | None, text: str) -> None:
    assert fmt.coarse(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"),
        (0.4, "<1 s"),
        (59, "55 s"),
        (60, "1 m"),
        (178, "2 m 50 s"),
        (599, "9 m 50 s"),
        (605, "10 m"),
        (3599, "59 m"),
        (4920, "1 h 20 m"),
        (35_999, "9 h 55 m"),
        (36_000, "10 h"),
        (86_399, "23 h"),
        (273_600, "3 d 4 h"),
        (1_070_000, "12 d"),
    ],
)
def test_what_is_left_has_a_second_unit_near_a_decision(seconds: float | None, text: str) -> None:
    assert fmt.until(seconds) == text


@pytest.mark.parametrize("seconds", [61.0, 178.0, 599.0, 4920.0, 7199.0, 35_999.0, 170_000.0])
def test_what_is_left_is_never_short_by_a_fifth(seconds: float) -> None:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
    words = fmt.until(seconds).split()
    told = sum(float(n) * units[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert seconds * 0.8 < told <= seconds
