"""Texts and numbers as Go writes and reads them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.promql.literals import format_float, parse_duration, quote, unquote


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (1e21, "1000000000000000000000"),
        (1.5e-7, "0.00000015"),
        (0.1 + 0.2, "0.30000000000000004"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_values_in_labels_have_no_exponent(value: float, text: str) -> None:
    assert format_float(value) == text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("tab\tline\n", '"tab\\tline\\n"'),
        ("größe", '"größe"'),
        ("\udcff", '"\\xff"'),
        ("\x00\u200b", '"\\x00\\u200b"'),
    ],
)
def test_texts_are_quoted_as_go_does(text: str, quoted: str) -> None:
    assert quote(text) == quoted
    assert unquote(quoted) == text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=20))
def test_a_quoted_text_is_itself_again(text: str) -> None:
    assert unquote(quote(text)) == text


def test_durations() -> None:
    assert parse_duration("1d2h3m4s5ms") == 93_784_005
    assert parse_duration("1y") == 365 * 86_400_000
    for text in ("", "5", "1m1h", "1h1h", "-5m", "1.5h", "5x"):
        with pytest.raises(ValueError, match="not a valid duration string"):
            parse_duration(text)
    with pytest.raises(ValueError, match="out of range"):
        parse_duration("300y")
