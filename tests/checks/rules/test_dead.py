"""Rules that read what is not there, and what may be meant."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from checks.rules.dead import dead_rules
from checks.store.store import Store
from tests.checks.rules.kit import group_of, samples

THERE = {
    "node_memory_MemAvailable_bytes{instance=a,job=node}": 1.0,
    "node_filesystem_avail_bytes{instance=a,fstype=ext4}": 1.0,
    "up{instance=a,job=node}": 1.0,
}


def dead(rules: str, there: Mapping[str, float] = THERE) -> dict[str, str]:
    store = Store()
    store.append("web", 60.0, 1.0, samples(there))
    return {one.rule.name: one.sentence for one in dead_rules([group_of(rules)], store)}


def dead_expression(expression: str) -> bool:
    quoted = expression.replace("'", "''")
    return bool(dead(f"{{alert: A, expr: '{quoted}'}}"))


def test_a_metric_that_is_not_there_is_named_with_the_nearest_one() -> None:
    assert dead("{alert: A, expr: node_memory_MemAvailable_byte < 5}") == {
        "A": "there is no metric node_memory_MemAvailable_byte; "
        "the nearest metric is node_memory_MemAvailable_bytes"
    }
    assert dead("{alert: A, expr: kube_pod_info}") == {"A": "there is no metric kube_pod_info"}
    assert dead("{alert: A, expr: 'rate(up_total[5m]) > 1'}") == {
        "A": "there is no metric up_total; the nearest metric is up"
    }


def test_another_applications_metric_is_near_only_where_it_is_much_alike() -> None:
    rule = "{alert: A, expr: flow_errors_total > 0}"
    forks = {"node_forks_total{job=node}": 1.0}
    none = {"A": "there is no metric flow_errors_total"}
    assert dead(rule, forks) == none, "they have their ending in common"
    named = "there is no metric flow_errors_total; the nearest metric is flow_events_total"
    assert dead(rule, {**forks, "flow_events_total{job=flow}": 1.0}) == {"A": named}


def test_what_has_words_before_it_that_are_not_there_is_near() -> None:
    there = {"queue_failed{}": 1.0, "redis_cluster_enabled{}": 1.0, "failed{}": 1.0}
    assert dead("{alert: A, expr: redis_queue_failed > 0}", there) == {
        "A": "there is no metric redis_queue_failed; the nearest metric is queue_failed"
    }
    far = "there is no metric redis_jobs_failed"
    assert dead("{alert: A, expr: redis_jobs_failed > 0}", there) == {"A": far}


def test_a_matcher_that_takes_everything_away_is_named_with_what_there_is() -> None:
    assert dead("{alert: A, expr: 'up{job=\"nodes\"} == 0'}") == {
        "A": 'up{job="nodes"} matches nothing: job="nodes" takes everything away; job is node'
    }
    assert dead("{alert: A, expr: 'up{env=\"prod\"} == 0'}") == {
        "A": 'up{env="prod"} matches nothing: no up has the label env'
    }


@pytest.mark.parametrize(
    "expression",
    [
        "gone",
        "gone > 5",
        "up / gone",
        "up and gone",
        "sum(rate(gone[5m])) by (job)",
        "-(gone)",
        "gone unless up",
        "gone or gone_too",
        "max_over_time((gone > 1)[5m:])",
        "label_replace(gone, 'a', 'b', 'c', 'd')",
        "topk(3, gone)",
        "predict_linear(gone[1h], 3600) < 0",
    ],
)
def test_what_can_return_nothing_is_dead(expression: str) -> None:
    assert dead_expression(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "up",
        "up == 0",
        "up or gone",
        "gone or up",
        "up unless gone",
        "absent(gone)",
        "absent_over_time(gone[5m])",
        "up > scalar(gone)",
        "count(gone) or vector(0)",
        "vector(1)",
        "vector(time()) > 5",
        "ALERTS{alertstate='firing'}",
        "{__name__=~'node_.*'}",
    ],
)
def test_what_can_return_something_is_not(expression: str) -> None:
    assert not dead_expression(expression)


def test_what_a_rule_records_is_there() -> None:
    assert dead("{alert: A, expr: 'job:up > 1'}\n{record: 'job:up', expr: sum(up)}") == {}


REQUESTS = {
    "http_requests_total{instance=a,job=shop,status=200}": 5.0,
    "http_seconds_bucket{instance=a,job=shop,le=0.5}": 5.0,
    "http_seconds_bucket{instance=a,job=shop,le=+Inf}": 5.0,
    "other_total{instance=a,job=other,path=/}": 5.0,
}


@pytest.mark.parametrize(
    "expression",
    [
        'rate(http_requests_total{status=~"5.."}[5m]) > 0',
        'http_requests_total{job="shop",status="500"} > 0',
        'http_requests_total{status!="200"} > 0',
        'http_requests_total{status=""} > 0',
        'sum(http_requests_total{status="500"}) / sum(http_requests_total) > 0.1',
        '{job="shop",status="500"} > 0',
    ],
)
def test_a_value_that_has_not_occurred_yet_makes_no_rule_dead(expression: str) -> None:
    assert dead(f"{{alert: A, expr: '{expression}'}}", REQUESTS) == {}


def test_what_is_settled_beforehand_does_not_come_later() -> None:
    assert dead(
        """{alert: A, expr: 'http_requests_total{status="500",job="shp"} > 0'}""", REQUESTS
    ) == {
        "A": 'http_requests_total{status="500",job="shp"} matches nothing: job="shp" takes '
        "everything away; job is shop"
    }
    assert dead(
        """{alert: A, expr: 'http_requests_total{status="500",env="prod"} > 0'}""", REQUESTS
    ) == {
        "A": 'http_requests_total{status="500",env="prod"} matches nothing: no '
        "http_requests_total has the label env"
    }
    bucket = "{alert: A, expr: 'http_seconds_bucket{le=\"0.3\"} > 0'}"
    assert dead(bucket, REQUESTS)["A"].endswith('le="0.3" takes everything away; le is +Inf, 0.5')
    elsewhere = '{alert: A, expr: \'{job="shop",path="/"} > 0\'}'
    assert dead(elsewhere, REQUESTS), "none of that job has the label"
