"""An Alertmanager as a check: a real one with alerts and silences, and what is no such thing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.clock import FakeClock
from checks.errors import TargetError
from checks.model import Result, Status
from checks.probes.alertmanager.probe import AlertmanagerProbe
from checks.probes.alertmanager.reading import alerts_of
from tests.checks.http_kit import ask, probing
from tests.patience import PATIENCE
from tests.servers.alertmanager import Alertmanager, serving
from tests.servers.http import HttpServer

CONFIGURATION = """
route:
  receiver: team
  group_wait: 1s
  routes: [{receiver: pager, matchers: ['severity="page"']}]
receivers: [{name: team}, {name: pager, webhook_configs: [{url: "http://127.0.0.1:9/hook"}]}]
inhibit_rules:
  - source_matchers: ['severity="page"']
    target_matchers: ['severity="warning"']
    equal: [instance]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """One with an alert that pages, one that it inhibits, and one that is silenced."""
    with serving(tmp_path_factory.mktemp("alertmanager"), CONFIGURATION) as made:
        now = datetime.now(UTC)
        made.post(
            "silences",
            {
                "matchers": [{"name": "alertname", "value": "Odd", "isRegex": False}],
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(minutes=40)).isoformat(),
                "createdBy": "alice",
                "comment": "known since Monday",
            },
        )
        made.post(
            "alerts",
            [
                {
                    "labels": {"alertname": "DiskFull", "severity": "page", "instance": "a"},
                    "annotations": {"summary": "disk of a is full"},
                },
                {"labels": {"alertname": "Slow", "severity": "warning", "instance": "a"}},
                {"labels": {"alertname": "Odd", "severity": "info", "instance": "b"}},
            ],
        )
        yield made


def rows(result: Result) -> dict[str, tuple[Status, str, str]]:
    return {part.name: (part.status, part.value, part.message) for part in result.parts}


async def test_alerts_and_silences_of_a_real_server_are_told(server: Alertmanager) -> None:
    result = await ask("alertmanager", server.url)
    assert (result.status, result.value) == (Status.CRITICAL, "1 active")
    assert result.message == ("1 alert is active: DiskFull (disk of a is full)")
    found = rows(result)
    assert found["DiskFull a"] == (Status.CRITICAL, "page", "disk of a is full")
    assert found["hidden alerts"][1:] == ("2", "1 silenced, 1 inhibited by another alert")
    assert found["silences"][1] == "1 active"
    assert found["silences"][2].startswith('alertname="Odd" ends in 40 min')
    samples = result.samples
    assert samples.get("alertmanager_alerts", state="active") == 1
    assert samples.get("alertmanager_alerts", state="suppressed") == 2
    assert samples.get("alertmanager_active_alerts", severity="page") == 1
    assert samples.get("alertmanager_silences", state="active") == 1
    assert samples.get("alertmanager_receivers") == 2
    assert dict(result.facts)["receivers"] == "team, pager"
    assert dict(result.facts)["cluster"] == "disabled"
    alerts, silences = result.tables
    assert [row[2] for row in alerts.rows].count("inhibited") == 1
    assert silences.rows[0][3:] == ("alice", "known since Monday")


@pytest.mark.parametrize(
    ("alerts", "row", "check"),
    [
        ({"judge": False}, Status.CRITICAL, Status.OK),
        ({"severities": {"page": "warning"}}, Status.WARNING, Status.WARNING),
        ({"severities": {"page": "ok"}}, Status.OK, Status.OK),
    ],
)
async def test_what_alerts_mean_is_the_users_to_say(
    server: Alertmanager, alerts: dict[str, Any], row: Status, check: Status
) -> None:
    result = await ask("alertmanager", {"url": server.url, "alerts": alerts})
    assert rows(result)["DiskFull a"][0] is row
    assert result.status is check
    assert result.samples.get("alertmanager_alerts", state="active") == 1


async def test_a_cluster_that_lacks_members_is_a_warning(server: Alertmanager) -> None:
    config = {"url": server.url, "members": 3, "alerts": {"judge": False}}
    result = await ask("alertmanager", config)
    assert result.status is Status.WARNING
    assert "its cluster has 1 member of 3" in result.message


# What stands in for it


def good(server: HttpServer, **parts: Any) -> dict[str, Any]:
    """Have ``server`` answer as Alertmanager does, with ``parts`` by their path's last word."""
    peers = [{"name": "a", "address": "10.0.0.1:9094"}, {"name": "b", "address": "10.0.0.2:9094"}]
    answers: dict[str, Any] = {
        "/-/ready": "OK",
        "/api/v2/status": {
            "versionInfo": {"version": "0.27.0", "revision": "0aa3c2a"},
            "uptime": "2024-05-01T10:00:00.000Z",
            "cluster": {"status": "ready", "peers": peers},
            "config": {"original": "smtp_auth_password: hunter2"},
        },
        "/api/v2/alerts": [],
        "/api/v2/silences": [],
        "/api/v2/receivers": [{"name": "team"}],
    }
    for path, usual in answers.items():
        given = parts.get(path.rpartition("/")[2], usual)
        status, body = given if isinstance(given, tuple) else (200, given)
        server.answer(path, body, status=status)
    return {"url": server.url}


def alert(name: str, severity: str, **labels: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": {},
        "startsAt": "2024-05-01T10:00:00.000Z",
        "receivers": [{"name": "team"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }


async def test_without_alerts_all_is_well_and_its_configuration_is_nobodys_business(
    http_server: HttpServer,
) -> None:
    result = await ask("alertmanager", good(http_server))
    assert result.status is Status.OK
    assert result.message.endswith("no active alert")
    assert dict(result.facts)["cluster"] == "ready, 2 members"
    assert result.samples.get("alertmanager_cluster_members") == 2
    assert "hunter2" not in repr((result.raw, result.facts, result.tables))


async def test_a_thousand_alerts_are_counted_and_the_worst_are_rows(
    http_server: HttpServer,
) -> None:
    many = [alert("Slow", "warning", instance=f"host-{n}") for n in range(1000)]
    worst = alert("Down", "critical", instance="db")
    result = await ask("alertmanager", good(http_server, alerts=[worst, *many]))
    assert result.status is Status.CRITICAL
    assert "1,001 alerts are active: Down" in result.message
    assert result.parts[0].name == "Down db"
    assert len(result.parts) < 40
    assert rows(result)["more active alerts"][1] == "971"


async def test_alerts_that_look_alike_are_rows_of_their_own(http_server: HttpServer) -> None:
    twins = [alert("Slow", "warning", job="a"), alert("Slow", "warning", job="b")]
    result = await ask("alertmanager", good(http_server, alerts=twins))
    assert [part.name for part in result.parts][:2] == ["Slow", "Slow (2)"]


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ({"/metrics": "up 1\n"}, "no API v2 of Alertmanager's"),
        ({"/-/ready": "<html>", "/api/v2/status": "<html>Login"}, "a web page came"),
        ({"/api/v2/status": {"status": "success", "data": {}}}, "not as Alertmanager's API v2"),
    ],
)
async def test_another_service_on_the_port_is_named_as_such(
    http_server: HttpServer, paths: dict[str, Any], said: str
) -> None:
    for path, body in paths.items():
        http_server.answer(path, body)
    result = await ask("alertmanager", http_server.url)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "protocol", False)
    assert said in result.message


@pytest.mark.parametrize(
    ("body", "said", "status"),
    [
        ((500, {"message": "boom"}), "boom", Status.UNKNOWN),
        ({"alerts": []}, "not as Alertmanager's API v2 does", Status.UNKNOWN),
        ([alert("A", "x" * 300_000)], "longer than 200 kB", Status.WARNING),
    ],
    ids=["500", "shape", "huge"],
)
async def test_alerts_that_cannot_be_read_are_not_taken_for_none(
    http_server: HttpServer, body: Any, said: str, status: Status
) -> None:
    config = {**good(http_server, alerts=body), "max_bytes": "200kB"}
    result = await ask("alertmanager", config)
    assert (result.status, result.up) == (status, True)
    assert "alerts could not be read" in result.message
    assert said in result.message
    assert result.samples.get("alertmanager_alerts") is None


async def test_what_alerts_say_cannot_touch_the_terminal(http_server: HttpServer) -> None:
    evil = alert("\x1b[2JDown", "\u202ecritical", instance="\x1b]0;x\x07a")
    evil["annotations"] = {"summary": "\x1b[31mred"}
    result = await ask("alertmanager", good(http_server, alerts=[evil]))
    text = repr([result.message, result.parts, result.tables, result.samples.series])
    assert "\\x1b" not in text
    assert "\\u202e" not in text
    assert "Down (red)" in result.message


async def test_its_version_is_asked_for_once_a_minute_and_told_where_it_changes(
    http_server: HttpServer,
) -> None:
    clock = FakeClock()
    async with probing("alertmanager", good(http_server), clock=clock) as probe:
        await probe.run()
        await clock.advance(5)
        count = len(http_server.requests)
        await probe.run()
        asked = [request.path for request in http_server.requests[count:]]
        assert asked == ["/-/ready", "/api/v2/alerts", "/api/v2/silences"]
        good(http_server, status={"versionInfo": {"version": "0.28.0"}, "cluster": {}})
        await clock.advance(60)
        assert (await probe.run()).events == ("version changed from 0.27.0 to 0.28.0",)


@pytest.mark.parametrize("odd", [7, 1.5, True, {"a": 1}, "text", None])
def test_lists_that_are_none_are_empty(odd: object) -> None:
    alert = {"labels": {"x\x1b[31m": "y"}, "receivers": odd, "status": {"silencedBy": odd}}
    (found,) = alerts_of([alert]).alerts
    assert (found.receivers, found.silenced_by, found.labels) == ((), (), {"x": "y"})


@pytest.mark.parametrize("odd", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", 5, ""])
def test_a_time_beyond_the_years_there_are_is_none(odd: object) -> None:
    assert alerts_of([{"startsAt": odd}]).alerts[0].started is None


async def test_thousands_of_alerts_hold_nobody_up(http_server: HttpServer) -> None:
    http_server.answer("/few", "[1]")
    http_server.answer("/many", json.dumps(["x" * 1_000] * 1_000))
    async with probing("alertmanager", http_server.url) as probe:
        assert isinstance(probe, AlertmanagerProbe)
        told = probe._api.told
        here = threading.get_ident()
        assert await told("/few", 5, lambda _: threading.get_ident()) == here
        assert await told("/many", 5, lambda _: threading.get_ident()) != here
        # One that has hung is no answer to what is asked next.
        begun, goes_on = threading.Event(), threading.Event()

        def hang(_: object) -> None:
            begun.set()
            goes_on.wait(PATIENCE)

        hung = asyncio.create_task(told("/many", 60, hang))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        hung.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hung
        with pytest.raises(TargetError, match="has not ended yet"):
            await told("/many", 60, len)
        goes_on.set()
