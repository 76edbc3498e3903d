"""The example of AIGateway at work on its servers: everything that its guide looks at by hand."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql
import pytest

from checks.model import Status
from checks.requests.stats import RequestStats, WindowStats
from checks.runbooks.reading import read_runbook
from tests.examples.aigateway_stack import Gateway, Traffic
from tests.examples.kit import Watch, config_file, configured, loaded, watching
from tests.examples.kit_machine import drive_machine, of_machine
from tests.examples.kit_steps import Ran, home_with, run_step
from tests.exporters.machine import Machine
from tests.servers.http import HttpServer
from tests.servers.mariadb import MariadbDatabase
from tests.servers.redis import RedisServer
from tui.cli import main

SYSTEM = "aigateway"
Capture = pytest.CaptureFixture[str]
FIVE_MINUTES = 330.0
"""Seconds after which what looks back five minutes is not short of history."""


@pytest.fixture
def gateway(
    http_server: HttpServer,
    mariadb_server: MariadbDatabase,
    redis_server: RedisServer,
    tmp_path: Path,
) -> Gateway:
    folder = tmp_path / "aigateway"
    folder.mkdir()
    return Gateway(mariadb_server, redis_server, http_server, folder)


@asynccontextmanager
async def serving(gateway: Gateway, *checks: str) -> AsyncIterator[Watch]:
    """These checks after some minutes of quiet traffic."""
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, *checks, system=SYSTEM) as watch:
        watch.step = 15.0
        watch.drive(gateway.serve)
        await watch.go_on(FIVE_MINUTES)
        assert watch.firing() == set()
        yield watch


def statement(step: str, book: str = "quick-checks") -> str:
    """The SQL of a runbook's step."""
    file = config_file(SYSTEM).parent / "runbooks" / f"{book}.md"
    runbook = read_runbook(file, trusted=True).runbook
    assert runbook is not None
    found = runbook.step(step)
    assert found is not None
    return found.text


def figures_of(watch: Watch) -> RequestStats:
    (told,) = watch.picture.requests
    assert told.stats is not None
    return told.stats


def figures(watch: Watch) -> WindowStats:
    """The requests of the last hour."""
    return figures_of(watch).window(3600)


Steps = Callable[[str, str], Ran]


@pytest.fixture
def steps(gateway: Gateway, tmp_path: Path) -> Iterator[Steps]:
    """Runs a step of a runbook with nobody there to be asked."""
    gateway.history(50, 600)
    home = home_with(gateway.folder, curl={8080: gateway.http.port}, redis=gateway.redis.port)
    environ = {**gateway.environ, **home}
    with gateway.process():
        yield lambda book, step: run_step(SYSTEM, environ, tmp_path / "state", book, step)


def test_it_is_right_without_any_variable(capsys: pytest.CaptureFixture[str]) -> None:
    engine = loaded(SYSTEM, {}).engine
    assert engine.rules is not None
    assert engine.rules.problems == ()
    assert main(["validate", "-c", str(config_file(SYSTEM))]) == 0
    said = capsys.readouterr()
    assert "warning" not in said.out + said.err


async def test_every_check_answers(gateway: Gateway) -> None:
    gateway.files()
    gateway.requests(50)
    config = configured(SYSTEM, gateway.environ)
    with gateway.process():
        async with watching(config, system=SYSTEM, packs=True) as watch:
            watch.drive(gateway.serve)
            await watch.go_on(70)
            ill = {
                name: state.view.message
                for name, state in watch.engine.states.items()
                if state.view.status is not Status.OK and name != "machine"
            }
            assert ill == {}, watch.talk()
            assert watch.check("machine").status not in {Status.UNKNOWN, Status.WAITING}
            # What the servers of a test have in common: they were started just now.
            assert watch.firing() <= {"MysqlServerRestarted", "RedisServerRestarted"}
            rows = {"providers": 3, "accounts": 12, "proxy_pool": 5}
            assert watch.values("aigateway_table_rows") == rows
            assert watch.value("aigateway:process_memory:percent") > 0
            assert watch.value("sum(redis_db_keys)") == 2
            assert watch.value("redis_memory_used_bytes") > 100_000
            assert "no history" not in watch.talk()


async def test_figures_are_those_of_the_guides_sql(gateway: Gateway, tmp_path: Path) -> None:
    gateway.history(3000, 3500)
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, "database", system=SYSTEM) as watch:
        watch.engine.window = 3600.0
        await watch.until(lambda: figures(watch).covered >= 3590, "the hour is read")
        ours = figures(watch)
    total, errors, percent = gateway.database.fetch(statement("error-rate"))[0]
    assert (ours.count, ours.errors) == (total, errors) == (3000, errors)
    assert ours.error_ratio == pytest.approx(float(percent) / 100, abs=5e-5)
    least, mean, most, p50, p95 = map(float, gateway.database.fetch(statement("latency"))[0])
    assert ours.minimum == pytest.approx(least / 1000)
    assert ours.mean == pytest.approx(mean / 1000, rel=1e-4)
    assert ours.maximum == pytest.approx(most / 1000)
    assert ours.p50 == pytest.approx(p50 / 1000, rel=0.01)
    assert ours.p95 == pytest.approx(p95 / 1000, rel=0.01)
    by_provider = {row.value: row.count for row in dict(ours.breakdown)["provider_id"]}
    assert by_provider == dict(
        gateway.database.fetch("SELECT provider_id, COUNT(*) FROM request_logs GROUP BY 1")
    )


async def test_requests_by_the_minute_are_those_of_the_guides_sql(gateway: Gateway) -> None:
    gateway.history(600, 900)
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, "database", system=SYSTEM) as watch:
        told = figures_of(watch)
    theirs = dict(gateway.database.fetch(statement("request-rate")))
    ours = {
        f"{datetime.fromtimestamp(one.start, UTC).astimezone():%F %H:%M:00}": one.count
        for one in told.minutes
    }
    # Theirs count the minute that is not over among the ten.
    both = ours.keys() & theirs.keys()
    assert len(both) >= 8
    assert {minute: theirs[minute] for minute in both} == {one: ours[one] for one in both}


def test_what_of_the_guides_sql_cannot_run(gateway: Gateway) -> None:
    p50 = (
        "SELECT latency_ms FROM request_logs ORDER BY latency_ms LIMIT 1"
        " OFFSET (SELECT FLOOR(COUNT(*) * 0.50) FROM request_logs)"
    )
    for text in ("SELECT COUNT(*) as rows FROM providers", p50):
        with pytest.raises(pymysql.ProgrammingError, match="1064"):
            gateway.database.fetch(text)


async def test_failing_and_slow_requests_fire_their_alerts(gateway: Gateway) -> None:
    async with serving(gateway, "database") as watch:
        gateway.traffic = Traffic(status=502, error="OAuth token refresh failed: invalid_grant")
        refused = "a token cannot be refreshed, so that every request fails"
        await watch.fires("OAuthRefreshFailures", refused, severity="critical")
        gateway.traffic = Traffic()
        await watch.ends("OAuthRefreshFailures")
        await watch.ends("HighErrorRate")
        gateway.traffic = Traffic(status=500, error="upstream timeout after 30 s")
        await watch.fires("HighErrorRate", "every request fails", severity="critical")
        assert watch.firing() == {"HighErrorRate"}
        gateway.traffic = Traffic()
        await watch.ends("HighErrorRate")
        slow, since = "requests take 1.4 s and more", watch.clock.now()
        gateway.traffic = Traffic(rate=8, latency=1800)
        await watch.fires("HighLatency", slow, severity="warning")
        assert watch.firing() == {"HighLatency"}
        failing = watch.clock.now()
        gateway.traffic = Traffic(rate=8, latency=1800, status=500)
        await watch.fires("ScaleUpLatency", slow, since=since, severity="info")
        await watch.fires("ScaleUpErrors", "every request fails", since=failing, severity="info")


async def test_a_gateway_that_is_down_or_ill_fires(gateway: Gateway) -> None:
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, "gateway", system=SYSTEM) as watch:
        await watch.go_on(60)
        assert watch.firing() == set()
        gateway.http.answer("/health", {"status": "ok"}, status=503)
        await watch.fires("ApplicationDown", "/health answers with 503", severity="critical")
        gateway.healthy()
        await watch.ends("ApplicationDown")
        gateway.http.answer("/health", {"status": "starting"})
        await watch.fires("ApplicationDown", "/health says starting in place of ok")
        gateway.healthy()
        await watch.ends("ApplicationDown")
        gateway.http.stop()
        await watch.fires("ApplicationDown", "the gateway does not run", severity="critical")
        assert watch.firing() == {"ApplicationDown"}


async def test_a_cache_that_misses_fires_though_the_lifetime_ratio_is_fine(
    gateway: Gateway,
) -> None:
    async with serving(gateway, "cache") as watch:
        gateway.traffic = Traffic(hits=0.5, misses=10)
        await watch.fires("LowCacheHitRate", "twenty of 21 look-ups miss", severity="warning")
        lifetime = watch.value("aigateway:oauth_cache_hit_rate:percent")
        assert lifetime > 99, "which is what the guide's own arithmetic sees"
        gateway.traffic = Traffic()
        await watch.ends("LowCacheHitRate")


async def test_redis_that_is_not_saved_fires(gateway: Gateway) -> None:
    config = configured(SYSTEM, gateway.environ)
    gateway.redis.call("SAVE")
    async with watching(config, "cache", system=SYSTEM) as watch:
        await watch.go_on(90)
        assert watch.firing() == set()
        gateway.redis.call("INCR", "oauth:cache:hits")
        watch.pretend("redis_rdb_last_save_timestamp_seconds", lambda at, _: at - 27 * 3600)
        await watch.fires("RedisSaveTooOld", "the last save was 27 hours ago", severity="warning")
        watch.pretend("redis_rdb_last_save_timestamp_seconds", None)
        await watch.ends("RedisSaveTooOld")
        assert not watch.values("redis_aof_current_size_bytes")
        gateway.redis.set(appendonly="yes")
        await watch.go_on(90)
        assert watch.value("redis_aof_enabled") == 1
        for name in ("current_size_bytes", "base_size_bytes", "delayed_fsync"):
            assert watch.values(f"redis_aof_{name}"), "told only while it is on"
        for name in ("rewrite_in_progress", "rewrite_scheduled", "last_rewrite_duration_sec"):
            assert watch.values(f"redis_aof_{name}"), name
        watch.pretend("redis_aof_last_write_status", lambda *_: 0.0)
        await watch.fires("RedisAppendOnlyFileFailed", "the append-only file cannot be written")
        watch.pretend("redis_aof_last_write_status", None)
        watch.pretend("redis_aof_last_bgrewrite_status", lambda *_: 0.0)
        await watch.fires("RedisAppendOnlyRewriteFailed", "the append-only file is not rewritten")


async def test_a_machine_that_is_used_up_advises_to_scale_up(
    gateway: Gateway, tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    config = configured(SYSTEM, gateway.environ)
    probes = {"machine": of_machine(machine)}
    async with watching(config, "machine", system=SYSTEM, probes=probes) as watch:
        watch.step = 15.0
        drive_machine(machine, watch)
        await watch.go_on(FIVE_MINUTES)
        assert watch.firing() == set()
        machine.memory["MemAvailable"] = 2_000
        await watch.fires("ScaleUpMemory", "88 % of the memory is in use", severity="info")
        assert watch.firing() == {"ScaleUpMemory"}
        machine.memory["MemAvailable"] = 12_000
        await watch.ends("ScaleUpMemory")
        machine.cpu.update(user=1.9, idle=0.1)
        idle = 'avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))'
        since = await watch.until(lambda: watch.value(idle) < 0.3, "70 % of the CPU", 330)
        mean = "the mean CPU use of five minutes passes 70 %"
        await watch.fires("ScaleUpCPU", mean, since=since, severity="info")
        assert watch.firing() == {"ScaleUpCPU"}


# The log


async def test_the_log_is_read_over_its_rotation(gateway: Gateway) -> None:
    log = gateway.logs / "gateway.log"
    log.touch()
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, "app-log", system=SYSTEM) as watch:
        gateway.requests(40)
        await watch.go_on(30)
        # As logrotate does with "create" and "delaycompress": the old one is compressed next time.
        log.rename(log.with_suffix(".log.1"))
        gateway.requests(30)
        gateway.traffic = Traffic(status=500)
        gateway.requests(10)
        await watch.go_on(30)
        assert watch.value("sum(log_read_lines_total)") == 80
        assert watch.value("log_lines_total{level='error'}") == 10
        assert watch.value("log_pattern_matches_total{pattern='errors'}") == 10
        counted = watch.values("sum by (provider) (http_requests_total{job='app-log'})")
        assert set(counted) == {"antigravity", "openai", "glm"}
        assert sum(counted.values()) == 80
        assert watch.value("sum(http_requests_total{job='app-log', status='500'})") == 10
        found = watch.logs("status = 500 and latency_ms > 0")
        assert found.total == 10
        record = found.lines[0].record
        assert (record.message, record.fields["status"]) == ("Request completed", 500.0)
        (same,) = watch.logs(f'request_id = "{record.fields["request_id"]}"').lines
        assert same.record.fields["model"] == record.fields["model"]


async def test_its_planned_page_of_metrics_tells_of_requests(gateway: Gateway) -> None:
    async with serving(gateway, "gateway-metrics") as watch:
        served = sum(gateway.counted.values())
        assert watch.value("sum(aigateway_requests_total)") == served
        (view,) = watch.picture.requests
        assert view.check == "gateway-metrics"
        shares = dict(view.window.breakdown)["provider"]
        assert {row.value for row in shares} == {"antigravity", "openai", "glm"}
        p95 = watch.value(
            "histogram_quantile(0.95, sum by (le)"
            " (rate(aigateway_request_duration_seconds_bucket[5m])))"
        )
        assert 0.1 < p95 < 0.25


async def test_the_guides_panels_show_what_its_sql_says(gateway: Gateway) -> None:
    gateway.history(400, 3000)
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, "database", "cache", system=SYSTEM) as watch:
        watch.drive(gateway.serve)
        await watch.go_on(60)
        panels = await watch.dashboard("gateway")
    wrong = {title: one.error for title, one in panels.items() if one.error}
    assert set(wrong) <= {"OAuth cache hit rate"}, wrong
    assert {one.name: one.value for one in panels["Provider Breakdown"].series} == dict(
        gateway.database.fetch("SELECT provider_id, COUNT(*) FROM request_logs GROUP BY 1")
    )
    (rate,) = panels["Request Rate"].series
    assert rate.name == "rps"
    assert sum(each * 60 for each in rate.points if not math.isnan(each)) == pytest.approx(
        gateway.database.fetch("SELECT COUNT(*) FROM request_logs")[0][0], rel=0.2
    )
    assert panels["Error Rate"].series
    assert panels["Latency"].series[0].points
    assert len(panels["Latency percentiles"].series) == 3


def test_what_its_first_panel_cannot_do_on_mysql(gateway: Gateway) -> None:
    guides = (
        "SELECT UNIX_TIMESTAMP(created_at) as time, COUNT(*) / 60 as rps FROM request_logs"
        " GROUP BY UNIX_TIMESTAMP(created_at) DIV 60"
    )
    link = gateway.database.connect()
    with link.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY'")
        with pytest.raises(pymysql.OperationalError, match="1055"):
            cursor.execute(guides)


# Objectives, baseline, files


async def test_objectives_are_those_of_its_baseline(gateway: Gateway) -> None:
    config = configured(SYSTEM, gateway.environ)
    async with watching(config, "database", "gateway", system=SYSTEM, longterm=True) as watch:
        watch.step = 15.0
        watch.drive(gateway.serve)
        await watch.go_on(300)
        gateway.traffic = Traffic(status=500, latency=1800)
        await watch.go_on(60)
        told = {one.name: one for one in watch.picture.objectives}
        assert set(told) == {"requests that go well", "requests below a second", "health"}
        well, quick = told["requests that go well"], told["requests below a second"]
        assert well.sli is not None
        assert quick.sli is not None
        # 60 of 360 seconds, of which a reading may miss the ends.
        assert well.sli == pytest.approx(5 / 6, abs=0.05)
        assert quick.sli == pytest.approx(well.sli, abs=0.01)
        assert told["health"].sli == 1
        watched = {one.name for one in watch.picture.capacity}
        assert {"p95", "error rate"} <= watched


def test_a_baseline_tells_what_has_become_worse(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, value in {**gateway.environ, "AIGATEWAY_INTERVAL": "500ms"}.items():
        monkeypatch.setenv(name, value)

    def baseline(*words: str) -> tuple[int, dict[str, Any]]:
        action, *more = words
        command = ["-c", str(config_file(SYSTEM)), "baseline", action, "--for", "1s", "--json"]
        capsys.readouterr()
        return main([*command, *more]), json.loads(capsys.readouterr().out)

    gateway.history(400, 55)
    code, saved = baseline("save", "good")
    assert code == 0
    figures = {one["kind"] for one in saved["figures"] if one["check"] == "database"}
    assert {"throughput", "p50", "p95", "error rate"} <= figures
    gateway.traffic = Traffic(status=500, latency=4000)
    gateway.requests(400)
    code, found = baseline("compare", "good")
    assert code == 1
    worse = {
        one["figure"]
        for one in found["figures"]
        if one["check"] == "database" and one["verdict"] == "worse"
    }
    assert worse >= {"p95", "error rate"}


async def test_backups_that_are_old_small_or_broken_are_told(gateway: Gateway) -> None:
    config = configured(SYSTEM, gateway.environ)
    dump = gateway.dump("monday.sql", hours=50)
    gateway.dump("tuesday.sql", hours=2)
    async with watching(config, "backups", "latest-backup", system=SYSTEM) as watch:

        async def status(check: str = "backups") -> Status:
            await watch.go_on(60)
            return watch.check(check).status

        assert await status() is Status.OK, watch.talk()
        assert await status("latest-backup") is Status.CRITICAL, "there is no latest.sql"
        (gateway.backups / "latest.sql").symlink_to("tuesday.sql")
        assert await status("latest-backup") is Status.OK, watch.talk()
        gateway.dump("tuesday.sql", hours=30)
        assert await status() is Status.WARNING, "older than 26 hours"
        text = dump.read_text()
        gateway.backup("wednesday.sql", text[: len(text) // 3], hours=1)
        assert await status() is Status.CRITICAL, "cut off, and smaller by more than a half"
        assert "wednesday.sql" in watch.check("backups").message
        gateway.dump("wednesday.sql", hours=1)
        assert await status() is Status.OK, watch.talk()


async def test_the_size_and_number_of_logs_and_the_databases_files(gateway: Gateway) -> None:
    config = configured(SYSTEM, gateway.environ)
    for day in range(3):
        (gateway.logs / f"gateway.log.{day}.gz").write_bytes(b"x" * 1000)
    (gateway.data / "ibdata1").write_bytes(b"x" * 5000)
    (gateway.logs / "gateway.log").write_bytes(b"x" * 500)
    async with watching(config, "log-files", "database-files", system=SYSTEM) as watch:
        assert watch.check("log-files").status is Status.OK, watch.talk()
        assert watch.value("onwatch_files_total_bytes{job='log-files'}") == 3500
        assert watch.value("onwatch_files_total_bytes{job='database-files'}") == 5000
        old = time.time() - 40 * 86_400
        os.utime(gateway.logs / "gateway.log.0.gz", (old, old))
        await watch.go_on(60)
        assert watch.check("log-files").status is Status.WARNING, "logrotate keeps 30 days"


# Runbooks


@pytest.mark.parametrize(
    ("book", "step", "says"),
    [
        ("first-response", "health", '{"status": "ok"}'),
        ("first-response", "recent-errors", "upstream answered"),
        ("first-response", "resources-here", "Filesystem"),
        ("first-response", "by-provider", ""),
        ("quick-checks", "row-counts", "proxy_pool"),
        ("quick-checks", "request-rate", "requests"),
        ("quick-checks", "error-rate", "error_rate_pct"),
        ("quick-checks", "latency", "p95"),
        ("quick-checks", "oauth-failures", ""),
        ("quick-checks", "redis-ping", "PONG"),
        ("quick-checks", "redis-keys", "2"),
        ("quick-checks", "redis-memory", "used_memory_human:"),
        ("backups", "redis-saved", ""),
        ("backups", "redis-aof", "aof_enabled:0"),
        ("capacity", "cpu", "aigateway"),
        ("capacity", "memory", "MB"),
    ],
)
def test_steps_run(book: str, step: str, says: str, steps: Steps) -> None:
    ran = steps(book, step)
    assert ran.code == 0, ran
    assert says in ran.out


async def test_alerts_lead_to_their_runbooks(gateway: Gateway) -> None:
    config = configured(SYSTEM, gateway.environ)
    books = {path.stem for path in (config_file(SYSTEM).parent / "runbooks").glob("*.md")}
    async with watching(config, "gateway", system=SYSTEM) as watch:
        rules = [one for one in watch.rules.rules if not one.records]
        assert {dict(one.annotations)["runbook_url"] for one in rules} <= books
        gateway.http.answer("/health", {"status": "down"})
        await watch.go_on(60)
        (alert,) = watch.alerts("ApplicationDown")
        assert alert.runbook == "first-response"


def test_what_loads_or_restores_asks_first(steps: Steps) -> None:
    for book, step in (("load-test", "ab"), ("load-test", "wrk"), ("backups", "restore")):
        ran = steps(book, step)
        assert ran.code == 2, ran
        assert not ran.out
