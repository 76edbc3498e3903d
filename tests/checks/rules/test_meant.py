"""What is right in a rule and hardly meant so."""

from __future__ import annotations

import pytest

from checks.promql.api import Engine
from checks.rules.language import PrometheusLanguage
from checks.rules.remarks import remarks
from tests.checks.rules.kit import read

SHARE = "Error rate is {{ $value | humanizePercentage }}"


def told(expression: str, description: str = "") -> list[str]:
    file = read(
        "groups:\n- name: g\n  rules:\n"
        f"  - alert: A\n    expr: '{expression}'\n"
        f"    annotations: {{description: '{description}'}}\n"
    )
    assert not file.problems
    return [one.text for one in remarks(file.groups, PrometheusLanguage(Engine()))]


def test_a_rate_that_is_shown_as_a_share_is_told() -> None:
    (said,) = told("rate(api_errors_total[5m]) > 0.05", SHARE)
    assert said == (
        "the annotation description shows a rate as a percentage: the value is api_errors_total a"
        " second, not a share of anything"
    )
    assert told('0.1 < sum by (job) (rate(http_requests_total{status=~"5.."}[5m]))', SHARE)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(errors_total[5m]) / rate(requests_total[5m]) > 0.05",
        "rate(process_cpu_seconds_total[5m]) > 0.9",
        "sum(rate(a_total[5m])) / on() sum(rate(b_total[5m])) > 0.1",
        "memory_ratio > 0.9",
        "rate(a_total[5m]) > rate(b_total[5m])",
    ],
)
def test_a_share_and_a_counter_of_seconds_are_none(expression: str) -> None:
    assert told(expression, SHARE) == []
    assert told("rate(api_errors_total[5m]) > 0.05", "{{ $value }} a second") == []


def test_a_quantile_of_all_since_the_start_is_told() -> None:
    (said,) = told("histogram_quantile(0.95, api_response_time_bucket) > 1")
    assert "write rate(api_response_time_bucket[5m])" in said
    assert told("histogram_quantile(0.95, sum by (le) (x_bucket)) > 1")
    assert told("histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m]))) > 1") == []
    assert told("histogram_quantile(0.95, job:x:rate5m) > 1") == []
