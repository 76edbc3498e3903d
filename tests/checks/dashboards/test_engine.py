"""A dashboard beside an engine: over a reload, in turns, and ended with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.dashboards import live
from checks.dashboards.model import Dashboard, Panel, PanelKind, Query, Variable
from checks.dashboards.views import DashboardView
from checks.engine import Engine
from checks.model import Samples, Series
from tests.checks.dashboards.kit import NOW, board, panel


def engine_of(*dashboards: Dashboard, clock: FakeClock | None = None) -> Engine:
    made = Engine(EngineConfig((), dashboards=dashboards), clock or FakeClock(NOW))
    made.store.append("c", 5.0, NOW, Samples((Series.of("up", {"job": "a"}),), (1.0,)))
    return made


def shown(engine: Engine) -> DashboardView:
    view = engine.snapshot().dashboard
    assert view is not None
    return view


async def test_a_reload_goes_on_with_the_dashboard_as_it_is_then() -> None:
    jobs = Variable("job", query="label_values(up, job)", multi=True)
    clock = FakeClock(NOW)
    first = engine_of(board(panel('up{job=~"$job"}'), variables=[jobs]), clock=clock)
    assert [one.name for one in first.snapshot().dashboards] == ["board"]
    first.look_at_dashboard("board", 900.0, {"job": ("a",)})
    assert len(shown(first).panels) == 1

    changed = replace(board(panel("up"), panel("up + 1"), variables=[jobs]), title="Anew")
    second = engine_of(changed, clock=clock)
    second.follow(first)
    await first.close()
    view = shown(second)
    assert (view.title, view.span, view.chosen) == ("Anew", 900, {"job": ("a",)})
    assert [one.series[0].value for one in view.panels] == [1, 2]

    third = engine_of(clock=clock)
    third.follow(second)
    assert shown(third).error == "there is no dashboard board"
    third.look_at_dashboard(None, 0.0, {})
    assert third.snapshot().dashboard is None
    for one in (second, third):
        await one.close()


async def test_many_panels_take_turns_and_pictures_follow_until_all_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With no time to spare, one panel a picture.
    monkeypatch.setattr(live, "AT_ONCE", 0.0)
    engine = engine_of(board(*(panel(f"up + {at}") for at in range(6))))
    pictures: list[DashboardView] = []
    engine.runbooks.publish = lambda: pictures.append(shown(engine))
    engine.look_at_dashboard("board", 900.0, {})
    first = shown(engine)
    assert sum(bool(one.series) for one in first.panels) == 1
    while engine.looking.waiting:
        await asyncio.sleep(0.005)
    assert [one.series[0].value for one in pictures[-1].panels] == [1, 2, 3, 4, 5, 6]
    assert len(pictures) == 5
    await engine.close()


async def test_nothing_is_evaluated_anew_before_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    # However busy this machine is, its panel costs too little to be put off for that.
    monkeypatch.setattr(live, "_SHARE", 0)
    clock = FakeClock(NOW)
    engine = engine_of(board(panel("up")), clock=clock)
    engine.look_at_dashboard("board", 900.0, {})
    before = shown(engine)
    await clock.advance(1.0)
    assert shown(engine) is before
    engine.store.append("c", 5.0, NOW + 5, Samples((Series.of("up", {"job": "a"}),), (0.0,)))
    await clock.advance(6.0)
    assert shown(engine).panels[0].series[0].value == 0
    await engine.close()


async def test_a_series_that_comes_is_an_option_at_once() -> None:
    clock = FakeClock(NOW)
    jobs = Variable("job", query="label_values(up, job)", multi=True, all_value="")
    engine = engine_of(board(panel('up{job=~"$job"}'), variables=[jobs]), clock=clock)
    engine.look_at_dashboard("board", 900.0, {})
    assert shown(engine).variables[0].options == ("a",)
    await clock.advance(6.0)
    series = tuple(Series.of("up", {"job": job}) for job in ("a", "b"))
    engine.store.append("c", 5.0, NOW + 5, Samples(series, (1.0, 1.0)))
    view = shown(engine)
    assert view.variables[0].options == ("a", "b")
    assert len(view.panels[0].series) == 2
    await engine.close()


async def test_what_was_shown_stays_until_it_is_measured_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock(NOW)
    jobs = Variable("job", query="label_values(up, job)", multi=True, all_value="")
    panels = [panel(f'up{{job=~"$job"}} + {at}', title=f"p{at}") for at in range(3)]
    engine = engine_of(board(*panels, variables=[jobs]), clock=clock)
    engine.look_at_dashboard("board", 900.0, {})
    assert all(len(one.series) == 1 for one in shown(engine).panels)
    await clock.advance(6.0)
    series = tuple(Series.of("up", {"job": job}) for job in ("a", "b"))
    engine.store.append("c", 5.0, NOW + 5, Samples(series, (1.0, 1.0)))
    monkeypatch.setattr(live, "AT_ONCE", 0.0)
    assert [len(one.series) for one in shown(engine).panels] == [2, 1, 1]
    await engine.close()


async def test_an_expensive_panel_is_refused_and_costs_no_other() -> None:
    big = "count_over_time(up[1d:1ms])"
    engine = engine_of(board(panel(big), Panel("x", PanelKind.NUMBER, (Query("up"),))))
    engine.look_at_dashboard("board", 86_400.0, {})
    greedy, modest = shown(engine).panels
    assert greedy.series == ()
    assert "in count_over_time" in greedy.error
    assert modest.series[0].value == 1
    await engine.close()
