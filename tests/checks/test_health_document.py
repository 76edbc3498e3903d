"""Health documents in the dialects that frameworks speak, pure and through a real server."""

from __future__ import annotations

from typing import Any

import pytest

from checks.clock import FakeClock
from checks.health_document import HealthDocument, changes, is_of_health, read_document
from checks.health_words import counterpart, word_status
from checks.model import Status
from checks.probes.http.probe import HttpProbe
from tests.checks.http_kit import ask, probing
from tests.servers.http import HttpServer

OK, WARNING, CRITICAL = Status.OK, Status.WARNING, Status.CRITICAL
UNKNOWN = Status.UNKNOWN

FASTAPI: dict[str, Any] = {
    "status": "limited",
    "version": "2.0.0",
    "platform": "Shop AI",
    "timestamp": "2025-10-01T05:08:03.580606+00:00",
    "uptime_seconds": 5,
    "services": {
        "database": {"status": "connected", "type": "SQLite", "error": None},
        "ai_providers": {
            "configured": 0,
            "total": 3,
            "status": {"openai": False, "anthropic": False, "perplexity": False},
        },
    },
    "system": {"memory_used_percent": 26.9, "memory_available_mb": 46891.06},
    "environment": {"debug": True, "log_level": "ERROR"},
}
DETAILED = {
    "status": "healthy",
    "services": {"database": "healthy", "redis": "healthy", "minio": "unhealthy"},
    "workers": {"celery": "healthy", "active_tasks": 5},
}
SPRING = {
    "status": "DOWN",
    "components": {
        "db": {"status": "DOWN", "details": {"error": "connection refused"}},
        "diskSpace": {"status": "UP", "details": {"total": 1000, "free": 400}},
        "redis": {"status": "UP", "components": {"cache": {"status": "UP"}}},
        "mail": {"status": "OUT_OF_SERVICE"},
    },
    "groups": ["liveness", "readiness"],
}
ASPNET = {
    "status": "Unhealthy",
    "totalDuration": "00:00:00.0512",
    "entries": {
        "sqlserver": {
            "data": {},
            "description": "login failed",
            "duration": "00:00:00.05",
            "status": "Unhealthy",
            "tags": ["db"],
        },
        "queue": {"data": {}, "duration": "00:00:00.001", "status": "Degraded", "tags": []},
    },
}
IETF = {
    "status": "warn",
    "version": "1",
    "releaseId": "1.2.2",
    "checks": {
        "cassandra:responseTime": [
            {
                "componentType": "datastore",
                "observedValue": 250,
                "observedUnit": "ms",
                "status": "pass",
            },
        ],
        "cpu:utilization": [
            {
                "componentId": "n1",
                "observedValue": 85,
                "observedUnit": "percent",
                "status": "warn",
                "output": "above 80",
            },
            {"componentId": "n2", "observedValue": 8, "observedUnit": "percent", "status": "pass"},
        ],
    },
}
TERMINUS = {
    "status": "error",
    "info": {"memory": {"status": "up"}},
    "error": {"database": {"status": "down", "message": "timeout of 1000ms"}},
    "details": {
        "memory": {"status": "up"},
        "database": {"status": "down", "message": "timeout of 1000ms"},
    },
}
SPATIE = {
    "finishedAt": 1700000000,
    "checkResults": [
        {"name": "UsedDiskSpace", "notificationMessage": "97 % full", "status": "failed"},
        {"name": "Schedule", "notificationMessage": "", "status": "ok"},
        {"name": "Horizon", "status": "skipped"},
    ],
}


def document(value: object) -> HealthDocument:
    found = read_document(value)
    assert found is not None
    return found


def parts(value: object) -> dict[str, tuple[Status, str, str]]:
    return {p.name: (p.status, p.message, p.value) for p in document(value).parts}


@pytest.mark.parametrize(
    ("value", "status", "word"),
    [
        ({"status": "ok"}, OK, "ok"),
        ({"status": "UP"}, OK, "UP"),
        ({"status": "pass"}, OK, "pass"),
        ({"status": "degraded"}, WARNING, "degraded"),
        ({"status": "limited"}, WARNING, "limited"),
        ({"status": "Out Of Service"}, CRITICAL, "Out Of Service"),
        ({"healthy": True}, OK, "true"),
        ({"healthy": False, "message": "Slow response"}, CRITICAL, "false"),
        ({"ok": False}, CRITICAL, "false"),
        ({"status": 200}, OK, "200"),
        ({"status": 503}, CRITICAL, "503"),
        ({"state": "running"}, OK, "running"),
        ({"cluster_name": "logs", "status": "yellow", "timed_out": False}, WARNING, "yellow"),
        (FASTAPI, WARNING, "limited"),
        (DETAILED, OK, "healthy"),
        (SPRING, CRITICAL, "DOWN"),
        (ASPNET, CRITICAL, "Unhealthy"),
        (IETF, WARNING, "warn"),
        (TERMINUS, CRITICAL, "error"),
        (SPATIE, CRITICAL, ""),
        ({"services": {"db": "up", "cache": "down"}}, CRITICAL, ""),
    ],
)
def test_the_verdict_of_each_dialect(value: object, status: Status, word: str) -> None:
    found = document(value)
    assert (found.status, found.word) == (status, word)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "ok",
        {},
        {"name": "shop", "price": 3},
        {"status": "shipped", "order": {"id": 4}},
        {"status": None, "state": {"x": 1}},
        {"users": [{"name": "bob", "status": "active"}]},
        {"log_level": "error", "environment": "production"},
    ],
)
def test_what_is_no_health_document(value: object) -> None:
    assert read_document(value) is None


@pytest.mark.parametrize(
    ("value", "status", "said"),
    [
        # Statuspage's components, supervisor, Consul, Docker, gRPC, Ceph, HAProxy, CouchDB, Nagios.
        ({"components": [{"name": "api", "status": "major_outage"}]}, CRITICAL, {"api": CRITICAL}),
        ({"services": {"web": "RUNNING", "mail": "FATAL", "jobs": "BACKOFF"}}, CRITICAL,
         {"web": OK, "mail": CRITICAL, "jobs": CRITICAL}),
        ({"AggregatedStatus": "passing", "Checks": [{"CheckID": "web", "Status": "passing"}]}, OK,
         {"web": OK}),
        ({"AggregatedStatus": "maintenance"}, WARNING, {}),
        ({"services": {"web": "restarting", "db": "exited"}}, CRITICAL,
         {"web": WARNING, "db": CRITICAL}),
        ({"status": "NOT_SERVING"}, CRITICAL, {}),
        ({"health": "HEALTH_WARN"}, WARNING, {}),
        ({"status": "maintenance_mode"}, WARNING, {}),
        ({"services": {"ping": "OK", "load": "PENDING", "host": "UNREACHABLE"}}, CRITICAL,
         {"ping": OK, "load": WARNING, "host": CRITICAL}),
        # ASP.NET without a naming policy, MicroProfile Health 1.0, Kubernetes' conditions by word.
        ({"Status": "Unhealthy", "Entries": {"db": {"Status": "Unhealthy", "Description": "no"}}},
         CRITICAL, {"db": CRITICAL}),
        ({"outcome": "DOWN", "checks": [{"name": "disk", "state": "DOWN"}]}, CRITICAL,
         {"disk": CRITICAL}),
        ({"status": "OutOfService"}, CRITICAL, {}),
        ({"services": {"pod": "CrashLoopBackOff", "node": "NotReady"}}, CRITICAL,
         {"pod": CRITICAL, "node": CRITICAL}),
        # Sentences behind the word, as pages that are made by hand have them.
        ({"status": "healthy", "services": {"db": "up", "mail": "unhealthy: no route"}}, OK,
         {"db": OK, "mail": CRITICAL}),
        # django-health-check.
        ({"DatabaseBackend": "working", "Cache": "working"}, OK,
         {"DatabaseBackend": OK, "Cache": OK}),
    ],
)  # fmt: skip
def test_words_that_monitoring_systems_say_are_known(
    value: object, status: Status, said: dict[str, Status]
) -> None:
    found = document(value)
    assert (found.status, {part.name: part.status for part in found.parts}) == (status, said)


@pytest.mark.parametrize(
    "value",
    [
        {"status": "weird", "components": {"db": {"status": "UP"}, "mail": {"status": "ODD"}}},
        {"status": "Odd", "entries": {"db": {"status": "Healthy"}, "mail": {"status": "Odd"}}},
        {"status": "odd", "checks": {"db": [{"status": "pass"}], "mail": [{"status": "odd"}]}},
        {
            "status": "odd",
            "checks": [{"name": "db", "state": "UP"}, {"name": "mail", "state": "odd"}],
        },
    ],
)
def test_a_word_nobody_knows_is_unknown_where_a_page_is_there_for_health(value: object) -> None:
    found = read_document(value, expected=True)
    assert found is not None
    assert (found.status, found.strange) == (UNKNOWN, True)
    assert {part.name: part.status for part in found.parts} == {"db": OK, "mail": UNKNOWN}


def test_under_a_head_that_only_health_documents_have_parts_must_say_how_they_are() -> None:
    assert parts({"status": "healthy", "checks": {"mail": {"status": "weird", "error": "x"}}}) == {
        "mail": (UNKNOWN, '"weird" is no word that onwatch knows; x', "weird")
    }
    # What any API's answer is headed by tells nothing of what its lists are about.
    assert parts({"status": "success", "services": [{"name": "gift", "status": "wrapped"}]}) == {}


@pytest.mark.parametrize(
    "value",
    [
        {"status": "shipped", "services": {"gift": True, "express": False}, "details": {"a": 1}},
        {"status": "ok", "results": [{"id": 1, "status": "active"}, {"id": 2, "status": "sold"}]},
        {"success": True, "status": "draft", "details": {"state": "odd"}},
        {"status": "ok", "services": {"cache": "redis", "queue": "default"}},
        {"status": "ok", "services": {"db": "up", "version": "beta", "host": "web-1", "n": "1.2"}},
        {"status": "ok", "order": {"status": "shipped"}, "title": "Error: none"},
    ],
)
def test_words_of_other_things_are_no_verdicts(value: object) -> None:
    found = read_document(value)
    statuses = {part.status for part in found.parts} if found else set()
    assert found is None or not found.strange
    assert UNKNOWN not in statuses


@pytest.mark.parametrize(
    ("path", "content_type", "expected"),
    [
        ("/health", "", True),
        ("/api/healthz", "", True),
        ("/actuator/health/readiness", "", True),
        ("/health/detailed/", "", True),
        ("/health-check.json", "", True),
        ("/", "application/health+json; charset=utf-8", True),
        ("/health/patients/3", "application/json", False),
        ("/healthcare/orders", "", False),
        ("/status", "", False),
        ("", "", False),
    ],
)
def test_which_pages_are_there_for_health(path: str, content_type: str, expected: bool) -> None:
    assert is_of_health(path, content_type) is expected


def test_on_a_page_for_health_every_word_must_be_known() -> None:
    found = read_document({"status": "weird"}, expected=True)
    assert found is not None
    assert (found.status, found.key, found.word, found.strange) == (
        UNKNOWN,
        "status",
        "weird",
        True,
    )
    assert read_document({"status": "weird"}) is None
    assert read_document({"status": "see 12.5"}, expected=True) is None
    failing = read_document({"status": "weird", "db": {"status": "down"}}, expected=True)
    assert failing is not None
    assert failing.status is CRITICAL


@pytest.mark.parametrize("said", ["weird", "", None, 7, {"error": "no route"}])
def test_a_part_that_was_judged_does_not_vanish_when_it_says_something_else(said: object) -> None:
    for before, after in (
        ({"status": "ok", "mail": "up"}, {"status": "ok", "mail": said}),
        ({"services": {"mail": "up"}}, {"services": {"mail": said}}),
        ({"services": {"mail": {"status": "up"}}}, {"services": {"mail": said}}),
        ({"details": {"mail": {"status": "up"}}}, {"details": {"mail": said}}),
    ):
        earlier = read_document(before, expected=True)
        assert earlier is not None
        found = read_document(after, seen=earlier.places)
        assert found is not None
        assert [(part.name, part.status) for part in found.parts] == [("mail", UNKNOWN)]
        assert read_document(after, seen=found.places) == found, "nor one look later"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"id": 4, "status": "active"}, {"id": 4, "status": "shipped"}),
        ({"id": 1, "status": "running"}, {"id": 2, "status": "queued"}),
        ({"state": "running", "role": "master"}, {"state": "weird", "role": "replica"}),
        ({"status": "ok", "backup": "running"}, {"status": "ok", "backup": "rotating"}),
        ({"services": [{"name": "a", "status": "active"}]}, {"services": []}),
    ],
)
def test_pages_of_anything_need_not_say_again_what_they_said_once(
    before: object, after: object
) -> None:
    found = read_document(after, seen=document(before).places)
    assert found is None or (found.status, found.failing) == (OK, ())


@pytest.mark.parametrize(
    "value",
    [
        {"status": "ok", "services": {"db": "up", "cache": "redis", "engine": "postgres"}},
        {"status": "healthy", "checks": {"db": "ok", "region": "eu"}, "slot": "blue"},
        {"status": "healthy", "last_backup": "2026-11-28T02:00:00Z"},
        {"status": "up", "workers": {"mail": {"status": "idle"}, "img": {"status": "busy"}}},
        {"status": "UP", "jobs": {"migrations": {"status": "completed"}}, "severity": "fatal"},
        {"status": "healthy", "checks": {"redis": {"status": "PONG"}, "vote": {"state": "leader"}}},
        {"status": "started"},
        {"status": "Server available"},
    ],
)
def test_usual_words_of_pages_for_health_are_no_alarm(value: object) -> None:
    first = read_document(value, expected=True)
    assert first is not None
    again = read_document(value, expected=True, seen=first.places)
    for found in (first, again):
        assert found is not None
        assert (found.status, found.failing) == (OK, ())


@pytest.mark.parametrize(
    "value",
    [
        {"customer": "x", "subscription": "expired"},
        {"coupon": {"status": "expired"}},
        {"severity": "fatal", "title": "x"},
        {"color": "amber"},
        {"status": "ok", "channel": "alert", "threshold": "emergency", "license": "expired"},
        {"connections": [{"name": "a", "status": "active"}, {"name": "b", "status": "invited"}]},
    ],
)
def test_words_of_any_field_are_no_verdict_elsewhere(value: object) -> None:
    found = read_document(value)
    assert found is None or (found.status, found.failing) == (OK, ())


@pytest.mark.parametrize("word", ["up (unhealthy)", "running - not ready", "ok (degraded: db)"])
def test_a_good_word_does_not_hide_the_bad_one_behind_it(word: str) -> None:
    found = read_document({"status": "healthy", "services": {"a": {"status": word}}})
    assert found is not None
    assert [part.status for part in found.parts if part.name == "a"] != [OK]
    assert read_document({"status": word}, expected=True) is None


def test_parts_as_objects_with_alternatives() -> None:
    assert parts(FASTAPI) == {
        "database": (OK, "", "connected"),
        "ai_providers": (WARNING, "none of openai, anthropic, perplexity", "0/3"),
    }
    one = {"services": {"ai": {"status": {"openai": True, "anthropic": False}}}}
    assert parts(one) == {"ai": (OK, "", "1/2")}


def test_parts_as_words_and_figures_beside_them() -> None:
    assert parts(DETAILED) == {
        "database": (OK, "", "healthy"),
        "redis": (OK, "", "healthy"),
        "minio": (CRITICAL, "", "unhealthy"),
        "celery": (OK, "", "healthy"),
    }
    assert document(DETAILED).numbers == (("workers.active_tasks", 5.0),)


def test_components_nest_and_bring_their_error() -> None:
    found = parts(SPRING)
    assert found["db"] == (CRITICAL, "connection refused", "DOWN")
    assert found["mail"] == (CRITICAL, "", "OUT_OF_SERVICE")
    assert found["redis/cache"] == (OK, "", "UP")
    assert ("components.diskSpace.details.free", 400.0) in document(SPRING).numbers


def test_entries_lists_observations_and_doubles() -> None:
    assert parts(ASPNET) == {
        "sqlserver": (CRITICAL, "login failed", "Unhealthy"),
        "queue": (WARNING, "", "Degraded"),
    }
    assert parts(IETF) == {
        "cassandra:responseTime": (OK, "", "250 ms"),
        "cpu:utilization n1": (WARNING, "above 80", "85 percent"),
        "cpu:utilization n2": (OK, "", "8 percent"),
    }
    assert parts(TERMINUS) == {
        "memory": (OK, "", "up"),
        "database": (CRITICAL, "timeout of 1000ms", "down"),
    }
    assert parts(SPATIE) == {
        "UsedDiskSpace": (CRITICAL, "97 % full", "failed"),
        "Schedule": (OK, "", "ok"),
        "Horizon": (OK, "", "skipped"),
    }


def test_words_beside_the_verdict_are_parts_but_settings_are_not() -> None:
    flat = {"status": "ok", "database": "connected", "redis": "disconnected", "log_level": "error"}
    assert parts(flat) == {
        "database": (OK, "", "connected"),
        "redis": (CRITICAL, "", "disconnected"),
    }


def test_a_boolean_is_a_part_only_where_parts_are_kept() -> None:
    assert parts({"status": "ok", "checks": {"db": True, "cache": False}}) == {
        "db": (OK, "", "true"),
        "cache": (CRITICAL, "", "false"),
    }
    assert parts({"status": "ok", "info": {"debug": False}, "environment": {"debug": False}}) == {}


def test_facts_version_and_uptime() -> None:
    found = document(FASTAPI)
    assert found.version == "2.0.0"
    assert found.uptime == 5
    facts = dict(found.facts)
    assert facts["platform"] == "Shop AI"
    assert facts["system.memory_used_percent"] == "26.9"
    names = [name for name, _ in found.numbers]
    assert "system.memory_available_mb" in names
    assert "uptime_seconds" not in names
    assert document({"status": "ok", "process": {"uptime_ms": 2500}}).uptime == 2.5
    assert document({"status": "ok", "app": {"version": "3.1"}, "build": {"version": "9"}}).version


def test_a_huge_document_is_read_to_a_bound() -> None:
    deep: dict[str, Any] = {"status": "ok"}
    for _ in range(500):
        deep = {"status": "ok", "components": {"inner": deep}}
    wide = {"status": "ok", "services": {f"s{i}": "up" for i in range(10_000)}}
    figures = {"status": "ok", "stats": {f"n{i}": i for i in range(10_000)}}
    assert len(document(deep).parts) < 10
    assert len(document(wide).parts) == 50
    assert len(document(figures).numbers) == 50


def test_of_many_parts_those_that_fail_are_told() -> None:
    many = {"services": {f"s{i}": "down" if i in {58, 59} else "up" for i in range(60)}}
    found = document(many)
    assert found.status is CRITICAL
    assert len(found.parts) == 50
    assert [part.name for part in found.failing] == ["s58", "s59"]


def test_words() -> None:
    assert word_status("Not-Ready ") is CRITICAL
    assert word_status("production") is None
    assert word_status("x" * 1000) is None
    assert counterpart("degraded") == "healthy"
    assert counterpart("DOWN") == "UP"
    assert counterpart("Unhealthy") == "Healthy"
    assert counterpart("fail") == "pass"


def test_a_restart_is_told_from_another_instance() -> None:
    def at(uptime: float, version: str = "1") -> HealthDocument:
        return document({"status": "ok", "uptime_seconds": uptime, "version": version})

    assert changes(at(259_200), at(4), 5.0) == ("restarted: uptime fell from 3 d to 4 s",)
    assert changes(at(100), at(105), 5.0) == ()
    # Up for a day though it was asked five seconds ago: a load balancer's other instance.
    assert changes(at(259_200), at(86_400), 5.0) == ()
    assert changes(at(259_200), at(86_400), 90_000.0) != ()
    assert changes(at(5, "1.2.3"), at(10, "1.2.4"), 5.0) == ("version changed from 1.2.3 to 1.2.4",)
    early, late = (document({"status": "ok", "started_at": at}) for at in ("10:00", "11:00"))
    assert changes(early, late, 5.0) == ("restarted: started at 11:00",)


async def test_a_document_decides_where_nothing_is_expected(http_server: HttpServer) -> None:
    url = http_server.answer("/", FASTAPI)
    result = await ask("http", url)
    assert (result.status, result.reason) == (WARNING, "expectation")
    assert result.message.endswith(
        ": ai_providers: none of openai, anthropic, perplexity; "
        'status is "limited", expected "healthy"'
    )
    assert [part.name for part in result.parts] == ["database", "ai_providers"]
    assert result.samples.get("probe_health_part_ok", part="database") == 1
    assert result.samples.get("probe_health_part_ok", part="ai_providers") == 0
    assert result.samples.get("probe_health_value", path="system.memory_used_percent") == 26.9
    assert ("version", "2.0.0") in result.facts


async def test_which_alternatives_are_there_is_a_figure_each(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", FASTAPI))
    path = "services.ai_providers.status.openai"
    assert result.samples.get("probe_health_value", path=path) == 0
    assert (path, "false") in result.facts


@pytest.mark.parametrize(
    ("said", "status", "figure"),
    [
        ("healthy", OK, 0),
        ("limited", WARNING, 1),
        ("Degraded", CRITICAL, 2),
        ("asleep", OK, 0),
        ("down", WARNING, 1),
    ],
)
async def test_words_mean_what_the_configuration_says(
    http_server: HttpServer, said: str, status: Status, figure: int
) -> None:
    url = http_server.answer("/", {"status": said, "services": {"db": "up"}})
    words = {"degraded": "critical", "asleep": "ok", "DOWN": "warning"}
    result = await ask("http", {"url": url, "health_words": words})
    assert result.status is status
    assert result.samples.get("probe_health_status") == figure


async def test_a_well_document_is_ok_and_quoted(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", {"status": "ok"}))
    assert result.status is OK
    assert result.message.endswith(': status is "ok"')


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (
            {"status": "weird", "services": {"db": "healthy", "mail": "healthy"}},
            'status is "weird", which is no word that onwatch knows; '
            "say in http.health_words what it means",
        ),
        ({"status": "", "services": {}}, "the health document does not say how its service is"),
        ({"error": "x"}, "the health document does not say how its service is"),
        ("<html>a login</html>", "no health document came, though there was one before"),
    ],
)
async def test_a_verdict_that_is_no_longer_understood_is_not_fine(
    http_server: HttpServer, later: object, says: str
) -> None:
    well = {"status": "healthy", "services": {"db": "healthy", "mail": "healthy"}}
    async with probing("http", http_server.answer("/", well)) as probe:
        assert (await probe.run()).status is OK
        http_server.answer("/", later)
        for _ in range(2):
            result = await probe.run()
            assert (result.status, result.reason) == (UNKNOWN, "expectation")
            assert says in result.message
        http_server.answer("/", well)
        assert (await probe.run()).status is OK


async def test_what_is_known_to_be_ill_comes_before_what_nobody_knows(
    http_server: HttpServer,
) -> None:
    parts = {"db": {"status": "healthy"}, "mail": {"status": "weird"}}
    said = {"status": "fatal", "services": parts}
    result = await ask("http", http_server.answer("/health", said))
    assert result.status is CRITICAL
    assert result.message.partition(": ")[2] == (
        'status is "fatal", expected "healthy"; mail: "weird" is no word that onwatch knows; '
        "say in http.health_words what it means"
    )


async def test_what_was_judged_is_remembered_over_a_reload(http_server: HttpServer) -> None:
    url = http_server.answer("/health", {"status": "ok", "mail": "up", "version": "1"})
    async with probing("http", url) as before, probing("http", url) as probe:
        assert isinstance(before, HttpProbe)
        assert isinstance(probe, HttpProbe)
        await before.run()
        http_server.answer("/health", {"status": "ok", "mail": "odd", "version": "2"})
        probe.go_on(before)
        result = await probe.run()
    assert [(part.name, part.status) for part in result.parts] == [("mail", UNKNOWN)]
    assert result.events == ("version changed from 1 to 2",)


async def test_a_part_in_a_strange_word_warns_and_says_what_to_do(http_server: HttpServer) -> None:
    parts = {"db": {"status": "healthy"}, "mail": {"status": "weird"}}
    url = http_server.answer("/", {"status": "healthy", "services": parts})
    result = await ask("http", url)
    assert result.status is WARNING
    assert result.message.endswith(
        'status is "healthy", but mail: "weird" is no word that onwatch knows; '
        "say in http.health_words what it means"
    )
    assert result.samples.get("probe_health_part_ok", part="mail") == 0
    told = await ask("http", {"url": url, "health_words": {"weird": "ok"}})
    assert told.status is OK


async def test_the_url_tells_that_a_page_is_for_health(http_server: HttpServer) -> None:
    odd = {"status": "shipped"}
    assert (await ask("http", http_server.answer("/orders/4", odd))).status is OK
    result = await ask("http", http_server.answer("/api/health", odd))
    assert result.status is UNKNOWN
    assert result.samples.get("probe_health_status") == 3
    url = http_server.answer("/health", odd)
    assert (await ask("http", {"url": url, "health_document": False})).status is OK


async def test_what_follows_the_documents_word_is_told(http_server: HttpServer) -> None:
    url = http_server.answer("/health", {"status": "unhealthy: no route to db"}, status=503)
    result = await ask("http", url)
    assert result.message.endswith(': status is "unhealthy" (no route to db), expected "healthy"')


async def test_a_503_with_a_document_speaks_in_its_words(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", {"status": "degraded"}, status=503))
    assert result.status is CRITICAL
    assert result.message.startswith("HTTP 503 after ")
    assert result.message.endswith(': status is "degraded", expected "healthy"')


async def test_a_failing_part_warns_though_the_document_is_well(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", DETAILED))
    assert result.status is WARNING
    assert result.message.endswith('status is "healthy", but minio is "unhealthy"')


async def test_a_document_without_verdict_names_its_parts(http_server: HttpServer) -> None:
    result = await ask("http", http_server.answer("/", SPATIE))
    assert result.status is CRITICAL
    assert result.message.endswith(": UsedDiskSpace: 97 % full")


async def test_expectations_of_the_body_take_the_documents_place(http_server: HttpServer) -> None:
    url = http_server.answer("/", {"status": "degraded", "services": {"db": "down"}})
    expect = {"json": {"status": ["healthy", "degraded"]}}
    result = await ask("http", {"url": url, "expect": expect})
    assert result.status is OK
    assert [part.status for part in result.parts] == [CRITICAL]
    result = await ask("http", {"url": url, "expect": {"status": 200}})
    assert result.status is WARNING
    result = await ask("http", {"url": url, "health_document": False})
    assert result.status is OK


async def test_restart_and_new_version_are_events(http_server: HttpServer) -> None:
    clock = FakeClock()
    up = {"status": "ok", "version": "1.0", "uptime_seconds": 259_200}
    async with probing("http", http_server.answer("/", up), clock=clock) as probe:
        assert (await probe.run()).events == ()
        await clock.advance(5)
        http_server.answer("/", "gone", status=502)
        await probe.run()
        await clock.advance(5)
        http_server.answer("/", {"status": "ok", "version": "1.1", "uptime_seconds": 4})
        restarted = await probe.run()
        await clock.advance(5)
        http_server.answer("/", {"status": "ok", "version": "1.1", "uptime_seconds": 9})
        later = await probe.run()
    assert restarted.events == (
        "restarted: uptime fell from 3 d to 4 s",
        "version changed from 1.0 to 1.1",
    )
    assert later.events == ()
