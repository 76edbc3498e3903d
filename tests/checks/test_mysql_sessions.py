"""Sessions, who waits for whom, and ending them, on MariaDB."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pymysql
import pytest

from checks.databases.model import DatabaseFacts, SessionRow
from checks.model import Status
from checks.probes.mysql import pulse
from checks.probes.mysql.probe import MysqlProbe
from checks.probes.mysql.sessions import Process, tells_what_it_holds
from tests.patience import PATIENCE
from tests.servers.mariadb import (
    OWNER,
    MariadbDatabase,
    MariadbServers,
    MysqlWatch,
    facts_of,
    next_second,
)
from tests.servers.postgres import until


class Client:
    """A session of the application, whose statements may run beside the test."""

    def __init__(self, database: MariadbDatabase, **options: Any) -> None:
        self._link = database.connect(**options)
        self.pid = self._link.thread_id()
        self.error: pymysql.MySQLError | None = None
        self._threads: list[threading.Thread] = []

    def run(self, sql: str) -> None:
        with self._link.cursor() as cursor:
            cursor.execute(sql)

    def begin(self, sql: str) -> None:
        """Run ``sql`` in a thread, until it is done or killed."""

        def work() -> None:
            try:
                self.run(sql)
            except pymysql.MySQLError as error:
                self.error = error

        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    @property
    def runs(self) -> bool:
        """Whether what was begun is not over yet."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def accounts(mariadb_server: MariadbDatabase) -> MariadbDatabase:
    mariadb_server.execute(
        "CREATE TABLE accounts (id INT PRIMARY KEY, balance INT) ENGINE=InnoDB",
        "INSERT INTO accounts VALUES (1, 10), (2, 20)",
    )
    return mariadb_server


def busy(database: MariadbDatabase, *pids: int) -> Callable[[], bool]:
    """Whether all of these sessions run a statement that waits."""
    sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Sleep'"
    return lambda: set(pids) <= {pid for (pid,) in database.fetch(sql)}


def waits_for_a_definition(database: MariadbDatabase, pid: int) -> Callable[[], bool]:
    """Whether the session waits for a metadata lock."""
    sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock'"
    return lambda: (pid,) in database.fetch(sql)


def until_innodb_tells(database: MariadbDatabase, condition: str, *pids: int) -> None:
    """Return once these sessions have transactions of that ``condition`` in INNODB_TRX, which
    looks anew only where it was not asked for a tenth of a second."""
    sql = f"SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE {condition}"  # noqa: S608
    for _ in range(round(PATIENCE / 0.11)):
        time.sleep(0.11)
        if set(pids) <= {pid for (pid,) in database.fetch(sql)}:
            time.sleep(0.11)
            return
    raise AssertionError("InnoDB does not tell of it")


async def seen(probe: MysqlProbe, watch: MysqlWatch) -> DatabaseFacts:
    probe.attend(True)
    return facts_of(await watch.again(probe))


def row_of(facts: DatabaseFacts, pid: int) -> SessionRow:
    (found,) = (row for row in facts.sessions or facts.longest if row.pid == pid)
    return found


async def test_sessions_are_listed_only_while_somebody_looks(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    client = Client(accounts, tcp=True)
    probe = mysql_watch.probe(accounts)

    assert facts_of(await probe.run()).sessions is None
    facts = await seen(probe, mysql_watch)

    row = row_of(facts, client.pid)
    assert (row.user, row.database, row.state) == (OWNER, accounts.name, "Sleep")
    assert row.idle
    assert not row.own
    assert row.client.startswith("localhost:")
    assert facts.sessions_left_out == 0
    own = [one for one in facts.sessions or () if one.own]
    assert {one.user for one in own} == {"onwatch"}
    assert len(own) == 2
    probe.attend(False)
    assert facts_of(await mysql_watch.again(probe)).sessions is None


async def test_a_deadlock_is_an_event(accounts: MariadbDatabase, mysql_watch: MysqlWatch) -> None:
    probe = mysql_watch.probe(accounts)
    assert (await probe.run()).events == ()
    one, other = Client(accounts), Client(accounts)
    for client in (one, other):
        client.run("BEGIN")
    one.run("UPDATE accounts SET balance = 0 WHERE id = 1")
    other.run("UPDATE accounts SET balance = 0 WHERE id = 2")
    one.begin("UPDATE accounts SET balance = 0 WHERE id = 2")
    until(busy(accounts, one.pid))
    with suppress(pymysql.MySQLError):
        other.run("UPDATE accounts SET balance = 0 WHERE id = 1")

    (told,) = (await mysql_watch.again(probe)).events

    assert told == "1 deadlock: SHOW ENGINE INNODB STATUS tells of the newest"
    assert (await mysql_watch.again(probe)).events == ()


async def test_a_lock_pile_up_is_a_tree(accounts: MariadbDatabase, mysql_watch: MysqlWatch) -> None:
    root, first, second = (Client(accounts) for _ in range(3))
    root.run("BEGIN")
    root.run("UPDATE accounts SET balance = 0 WHERE id = 1")
    first.begin("UPDATE accounts SET balance = balance + 1 WHERE id = 1")
    until(busy(accounts, first.pid))
    second.begin("UPDATE accounts SET balance = balance + 2 WHERE id = 1")
    until(busy(accounts, first.pid, second.pid))
    until_innodb_tells(accounts, "trx_wait_started < NOW()", first.pid, second.pid)
    probe = mysql_watch.probe(accounts, lock_wait={"warning": 0, "critical": 60})

    result = await probe.run()

    facts = facts_of(result)
    waiting = row_of(facts, first.pid)
    assert waiting.blocked_by == (row_of(facts, root.pid).id,)
    assert waiting.waiting == f"row lock (X) of {accounts.name}.accounts"
    assert waiting.query == "UPDATE accounts SET balance = balance + 1 WHERE id = 1"
    assert row_of(facts, root.pid).id in row_of(facts, second.pid).blocked_by
    holder = row_of(facts, root.pid)
    assert not holder.idle
    assert holder.transaction is not None
    assert holder.state == "Sleep"
    assert result.status is Status.WARNING
    root_first = f"locks: session {root.pid} ({OWNER}@{accounts.name}, idle for"
    assert result.message.startswith(root_first)
    assert "(1 more wait)" in result.message
    assert result.samples.get("mysql_lock_waiting_sessions") == 2
    assert result.samples.get("mysql_global_status_innodb_row_lock_current_waits") == 2
    assert result.samples.get("mysql_info_schema_innodb_trx_transactions", state="LOCK WAIT") == 2
    root.run("ROLLBACK")
    first.wait()
    second.wait()


async def test_the_root_of_a_pile_up_is_terminated(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    root, waiter = Client(accounts), Client(accounts)
    root.run("BEGIN")
    root.run("UPDATE accounts SET balance = 0 WHERE id = 1")
    waiter.begin("UPDATE accounts SET balance = balance + 1 WHERE id = 1")
    until(busy(accounts, waiter.pid))
    until_innodb_tells(accounts, "trx_state = 'LOCK WAIT'", waiter.pid)
    probe = mysql_watch.probe(accounts)
    facts = await seen(probe, mysql_watch)

    said = await probe.act("terminate", row_of(facts, root.pid).id)

    assert said == f"session {root.pid} was terminated from onwatch"
    waiter.wait()
    assert waiter.error is None
    with pytest.raises(pymysql.MySQLError):
        root.run("SELECT 1")
    assert accounts.fetch("SELECT balance FROM accounts WHERE id = 1") == [(11,)]
    # The server lists it until it has cleaned up after it.
    there = "SELECT ID FROM information_schema.PROCESSLIST"
    until(lambda: (root.pid,) not in accounts.fetch(there))
    said = await probe.act("terminate", row_of(facts, root.pid).id)
    assert said == f"session {root.pid} has ended already, or may not be seen: nothing was done"


async def test_a_statement_is_cancelled_and_its_session_stays(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    client = Client(accounts)
    client.begin("SELECT id, SLEEP(30) FROM accounts")
    until(busy(accounts, client.pid))
    probe = mysql_watch.probe(accounts)
    facts = await seen(probe, mysql_watch)
    row = row_of(facts, client.pid)
    assert row.query == "SELECT id, SLEEP(30) FROM accounts"

    said = await probe.act("cancel", row.id)

    assert said == f"the statement of session {client.pid} was cancelled from onwatch"
    client.wait()
    client.run("SELECT 1")


async def test_only_the_statement_that_was_shown_is_cancelled(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    client = Client(accounts)
    client.begin("SELECT SLEEP(0.8)")
    until(busy(accounts, client.pid))
    probe = mysql_watch.probe(accounts)
    row = row_of(await seen(probe, mysql_watch), client.pid)
    client.wait()
    # The client has its answer a little before the session is at rest.
    until(lambda: not busy(accounts, client.pid)())

    said = await probe.act("cancel", row.id)
    assert said == f"session {client.pid} runs no statement any more: nothing was done"

    client.begin("SELECT SLEEP(1.5)")
    until(busy(accounts, client.pid))
    said = await probe.act("cancel", row.id)
    assert (
        said == f"session {client.pid} runs another statement by now, look again: nothing was done"
    )
    client.wait()
    assert client.error is None


async def test_a_session_of_the_servers_former_life_is_gone(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start()
    client = Client(database)
    probe = mysql_watch.probe(database)
    row = row_of(await seen(probe, mysql_watch), client.pid)
    next_second()
    database.server.restart()
    others = [Client(database) for _ in range(client.pid + 2)]
    assert client.pid in [other.pid for other in others]

    result = await mysql_watch.again(probe)
    said = await probe.act("terminate", row.id)

    assert result.events
    assert result.events[0].startswith("restarted: ")
    assert said == (
        f"the server was restarted since, session {client.pid} is gone: nothing was done"
    )
    for other in others:
        other.run("SELECT 1")


async def test_what_is_never_ended(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(mariadb_server)
    assert "nothing was done" in await probe.act("terminate", "1-1")
    facts = await seen(probe, mysql_watch)
    own = next(row for row in facts.sessions or () if row.own)

    assert await probe.act("terminate", own.id) == (
        f"session {own.pid} is onwatch's own: nothing was done"
    )
    for subject in ("", "nonsense", "1; DROP TABLE accounts-1", "٣-1", "-1", "5-"):
        assert "there is no session" in await probe.act("terminate", subject)


async def test_ending_others_sessions_takes_a_grant(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    accounts.execute(
        "CREATE OR REPLACE USER looker@'%' IDENTIFIED BY 'x'", "GRANT PROCESS ON *.* TO looker@'%'"
    )
    client = Client(accounts)
    probe = mysql_watch.probe(accounts.url_of("looker").rpartition("/")[0], password="x")
    row = row_of(await seen(probe, mysql_watch), client.pid)

    said = await probe.act("terminate", row.id)

    assert said == (
        f"session {client.pid} may not be ended by this user: "
        "GRANT CONNECTION ADMIN ON *.* TO 'looker'@'%'"
    )
    client.run("SELECT 1")
    accounts.execute("GRANT CONNECTION ADMIN ON *.* TO looker@'%'")
    assert await probe.act("terminate", row.id) == (
        f"session {client.pid} was terminated from onwatch"
    )
    with pytest.raises(pymysql.MySQLError):
        client.run("SELECT 1")


async def test_long_statements_and_transactions_are_told(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    idle, working = Client(accounts), Client(accounts)
    idle.run("BEGIN")
    idle.run("UPDATE accounts SET balance = 5 WHERE id = 2")
    working.begin("SELECT SLEEP(60), 'token', 'pa\x1b[31mss'")
    time.sleep(1.1)
    bounds = {"warning": 0.5, "critical": 3600}
    probe = mysql_watch.probe(
        accounts, longest_query=bounds, longest_transaction=bounds, idle_in_transaction=bounds
    )

    result = await probe.run()

    parts = {part.name: part for part in result.parts}
    of, _, told = parts["longest query"].message.partition(" has been running ")
    assert of == f"session {working.pid} ({OWNER}@{accounts.name})"
    assert re.fullmatch(r"a statement for \d s", told)
    assert parts["idle transaction"].message.startswith(
        f"session {idle.pid} ({OWNER}) holds a transaction open with 1 row changed, idle for"
    )
    assert parts["longest transaction"].status is Status.WARNING
    facts = facts_of(result)
    assert [row.pid for row in facts.longest][:2] == [working.pid, idle.pid] or [
        row.pid for row in facts.longest
    ][:2] == [idle.pid, working.pid]
    assert "\x1b" not in row_of(facts, working.pid).query
    assert (result.samples.get("mysql_longest_query_seconds") or 0) > 1
    assert (result.samples.get("mysql_longest_idle_in_transaction_seconds") or 0) > 1
    idle.run("ROLLBACK")
    with suppress(pymysql.MySQLError):
        accounts.execute(f"KILL {working.pid}")
    working.wait()


async def test_a_zone_of_the_servers_own_makes_no_transaction_older(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    client = Client(accounts)
    client.run("BEGIN")
    client.run("UPDATE accounts SET balance = 5 WHERE id = 2")
    until_innodb_tells(accounts, "1", client.pid)
    accounts.execute("SET GLOBAL time_zone = '+05:00'")
    try:
        row = row_of(await seen(mysql_watch.probe(accounts), mysql_watch), client.pid)
    finally:
        accounts.execute("SET GLOBAL time_zone = 'SYSTEM'")

    assert row.transaction is not None
    assert row.transaction < 60
    client.run("ROLLBACK")


async def test_without_process_only_ones_own_sessions_are_seen(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    accounts.execute("CREATE OR REPLACE USER nobody@'%' IDENTIFIED BY 'x'")
    Client(accounts)
    probe = mysql_watch.probe(accounts.url_of("nobody").rpartition("/")[0], password="x")

    facts = await seen(probe, mysql_watch)

    assert {row.user for row in facts.sessions or ()} == {"nobody"}
    assert facts.connections is not None
    assert facts.connections >= 2
    assert (
        "transactions and sessions of others may not be seen: GRANT PROCESS ON *.* TO 'nobody'@'%'"
        in facts.notes
    )
    assert "replication may not be seen: GRANT SLAVE MONITOR ON *.* TO 'nobody'@'%'" in facts.notes
    result = await mysql_watch.again(probe)
    assert result.status is Status.OK
    assert (
        result.samples.get("mysql_exporter_collector_success", collector="collect.slave_status")
        == 0
    )
    assert result.samples.get("mysql_longest_transaction_seconds") is None


async def test_without_process_no_figure_says_that_nobody_waits(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    accounts.execute("CREATE OR REPLACE USER nobody@'%' IDENTIFIED BY 'x'")
    holder, waiter = Client(accounts), Client(accounts)
    holder.run("BEGIN")
    holder.run("UPDATE accounts SET balance = 0 WHERE id = 1")
    waiter.begin("UPDATE accounts SET balance = 1 WHERE id = 1")
    until(lambda: accounts.status("Innodb_row_lock_current_waits") == 1)
    url = accounts.url_of("nobody").rpartition("/")[0]
    probe = mysql_watch.probe(url, password="x", lock_wait={"warning": 8, "critical": 60})

    first = await probe.run()

    assert facts_of(first).blind == (
        "the sessions of other users cannot be seen, nor who waits for whom: "
        "GRANT PROCESS ON *.* TO 'nobody'@'%'"
    )
    assert facts_of(first).by_state == ()
    for name in (
        *("mysql_longest_query_seconds", "mysql_longest_transaction_seconds"),
        *("mysql_longest_idle_in_transaction_seconds", "mysql_longest_lock_wait_seconds"),
        "mysql_lock_waiting_sessions",
    ):
        assert first.samples.get(name) is None, name
    assert first.samples.get("mysql_global_status_innodb_row_lock_current_waits") == 1
    assert (first.samples.get("mysql_global_status_threads_running") or 0) >= 1
    assert first.status is Status.OK
    assert "1 waiting for a row, not seen who" in first.message

    await mysql_watch.again(probe)
    later = await mysql_watch.again(probe)

    assert (later.status, later.reason) == (Status.WARNING, "latency")
    assert later.message == (
        "locks: 1 transaction waits for a row, at every look for 10 s; who holds it cannot be "
        "seen: GRANT PROCESS ON *.* TO 'nobody'@'%'"
    )
    holder.run("ROLLBACK")
    waiter.wait()
    until(lambda: accounts.status("Innodb_row_lock_current_waits") == 0)
    assert (await mysql_watch.again(probe)).status is Status.OK


async def test_what_is_granted_meanwhile_is_taken_up_within_a_minute(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    accounts.execute(
        "CREATE OR REPLACE USER late@'%' IDENTIFIED BY 'x'",
        "CREATE TABLE other (id INT)",
        f"GRANT SELECT ON {accounts.name}.other TO late@'%'",
    )
    client = Client(accounts)
    query = {"metric": "money", "sql": "SELECT SUM(balance) AS value FROM accounts"}
    probe = mysql_watch.probe(accounts.url_of("late"), password="x", queries=[query])
    first = await probe.run()
    assert facts_of(first).blind
    assert (first.status, first.reason) == (Status.UNKNOWN, "permission")

    accounts.execute(
        "GRANT PROCESS, SLAVE MONITOR ON *.* TO late@'%'",
        f"GRANT SELECT ON {accounts.name}.* TO late@'%'",
    )
    assert facts_of(await mysql_watch.again(probe)).blind
    logins = accounts.status("Connections")
    result = await mysql_watch.again(probe, 55)

    assert result.status is Status.OK, result.message
    assert result.samples.get("money") == 30
    assert facts_of(result).blind == ""
    facts = await seen(probe, mysql_watch)
    assert row_of(facts, client.pid).user == OWNER
    assert result.samples.get("mysql_lock_waiting_sessions") == 0
    # Both connections came in anew, once, without a trace among the aborted; the look is one.
    assert accounts.status("Connections") - logins == 3
    assert len([one for one in facts.sessions or () if one.user == "late"]) == 2
    await mysql_watch.again(probe, 60)
    assert accounts.status("Connections") - logins == 4


async def test_more_sessions_than_are_shown(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--max-connections=600")
    many = [Client(database) for _ in range(520)]
    many[7].begin("SELECT SLEEP(20)")
    until(busy(database, many[7].pid))
    probe = mysql_watch.probe(database)

    facts = await seen(probe, mysql_watch)

    assert facts.connections is not None
    assert facts.connections >= 521
    assert len(facts.sessions or ()) == 500
    assert facts.sessions_left_out == facts.connections - 500
    assert row_of(facts, many[7].pid).query == "SELECT SLEEP(20)"
    assert dict(facts.by_state)["Sleep"] >= 519
    await probe.act("terminate", row_of(facts, many[7].pid).id)
    many[7].wait()
    database.close()


async def test_who_holds_a_definition(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    """Where performance_schema sees metadata locks; elsewhere only that somebody waits."""
    database = mariadb_servers.start(
        "--performance-schema=ON",
        "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
        "--performance-schema-consumer-events-statements-current=ON",
    )
    database.execute("CREATE DATABASE shop", "CREATE TABLE shop.accounts (id INT PRIMARY KEY)")
    holder, changer, reader = (Client(database) for _ in range(3))
    holder.run("BEGIN")
    holder.run("SELECT * FROM shop.accounts")
    changer.begin("ALTER TABLE shop.accounts ADD COLUMN a INT")
    until(waits_for_a_definition(database, changer.pid))
    reader.begin("SELECT * FROM shop.accounts")
    until(waits_for_a_definition(database, reader.pid))
    probe = mysql_watch.probe(database)

    facts = await seen(probe, mysql_watch)

    waiting = row_of(facts, changer.pid)
    assert row_of(facts, holder.pid).id in waiting.blocked_by
    assert waiting.waiting == "metadata lock of shop.accounts"
    assert row_of(facts, changer.pid).id in row_of(facts, reader.pid).blocked_by
    assert row_of(facts, holder.pid).query == "SELECT * FROM shop.accounts"
    assert row_of(facts, holder.pid).application == ""
    assert {row.application for row in facts.sessions or () if row.own} == {"onwatch"}
    holder.run("COMMIT")
    changer.wait()
    reader.wait()


async def test_a_waiting_session_whose_holder_is_not_seen(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    holder, changer = Client(accounts), Client(accounts)
    holder.run("BEGIN")
    holder.run("SELECT * FROM accounts")
    changer.begin("ALTER TABLE accounts ADD COLUMN a INT")
    until(waits_for_a_definition(accounts, changer.pid))

    facts = await seen(mysql_watch.probe(accounts), mysql_watch)

    row = row_of(facts, changer.pid)
    assert (row.waiting, row.blocked_by) == ("Waiting for table metadata lock", ())
    holder.run("COMMIT")
    changer.wait()


@pytest.mark.parametrize("listed", [300, 0])
async def test_few_and_many_sessions_are_seen_alike(
    accounts: MariadbDatabase,
    mysql_watch: MysqlWatch,
    monkeypatch: pytest.MonkeyPatch,
    listed: int,
) -> None:
    """MariaDB is asked for all of a few sessions, and to choose among many."""
    monkeypatch.setattr(pulse, "LISTED", listed)
    idle, working = Client(accounts), Client(accounts)
    idle.run("BEGIN")
    idle.run("UPDATE accounts SET balance = 5 WHERE id = 2")
    long = "SELECT SLEEP(1.6), '" + "x" * 200 + "'"
    working.begin(long)
    time.sleep(1.05)

    result = await mysql_watch.once(accounts)

    facts = facts_of(result)
    assert row_of(facts, working.pid).query == long
    assert row_of(facts, idle.pid).transaction
    assert dict(facts.by_state)["Query"] >= 2
    assert (result.samples.get("mysql_longest_query_seconds") or 0) >= 1
    threads = "mysql_info_schema_processlist_threads"
    assert result.samples.get(threads, command="sleep", state="unknown")
    idle.run("ROLLBACK")
    working.wait()


async def test_how_far_a_change_of_a_table_is(
    accounts: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    accounts.execute(
        "CREATE TABLE large (id INT PRIMARY KEY) ENGINE=InnoDB",
        "INSERT INTO large SELECT seq FROM seq_1_to_1000",
    )
    changer = Client(accounts)
    probe = mysql_watch.probe(accounts)
    probe.attend(True)
    await probe.run()
    # Each row it copies costs a digest of 3 MB, so that it is still at it when it is looked at.
    costly = "SHA2(REPEAT(id, 1000000), 512) <> ''"
    changer.begin(f"ALTER TABLE large ADD CHECK ({costly}), ALGORITHM=COPY")
    states = set()
    while changer.runs:
        rows = facts_of(await mysql_watch.again(probe)).sessions or ()
        states |= {row.state for row in rows if row.pid == changer.pid}
        if any(re.fullmatch(r"copy to tmp table 1/\d \d+ %", state) for state in states):
            break
    else:
        pytest.fail(f"told {states}, {changer.error}")
    accounts.execute(f"KILL {changer.pid}")
    changer.wait()


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("UPDATE quota SET used = 1", True),
        ("BEGIN", True),
        ("SELECT * FROM commit_log FOR UPDATE", True),
        ("COMMIT", False),
        ("rollback;", False),
        ("", False),
    ],
)
def test_a_statement_that_ended_a_transaction_is_not_what_an_idle_session_holds(
    last: str, told: bool
) -> None:
    idle = Process(7, "quota", "10.0.0.1", "shop", "Sleep", 55.0, "", 0, "")
    assert tells_what_it_holds(idle, last) is told
    assert not tells_what_it_holds(replace(idle, info="SELECT 1"), last)
