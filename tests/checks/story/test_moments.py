"""Which moment somebody means: a time of day, a date, so long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from checks.story.moments import moment_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 31, 14, 10, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-01-31 14:10:00"),
        ("", "2026-01-31 14:10:00"),
        ("14:05", "2026-01-31 14:05:00"),
        ("9:05:30", "2026-01-31 09:05:30"),
        ("today 14:05", "2026-01-31 14:05:00"),
        ("Yesterday  23:50", "2026-01-30 23:50:00"),
        # Clocks showed it last yesterday.
        ("23:50", "2026-01-30 23:50:00"),
        ("-10m", "2026-01-31 14:00:00"),
        ("2h ago", "2026-01-31 12:10:00"),
        ("-3d", "2026-01-28 14:10:00"),
        ("2026-01-31T14:05", "2026-01-31 14:05:00"),
        ("2026-01-31 13:05:00Z", "2026-01-31 14:05:00"),
        ("2026-01-31t08:05-05:00", "2026-01-31 14:05:00"),
        # Clocks of two machines are never quite the same.
        ("2026-01-31T14:10:30", "2026-01-31 14:10:00"),
    ],
)
def test_what_is_typed_is_a_moment_of_local_time(text: str, meant: str) -> None:
    found = datetime.fromtimestamp(moment_of(text, NOW, BERLIN), BERLIN)
    assert f"{found:%Y-%m-%d %H:%M:%S}" == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("today 14:20", "2026-01-31 14:20 has not come yet"),
        ("2026-01-31T14:20", "has not come yet"),
        ("2026-01-31T13:20Z", "has not come yet"),
        ("24:30", '"24:30" is no time; write 14:05'),
        ("lunch", "is no time"),
        ("14", "is no time"),
        ("-100000h", "more than 90 days ago"),
        ("2020-01-01", "more than 90 days ago"),
        ("9" * 400, "is no time"),
    ],
)
def test_what_is_none_or_has_not_come_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        moment_of(text, NOW, BERLIN)


def test_after_the_clocks_went_forward_the_time_of_day_is_that_of_the_day() -> None:
    noon = datetime(2026, 3, 29, 12, 0, tzinfo=BERLIN).timestamp()
    before = datetime.fromtimestamp(moment_of("01:30", noon, BERLIN), UTC)
    assert f"{before:%H:%M}" == "00:30"
    after = datetime.fromtimestamp(moment_of("03:30", noon, BERLIN), UTC)
    assert f"{after:%H:%M}" == "01:30"
