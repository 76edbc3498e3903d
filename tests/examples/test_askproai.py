"""The example of AskProAI at work on its servers: everything that its guide looks at by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.model import Status
from checks.rules.views import RuleHealth
from checks.story.targets import Term
from tests.examples.askproai_stack import QUEUES, AskProAI, Requests
from tests.examples.kit import EXAMPLES, Watch, config_file, configured, loaded, watching
from tests.examples.kit_clock import StepClock
from tests.examples.kit_guide import guide_of, runbook_of
from tests.examples.kit_machine import drive_machine, of_machine, of_units, units
from tests.examples.kit_steps import Ran, home_with, run_step
from tests.exporters.machine import GB, Machine
from tests.servers import alertmanager, prometheus_api
from tests.servers.exporters import Exporters
from tests.servers.http import HttpServer
from tests.servers.mariadb import OWNER, PASSWORD, MariadbDatabase, MariadbServers
from tests.servers.redis import RedisServer
from tui.cli import main

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


def test_it_is_right_without_any_variable(capsys: pytest.CaptureFixture[str]) -> None:
    engine = loaded(SYSTEM, {}).engine
    assert engine.rules is not None
    assert engine.rules.problems == ()
    main(["validate", "-c", str(config_file(SYSTEM))])
    said = capsys.readouterr()
    lines = (said.out + said.err).splitlines()
    first, *others = [line for line in lines if line.startswith("warning")]
    assert first.endswith("there is no such file: /var/www/api-gateway"), "not on this machine"
    # The guide's dashboard, as it stands: p50, p95 and p99 without rate().
    assert len(others) == 3
    assert all("panel Response Time Percentiles" in line for line in others)
    assert all("rate() is missing" in line for line in others)


async def test_every_check_answers(app: AskProAI, exporters: Exporters, tmp_path: Path) -> None:
    app.node = exporters.start("node").port
    clock = StepClock()
    probes = {"services": of_units(units(tmp_path, *UNITS), clock)}
    config = configured(SYSTEM, app.environ)
    with app.php_fpm(), app.supervisor("laravel-worker", "horizon"):
        async with watching(config, system=SYSTEM, packs=True, probes=probes, clock=clock) as watch:
            watch.step = 15.0
            watch.drive(app.serve)
            await watch.go_on(45)

            def ill() -> list[str]:
                states = watch.engine.states.items()
                return [n for n, s in states if s.view.status is not Status.OK and n != "machine"]

            await watch.until(lambda: not ill(), "all are well", 120)
            assert watch.check("machine").status not in {Status.UNKNOWN, Status.WAITING}
            # All five are one exporter here, so that there is one instance for each role.
            assert set(watch.values("up{job='node'}")) == {"production,database", "production,web"}


# The guide's own rules


async def test_the_guides_rules_are_dead_on_what_its_middleware_sends(app: AskProAI) -> None:
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
        app.requests = Requests(failing=1.0)
        await watch.fires("HighErrorShare", "every API request fails", severity="critical")
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
        since = watch.clock.now()
        app.redis.call("LPUSH", "queues:webhooks", *["{}"] * 1200)
        await watch.fires("QueueAboveThousand", "1,200 jobs wait", queue="webhooks")
        await watch.fires("QueueBacklog", "1,200 jobs wait", since=since, queue="webhooks")
        assert watch.firing() == {"QueueAboveThousand", "QueueBacklog"}
        (alert,) = watch.alerts("QueueBacklog")
        assert dict(alert.annotations)["summary"] == "Queue webhooks has high backlog"
        assert watch.check("redis").status is Status.WARNING
        app.redis.call("DEL", "queues:webhooks")
        await watch.ends("QueueBacklog")
        app.redis.call("LPUSH", "queues:emails:processing", "{}", "{}")
        app.redis.call("SET", "queues:emails:failed", 7)
        await watch.fires("JobsFail", "seven jobs fail", queue="emails")
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
        app.database.execute("DELETE FROM calls")
        await watch.go_on(60)
        assert watch.check("mysql").status is Status.OK, "a mean of nothing is no fault"
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

        since, used = watch.clock.now(), "94 % of the memory is in use"
        machine.memory["MemAvailable"] = 1_000
        await watch.fires("HighMemory", used, severity="critical")
        await watch.fires("MemoryAboveThreshold", used, since=since)
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

        since = watch.clock.now()
        machine.tree.load(5.0, 4.0)
        await watch.fires("HighLoad", "a load of 5 on 2 CPUs", severity="critical")
        machine.tree.load(2.6, 2.6)
        await watch.ends("HighLoad")
        await watch.fires("LoadAboveThreshold", "a load above 2 on 2 CPUs", since=since)
        machine.tree.load(0.5, 0.4)
        await watch.ends("LoadAboveThreshold")

        watch.pretend("node_network_receive_drop_total", lambda value, passed: value + 300 * passed)
        lost = "30 % of what the card receives is dropped"
        await watch.fires("PacketLoss", lost, device="eth0", severity="critical")
        watch.pretend("node_network_receive_drop_total", lambda value, _: value + 10**6)
        await watch.ends("PacketLoss")
        watch.pretend("node_network_receive_drop_total", None)

        machine.cpu.update(user=1.95, idle=0.05)
        idle = 'avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))'
        above = await watch.until(lambda: watch.value(idle) < 0.2, "80 % of the CPU", 330)
        since = await watch.until(lambda: watch.value(idle) < 0.1, "90 % of the CPU", 330)
        mean = "the mean CPU use of five minutes passes 90 %"
        await watch.fires("HighCPU", mean, since=since, severity="critical")
        mean = "the mean CPU use of five minutes passes 80 %"
        await watch.fires("CPUAboveThreshold", mean, since=above)
        machine.cpu.update(user=0.2, idle=1.8)
        await watch.ends("CPUAboveThreshold")

        await watch.go_on(360)
        machine.network.update({"in": 4e7})
        await watch.fires("UnusualBandwidth", "40 times as much comes in", severity="info")


# Programs


async def test_a_unit_that_is_down_is_told_and_not_started(app: AskProAI, tmp_path: Path) -> None:
    clock = StepClock()
    answers = units(tmp_path, *UNITS)
    probes = {"services": of_units(answers, clock)}
    config = configured(SYSTEM, app.environ)
    async with watching(config, "services", system=SYSTEM, probes=probes, clock=clock) as watch:
        await watch.go_on(30)
        assert watch.check("services").status is Status.OK
        answers.change("php8.2-fpm.service", ActiveState="failed", SubState="failed")
        await watch.go_on(30)
        view = watch.check("services")
        assert view.status is Status.CRITICAL
        assert "php8.2-fpm" in view.message
        asked = {line.split()[0] for line in answers.asked}
        assert asked <= {"show", "list-units"}, "nothing was started"


async def test_the_health_commands_exit_code_is_critical(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    async with watching(config, "health", system=SYSTEM) as watch:
        # It fails, too, where SELECT 1 takes more than 100 ms, as it may on a busy machine.
        await watch.until(lambda: watch.check("health").status is Status.OK, "it is well", 300)
        app.redis.kill()
        await watch.go_on(60)
        view = watch.check("health")
        assert view.status is Status.CRITICAL
        assert watch.value("onwatch_command_exit_code") == 1


async def test_workers_that_do_not_run_are_named(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    with app.supervisor("laravel-worker", "horizon"):
        async with watching(config, "workers", system=SYSTEM) as watch:
            assert watch.check("workers").status is Status.OK, watch.talk()
            subprocess.run([app.programs / "supervisorctl", "stop", "horizon"], check=True)
            await watch.go_on(30)
            view = watch.check("workers")
            assert view.status is Status.CRITICAL
            result = watch.engine.states["workers"].result
            assert result is not None
            parts = {part.name: part.status for part in result.parts}
            assert parts["laravel-worker"] is Status.OK
            assert parts["horizon"] is not Status.OK


async def test_a_slow_select_is_no_health(app: AskProAI) -> None:
    environ = {**app.environ, "ASKPROAI_SLOW_DATABASE": "0.01ms"}
    async with watching(configured(SYSTEM, environ), "mysql", system=SYSTEM) as watch:
        assert watch.check("mysql").status is Status.CRITICAL


# Logs


async def test_the_saved_searches_find_what_they_are_after(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    async with watching(config, "laravel", system=SYSTEM) as watch:
        await watch.go_on(10)
        app.log_line("ERROR", "Booking failed", {"user_id": 7, "exception": "[object] (Err)"})
        app.log("[stacktrace]", "#0 /app/Http/Kernel.php(12): handle()", "#1 {main}")
        app.log_line("WARNING", "Slow query", {"sql": "select * from calls", "duration": 2100})
        app.log_line("WARNING", "Slow query", {"sql": "select 1", "duration": 300})
        slow = {"url": "https://api.askproai.de/api/calls", "duration": 1.7, "tags": {}}
        app.log_json("WARNING", "Slow API request", slow, "production")
        webhook = {"webhook_type": "retell", "status": "failed", "error": "no answer"}
        app.log_json("WARNING", "Webhook", webhook, "webhooks")
        request = {"type": "api_request", "status": 502, "url": "/api/calls", "message": "x"}
        app.log_json("INFO", "API request", request, "production")
        await watch.go_on(30)
        assert watch.values("log_pattern_matches_total") == {
            "askproai,production,api_errors": 1,
            "askproai,production,error_logs": 1,
            "askproai,production,failed_webhooks": 1,
            "askproai,production,slow_api_requests": 1,
            "askproai,production,slow_queries": 1,
        }
        (error,) = watch.logs("level = error").lines
        assert error.record.message == "Booking failed"
        assert error.record.fields["context.user_id"] == 7
        assert "#1 {main}" in error.record.text, "a stack trace is part of its record"
        (found,) = watch.logs("", pattern="slow_queries").lines
        assert found.record.fields["context.duration"] == 2100
        failed = watch.values("askproai_failed_webhooks_total")
        assert failed == {"askproai,production,retell": 1}
        assert watch.value("askproai_slow_request_seconds_sum") == pytest.approx(1.7)


async def test_nginx_tells_of_requests_and_errors(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    line = '10.0.0.7 - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET /api/calls/{n} HTTP/1.1" {code} 512'
    async with watching(config, "nginx-access", "nginx-errors", system=SYSTEM) as watch:
        await watch.go_on(10)
        now = datetime.now(UTC)
        codes = [200] * 18 + [502, 404]
        lines = [line.format(at=now, n=n, code=code) for n, code in enumerate(codes)]
        app.write(app.nginx / "access.log", *(f'{one} "-" "curl/8"' for one in lines))
        error = f"{now:%Y/%m/%d %H:%M:%S} [error] 12#12: *7 upstream timed out (110) while reading"
        app.write(app.nginx / "error.log", error)
        await watch.go_on(30)
        assert watch.value("sum(http_requests_total{job='nginx-access'})") == 20
        assert watch.value("sum(http_requests_total{job='nginx-access', status='502'})") == 1
        (told,) = [one for one in watch.picture.requests if one.check == "nginx-access"]
        assert (told.window.count, told.window.errors) == (20, 2)
        (row,) = dict(told.window.breakdown)["route"]
        assert row.value.startswith("/api/calls/"), "one route, not twenty"
        assert watch.value("log_pattern_matches_total{job='nginx-errors'}") == 1


# Dashboards


async def test_the_guides_dashboards(mapped: AskProAI) -> None:
    config = configured(SYSTEM, mapped.environ)
    async with watching(config, "mysql", "api", "app-cache", system=SYSTEM) as watch:
        watch.step = 15.0
        watch.drive(mapped.serve)
        await watch.go_on(FIVE_MINUTES)
        own = await watch.dashboard("mysql-performance")
        guides = await watch.dashboard("performance")
        business = await watch.dashboard("business")
    assert [title for title, one in own.items() if not one.series] == []
    assert own["Connections"].series[0].value >= 2
    assert guides["Request Rate"].series
    names = [one.name for one in guides["Response Time Percentiles"].series]
    assert {"p50", "p95", "p99"} <= set(names)
    dead = guides["Database Query Time"]
    assert not dead.series
    assert "mysql_query_duration_seconds" in dead.error, "no exporter of the guide makes it"
    assert business["Revenue today"].series[0].value == 180.5
    assert [one.name for one in business["Failed jobs"].series] == ["webhooks", "emails"]


# Runbooks


Steps = Callable[..., Ran]


@pytest.fixture
def steps(app: AskProAI, tmp_path: Path) -> Iterator[Steps]:
    """Runs a step of a runbook with nobody there to be asked."""
    options = {"user": OWNER, "password": PASSWORD, "socket": app.database.server.socket}
    home = home_with(app.folder, redis=app.redis.port, mysql=options)
    home["PATH"] = f"{app.programs}:{home['PATH']}"
    environ = {**app.environ, **home}

    def run(book: str, step: str, *more: str) -> Ran:
        return run_step(SYSTEM, environ, tmp_path / "state", book, step, *more)

    with app.supervisor("laravel-worker"):
        yield run


def test_the_script_on_high_cpu_runs_as_it_is(steps: Steps) -> None:
    if shutil.which("mysql") is None:
        pytest.skip("there is no mysql; tools/get-servers installs it on Debian")
    ran = steps("high-cpu", "high-cpu")
    assert ran.code == 0, ran
    for said in ("=== High CPU Usage Runbook ===", "PHP-FPM process count:", "laravel-worker"):
        assert said in ran.out
    assert "SHOW PROCESSLIST" in ran.out, "MySQL was asked"
    assert steps("high-cpu", "longest").code == 0


def test_the_statements_on_database_issues_run_as_they_are(steps: Steps) -> None:
    book = runbook_of(SYSTEM, "database-issues")
    guides = [step for step in book.steps if not step.name.startswith("mysql-8")]
    said = {}
    for step in guides:
        ran = steps("database-issues", step.name)
        assert ran.code == 0, (step, ran)
        said[step.title] = ran.out
    assert len(guides) == 7
    everything = "\n".join(said.values())
    for word in ("Threads_connected", "max_connections", "Size (MB)", "appointments"):
        assert word in everything


def test_what_restarts_or_kills_wants_its_target_typed(steps: Steps) -> None:
    restarts = [f"restart-{unit}" for unit in UNITS]
    dangerous = [("services", "monitor-system"), ("high-cpu", "restart-php-fpm")]
    for book, step in [*dangerous, *(("services", name) for name in restarts)]:
        ran = steps(book, step)
        assert (ran.code, ran.out) == (2, ""), ran
    assert steps("high-cpu", "kill-query", "--var", "PID=1").code == 2
    unknown = steps("high-cpu", "kill-query", "--var", "PID=999999", "--yes-danger", "mysql")
    assert unknown.code == 1, unknown
    assert "999999" in unknown.out + unknown.said


def test_the_playbook_and_the_queues_steps_run(steps: Steps) -> None:
    failed = steps("queue-backlog", "failed")
    assert failed.code == 0, failed
    assert "webhooks" in failed.out
    assert "laravel-worker" in steps("queue-backlog", "workers").out


def test_files_of_the_guide_stand_here_as_they_are(tmp_path: Path) -> None:
    folder = EXAMPLES / SYSTEM
    guide = guide_of(SYSTEM)
    for name in (
        "rules/application.yml",
        "alertmanager/config.yml",
        "prometheus/servers.yml",
        "dashboards/performance.json",
        "dashboards/mysql-performance.json",
    ):
        assert (folder / name).read_text().strip() in guide, name
    for book, names in {
        "high-cpu": ["high-cpu", "restart-php-fpm"],
        "services": ["monitor-system"],
        "database-issues": [],
    }.items():
        runbook = runbook_of(SYSTEM, book)
        found = [runbook.step(name) for name in names] if names else runbook.steps[:6]
        for step in found:
            assert step is not None
            assert step.text.strip() in guide, step.name


def test_rules_check_takes_all_rule_files(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(map(str, (EXAMPLES / SYSTEM / "rules").glob("*.yml")))
    assert main(["rules", "check", *files]) == 0
    said = capsys.readouterr()
    assert "4 rules in 1 group" in said.out
    doubts = [line for line in (said.out + said.err).splitlines() if line.startswith("note")]
    assert len(doubts) == 2, "the guide's two, and none of the mended ones"
    assert "HighErrorRate: the annotation description shows a rate as a percentage" in doubts[0]
    assert "SlowResponseTime: histogram_quantile() takes api_response_time_bucket" in doubts[1]


# What stands around it

MENDED = """\
route: {receiver: default, group_by: [alertname, severity], group_wait: 10s}
receivers: [{name: default}]
"""


async def test_prometheus_and_alertmanager_are_watched(app: AskProAI, tmp_path: Path) -> None:
    rules = EXAMPLES / SYSTEM / "rules" / "application.yml"
    target = f"{{static_configs: [{{targets: ['127.0.0.1:{app.http.port}']}}], job_name: api}}"
    config = f"rule_files: [{rules}]\nscrape_configs: [{target}]\n"
    folders = [tmp_path / name for name in ("prometheus", "alertmanager")]
    for folder in folders:
        folder.mkdir()
    with (
        prometheus_api.running(folders[0], config) as prometheus,
        alertmanager.serving(folders[1], MENDED) as manager,
    ):
        manager.post("alerts", [{"labels": {"alertname": "HighErrorRate", "severity": "critical"}}])
        environ = {
            **app.environ,
            "ASKPROAI_PROMETHEUS": "true",
            "ASKPROAI_ALERTMANAGER": "true",
            "ASKPROAI_PROMETHEUS_URL": f"http://{prometheus.address}",
            "ASKPROAI_ALERTMANAGER_URL": manager.url,
        }
        names = ("prometheus", "alertmanager", "grafana")
        async with watching(configured(SYSTEM, environ), *names, system=SYSTEM) as watch:
            await watch.go_on(30)
            for name in names:
                view = watch.check(name)
                assert view.up, view.message
            assert watch.check("grafana").status is Status.OK
            assert "1 alert" in watch.check("alertmanager").message


def test_alertmanager_refuses_the_guides_configuration(tmp_path: Path) -> None:
    text = (EXAMPLES / SYSTEM / "alertmanager" / "config.yml").read_text()
    filled = text.replace("YOUR_SLACK_WEBHOOK", "https://hooks.slack.com/services/x")
    server = "resolve_timeout: 5m\n  smtp_smarthost: localhost:25\n"
    filled = filled.replace("resolve_timeout: 5m\n", server)
    for given, said in ((text, "unsupported scheme"), (filled, 'undefined receiver ."default')):
        with (
            pytest.raises(pytest.fail.Exception, match=said),
            alertmanager.serving(tmp_path, given),
        ):
            pass


def test_severities_have_the_guides_response_times() -> None:
    story = loaded(SYSTEM, {}).engine.story
    assert story is not None
    assert story.targets is not None
    times = {
        word: (target.acknowledge, target.escalate) for word, target in story.targets.own.items()
    }
    assert times == {
        "critical": (Term(0), Term(0)),
        "high": (Term(1800), Term(3600)),
        "warning": (Term(7200), Term(4 * 3600)),
        "info": (Term(days=1), Term(2 * 86_400)),
    }


# The servers' own figures

STATUS = (
    "threads_connected", "max_used_connections", "aborted_connects", "questions", "slow_queries",
    "select_scan", "select_full_join", "innodb_buffer_pool_reads",
    "innodb_buffer_pool_read_requests", "innodb_row_lock_waits",
)  # fmt: skip


async def test_mysql_tells_what_the_guide_asks_of_its_status(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    async with watching(config, "mysql", system=SYSTEM) as watch:
        app.database.fetch("SELECT a.id FROM calls a JOIN calls b ON a.duration = b.duration")
        await watch.go_on(60)
        for name in STATUS:
            assert watch.values(f"mysql_global_status_{name}"), name
        errors = "mysql_global_status_connection_errors_total{error='internal'}"
        assert watch.value(errors) == 0
        assert watch.value("mysql_global_variables_max_connections") == 20
        joins = watch.value("mysql_global_status_select_full_join")
        assert joins == app.database.status("Select_full_join") > 0


async def test_redis_tells_what_the_guide_asks_of_it(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    async with watching(config, "redis", system=SYSTEM) as watch:
        app.redis.call("GET", "laravel_cache:api.rpm")
        app.redis.call("GET", "nothing")
        await watch.go_on(60)
        info = app.redis.call("INFO", "stats").decode()
        hits = int(info.partition("keyspace_hits:")[2].split()[0])
        # onwatch's own reads are among the server's.
        assert 0 < watch.value("redis_keyspace_hits_total") <= hits
        for name in (
            "memory_used_bytes", "memory_max_bytes", "keyspace_misses_total", "connected_clients",
            "instantaneous_ops_per_sec", "commands_processed_total", "evicted_keys_total",
            "connected_slaves", "exporter_last_scrape_ping_time_seconds",
        ):  # fmt: skip
            assert watch.values(f"redis_{name}"), name
        pings = "count_over_time(redis_exporter_last_scrape_ping_time_seconds[1m])"
        assert watch.value(pings) >= 4, "the course of the round trip"


async def test_files_that_should_be_gone_are_told(app: AskProAI) -> None:
    for day in range(1, 15):
        (app.logs / f"laravel-2026-01-{day:02}.log").touch()
    config = configured(SYSTEM, app.environ)
    async with watching(config, "laravel-files", system=SYSTEM) as watch:
        assert watch.check("laravel-files").status is Status.OK, watch.talk()
        old = app.logs / "laravel-2026-01-01.log"
        os.utime(old, (time.time() - 20 * 86_400,) * 2)
        await watch.go_on(60)
        assert watch.check("laravel-files").status is Status.WARNING, "older than 14 days"


async def test_objectives_and_capacity_of_it(app: AskProAI) -> None:
    config = configured(SYSTEM, app.environ)
    names = ("api", "mysql", "redis")
    async with watching(config, *names, system=SYSTEM, longterm=True) as watch:
        watch.step = 15.0
        watch.drive(app.serve)
        await watch.go_on(240)
        app.requests = Requests(failing=1.0)
        await watch.go_on(60)
        told = {one.name: one for one in watch.picture.objectives}
        assert set(told) == {"api requests", "health"}
        assert told["api requests"].sli == pytest.approx(0.8, abs=0.06)
        assert {"connections", "queues"} <= {one.name for one in watch.picture.capacity}
