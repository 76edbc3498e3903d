"""What fills: when, over days and restarts; what has no limit, and what is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checks.capacity.built_in import built_in
from checks.capacity.live import LiveCapacity
from checks.capacity.model import Capacity
from checks.capacity.remembered import remembered
from checks.capacity.views import MONTH, CapacityView
from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.lanes import Lanes
from checks.longterm.keeper import Keeper
from checks.longterm.live import LiveLongTerm
from checks.longterm.ring import Buckets
from checks.model import Samples, Series, Status
from checks.promql.api import Engine
from checks.store.store import Store
from checks.story.journal import Journal
from checks.story.keeping import Keeping
from checks.views import EventView

HOUR, DAY = 3600.0, 86_400.0
START = 1_700_000_000.0
ENGINE = Engine()


def item(expr: str, limit: float | str | None = None, **more: object) -> Capacity:
    bound = ENGINE.parse(limit) if isinstance(limit, str) else limit
    return Capacity("disk", ENGINE.parse(expr), bound, **more)  # type: ignore[arg-type]


class Filling:
    """A store that is looked at every ten minutes."""

    def __init__(self, *items: Capacity) -> None:
        self.store = Store()
        self.now = START
        self.live = LiveCapacity(items, self.store, {"site": "a"})

    def go(self, hours: float, step: float = 600.0, **rates: float) -> CapacityView:
        """For so long; ``used`` begins at 100 GB and grows by bytes a second."""
        end = self.now + hours * HOUR
        while self.now < end:
            self.now += step
            values = {name: 1e11 + rate * (self.now - START) for name, rate in rates.items()}
            self.put(**values)
            self.live.look(self.now)
        return self.live.views[0]

    def put(self, **values: float) -> None:
        labels = {"job": "db", "instance": "a"}
        series = tuple(Series.of(name, {**labels, "mountpoint": "/"}) for name in values)
        self.store.append("db", 60.0, self.now, Samples(series, tuple(values.values())))

    def told(self, name: str) -> float | None:
        found = ENGINE.instant(self.store, ENGINE.parse(name), round(self.now * 1000))
        return next((value for _, value in found.samples()), None)


def test_it_fills_in_days_at_its_rate() -> None:
    disk = item("used", 1.2e11, over=DAY, warning=14 * DAY, critical=2 * DAY, unit="bytes")
    filling = Filling(disk)
    view = filling.go(2, used=1e4)
    assert view.sentence == "not enough history (2 h of 4 h)"
    assert view.status is Status.OK
    assert filling.told("capacity_seconds_until_limit") is None
    view = filling.go(46, used=1e4)
    assert view.sentence == "reaches 120 GB in 21 d at 864 MB/d"
    assert view.value is not None
    assert view.seconds == pytest.approx((1.2e11 - view.value) / 1e4, rel=0.01)
    assert filling.told('capacity_seconds_until_limit{site="a",job="db"}') == view.seconds
    assert filling.told("capacity_warning_seconds") == 14 * DAY
    view = filling.go(24 * 20, step=HOUR, used=1e4)
    assert view.status is Status.CRITICAL


def test_what_is_known_is_counted_from_the_first_minutes_on() -> None:
    filling = Filling(item("used", 1.2e11, over=DAY, unit="bytes"))
    view = filling.go(1 / 4, step=60.0, used=1e4)
    assert view.sentence == "not enough history (14 min of 4 h)"
    assert view.trend.known == 14 * 60


def test_it_says_something_once_it_has_what_it_says_that_it_needs() -> None:
    """Ten hours would be ten points, but it says that four hours are enough."""
    filling = Filling(item("used", 1.2e11, over=DAY, unit="bytes"))
    assert filling.go(3.5, used=1e4).trend.way == "unknown"
    for hours in (0.7, 2, 3, 2, 9):
        view = filling.go(hours, used=1e4)
        assert view.trend.way == "growing"
        assert view.trend.rate == pytest.approx(1e4, rel=0.05)


def test_of_a_week_hours_tell_more_before_they_are_enough() -> None:
    filling = Filling(item("used", 1.2e11, over=7 * DAY, unit="bytes"))
    assert filling.go(2, used=1e4).sentence == "not enough history (2 h of 1 d)"
    assert filling.go(7, used=1e4).sentence == "not enough history (9 h of 1 d)"


def test_a_filesystem_is_as_full_as_df_says() -> None:
    """``df``: 252 GB, of which 25 are used and 77 available; the rest is kept for root."""
    filling = Filling(*built_in())
    filling.put(
        node_filesystem_size_bytes=252e9,
        node_filesystem_free_bytes=227e9,
        node_filesystem_avail_bytes=77e9,
    )
    filling.live.look(filling.now)
    (view,) = filling.live.views
    assert (view.value, view.limit) == (25e9, 102e9)


def test_an_exporter_that_does_not_tell_what_root_may_use_is_believed() -> None:
    filling = Filling(*built_in())
    filling.put(node_filesystem_size_bytes=252e9, node_filesystem_avail_bytes=77e9)
    filling.live.look(filling.now)
    (view,) = filling.live.views
    assert (view.value, view.limit) == (175e9, 252e9)


def test_the_limit_is_that_of_the_same_labels_and_may_be_below() -> None:
    free = item("free", "size * 0.1", over=DAY, falling=True, unit="bytes")
    view = Filling(free).go(30, free=-5e5, size=0.0)
    assert view.limit == pytest.approx(1e10)
    assert view.trend.way == "shrinking"
    assert view.seconds == pytest.approx((1e11 - 5e5 * 30 * HOUR - 1e10) / 5e5, rel=0.02)
    growing = Filling(free).go(30, free=5e5, size=0.0)
    assert growing.seconds is None
    assert growing.sentence == "growing by 43.2 GB/d"


def test_what_stops_growing_has_no_date_any_more() -> None:
    filling = Filling(item("used", 1.2e11, over=DAY, critical=99 * DAY, unit="bytes"))
    assert filling.go(30, used=1e4).status is Status.CRITICAL
    still = 1e4 * (filling.now - START)
    for _ in range(40):
        filling.now += HOUR
        filling.put(used=1e11 + still)
        filling.live.look(filling.now)
    (view,) = filling.live.views
    assert (view.status, view.seconds, view.sentence) == (Status.OK, None, "steady")
    assert filling.told("capacity_seconds_until_limit") == float("inf")


def test_far_past_its_limit() -> None:
    filling = Filling(item("used", 8e10, warning=DAY, unit="bytes"))
    assert filling.go(1, used=1.0).sentence == "past its limit of 80.0 GB"


def test_at_its_limit_and_gone() -> None:
    filling = Filling(item("used", 1e11, warning=DAY, unit="bytes"))
    assert filling.go(1, used=1.0).sentence == "at its limit of 100 GB"
    filling.now += HOUR
    filling.live.look(filling.now)
    assert filling.live.views == ()


def test_a_forecast_is_computed_and_what_was_planned_beside_it() -> None:
    """The guides' own numbers: 10 % a month are 77 % in half a year, not 79 %."""
    users = replace(item("used", over=30 * DAY), expected=0.10)
    view = Filling(users).go(24 * 31, step=6 * HOUR, used=1e11 * 0.15 / MONTH)
    assert view.monthly == pytest.approx(0.15 / 1.15, rel=0.02)
    assert view.value is not None
    assert view.planned(6 * MONTH) == pytest.approx(1.7716 * view.value, rel=1e-3)
    assert view.at(6 * MONTH) == pytest.approx(view.value + 0.9e11, rel=0.02)


def test_an_expression_that_fails_costs_itself_alone_and_is_told_once() -> None:
    wrong = replace(item("used + on () used"), name="wrong")
    store, told = Store(), list[EventView]()
    config = EngineConfig((), base_dir=Path("/"), capacity=(wrong, item("used")))
    far = LiveLongTerm(config, store, FakeClock(START), lambda: None, told.append)
    for minute in range(3):
        now = START + 60 * minute
        twins = tuple(Series.of("used", {"job": "db", "n": number}) for number in "12")
        store.append("db", 60.0, now, Samples(twins, (1.0, 2.0)))
        far.look(now)
    assert [view.name for view in far.capacity.views] == ["disk", "disk"]
    (event,) = told
    assert event.text.startswith("capacity wrong is not followed: ")


async def test_a_course_of_days_survives_restarts_and_is_told_without_the_checks(
    tmp_path: Path,
) -> None:
    clock, path = FakeClock(START), tmp_path / "story" / "story.db"
    disk = item("used", 1.2e11, over=9 * DAY, unit="bytes")
    for day in range(4):
        store, keeping = Store(), Keeping(path, Lanes(), clock)
        config = EngineConfig((), base_dir=Path("/"), capacity=(disk,))
        far = LiveLongTerm(config, store, clock, lambda keeping=keeping: keeping)  # type: ignore[misc]
        for hour in range(24):
            value = 1e11 + 1e4 * (clock.now() - START)
            series = Series.of("used", {"job": "db", "instance": "a"})
            store.append("db", 60.0, clock.now(), Samples((series,), (value,)))
            far.look(clock.now())
            if hour in (0, 1, 2):
                assert await keeping.look(clock.now())
                keeping.ready = True
            await clock.advance(HOUR)
        far.close()
        await keeping.finish()
        view = next(one for one in far.capacity.views if one.name == "disk")
        assert (view.trend.way == "growing") == (day >= 1), day
    journal = Journal(path)
    journal.open()
    tallied = journal.tallied()
    (told,) = remembered([disk], tallied, journal.tallies(tallied), clock.now())
    journal.close()
    assert told.trend.rate == pytest.approx(1e4, rel=0.02)
    assert (told.limit, dict(told.labels)["job"]) == (1.2e11, "db")


def test_what_is_long_gone_takes_no_room() -> None:
    filling = Filling(item("used", 1.2e11))
    for hour in range(30):
        filling.now += HOUR
        series = Series.of("used", {"job": "db", "mountpoint": f"/{hour}"})
        filling.store.append("db", 60.0, filling.now, Samples((series,), (1.0,)))
        filling.live.look(filling.now)
    assert 0 < len(filling.live._samplers) <= len(filling.live.buckets) <= 8


async def test_of_what_is_long_gone_is_not_held_either_what_the_file_was_told(
    tmp_path: Path,
) -> None:
    keeping, keeper = Keeping(tmp_path / "state" / "story.db", Lanes(), FakeClock()), Keeper()
    assert await keeping.look(START)
    for number in range(30):
        made = Buckets(f"capacity/disk/{number}")
        made.recalled = True
        keeper.hold([made])
        keeper.write(keeping)
    assert len(keeper._told) == 1
    await keeping.finish()
