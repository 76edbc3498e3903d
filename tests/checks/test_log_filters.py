"""The language of filters: what fits, and what is said where one is wrong."""

from __future__ import annotations

import pytest

from checks.logs.filters import FilterError, compiled
from tests.checks.log_kit import record

SLOW = record(
    "Slow query on users",
    "warning",
    context__duration=1500,
    context__sql="select * from users",
    duration=30.5,
    threshold="10.0",
    status="500",
    channel="webhooks",
    ok=True,
    user_id="7",
    text='{"message": "Slow query on users", "trace": "abc123"}',
    patterns=("slow", "sql"),
)
FITS = (
    "level >= warning",
    "level >= WARN",
    "level = warning and not level = error",
    "level in [error, warning]",
    "level != error",
    'message ~ "(?i)slow query"',
    'message ~ "^Slow query on \\w+$"',
    'message !~ "fast"',
    'message contains "SLOW QUERY"',
    "context.duration > 1000",
    "context.duration = 1500",
    "duration > threshold",
    "threshold < duration",
    "threshold = 10",
    "status >= 400",
    "status = 500",
    'status = "500"',
    "status in [500, 502]",
    "user_id in [7]",
    "channel = webhooks",
    'channel = "webhooks"',
    "channel not in [mail, push]",
    "ok = true",
    "nothing = null",
    "nothing != 5",
    "not exists(nothing)",
    "exists(channel) and exists(`context.sql`)",
    "pattern = slow",
    "pattern in [other, sql]",
    'source = "app.log"',
    "status = 404 or channel = webhooks and context.duration > 1",
    "(status = 404 or channel = webhooks) AND context.duration > 1",
    'level >= warning and message ~ "query" and context.duration > 1000',
    '"abc123" and level = warning',
    'not "Fast query"',
    "slow query",
    "ABC123",
    "select * from",
    "webhooks",
)
FITS_NOT = (
    "level >= error",
    "level = none",
    "level < warning",
    'message ~ "slow query"',
    "context.duration > 1500",
    "duration <= threshold",
    "status > 500",
    "message > 5",
    "nothing > 5",
    "nothing < 5",
    "nothing = threshold",
    "not exists(channel)",
    'channel not contains "hook"',
    "channel not in [mail, webhooks]",
    "ok = false",
    "ok = 1",
    "pattern = fast",
    "exists(nothing)",
    '"abc124"',
    "not found",
    "status = 404 or channel = mail",
    "context.sql = null",
)


@pytest.mark.parametrize("text", FITS)
def test_it_fits(text: str) -> None:
    assert compiled(text)(SLOW)


@pytest.mark.parametrize("text", FITS_NOT)
def test_it_does_not_fit(text: str) -> None:
    assert not compiled(text)(SLOW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("level >=", "column 9: expected a value: text in quotes, a number or a field"),
        ("level >= grave", "column 10: grave is no level; write trace, debug, info"),
        ("level ~ war", "column 1: levels are compared with"),
        ('message ~ "("', "column 11: '(' is no regular expression of RE2's"),
        ('message ~ "abc', 'column 11: the text that begins with " has no end'),
        ("status = 500 && level = error", "column 14: write and, or, not"),
        ("duration > 5s", "column 12: 5s is no number; write it in the field's own unit"),
        ("(status = 500", "column 14: expected )"),
        ("status = 500 level", "column 14: expected and, or, or the end, not level"),
        ("status in [500, ]", "column 17: expected a value"),
        ('level "error" = 5', "column 7: expected an operator such as = or ~ after level"),
        ("= 5", "column 1: expected a field such as level or message, not ="),
        ("path = /api/{id}", "column 8: put text such as /api/{id} in quotes"),
        ("(" * 60 + "a = 5" + ")" * 60, "nested deeper than 50 times"),
        ("a = " + "5" * 3_000, "column 2001: a filter has at most 2,000 characters"),
    ],
)
def test_an_error_says_where_and_what(text: str, said: str) -> None:
    with pytest.raises(FilterError) as caught:
        compiled(text)
    assert said in str(caught.value)


def test_a_record_without_a_level_is_less_than_none() -> None:
    plain = record("starting")
    assert compiled("level = none")(plain)
    assert not compiled("level >= trace")(plain)
    assert not compiled("level < error")(plain)
