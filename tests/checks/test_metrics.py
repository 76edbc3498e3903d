"""The metrics check against a real server: samples, labels, bounds, credentials, sentences."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.model import Result, Series, Status
from checks.probe import CheckSpec
from checks.probes.metrics import KIND, METRICS, MetricsConfig
from checks.probes.metrics.config import Expectation, Requests
from tests.checks.http_kit import ask, probing
from tests.reliability import UserSees
from tests.servers.http import HttpServer

TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
OPEN = {"Content-Type": "application/openmetrics-text; version=1.0.0; charset=utf-8"}

PAGE = """\
# HELP jobs_waiting Jobs that wait.
# TYPE jobs_waiting gauge
jobs_waiting{queue="mails"} 12
jobs_waiting{queue="images"} 1204
# TYPE payments_total counter
payments_total 7
"""


def serve(server: HttpServer, page: str = PAGE, headers: dict[str, str] | None = None) -> str:
    return server.answer("/metrics", page, headers=TEXT if headers is None else headers)


async def scraped(server: HttpServer, page: str = PAGE, **config: Any) -> Result:
    return await ask("metrics", {"url": serve(server, page), **config})


def names(result: Result) -> set[str]:
    return {series.name for series in result.samples.series}


async def test_a_page_becomes_samples(http_server: HttpServer) -> None:
    result = await scraped(http_server)
    assert result.status is Status.OK
    assert result.up
    assert result.message.startswith("3 series after ")
    assert result.value == "3 series"
    samples = result.samples
    assert samples.get("jobs_waiting", queue="images") == 1204
    assert samples.get("payments_total", job="test") == 7
    assert samples.get("scrape_samples_scraped") == 3
    assert samples.get("scrape_samples_post_metric_relabeling") == 3
    assert samples.get("scrape_series_added") == 3
    assert samples.get("scrape_body_size_bytes") == len(PAGE)
    assert {metric.name for metric in METRICS} <= names(result)
    sent = http_server.requests[0].headers
    assert sent["accept"].startswith("application/openmetrics-text;version=1.0.0;q=0.9,")
    assert "text/plain;version=0.0.4" in sent["accept"]
    assert sent["accept-encoding"] == "gzip"
    (table,) = result.tables
    assert table.rows[0] == ("jobs_waiting", "gauge", "2", "Jobs that wait.")
    assert dict(result.facts)["series"] == "3 in 2 families"
    assert "jobs_waiting{queue" in result.raw


async def test_openmetrics_by_its_content_type(http_server: HttpServer) -> None:
    page = '# TYPE a counter\na_total 3 # {trace_id="x"} 1\na_created 1.7e9\n# EOF\n'
    result = await ask("metrics", serve(http_server, page, OPEN))
    assert result.samples.get("a_total") == 3
    assert result.samples.get("a_created") == 1.7e9
    facts = dict(result.facts)
    assert facts["format"] == "OpenMetrics"
    assert facts["exemplars"] == "1, which are not read"


async def test_gzip_is_read(http_server: HttpServer) -> None:
    headers = {**TEXT, "Content-Encoding": "gzip"}
    page = PAGE.encode() + b"# " + b"x" * 2000 + b"\n"
    url = http_server.answer("/metrics", gzip.compress(page), headers=headers)
    result = await ask("metrics", url)
    assert result.samples.get("payments_total") == 7
    assert result.samples.get("scrape_body_size_bytes") == len(page)
    assert "sent as" in dict(result.facts)["page"]


@pytest.mark.parametrize(
    ("honor", "expected"),
    [
        (False, {"job": "test", "exported_job": "batch", "exported_instance": "db1:9"}),
        (True, {"job": "batch", "instance": "db1:9"}),
    ],
)
async def test_labels_that_collide(
    http_server: HttpServer, honor: bool, expected: dict[str, str]
) -> None:
    page = 'done{job="batch",instance="db1:9",empty=""} 1\n'
    result = await scraped(http_server, page, honor_labels=honor)
    labels = dict(result.samples.series[0].labels)
    assert expected.items() <= labels.items()
    assert "empty" not in labels
    assert ("exported_job" in labels) is not honor


async def test_a_label_that_is_exported_already(http_server: HttpServer) -> None:
    result = await scraped(http_server, 'done{job="b",exported_job="a"} 1\n')
    labels = dict(result.samples.series[0].labels)
    assert labels["job"] == "test"
    assert labels["exported_job"] == "a"
    assert labels["exported_exported_job"] == "b"


async def test_keep_and_drop(http_server: HttpServer) -> None:
    page = "http_a 1\nhttp_b 2\nhttp_b_created 3\ngo_x 4\n"
    result = await scraped(http_server, page, keep=["http_*"], drop=["*_created"])
    assert {"http_a", "http_b"} == names(result) - {metric.name for metric in METRICS}
    assert result.samples.get("scrape_samples_scraped") == 4
    assert result.samples.get("scrape_samples_post_metric_relabeling") == 2
    assert dict(result.facts)["left out"] == "2 samples, by keep and drop"
    nothing = await scraped(http_server, page, keep=["pg_*"])
    assert nothing.status is Status.WARNING
    assert "none of its 4 samples is kept" in nothing.message


async def test_an_empty_page_is_told(http_server: HttpServer) -> None:
    result = await scraped(http_server, "# nothing yet\n")
    assert result.status is Status.WARNING
    assert result.message.endswith("the page has no samples")


async def test_a_series_that_stands_twice(http_server: HttpServer, user_sees: UserSees) -> None:
    page = 'a{x="1",y="2"} 1\nb 5\na{y="2",x="1"} 9\n'
    for _ in range(2):
        result = await scraped(http_server, page)
        assert result.status is Status.WARNING
        assert result.reason == "protocol"
        assert 'a{x="1",y="2"} stands there twice; the first value counts' in result.message
        assert result.samples.get("a") == 1
        assert result.samples.get("b") == 5
        assert len(set(result.samples.series)) == len(result.samples.series)
    user_sees("a series that stands on a page twice", result)


async def test_a_page_whose_samples_are_all_old_says_so(http_server: HttpServer) -> None:
    result = await scraped(http_server, "a 1 1000000000000\nb 2 1000000000000\n")
    assert (result.status, result.reason) == (Status.WARNING, "missing")
    assert result.message.endswith(
        "all of its 2 samples bear times more than 5 m ago: does what it tells of still run, "
        "are the clocks right?"
    )


async def test_timestamps_count_as_of_now_unless_they_are_old(http_server: HttpServer) -> None:
    clock = FakeClock()
    at = int(clock.wall() * 1000)
    page = f"young 1 {at - 200_000}\nold 2 {at - 400_000}\nplain 3\n"
    result = await ask("metrics", serve(http_server, page), clock=clock)
    assert result.samples.get("young") == 1
    assert result.samples.get("old") is None
    assert result.samples.get("plain") == 3
    assert "1 that are older than 5 minutes, which are left out" in dict(result.facts)["timestamps"]


EXPECT: list[tuple[dict[str, object], Status, str]] = [
    ({"metric": "jobs_waiting", "warning": 2000}, Status.OK, ""),
    (
        {"metric": "jobs_waiting", "warning": 1000, "critical": 2000},
        Status.WARNING,
        'jobs_waiting{queue="images"} is 1,204, above the warning bound of 1,000',
    ),
    (
        {"metric": "jobs_waiting", "labels": {"queue": "mails"}, "critical_below": 100},
        Status.CRITICAL,
        'jobs_waiting{queue="mails"} is 12, below the critical bound of 100',
    ),
    ({"metric": "leader"}, Status.CRITICAL, "the page has no leader"),
    ({"metric": "leader", "required": False}, Status.OK, ""),
]


@pytest.mark.parametrize(("expect", "status", "sentence"), EXPECT)
async def test_single_metrics_are_judged(
    http_server: HttpServer, expect: dict[str, object], status: Status, sentence: str
) -> None:
    result = await scraped(http_server, expect=[expect])
    assert result.status is status
    assert sentence in result.message
    (part,) = result.parts
    assert part.status is status
    assert part.name.startswith(str(expect["metric"]))


async def test_a_counter_is_judged_by_its_increase(http_server: HttpServer) -> None:
    clock = FakeClock()
    expect = [{"metric": "payments_total", "rate": True, "warning": 1, "critical": 5}]
    config = {"url": serve(http_server), "expect": expect}
    async with probing("metrics", config, clock=clock) as probe:
        first = await probe.run()
        assert first.status is Status.OK
        assert first.parts[0].message == "its increase is known from the next page on"
        for value, status, shown in (
            (17, Status.OK, "1/s"),
            (47, Status.WARNING, "3/s"),
            (147, Status.CRITICAL, "10/s"),
            (5, Status.OK, "0.5/s"),  # it began anew
        ):
            await clock.advance(10)
            serve(http_server, f"payments_total {value}\n")
            result = await probe.run()
            assert (result.status, result.parts[0].value) == (status, shown)


async def test_a_counter_that_was_no_number_has_not_grown_to_what_it_is(
    http_server: HttpServer,
) -> None:
    clock, seen = FakeClock(), []
    expect = [{"metric": "payments_total", "rate": True, "critical": 5}]
    async with probing(
        "metrics", {"url": serve(http_server), "expect": expect}, clock=clock
    ) as probe:
        for value in ("1000000", "NaN", "1000001", "1000002"):
            await clock.advance(10)
            serve(http_server, f"payments_total {value}\n")
            seen.append((await probe.run()).status)
    assert seen == [Status.OK, Status.UNKNOWN, Status.OK, Status.OK]


async def test_what_the_page_says_of_itself_counts(http_server: HttpServer) -> None:
    """blackbox_exporter's pages tell probe_success of what it probed; `up` is ours."""
    page = "probe_success 0\nprobe_duration_seconds 0.25\nup 0\n"
    model = MetricsConfig.model_validate(serve(http_server, page))
    engine = Engine(EngineConfig((CheckSpec("m", "metrics", model),), base_dir=Path("/")))
    try:
        began, result = await engine.runners[0].run()
    finally:
        await engine.close()
    assert began > 0
    values = dict(zip(result.samples.series, result.samples.values, strict=True))
    assert len(values) == len(result.samples.series)
    assert result.samples.get("probe_success") == 0
    assert result.samples.get("probe_duration_seconds") == 0.25
    assert result.samples.get("up") == 1
    assert result.samples.get("scrape_samples_scraped") == 3


async def test_series_are_the_same_objects_from_scrape_to_scrape(http_server: HttpServer) -> None:
    async with probing("metrics", serve(http_server)) as probe:
        first, second = await probe.run(), await probe.run()
    assert all(a is b for a, b in zip(first.samples.series, second.samples.series, strict=True))
    assert isinstance(first.samples.series[0], Series)
    assert second.samples.get("scrape_series_added") == 0
    assert http_server.connections == 1


@pytest.mark.parametrize(
    ("answer", "more", "reason"),
    [
        ({"status": 401}, {}, "auth"),
        ({"status": 403}, {}, "auth"),
        ({}, {"max_series": 1}, "limit"),
        ({}, {"max_bytes": 4}, "limit"),
    ],
)
async def test_a_server_that_answers_and_tells_nothing_was_asked(
    http_server: HttpServer, answer: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    url = http_server.answer("/", "a 1\nb 1\n", **answer)
    result = await ask("metrics", {"url": url, **more})
    assert (result.status, result.reason) == (Status.UNKNOWN, reason)
    assert (result.up, result.answered, result.unasked) == (False, True, False)


async def test_one_that_nobody_could_ask_was_not(http_server: HttpServer) -> None:
    config = {"url": http_server.url, "auth": {"bearer": {"env": "ONWATCH_TEST_UNSET"}}}
    assert (await ask("metrics", config)).unasked


async def test_credentials(http_server: HttpServer) -> None:
    url = http_server.answer("/metrics", "who are you", status=401)
    result = await ask("metrics", url)
    assert result.status is Status.UNKNOWN
    assert result.reason == "auth"
    assert not result.up
    assert result.message.endswith("it wants credentials; give metrics.auth")
    token = {"url": serve(http_server), "auth": {"bearer": "s3cret-token"}}
    assert (await ask("metrics", token)).status is Status.OK
    assert http_server.requests[-1].headers["authorization"] == "Bearer s3cret-token"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"url": "ftp://x/"}, "expected http://host… or https://host…"),
        ({"url": "http://x/", "keep": ["a b"]}, "expected a metric's name"),
        ({"url": "http://x/", "max_series": 0}, "greater than or equal to 1"),
        (
            {"url": "http://x/", "expect": [{"metric": "a", "warning": 5, "critical": 1}]},
            "warning must not be above critical",
        ),
        (
            {"url": "http://x/", "drop": ["go_*"], "expect": [{"metric": "go_x", "warning": 5}]},
            "expect names go_x, which keep and drop leave out",
        ),
        ({"url": "http://x/", "requests": {"status": "a b"}}, "pattern"),
    ],
)
def test_bad_configuration_is_told(config: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MetricsConfig.model_validate(config)
    assert said in str(caught.value)


def test_charts_show_what_is_judged() -> None:
    config = MetricsConfig.model_validate(
        {"url": "http://x/", "expect": [{"metric": "a_total", "labels": {"b": "c"}, "rate": True}]}
    )
    first = KIND.charts(config)[0]
    assert (first.title, first.metric) == ('a_total{b="c"} a second', "a_total")
    assert (first.rate, first.unit, first.labels) == (True, "1/s", {"b": "c"})


def test_every_key_and_metric_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checks" / "metrics.md").read_text()
    for model in (MetricsConfig, Expectation, Requests):
        for name in model.model_fields:
            assert f"`{name}`" in page, name
    for metric in METRICS:
        assert f"`{metric.name}`" in page, metric.name
