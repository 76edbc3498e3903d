"""The dashboards of the guides, as they stand there: what they show, and what never will."""

from __future__ import annotations

import math

import pytest

from checks.dashboards.probing import doubts_about
from tests.checks.dashboards.kit import counter, looked_at, seed_dashboards, store_of

_ON = '{job="gw",instance="db:3306"}'


def test_the_gateway_performance_dashboard_shows_requests_and_says_what_nothing_brings() -> None:
    _, performance = seed_dashboards("askproai")
    buckets = {
        f'api_response_time_bucket{{job="api",le="{le}"}}': counter(n)
        for le, n in (("0.1", 1), ("0.5", 9), ("+Inf", 10))
    }
    store = store_of({'api_requests_total{job="api"}': counter(20), **buckets})

    view = looked_at(performance, store)

    assert view.title == "AskProAI Performance"
    requests, times, database = view.panels
    # The guide's quantiles are of all since the start.
    assert [one.partition(", in")[0] for one in doubts_about(performance)] == 3 * [
        "panel Response Time Percentiles: it is of all since the application's start, not of late:"
        " rate() is missing"
    ]
    assert requests.series[0].value == pytest.approx(20)
    assert [one.name for one in times.series] == ["p50", "p95", "p99"]
    assert database.series == ()
    # No exporter makes this metric, so that the panel would be empty for ever.
    assert "nothing brings mysql_query_duration_seconds_sum" in database.error


def test_the_mysql_dashboard_has_queries_in_place_of_targets() -> None:
    mysql, _ = seed_dashboards("askproai")
    store = store_of(
        {
            f"mysql_global_status_questions{_ON}": counter(10),
            f"mysql_global_status_slow_queries{_ON}": counter(0.5),
            f"mysql_global_status_innodb_buffer_pool_reads{_ON}": [7] * 84,
            f"mysql_global_status_innodb_buffer_pool_read_requests{_ON}": [9] * 84,
            f"mysql_global_status_threads_connected{_ON}": [*range(81), 3, 4, 5],
        }
    )

    view = looked_at(mysql, store)

    assert view.title == "MySQL Performance"
    queries, slow, hits, connections = view.panels
    assert queries.series[0].value == pytest.approx(10)
    assert slow.series[0].value == pytest.approx(0.5)
    # 0 / 0 on a server at rest is a gap, and no figure.
    assert math.isnan(hits.series[0].value)
    assert connections.series[0].value == 5


def test_the_flow_dashboard_names_its_dead_panels_and_what_is_meant() -> None:
    (flow,) = seed_dashboards("moai-flow")
    store = store_of(
        {
            "moai_flow_agents_active": [3] * 84,
            "moai_flow_events_total": counter(2),
            'moai_flow_query_duration_seconds_bucket{le="+Inf"}': counter(1),
            "moai_flow_db_size_bytes": [1e6] * 84,
            "process_cpu_seconds_total": counter(0.2),
            "process_resident_memory_bytes": [5e7] * 84,
        }
    )

    panels = {one.panel.title: one for one in looked_at(flow, store).panels}

    empty = {title for title, one in panels.items() if not one.series}
    assert empty == {"Query Latency (P95)", "Error Rate"}
    assert "nothing brings moai_flow_errors_total: no check has it" in panels["Error Rate"].error
    assert (
        "histogram_quantile(0.95, sum by (le) (rate(moai_flow_query_duration_seconds_bucket[5m])))"
        in panels["Query Latency (P95)"].error
    )
    assert panels["CPU Usage"].panel.kind.value == "gauge"
    assert panels["CPU Usage"].series[0].value == pytest.approx(0.2)
