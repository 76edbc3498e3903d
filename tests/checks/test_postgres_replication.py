"""Replicas, slots and standbys of PostgreSQL, on real ones and by figures alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from checks.databases.model import DatabaseFacts, ReplicaRow, SessionRow
from checks.findings import Finding
from checks.model import Result, Sampler, Status
from checks.probes.postgres import PostgresConfig, PostgresProbe
from checks.probes.postgres.pulse import Pulse
from checks.probes.postgres.replicas import judge_replication, replica_rows
from checks.probes.postgres.replication import (
    Level,
    Replica,
    Replication,
    Slot,
    Standby,
    add_replication,
)
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresDatabase, PostgresServers, PostgresWatch


def database_of(result: Result) -> DatabaseFacts:
    assert isinstance(result.database, DatabaseFacts)
    return result.database


async def run_until(probe: PostgresProbe, true: Callable[[Result], object]) -> Result:
    for _ in range(round(PATIENCE / 0.02)):
        result = await probe.run()
        if true(result):
            return result
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not come to that: {result.message}")


async def test_a_primary_with_its_replica_and_a_slot(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    primary = postgres_servers.start()
    source = PostgresDatabase(primary)
    source.psql("SELECT pg_create_physical_replication_slot('standby', true)")
    source.psql("SELECT pg_create_physical_replication_slot('forgotten', true)")
    replica = postgres_servers.replica(primary)
    with (replica.data / "postgresql.auto.conf").open("a") as file:
        file.write("primary_slot_name = 'standby'\n")
    replica.start()

    on_primary = postgres_watch.probe(source, slots={"warning": "1B"}, replicas=1)
    behind = "pg_stat_replication_pg_wal_lsn_diff"
    result = await run_until(
        on_primary, lambda r: r.samples.get(behind, state="streaming") is not None
    )
    assert database_of(result).role == "primary"
    assert result.status is Status.WARNING
    assert "slot forgotten: keeps" in result.message
    assert "nobody reads it: pg_drop_replication_slot('forgotten')" in result.message
    replicas = {row.name: row for row in database_of(result).replicas}
    assert replicas["walreceiver"].role == "replica"
    assert replicas["walreceiver"].state == "streaming, async"
    assert replicas["standby"].state.startswith("active")
    assert replicas["forgotten"].status is Status.WARNING
    get = result.samples.get
    assert get("pg_replication_slots_active", slot_name="standby") == 1
    assert get("pg_replication_slots_active", slot_name="forgotten") == 0
    assert get("pg_replication_slot_slot_is_active", slot_type="physical") is not None
    assert get("pg_replication_is_replica") == 0
    assert get("pg_replication_lag_seconds") == 0
    on_primary.attend(True)
    fed = await run_until(on_primary, lambda r: senders(r) and senders(r)[0].idle)
    assert [(one.state, one.seconds) for one in senders(fed)] == [("walsender", None)]
    on_primary.attend(False)

    on_replica = postgres_watch.probe(PostgresDatabase(replica))
    below = await run_until(on_replica, lambda r: "receiving" not in r.message)
    assert below.status is Status.OK, below.message
    assert database_of(below).role == "replica"
    assert below.samples.get("pg_replication_is_replica") == 1
    assert below.samples.get("pg_replication_lag_seconds") is not None
    assert below.samples.get("pg_stat_wal_receiver_up") == 1
    (upstream,) = database_of(below).replicas
    assert (upstream.role, upstream.name) == ("upstream", f"127.0.0.1:{primary.port}")

    primary.kill()
    lost = await run_until(on_replica, lambda r: r.status is not Status.OK)
    assert lost.status is Status.WARNING
    assert "standby: no connection to its primary, its data grows stale" in lost.message
    assert lost.samples.get("pg_stat_wal_receiver_up") == 0

    PostgresDatabase(replica).psql("SELECT pg_promote()")
    promoted = await run_until(on_replica, lambda r: r.events)
    assert promoted.events == ("was promoted: it is a primary now",)


async def test_a_standby_is_read_only_and_fine(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    primary = postgres_servers.start()
    replica = postgres_servers.replica(primary)
    replica.start()
    probe = postgres_watch.probe(
        PostgresDatabase(replica), queries=[{"metric": "one", "sql": "SELECT 1 AS value"}]
    )
    probe.attend(True)
    result = await run_until(probe, lambda r: "receiving" not in r.message)
    assert result.status is Status.OK
    assert database_of(result).notes == ()
    assert result.samples.get("one") == 1
    PostgresDatabase(replica).psql("SELECT pg_wal_replay_pause()")
    paused = await probe.run()
    assert paused.status is Status.WARNING
    assert "replay is paused" in paused.message


async def test_a_standby_lags_by_no_more_than_since_it_was_level(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    """By the age of the last commit alone it lagged by as long as nobody had written before."""
    primary = postgres_servers.start()
    replica = postgres_servers.replica(primary)
    replica.start()
    probe = postgres_watch.probe(PostgresDatabase(replica))
    await run_until(probe, lambda r: "receiving" not in r.message)
    PostgresDatabase(primary).psql("CREATE TABLE quiet (n int)")
    await run_until(probe, lambda r: "answered" in r.message and upstream(r).behind == 0)
    PostgresDatabase(replica).psql("SELECT pg_wal_replay_pause()")
    PostgresDatabase(primary).psql("INSERT INTO quiet VALUES (1)")
    paused = await run_until(probe, lambda r: upstream(r).behind)
    assert upstream(paused).lag == 0, "the clock stands still since it was level"
    assert paused.samples.get("pg_replication_lag_seconds") == 0


def senders(result: Result) -> list[SessionRow]:
    """Those that feed replicas."""
    sessions = database_of(result).sessions or ()
    return [one for one in sessions if one.query.startswith("START_REPLICATION")]


def upstream(result: Result) -> ReplicaRow:
    (row,) = database_of(result).replicas
    return row


def test_the_lag_is_the_servers_until_a_standby_was_level() -> None:
    level = Level()

    def lag(now: float, **values: Any) -> float | None:
        found = level.bound(Replication(standby=standby(**values)), now).standby
        assert found is not None
        return found.lag

    assert lag(100.0, lag=9000.0, level=False) == 9000.0
    assert lag(105.0) == 0.0
    assert lag(115.0, lag=9010.0, level=False) == 10.0
    assert lag(120.0, lag=2.0, level=False) == 2.0
    assert lag(125.0, lag=None, level=False) is None
    level.forget()
    assert lag(130.0, lag=9025.0, level=False) == 9025.0
    assert level.bound(Replication(), 135.0) == Replication()


def test_the_figure_of_the_lag_is_that_of_the_worst_replica() -> None:
    """That of a primary was its own, which is 0, with a replica half a minute behind."""

    def figure(found: Replication) -> float | None:
        to = Sampler({}).builder()
        add_replication(to, found, Pulse(0.001, None, (), {}, ()))
        return to.build().get("pg_longest_replication_lag_seconds")

    assert figure(Replication((replica(lag=31.0), replica(name="b", lag=2.0)))) == 31.0
    assert figure(Replication((replica(lag=None),), standby=standby(lag=4.0))) == 4.0
    assert figure(Replication((replica(lag=None),))) == 0.0, "nothing was written of late"
    assert figure(Replication((replica(state=""),))) is None, "hidden from this role"
    assert figure(Replication()) is None


def config(**values: Any) -> PostgresConfig:
    return PostgresConfig.model_validate({"url": "postgresql://h/d", **values})


def replica(**values: Any) -> Replica:
    known = {
        "name": "walreceiver",
        "address": "10.0.0.7",
        "state": "streaming",
        "sync": "async",
        "slot": "",
        "lag": 0.0,
        "behind": 0.0,
        "here": 100.0,
    }
    return Replica(**{**known, **values})


def slot(**values: Any) -> Slot:
    known = {
        "name": "s",
        "kind": "physical",
        "database": "",
        "active": True,
        "status": "reserved",
        "safe": None,
        "retained": 10.0,
    }
    return Slot(**{**known, **values})


def standby(**values: Any) -> Standby:
    known = {
        "lag": 0.0,
        "replayed_at": 1.0,
        "behind": 0.0,
        "level": True,
        "paused": False,
        "receiving": True,
        "status": "streaming",
        "upstream": "db1:5432",
        "heard": 1.0,
    }
    return Standby(**{**known, **values})


def findings(found: Replication, **values: Any) -> list[Finding]:
    return list(judge_replication(found, config(**values)))


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        (Replication((replica(),)), Status.OK, "replica 10.0.0.7: streaming, async, lag 0 s"),
        (
            Replication((replica(lag=45.0, behind=3e6),)),
            Status.WARNING,
            "lag 45 s, 3.0 MB behind; past its warning bound",
        ),
        (Replication((replica(lag=900.0),)), Status.CRITICAL, "past its critical bound"),
        (Replication((replica(lag=None),)), Status.OK, "lag 0 s"),
        (Replication((replica(state="catchup", behind=5e9),)), Status.WARNING, "5.0 GB behind"),
        (Replication((replica(state="backup"),)), Status.OK, "backup"),
        (Replication((replica(state=""),)), Status.OK, "GRANT pg_monitor"),
        (Replication((), (slot(status="lost", active=False),)), Status.CRITICAL, "set up anew"),
        (Replication((), (slot(status="unreserved"),)), Status.WARNING, "next checkpoint"),
        (Replication((), (slot(retained=6e9),)), Status.WARNING, "keeps 6.0 GB"),
        (Replication((), (slot(retained=6e10, active=False),)), Status.CRITICAL, "nobody reads"),
        (Replication(standby=standby()), Status.OK, "standby of db1:5432, 0 s behind"),
        (Replication(standby=standby(lag=60.0)), Status.WARNING, "1 min behind db1:5432"),
        (Replication(standby=standby(lag=600.0)), Status.CRITICAL, "10 min behind db1:5432"),
        (
            Replication(standby=standby(receiving=False, lag=5.0)),
            Status.WARNING,
            "no connection to its primary",
        ),
        (
            Replication(standby=standby(receiving=False, lag=500.0)),
            Status.CRITICAL,
            "no connection to its primary",
        ),
        (Replication(standby=standby(paused=True)), Status.WARNING, "pg_wal_replay_resume()"),
    ],
)
def test_what_it_means(found: Replication, status: Status, words: str) -> None:
    (finding,) = findings(found)
    assert finding.part.status is status
    assert words in finding.part.message
    (row,) = replica_rows(found, config())
    assert isinstance(row, ReplicaRow)
    assert row.status is status


def test_a_slot_that_is_well_is_no_child_row() -> None:
    assert findings(Replication((), (slot(),))) == []
    (row,) = replica_rows(Replication((), (slot(),)), config())
    assert (row.status, row.state, row.behind) == (Status.OK, "active reserved", 10.0)


def test_replicas_that_are_missing() -> None:
    (finding,) = findings(Replication(), replicas=2)
    assert finding.part.message == "replicas: 0 connected, expected 2"
    assert findings(Replication(None), replicas=2) == []
    assert findings(Replication(standby=standby()), replicas=2)[0].part.name == "standby"


def test_two_replicas_are_told_apart() -> None:
    parts = [one.part for one in findings(Replication((replica(name="a"), replica(name="b"))))]
    assert [part.name for part in parts] == ["replica a", "replica b"]
    assert [part.message.partition(":")[0] for part in parts] == ["replica a", "replica b"]


def test_a_replica_on_a_socket_is_named_by_its_slot_or_not_at_all() -> None:
    for slot_name, named in (("r1", "replica r1: streaming"), ("", "replica: streaming")):
        found = findings(Replication((replica(address="", slot=slot_name),)))
        assert found[0].part.message.startswith(named)
