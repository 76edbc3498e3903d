"""Groups sit on a fixed offset of their interval; what is missed is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checks.rules.schedule import Slots

slots = st.builds(Slots, st.text(max_size=20), st.integers(1, 3_600_000))
moments = st.integers(0, 2**42)


@given(slots, moments)
def test_a_moment_lies_on_the_offset_and_not_after_now(one: Slots, now: int) -> None:
    at = one.at_or_before(now)
    assert now - one.interval < at <= now
    assert at % one.interval == one.offset
    assert one.after(now) == at + one.interval > now


@given(slots, moments, st.integers(0, 50))
def test_moments_in_between_are_missed(one: Slots, now: int, skipped: int) -> None:
    last = one.at_or_before(now)
    assert one.missed(last, last + (skipped + 1) * one.interval) == skipped
    assert one.missed(last, last) == 0


def test_groups_of_one_interval_are_spread_and_stay_where_they_are() -> None:
    offsets = {Slots(f"rules.yml;g{at}", 60_000).offset for at in range(100)}
    assert len(offsets) > 90
    assert max(offsets) - min(offsets) > 50_000
    assert Slots("a;b", 60_000).offset == Slots("a;b", 60_000).offset == 8_824
