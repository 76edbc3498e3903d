"""Sessions of a PostgreSQL server: who waits for whom, what runs long, and what is done to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from checks.databases.model import DatabaseFacts, SessionRow
from checks.model import Result, Status
from checks.probes.postgres import PostgresProbe
from checks.probes.postgres.judge import Before, Reading, events
from checks.probes.postgres.pulse import Group, Pulse, Server
from checks.probes.postgres.replication import Replication
from checks.probes.postgres.sessions import Attention, session_id, session_key
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresDatabase, PostgresWatch


def database_of(result: Result) -> DatabaseFacts:
    assert isinstance(result.database, DatabaseFacts)
    return result.database


async def until(true: Callable[[], Awaitable[object]]) -> None:
    for _ in range(round(PATIENCE / 0.01)):
        if await true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


@asynccontextmanager
async def pile_up(database: PostgresDatabase, waiters: int = 2) -> AsyncIterator[list[Any]]:
    """A session that holds a row and does nothing, and others that want it one after the other.

    Yields the connections, the holder first.
    """
    await database.execute("CREATE TABLE stock (id int PRIMARY KEY, n int)")
    await database.execute("INSERT INTO stock VALUES (1, 1)")
    links = [await database.connect() for _ in range(waiters + 1)]
    await links[0].execute("BEGIN; UPDATE stock SET n = 2 WHERE id = 1")
    tasks = []
    for number, link in enumerate(links[1:], 1):
        update = "UPDATE stock SET n = n + 1 WHERE id = 1"
        tasks.append(asyncio.create_task(link.execute(update)))

        async def waits(number: int = number) -> bool:
            sql = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return await database.fetch(sql) == [(number,)]

        await until(waits)
    try:
        yield links
    finally:
        for task in tasks:
            task.cancel()
        for link in links:
            link.terminate()
        await asyncio.gather(*tasks, return_exceptions=True)


def of_pid(rows: tuple[SessionRow, ...], link: asyncpg.Connection) -> SessionRow:
    return next(row for row in rows if row.pid == link.get_server_pid())


async def test_a_pile_up_is_seen_at_every_run(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server, lock_wait={"warning": "1ms", "critical": "1h"})
    async with pile_up(postgres_server) as (holder, first, second):
        result = await probe.run()
        holder_pid = holder.get_server_pid()
        rows = database_of(result).longest
        assert of_pid(rows, holder).state == "idle in transaction"
        assert of_pid(rows, holder).query == "BEGIN; UPDATE stock SET n = 2 WHERE id = 1"
        assert of_pid(rows, first).blocked_by == (of_pid(rows, holder).id,)
        assert of_pid(rows, first).waiting.startswith("Lock: ")
        assert (
            of_pid(rows, holder).id
            in of_pid(rows, second).blocked_by + of_pid(rows, first).blocked_by
        )
    assert result.status is Status.WARNING
    assert result.reason == "latency"
    assert "locks: 2 sessions wait, the longest for 0 s" in result.message
    assert f"pid {holder_pid} postgres@{postgres_server.name} idle in transaction" in result.message
    assert result.samples.get("pg_stat_activity_waiting") == 2

    async def over() -> bool:
        return (await probe.run()).status is Status.OK

    await until(over)


async def test_a_pile_up_among_sessions_that_are_hidden(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """Without rights times are not known, and are not made up; locks are no secret."""
    await postgres_server.execute("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    probe = postgres_watch.probe(
        postgres_server.url_of("stranger"), lock_wait={"warning": "1ms", "critical": "1h"}
    )
    probe.attend(True)
    async with pile_up(postgres_server, 1) as (holder, waiter):
        result = await probe.run()
        facts = database_of(result)
        for rows in (facts.longest, facts.sessions or ()):
            blocked, blocker = of_pid(rows, waiter), of_pid(rows, holder)
            assert blocked.blocked_by == (blocker.id,)
            assert blocked.waiting == "Lock"
            assert (blocker.state, blocker.query) == ("hidden", "")
            assert (blocker.seconds, blocker.transaction) == (None, None)
    assert "GRANT pg_monitor TO stranger" in facts.blind
    assert "locks: 1 session waits, the longest for" in result.message
    assert result.samples.get("pg_stat_activity_waiting") == 1
    for name in ("transaction", "query", "idle_in_transaction"):
        assert result.samples.get(f"pg_longest_{name}_seconds") is None
    assert not [one for one in result.samples.series if one.name == "pg_stat_activity_count"]


async def test_a_long_statement_is_cut_visibly_in_a_sentence(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server, lock_wait={"warning": "1ms", "critical": "1h"})
    async with pile_up(postgres_server, 1) as (holder, _):
        await holder.execute(f"SELECT '{'x' * 200}'")
        assert f"SELECT '{'x' * 152}… blocks" in (await probe.run()).message


async def test_with_rights_nothing_is_hidden(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server)
    assert database_of(result).blind == ""
    assert result.samples.get("pg_longest_transaction_seconds") is not None


async def test_the_list_of_sessions_is_asked_for_on_demand_alone(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    assert database_of(await probe.run()).sessions is None
    probe.attend(True)
    async with pile_up(postgres_server) as links:
        rows = database_of(await probe.run()).sessions or ()
        holder, first, *_ = (of_pid(rows, link) for link in links)
    assert first.blocked_by == (holder.id,)
    assert holder.database == postgres_server.name
    assert holder.client.startswith("127.0.0.1:")
    assert holder.transaction is not None
    assert not holder.idle
    assert [row.own for row in rows].count(True) == 1
    probe.attend(False)
    assert database_of(await probe.run()).sessions is None


async def test_sessions_beyond_the_bound_are_counted(
    postgres_server: PostgresDatabase,
    postgres_watch: PostgresWatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.probes.postgres.sessions.MOST", 5)
    probe = postgres_watch.probe(postgres_server)
    probe.attend(True)
    async with pile_up(postgres_server) as links:
        idle = [await postgres_server.connect() for _ in range(8)]
        found = database_of(await probe.run())
        rows = found.sessions or ()
        # Those who wait come first, and what is left out is idle.
        assert {row.pid for row in rows[:2]} == {link.get_server_pid() for link in links[1:]}
        assert links[0].get_server_pid() in {row.pid for row in rows}
        for link in idle:
            await link.close()
    assert len(rows) == 5
    assert found.sessions_left_out >= 7


async def test_a_long_transaction_and_a_long_statement(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    bounds = {"warning": "500ms", "critical": "1h"}
    probe = postgres_watch.probe(
        postgres_server,
        idle_in_transaction=bounds,
        longest_transaction=bounds,
        longest_query=bounds,
    )
    idle = await postgres_server.connect()
    await idle.execute("BEGIN; SELECT 'idling'")
    busy = await postgres_server.connect()
    task = asyncio.create_task(busy.execute("SELECT pg_sleep(60) -- busy\x07"))
    await asyncio.sleep(1.1)
    result = await probe.run()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    parts = {part.name: part for part in result.parts}
    assert parts["idle in transaction"].status is Status.WARNING
    name = f"pid {idle.get_server_pid()} postgres@{postgres_server.name}"
    whose = f"idle in transaction: that of {name} has been open and idle for 1 s: "
    assert parts["idle in transaction"].message.startswith(whose)
    assert parts["idle in transaction"].message.endswith("(BEGIN; SELECT 'idling')")
    assert parts["transaction"].message.startswith(f"transaction: that of {name} has been open")
    assert "(idle in transaction: BEGIN; SELECT 'idling')" in parts["transaction"].message
    assert "the oldest statement has been running for 1 s" in parts["query"].message
    assert "SELECT pg_sleep(60) -- busy" in parts["query"].message
    assert (result.samples.get("pg_longest_query_seconds") or 0) > 1
    assert (result.samples.get("pg_longest_idle_in_transaction_seconds") or 0) > 1
    longest = database_of(result).longest
    assert {row.pid for row in longest} == {idle.get_server_pid(), busy.get_server_pid()}


async def test_a_password_in_a_statement_is_not_shown(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    link = await postgres_server.connect()
    await link.execute("BEGIN; CREATE ROLE passing PASSWORD 'hunter2'")
    probe = postgres_watch.probe(postgres_server)
    probe.attend(True)
    rows = database_of(await probe.run()).sessions or ()
    assert of_pid(rows, link).query == "BEGIN; CREATE ROLE passing PASSWORD '•••'"


@asynccontextmanager
async def sleeper(database: PostgresDatabase, user: str = "postgres") -> AsyncIterator[Any]:
    """A session that runs a statement for long; yields its connection and the statement's task."""
    link = await database.connect(user)
    task = asyncio.create_task(link.fetch("SELECT pg_sleep(60)"))

    async def runs() -> bool:
        sql = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'"
        return bool(await database.fetch(sql, link.get_server_pid()))

    await until(runs)
    try:
        yield link, task
    finally:
        task.cancel()
        link.terminate()
        await asyncio.gather(task, return_exceptions=True)


async def identity(probe: PostgresProbe, link: asyncpg.Connection) -> str:
    """The id that the session of ``link`` is shown under."""
    probe.attend(True)
    rows = database_of(await probe.run()).sessions or ()
    return of_pid(rows, link).id


async def test_a_statement_is_cancelled(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    async with sleeper(postgres_server) as (link, task):
        said = await probe.act("cancel", await identity(probe, link))
        with pytest.raises(asyncpg.QueryCanceledError):
            await task
        assert await link.fetchval("SELECT 1") == 1
        pid = link.get_server_pid()
    assert (
        said
        == f"session {pid} of postgres has had its statement cancelled from here; it is idle now"
    )


async def test_a_session_is_terminated(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    async with sleeper(postgres_server) as (link, task):
        said = await probe.act("terminate", await identity(probe, link))
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.ConnectionDoesNotExistError)):
            await task
        pid = link.get_server_pid()
    assert said == f"terminated session {pid} of postgres from here"


@pytest.mark.parametrize("action", ["cancel", "terminate"])
async def test_a_session_that_has_gone_is_left_alone(
    action: str, postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """Its number may belong to another by now: the moment it began at tells."""
    probe = postgres_watch.probe(postgres_server)
    async with sleeper(postgres_server) as (link, task):
        pid, started = session_key(await identity(probe, link)) or (0, 0)
        said = await probe.act(action, session_id(pid, started - 1))
        assert said == f"nothing was done: session {pid} has gone"
        assert not task.done()

    await postgres_server.fetch("SELECT pg_terminate_backend($1)", pid)

    async def gone() -> bool:
        sql = "SELECT 1 FROM pg_stat_activity WHERE pid = $1"
        return not await postgres_server.fetch(sql, pid)

    await until(gone)
    assert "has gone" in await probe.act(action, session_id(pid, started))


async def test_sessions_that_cannot_be_meant(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    probe.attend(True)
    own = next(row for row in database_of(await probe.run()).sessions or () if row.own)
    assert "is onwatch's own" in await probe.act("terminate", own.id)
    for subject in ("", "17", "17-0", "x-y", f"{2**40}-5", "1;2-3"):
        assert "nothing was done" in await probe.act("terminate", subject)
    assert (await probe.run()).status is Status.OK


async def test_an_action_that_the_role_may_not_do(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute(
        "DROP ROLE IF EXISTS watcher, shopper;"
        "CREATE ROLE watcher LOGIN IN ROLE pg_monitor; CREATE ROLE shopper LOGIN"
    )
    probe = postgres_watch.probe(postgres_server.url_of("watcher"))
    async with sleeper(postgres_server, "shopper") as (link, task):
        subject = await identity(probe, link)
        said = await probe.act("cancel", subject)
        # What the server itself says, in brackets, is another sentence in each version.
        assert said.startswith("role watcher may not do that: GRANT pg_signal_backend TO watcher (")
        assert not task.done()
        await postgres_server.execute("GRANT pg_signal_backend TO watcher")
        assert "has had its statement cancelled" in await probe.act("cancel", subject)
    async with sleeper(postgres_server) as (link, _):
        said = await probe.act("terminate", await identity(probe, link))
        assert "belongs to a superuser: only a superuser may do that" in said


async def test_an_action_while_a_run_is_under_way(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    query = {"metric": "one", "sql": "SELECT 1 AS value FROM pg_sleep(2)"}
    probe = postgres_watch.probe(postgres_server, timeout=20.0, queries=[query])
    async with sleeper(postgres_server) as (link, task):
        subject = await identity(probe, link)
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(0.1)
        said = await probe.act("cancel", subject)
        assert not running.done()
        assert "has had its statement cancelled" in said
        assert (await running).status is Status.OK
        await asyncio.gather(task, return_exceptions=True)


async def test_an_action_before_any_run_and_with_the_server_gone(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    async with sleeper(postgres_server) as (link, _):
        subject = await identity(postgres_watch.probe(postgres_server), link)
        assert "has had its statement cancelled" in await postgres_watch.probe(postgres_server).act(
            "cancel", subject
        )
    gone = postgres_watch.probe("postgresql://a@127.0.0.1:1/a")
    assert await gone.act("cancel", "17-5") == (
        "nothing was done: connection to 127.0.0.1:1 refused: is the server running?"
    )


def group(**values: Any) -> Group:
    known = {
        "datid": 1,
        "state": "active",
        "kind": "client backend",
        "sessions": 1,
        "waiting": 0,
        "transaction": None,
        "query": None,
        "in_state": None,
        "xmin_age": None,
    }
    return Group(**{**known, **values})


def test_only_clients_count_as_connections() -> None:
    groups = (
        group(sessions=4000, state="idle"),
        group(sessions=1000, query=3.0, transaction=7.0),
        group(kind="autovacuum worker", transaction=900.0, waiting=1),
        group(kind="walsender", sessions=3),
        group(state="idle in transaction", in_state=5.0, transaction=6.0),
    )
    server = Server(False, 0.0, 0.0, 1, 5003, 3, 3, 0)
    pulse = Pulse(0.001, server, (), {1: "shop"}, groups)
    assert pulse.connections == 5001
    assert server.usable == 5000
    assert pulse.longest_transaction == 7.0
    assert pulse.longest_query == 3.0
    assert pulse.longest_idle == 5.0
    assert pulse.waiting == 1
    assert pulse.by_state()[0] == ("idle", 4000.0)


def test_the_longest_come_before_blockers_and_the_blocked() -> None:
    def row(pid: int, *blockers: str) -> SessionRow:
        return SessionRow(f"{pid}-1", pid, blocked_by=blockers)

    attention = Attention(
        longest=(row(1),),
        blocked=(row(1, "2-1"), row(3, "2-1")),
        blockers=(row(2),),
    )
    assert [found.pid for found in attention.rows] == [1, 2, 3]
    assert attention.rows[0].blocked_by == ("2-1",)


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "1-0", "a-b", "4294967296-1", "1-2-3"])
def test_no_key_of_what_is_none(text: str) -> None:
    assert session_key(text) is None


def test_a_session_has_one_key() -> None:
    assert session_key(session_id(17, 1_700_000_000_000_000)) == (17, 1_700_000_000_000_000)


@pytest.mark.parametrize(
    ("started", "told"),
    [
        (1_000.0, []),
        (4_000.0, ["restarted: it has been up for 17 min"]),
        (400.0, ["another server answers: it has been up for 1 h"]),
    ],
)
def test_a_server_that_began_before_the_one_of_the_last_run_is_another(
    started: float, told: list[str]
) -> None:
    server = Server(False, 5_000.0, started, 7, 100, 3, 0, 0)
    reading = Reading("16.4", Pulse(0.001, server, (), {}, ()), Attention(), Replication())
    assert list(events(reading, Before(1_000.0, False, {}, 0))) == told
