"""What panels come to: figures, courses, thresholds, variables, repeats, and why nothing."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from checks.config import EngineConfig
from checks.dashboards.interpolate import Value, Values
from checks.dashboards.model import Column, Panel, PanelKind, Query, Threshold, Variable, Words
from checks.dashboards.repeating import spread_out
from checks.dashboards.single_look import Wanted, look_at_samples
from checks.dashboards.views import ALL
from checks.model import Samples, Series, Status
from tests.checks.dashboards.kit import NOW, board, looked_at, looked_at_of, panel, shown, store_of

CORES = {f'cpu{{instance="{host}"}}': [n, n, n] for n, host in enumerate(("a", "b", "c"), 1)}


def test_a_figure_is_judged_by_the_worst_threshold_that_it_reaches() -> None:
    levels = (Threshold(80, Status.WARNING), Threshold(90, Status.CRITICAL))
    store = store_of({'used{disk="a"}': [95], 'used{disk="b"}': [85], 'used{disk="c"}': [5]})
    view = shown(panel("used", PanelKind.BARS, thresholds=levels), store)
    judged = [(one.name, one.status) for one in view.series]
    assert judged == [("a", Status.CRITICAL), ("b", Status.WARNING), ("c", Status.OK)]


def test_below_falling_thresholds_is_ill() -> None:
    levels = (Threshold(10, Status.CRITICAL, falling=True),)
    store = store_of({"free": [5]})
    assert shown(panel("free", thresholds=levels), store).series[0].status is Status.CRITICAL


def test_values_are_scaled_and_worded() -> None:
    store = store_of({"ms": [250], "up": [0]})
    scaled = shown(panel("ms", PanelKind.NUMBER, unit="s", scale=1e-3), store)
    assert scaled.series[0].value == pytest.approx(0.25)
    worded = shown(panel("up", PanelKind.NUMBER, words=(Words(0, 0, "down"),)), store)
    assert worded.series[0].text == "down"


def test_what_has_ended_has_no_value_though_its_course_is_shown() -> None:
    store = store_of({"was": [7] * 20})
    # Its check goes on without it: there a series ends.
    store.append("check 0", 5.0, NOW + 5, Samples((Series.of("other", {}),), (1.0,)))
    (one,) = looked_at_of(board(panel("was")), store, NOW + 6).panels[0].series
    assert math.isnan(one.value)
    assert 7 in one.points


def test_the_largest_series_are_shown_and_counted() -> None:
    store = store_of({f'load{{core="{n}"}}': [n] for n in range(30)})
    view = shown(panel("load"), store)
    assert (len(view.series), view.total) == (20, 30)
    assert view.series[0].name == "29"


def test_the_rate_interval_fits_the_check_that_is_read() -> None:
    store = store_of({"slow_total": [600 * at for at in range(8)]}, step=60.0)
    view = shown(panel("rate(slow_total[$__rate_interval])"), store)
    assert view.series[0].value == pytest.approx(10)


def test_variables_choose_by_what_there_is_and_stand_as_patterns() -> None:
    hosts = Variable("host", query="label_values(cpu, instance)", multi=True, all_value="")
    one = board(panel('cpu{instance=~"$host"}', PanelKind.BARS), variables=[hosts])
    store = store_of(CORES)

    everything = looked_at(one, store)
    assert everything.variables[0].options == ("a", "b", "c")
    assert everything.variables[0].chosen == (ALL,)
    assert len(everything.panels[0].series) == 3

    some = looked_at(one, store, host=("a", "c"))
    assert [each.name for each in some.panels[0].series] == ["c", "a"]
    # What was chosen once and is gone leaves the panel with what there is.
    assert looked_at(one, store, host="gone").variables[0].chosen == (ALL,)


def test_a_variable_without_values_says_so() -> None:
    one = board(panel("cpu"), variables=[Variable("v", query="label_values(cpu, rack)")])
    view = looked_at(one, store_of(CORES))
    assert view.notes == ("$v: there is nothing to choose: label_values(cpu, rack) has no values",)


def test_a_legend_of_labels_that_are_not_there_is_their_names() -> None:
    queries = (Query("cpu", legend="{{ gone }}"), Query("cpu", legend="core {{instance}}"))
    view = shown(Panel("it", PanelKind.BARS, queries), store_of(CORES))
    assert {one.name for one in view.series} == {"gone", "core a", "core b", "core c"}


def test_a_dot_in_a_value_is_no_pattern() -> None:
    hosts = Variable("host", options=("a.b",), multi=True)
    store = store_of({'x{host="a.b"}': [1], 'x{host="acb"}': [2]})
    view = looked_at(board(panel('x{host=~"$host"}'), variables=[hosts]), store)
    assert [one.value for one in view.panels[0].series] == [1]


@pytest.mark.parametrize(
    ("query", "pattern", "options"),
    [
        ("label_values(instance)", "", ("a", "b", "c")),
        ('label_values(cpu{instance!="b"}, instance)', "", ("a", "c")),
        ("metrics(cp.*)", "", ("cpu",)),
        ("query_result(topk(1, cpu))", '/instance="([^"]+)"/', ("c",)),
        ("label_values(cpu, instance)", "/[ab]/", ("a", "b")),
    ],
)
def test_grafanas_queries_for_values(query: str, pattern: str, options: tuple[str, ...]) -> None:
    one = Variable("v", query=query, pattern=pattern)
    view = looked_at(board(panel("cpu"), variables=[one]), store_of(CORES))
    assert view.variables[0].options == options


def test_one_variable_hangs_on_another() -> None:
    # Written the wrong way round: the second has to be known for the first.
    disk = Variable("disk", query='label_values(size{host="$host"}, disk)')
    host = Variable("host", query="label_values(size, host)")
    store = store_of({'size{host="a",disk="x"}': [1], 'size{host="b",disk="y"}': [1]})
    view = looked_at(board(panel("size"), variables=[disk, host]), store, host="b")
    assert [one.options for one in view.variables] == [("y",), ("a", "b")]


def test_a_panel_is_repeated_for_each_value_and_what_is_below_moves_down() -> None:
    hosts = Variable("host", query="label_values(cpu, instance)", multi=True, all_value="")
    repeated = panel('cpu{instance="$host"}', repeat="host", place=(0, 0, 24, 8))
    repeated = replace(repeated, title="of $host")
    below = panel("sum(cpu)", place=(0, 8, 24, 8))
    view = looked_at(board(repeated, below, variables=[hosts]), store_of(CORES))
    assert [one.panel.title for one in view.panels] == ["of a", "of b", "of c", "it"]
    assert [one.panel.place for one in view.panels] == [
        (0, 0, 8, 8),
        (8, 0, 8, 8),
        (16, 0, 8, 8),
        (0, 8, 24, 8),
    ]
    assert [one.series[0].value for one in view.panels] == [1, 2, 3, 6]


def test_a_table_has_a_row_for_each_set_of_labels() -> None:
    queries = (Query("size", legend="Size", name="A"), Query("free", name="B"))
    columns = (Column("Value #B", "Free", unit="B"), Column("job", hidden=True))
    one = Panel("disks", PanelKind.TABLE, queries, columns=columns)
    store = store_of(
        {
            'size{disk="x",job="j"}': [2e9],
            'size{disk="y",job="j"}': [1e9],
            'free{disk="x",job="j"}': [5e8],
        }
    )
    table = shown(one, store).table
    assert table is not None
    assert table.columns == ("disk", "Size", "Free")
    assert table.rows == (("x", "2 G", "500 MB"), ("y", "1 G", "–"))


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("nothing_total", "nothing brings nothing_total: no check has it"),
        ("cpus", "the nearest metric is cpu"),
        ('cpu{instance="z"}', 'instance="z" takes everything away; instance is a, b, c'),
        ('cpu{instance="a"} + cpu{instance="b"}', 'instance is "a" on its left'),
        ("rate(cpu[5m])", "not enough history yet: it looks back 5 min"),
        ("rate(cpu", "unclosed left parenthesis, in rate(cpu"),
        ("cpu{instance=~'$nobody'}", "takes everything away"),
    ],
)
def test_a_panel_without_anything_says_why(expr: str, said: str) -> None:
    store = store_of({name: values[:1] for name, values in CORES.items()})
    view = shown(panel(expr), store)
    assert view.series == ()
    assert said in view.error


def test_the_nearest_metric_is_named_that_rules_check_names_too() -> None:
    view = shown(panel("sum(redis_queue_size)"), store_of({"queue_size": [1.0]}))
    assert view.error == (
        "nothing brings redis_queue_size: no check has it; the nearest metric is queue_size"
    )


def test_of_several_queries_the_one_without_anything_is_named() -> None:
    queries = (Query("cpu", legend="{{instance}}"), Query("gone", legend="lost"))
    view = shown(Panel("it", PanelKind.CHART, queries), store_of(CORES))
    assert len(view.series) == 3
    assert view.error.startswith("lost: nothing brings gone")


def test_a_dashboard_that_there_is_not_is_named_with_the_nearest() -> None:
    config = EngineConfig((), dashboards=(board(),))
    view = look_at_samples(config, Wanted("bord", 0, {}), store_of(CORES), NOW)
    assert view.error == "there is no dashboard bord; did you mean board?"


def test_what_a_variable_offers_is_harmless_to_a_terminal() -> None:
    """As a file from elsewhere may have it."""
    step = Variable("step", options=("5m\x1b]0;mine\x07\x1b[31m", "\u202e1m"), multi=True)
    free = Variable("text", default=("a\x1b[2Jb",), free=True)
    store = store_of({"up": [1.0]})
    first, second = looked_at(board(panel("up"), variables=[step, free]), store).variables
    assert first.options == ("5m", "1m")
    assert second.chosen == ("ab",)


def test_of_very_many_repeated_panels_the_first_alone_are_made() -> None:
    values = Value(tuple(f"v{number}" for number in range(1_000)), several=True)
    panels = [
        panel("up", group="g", repeat_group="a", repeat="b", place=(0, 8 * number, 12, 8))
        for number in range(500)
    ]
    began = time.thread_time()
    made, notes = spread_out(panels, Values({"a": values, "b": values}), {})
    assert time.thread_time() - began < 0.2
    assert len(made) == 200
    assert notes[-1] == "the first 200 panels are shown; there are more"
