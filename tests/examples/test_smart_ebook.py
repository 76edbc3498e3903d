"""Smart Ebook Chat's example on its stack: health, queues, models, its rules P1 to P3, security."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from checks.config import EngineConfig
from checks.logs.views import LogsWanted
from checks.model import Result, Status
from checks.runbooks.model import Marking
from checks.story.targets import Term
from tests.examples.kit import EXAMPLES, Watch, configured, loaded, watching
from tests.examples.kit_dashboards import figures
from tests.examples.kit_groups import only_groups
from tests.examples.kit_guide import guide_of, runbook_of
from tests.examples.kit_machine import drive_machine, of_machine
from tests.examples.kit_steps import Ran, run_step
from tests.examples.smart_ebook_stack import FRESH, EbookStack
from tests.exporters.machine import GB, Machine
from tests.servers.postgres import PostgresServers
from tui.cli import main

SYSTEM = "smart-ebook-chat"


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, postgres_full_module_servers: PostgresServers
) -> Iterator[EbookStack]:
    made = EbookStack(tmp_path_factory.mktemp("ebook"), postgres_full_module_servers)
    made.start()
    yield made
    made.close()


def seldom(stack: EbookStack) -> EngineConfig:
    """The example at 30 s: long conditions pass in a third of the runs."""
    return configured(SYSTEM, {**stack.environ, "EBC_INTERVAL": "30s"})


@asynccontextmanager
async def at(stack: EbookStack, *checks: str, often: bool = False) -> AsyncIterator[Watch]:
    config = configured(SYSTEM, stack.environ) if often else seldom(stack)
    async with watching(config, *checks, system=SYSTEM) as watch:
        watch.step = 10.0 if often else 30.0
        yield watch


def test_the_example_is_right(stack: EbookStack) -> None:
    found = loaded(SYSTEM, stack.environ)
    assert found.engine.warnings == ()
    assert found.engine.rules is not None
    assert found.engine.rules.problems == ()


async def test_every_check_has_a_result(stack: EbookStack, tmp_path: Path) -> None:
    probes = {"machine": of_machine(Machine(tmp_path))}
    config = configured(SYSTEM, stack.environ)
    async with watching(config, system=SYSTEM, probes=probes) as watch:
        await watch.go_on(60)
        stands = {name: state.view.status for name, state in watch.engine.states.items()}
        assert set(stands.values()) == {Status.OK}, watch.talk()
        assert watch.values("ebc_documents") == {"indexed": 9, "indexing_failed": 1}
        assert watch.values("ebc_active_users") == {"day": 1, "month": 2}
        assert watch.values("ebc_revenue_monthly") == {"pro": 40, "free": 0}
        assert watch.values("ebc_ai_tokens_day") == {"gpt-4.1,openai": 3000}
        assert watch.values("celery_queue_length") == {"celery": 0, "documents": 0}


async def test_parts_of_the_detailed_document_are_rows(stack: EbookStack) -> None:
    async with at(stack, "api-detailed") as watch:
        stack.do("set", active_tasks=5)
        await watch.go_on(30)
        view = watch.check("api-detailed")
        assert {part.name: part.status for part in view.parts} == dict.fromkeys(
            ("database", "redis", "qdrant", "minio", "celery"), Status.OK
        ), "active_tasks is a figure, not a state"
        assert watch.value("probe_health_value") == 5
        stack.redis.kill()
        try:
            await watch.go_on(30)
            view = watch.check("api-detailed")
            assert view.status is Status.WARNING
            assert ': redis is "unhealthy"; status is ' in view.message
        finally:
            stack.redis.start()
            stack.do("set", active_tasks=1)


async def test_a_service_is_down_and_its_database(stack: EbookStack) -> None:
    async with at(stack, "api", "api-metrics", "database", often=True) as watch:
        await watch.go_on(30)
        assert watch.firing() == set()
        assert stack.api is not None
        stack.api.stop()
        try:
            fired = await watch.fires("ServiceDown", "the API's process is gone", job="api")
            assert fired.severity == "critical"
            said = {alert.sentence for alert in watch.alerts("ServiceDown")}
            assert said == {f"Service 127.0.0.1:{stack.port} is down"}
        finally:
            stack.start_api()
        await watch.ends("ServiceDown")
        stack.postgres.kill()
        try:
            fired = await watch.fires("DatabaseDown", "PostgreSQL is gone")
            assert (fired.severity, fired.hold) == ("critical", 30)
        finally:
            stack.postgres.start()
        await watch.ends("DatabaseDown")


SHARE = 'sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))'


async def test_errors_by_the_second(stack: EbookStack) -> None:
    async with at(stack, "api-metrics", often=True) as watch:
        wanted = {"count": 0}
        watch.drive(lambda _: stack.do("requests", status=500, **wanted))
        await watch.go_on(300)
        assert watch.firing() == set()
        wanted["count"] = 50
        since = await watch.until(lambda: watch.value(FAILED) > 0.1, "0.1 a second", 60)
        failing = "more than 0.1 requests a second fail"
        await watch.fires("HighErrorRate", failing, since=since, status="500")


FAILED = 'rate(http_requests_total{status="500", path="/api/chat"}[5m])'


async def test_errors_latency_and_traffic(stack: EbookStack) -> None:
    async with at(stack, "api-metrics") as watch:
        traffic: dict[str, dict[str, float]] = {"well": {"count": 60}, "ill": {"count": 0}}
        watch.drive(lambda _: stack.do("requests", **traffic["well"]))
        watch.drive(lambda _: stack.do("requests", **traffic["ill"]))
        await watch.go_on(330)
        assert watch.firing() == set()
        traffic["ill"] = {"count": 10, "status": 503}
        since = await watch.until(lambda: watch.value(SHARE) > 0.05, "5 % fail", 330)
        failing = "more than 5 % of requests failed within 5 min"
        await watch.fires("ErrorShareHigh", failing, since=since)
        traffic["ill"] = {"count": 0}
        await watch.ends("ErrorShareHigh")
        traffic["ill"] = {"count": 30, "seconds": 8}
        since, slow = watch.clock.now(), "a third of the requests takes 8 s"
        await watch.fires("LatencyP99High", slow)
        await watch.fires("HighLatency", slow, since=since, path="/api/chat")
        traffic["ill"] = {"count": 0}
        await watch.ends("HighLatency")
        traffic["well"] = {"count": 4500}
        rate = 'max(rate(http_requests_total{status="200"}[5m]))'
        since = await watch.until(lambda: watch.value(rate) > 100, "100 requests a second", 330)
        many = "more than 100 requests a second, by 5 min"
        fired = await watch.fires("UnusualTraffic", many, since=since)
        assert fired.severity == "info"


async def test_documents_wait_and_workers_are_busy(stack: EbookStack) -> None:
    async with at(stack, "cache", "api-detailed") as watch:
        await watch.go_on(60)
        stack.enqueue("documents", 60)
        await watch.fires("QueueBackup", "60 documents wait", queue_name="documents")
        assert watch.check("cache").status is Status.WARNING
        stack.enqueue("documents", 60)
        await watch.fires("QueueDepthHigh", "120 documents wait", queue_name="documents")
        stack.redis.call("DEL", "documents")
        await watch.ends("QueueBackup")
        stack.do("set", active_tasks=4)
        await watch.fires("WorkersBusy", "all 4 processes of the worker are at work")
        stack.do("set", active_tasks=1)


async def test_security(stack: EbookStack) -> None:
    async with at(stack, "api-metrics", "app-log") as watch:
        await watch.go_on(330)
        stack.do("refuse", logins=15)
        await watch.fires("FailedAuthentication", "15 logins are refused")
        stack.do("refuse", uploads=8)
        await watch.fires("SuspiciousUploads", "8 uploads are refused")
        watch.drive(lambda _: stack.do("refuse", logins=5, uploads=5))
        stack.do("requests", count=60, status=403)
        await watch.fires("UnusualAccess", "60 requests within 5 min are forbidden", status="403")
        assert watch.value('count(ALERTS{area="security", alertstate="firing"})') == 3


async def test_events_in_the_log(stack: EbookStack) -> None:
    async with at(stack, "app-log", often=True) as watch:
        await watch.go_on(10)
        login = {"event_type": "security", "action": "failed_login", "user_id": "user123"}
        for number in range(12):
            stack.do("say", level="WARN", **login, ip_address=f"192.168.1.{100 + number % 2}")
        slow = {"event_type": "performance", "operation": "document_processing"}
        stack.do("say", level="WARN", **slow, duration=30.5, threshold=10.0)
        stack.do("say", level="INFO", **slow, duration=3.5, threshold=10.0)
        upgrade = {"event_type": "business", "action": "subscription_upgrade", "to_plan": "pro"}
        stack.do("say", level="INFO", **upgrade)
        stack.do("say", level="INFO", message="done", metadata={"processing_time": 0.5})
        stack.do("say", level="ERROR", message="Traceback")
        await watch.go_on(20)
        found = watch.values("log_pattern_matches_total")
        assert found == {
            "errors": 1, "failed-logins": 12, "rate-limited": 0, "suspicious": 0,
            "slow-operations": 1, "business": 1,
        }  # fmt: skip
        assert watch.values("ebc_slow_operations_total") == {"document_processing": 1}
        assert watch.values("ebc_business_events_total") == {"subscription_upgrade": 1}
        assert watch.value("ebc_document_processing_log_seconds_sum") == 0.5
        levels = watch.values("log_lines_total")
        assert (levels["warning"], levels["error"]) == (13, 1), "WARN is a warning"
        view = watch.check("app-log")
        assert view.status is Status.WARNING
        assert "failed-logins" in view.message
        for text, count in (
            ('user_id = "user123"', 12),
            ('trace_id = "abc123" and level >= error', 1),
        ):
            watch.engine.look_at_logs(LogsWanted(checks=("app-log",), text=text))
            logs = watch.picture.logs
            assert logs is not None
            assert logs.total == count, text


async def test_models_by_provider(stack: EbookStack) -> None:
    async with at(stack, "database") as watch:
        await watch.go_on(60)
        stack.ask_models(8)
        stack.ask_models(2, status=529, provider="anthropic")
        await watch.go_on(60)
        calls = watch.values('http_requests_total{job="database"} > 0')
        assert calls == {"gpt-4.1,openai,200": 8, "gpt-4.1,anthropic,529": 2}
        assert watch.values("ebc_ai_cost_day")["openai"] == pytest.approx(0.056)


async def test_the_machine_and_the_autoscaler(stack: EbookStack, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    probes = {"machine": of_machine(machine)}
    names = ("machine", "kubernetes")
    async with watching(seldom(stack), *names, system=SYSTEM, probes=probes) as watch:
        watch.step = 30.0
        drive_machine(machine, watch)
        await watch.go_on(330)
        assert watch.firing() == set()
        machine.root.available = 9 * GB
        await watch.fires("DiskSpaceLow", "9 % of / are free", mountpoint="/")
        machine.memory["MemAvailable"] = 1_000
        await watch.fires("MemoryHigh", "94 % of memory are used")
        machine.cpu.update(user=1.7, idle=0.3)
        busy = '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))'
        since = await watch.until(lambda: watch.value(busy) > 0.8, "", 330)
        await watch.fires("CpuHigh", "the mean of 5 min passes 80 %", since=since)
        stack.replicas(10)
        await watch.fires("HpaAtMaximum", "10 of 10 replicas run")
        stack.replicas(3)


async def test_settings_that_are_not_the_documented_ones(stack: EbookStack) -> None:
    async with at(stack, "database") as watch:
        await watch.go_on(90)
        assert watch.firing() == set()
        assert watch.value("pg_settings_max_connections") == 100
        assert watch.value("pg_settings_shared_buffers_bytes") == 256 * 1024**2
        assert watch.value("pg_settings_maintenance_work_mem_bytes") == 64 * 1024**2
        watch.pretend("pg_settings_work_mem_bytes", lambda *_: 8 * 1024**2)
        await watch.fires("PostgresSettingsDrift", "work_mem is 8MB")


async def test_backups_in_the_bucket(stack: EbookStack) -> None:
    names = ("backup-full", "backup-incremental", "backup-minio")
    async with at(stack, *names) as watch:
        assert {watch.check(name).status for name in names} == {Status.OK}
        assert "versioning is enabled" in watch.check("backup-minio").message
        old = {"database/full/": 27.0, "minio-data/": 8.0}
        stack.back_up(hours=old, versioned=False)
        await watch.go_on(600)
        said = {name: watch.check(name).message for name in names}
        stack.back_up(hours=FRESH)
        assert "none for more than 25 h" in said["backup-full"]
        assert "there is no backup" in said["backup-incremental"]
        assert "versioning of backup-bucket is not set, expected Enabled" in said["backup-minio"]
        stack.back_up(hours={**FRESH, "minio-data/old-": 95 * 24})
        await watch.go_on(600)
        kept = watch.check("backup-minio")
        stack.back_up(hours=FRESH)
        assert kept.status is Status.WARNING
        assert "some are kept for longer than 90 days" in kept.message


async def test_recovery_objectives(stack: EbookStack) -> None:
    stack.back_up(hours={"database/incremental/": 0.5})
    async with at(stack, "backup-incremental") as watch:
        await watch.go_on(60)
        assert watch.firing() == set()
        stack.back_up(hours=FRESH)
        newest, watch.step = 'onwatch_command_perfdata{label="newest"}', 1.0
        since = await watch.until(lambda: watch.value(newest) > 3600, "it is seen", 660)
        old = "the newest backup is 2 h old"
        fired = await watch.fires("RecoveryPointMissed", old, since=since)
        assert fired.severity == "info"
    hours = {"EBC_INTERVAL": "300s"}
    config = configured(SYSTEM, {**stack.environ, **hours})
    config = only_groups(config, 60.0, "disaster-recovery")
    async with watching(config, "api", system=SYSTEM) as watch:
        watch.step = 60.0
        assert stack.api is not None
        stack.api.stop()
        try:
            since = await watch.until(lambda: watch.value('up{job="api"}') == 0, "down", 600)
            await watch.fires("RecoveryTimeMissed", "the API is down for 4 hours", since=since)
        finally:
            stack.start_api()


async def test_its_five_dashboards(stack: EbookStack, tmp_path: Path) -> None:
    names = ("api-metrics", "api-detailed", "database", "cache", "machine", "app-log", "containers")
    more = ("api-process", "worker-process")
    machine = Machine(tmp_path)
    probes = {"machine": of_machine(machine)}
    async with watching(seldom(stack), *names, *more, system=SYSTEM, probes=probes) as watch:
        watch.step = 30.0
        drive_machine(machine, watch)
        watch.drive(lambda _: stack.do("requests", count=6))
        watch.drive(lambda _: stack.do("requests", count=1, status=429))
        watch.drive(lambda _: stack.do("requests", count=1, status=502))
        watch.drive(lambda _: stack.ask_models(1))
        watch.drive(lambda _: stack.ask_models(1, status=529, provider="anthropic"))
        upgrade = {"event_type": "business", "action": "subscription_upgrade"}
        watch.drive(lambda _: stack.do("say", level="INFO", **upgrade))
        login = {"event_type": "security", "action": "failed_login"}
        watch.drive(lambda _: stack.do("say", level="WARN", **login))
        await watch.go_on(360)
        overview = await watch.dashboard("application-overview")
        assert figures(overview["Request rate"])["requests"] == pytest.approx(8 / 30, rel=0.1)
        assert figures(overview["Document processing queue"]) == {"celery": 0, "documents": 0}
        assert figures(overview["Active users"]) == {"day": 1, "month": 2}
        assert figures(overview["Model usage distribution"])["gpt-4.1"] > 5
        infrastructure = await watch.dashboard("infrastructure")
        assert infrastructure["CPU of the machine"].series[0].value == pytest.approx(0.1)
        assert len(figures(infrastructure["Memory of services"])) == 2
        assert figures(infrastructure["Container memory"]) == {"api": 1.2e8}
        business = await watch.dashboard("business")
        assert figures(business["Revenue a month"]) == {"pro": 40, "free": 0}
        assert business["Document uploads by day"].table is not None
        models = await watch.dashboard("ai-models")
        assert figures(models["Costs within a day"])["openai"] > 0.02
        table = models["Response times by provider and model"].table
        assert table is not None
        assert table.rows[0][:2] == ("openai", "gpt-4.1")
        security = await watch.dashboard("security")
        assert figures(security["Rate limiting events"])["429"] == pytest.approx(1 / 30, rel=0.1)
        assert security["Security alerts"].series[0].value == 0
        panels = (overview, infrastructure, business, models, security)
        empty = {
            one.panel.title: one.error for some in panels for one in some.values() if one.error
        }
        assert set(empty) <= {"CPU of a day: average, peak", "Memory of a day: average, peak"}, (
            empty
        )
        assert figures(overview["Error rate"])["5xx"] == pytest.approx(1 / 8, rel=0.1)
        assert figures(models["Failures by provider"])["anthropic"] == pytest.approx(1)
        assert figures(business["Business events"])["subscription_upgrade"] > 5
        assert figures(security["Failed login attempts"])["failed_login"] > 5


def test_rules_of_the_guide_stand_here_as_they_are() -> None:
    guide = guide_of(SYSTEM)
    rules = (EXAMPLES / SYSTEM / "rules" / "alerts.yml").read_text()
    blocks = re.findall(r"^```yaml\n(- alert: .*?)^```", guide, re.M | re.S)
    assert len(blocks) == 6
    for block in blocks:
        assert textwrap.indent(block.rstrip("\n"), "      ") in rules, block
    security = (EXAMPLES / SYSTEM / "rules" / "security.yml").read_text()
    for expression in re.findall(r"^```promql\n(.*?)\n```", guide, re.M | re.S):
        assert f"expr: {expression}\n" in security


def test_commands_of_the_guide_are_steps_as_they_are() -> None:
    names = ("recovery", "rollback", "database", "certificate", "disaster-recovery")
    steps = [step for name in names for step in runbook_of(SYSTEM, name).steps]
    lines = {line for step in steps for line in step.text.splitlines()}
    blocks = re.findall(r"^```(?:bash|sql)\n(.*?)^```", guide_of(SYSTEM), re.M | re.S)
    wanted = [line for block in blocks for line in block.splitlines() if line.strip()]
    left_out = {"# Elasticsearch index cleanup"} | {
        line for line in wanted if line.startswith("curator")
    }
    documents = ("GET ", "Response:", "{", "}", '  "', "    ", "  }")
    missing = [
        line
        for line in wanted
        if line not in lines | left_out and not line.startswith(documents) and line != ";"
    ]
    assert missing == []
    by_name = {step.name: step for step in steps}
    for name in ("restore-database", "reindex", "deploy", "api", "workers", "secret"):
        assert by_name[name].marking is Marking.DANGER, name


def test_steps_in_sql_run(stack: EbookStack, tmp_path: Path) -> None:
    def run(book: str, step: str) -> Ran:
        return run_step(SYSTEM, stack.environ, tmp_path, book, step)

    assert "10" in run("recovery", "count").out
    old = run("database", "slow-queries")
    assert old.code == 1
    assert 'column "mean_time" does not exist' in old.out + old.said
    assert "mean_exec_time" in run("database", "slow-queries-13").out
    stack.database.psql("ANALYZE documents")
    assert "upload_status" in run("database", "columns").out
    assert "documents_pkey" in run("database", "index-usage").out
    assert "indexing_failed" in run("document-processing", "failed").out


def test_what_changes_something_wants_its_target_typed(stack: EbookStack, tmp_path: Path) -> None:
    def run(book: str, step: str, *more: str) -> Ran:
        return run_step(SYSTEM, stack.environ, tmp_path, book, step, *more)

    order = [step.name for step in runbook_of(SYSTEM, "restart-sequence").steps]
    assert order == ["drain", "stop", "dependencies", "start", "restore"]
    for step in order:
        ran = run("restart-sequence", step)
        assert (ran.code, ran.out) == (2, ""), ran
    for step, variable in (("block", "IP_ADDRESS=203.0.113.7"), ("revoke", "USER_ID=user123")):
        ran = run("security-incident", step, "--var", variable)
        assert (ran.code, ran.out) == (2, ""), ran
    for value in ("1.2.3.4; reboot", "$(id)", "-A"):
        wrong = run("security-incident", "block", "--var", f"IP_ADDRESS={value}", "--yes")
        assert wrong.code != 0
        assert wrong.out == "", value


async def test_exported_dashboards_are_whole_and_of_last_night(stack: EbookStack) -> None:
    exported = stack.folder / "grafana" / "overview.json"
    text = exported.read_text()
    async with at(stack, "backup-grafana") as watch:
        watch.step = 30.0
        await watch.go_on(120)
        assert watch.check("backup-grafana").status is Status.OK, watch.talk()
        stale = exported.stat().st_mtime - 30 * 3600
        os.utime(exported, (stale, stale))
        await watch.go_on(120)
        assert watch.check("backup-grafana").status is Status.WARNING
        exported.write_text(text[:-10])
        os.utime(exported, (stale + 3600, stale + 3600))
        await watch.go_on(120)
        view = watch.check("backup-grafana")
        exported.write_text(text)
        assert view.status is Status.CRITICAL
        assert "cut off" in view.message, view.message


async def test_figures_that_the_guide_names(stack: EbookStack, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    names = ("api", "api-metrics", "database", "cache", "machine")
    probes = {"machine": of_machine(machine)}
    async with watching(seldom(stack), *names, system=SYSTEM, probes=probes) as watch:
        watch.step = 30.0
        drive_machine(machine, watch)
        watch.drive(lambda _: stack.do("requests", count=27, seconds=0.05))
        watch.drive(lambda _: stack.do("requests", count=2, status=404, seconds=0.05))
        watch.drive(lambda _: stack.do("requests", count=1, status=500, seconds=0.8))
        watch.engine.window = 300.0
        await watch.go_on(330)
        figures = next(one for one in watch.picture.requests if one.check == "api-metrics").window
        assert figures.rate == pytest.approx(1.0, rel=0.1)
        by_class = dict(figures.by_class)
        assert by_class["2xx"] == pytest.approx(270, rel=0.15)
        assert by_class["4xx"] == pytest.approx(20, abs=4)
        assert by_class["5xx"] == pytest.approx(10, abs=2)
        assert figures.p50 is not None
        assert figures.p99 is not None
        assert figures.p50 < 0.06 < figures.p99
        for expression in (
            "http_connections_active",
            "sum(pg_stat_activity_count) / scalar(pg_settings_max_connections)",
            'sum(rate(pg_stat_database_xact_commit{datname="smartchat"}[5m]))',
            'pg_database_size_bytes{datname="smartchat"}',
            'max(pg_stat_user_tables_n_dead_tup{relname="documents"} >= 0)',
            'sum(pg_general_index_info_idx_scan{relname="documents"})',
            "redis_memory_used_bytes",
            "redis_keyspace_hits_total + redis_keyspace_misses_total",
            "rate(redis_evicted_keys_total[5m])",
            'sum(rate(documents_processed_total{status="success"}[5m]))',
            "document_processing_seconds_sum / document_processing_seconds_count",
            "sum(rate(node_disk_read_bytes_total[5m]) + rate(node_disk_written_bytes_total[5m]))",
            "sum(rate(node_network_receive_bytes_total[5m]))",
            "ebc_chat_sessions_day",
            "ebc_documents_uploaded_day",
            'ebc_feature_usage_day{feature="search"}',
            "ebc_answer_similarity_ratio",
        ):
            assert watch.value(expression) >= 0, expression
        tables = {one.title for one in result_of(watch, "database").tables}
        assert {"Statements by total time", "Tables of smartchat"} <= tables


def result_of(watch: Watch, check: str) -> Result:
    result = watch.engine.states[check].result
    assert result is not None
    return result


async def test_a_new_version_is_told_and_what_the_document_says(stack: EbookStack) -> None:
    async with at(stack, "api") as watch:
        await watch.go_on(30)
        facts = dict(result_of(watch, "api").facts)
        assert facts["version"] == "1.2.3"
        assert facts["timestamp"].endswith("Z")
        stack.do("set", version="1.2.4")
        await watch.go_on(30)
        stack.do("set", version="1.2.3")
        told = [event.text for event in watch.picture.events]
        assert "version changed from 1.2.3 to 1.2.4" in told


def test_severities_have_the_guides_response_times() -> None:
    story = loaded(SYSTEM, {}).engine.story
    assert story is not None
    assert story.targets is not None
    times = {word: target.acknowledge for word, target in story.targets.own.items()}
    assert times == {
        "critical": Term(900),
        "warning": Term(3600),
        "info": Term(4 * 3600),
        "p4": Term(24 * 3600),
    }
    assert [window.name for window in story.windows] == ["weekly database maintenance"]


async def test_growth_is_held_against_what_was_planned(stack: EbookStack) -> None:
    config = configured(SYSTEM, stack.environ)
    async with watching(config, "database", "api", system=SYSTEM, longterm=True) as watch:
        await watch.go_on(60)
        planned = {one.name: one.expected for one in config.capacity}
        assert (planned["users"], planned["documents"], planned["api-usage"]) == (0.1, 0.15, 0.2)
        assert {"database", "storage", "bandwidth"} <= set(planned)
        watched = {one.name: one for one in watch.picture.capacity}
        assert {"users", "documents", "database"} <= set(watched)
        assert watched["users"].value == 3
        assert {one.name for one in watch.picture.objectives} == {"availability", "requests"}


async def test_the_certificate_and_the_name(stack: EbookStack) -> None:
    async with at(stack, "certificate", "dns") as watch:
        left = "probe_ssl_earliest_cert_expiry - time()"
        assert watch.value(left) > 14 * 86_400
        assert watch.check("dns").status is Status.OK
        stack.dns.add("api.example.com", "A")
        watch.step = 60.0
        await watch.go_on(120)
        stack.dns.add("api.example.com", "A", "192.0.2.1")
        assert watch.check("dns").status is Status.CRITICAL


def test_a_day_of_utilization() -> None:
    tests = Path(__file__).with_name("smart_ebook_utilization.yml")
    assert main(["rules", "test", str(tests)]) == 0
