"""What is promised: budgets over days, burn rates, gaps, few events, restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.model import Status
from checks.objectives.model import Condition, Objective
from checks.objectives.words import ratio_text
from checks.promql.api import Engine
from tests.checks.fakes import spec
from tests.checks.objectives.weeks import DAY, HOUR, Site, available, counters


async def test_half_an_hour_of_thirty_days_spends_most_of_three_nines() -> None:
    site = Site(available(), check=spec("web", interval=1800.0))
    await site.go(20 * DAY, look=7200.0, probe_success=1.0)
    await site.go(1800.0, probe_success=0.0)
    view = await site.go(10 * DAY - 1800.0, look=7200.0, probe_success=1.0)
    # 43.2 minutes are allowed for, and 30 were used.
    assert view.remaining == pytest.approx(1 - 30 / 43.2, abs=0.01)
    assert view.sli == pytest.approx(1 - 30 / 43_200, abs=1e-5)
    assert view.bad == pytest.approx(1800.0, abs=60)
    assert view.covered > 0.99
    assert view.status is Status.OK
    assert view.sentence == "99.93 % of 99.9 %; 31 % of the budget left"


async def test_an_outage_is_critical_once_both_windows_say_so_and_over_soon_after_it() -> None:
    site = Site(available())
    view = await site.go(2 * HOUR, look=60.0, probe_success=1.0)
    assert view.status is Status.OK
    fired = None
    for minute in range(1, 20):
        view = await site.go(60.0, look=60.0, probe_success=0.0)
        if view.status is Status.CRITICAL:
            fired = minute
            break
    # 1.44 % of an hour are 52 seconds, of five minutes 4.
    assert fired == 1
    assert site.value("slo_burn_rate", window="1h") == pytest.approx(1000 / 60, rel=0.1)
    view = await site.go(420.0, look=60.0, probe_success=1.0)
    assert view.status is Status.OK
    assert site.value("slo_burn_rate", window="5m") == 0.0


async def test_a_window_that_is_not_covered_has_no_burn_rate_and_says_so() -> None:
    site = Site(available())
    view = await site.go(1200.0, look=60.0, probe_success=0.0)
    assert [one.window for one in view.burns if one.rate is not None] == [300.0]
    assert site.value("slo_burn_rate", window="5m") == pytest.approx(1000.0)
    assert site.value("slo_burn_rate", window="1h") is None
    # An hour's worth is not known; that much is used up of what is known is said all the same.
    assert view.status is Status.WAITING
    assert "(known: 19 min of 30 d)" in view.sentence


async def test_a_gap_is_neither_good_nor_bad() -> None:
    site = Site(available())
    await site.go(HOUR, probe_success=1.0)
    await site.go(HOUR)
    view = await site.go(HOUR, probe_success=1.0)
    assert view.known == pytest.approx(2 * HOUR, abs=240)
    assert view.sli == 1.0
    hour = view.burn(HOUR)
    assert hour is not None
    assert hour.rate == 0.0
    six = view.burn(6 * HOUR)
    assert six is not None
    assert six.rate is None


async def test_counters_lose_nothing_between_looks_and_begin_anew_when_they_fall() -> None:
    site = Site(counters())
    ok = bad = 1000.0
    for minute in range(120):
        ok, bad = ok + 99, bad + 1
        if minute == 60:
            ok, bad = 50.0, 5.0
        await site.go(60.0, look=HOUR, ok=ok, bad=bad)
    view = site.view
    # 119 increases, of which one was a restart.
    assert (view.total, view.bad) == (118 * 100 + 55, 118 + 5)
    assert view.remaining == pytest.approx(1 - view.bad / view.total / 0.01)


async def test_the_first_error_of_a_kind_counts_and_what_was_counted_for_years_does_not() -> None:
    site = Site(counters())
    await site.go(60.0, look=60.0, ok=1e6)
    await site.go(60.0, look=60.0, ok=1e6 + 10)
    view = await site.go(60.0, look=60.0, ok=1e6 + 20, bad=3)
    assert (view.total, view.bad) == (23, 3)


async def test_an_exporter_that_fails_for_a_minute_costs_nothing_and_for_an_hour_is_unknown() -> (
    None
):
    site = Site(counters())
    await site.go(60.0, look=60.0, ok=100, bad=0)
    await site.go(60.0, look=60.0, up=0)
    view = await site.go(60.0, look=60.0, ok=160, bad=2)
    assert (view.total, view.bad, view.known) == (62, 2, 120.0)
    await site.go(HOUR, look=600.0, up=0)
    view = await site.go(60.0, look=60.0, ok=9000, bad=900)
    assert (view.total, view.bad, view.known) == (62, 2, 120.0)


async def test_one_failure_of_few_requests_is_no_outage() -> None:
    site = Site(counters())
    for count in range(70):
        view = await site.go(60.0, look=60.0, ok=count // 6, bad=1 if count >= 66 else 0)
    hour = view.burn(HOUR)
    assert hour is not None
    assert hour.few
    assert (hour.rate or 0) > 7
    assert view.status is Status.OK
    assert site.value("slo_low_traffic", window="1h") == 1.0


async def test_no_traffic_uses_no_budget() -> None:
    site = Site(counters())
    view = await site.go(2 * HOUR, ok=5, bad=1)
    assert (view.sli, view.remaining, view.status) == (None, 1.0, Status.OK)


async def test_a_condition_of_ones_own_holds_or_not_or_is_not_known() -> None:
    """A recovery point of an hour, say: how old the newest backup is."""
    source = Condition(Engine().parse("backup_age_seconds < bool 3600"))
    site = Site(Objective("recovery point", 0.99, 30 * DAY, source))
    await site.go(HOUR, look=30.0, backup_age_seconds=600.0)
    view = await site.go(600.0, look=30.0, backup_age_seconds=4000.0)
    assert (view.check, view.timed) == ("web", True)
    assert view.bad == pytest.approx(600.0, abs=61)
    assert view.total == pytest.approx(HOUR + 600, abs=200)
    gone = await site.go(1200.0, look=30.0, up=1.0)
    assert gone.note == "backup_age_seconds < bool 3600 returns nothing"
    assert gone.total - view.total <= 61


async def test_a_budget_that_is_spent_whatever_was_in_the_gaps() -> None:
    site = Site(available(target=0.99), check=spec("web", interval=300.0))
    await site.go(2 * DAY, look=1800.0, probe_success=1.0)
    await site.go(8 * HOUR, look=1800.0, probe_success=0.0)
    view = await site.go(7 * HOUR, look=1800.0, probe_success=1.0)
    # Eight hours of the seven that 30 days allow for.
    assert view.remaining is not None
    assert view.remaining < -10
    assert (1 - view.remaining) * view.covered > 1
    assert f"the budget is used {1 - view.remaining:.1f} times" in view.sentence, (
        "as the alert says"
    )
    assert view.status is Status.WARNING


async def test_the_budget_survives_a_restart_and_what_was_between_is_unknown(
    tmp_path: Path,
) -> None:
    clock, path = FakeClock(), tmp_path / "story" / "story.db"
    site = Site(available(), clock=clock, path=path)
    await site.keep()
    await site.go(DAY, probe_success=1.0)
    before = await site.go(HOUR, probe_success=0.0)
    await site.keep()
    await site.end()
    await clock.advance(HOUR)
    again = Site(available(), clock=clock, path=path)
    again.put(probe_success=1.0)
    await again.go(120.0, look=60.0, probe_success=1.0)
    assert again.view.known < 200
    await again.keep()
    view = await again.go(60.0, look=60.0, probe_success=1.0)
    assert view.bad == pytest.approx(before.bad)
    assert view.total == pytest.approx(before.total + 180, abs=200)
    assert view.known == pytest.approx(view.total)
    await again.end()
    assert path.stat().st_size < 200_000


async def test_an_objective_that_counts_otherwise_begins_anew(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "story" / "story.db"
    site = Site(available("up"), clock=clock, path=path)
    await site.keep()
    await site.go(HOUR, up=0.0)
    await site.end()
    other = Site(available("probe"), clock=clock, path=path)
    await other.keep()
    view = await other.go(600.0, probe_success=1.0)
    assert view.bad == 0
    await other.end()


async def test_a_reload_goes_on_with_what_was_counted() -> None:
    site = Site(available())
    await site.go(HOUR, probe_success=0.0)
    after = Site(available(target=0.9), clock=site.clock)
    after.far.follow(site.far)
    after.far.look(site.clock.now())
    assert after.view.bad == site.view.bad > 3000
    assert after.view.target == 0.9


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.999, "99.9 %"), (0.99999, "99.999 %"), (1.0, "100 %"), (0.5, "50 %")]
)
def test_a_ratio_tells_itself_from_all(ratio: float, text: str) -> None:
    assert ratio_text(ratio) == text
