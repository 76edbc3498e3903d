"""The mysql check on a MariaDB server that is well: samples, facts, figures, tiers."""

from __future__ import annotations

import re
import subprocess
import sys

from checks.model import Result, Status
from checks.probe import Acting, Attended
from checks.probes.mysql import KIND
from checks.probes.mysql.pulse import Pacer, read_survey
from checks.probes.mysql.status import COUNTERS, GAUGES, STATUS_NAMES, number
from tests.servers.mariadb import MONITOR, MariadbDatabase, MariadbServers, MysqlWatch, facts_of

NAMES = {metric.name for metric in KIND.metrics}
SEEDS = (
    *("threads_connected", "max_used_connections", "aborted_connects", "questions"),
    *("slow_queries", "select_scan", "select_full_join", "innodb_buffer_pool_reads"),
    "innodb_buffer_pool_read_requests",
)
"""Status that the seeds ask for by name."""


def by_name(result: Result) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for series, value in zip(result.samples.series, result.samples.values, strict=True):
        own = tuple((k, v) for k, v in series.labels if k not in ("job", "instance"))
        found.setdefault(series.name, {})[own] = value
    return found


async def test_a_server_that_is_well(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(mariadb_server)
    await probe.run()

    result = await mysql_watch.again(probe)

    assert result.status is Status.OK
    assert re.fullmatch(
        r"answered in [\d.]+ (ms|s): MariaDB 1\d\.\d+\.\d+ standalone, \d+ of 200 connections, "
        r"\d+ statements/s",
        result.message,
    )
    facts = facts_of(result)
    assert (facts.product, facts.role, facts.connection_limit) == ("MariaDB", "standalone", 200)
    assert dict(facts.by_state)["Query"] >= 1
    assert dict(result.facts)["account"] == f"{MONITOR}@%"
    assert result.parts == ()
    assert [name for name, _ in result.phases] == ["answer"]
    assert isinstance(probe, Acting)
    assert isinstance(probe, Attended)


async def test_every_sample_is_named_and_every_name_is_the_kinds(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute("CREATE TABLE t (id INT)")
    probe = mysql_watch.probe(mariadb_server)
    await probe.run()

    found = by_name(await mysql_watch.again(probe))

    assert set(found) <= NAMES
    for name in SEEDS:
        assert f"mysql_global_status_{name}" in found
    assert set(found["mysql_global_status_connection_errors_total"]) >= {(("error", "internal"),)}
    for metric in KIND.metrics:
        for labels in found.get(metric.name, ()):
            assert {name for name, _ in labels} <= set(metric.labels)


async def test_the_status_is_what_the_server_says(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """Against SHOW GLOBAL STATUS in full, named as mysqld_exporter does."""
    result = await mysql_watch.once(mariadb_server)
    whole = {name: number(value) for name, value in mariadb_server.fetch("SHOW GLOBAL STATUS")}

    for name in STATUS_NAMES:
        value = whole.get(name)
        if value is None:
            continue
        metric, labels = exported(name)
        sample = result.samples.get(metric, **labels)
        assert sample is not None, name
        if name in COUNTERS:
            # The server went on counting between the two.
            assert sample <= value
        elif name in GAUGES and "Innodb_page_size" in name:
            assert sample == value


def exported(name: str) -> tuple[str, dict[str, str]]:
    """mysqld_exporter's own expression and switch."""
    key = name.lower()
    match = re.fullmatch(
        r"(com|handler|connection_errors|innodb_buffer_pool_pages|innodb_rows)_(.*)", key
    )
    prefix = "mysql_global_status_"
    if match is None:
        return prefix + key, {}
    group, rest = match.groups()
    if group != "innodb_buffer_pool_pages":
        metric, label = {
            "com": ("commands_total", "command"),
            "handler": ("handlers_total", "handler"),
            "connection_errors": ("connection_errors_total", "error"),
            "innodb_rows": ("innodb_row_ops_total", "operation"),
        }[group]
        return prefix + metric, {label: rest}
    if rest in ("data", "free", "misc", "old"):
        return f"{prefix}buffer_pool_pages", {"state": rest}
    if rest == "dirty":
        return f"{prefix}buffer_pool_dirty_pages", {}
    return f"{prefix}buffer_pool_page_changes_total", {"operation": rest}


RULES = (
    *("mysql_up", "mysql_global_status_uptime", "mysql_global_status_questions"),
    *("mysql_global_status_threads_connected", "mysql_global_status_threads_running"),
    *("mysql_global_status_slow_queries", "mysql_global_status_prepared_stmt_count"),
    *("mysql_global_status_innodb_log_waits", "mysql_global_status_innodb_num_open_files"),
    *("mysql_global_variables_max_connections", "mysql_global_variables_open_files_limit"),
    "mysql_global_variables_max_prepared_stmt_count",
    "mysql_global_variables_innodb_force_recovery",
    "mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len",
)
"""The metrics of a server by itself in the community's rules for mysqld_exporter."""
RULES_OF_REPLICAS = (
    *("mysql_slave_status_slave_io_running", "mysql_slave_status_slave_sql_running"),
    *("mysql_slave_status_seconds_behind_master", "mysql_slave_status_sql_delay"),
    "mysql_slave_status_master_server_id",
)


async def test_the_exporters_rules_find_their_metrics(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    result = await mysql_watch.once(mariadb_server)
    assert [name for name in RULES if result.samples.get(name) is None] == []
    assert set(RULES_OF_REPLICAS) <= NAMES


async def test_a_counter_that_rises(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute("CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1), (2)")
    probe = mysql_watch.probe(mariadb_server)
    before = await probe.run()
    mariadb_server.execute(*["SELECT * FROM t"] * 10)

    after = await mysql_watch.again(probe)

    for name in ("select_scan", "questions"):
        metric = f"mysql_global_status_{name}"
        assert (after.samples.get(metric) or 0) >= (before.samples.get(metric) or 0) + 10
    handler = {"handler": "read_rnd_next"}
    assert (after.samples.get("mysql_global_status_handlers_total", **handler) or 0) > 0


async def test_a_few_statements_a_run(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """What a run costs: five statements, none of which reads a table."""
    probe = mysql_watch.probe(mariadb_server, tables=0, statements=0)
    await probe.run()
    await mysql_watch.again(probe)

    async def asked() -> int:
        before, between = mariadb_server.status("Questions"), mariadb_server.status("Questions")
        await mysql_watch.again(probe)
        return mariadb_server.status("Questions") - between - (between - before)

    # Now and then what an earlier test left behind takes its leave of the server meanwhile.
    assert 5 in [await asked() for _ in range(3)]


async def test_a_survey_that_takes_long_becomes_rare(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    pacer = Pacer()
    assert pacer.due(0.0)
    pacer.took(0.0, 0.0003)
    assert pacer.due(5.0)
    pacer.took(5.0, 0.1)
    # It is due after ten seconds in any case: a busy machine makes it slow, too.
    assert not pacer.due(14.0)
    assert pacer.due(15.0)

    probe = mysql_watch.probe(mariadb_server)
    await probe.run()
    probe._health._pacer.next = mysql_watch.clock.now() + 8
    before = probe._health._before
    again = await mysql_watch.again(probe)
    assert before is not None
    assert probe._health._before is not None
    assert probe._health._before.survey is before.survey
    assert again.status is Status.OK
    asker = probe._health._asker
    assert asker is not None
    assert (await read_survey(asker, 3.0)).groups


async def test_the_slow_tier_is_asked_once_a_minute(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute("CREATE TABLE t (id INT)")
    size = "mysql_info_schema_schema_size_bytes"
    probe = mysql_watch.probe(mariadb_server)
    first = await probe.run()
    assert first.samples.get(size, schema=mariadb_server.name)
    mariadb_server.execute("DROP TABLE t")

    kept = await mysql_watch.again(probe, 30)
    gone = await mysql_watch.again(probe, 30)

    assert kept.samples.get(size, schema=mariadb_server.name)
    assert gone.samples.get(size, schema=mariadb_server.name) is None


async def test_a_users_query_has_its_own_interval(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute(
        "CREATE TABLE failed_jobs (id INT AUTO_INCREMENT PRIMARY KEY, queue VARCHAR(20))",
        "INSERT INTO failed_jobs (queue) VALUES ('mail'), ('mail'), ('pdf')",
    )
    sql = "SELECT queue, COUNT(*) AS n FROM failed_jobs WHERE queue LIKE '%' GROUP BY queue"
    query = {
        "metric": "failed_jobs",
        "sql": sql,
        "value": "n",
        "labels": ["queue"],
        "interval": "30s",
    }
    probe = mysql_watch.probe(mariadb_server, queries=[query])

    result = await probe.run()

    assert result.samples.get("failed_jobs", queue="mail") == 2
    mariadb_server.execute("INSERT INTO failed_jobs (queue) VALUES ('mail')")
    assert (await mysql_watch.again(probe, 15)).samples.get("failed_jobs", queue="mail") == 2
    assert (await mysql_watch.again(probe, 15)).samples.get("failed_jobs", queue="mail") == 3


async def test_a_request_log(mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch) -> None:
    mariadb_server.execute(
        "CREATE TABLE request_logs (id BIGINT AUTO_INCREMENT PRIMARY KEY, created_at TIMESTAMP(3),"
        " status_code INT, latency_ms DOUBLE)",
        "INSERT INTO request_logs (created_at, status_code, latency_ms) VALUES (NOW(3), 200, 12)",
    )
    probe = mysql_watch.probe(
        mariadb_server,
        request_log={
            "table": "request_logs",
            "time": "created_at",
            "status": "status_code",
            "duration": "latency_ms",
        },
    )
    first = await probe.run()
    assert first.requests is not None, first.message
    mariadb_server.execute(
        "INSERT INTO request_logs (created_at, status_code, latency_ms) VALUES (NOW(3), 500, 80)"
    )

    result = await mysql_watch.again(probe)

    assert result.samples.get("http_requests_total", status="500") == 1
    assert result.samples.get("http_requests_failed_total") == 1
    assert result.requests is not None


async def test_a_request_log_that_is_not_there(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    result = await mysql_watch.once(
        mariadb_server, request_log={"table": "request_logs", "time": "created_at"}
    )

    assert result.status is Status.UNKNOWN
    assert result.message.startswith("request_log: ")
    assert result.samples.get("mysql_global_status_uptime") is not None


async def test_a_name_is_looked_up_by_us(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    good = await mysql_watch.once(f"mysql://{MONITOR}@localhost:{mariadb_server.port}/")
    assert good.status is Status.OK
    assert "dns" in dict(good.phases)

    bad = await mysql_watch.once(f"mysql://{MONITOR}@no-such-host.invalid/")
    assert (bad.status, bad.reason) == (Status.CRITICAL, "dns")


async def test_what_the_session_is(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--performance-schema=ON", "--autocommit=0")
    probe = mysql_watch.probe(
        database, queries=[{"metric": "a", "sql": "SELECT 1 AS value"}], timeout=3.0
    )
    await probe.run()
    await mysql_watch.again(probe)

    programs = database.fetch(
        "SELECT DISTINCT ATTR_VALUE FROM performance_schema.session_connect_attrs AS a"
        " JOIN performance_schema.threads AS t USING (PROCESSLIST_ID)"
        " WHERE ATTR_NAME = 'program_name' AND t.PROCESSLIST_USER = 'onwatch'"
    )
    assert programs == [("onwatch",)]
    link = probe._health._session.link
    assert link is not None
    found = await link.ask(
        "SELECT @@tx_read_only, @@autocommit, @@max_statement_time, @@lock_wait_timeout"
    )
    assert found.rows == [(1, 1, 2.4, 2)]
    assert database.fetch("SELECT COUNT(*) FROM information_schema.INNODB_TRX") == [(0,)]


def test_figures_and_charts_are_of_metrics_that_there_are() -> None:
    for spec in KIND.figures:
        assert {*spec.metrics, *spec.of} <= NAMES
        assert spec.limit in {"", *NAMES}
    config = KIND.config.model_validate({})
    assert {chart.metric for chart in KIND.charts(config)} <= NAMES


def test_the_driver_is_loaded_late() -> None:
    code = (
        "import sys; from checks.registry import kind; kind('mysql'); "
        "print([m for m in ('aiomysql', 'pymysql', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
