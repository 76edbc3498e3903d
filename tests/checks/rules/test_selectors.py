"""What the selectors of an expression read, and when."""

from __future__ import annotations

import pytest

from checks.promql.api import Engine
from checks.rules.outcome import Health
from checks.rules.selectors import reads
from tests.checks.rules.kit import START, Bench, group_of

MINUTE = 60_000


@pytest.mark.parametrize(
    ("text", "back", "offset", "at"),
    [
        ("up", 0, 0, None),
        ("up offset 2m", 2, 2, None),
        ("rate(up[5m] offset 2m)", 7, 2, None),
        ("max_over_time(rate(up[5m])[1h:1m])", 65, 0, None),
        ("max_over_time(rate(up[5m] offset 1m)[1h:1m] offset 2m)", 68, 3, None),
        ("max_over_time(max_over_time(up[1h:1m] offset 2m)[3h:1m] offset 1m)", 243, 3, None),
        ("max_over_time(up[1h:1m] @ 1000)", 60, 0, 1_000_000),
        ("max_over_time(up[1h:1m] @ end() offset 2m)", 62, 2, "end"),
        ("max_over_time(max_over_time(up[5m:1m] @ 7)[1h:1m] offset 2m)", 5, 0, 7_000),
        ("max_over_time((up @ 7 offset 1m)[1h:1m] offset 2m)", 1, 1, 7_000),
    ],
)
def test_how_far_a_selector_reads(text: str, back: int, offset: int, at: object) -> None:
    (read,) = reads(Engine().parse(text).root, text)
    assert (read.back, read.offset, read.at) == (back * MINUTE, offset * MINUTE, at)


def test_what_a_subquery_fixes_waits_for_no_history() -> None:
    moment = START // 1000
    rule = f"{{alert: A, expr: 'max_over_time(up[1h:1m] @ {moment}) == 0'}}"
    bench = Bench(group_of(rule), since=START)
    assert bench.minute({"up{job=web,instance=a}": 0.0}).health is Health.OK
    assert bench.states == ["firing"]
