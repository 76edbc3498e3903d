"""Xionimus AI's example on its stack: health document, the instrumentator's page, alert levels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from checks.config import EngineConfig
from checks.logs.views import LogsWanted
from checks.model import Result, Status
from checks.probes.http.config import HttpConfig
from checks.story.targets import Term
from tests.examples.kit import EXAMPLES, Watch, configured, loaded, watching
from tests.examples.kit_clock import StepClock
from tests.examples.kit_dashboards import figures
from tests.examples.kit_groups import only_groups
from tests.examples.kit_guide import guide_of, runbook_of
from tests.examples.kit_machine import drive_machine, of_machine, of_units, units
from tests.examples.kit_steps import Ran, run_step
from tests.examples.xionimus_stack import XionimusStack
from tests.exporters.machine import GB, Machine

SYSTEM = "xionimus"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XionimusStack]:
    made = XionimusStack(tmp_path_factory.mktemp("xionimus"))
    made.start()
    yield made
    made.close()


def seldom(stack: XionimusStack) -> EngineConfig:
    """The example at 30 s."""
    more = {"XIONIMUS_INTERVAL": "30s", "XIONIMUS_HEALTH_INTERVAL": "30s"}
    return configured(SYSTEM, {**stack.environ, **more})


@asynccontextmanager
async def at(stack: XionimusStack, *checks: str) -> AsyncIterator[Watch]:
    async with watching(seldom(stack), *checks, system=SYSTEM) as watch:
        watch.step = 30.0
        watch.drive(lambda step: stack.app.do("passes", seconds=step))
        yield watch


def test_the_example_is_right(stack: XionimusStack) -> None:
    found = loaded(SYSTEM, stack.environ)
    assert found.engine.warnings == ()
    assert found.engine.rules is not None
    assert found.engine.rules.problems == ()


def test_intervals_and_bounds_are_the_guides() -> None:
    checks = {one.name: one for one in configured(SYSTEM, {}).checks}
    assert {60.0} == {checks[name].interval for name in ("health", "public")}, "1 to 5 minutes"
    fields = checks["health-fields"].config
    assert isinstance(fields, HttpConfig)
    assert fields.expect.latency is not None
    assert fields.expect.latency.warning == 0.5, "what the load test expects of an answer"


async def test_every_check_has_a_result(stack: XionimusStack, tmp_path: Path) -> None:
    clock = StepClock()
    for folder in ("units", "machine"):
        (tmp_path / folder).mkdir()
    probes = {
        "machine": of_machine(Machine(tmp_path / "machine")),
        "mongodb": of_units(units(tmp_path / "units", "mongodb"), clock),
    }
    config = configured(SYSTEM, stack.environ)
    async with watching(config, system=SYSTEM, probes=probes, clock=clock) as watch:
        await watch.go_on(60)
        stands = {name: state.view.status for name, state in watch.engine.states.items()}
        assert set(stands.values()) == {Status.OK}, watch.talk()
        assert watch.value("xionimus_users") == 1
        assert watch.value("xionimus_active_sessions") == 1
        assert watch.value("xionimus_daily_active_users") == 1
        assert watch.values("xionimus_messages_sent") == {"day": 2, "week": 2}
        assert watch.values("xionimus_provider_messages_day") == {"openai": 2}
        assert watch.values("xionimus_model_messages_day") == {"gpt-4.1": 2}
        page = 'sum by (status) (http_requests_total{handler="/api/chat"})'
        assert watch.values(page) == {"2xx": 2}
        used = 'probe_health_value{job="health", path="system.memory_used_percent"}'
        assert watch.values(used) == {"system.memory_used_percent": 26.9}


def parts(watch: Watch) -> dict[str, tuple[Status, str]]:
    return {part.name: (part.status, part.value) for part in watch.check("health").parts}


def no_database(watch: Watch) -> set[str]:
    """Whose alerts say that there is no connection to the database."""
    return {dict(alert.labels)["job"] for alert in watch.alerts("DatabaseConnectionFailure")}


async def test_health_words_mean_what_the_guide_says(stack: XionimusStack) -> None:
    none = dict.fromkeys(("openai", "anthropic", "perplexity"), False)
    async with at(stack, "health", "database", "health-fields") as watch:
        assert watch.check("health").status is Status.OK
        assert parts(watch)["database"] == (Status.OK, "connected")
        stack.app.do("providers", **none)
        await watch.fires("HealthLimited", "status is limited")
        assert watch.check("health").status is Status.WARNING
        assert parts(watch)["ai_providers"] == (Status.WARNING, "0/3")
        await watch.until(lambda: watch.alerts("AiProvidersNotConfigured"), "it is listed, too")
        assert watch.check("health-fields").status is Status.OK, "all fields are there"
        await watch.go_on(60)
        stack.app.do("providers", openai=True)
        await watch.ends("HealthLimited")
        assert parts(watch)["ai_providers"] == (Status.OK, "1/3")
        openai = 'probe_health_value{job="health", path="services.ai_providers.status.openai"}'
        assert list(watch.values(openai).values()) == [1]
        kept = stack.database.rename(stack.database.with_suffix(".kept"))
        stack.database.write_bytes(b"no database" * 500)
        try:
            await watch.fires("HealthDegraded", "status is degraded")
            assert watch.check("health").status is Status.CRITICAL
            assert 'status is "degraded", expected "healthy"' in watch.check("health").message
            assert parts(watch)["database"] == (Status.CRITICAL, "error")
            await watch.until(lambda: no_database(watch) == {"health", "database"}, "both say so")
            assert watch.check("health-fields").status is Status.OK, "still all fields"
        finally:
            kept.replace(stack.database)
        await watch.ends("HealthDegraded")
        stack.app.do("providers", **dict.fromkeys(none, True))
        await watch.ends("AiProvidersNotConfigured")
        stack.app.do("providers", perplexity=False)
        fired = await watch.fires("AiProvidersNotConfigured", "2 of 3 providers are configured")
        assert fired.severity == "info"
        assert not watch.alerts("HealthLimited")
        stack.app.do("providers", perplexity=True)
        stack.app.do("memory", percent=80.5)
        await watch.fires("MemoryHigh", "80.5 % of memory are used", severity="warning")
        stack.app.do("memory", percent=93.1)
        await watch.fires("MemoryHigh", "93.1 % of memory are used", severity="critical")
        stack.app.do("memory", percent=26.9)


async def test_the_database_cannot_be_reached(stack: XionimusStack) -> None:
    async with at(stack, "health", "database") as watch:
        await watch.go_on(60)
        kept = stack.database.rename(stack.database.with_suffix(".kept"))
        stack.database.write_bytes(b"no database" * 500)
        try:
            await watch.fires(
                "DatabaseConnectionFailure", "the file is no database", part="database"
            )
        finally:
            kept.replace(stack.database)
        await watch.ends("DatabaseConnectionFailure")


async def test_the_backend_crashes_and_is_started_anew(stack: XionimusStack) -> None:
    async with at(stack, "health", "backend") as watch:
        await watch.go_on(60)
        watch.pretend("probe_http_duration_seconds", lambda *_: 1.2)
        await watch.fires("HealthSlow", "the health endpoint takes 6 s")
        watch.pretend("probe_http_duration_seconds", None)
        await watch.ends("HealthSlow")
        await watch.go_on(300)
        assert not watch.alerts("ApplicationRestart")
        watch._drivers.clear()
        stack.app.stop()
        await watch.fires("HealthUnanswered", "nobody listens on port 8001")
        assert watch.check("health").status is Status.CRITICAL
        stack.app.start()
        fired = await watch.fires("ApplicationRestart", "the backend was started anew")
        assert fired.severity == "critical"
        told = [event.text for event in watch.picture.events if event.check == "health"]
        assert any(text.startswith("restarted: uptime fell from ") for text in told), told
        await watch.ends("ApplicationRestart")


def failing(watch: Watch) -> float:
    """The share of requests that failed within 5 min."""
    by_status = watch.values("sum by (status) (rate(http_requests_total[5m]))")
    return by_status.get("5xx", 0.0) / sum(by_status.values())


def p95(watch: Watch) -> float:
    """What 95 % of the requests within 5 min took at most, seconds."""
    buckets = "rate(http_request_duration_highr_seconds_bucket[5m])"
    return watch.value(f"histogram_quantile(0.95, sum by (le) ({buckets}))")


async def test_requests_fail_and_come_late(stack: XionimusStack) -> None:
    async with at(stack, "backend") as watch:
        wanted: dict[str, dict[str, float]] = {"well": {"count": 9}, "late": {"count": 0}}
        watch.drive(lambda _: stack.app.do("requests", **wanted["well"]))
        watch.drive(lambda _: stack.app.do("requests", **wanted["late"]))
        await watch.go_on(330)
        assert watch.firing() == set()
        wanted["late"] = {"count": 2, "fails": True}
        since = await watch.until(lambda: failing(watch) > 0.1, "10 % fail", 330)
        ill = "more than 10 % of requests fail, with 502"
        await watch.fires("ErrorRateHigh", ill, since=since)
        wanted["late"] = {"count": 0}
        await watch.ends("ErrorRateHigh")
        wanted["late"] = {"count": 2, "seconds": 3}
        since = await watch.until(lambda: p95(watch) > 2, "they take up to 2 s", 330)
        late = "95 % of requests within 5 min took up to 3 s"
        await watch.fires("ResponseTimeP95", late, since=since)
        wanted["late"] = {"count": 0}
        await watch.ends("ResponseTimeP95")
        figures = watch.check("backend")
        assert figures.status is Status.OK


async def test_what_an_hour_tells(stack: XionimusStack) -> None:
    minute = {"XIONIMUS_INTERVAL": "60s"}
    config = only_groups(configured(SYSTEM, {**stack.environ, **minute}), 30.0, "xionimus-info")
    async with watching(config, "backend", "database", system=SYSTEM) as watch:
        watch.step = 60.0
        wanted, size = {"count": 1}, {"rss": 6e7}

        def traffic(_: float) -> None:
            size["rss"] += 1e6
            stack.app.do("process", **size)
            stack.app.do("requests", **wanted)

        watch.drive(traffic)
        await watch.go_on(3400)
        since = await watch.until(lambda: watch.rule("MemoryLeak").alerts, "an hour is known", 400)
        assert watch.firing() == set()
        await watch.fires("MemoryLeak", "it has grown by 60 MB within an hour", since=since)
        stack.app.do("register", name="user456")
        watch.step = 15.0
        since = await watch.until(lambda: watch.value("xionimus_users") == 2, "it is counted", 60)
        await watch.fires("NewUsers", "somebody has registered", since=since)
        wanted["count"] = 24
        rate = "xionimus:requests:rate5m"
        since = await watch.until(lambda: watch.value(rate) > 1, "more than one a second", 330)
        many = "more than one request a second, 90 times the usual"
        await watch.fires("UnusualTraffic", many, since=since)


async def test_the_unit_that_the_alerting_test_stops(stack: XionimusStack, tmp_path: Path) -> None:
    clock = StepClock()
    answers = units(tmp_path, "mongodb")
    probes = {"mongodb": of_units(answers, clock)}
    names = ("mongodb", "mongodb-port")
    async with watching(seldom(stack), *names, system=SYSTEM, probes=probes, clock=clock) as watch:
        watch.step = 30.0
        answers.units = answers.units.replace("ActiveState=active", "ActiveState=inactive")
        answers.units = answers.units.replace("SubState=running", "SubState=dead")
        answers.save()
        stack.stop_mongodb()
        await watch.fires("MongodbDown", "systemctl stop mongodb", job="mongodb")
        await watch.until(lambda: watch.alerts("MongodbDown", job="mongodb-port"), "its port too")
        assert "systemctl start mongodb" in watch.check("mongodb").message
        stack.start_mongodb()


async def test_the_machine(stack: XionimusStack, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    probes = {"machine": of_machine(machine)}
    async with watching(seldom(stack), "machine", system=SYSTEM, probes=probes) as watch:
        watch.step = 30.0
        drive_machine(machine, watch)
        await watch.go_on(330)
        assert watch.firing() == set()
        assert watch.value("sum(rate(node_network_transmit_bytes_total[5m]))") >= 0
        assert watch.value("sum(rate(node_disk_written_bytes_total[5m]))") >= 0
        machine.root.available = 19 * GB
        await watch.fires("DiskSpaceLow", "19 % of / are free", mountpoint="/")
        machine.root.available = 60 * GB
        machine.cpu.update(user=1.7, idle=0.3)
        busy = '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))'
        since = await watch.until(lambda: watch.value(busy) > 0.8, "", 330)
        await watch.fires("CpuHigh", "the mean of 5 min passes 80 %", since=since)


def say(stack: XionimusStack, level: str, message: str, **fields: str) -> None:
    stack.app.do("log", level=level, message=message, **fields)


async def test_security_in_the_log(stack: XionimusStack) -> None:
    key = "sk-proj-" + "Ab1" * 10
    async with at(stack, "log") as watch:
        await watch.go_on(30)
        assert watch.check("log").status is Status.OK, watch.talk()
        for _ in range(6):
            say(stack, "WARNING", "Failed login for admin", ip_address="203.0.113.7")
        say(stack, "WARNING", "Rate limit exceeded", ip_address="203.0.113.7")
        await watch.go_on(60)
        view = watch.check("log")
        assert view.status is Status.WARNING
        rows = {part.name: f"{part.value} {part.message}" for part in view.parts}
        assert "6 in 10 min" in rows["failed-logins"], rows
        result = watch.engine.states["log"].result
        assert result is not None
        tables = result.tables
        by = next(table for table in tables if table.title.startswith("failed-logins by"))
        assert by.rows == (("203.0.113.7", "6"),)
        say(stack, "INFO", "GET /api/sessions?id=1' OR '1'='1")
        say(stack, "ERROR", f"openai refused the key {key}")
        with stack.logs.joinpath("backend.err.log").open("a") as errors:
            errors.write("Traceback (most recent call last):\n  File x\nValueError: no\n")
        await watch.go_on(60)
        assert watch.check("log").status is Status.CRITICAL
        found = watch.values("log_pattern_matches_total")
        assert (found["sql-injection"], found["api-keys"], found["rate-limit"]) == (1, 1, 1)
        watch.engine.look_at_logs(LogsWanted(checks=("log",)))
        logs = watch.picture.logs
        assert logs is not None
        said = " ".join(line.record.message + line.record.text for line in logs.lines)
        assert "openai refused the key" in said
        assert key not in said, "masked wherever it is shown"
        assert "ValueError: no" in said


async def test_security_alerts(stack: XionimusStack) -> None:
    async with at(stack, "log") as watch:
        await watch.go_on(630)
        assert watch.firing() == set()
        for _ in range(6):
            say(stack, "WARNING", "Failed login for admin")
        await watch.fires("FailedLogins", "six logins fail")
        say(stack, "INFO", "GET /api/sessions?id=1' OR '1'='1")
        await watch.fires("SqlInjection", "a request brings SQL along")
        say(stack, "ERROR", "openai refused the key sk-proj-" + "Ab1" * 10)
        await watch.fires("ApiKeyLeak", "a key is logged")
        for _ in range(25):
            say(stack, "WARNING", "Rate limit exceeded")
        await watch.fires("RateLimitHits", "25 requests are beyond the limit")


async def test_messages_are_requests_by_provider(stack: XionimusStack) -> None:
    async with at(stack, "log") as watch:
        await watch.go_on(30)
        stack.app.do("requests", count=4, seconds=1.2)
        stack.app.do("requests", count=2, provider="anthropic", model="claude", seconds=0.4)
        await watch.go_on(60)
        calls = watch.values("sum by (provider, model) (http_requests_total)")
        assert calls == {"gpt-4.1,openai": 4, "claude,anthropic": 2}
        assert watch.value("http_request_duration_seconds_sum") == pytest.approx(5.6)


async def test_its_two_dashboards(stack: XionimusStack, tmp_path: Path) -> None:
    names = ("health", "backend", "database", "machine", "log")
    machine = Machine(tmp_path)
    probes = {"machine": of_machine(machine)}
    async with watching(seldom(stack), *names, system=SYSTEM, probes=probes) as watch:
        watch.step = 30.0
        drive_machine(machine, watch)
        watch.drive(lambda step: stack.app.do("passes", seconds=step))
        watch.drive(lambda _: stack.app.do("requests", count=3))
        watch.drive(lambda _: stack.app.do("requests", count=1, fails=True))
        watch.drive(lambda _: stack.app.do("requests", count=1, path="/missing"))
        stack.was_there(days=10)
        await watch.go_on(360)
        operations = await watch.dashboard("operations")
        assert figures(operations["Request Rate"])["requests"] > 0.1, "and our own"
        assert operations["Memory"].series[0].value == 26.9
        assert operations["CPU"].series[0].value == pytest.approx(0.1)
        assert set(figures(operations["Response Time"])) == {"P50", "P95", "P99"}
        assert operations["Health Status"].series[0].value == 0
        business = await watch.dashboard("business")
        assert figures(business["AI Provider Distribution"])["openai"] > 10
        assert figures(business["Messages Sent"]).keys() == {"day", "week"}
        assert business["Messages by day"].table is not None
        assert business["User Retention Metrics"].series[0].value == 1, "who was there came back"
        titles = {*operations, *business}
        assert titles >= {"Active Sessions Count", "Daily Active Users", "Most Used Models"}
        assert titles >= {"Error Rate", "Error Types Breakdown"}
        empty = {
            panel.panel.title for panel in [*operations.values(), *business.values()] if panel.error
        }
        assert empty <= {
            "Requests, 24h",
            "Error rate, 24h",
            "New Users",
        }, empty


def test_texts_of_the_guide_stand_here_as_they_are() -> None:
    guide = guide_of(SYSTEM)
    load_test = (EXAMPLES / SYSTEM / "load_test.js").read_text()
    assert f"```javascript\n{load_test}```" in guide
    commands = (
        "sudo systemctl stop mongodb",
        "sudo systemctl start mongodb",
        "curl http://localhost:8001/api/health",
        "k6 run load_test.js",
    )
    books = [runbook_of(SYSTEM, name) for name in ("alerting-test", "load-test", "incident")]
    texts = [step.text for book in books for step in book.steps]
    for command in commands:
        assert command in guide
        assert any(command in text.splitlines() for text in texts), command


def test_steps_of_its_runbooks(stack: XionimusStack, tmp_path: Path) -> None:
    def run(book: str, step: str, *more: str) -> Ran:
        return run_step(SYSTEM, stack.environ, tmp_path, book, step, *more)

    said = run("incident", "health", "--check", "health")
    assert said.code == 0, said
    assert '"platform":"Xionimus AI"' in said.out.replace(": ", ":")
    for book, step in (
        ("alerting-test", "stop"),
        ("alerting-test", "start"),
        ("incident", "restart-backend"),
    ):
        ran = run(book, step)
        assert (ran.code, ran.out) == (2, ""), "its target has to be typed"
    wrong = run("incident", "fallback", "--var", "PROVIDER=$(id)", "--yes-danger", "backend")
    assert wrong.code != 0
    assert "uid=" not in wrong.out


async def test_figures_that_the_guide_names(stack: XionimusStack) -> None:
    async with at(stack, "health", "backend", "database") as watch:
        watch.drive(lambda _: stack.app.do("requests", count=28))
        watch.drive(lambda _: stack.app.do("requests", count=1, path="/missing"))
        watch.drive(lambda _: stack.app.do("requests", count=1, fails=True))
        watch.engine.window = 300.0
        await watch.go_on(330)
        figures = next(one for one in watch.picture.requests if one.check == "backend").window
        assert figures.rate == pytest.approx(1.0, rel=0.2)
        assert {"2xx", "4xx", "5xx"} == set(dict(figures.by_class))
        assert figures.p50 is not None
        assert figures.p95 is not None
        assert figures.p99 is not None
        facts = dict(result_of(watch, "health").facts)
        assert facts["platform"] == "Xionimus AI"
        assert facts["version"] == "2.0.0"
        assert facts["timestamp"].endswith("+00:00")
        assert facts["environment.debug"] == "true"
        assert facts["environment.log_level"] == "INFO"
        assert facts["services.ai_providers.status.openai"] == "true"
        assert watch.value('probe_health_value{path="system.memory_available_mb"}') > 40_000
        assert watch.value('probe_health_value{path="services.ai_providers.configured"}') == 3
        assert watch.value('probe_health_value{path="services.ai_providers.total"}') == 3
        assert watch.value("process_resident_memory_bytes") > 0
        promised = {one.name for one in configured(SYSTEM, {}).objectives}
        assert promised == {"availability", "response-time", "errors"}


def result_of(watch: Watch, check: str) -> Result:
    result = watch.engine.states[check].result
    assert result is not None
    return result


def test_levels_have_the_guides_reactions() -> None:
    story = loaded(SYSTEM, {}).engine.story
    assert story is not None
    assert story.targets is not None
    times = {word: target.acknowledge for word, target in story.targets.own.items()}
    assert times == {"critical": Term(0), "warning": Term(4 * 3600)}


async def test_a_day_of_requests(stack: XionimusStack) -> None:
    config = configured(SYSTEM, {**stack.environ, "XIONIMUS_INTERVAL": "20m"})
    config = only_groups(config, 1200.0, "xionimus-day")
    async with watching(config, "backend", system=SYSTEM) as watch:
        watch.step = 1200.0
        watch.drive(lambda _: stack.app.do("requests", count=3))
        watch.drive(lambda _: stack.app.do("requests", count=1, fails=True))
        await watch.go_on(24.5 * 3600)
        panels = await watch.dashboard("operations")
        # Four and a scrape of our own every twenty minutes.
        assert panels["Requests, 24h"].series[0].value == pytest.approx(5 * 72, rel=0.02)
        assert panels["Error rate, 24h"].series[0].value == pytest.approx(0.2, rel=0.05)
