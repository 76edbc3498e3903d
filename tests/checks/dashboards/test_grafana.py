"""Grafana's JSON of old and new versions, and what of it cannot be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks.dashboards.grafana.reading import dashboard_of
from checks.dashboards.model import Column, Dashboard, Panel, PanelKind, Threshold, Words
from checks.dashboards.views import ALL
from checks.errors import ConfigError
from checks.model import Status


def read(document: object) -> Dashboard:
    return dashboard_of(json.dumps(document), "it", "it.json")


def only(panel: dict[str, Any], **top: object) -> Panel:
    """The panel as it is read; it asks for ``up`` unless it asks for something."""
    given = {"title": "p", "targets": [{"expr": "up"}], **panel}
    return read({"panels": [given], **top}).panels[0]


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("timeseries", PanelKind.CHART),
        ("graph", PanelKind.CHART),
        ("stat", PanelKind.NUMBER),
        ("singlestat", PanelKind.NUMBER),
        ("gauge", PanelKind.GAUGE),
        ("bargauge", PanelKind.BARS),
        ("piechart", PanelKind.BARS),
        ("table", PanelKind.TABLE),
        ("state-timeline", PanelKind.CHART),
    ],
)
def test_kinds_of_panels(kind: str, ours: PanelKind) -> None:
    assert only({"type": kind}).kind is ours


@pytest.mark.parametrize("kind", ["logs", "geomap", "nodeGraph", "somebody-else-panel"])
def test_what_cannot_be_shown_is_named(kind: str) -> None:
    found = read({"panels": [{"title": "p", "type": kind, "targets": [{"expr": "up"}]}]})
    assert found.panels[0].unshown
    assert found.notes == (f"panel p: not shown: {found.panels[0].unshown}",)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"type": "loki", "uid": "x"}, "Loki"),
        ("InfluxDB", "InfluxDB"),
        ("${DS_ES}", "Elasticsearch"),
    ],
)
def test_other_data_sources_are_named(source: object, said: str) -> None:
    found = only(
        {"type": "timeseries", "datasource": source},
        __inputs=[{"name": "DS_ES", "pluginId": "elasticsearch"}],
    )
    assert said in found.unshown


def test_a_new_stat() -> None:
    found = only(
        {
            "type": "stat",
            "gridPos": {"x": 6, "y": 2, "w": 6, "h": 4},
            "targets": [
                {"expr": "a", "refId": "A", "legendFormat": "{{job}}", "interval": "2m"},
                {"expr": "b", "refId": "B", "hide": True},
            ],
            "options": {"reduceOptions": {"calcs": ["mean"]}},
            "fieldConfig": {
                "defaults": {
                    "unit": "ms",
                    "decimals": 1,
                    "min": 0,
                    "max": 2000,
                    "mappings": [
                        {"type": "value", "options": {"0": {"text": "idle"}}},
                        {
                            "type": "range",
                            "options": {"from": 1, "to": 9, "result": {"text": "ok"}},
                        },
                        {"type": "special", "options": {"match": "null", "result": {"text": "?"}}},
                    ],
                    "thresholds": {
                        "mode": "absolute",
                        "steps": [
                            {"color": "green", "value": None},
                            {"color": "#EAB839", "value": 500},
                            {"color": "dark-red", "value": 1000},
                        ],
                    },
                }
            },
        }
    )
    assert [one.expr for one in found.queries] == ["a"]
    assert found.queries[0].interval == 120
    assert (found.unit, found.scale, found.decimals, found.calc) == ("s", 1e-3, 1, "mean")
    assert (found.low, found.high, found.place) == (0, 2, (6, 2, 6, 4))
    assert found.thresholds == (
        Threshold(0.5, Status.WARNING),
        Threshold(1.0, Status.CRITICAL),
    )
    assert found.words[0] == Words(0, 0, "idle")
    assert found.words[1].high == pytest.approx(0.009)
    assert found.words[2].text == "?"


def test_red_below_green_is_ill_where_it_is_low_and_percentages_are_of_the_scale() -> None:
    steps = [
        {"color": "red", "value": None},
        {"color": "orange", "value": 50},
        {"color": "green", "value": 90},
    ]
    given = {"min": 0, "max": 200, "thresholds": {"mode": "percentage", "steps": steps}}
    found = only({"type": "gauge", "fieldConfig": {"defaults": given}})
    assert found.thresholds == (
        Threshold(100, Status.CRITICAL, falling=True),
        Threshold(180, Status.WARNING, falling=True),
    )


def test_an_old_singlestat() -> None:
    found = only(
        {
            "type": "singlestat",
            "format": "percentunit",
            "valueName": "avg",
            "colorValue": True,
            "thresholds": "0.6,0.8",
            "colors": ["#299c46", "rgba(237, 129, 40, 0.89)", "#d44a3a"],
            "valueMaps": [{"op": "=", "value": "1", "text": "full"}],
            "gauge": {"show": True, "minValue": 0, "maxValue": 1},
        }
    )
    assert (found.kind, found.unit, found.calc) == (PanelKind.GAUGE, "ratio", "mean")
    assert found.thresholds == (Threshold(0.6, Status.WARNING), Threshold(0.8, Status.CRITICAL))
    assert found.words == (Words(1, 1, "full"),)
    assert (found.low, found.high) == (0, 1)


def test_an_old_graph_with_rows_and_what_is_drawn_downwards() -> None:
    graph = {
        "type": "graph",
        "title": "net",
        "span": 6,
        "yaxes": [{"format": "Bps", "min": "0"}],
        "thresholds": [{"op": "gt", "value": 5, "colorMode": "critical"}],
        "seriesOverrides": [{"alias": "/trans/i", "transform": "negative-Y"}],
        "targets": [{"expr": "x"}],
    }
    rows = [
        {"title": "one", "height": "250px", "panels": [graph, graph, graph]},
        {"title": "two", "height": 380, "panels": [graph]},
    ]
    found = read({"rows": rows}).panels
    assert [one.group for one in found] == ["one"] * 3 + ["two"]
    assert [one.place for one in found] == [
        (0, 0, 12, 7),
        (12, 0, 12, 7),
        (0, 7, 12, 7),
        (0, 14, 12, 10),
    ]
    assert found[0].unit == "B/s"
    assert found[0].low == 0
    assert found[0].thresholds == (Threshold(5, Status.CRITICAL),)
    assert found[0].negative == ("/trans/i",)


def test_folded_rows_have_their_panels_and_repeat_as_a_group() -> None:
    inner = {"type": "stat", "title": "inside", "targets": [{"expr": "up"}]}
    rows = [
        {"type": "row", "title": "on $host", "collapsed": True, "repeat": "host", "panels": [inner]}
    ]
    (found,) = read({"panels": rows}).panels
    assert (found.title, found.group, found.repeat_group) == ("inside", "on $host", "host")


def test_a_table_with_its_columns() -> None:
    found = only(
        {
            "type": "table",
            "fieldConfig": {
                "defaults": {},
                "overrides": [
                    {
                        "matcher": {"id": "byName", "options": "Value #A"},
                        "properties": [{"id": "unit", "value": "bytes"}],
                    }
                ],
            },
            "transformations": [
                {"id": "merge"},
                {
                    "id": "organize",
                    "options": {
                        "excludeByName": {"Time": True},
                        "renameByName": {"Value #A": "Size"},
                        "indexByName": {"Value #A": 0},
                    },
                },
                {"id": "groupBy"},
            ],
        }
    )
    assert Column("Value #A", "Size", "B", place=0) in found.columns
    assert Column("Time", hidden=True) in found.columns
    assert found.notes == ("its transformation groupBy is left out",)


def test_a_heatmap_of_buckets_is_shown_as_quantiles() -> None:
    expr = "sum by (le) (rate(latency_bucket[$__rate_interval]))"
    found = only({"type": "heatmap", "targets": [{"expr": expr, "format": "heatmap"}]})
    assert [one.legend for one in found.queries] == ["p50", "p95", "p99"]
    assert found.queries[1].expr == f"histogram_quantile(0.95, {expr})"
    assert found.notes


def test_a_version_is_shown_by_its_name() -> None:
    old = only({"type": "singlestat", "valueName": "name"})
    new = only({"type": "stat", "options": {"textMode": "name"}})
    assert old.named
    assert new.named
    assert old.notes == new.notes == ()


def test_names_of_series_by_their_labels_and_times_of_its_own() -> None:
    given = {"defaults": {"displayName": "on ${__field.labels.instance}"}}
    found = only({"type": "timeseries", "fieldConfig": given, "timeFrom": "24h"})
    assert found.queries[0].legend == "on {{instance}}"
    assert found.notes == ("it shows the dashboard's time, not its own (24h)",)


def test_another_panels_queries_are_asked() -> None:
    source = {"type": "datasource", "uid": "-- Dashboard --"}
    first = {"id": 7, "title": "a", "targets": [{"expr": "up"}]}
    second = {"id": 8, "title": "b", "datasource": source, "targets": [{"panelId": 7}]}
    found = read({"panels": [first, second]}).panels
    assert [one.queries[0].expr for one in found] == ["up", "up"]


def test_statements_go_to_checks_of_their_kind() -> None:
    source = {"type": "grafana-postgresql-datasource", "uid": "x"}
    found = only({"type": "table", "datasource": source, "targets": [{"rawSql": "SELECT 1"}]})
    assert (found.queries[0].sql, found.queries[0].kind) == ("SELECT 1", "postgres")


def test_what_is_asked_is_told_by_its_text_where_a_name_alone_says_otherwise() -> None:
    panel = {"title": "p", "datasource": "prometheus-mysql", "targets": [{"expr": "up"}]}
    listed = [
        {"type": "query", "name": "a", "datasource": "mysql-metrics", "query": "label_values(b)"},
        {"type": "query", "name": "c", "query": "SELECT DISTINCT x FROM y", "regex": "/z/"},
        {"type": "query", "name": "d", "datasource": {"type": "loki"}, "query": "x"},
        {"type": "query", "name": "e", "query": "label_values(b)", "regex": "/^(?!x)/"},
    ]
    found = read({"panels": [panel], "templating": {"list": listed}})
    assert found.panels[0].queries[0].expr == "up"
    a, c, d, e = found.variables
    assert (a.query, a.sql) == ("label_values(b)", "")
    assert (c.query, c.sql, c.pattern) == ("", "SELECT DISTINCT x FROM y", "/z/")
    assert d.free
    assert found.notes[0] == "$d asks Loki for its values: type one"
    # Too much to choose from is better than nothing.
    assert e.pattern == ""
    assert found.notes[1].startswith("$e offers all its values: the pattern /^(?!x)/ cannot be")


def test_variables_of_every_kind() -> None:
    every = {"text": "All", "value": "$__all"}
    given = [
        {"type": "datasource", "name": "ds", "query": "prometheus"},
        {
            "type": "query",
            "name": "node",
            "query": {"query": "label_values(up, instance)", "refId": "x"},
            "regex": "/a.*/",
            "sort": 3,
            "multi": True,
            "includeAll": True,
            "allValue": ".+",
            "current": every,
        },
        {"type": "custom", "name": "n", "query": "1, five : 5", "current": {"value": "5"}},
        {"type": "interval", "name": "step", "query": "1m,5m", "auto": True},
        {"type": "constant", "name": "c", "query": "fixed"},
        {"type": "textbox", "name": "t", "query": "hello"},
        {"type": "adhoc", "name": "filter"},
    ]
    found = read({"panels": [], "templating": {"list": given}})
    node, n, step, c, t = found.variables
    assert (node.query, node.pattern, node.sort) == (
        "label_values(up, instance)",
        "/a.*/",
        "number",
    )
    assert (node.multi, node.all_value, node.default) == (True, ".+", (ALL,))
    assert (n.options, n.default) == (("1", "5"), ("5",))
    assert step.options == ("auto", "1m", "5m")
    assert (c.options, c.hidden) == (("fixed",), True)
    assert (t.default, t.free) == (("hello",), True)
    assert found.notes == ("the filters of $filter cannot be set here",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"panels": [', "it.json:1: is no JSON"),
        ("[]", "it.json: is no dashboard"),
        ('{"title": "x"}', "it has neither panels nor rows"),
        ('{"panels": {}}', "it.json: panels: a list is expected here"),
        ('{"panels": [{"targets": "up"}]}', "it.json: panels[0].targets: a list is expected"),
        ('{"panels": [3]}', "it.json: panels[0]: an object ({…}) is expected here"),
        ('{"spec": {"elements": {}}}', "spec.elements: is a dashboard of Grafana's schema v2"),
        ("[" * 100_000, "it.json: is nested too deeply"),
        (f'{{"panels": [{"9" * 5_000}]}}', "it.json: has a number of too many digits"),
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dashboard_of(text, "it", "it.json")
    (line,) = str(caught.value).splitlines()
    assert said in line


@pytest.mark.parametrize("kind", ["stat", "singlestat", "graph", "table", "gauge", "text", "row"])
def test_nonsense_within_is_left_out_not_fatal(kind: str) -> None:
    odd: list[object] = [None, 3, "x", True, {}, {"a": 1}]
    for value in odd:
        keys = ("title", "gridPos", "fieldConfig", "options", "yaxes", "colors", "datasource")
        panel = {"type": kind, "targets": [{"expr": "up"}], **dict.fromkeys(keys, value)}
        if not isinstance(value, list):
            panel["yaxes"] = []
        assert read({"panels": [panel]}) is not None
