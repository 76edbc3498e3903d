"""MoAI-Flow's example on its stack: the guide's exporter and scripts, its rules, its dashboard."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

import pytest

from checks.config import EngineConfig
from checks.logs.views import LogsWanted
from checks.model import Status
from checks.rules.views import RuleHealth
from tests.examples.kit import EXAMPLES, Watch, config_file, configured, loaded, watching
from tests.examples.kit_dashboards import figures
from tests.examples.kit_guide import guide_of, runbook_of
from tests.examples.kit_machine import drive_machine, of_machine
from tests.examples.kit_steps import run_step
from tests.examples.moai_app import GUIDE
from tests.examples.moai_stack import MoaiStack
from tests.exporters.machine import GB, Machine
from tests.servers import alertmanager, prometheus_api
from tui.cli import main

SYSTEM = "moai-flow"
PAGE, HOST = "moai-flow", "node-exporter"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MoaiStack]:
    made = MoaiStack(tmp_path_factory.mktemp("moai"))
    made.start()
    yield made
    made.close()


def seldom(stack: MoaiStack) -> EngineConfig:
    """The example at 30 s instead of 15: hours pass in half as many runs."""
    return configured(SYSTEM, {**stack.environ, "MOAI_INTERVAL": "30s"})


@asynccontextmanager
async def at(stack: MoaiStack, *checks: str, step: float = 30.0) -> AsyncIterator[Watch]:
    async with watching(seldom(stack), *checks, system=SYSTEM) as watch:
        watch.step = step
        yield watch


@asynccontextmanager
async def beside_machine(stack: MoaiStack, folder: Path) -> AsyncIterator[tuple[Watch, Machine]]:
    machine = Machine(folder)
    probes = {HOST: of_machine(machine)}
    async with watching(seldom(stack), PAGE, HOST, system=SYSTEM, probes=probes) as watch:
        watch.step = 30.0
        drive_machine(machine, watch)
        await watch.go_on(60)
        yield watch, machine


def checked(stack: MoaiStack, *options: str) -> int:
    """The exit code of ``onwatch check``."""
    with mock.patch.dict(os.environ, stack.environ):
        return main(["-c", str(config_file(SYSTEM)), "check", *options])


def test_the_example_is_right(stack: MoaiStack) -> None:
    found = loaded(SYSTEM, stack.environ)
    assert found.engine.warnings == ()
    assert found.engine.rules is not None
    assert found.engine.rules.problems == ()


def test_intervals_are_those_of_the_guides_prometheus_and_probes() -> None:
    config = configured(SYSTEM, {})
    times = {one.name: (one.interval, one.timeout) for one in config.checks}
    assert times[PAGE] == (15, 10)
    assert (times["liveness"], times["readiness"]) == ((60, 10), (30, 5))
    assert config.rules is not None
    assert config.rules.interval == 15


async def test_every_check_has_a_result(stack: MoaiStack, tmp_path: Path) -> None:
    stack.app.do("agents", count=3)
    config = configured(SYSTEM, stack.environ)
    probes = {HOST: of_machine(Machine(tmp_path))}
    async with watching(config, system=SYSTEM, probes=probes) as watch:
        await watch.go_on(15)
        stands = {name: state.view.status for name, state in watch.engine.states.items()}
        assert set(stands.values()) == {Status.OK}, watch.talk()
        assert watch.value("moai_flow_agents_active") == 3
        assert watch.values("moai_agents") == {"running": 3}
        assert watch.value("moai_flow_db_size_bytes") == watch.value("sqlite_file_size_bytes")
        kinds = watch.values("sum by (event_type) (moai_flow_events_total)")
        assert set(kinds) == {"spawn", "complete", "error"}
        assert watch.value("moai_flow_query_duration_seconds_count") >= 1
        assert watch.value("kube_deployment_spec_replicas") == 3
        assert watch.check("readiness").message == "✅ Healthy - 3 active agents"


async def test_the_comprehensive_script_has_a_row_for_each_thing(stack: MoaiStack) -> None:
    stack.app.do("agents", count=1, spawned=0)
    async with at(stack, "comprehensive") as watch:
        view = watch.check("comprehensive")
        assert view.status is Status.CRITICAL
        parts = {part.name: (part.status, part.message) for part in view.parts}
        assert list(parts) == ["database", "disk_space", "memory", "query_performance", "agents"]
        assert parts["agents"] == (Status.CRITICAL, "failed")
        assert parts["query_performance"][0] is Status.OK
    stack.app.do("agents", count=1)


def test_one_command_is_a_probe_for_kubernetes(stack: MoaiStack) -> None:
    assert checked(stack, "--only", "liveness", "--only", "readiness") == 0
    kept = stack.database.rename(stack.database.with_suffix(".kept"))
    stack.database.write_bytes(b"no database" * 500)
    try:
        assert checked(stack, "--only", "liveness") == 2
        assert checked(stack, "--only", "readiness", "--only", "swarm-db") == 2
    finally:
        kept.replace(stack.database)
    assert checked(stack, "--only", "readiness") == 0


async def test_rules_that_cannot_fire_are_dead_with_the_reason(
    stack: MoaiStack, tmp_path: Path
) -> None:
    async with beside_machine(stack, tmp_path) as (watch, _):
        await watch.go_on(360)
        dead = {r.name: r.sentence for r in watch.rules.rules if r.health is RuleHealth.DEAD}
        assert set(dead) == {"HighErrorRate", "HighQueryLatency", "HighMemoryUsage"}
        assert dead["HighErrorRate"].startswith("there is no metric moai_flow_errors_total")
        assert "moai_flow_query_duration_seconds" in dead["HighQueryLatency"]
        assert "the operator / returns nothing: instance is" in dead["HighMemoryUsage"]


async def test_queries_and_errors(stack: MoaiStack) -> None:
    async with at(stack, PAGE) as watch:
        watch.drive(lambda _: stack.app.do("events", kind="spawn", count=500))
        watch.drive(lambda _: stack.app.do("queries", seconds=0.02, count=10))
        await watch.go_on(330)
        assert watch.firing() == set()
        slow = {"seconds": 0.02}
        watch.drive(lambda _: stack.app.do("queries", count=100, **slow))
        since, slow["seconds"] = watch.clock.now(), 0.3
        await watch.fires("HighQueryLatencyP95", "95 % of queries take 0.3 s", query_type="select")
        figures_of = watch.picture.requests[0].window
        assert figures_of.p95 is not None
        assert 0.1 < figures_of.p95 < 0.5, "on the requests screen, too"
        tenth = "95 % of queries take 0.3 s"
        await watch.fires("ResponseTimeHigh", tenth, since=since, severity="info")
        assert not watch.alerts("ResponseTimeHigh", severity="critical")
        slow["seconds"] = 0.9
        await watch.fires("ResponseTimeHigh", "95 % of queries take 0.9 s", severity="critical")
        slow["seconds"] = 0.02
        await watch.ends("HighQueryLatencyP95")
        wrong, share = {"count": 6}, "moai:error:ratio5m"
        watch.drive(lambda _: stack.app.do("events", kind="error", **wrong))
        began = watch.clock.now()
        some = await watch.until(lambda: watch.value(share) > 0.001, "0.1 % of all", 330)
        many = await watch.until(lambda: watch.value(share) > 0.01, "1 % of all", 330)
        await watch.fires("HighEventErrorRate", "six errors every 30 s", since=began)
        await watch.fires(
            "ErrorShareHigh", "0.1 % of events are errors", since=some, severity="info"
        )
        await watch.fires(
            "ErrorShareHigh", "1 % of events are errors", since=many, severity="critical"
        )
        wrong["count"] = 0
        await watch.ends("HighEventErrorRate")


UPTIME = 'avg_over_time(up{job="moai-flow"}[1h])'


async def test_the_database_grows_for_an_hour_and_the_service_is_down(stack: MoaiStack) -> None:
    size = stack.database.stat().st_size
    async with at(stack, PAGE, step=60) as watch:
        await watch.go_on(60)
        since, large = watch.clock.now(), "the database has 11 GiB"
        stack.app.do("grow", size=11 * 1024**3)
        try:
            await watch.fires("DatabaseTooLarge", large)
            await watch.fires("DatabaseSizeGrowing", large, since=since)
            assert watch.check(PAGE).status is Status.CRITICAL
        finally:
            stack.app.do("grow", size=size)
        await watch.ends("DatabaseSizeGrowing")
        watch.step, began = 10, watch.clock.now()
        up = {"info": "less than 99.9 %", "critical": "less than 99 %"}
        stack.app.stop()
        try:
            some = await watch.until(lambda: watch.value(UPTIME) < 0.999, "99.9 % of an hour")
            many = await watch.until(lambda: watch.value(UPTIME) < 0.99, "99 % of an hour", 120)
            gone = "the exporter's process is gone"
            fired = await watch.fires("ServiceDown", gone, since=began)
            assert fired.severity == "critical"
            for severity, since in (("info", some), ("critical", many)):
                words = f"the exporter was up {up[severity]} of an hour"
                await watch.fires("UptimeLow", words, since=since, severity=severity)
        finally:
            stack.start_app()
        await watch.ends("ServiceDown")


async def test_the_process_and_its_machine(stack: MoaiStack, tmp_path: Path) -> None:
    async with beside_machine(stack, tmp_path) as (watch, machine):
        busy = {"share": 0.1}
        watch.drive(lambda step: stack.app.do("process", cpu=busy["share"] * step))
        await watch.go_on(330)
        assert watch.firing() == set()
        busy["share"] = 0.97
        rate = "rate(process_cpu_seconds_total[5m])"
        since = await watch.until(lambda: watch.value(rate) > 0.9, "90 % of a CPU", 330)
        mean = "the mean of 5 min of the process' CPU passes 90 %"
        await watch.fires("HighCPUUsage", mean, since=since)
        busy["share"] = 0.1
        await watch.ends("HighCPUUsage")
        stack.app.do("process", rss=15.5e9)
        await watch.fires("HighProcessMemory", "the process has 15.5 of 16.4 GB")
        stack.app.do("process", rss=6e7)
        await watch.ends("HighProcessMemory")
        since, machine.root.available = watch.clock.now(), 15 * GB
        await watch.fires("DiskUsageHigh", "85 % of / are used", severity="info", mountpoint="/")
        await watch.fires("DiskSpaceLow", "15 % of / are free", since=since, mountpoint="/")
        machine.root.available = 9 * GB
        await watch.fires("DiskUsageHigh", "91 % of / are used", severity="critical")
        machine.root.available = 60 * GB
        await watch.ends("DiskSpaceLow")
        since, machine.memory["MemAvailable"] = watch.clock.now(), 700
        used = "96 % of memory are used"
        await watch.fires("MachineMemoryHigh", used, severity="critical")
        await watch.fires("MachineMemoryHigh", used, since=since, severity="info")
        machine.memory["MemAvailable"] = 12_000
        machine.cpu.update(user=1.95, idle=0.05)
        mean = "moai:cpu:ratio5m"
        some = await watch.until(lambda: watch.value(mean) > 0.7, "70 % of the CPUs", 330)
        many = await watch.until(lambda: watch.value(mean) > 0.9, "90 % of the CPUs", 330)
        for severity, share, since in (("info", 70, some), ("critical", 90, many)):
            words = f"the mean of 5 min of the CPUs passes {share} %"
            await watch.fires("MachineCpuHigh", words, since=since, severity=severity)


async def test_the_log_is_read_though_it_is_written_in_two_formats(stack: MoaiStack) -> None:
    async with at(stack, "log", "plain-log") as watch:
        await watch.go_on(30)
        stack.app.do("log", level="INFO", message="Agent spawned successfully", agent_id="a-1")
        stack.app.do("log", level="INFO", message="Agent asked", user_id="u-1")
        stack.app.do("log", level="WARNING", message="Query took 150ms (expected <100ms)")
        stack.app.do("log", level="ERROR", message="Failed to insert event: locked", agent_id="a-1")
        await watch.go_on(60)
        expected = {"system-failure": 0, "errors": 1, "failed-inserts": 1, "slow-queries": 1}
        for job in ("log", "plain-log"):
            found = watch.values(f'log_pattern_matches_total{{job="{job}"}}')
            assert found == {**expected, "spawned": 1}, job
            assert watch.check(job).status is Status.OK, watch.talk()
        assert watch.value("moai_query_log_seconds_sum") == 0.15
        stack.app.do("log", level="CRITICAL", message="Database connection lost")
        await watch.go_on(60)
        view = watch.check("log")
        assert view.status is Status.CRITICAL
        assert "Database connection lost" in view.message
        watch.engine.look_at_logs(LogsWanted(checks=("log",), pattern="system-failure"))
        logs = watch.picture.logs
        assert logs is not None
        record = logs.lines[-1].record
        assert "RuntimeError: disk I/O error" in str(record.fields["exception"])
        assert watch.logs('user_id = "u-1"', checks=("log",)).total == 1
        watch.engine.look_at_logs(LogsWanted(checks=("log",), text='agent_id = "a-1"'))
        logs = watch.picture.logs
        assert logs is not None
        assert {line.record.fields["agent_id"] for line in logs.lines} == {"a-1"}


async def test_the_guides_dashboard_is_shown_as_it_is(stack: MoaiStack, tmp_path: Path) -> None:
    stack.app.do("agents", count=3)
    async with beside_machine(stack, tmp_path) as (watch, _):
        watch.drive(lambda _: stack.app.do("events", kind="spawn", count=3))
        watch.drive(lambda _: stack.app.do("queries", seconds=0.05, count=3))
        watch.drive(lambda step: stack.app.do("process", cpu=0.2 * step))
        await watch.go_on(360)
        panels = await watch.dashboard("moai-flow")
        assert list(panels) == [
            "Active Agents", "Event Rate", "Query Latency (P95)", "Database Size", "Error Rate",
            "CPU Usage", "Memory Usage",
        ]  # fmt: skip
        assert panels["Active Agents"].series[0].value == 3
        assert sum(figures(panels["Event Rate"]).values()) == pytest.approx(0.1)
        assert sum(figures(panels["CPU Usage"]).values()) == pytest.approx(0.2, abs=0.01)
        size = pytest.approx(stack.database.stat().st_size, rel=0.3)
        assert panels["Database Size"].series[0].value == size
        assert "quantile" in panels["Query Latency (P95)"].error
        assert "moai_flow_errors_total" in panels["Error Rate"].error
        mended = await watch.dashboard("moai-flow-mended")
        assert 0.02 < mended["Query Latency (P95)"].series[0].value < 0.1
        assert figures(mended["Error Rate"]) == {"errors": 0}


def test_files_of_the_guide_stand_here_as_they_are() -> None:
    guide, folder = guide_of(SYSTEM), EXAMPLES / SYSTEM
    names = (
        "rules/alert_rules.yml",
        "dashboards/moai-flow.json",
        "prometheus.yml",
        "alertmanager.yml",
    )
    files = [folder / name for name in names]
    for file in (*files, *sorted(GUIDE.iterdir())):
        assert f"\n{file.read_text()}```" in guide, file
    books = ("metrics-not-appearing", "alerts-not-firing", "dashboard-not-loading")
    for book in books:
        for step in runbook_of(SYSTEM, book).steps:
            assert step.text.strip() in guide, step


def test_a_step_looks_at_the_page(stack: MoaiStack, tmp_path: Path) -> None:
    """Of the guide's own commands, those that change nothing; no Prometheus listens here."""
    ran = run_step(
        SYSTEM, stack.environ, tmp_path, "metrics-not-appearing", "check-prometheus-targets"
    )
    assert ran.code == 7, "curl: nobody there"
    ran = run_step(SYSTEM, stack.environ, tmp_path, "metrics-not-appearing", "restart-prometheus")
    assert (ran.code, ran.out) == (2, ""), "its target has to be typed"


async def test_prometheus_and_alertmanager_as_the_guide_has_them(
    stack: MoaiStack, tmp_path: Path
) -> None:
    """Real ones, also for the two other systems, which have the same around them."""
    folder = EXAMPLES / SYSTEM
    scrapes = (folder / "prometheus.yml").read_text()
    scrapes = scrapes.replace("localhost:9090", f"127.0.0.1:{stack.port}")
    rules = f"rule_files: ['{folder / 'rules' / 'alert_rules.yml'}']\n"
    folders = [tmp_path / name for name in ("prometheus", "alertmanager")]
    for each in folders:
        each.mkdir()
    with (
        prometheus_api.running(folders[0], scrapes + rules) as prometheus,
        alertmanager.serving(folders[1], (folder / "alertmanager.yml").read_text()) as manager,
    ):
        manager.post("alerts", [{"labels": {"alertname": "ServiceDown", "severity": "critical"}}])
        for system, prefix in SYSTEMS.items():
            environ = {f"{prefix}_PROMETHEUS_URL": f"http://{prometheus.address}"}
            environ[f"{prefix}_ALERTMANAGER_URL"] = manager.url
            config = configured(system, environ)
            names = {one.name for one in config.checks} & {"prometheus", "alertmanager"}
            async with watching(config, *names, system=system) as watch:
                await watch.go_on(30)
                assert all(watch.check(name).up for name in names), watch.talk()
                assert "('rules', '7, in groups: 1')" in facts(watch, "prometheus")
                if "alertmanager" in names:
                    assert watch.value("alertmanager_receivers") == 2, "slack is in no route"
                    assert "ServiceDown" in {p.name for p in watch.check("alertmanager").parts}


SYSTEMS = {SYSTEM: "MOAI", "smart-ebook-chat": "EBC", "xionimus": "XIONIMUS"}


def facts(watch: Watch, check: str) -> str:
    result = watch.engine.states[check].result
    assert result is not None
    return str(result.facts)


async def test_rotated_logs_are_counted(stack: MoaiStack) -> None:
    async with at(stack, "log-files") as watch:
        assert watch.check("log-files").status is Status.OK
        rotated = [stack.logs / f"moai-flow.log.{n}.gz" for n in range(1, 9)]
        for file in rotated:
            file.write_bytes(b"x")
        await watch.go_on(90)
        view = watch.check("log-files")
        for file in rotated:
            file.unlink()
        assert view.status is Status.WARNING
        assert "9" in view.message


async def test_targets_are_objectives(stack: MoaiStack) -> None:
    config = configured(SYSTEM, stack.environ)
    async with watching(config, PAGE, system=SYSTEM, longterm=True) as watch:
        watch.step = 15.0
        watch.drive(lambda _: stack.app.do("events", kind="spawn", count=9))
        watch.drive(lambda _: stack.app.do("events", kind="error", count=1))
        watch.drive(lambda _: stack.app.do("queries", seconds=0.02, count=10))
        await watch.go_on(120)
        told = {one.name: one for one in watch.picture.objectives}
        assert set(told) == {"uptime", "errors", "queries"}
        assert told["uptime"].sli == 1
        assert told["queries"].sli == 1
        assert told["errors"].sli == pytest.approx(0.9)
        watched = {one.name: one for one in watch.picture.capacity}
        assert watched["database"].value == pytest.approx(stack.database.stat().st_size, rel=0.3)
