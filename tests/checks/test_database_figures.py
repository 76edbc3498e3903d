"""Figures of the databases screen: made from samples that their kinds really bring."""

from __future__ import annotations

import math

import pytest

from checks.databases.figures import Figures
from checks.databases.model import FigureSpec
from checks.model import Samples, Series
from checks.registry import KINDS, kind
from checks.store.store import Store
from checks.store.window import Window
from checks.views import FigureView

BASE = 1_700_000_000.0


def view(spec: FigureSpec, *rows: dict[str, float]) -> FigureView | None:
    """The figure after runs that brought ``rows`` five seconds apart, over a minute."""
    store = Store()
    for at, row in enumerate(rows):
        series = tuple(Series.of(name.split()[0], _labels(name)) for name in row)
        samples = Samples(series, tuple(row.values()))
        store.append("db", 5.0, BASE + 5.0 * at, samples)
    window = Window(store, "db", BASE + 5.0 * (len(rows) - 1), 60.0)
    return next(iter(Figures((spec,)).views(window, 10)), None)


def _labels(name: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in name.split()[1:])


@pytest.mark.parametrize("name", [name for name in KINDS if kind(name).figures])
def test_every_figure_is_made_of_metrics_that_its_kind_brings(name: str) -> None:
    own = kind(name)
    known = {metric.name for metric in own.metrics}
    titles = [figure.title for figure in own.figures]
    assert len(set(titles)) == len(titles)
    for figure in own.figures:
        wanted = {*figure.metrics, *figure.of, *([figure.limit] if figure.limit else [])}
        assert wanted <= known, figure.title


@pytest.mark.parametrize("name", ["redis", "sqlite"])
def test_redis_and_sqlite_have_a_tab(name: str) -> None:
    assert kind(name).figures


def test_a_gauge_is_summed_over_its_series_and_bounded() -> None:
    spec = FigureSpec("sessions", ("a",), limit="most")
    made = view(spec, {"a k=x": 1.0, "a k=y": 2.0, "most": 10.0})
    assert made is not None
    assert (made.value, made.limit, made.history) == (3.0, 10.0, (3.0,))


def test_labels_choose_the_series() -> None:
    spec = FigureSpec("x", ("a",), labels={"k": "x"})
    made = view(spec, {"a k=x": 1.0, "a k=y": 2.0})
    assert made is not None
    assert made.value == 1.0


def test_a_limit_of_0_is_none() -> None:
    made = view(FigureSpec("memory", ("a",), limit="most"), {"a": 1.0, "most": 0.0})
    assert made is not None
    assert made.limit is None


def test_a_counter_is_a_rate() -> None:
    made = view(FigureSpec("x", ("a",), rate=True), {"a": 10.0}, {"a": 20.0}, {"a": 40.0})
    assert made is not None
    assert (made.value, made.history) == (3.0, (2.0, 4.0))


def test_a_ratio_of_rates_and_its_complement() -> None:
    rows = ({"hit": 0.0, "miss": 0.0}, {"hit": 9.0, "miss": 1.0})
    hits = FigureSpec("x", ("hit",), "ratio", rate=True, of=("hit", "miss"))
    misses = FigureSpec("x", ("hit",), "ratio", rate=True, of=("hit", "miss"), complement=True)
    for spec, expected in ((hits, 0.9), (misses, 0.1)):
        made = view(spec, *rows)
        assert made is not None
        assert made.value == pytest.approx(expected)
        assert made.history == pytest.approx((expected,))


def test_a_ratio_of_nothing_is_unknown_and_its_course_stays() -> None:
    spec = FigureSpec("x", ("hit",), "ratio", rate=True, of=("all",))
    made = view(spec, {"hit": 0.0, "all": 0.0}, {"hit": 0.0, "all": 0.0})
    assert made is None
    long_ago = view(spec, {"hit": 0.0, "all": 0.0}, {"hit": 1.0, "all": 2.0}, *[
        {"hit": 1.0, "all": 2.0}
    ] * 2)  # fmt: skip
    assert long_ago is not None
    assert long_ago.history[0] == 0.5
    assert math.isnan(long_ago.history[-1])


def test_what_was_never_seen_is_no_figure() -> None:
    assert view(FigureSpec("x", ("b",)), {"a": 1.0}) is None
