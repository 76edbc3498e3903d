"""Panels in SQL over real databases: series, figures, tables, and what is refused."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from checks.config import EngineConfig
from checks.dashboards.interpolate import UnsafeValueError, Value, Values
from checks.dashboards.model import Column, Dashboard, Panel, PanelKind, Query, Variable
from checks.dashboards.sql.macros import MacroError, written_out
from checks.dashboards.sql.rows import as_series
from checks.dashboards.views import DashboardView
from checks.engine import Engine
from checks.probe import CheckSpec
from checks.registry import kind
from checks.runbooks.running.sql import Answer
from tests.patience import PATIENCE
from tests.servers.mariadb import MONITOR, PASSWORD, MariadbDatabase
from tests.servers.postgres import PostgresDatabase

LOG = (
    "CREATE TABLE request_logs (id INTEGER PRIMARY KEY, provider_id VARCHAR(20),"
    " status_code INTEGER, latency_ms INTEGER, created_at {moment})"
)
ROWS = (
    "INSERT INTO request_logs VALUES (1,'openai',200,100,{now}), (2,'openai',500,300,{now}),"
    " (3,'anthropic',200,200,{now}), (4,'openai',200,50,{now})"
)


def spec(name: str, of: str, **config: object) -> CheckSpec:
    return CheckSpec(name, of, kind(of).config.model_validate(config))


def asks(
    sql: str, show: PanelKind = PanelKind.CHART, check: str = "", of: str = "", **more: object
) -> Panel:
    return Panel("it", show, (Query(sql=sql, check=check, kind=of),), **more)  # type: ignore[arg-type]


async def look(specs: tuple[CheckSpec, ...], *panels: Panel, **more: object) -> DashboardView:
    """What an engine with these checks shows of panels, once databases have answered."""
    board = Dashboard("it", "It", panels, **more)  # type: ignore[arg-type]
    engine = Engine(EngineConfig(specs, dashboards=(board,)))
    try:
        await engine.scheduler.once()
        engine.look_at_dashboard("it", 3600.0, {})
        until = time.monotonic() + PATIENCE
        while True:
            view = engine.snapshot().dashboard
            if not engine.looking.waiting or time.monotonic() > until:
                break
            await asyncio.sleep(0.01)
        assert view is not None
        return view
    finally:
        await engine.close()


@pytest_asyncio.fixture
async def gateway(mariadb_server: MariadbDatabase) -> AsyncIterator[CheckSpec]:
    """A check of a MariaDB with the guide's table of requests."""
    mariadb_server.execute(
        LOG.format(moment="DATETIME"), ROWS.format(now="NOW() - INTERVAL 90 SECOND")
    )
    url = mariadb_server.url_of(MONITOR)
    yield spec("gateway", "mysql", url=url, password=PASSWORD, option_files=False)


async def test_the_panels_of_the_gateway_guide(gateway: CheckSpec) -> None:
    view = await look(
        (gateway,),
        asks(
            "SELECT UNIX_TIMESTAMP(created_at) as time, COUNT(*) / 60 as rps FROM request_logs"
            " WHERE created_at >= FROM_UNIXTIME($__from / 1000)"
            " AND created_at <= FROM_UNIXTIME($__to / 1000)"
            " GROUP BY UNIX_TIMESTAMP(created_at) DIV 60"
        ),
        asks(
            "SELECT SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END) * 100.0 / COUNT(*)"
            " as error_rate FROM request_logs WHERE created_at >= NOW() - INTERVAL 5 MINUTE",
            PanelKind.GAUGE,
        ),
        asks(
            "SELECT created_at as time, latency_ms as value FROM request_logs"
            " WHERE created_at >= FROM_UNIXTIME($__from / 1000) ORDER BY created_at"
        ),
        asks(
            "SELECT provider_id as metric, COUNT(*) as value FROM request_logs"
            " WHERE created_at >= NOW() - INTERVAL 1 HOUR GROUP BY provider_id",
            PanelKind.BARS,
        ),
    )
    rate, errors, latency, providers = view.panels
    assert rate.error == ""
    assert rate.series[0].points == pytest.approx([4 / 60], abs=1e-3)
    assert errors.series[0].name == "error_rate"
    assert errors.series[0].value == 25
    # A date without a zone is the server's own, whatever that is.
    assert latency.times[0] == pytest.approx(time.time() - 90, abs=30)
    assert [(one.name, one.value) for one in providers.series] == [("openai", 3), ("anthropic", 1)]


async def test_macros_run_on_every_kind(
    gateway: CheckSpec, postgres_server: PostgresDatabase, tmp_path: Path
) -> None:
    postgres_server.psql(LOG.format(moment="timestamptz"))
    postgres_server.psql(ROWS.format(now="now() - interval '90 seconds'"))
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(LOG.format(moment="TEXT"))
        database.execute(ROWS.format(now="datetime('now', '-90 seconds')"))
    database.close()
    checks = (
        gateway,
        spec("db", "postgres", url=postgres_server.url),
        spec("file", "sqlite", path=str(path)),
    )
    sql = (
        "SELECT $__timeGroupAlias(created_at, '1m'), provider_id AS metric, count(*) AS n"
        " FROM request_logs WHERE $__timeFilter(created_at) GROUP BY 1, 2 ORDER BY 1"
    )
    view = await look(checks, *(asks(sql, of=each.kind) for each in checks))
    for panel in view.panels:
        assert panel.error == ""
        assert {one.name: one.points for one in panel.series} == {"openai": (3,), "anthropic": (1,)}
        assert panel.times[0] == pytest.approx(time.time() - 90, abs=70)


async def test_secrets_in_cells_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE jobs AS SELECT 1 AS id, 'mysql://u:hunter22@db/x' AS source")
    database.close()
    view = await look(
        (spec("file", "sqlite", path=str(path)),),
        asks("SELECT id, source FROM jobs", PanelKind.TABLE, of="sqlite"),
        asks("SELECT source AS metric, id FROM jobs", PanelKind.BARS, of="sqlite"),
    )
    table, bars = view.panels
    assert table.table is not None
    assert table.table.rows == (("1", "mysql://u:•••@db/x"),)
    assert bars.series[0].name == "mysql://u:•••@db/x"


async def test_a_panel_sets_nothing_of_our_own_process(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    database.close()
    asked = ("PRAGMA hard_heap_limit = 8000000", "PRAGMA table_info(t)", "PRAGMA page_count")
    view = await look(
        (spec("file", "sqlite", path=str(path)),),
        *(asks(one, PanelKind.TABLE, of="sqlite") for one in asked),
    )
    refused, *told = view.panels
    with closing(sqlite3.connect(":memory:")) as ours, ours:
        assert ours.execute("PRAGMA hard_heap_limit").fetchone() == (0,)
    assert "not authorized" in refused.error
    assert [one.error for one in told] == ["", ""]


async def test_a_point_a_row_is_thinned_out_to_its_peaks(
    gateway: CheckSpec, mariadb_server: MariadbDatabase
) -> None:
    mariadb_server.execute(
        "INSERT INTO request_logs SELECT 100 + seq, 'x', 200, IF(seq = 777, 9000, 10),"
        " NOW() - INTERVAL (seq DIV 2) SECOND FROM seq_1_to_4000"
    )
    sql = "SELECT created_at AS time, latency_ms AS value FROM request_logs ORDER BY 1"
    (panel,) = (await look((gateway,), asks(sql))).panels
    assert panel.error == ""
    assert len(panel.times) <= 482
    assert max(panel.series[0].points) == 9000


async def test_a_table_and_its_columns(gateway: CheckSpec) -> None:
    columns = (Column("latency_ms", "Latency", "s", 1e-3), Column("id", hidden=True))
    sql = "SELECT id, provider_id, latency_ms, NULL AS note FROM request_logs WHERE id = 2"
    view = await look((gateway,), asks(sql, PanelKind.TABLE, columns=columns))
    table = view.panels[0].table
    assert table is not None
    assert table.columns == ("provider_id", "Latency", "note")
    assert table.rows == (("openai", "300 ms", "–"),)


WRONG = {
    "SELECT nothing FROM request_logs": "gateway: SQLSTATE 42S22, error 1054",
    "DELETE FROM request_logs": "a panel only reads, and this does not: DELETE",
    "SELECT 1; SELECT 2": "a panel asks one statement, and here is 2 statements",
    "SELECT 1 INTO OUTFILE '/tmp/x'": "a panel only reads",
    "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */": "a panel only reads",
    "SELECT 5--1 INTO DUMPFILE '/tmp/x'": "a panel only reads",
    "SELECT $__timeGroup(created_at)": "$__timeGroup wants an interval",
    "SELECT $__nothing(x)": "there is no macro $__nothing here",
    "SELECT provider_id FROM request_logs": "gives no column of numbers",
    "SELECT 1 AS n FROM request_logs WHERE id = 99": "the statement gives no row",
}


async def test_what_goes_wrong_is_a_sentence(gateway: CheckSpec) -> None:
    view = await look((gateway,), *map(asks, WRONG))
    told = {one.panel.queries[0].sql: one.error for one in view.panels}
    assert {sql: said for sql, said in WRONG.items() if said not in told[sql]} == {}


async def test_what_takes_too_long_is_stopped_on_the_server(
    gateway: CheckSpec, mariadb_server: MariadbDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.dashboards.sql.desk.WITHIN", 0.3)
    view = await look((gateway,), asks("SELECT SLEEP(20) AS slow_panel"))
    (panel,) = view.panels
    assert panel.error == "gateway: no answer within 300 ms; the server was told to stop it"
    running = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%AS slow_p_nel'"
    assert mariadb_server.fetch(running) == [(0,)]


async def test_which_database_is_asked_is_said_where_it_is_not_clear(gateway: CheckSpec) -> None:
    other = spec("other", "mysql", url="mysql://nobody@127.0.0.1:1/x", option_files=False)
    sql = "SELECT 1 AS one"
    view = await look(
        (gateway, other),
        asks(sql),
        asks(sql, check="gateway"),
        asks(sql, check="other"),
        asks(sql, of="sqlite"),
    )
    unclear, clear, down, none = view.panels
    assert "there are 2 mysql or postgres or sqlite checks" in unclear.error
    assert clear.series[0].value == 1
    assert down.error.startswith("other is down: ")
    assert none.error == "there is no sqlite check to ask; add one"


async def test_values_of_variables_cannot_become_sql(gateway: CheckSpec) -> None:
    chosen = Variable("who", options=("openai", "x' OR '1'='1"), multi=True, all_value="")
    sql = "SELECT count(*) AS n FROM request_logs WHERE provider_id IN ($who)"
    one = Variable("who", options=("openai",), multi=True)
    fine = await look((gateway,), asks(sql), variables=(one,))
    assert fine.panels[0].series[0].value == 3
    bad = await look((gateway,), asks(sql), variables=(chosen,))
    assert "has characters that cannot stand in a statement" in bad.panels[0].error


async def test_a_variable_takes_its_values_from_a_statement(gateway: CheckSpec) -> None:
    who = Variable(
        "who",
        sql="SELECT DISTINCT provider_id FROM request_logs ORDER BY 1",
        multi=True,
        all_value="",
    )
    code = Variable(
        "code",
        sql="SELECT DISTINCT status_code AS __value, provider_id FROM request_logs"
        " WHERE provider_id IN ($who) ORDER BY 1",
    )
    sql = "SELECT count(*) AS n FROM request_logs WHERE provider_id IN ($who)"
    view = await look((gateway,), asks(sql), variables=(code, who))
    assert [one.options for one in view.variables] == [("200", "500"), ("anthropic", "openai")]
    assert view.notes == ()
    assert view.panels[0].series[0].value == 4


@pytest.mark.parametrize("value", ["a'b", 'a"b', "a;b", "a--b", "a\\b", "a(b", "a/*b", "`a`"])
def test_no_value_ends_a_text(value: str) -> None:
    values = Values({"v": Value((value,))})
    for form in ("$v", "${v}", "${v:raw}", "${v:csv}", "${v:pipe}", "${v:json}", "[[v]]"):
        with pytest.raises(UnsafeValueError):
            values.sql(f"SELECT {form}")


@pytest.mark.parametrize(
    ("kind_name", "sql", "written"),
    [
        ("mysql", "$__timeFilter(t)", "t BETWEEN FROM_UNIXTIME(60) AND FROM_UNIXTIME(120)"),
        (
            "postgres",
            "$__timeFilter(a.t)",
            "a.t BETWEEN '1970-01-01T00:01:00Z' AND '1970-01-01T00:02:00Z'",
        ),
        ("postgres", "$__timeGroup(t, '5m')", "floor(extract(epoch from t)/300)*300"),
        ("mysql", "$__timeGroup(f(a, b),'1h',0)", "UNIX_TIMESTAMP(f(a, b)) DIV 3600 * 3600"),
        ("postgres", "$__unixEpochFilter(t)", "t >= 60 AND t <= 120"),
        ("mysql", "$__time(t), x", "UNIX_TIMESTAMP(t) AS `time`, x"),
    ],
)
def test_macros(kind_name: str, sql: str, written: str) -> None:
    assert written_out(sql, kind_name, 60.0, 120.0) == written


def test_a_macro_that_is_not_closed_is_told() -> None:
    with pytest.raises(MacroError, match="not closed"):
        written_out("SELECT $__timeFilter(t", "mysql", 0, 1)


def test_a_name_in_each_of_thousands_of_rows_costs_what_is_shown_alone() -> None:
    """The engine's thread makes them: five thousand names at five hundred moments are millions."""
    cells = tuple((str(1_700_000_000 + 3 * n), f"/{n}", str(n)) for n in range(5_000))
    answer = Answer(("time", "metric", "value"), cells, (True, False, True), more=False)
    began = time.thread_time()
    made = as_series(Panel("it", PanelKind.CHART), answer, "", 0.0)
    assert time.thread_time() - began < 0.15
    assert (len(made.rows), made.total) == (20, 5_000)
    assert [one.value for one in made.rows[:2]] == [4_999, 4_998]
    assert {len(one.points) for one in made.rows} == {len(made.times)}


def test_a_moment_without_end_is_none() -> None:
    cells = (("Infinity", "1"), *((str(1_700_000_000 + n), "2") for n in range(600)))
    answer = Answer(("time", "n"), cells, (True, True), more=False)
    made = as_series(Panel("it", PanelKind.CHART), answer, "", 0.0)
    assert made.error == ""
    assert all(map(math.isfinite, made.times))
