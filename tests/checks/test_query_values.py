"""The values of a user's own queries: rows of the check, judged by bounds."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks.model import Status
from checks.queries import MOST_PARTS, DueQueries, Reading, UserQuery
from checks.registry import kind
from tests.servers.mariadb import MariadbDatabase, MysqlWatch
from tests.servers.postgres import PostgresDatabase, PostgresWatch
from tests.servers.sqlite import SqliteDatabase, SqliteWatch


def query(**more: object) -> UserQuery:
    return UserQuery.model_validate({"metric": "jobs", "sql": "SELECT 1 AS value", **more})


@pytest.mark.parametrize(
    ("value", "status", "said"),
    [
        (12, Status.OK, ""),
        (100, Status.OK, ""),
        (100.5, Status.WARNING, "above its warning bound of 100"),
        (1500, Status.CRITICAL, "above its critical bound of 1,000"),
        (0.5, Status.WARNING, "below its warning bound of 1"),
        (0, Status.CRITICAL, "below its critical bound of 0.25"),
    ],
)
def test_a_value_is_judged_by_its_bounds(value: float, status: Status, said: str) -> None:
    bounds = {"warning": 100, "critical": 1000, "warning_below": 1, "critical_below": 0.25}
    assert query(**bounds).judge(value) == (status, said)


@pytest.mark.parametrize(
    "bounds",
    [
        {"warning": 5, "critical": 1},
        {"warning_below": 1, "critical_below": 5},
        {"warning": 1, "warning_below": 2},
    ],
)
def test_bounds_out_of_order_are_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        query(**bounds)


def test_what_was_due_and_could_not_be_asked_is_no_figure_of_now() -> None:
    queries = DueQueries([query(), query(metric="rare", interval=600)])
    for number in (0, 1):
        queries.succeeded(number, 0.0, (Reading(5.0, ()),), more=False)
    queries.missed(5.0)
    assert [finding.part.name for finding in queries.values()] == ["query rare"]
    queries.missed(600.0)
    assert queries.values() == []
    queries.succeeded(0, 605.0, (Reading(5.0, ()),), more=False)
    queries.missed(605.0)
    assert len(queries.values()) == 1, "it was asked, and something else failed after it"


def test_of_many_rows_those_out_of_bounds_come_first_and_none_is_lost() -> None:
    queries = DueQueries([query(labels=["queue"], warning=90)])
    found = tuple(Reading(float(n), (("queue", f"q{n}"),)) for n in range(100))
    queries.succeeded(0, 0.0, found, more=False)
    parts = [finding.part for finding in queries.values()]
    assert len(parts) == MOST_PARTS
    assert [part.status for part in parts].count(Status.WARNING) == 9
    assert parts[0].name == "query jobs q91"
    assert parts[0].message == "jobs q91 is 91, above its warning bound of 90"
    assert parts[-1].message == "81 more values of jobs"


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("sqlite", {"path": "a.db"}),
        ("postgres", {"url": "postgresql://h/d"}),
        ("mysql", {"url": "mysql://h/d"}),
    ],
)
def test_the_details_draw_what_a_query_of_one_value_tells_with_its_bounds(
    name: str, where: dict[str, str]
) -> None:
    own = kind(name)
    queries = [
        {"metric": "jobs", "sql": "SELECT 1 AS value", "warning": 5, "critical": 9},
        {"metric": "workers", "sql": "SELECT 1 AS value", "critical_below": 1},
        {"metric": "done", "sql": "SELECT 1 AS value", "type": "counter"},
        {"metric": "by_queue", "sql": "SELECT 1 AS value, 2 AS queue", "labels": ["queue"]},
    ]
    charts = own.charts(own.config.model_validate({**where, "queries": queries}))
    jobs, workers, done = charts[-3:]
    assert (jobs.metric, jobs.warning, jobs.critical, jobs.falling) == ("jobs", 5, 9, False)
    assert (workers.metric, workers.critical, workers.falling) == ("workers", 1, True)
    assert (done.metric, done.rate) == ("done", True)


SQL = "SELECT 1204 AS value"


async def test_sqlite_shows_the_value_and_warns(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    settings = {"metric": "jobs", "sql": SQL}
    result = await sqlite_watch.probe(queries=[settings]).run()
    assert [(part.name, part.value) for part in result.parts] == [("query jobs", "1,204")]
    assert result.status is Status.OK
    result = await sqlite_watch.probe(queries=[{**settings, "warning": 1000}]).run()
    assert result.status is Status.WARNING
    assert result.message == "jobs is 1,204, above its warning bound of 1,000"


async def test_postgres_shows_the_value_and_warns(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    settings = {"metric": "jobs", "sql": SQL, "critical": 1000}
    result = await postgres_watch.once(postgres_server, queries=[settings])
    assert ("query jobs", "1,204") in [(part.name, part.value) for part in result.parts]
    assert result.status is Status.CRITICAL
    assert result.message.startswith("jobs is 1,204, above its critical bound of 1,000")


async def test_mysql_shows_the_value_and_warns(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    settings = {"metric": "jobs", "sql": SQL, "critical": 1000}
    result = await mysql_watch.once(mariadb_server, queries=[settings])
    assert ("query jobs", "1,204") in [(part.name, part.value) for part in result.parts]
    assert result.status is Status.CRITICAL
    assert result.message.startswith("jobs is 1,204, above its critical bound of 1,000")
