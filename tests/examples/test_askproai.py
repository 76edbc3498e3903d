"""The example of AskProAI at work on its servers: everything that its guide looks at by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from checks.model import Status
from checks.rules.views import RuleHealth
from tests.examples.askproai_stack import QUEUES, AskProAI, Requests
from tests.examples.kit import EXAMPLES, Watch, configured, loaded, watching
from tests.examples.kit_clock import StepClock
from tests.examples.kit_machine import drive_machine, of_machine, of_units, units
from tests.exporters.machine import GB, Machine
from tests.servers.exporters import Exporters
from tests.servers.http import HttpServer
from tests.servers.mariadb import MariadbDatabase, MariadbServers
from tests.servers.redis import RedisServer

SYSTEM = "askproai"
UNITS = ("nginx", "php8.2-fpm", "mysql", "redis", "supervisor")
MAPPING = EXAMPLES / SYSTEM / "statsd_mapping.yml"
FIVE_MINUTES = 330.0
"""Seconds after which what looks back five minutes is not short of history."""


@pytest.fixture(scope="module")
def server(mariadb_module_servers: MariadbServers) -> MariadbDatabase:
    """A server whose connections are soon used up."""
    return mariadb_module_servers.start("--max-connections=20")


@pytest.fixture
def database(server: MariadbDatabase) -> Iterator[MariadbDatabase]:
    server.execute("CREATE DATABASE askproai_db")
    made = MariadbDatabase(server.server, "askproai_db")
    yield made
    made.close()
    server.execute("DROP DATABASE askproai_db")


@pytest.fixture
def app(
    http_server: HttpServer, database: MariadbDatabase, redis_server: RedisServer, tmp_path: Path
) -> AskProAI:
    return AskProAI(database, redis_server, http_server, tmp_path / "askproai")


@pytest.fixture
def mapped(
    http_server: HttpServer, database: MariadbDatabase, redis_server: RedisServer, tmp_path: Path
) -> AskProAI:
    """The same with the example's mapping in statsd_exporter."""
    return AskProAI(database, redis_server, http_server, tmp_path / "askproai", MAPPING)


@asynccontextmanager
async def serving(app: AskProAI, *checks: str) -> AsyncIterator[Watch]:
    """These checks after some minutes of quiet traffic."""
    async with watching(configured(SYSTEM, app.environ), *checks, system=SYSTEM) as watch:
        watch.step = 15.0
        watch.drive(app.serve)
        await watch.go_on(FIVE_MINUTES)
        assert watch.firing() == set()
        yield watch


def test_it_is_right_without_any_variable() -> None:
    engine = loaded(SYSTEM, {}).engine
    (warning,) = engine.warnings
    assert warning.endswith("there is no such file: /var/www/api-gateway"), "not on this machine"
    assert engine.rules is not None
    assert engine.rules.problems == ()


async def test_every_check_answers(app: AskProAI, exporters: Exporters, tmp_path: Path) -> None:
    app.node = exporters.start("node").port
    clock = StepClock()
    probes = {"services": of_units(units(tmp_path, *UNITS), clock)}
    config = configured(SYSTEM, app.environ)
    with app.php_fpm(), app.supervisor("laravel-worker", "horizon"):
        async with watching(config, system=SYSTEM, packs=True, probes=probes, clock=clock) as watch:
            watch.step = 15.0
            watch.drive(app.serve)
            await watch.go_on(75)
            ill = {
                name: state.view.message
                for name, state in watch.engine.states.items()
                if state.view.status is not Status.OK and name != "machine"
            }
            assert ill == {}, watch.talk()
            assert watch.check("machine").status not in {Status.UNKNOWN, Status.WAITING}
            # All five are one exporter here, so that there is one instance for each role.
            assert set(watch.values("up{job='node'}")) == {"production,database", "production,web"}


# The guide's own rules


async def test_the_guides_rules_are_dead_on_what_its_middleware_sends(app: AskProAI) -> None:
    app.requests = Requests(failing=0.1)
    app.serve(5.0)
    app.requests = Requests()
    async with serving(app, "api") as watch:
        for name, metric in {
            "HighErrorRate": "api_errors_total",
            "SlowResponseTime": "api_response_time_bucket",
        }.items():
            rule = watch.rule(name)
            assert rule.health is RuleHealth.DEAD, rule.sentence
            assert metric in rule.selector
            assert rule.near == metric.removesuffix("_total").removesuffix("_bucket"), rule.sentence


async def test_the_mended_rules_fire_on_it(app: AskProAI) -> None:
    async with serving(app, "api") as watch:
        app.requests = Requests(failing=0.5)
        await watch.fires("HighErrorShare", "half of the API requests fail", severity="critical")
        assert watch.firing() == {"HighErrorShare"}
        app.requests = Requests()
        await watch.ends("HighErrorShare")
        app.requests = Requests(seconds=1.6)
        await watch.fires("SlowResponses", "API requests take 1.6 s", severity="warning")
        assert watch.firing() == {"SlowResponses"}


async def test_the_guides_rules_live_with_the_mapping(mapped: AskProAI) -> None:
    config = configured(SYSTEM, mapped.environ)
    async with watching(config, "api", system=SYSTEM) as watch:
        watch.step = 15.0
        watch.drive(mapped.serve)
        # It compares milliseconds with 1, so that it fires on requests of 120 ms, too.
        quick = "requests take 120 ms, and the rule compares milliseconds with 1"
        await watch.fires("SlowResponseTime", quick, severity="warning")
        await watch.go_on(30)
        assert watch.firing() == {"SlowResponseTime"}
        mapped.requests = Requests(failing=0.5)
        failing = "one request a second fails, of an endpoint"
        mapped.serve(1.0)
        await watch.fires("HighErrorRate", failing, endpoint="api/appointments", status="500")
        await watch.until(lambda: watch.alerts("HighErrorShare"), "the mended one, too")
        (alert,) = watch.alerts("HighErrorRate")
        said = dict(alert.annotations)["description"]
        assert said.startswith("Error rate is ")
        assert float(said.removeprefix("Error rate is ").rstrip("%")) > 50, "errors a second, as %"


async def test_a_long_queue_fires_at_once_and_after_a_quarter_of_an_hour(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    async with watching(config, "redis", system=SYSTEM) as watch:
        watch.step = 15.0
        await watch.go_on(60)
        assert set(watch.values("queue_size")) == {f"production,{queue}" for queue in QUEUES}
        assert watch.value("queue_size{queue='default'}") == 3
        assert watch.firing() == set()
        app.redis.call("LPUSH", "queues:webhooks", *["{}"] * 1200)
        await watch.fires("QueueAboveThousand", "1,200 jobs wait", queue="webhooks")
        await watch.fires("QueueBacklog", "1,200 jobs wait", queue="webhooks", severity="warning")
        assert watch.firing() == {"QueueAboveThousand", "QueueBacklog"}
        (alert,) = watch.alerts("QueueBacklog")
        assert dict(alert.annotations)["summary"] == "Queue webhooks has high backlog"
        assert watch.check("redis").status is Status.WARNING
        app.redis.call("DEL", "queues:webhooks")
        await watch.ends("QueueBacklog")
        app.redis.call("LPUSH", "queues:emails:processing", "{}", "{}")
        app.redis.call("SET", "queues:emails:failed", 7)
        await watch.go_on(30)
        assert watch.value("queue_processing{queue='emails'}") == 2
        assert watch.value("queue_failed{queue='emails'}") == 7


async def test_connections_that_run_out_fire(app: AskProAI, server: MariadbDatabase) -> None:
    async with serving(app, "mysql") as watch:
        # 15 beside onwatch's two are more than 80 % of 20.
        held = [server.connect() for _ in range(15)]
        await watch.fires(
            "DatabaseConnectionPool", "17 of 20 connections are in use", severity="critical"
        )
        assert watch.firing() == {"DatabaseConnectionPool"}
        for link in held:
            link.close()
        server._connections.clear()
        await watch.ends("DatabaseConnectionPool")


async def test_figures_of_the_business_are_those_of_the_tables(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    async with watching(config, "mysql", "app-cache", system=SYSTEM) as watch:
        await watch.go_on(60)
        ours = {
            name: watch.value(f"askproai_{name}")
            for name in (
                "appointments_total", "appointments_today", "appointments_upcoming_week",
                "calls_active", "calls_completed", "calls_duration", "revenue_today",
                "revenue_mtd", "customers_total", "customers_new_today", "failed_jobs_count",
            )
        }  # fmt: skip
        assert watch.values("failed_jobs") == {"production,emails": 1, "production,webhooks": 2}
        assert watch.value("askproai_active_users") == 37, "as PHP serializes it"
        assert watch.value("askproai_api_requests_per_minute") == 118
        assert watch.value("askproai_api_average_response_time") == pytest.approx(96.4)
        assert watch.value("askproai_api_error_rate") == pytest.approx(0.4)
    fetch = app.database.fetch
    assert ours == {
        "appointments_total": 7,
        "appointments_today": fetch(
            "SELECT COUNT(*) FROM appointments WHERE DATE(starts_at) = CURDATE()"
        )[0][0],
        "appointments_upcoming_week": fetch(
            "SELECT COUNT(*) FROM appointments"
            " WHERE starts_at BETWEEN NOW() AND NOW() + INTERVAL 7 DAY"
        )[0][0],
        "calls_active": 1,
        "calls_completed": 2,
        "calls_duration": 90,
        "revenue_today": 180.5,
        "revenue_mtd": 180.5,
        "customers_total": 2,
        "customers_new_today": 1,
        "failed_jobs_count": 3,
    }


# The machine


async def test_the_machines_thresholds_and_alerts(app: AskProAI, tmp_path: Path) -> None:
    folder = tmp_path / "machine"
    folder.mkdir()
    machine = Machine(folder)
    machine.tree.load(0.5, 0.4)
    config = configured(SYSTEM, {**app.environ, "ASKPROAI_INTERVAL": "15s"})
    probes = {"machine": of_machine(machine)}
    async with watching(config, "machine", system=SYSTEM, probes=probes) as watch:
        watch.step = 15.0
        drive_machine(machine, watch)
        await watch.go_on(FIVE_MINUTES + 60)
        assert watch.firing() == set()

        machine.memory["MemAvailable"] = 1_000
        await watch.fires("HighMemory", "94 % of the memory is in use", severity="critical")
        await watch.until(lambda: watch.alerts("MemoryAboveThreshold"), "the threshold, too", 700)
        assert watch.check("machine").status is Status.CRITICAL
        machine.memory["MemAvailable"] = 12_000
        await watch.ends("MemoryAboveThreshold")

        machine.root.available = 18 * GB
        await watch.fires("DiskAboveThreshold", "82 % of / are in use", mountpoint="/")
        assert watch.firing() == {"DiskAboveThreshold"}
        machine.root.available = 12 * GB
        await watch.fires("DiskFull", "88 % of / are in use", mountpoint="/", severity="critical")
        machine.root.available = 60 * GB
        await watch.ends("DiskAboveThreshold")

        machine.tree.load(5.0, 4.0)
        await watch.fires("HighLoad", "a load of 5 on 2 CPUs", severity="critical")
        machine.tree.load(2.6, 2.6)
        await watch.ends("HighLoad")
        await watch.until(lambda: watch.alerts("LoadAboveThreshold"), "the threshold, too", 700)
        machine.tree.load(0.5, 0.4)
        await watch.ends("LoadAboveThreshold")

        watch.pretend("node_network_receive_drop_total", lambda value, passed: value + 30 * passed)
        lost = "3 % of what the card receives is dropped"
        await watch.go_on(60)
        await watch.fires("PacketLoss", lost, device="eth0", severity="critical")
        watch.pretend("node_network_receive_drop_total", lambda value, _: value + 10**6)
        await watch.ends("PacketLoss")

        machine.cpu.update(user=1.95, idle=0.05)
        # The mean of five minutes passes 90 % a little before they are over.
        await watch.until(lambda: watch.value("instance:cpu_used:ratio5m") > 0.9, "it is", 330)
        await watch.fires(
            "HighCPU", "the CPU use of five minutes is above 90 %", severity="critical"
        )
        machine.cpu.update(user=0.2, idle=1.8)
        await watch.ends("CPUAboveThreshold")

        await watch.go_on(360)
        machine.network.update({"in": 4e7})
        await watch.fires("UnusualBandwidth", "40 times as much comes in", severity="info")
