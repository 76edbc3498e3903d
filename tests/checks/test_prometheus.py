"""A Prometheus server as a check: a real one, and servers that answer as others do."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.clock import FakeClock
from checks.errors import TargetError
from checks.model import Result, Sampler, Status
from checks.probes.prometheus.config import PrometheusConfig, PromQuery
from checks.probes.prometheus.reading import (
    Job,
    TargetsSeen,
    head_series_of,
    readings_of,
    targets_of,
)
from checks.probes.prometheus.report import Known, own_samples
from tests.checks.http_kit import ask, probing
from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tests.servers.prometheus_api import Api, running

CONFIGURATION = """
global: {scrape_interval: 300ms, scrape_timeout: 300ms, evaluation_interval: 300ms}
rule_files: [rules.yml]
scrape_configs:
  - {job_name: gone, static_configs: [{targets: ["127.0.0.1:9", "127.0.0.1:10"]}]}
  - {job_name: self, static_configs: [{targets: ["HERE"]}]}
"""
RULES = """
groups:
  - name: targets
    rules:
      - {alert: TargetGone, expr: up == 0, labels: {severity: page}}
      - {alert: TargetGoneLong, expr: up == 0, for: 1h}
      - {record: broken, expr: up * on(job) group_left() up}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, http_there: HttpServer) -> Iterator[Api]:
    """One that scrapes a page and two ports where nobody is, and has a rule that fails."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "rules.yml").write_text(RULES)
    here = f"127.0.0.1:{http_there.port}"
    with running(folder, CONFIGURATION.replace("HERE", here)) as api:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            rules = api.ask("rules")["data"]["groups"][0]["rules"]
            if rules[0]["state"] == "firing" and rules[2]["health"] == "err":
                break
            time.sleep(0.05)
        yield api


@pytest.fixture(scope="module")
def http_there() -> Iterator[HttpServer]:
    """A page of metrics for it to scrape."""
    made = HttpServer()
    made.start()
    made.answer("/metrics", "jobs 1\n", headers={"Content-Type": "text/plain; version=0.0.4"})
    yield made
    made.stop()


def rows(result: Result) -> dict[str, tuple[Status, str, str]]:
    return {part.name: (part.status, part.value, part.message) for part in result.parts}


async def test_targets_and_rules_of_a_real_server_are_told(server: Api) -> None:
    result = await ask("prometheus", f"http://{server.address}")
    assert (result.status, result.reason, result.value) == (Status.WARNING, "limit", "1/3 up")
    assert "2 of 3 targets are down: gone 127.0.0.1:9, gone 127.0.0.1:10" in result.message
    assert "1 of 3 rules fails: broken: found duplicate series" in result.message
    found = rows(result)
    assert found["job gone"] == (Status.WARNING, "0/2 up", "")
    assert found["job self"] == (Status.OK, "1/1 up", "")
    assert "connection refused" in found["gone 127.0.0.1:9"][2]
    assert found["rules"][1] == "2 firing"
    assert found["alerts pending"][1] == "2"
    samples = result.samples
    assert samples.get("prometheus_targets", scrape_job="gone", health="down") == 2
    assert samples.get("prometheus_alerts", alertstate="firing") == 2
    assert samples.get("prometheus_rules", health="err") == 1
    assert samples.get("prometheus_config_last_reload_successful") == 1
    assert (samples.get("prometheus_tsdb_head_series") or 0) > 5
    assert re.match(r"Prometheus [23]\.", dict(result.facts)["version"])
    titles = [table.title for table in result.tables]
    assert titles == ["targets that are down", "rules in error", "alerts that fire there"]


@pytest.mark.parametrize(
    ("down", "status"),
    [
        ({"warning": 3}, Status.OK),
        ({"warning": None}, Status.OK),
        ({"critical": 2}, Status.CRITICAL),
        ({"warning": 2, "critical": 3}, Status.WARNING),
    ],
)
async def test_how_many_targets_may_be_down_is_the_users_to_say(
    server: Api, down: dict[str, int], status: Status
) -> None:
    config = {"url": f"http://{server.address}/", "targets": {"down": down}}
    found = rows(await ask("prometheus", config))
    assert found["job gone"][0] is status
    assert found["gone 127.0.0.1:10"][0] is status


async def test_what_queries_return_becomes_samples_judged_by_their_bounds(server: Api) -> None:
    queries = [
        {"metric": "target_up", "expr": "up", "labels": ["job", "instance"], "warning_below": 1},
        {"metric": "targets", "expr": "count(up)", "critical": 10},
        {"metric": "two", "expr": "1 + 1"},
        {"metric": "nothing", "expr": "no_such_metric"},
        {"metric": "first", "expr": "up", "max_rows": 1},
        {"metric": "wrong", "expr": "up{"},
        {"metric": "range", "expr": "up[1m]"},
        {"metric": "twice", "expr": "up", "labels": ["job"]},
    ]
    result = await ask("prometheus", {"url": f"http://{server.address}", "queries": queries})
    samples = result.samples
    assert samples.get("target_up", exported_job="self") == 1
    assert samples.get("target_up", exported_instance="127.0.0.1:9") == 0
    assert (samples.get("targets"), samples.get("two")) == (3, 2)
    assert samples.get("nothing") is None
    found = rows(result)
    assert found["query target_up 127.0.0.1:9, gone"][0] is Status.WARNING
    assert found["query targets"] == (Status.OK, "3", "")
    assert "too many rows" in found["query first"][2]
    assert "parse error" in found["query wrong"][2]
    assert "not an instant vector" in found["query range"][2]
    assert "two series have the same labels (job=gone)" in found["query twice"][2]


async def test_a_reload_that_failed_is_a_warning(tmp_path: Path) -> None:
    with running(tmp_path, "scrape_configs: []\n") as api:
        (tmp_path / "prometheus.yml").write_text("scrape_configs: [{nonsense: 1}]\n")
        config = {"url": f"http://{api.address}"}
        assert (await ask("prometheus", config)).status is Status.OK
        os.kill(api.pid, signal.SIGHUP)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            result = await ask("prometheus", config)
            if result.status is not Status.OK:
                break
        assert "its last reload of the configuration failed" in result.message
        assert rows(result)["configuration"][1] == "not reloaded"


# Other servers that speak the language, and servers that do not


def good(server: HttpServer, **parts: Any) -> dict[str, Any]:
    """Have ``server`` answer as Prometheus does, with ``parts`` by their path's last word."""
    answers: dict[str, Any] = {
        "/-/ready": "Prometheus Server is Ready.\n",
        "/api/v1/status/buildinfo": data({"version": "2.53.0", "revision": "abc"}),
        "/api/v1/status/tsdb": data({"headStats": {"numSeries": 508}}),
        "/api/v1/targets": data({"activeTargets": [target("api", "10.0.0.1:80", "up")]}),
        "/api/v1/rules": data({"groups": []}),
        "/api/v1/status/runtimeinfo": data({"reloadConfigSuccess": True}),
    }
    for path, usual in answers.items():
        given = parts.get(path.rpartition("/")[2], usual)
        status, body = given if isinstance(given, tuple) else (200, given)
        server.answer(path, body, status=status)
    return {"url": server.url}


def data(value: object) -> dict[str, object]:
    return {"status": "success", "data": value}


def target(job: str, instance: str, health: str, error: str = "") -> dict[str, Any]:
    labels = {"job": job, "instance": instance}
    return {"labels": labels, "health": health, "lastError": error, "scrapePool": job}


async def test_a_server_that_replays_its_log_is_not_ready(http_server: HttpServer) -> None:
    result = await ask("prometheus", good(http_server, ready=(503, "Service Unavailable")))
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "loading", True)
    assert "it is not ready (HTTP 503: Service Unavailable)" in result.message
    assert result.samples.get("prometheus_ready") == 0


async def test_what_another_server_does_not_tell_is_said_and_no_fault(
    http_server: HttpServer,
) -> None:
    none = (404, "404 page not found")
    config = good(http_server, targets=none, rules=none, runtimeinfo=none, tsdb=none, ready=none)
    http_server.answer("/ready", "ready\n")
    result = await ask("prometheus", config)
    assert result.status is Status.OK
    told = dict(result.facts)["not told here"]
    assert "what it scrapes (/api/v1/targets)" in told
    assert "its rules (/api/v1/rules)" in told
    assert result.samples.get("prometheus_targets") is None


async def test_a_server_beneath_a_path_is_asked_there(http_server: HttpServer) -> None:
    http_server.answer("/prometheus/ready", "ready\n")
    version = data({"version": "2.10.0", "application": "Grafana Mimir"})
    http_server.answer("/prometheus/api/v1/status/buildinfo", version)
    result = await ask("prometheus", f"{http_server.url}/prometheus/")
    assert result.status is Status.OK
    assert dict(result.facts)["version"] == "Grafana Mimir 2.10.0"


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ({"/metrics": "up 1\n"}, "no API of Prometheus': for a page of metrics alone use"),
        ({"/-/ready": "<html>Login</html>", "/api/v1/status/buildinfo": "<html>"}, "a web page"),
        ({"/api/v1/status/buildinfo": {"pong": True}}, "no API of Prometheus'"),
        ({"/api/v1/status/buildinfo": "hello"}, "what came is no JSON"),
    ],
)
async def test_another_service_on_the_port_is_named_as_such(
    http_server: HttpServer, paths: dict[str, Any], said: str
) -> None:
    for path, body in paths.items():
        http_server.answer(path, body)
    result = await ask("prometheus", http_server.url)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "protocol", False)
    assert said in result.message


@pytest.mark.parametrize(
    ("body", "said", "status"),
    [
        ((500, {"status": "error", "error": "tsdb not ready"}), "tsdb not ready", Status.UNKNOWN),
        ("<html>busy</html>", "a web page came instead of JSON", Status.UNKNOWN),
        (data([1, 2]), "not as Prometheus does", Status.UNKNOWN),
        (json.dumps(data({"x": "y" * 300_000})), "longer than 200 kB", Status.WARNING),
        ("[" * 50_000, "no JSON", Status.UNKNOWN),
    ],
    ids=["500", "html", "shape", "huge", "deep"],
)
async def test_a_part_that_cannot_be_read_is_named_and_the_others_are_told(
    http_server: HttpServer, body: Any, said: str, status: Status
) -> None:
    config = {**good(http_server, targets=body), "max_bytes": "200kB"}
    result = await ask("prometheus", config)
    assert (result.status, result.up) == (status, True)
    assert "targets could not be read: /api/v1/targets" in result.message
    assert said in result.message
    assert result.samples.get("prometheus_tsdb_head_series") == 508


async def test_a_part_that_hangs_leaves_the_rest_to_be_told(http_server: HttpServer) -> None:
    config = good(http_server)
    http_server.answer("/api/v1/rules", data({"groups": []}), delay=5)
    result = await ask("prometheus", config, timeout=2.0)
    assert (result.status, result.value) == (Status.WARNING, "1/1 up")
    assert "rules could not be read: no answer from" in result.message


async def test_credentials_that_are_wanted_are_asked_for(http_server: HttpServer) -> None:
    config = good(http_server, ready=(401, "who are you?"))
    result = await ask("prometheus", config)
    assert (result.status, result.reason) == (Status.UNKNOWN, "auth")
    assert "give prometheus.auth" in result.message
    assert (result.up, result.unasked) == (False, False), "it did answer"


async def test_nobody_there_is_critical_and_says_so() -> None:
    result = await ask("prometheus", "http://127.0.0.1:1")
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "refused", False)
    assert result.samples.get("prometheus_ready") == 0


async def test_what_a_server_says_cannot_touch_the_terminal(http_server: HttpServer) -> None:
    evil = target("\x1b[2Jjob", "\u202ehost", "down", "\x1b]0;title\x07refused")
    result = await ask(
        "prometheus", good(http_server, targets=data({"activeTargets": [evil, 7, None]}))
    )
    text = repr([result.message, result.parts, result.tables, result.samples.series])
    assert "\\x1b" not in text
    assert "\\u202e" not in text
    assert "refused" in result.message


async def test_a_thousand_targets_are_counted_and_few_are_rows(http_server: HttpServer) -> None:
    many = [
        target(f"job{number % 40}", f"10.0.{number // 250}.{number % 250}", "down", "timeout")
        for number in range(1000)
    ]
    result = await ask("prometheus", good(http_server, targets=data({"activeTargets": many})))
    assert "1,000 of 1,000 targets are down: job0 10.0.0.0, job0 10.0.0.40 and 998 more" in (
        result.message
    )
    assert len(result.parts) < 45
    assert rows(result)["20 more jobs"][1] == "0/500 up"
    assert len(result.tables[0].rows) == 100


async def test_targets_are_asked_for_again_after_a_while_and_a_version_that_changes_is_told(
    http_server: HttpServer,
) -> None:
    clock = FakeClock()
    async with probing("prometheus", good(http_server), clock=clock) as probe:
        await probe.run()
        count = len(http_server.requests)
        await clock.advance(5)
        await probe.run()
        assert [r.path for r in http_server.requests[count:]] == ["/-/ready"]
        assert http_server.connections == 1
        good(http_server, buildinfo=data({"version": "2.54.0"}))
        await clock.advance(300)
        result = await probe.run()
        assert result.events == ("version changed from 2.53.0 to 2.54.0",)
        await clock.advance(5)
        assert (await probe.run()).events == ()


def test_names_of_its_own_metrics_are_not_for_queries() -> None:
    with pytest.raises(ValueError, match="names of the check's own metrics"):
        PrometheusConfig.model_validate(
            {"url": "http://a", "queries": [{"metric": "prometheus_ready", "expr": "1"}]}
        )


@pytest.mark.parametrize("odd", [[], {}, 10**400, "NaN", None, True])
def test_values_of_other_types_than_promised_are_no_numbers(odd: Any) -> None:
    query = PromQuery.model_validate({"expr": "up", "metric": "m"})
    answer = {"status": "success", "data": {"resultType": "scalar", "result": [1, odd]}}
    expected = 1.0 if odd is True else None
    readings, _ = readings_of(query, answer)
    assert [one.value for one in readings] == ([] if expected is None else [expected])
    assert head_series_of({"status": "success", "data": {"totalSeries": odd}}) == expected
    with pytest.raises(TargetError, match="answers, but not as Prometheus does"):
        targets_of({"status": odd, "data": {}})


def test_of_very_many_jobs_the_largest_have_series_of_their_own() -> None:
    jobs = tuple(Job(f"j{n}", up=n, down=1, unknown=0) for n in range(10_000))
    known = Known(targets=TargetsSeen(jobs, ()))
    made = own_samples(Sampler({}), known, ready=True)
    assert len(made.series) < 2_000
