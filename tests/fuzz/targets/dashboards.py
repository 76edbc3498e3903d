"""Grafana's files: whatever stands in them, read, and looked at over a few series."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from checks.dashboards.grafana.reading import LARGEST, dashboard_of
from checks.dashboards.interpolate import UnsafeValueError, Value, Values
from checks.dashboards.model import Dashboard
from checks.dashboards.probing import doubts_about
from checks.dashboards.sql.macros import MacroError, written_out
from checks.errors import ConfigError
from tests.checks.dashboards.kit import looked_at, store_of
from tests.fuzz.oracle import check_line
from tests.fuzz.target import Target
from tui.output.dashboard_config import as_yaml

__all__ = ["TARGETS"]

_FEW: Final = 8
"""Panels of a dashboard that is looked at, and not only read."""
_STORE = store_of({'up{job="a"}': [1, 1], 'up{job="b"}': [0, 1], 'y_bucket{le="+Inf"}': [1, 3]})

SEEDS = tuple(
    json.dumps(one).encode()
    for one in (
        {
            "title": "T",
            "time": {"from": "now-6h"},
            "panels": [
                {
                    "type": "stat",
                    "title": "on $job",
                    "repeat": "job",
                    "gridPos": {"x": 6, "y": 2, "w": 6, "h": 4},
                    "targets": [{"expr": 'up{job=~"$job"}', "legendFormat": "{{job}}"}],
                    "options": {"reduceOptions": {"calcs": ["mean"]}},
                    "fieldConfig": {
                        "defaults": {
                            "unit": "ms",
                            "mappings": [{"type": "value", "options": {"0": {"text": "idle"}}}],
                            "thresholds": {
                                "mode": "percentage",
                                "steps": [{"color": "green"}, {"color": "red", "value": 80}],
                            },
                        }
                    },
                }
            ],
            "templating": {
                "list": [
                    {
                        "type": "query",
                        "name": "job",
                        "query": "label_values(up, job)",
                        "regex": "/(.*)/",
                        "multi": True,
                        "includeAll": True,
                    }
                ]
            },
        },
        {"rows": [{"title": "r", "panels": [{"type": "graph", "targets": [{"expr": "up"}]}]}]},
        {"dashboard": "flat", "panels": [{"title": "q", "query": "rate(up[$__interval])"}]},
        {"panels": [{"type": "table", "datasource": "mysql", "targets": [{"rawSql": "SELECT 1"}]}]},
    )
)
TOKENS = (
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"null", b"true", b"1e999", b"-1", b"NaN"),
    *(b'"panels":', b'"targets":', b'"expr":', b'"type":', b'"row"', b'"gridPos":', b'"repeat":'),
    *(b"$job", b"${job:regex}", b"[[job]]", b"$__rate_interval", b"/(/", b"{{job}}", b"\xff"),
    *(b'"$__all"', b'"now-9y"', b"\\u001b[31m", b"\\ud800", b"//", b"\n", b'{"panels":[]}'),
)  # fmt: skip


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        dashboard = dashboard_of(text, "it", "it.json")
    except ConfigError as error:
        for problem in error.problems:
            check_line(str(problem), 2_000)
        return
    as_yaml(dashboard)
    for note in (*dashboard.notes, *doubts_about(dashboard)):
        check_line(note[:500], 500)
    if len(dashboard.panels) <= _FEW:
        _look(dashboard)


def _look(dashboard: Dashboard) -> None:
    for view in looked_at(dashboard, _STORE).panels:
        check_line(view.panel.title, 120)
        check_line(view.error, 600)
        assert "internal error" not in view.error, view.error
        for one in view.series:
            check_line(one.name, 120)


def run_sql(data: bytes) -> None:
    sql = data.decode("utf-8", "replace")
    values = Values({"job": Value((sql[:40],)), "n": Value(("5",))}, end=3600.0)
    for kind in ("mysql", "postgres", "sqlite"):
        try:
            made = written_out(values.sql(sql), kind, 0.0, 3600.0)
        except (MacroError, UnsafeValueError):
            continue
        assert len(made) <= 20 * len(sql) + 1_000, "macros multiply"


SQL_SEEDS = (
    b"SELECT $__timeGroupAlias(t, '5m'), count(*) FROM x WHERE $__timeFilter(t) AND a IN ($n)",
    b"SELECT UNIX_TIMESTAMP(t) AS time FROM x WHERE t > FROM_UNIXTIME($__from / 1000)",
)
SQL_TOKENS = (
    *(b"$__timeFilter(", b"$__timeGroup(", b"$__time(", b"$__unixEpochFilter(", b")", b"("),
    *(b",", b"'", b'"', b"$job", b"${job:raw}", b"$__interval", b"$__", b"--", b";", b"5m"),
)


def large() -> Iterator[bytes]:
    """As many panels, rows, targets, variables and levels as a file can hold."""
    panel = b'{"type":"stat","targets":[{"expr":"up"}]}'
    yield b'{"panels":[' + b",".join([panel] * 40_000) + b"]}"
    yield b'{"rows":[' + b",".join([b'{"panels":[' + panel + b"]}"] * 30_000) + b"]}"
    yield b'{"panels":[{"targets":[' + b",".join([b'{"expr":"up"}'] * 100_000) + b"]}]}"
    variable = b'{"type":"query","name":"a","query":"label_values(up,job)"}'
    yield b'{"panels":[],"templating":{"list":[' + b",".join([variable] * 30_000) + b"]}}"
    yield b'{"panels":' * 100_000


TARGETS = (
    Target("dashboard", run, SEEDS, TOKENS, bound=LARGEST, large=large),
    Target("dashboard-sql", run_sql, SQL_SEEDS, SQL_TOKENS, bound=20_000),
)
