"""What somebody asks in PromQL: rows, curves, mistakes and bounds, in a value that is shown."""

from __future__ import annotations

import math

import pytest

from checks.model import Samples, Series
from checks.rules import asking
from checks.rules.asking import StandingQuery
from checks.store.store import Store

NOW = 1_700_000_000.0
RUNS = 61


def series(name: str, **labels: str) -> Series:
    return Series.of(name, labels)


def taken(samples: dict[Series, float]) -> Samples:
    return Samples(tuple(samples), tuple(samples.values()))


def store_of(machines: int = 3) -> Store:
    """An hour of a queue's length and a counter on each of ``machines``, the queue growing."""
    store = Store(7200.0)
    for run in range(RUNS):
        at = NOW - 60.0 * (RUNS - 1 - run)
        samples: dict[Series, float] = {}
        for place in range(machines):
            labels = {"job": "shop", "instance": f"web-{place}"}
            samples[series("queue_size", queue="mail", **labels)] = float(run + 100 * place)
            samples[series("requests_total", **labels)] = 60.0 * run * (place + 1)
        store.append("shop", 60.0, at, taken(samples))
    return store


def test_rows_are_as_they_are_now_and_curves_as_they_were() -> None:
    view = StandingQuery("sum by (queue) (queue_size)", 600).view(store_of(), NOW)
    assert view.error == ""
    assert view.rows == (((("queue", "mail"),), 480.0),)
    assert view.times[0] == NOW - 600
    assert view.curves[0].values[-1] == 480.0
    assert view.curves[0].values[0] == 450.0


def test_curves_go_back_no_further_than_anything_is_held() -> None:
    store = Store(7200.0)
    for second in range(0, 181, 5):
        store.append("web", 5.0, NOW - 180 + second, taken({series("up", job="web"): 1.0}))
    view = StandingQuery("up", 3600).view(store, NOW)
    assert view.span == 3600
    assert view.times[0] == NOW - 180
    assert len(view.times) == 241
    assert all(value == 1.0 for value in view.curves[0].values)


def test_a_minute_is_drawn_though_less_is_held_and_all_where_little_is_missing() -> None:
    store = Store(7200.0)
    store.append("web", 5.0, NOW, taken({series("up", job="web"): 1.0}))
    assert StandingQuery("up", 3600).view(store, NOW).times[0] == NOW - 60
    assert StandingQuery("up", 30).view(store, NOW).times[0] == NOW - 30
    assert StandingQuery("queue_size", 3700).view(store_of(), NOW).times[0] == NOW - 3700
    assert StandingQuery("time()", 600).view(Store(7200.0), NOW).times[0] == NOW - 600


def test_a_mistake_is_a_sentence_with_its_column() -> None:
    view = StandingQuery("sum(queue_size", 600).view(store_of(), NOW)
    assert view.column == 4, "where it was opened"
    assert "unclosed left parenthesis" in view.error
    assert view.rows == ()


def test_an_empty_text_brings_the_names_to_complete_with() -> None:
    view = StandingQuery("", 600).view(store_of(), NOW)
    assert view.metrics == ("queue_size", "requests_total")
    assert {"instance", "job", "queue"} <= set(view.labels)
    assert (view.error, view.rows) == ("", ())


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("rate(requests_total[5m])", 29.0),
        ("queue_size / ignoring (instance) group_left sum by (job, queue) (queue_size)", 0.8),
    ],
    ids=["of one target", "of a share of all"],
)
def test_the_curve_of_an_alert_is_that_of_its_own_series(text: str, last: float) -> None:
    """Also where it is far down, and where its target alone would come to something else."""
    about = (("instance", "web-28"), ("job", "shop"))
    store = store_of(40)
    view = StandingQuery(text, 600, about).view(store, NOW)
    assert len(view.curves) == 1
    assert dict(view.curves[0].labels)["instance"] == "web-28"
    whole = StandingQuery(text, 600).view(store, NOW)
    own = next(value for labels, value in whole.rows if ("instance", "web-28") in labels)
    assert math.isclose(view.curves[0].values[-1], own)
    if text.startswith("rate"):
        assert math.isclose(own, last)


def test_what_is_too_much_over_time_is_told_as_it_is_now() -> None:
    store = Store(7200.0)
    page = {series("x", n=str(n)): 1.0 for n in range(9_000)}
    store.append("page", 5.0, NOW, taken(page))
    view = StandingQuery("x", 3600).view(store, NOW)
    assert (view.total, view.error, view.curves) == (9_000, "", ())
    assert len(view.rows) == 2_000
    assert any("no curves" in told for told in view.warnings)


@pytest.mark.parametrize("text", ["avg_over_time(queue_size[30m])", "vector(time())", "time()"])
def test_what_takes_long_is_done_a_part_at_each_look(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    store = store_of()
    at_once = StandingQuery(text, 3600).view(store, NOW)
    assert len(at_once.curves[0].values) == len(at_once.times) == 241
    monkeypatch.setattr(asking, "A_LOOK", -1.0)
    monkeypatch.setattr(asking, "A_PART", 0.0)
    query = StandingQuery(text, 3600)
    first = query.view(store, NOW)
    assert (first.rows, first.curves) == (at_once.rows, ())
    looks = 1
    while not (found := query.view(store, NOW + looks)).curves:
        assert found.rows == first.rows
        looks += 1
    assert looks > 100
    assert found.times == at_once.times
    assert repr(found.curves) == repr(at_once.curves)
    assert found.at == NOW


def test_the_answer_before_is_shown_until_the_next_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, query = store_of(), StandingQuery("queue_size", 3600)
    before = query.view(store, NOW)
    monkeypatch.setattr(asking, "A_LOOK", -1.0)
    assert query.view(store, NOW + 60) is before
    monkeypatch.setattr(asking, "A_LOOK", 1.0)
    assert query.view(store, NOW + 61).at == NOW + 60


def test_what_took_long_is_not_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    store, query = store_of(), StandingQuery("queue_size", 3600)
    monkeypatch.setattr(asking, "REST", 1e9)
    before = query.view(store, NOW)
    assert query.view(store, NOW + 59) is before


def test_curves_that_take_too_long_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LONGEST_WORK", 0.0)
    view = StandingQuery("queue_size", 3600).view(store_of(), NOW)
    assert len(view.rows) == 3
    assert view.curves == ()
    assert any("no curves: they took longer than" in told for told in view.warnings)


def test_what_fails_inside_is_said_and_costs_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr("checks.promql.api.Engine.instant", broken)
    view = StandingQuery("queue_size", 3600.0).view(store_of(), NOW)
    assert view.error == "internal error: RuntimeError: no such thing"
