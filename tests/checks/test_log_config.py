"""The configuration of a log check: what it comes to, and what is said of a wrong one."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks.logs.patterns_bounds import Bound
from checks.probes.log import KIND
from checks.probes.log.config import LogConfig
from tests.checks.log_kit import config


def test_a_plain_text_is_its_files() -> None:
    short = LogConfig.model_validate("/var/log/app/*.log")
    assert short == config(files=["/var/log/app/*.log"])
    assert (short.instance(), short.address()) == ("/var/log/app/*.log", "/var/log/app/*.log")
    assert not KIND.expects(short).requests


def test_the_journal_is_called_by_its_units() -> None:
    assert config(journal="nginx.service").address() == "journal nginx.service"
    assert config(journal={}).address() == "journal"


@pytest.mark.parametrize(
    ("requests", "told"), [(True, True), ({}, True), (False, False), (None, False)]
)
def test_requests_are_told_of_where_it_says_so(requests: object, told: bool) -> None:
    made = config(files="x", requests=requests)
    assert KIND.expects(made).requests is told
    assert any(chart.metric == "http_requests_total" for chart in KIND.charts(made)) is told


def test_patterns_and_metrics_have_curves() -> None:
    made = config(
        files="x",
        patterns=["crashes"],
        metrics=[
            {"metric": "a_total"},
            {"metric": "b", "type": "gauge", "value": "x"},
            {"metric": "c_total", "labels": ["x"]},
        ],
    )
    charts = {(chart.metric, chart.rate): chart.labels for chart in KIND.charts(made)}
    assert charts["log_pattern_matches_total", True] == {"pattern": "crashes"}
    assert ("a_total", True) in charts
    assert ("b", False) in charts
    assert "c_total" not in {metric for metric, _ in charts}


def test_a_label_with_ever_new_values_is_doubted() -> None:
    made = config(
        files="x",
        metrics=[{"metric": "a_total", "labels": {"who": "context.user_id", "what": "action"}}],
    )
    ((where, sentence),) = made.doubts()
    assert where == ("metrics", 0, "labels", "who")
    assert sentence.startswith("context.user_id has ever new values")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "give exactly one of files, journal"),
        ({"files": "x", "where": "pattern = a"}, "column 1: which patterns match is not known yet"),
        ({"files": "x", "patterns": ["oom"]}, "there is no ready-made pattern 'oom'"),
        ({"files": "x", "patterns": ["denied", "denied"]}, "two patterns are called denied"),
        (
            {"files": "x", "metrics": [{"metric": "a", "pattern": "b"}]},
            "a: there is no pattern 'b'",
        ),
        (
            {"files": "x", "metrics": [{"metric": "log_up"}]},
            "log_… and http_request… are names of the check's own metrics",
        ),
        (
            {"files": "x", "metrics": [{"metric": "a"}, {"metric": "a"}]},
            "two metrics are called a",
        ),
        (
            {"files": "x", "quiet": {"warning": "2h", "critical": "1h"}},
            "must not be above critical",
        ),
        ({"files": "x", "requests": {"labels": ["a", "b", "c", "d", "e"]}}, "at most 4 items"),
    ],
)
def test_what_is_wrong_is_said(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**keys)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("5/10m", Bound(5, 600.0)),
        ("0 / 5m", Bound(0, 300.0)),
        ("1/m", Bound(1, 60.0)),
        ("100 in 1h30m", Bound(100, 5_400.0)),
    ],
)
def test_a_bound_says_how_many_in_how_long(text: str, bound: Bound) -> None:
    assert Bound.parse(text) == bound
