"""A MariaDB server that is down, hangs, restarts or is full; queries that fail, hang or flood."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pymysql
import pytest

from checks.dial import Phases
from checks.errors import TargetError
from checks.model import Result, Status
from checks.probes.mysql.link import Link
from checks.probes.mysql.probe import MysqlProbe
from tests.patience import PATIENCE, tried_again
from tests.reliability import UserSees
from tests.servers.http import RawServer, full_backlog, full_socket
from tests.servers.mariadb import (
    MONITOR,
    OWNER,
    PASSWORD,
    MariadbDatabase,
    MariadbServers,
    MysqlWatch,
    facts_of,
    next_second,
)
from tests.servers.postgres import until

StartRaw = Callable[[Callable[[socket.socket], None]], RawServer]


@pytest.fixture
def own_server(mariadb_servers: MariadbServers) -> MariadbDatabase:
    return mariadb_servers.start()


def query(sql: str, **more: object) -> dict[str, object]:
    return {"metric": "figure", "sql": sql, **more}


def problem(result: Result) -> str:
    """What is wrong with the query ``figure``; its values have rows of the same name."""
    (part,) = (
        part
        for part in result.parts
        if part.name == "query figure" and part.status is not Status.OK
    )
    return part.message


# The server


async def test_a_server_that_dies_and_comes_back(
    own_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(own_server)
    assert (await probe.run()).status is Status.OK
    own_server.server.kill()

    down = await mysql_watch.again(probe)

    assert (down.status, down.reason, down.up) == (Status.CRITICAL, "refused", False)
    assert (
        down.message == f"connection to 127.0.0.1:{own_server.port} refused: is the server running?"
    )
    assert down.samples.get("mysql_up") == 0
    next_second()
    own_server.server.start()
    back = await mysql_watch.again(probe)
    assert back.status is Status.OK
    assert back.events[0].startswith("restarted: ")


async def test_a_server_that_was_restarted_between_two_runs(
    own_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(own_server)
    await probe.run()
    next_second()
    own_server.server.restart()

    result = await mysql_watch.again(probe)

    assert result.status is Status.OK
    assert "statements/s" not in result.message


async def test_a_server_that_is_killed_amid_a_statement(
    own_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(own_server, timeout=2.0, queries=[query("SELECT SLEEP(5) AS value")])
    running = asyncio.create_task(probe.run())
    asleep = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'"
    await asyncio.to_thread(until, lambda: own_server.fetch(asleep) == [(1,)])

    own_server.server.kill()

    # What it saw of the server before stands; what the query would have said is missing.
    amid = await running
    assert amid.status is not Status.OK
    assert amid.samples.get("figure") is None
    down = await mysql_watch.again(probe)
    assert (down.status, down.reason) == (Status.CRITICAL, "refused")


async def test_sessions_that_the_server_ends(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(mariadb_server, queries=[query("SELECT 7 AS value")])
    await probe.run()
    for (thread,) in mariadb_server.fetch(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'onwatch'"
    ):
        mariadb_server.execute(f"KILL {thread}")

    result = await mysql_watch.again(probe)

    assert result.status is Status.OK, result.message
    assert result.samples.get("figure") == 7


async def test_a_frozen_server_is_one_connection_and_no_mark(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch, user_sees: UserSees
) -> None:
    database = mariadb_servers.start()
    probe = mysql_watch.probe(database, timeout=0.5)
    assert (await probe.run()).status is Status.OK
    aborted = database.status("Aborted_connects")
    database.server.freeze()

    first = await mysql_watch.again(probe)
    later = [await mysql_watch.again(probe) for _ in range(4)]

    assert (first.status, first.reason) == (Status.CRITICAL, "timeout")
    assert first.message == f"127.0.0.1:{database.port} gave no answer within 450 ms: it hangs"
    user_sees("MariaDB hangs", first)
    assert {one.message for one in later} == {
        f"127.0.0.1:{database.port} accepts connections but sent no greeting within 450 ms: "
        "it hangs, or it is no MySQL"
    }
    database.server.thaw()
    back = await mysql_watch.again(probe)
    assert back.status is Status.OK, back.message
    assert database.status("Aborted_connects") == aborted


async def test_a_machine_that_takes_no_connections(mysql_watch: MysqlWatch) -> None:
    with full_backlog() as port:
        result = await mysql_watch.probe(f"mysql://{MONITOR}@127.0.0.1:{port}/", timeout=0.4).run()

    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert "not established within 360 ms" in result.message


async def test_a_socket_that_takes_no_connections(mysql_watch: MysqlWatch, tmp_path: Path) -> None:
    path = tmp_path / "mysqld.sock"
    with full_socket(path):
        result = await mysql_watch.probe(f"mysql://{MONITOR}@localhost/?socket={path}").run()

    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert result.message == f"{path} takes no more connections: does the server hang?"


async def test_connections_are_used_up(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch, user_sees: UserSees
) -> None:
    database = mariadb_servers.start("--max-connections=12")
    database.execute("CREATE USER plain@'%' IDENTIFIED BY 'x'")
    inside = mysql_watch.probe(database)
    assert (await inside.run()).status is Status.OK
    # One more than all is for those who may administrate.
    for _ in range(12 - database.status("Threads_connected") + 2):
        database.connect()
    with pytest.raises(pymysql.OperationalError):
        database.connect(user=MONITOR)

    result = await mysql_watch.again(inside)
    outside = await mysql_watch.once(f"mysql://plain@127.0.0.1:{database.port}/", password="x")

    assert (result.status, result.reason) == (Status.CRITICAL, "limit")
    assert result.message.startswith("connections: 1 refused in the last 5 s")
    assert result.samples.get(
        "mysql_global_status_connection_errors_total", error="max_connections"
    )
    assert (outside.status, outside.reason, outside.up) == (Status.CRITICAL, "limit", True)
    assert "has no connection left (max_connections)" in outside.message
    user_sees("a database whose connections are used up", outside)
    # The one that is inside can still make room.
    facts = facts_of(result)
    # Who had just gone may have been counted.
    assert facts.connections in {12, 13}
    inside.attend(True)
    rows = facts_of(await mysql_watch.again(inside)).sessions or ()
    victim = next(row for row in rows if row.user == OWNER)
    assert (
        await inside.act("terminate", victim.id)
        == f"session {victim.pid} was terminated from onwatch"
    )


async def test_most_connections_are_used(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--max-connections=12")
    probe = mysql_watch.probe(database)
    await probe.run()
    for _ in range(10 - database.status("Threads_connected") + 1):
        database.connect()

    result = await mysql_watch.again(probe)

    assert (result.status, result.reason) == (Status.WARNING, "limit")
    assert result.message == (
        "connections: 10 of 12 (83 %) in use: at 100 % further ones are refused"
    )


async def test_the_extra_port_is_a_way_in(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        extra = sock.getsockname()[1]
    database = mariadb_servers.start(
        "--max-connections=11", f"--extra-port={extra}", "--extra-max-connections=5"
    )
    database.execute(f"REVOKE CONNECTION ADMIN ON *.* FROM {MONITOR}@'%'")
    probe = mysql_watch.probe(database)
    assert (await probe.run()).status is Status.OK
    await probe._side.close()
    await probe._health.close()
    until(lambda: database.status("Threads_connected") <= 1)
    for _ in range(11):
        database.connect()

    result = await mysql_watch.again(probe)

    assert result.up
    assert result.samples.get("mysql_up") == 1
    assert facts_of(result).connections is not None


async def test_what_is_no_mysql(raw_server: StartRaw, mysql_watch: MysqlWatch) -> None:
    def said(data: bytes) -> str:
        return f"mysql://{MONITOR}@127.0.0.1:{raw_server(lambda s: _talk(s, data)).port}/"

    def _talk(link: socket.socket, data: bytes) -> None:
        link.sendall(data)
        link.recv(1000)

    garbage = (
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\xff\xff\xff\x00" + b"x" * 100,
        b"\x05\x00\x00\x00\x0a8.0",
        b"\x01\x00\x00\x00\x00",
        b"\x00\x00\x00\x00",
        b"220 mail.example ESMTP\r\n",
        bytes(range(256)),
    )
    for data in garbage:
        result = await mysql_watch.probe(said(data), timeout=0.6).run()
        assert result.status is Status.CRITICAL, data
        assert result.reason in ("protocol", "limit", "timeout"), result.message
        assert "127.0.0.1" in result.message, result.message


async def test_a_greeting_that_is_an_error(mysql_watch: MysqlWatch, raw_server: StartRaw) -> None:
    def refuse(link: socket.socket) -> None:
        text = b"\xff" + struct.pack("<H", 1040) + b"#08004Too many connections"
        link.sendall(struct.pack("<I", len(text))[:3] + b"\x00" + text)

    url = f"mysql://{MONITOR}@127.0.0.1:{raw_server(refuse).port}/"

    result = await mysql_watch.once(url)

    assert (result.reason, result.up) == ("limit", True)


async def test_a_server_that_hangs_up(mysql_watch: MysqlWatch, raw_server: StartRaw) -> None:
    url = f"mysql://{MONITOR}@127.0.0.1:{raw_server(lambda _: None).port}/"

    result = await mysql_watch.once(url)

    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "closed the connection without a greeting" in result.message


async def test_a_read_only_server_is_fine(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--read-only")

    result = await mysql_watch.once(database, queries=[query("SELECT 1 AS value")])

    assert result.status is Status.OK, result.message
    assert dict(result.facts)["role"] == "standalone, read-only"
    assert " standalone, read-only, " in result.message
    assert result.samples.get("mysql_global_variables_read_only") == 1


# Queries


async def test_a_query_that_fails_costs_its_own_figure(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    queries = [
        query("SELECT nothing FROM nowhere"),
        {"metric": "other", "sql": "SELECT 'a\x1b[31mb' AS who, 3 AS value", "labels": ["who"]},
    ]

    result = await mysql_watch.once(mariadb_server, queries=queries)

    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert "doesn't exist" in problem(result)
    assert result.samples.get("other", who="ab") == 3
    assert (result.samples.get("mysql_global_status_uptime") or -1) >= 0


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 'many' AS value", "holds 'many', which is no number"),
        ("SELECT 1 AS other", "has no column 'value'; it has other"),
        ("SELECT 1 AS value UNION ALL SELECT 2", "two rows have the same labels"),
        ("SELECT SLEEP(5) AS value", "it was stopped after"),
        ("SELECT * FROM mysql.global_priv", "command denied to user"),
    ],
)
async def test_what_is_wrong_with_a_query_is_said(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, sql: str, sentence: str
) -> None:
    mariadb_server.execute(
        "CREATE OR REPLACE USER narrow@'%' IDENTIFIED BY 'x'",
        f"GRANT SELECT ON {mariadb_server.name}.* TO narrow@'%'",
    )
    probe = mysql_watch.probe(
        mariadb_server.url_of("narrow"), password="x", timeout=1.0, queries=[query(sql)]
    )

    await probe.run()
    assert probe._side._work is not None
    await asyncio.wait({probe._side._work})
    result = await mysql_watch.again(probe, 0)

    assert sentence in problem(result)


async def test_what_is_wrong_with_the_server_is_said_before_a_query_that_is_denied(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute(
        "CREATE OR REPLACE USER narrow@'%' IDENTIFIED BY 'x'",
        f"GRANT SELECT ON {mariadb_server.name}.* TO narrow@'%'",
    )
    url = mariadb_server.url_of("narrow")
    denied = query("SELECT COUNT(*) AS value FROM mysql.global_priv")
    asked = (
        f"query {denied['metric']}: SELECT command denied to user 'narrow'@'localhost' for table "
        "`mysql`.`global_priv`: GRANT SELECT ON mysql.global_priv TO 'narrow'@'%'"
    )

    alone = await mysql_watch.once(url, password="x", queries=[denied])
    assert (alone.status, alone.reason, alone.message) == (Status.UNKNOWN, "permission", asked)

    full = {"connections_warning": 0.001, "connections_critical": 1}
    both = await mysql_watch.once(url, password="x", queries=[denied], **full)
    assert (both.status, both.reason) == (Status.UNKNOWN, "permission")
    assert both.message.startswith("connections: ")
    assert both.message.endswith(f"; {asked}")


async def test_a_query_that_hangs_is_ended_on_the_server(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """Even where the server's own limit does not reach it."""
    probe = mysql_watch.probe(
        mariadb_server, timeout=0.6, queries=[query("SELECT SLEEP(60) AS value")]
    )
    probe._side._session._seconds = 50.0
    running = (
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(60)%'"
    )
    result = await probe.run()
    assert result.samples.get("mysql_up") == 1
    assert mariadb_server.fetch(running) == [(1,)]

    for _ in range(round(PATIENCE / 0.05)):
        await asyncio.sleep(0.05)
        if mariadb_server.fetch(running) == [(0,)]:
            break

    assert mariadb_server.fetch(running) == [(0,)]
    result = await mysql_watch.again(probe, 0)
    assert "gave no answer within 0.48 s and was stopped" in problem(result)


async def test_a_query_whose_session_is_ended(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    sql = "SELECT SLEEP(50) AS value, 'to be killed'"
    probe = mysql_watch.probe(mariadb_server, timeout=60.0, queries=[query(sql)])
    run = asyncio.create_task(probe.run())
    running = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%to be killed%'"
    for _ in range(round(PATIENCE / 0.01)):
        await asyncio.sleep(0.01)
        if ours := [pid for (pid,) in mariadb_server.fetch(running) if pid == probe._side.thread]:
            break
    mariadb_server.execute(f"KILL {ours[0]}")

    result = await run

    assert result.up
    assert re.search("closed the connection|ended the session amid a statement", problem(result))


@tried_again
async def test_a_hanging_query_holds_up_nothing_else(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(
        mariadb_server, timeout=1.0, queries=[query("SELECT SLEEP(60) AS value")]
    )

    began = time.monotonic()
    result = await probe.run()

    assert time.monotonic() - began < 0.9
    assert (result.samples.get("mysql_global_status_uptime") or -1) >= 0
    assert result.duration is not None
    assert result.duration < 0.3


async def test_a_million_rows_are_not_read(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(
        mariadb_server,
        queries=[query("SELECT seq AS n, seq AS value FROM seq_1_to_1000000", labels=["n"])],
    )
    sent = mariadb_server.status("Bytes_sent")

    result = await probe.run()

    assert (result.status, result.reason) == (Status.WARNING, "limit")
    assert problem(result) == "query figure yields too many rows; those past 100 are left out"
    found = [s for s in result.samples.series if s.name == "figure"]
    assert len(found) == 100
    assert mariadb_server.status("Bytes_sent") - sent < 200_000


async def test_a_flood_that_the_server_cannot_be_told_of_is_given_up(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """``sql_select_limit`` does not reach into a statement with a LIMIT of its own."""
    sql = "SELECT seq AS n, seq AS value FROM seq_1_to_1000000 LIMIT 1000000"
    probe = mysql_watch.probe(mariadb_server, queries=[query(sql, labels=["n"])])

    result = await probe.run()

    assert problem(result) == "query figure yields too many rows; those past 100 are left out"
    again = await mysql_watch.again(probe)
    assert len([s for s in again.samples.series if s.name == "figure"]) == 100


async def test_a_cell_of_a_hundred_megabytes_is_not_read(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--max-allowed-packet=256M")
    database.execute(
        "CREATE TABLE blobs (id INT PRIMARY KEY, body LONGBLOB)",
        "INSERT INTO blobs VALUES (1, REPEAT('x', 100000000))",
    )
    sql = "SELECT 1 AS value, body FROM mysql.blobs"
    probe = mysql_watch.probe(
        database,
        timeout=5.0,
        queries=[query(sql), query("SELECT 2 AS value") | {"metric": "other"}],
    )
    result = await probe.run()
    for _ in range(50):
        if result.samples.get("other") is not None:
            break
        await asyncio.sleep(0.1)
        result = await mysql_watch.again(probe, 0)

    assert "more than 1,000,000 bytes in a row" in problem(result)
    assert result.samples.get("other") == 2


async def test_text_that_is_no_text(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute(
        "CREATE TABLE `od\x07d\u202e name` (name VARBINARY(20), n INT)",
        "INSERT INTO `od\x07d\u202e name` VALUES (x'ff1b5b33316dfe', 4)",
    )
    sql = "SELECT name, n AS value FROM `od\x07d\u202e name`"
    link = mariadb_server.connect()
    with link.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT 1 AS `\x1b[2J\u202e` FROM DUAL WHERE 'x' <> '\udcff'".encode(
                "utf-8", "surrogateescape"
            )
        )
    probe = mysql_watch.probe(mariadb_server, queries=[query(sql, labels=["name"])])
    probe.attend(True)

    result = await probe.run()

    (series,) = (s for s in result.samples.series if s.name == "figure")
    assert series.label("name").isprintable()
    facts = facts_of(result)
    shown = [row.query for row in facts.sessions or ()]
    shown += [cell for table in facts.tables for row in table.rows for cell in row]
    assert all(text.isprintable() for text in shown)


async def test_a_query_cannot_write(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    mariadb_server.execute(
        "CREATE TABLE things (id INT) ENGINE=MyISAM",
        "INSERT INTO things VALUES (1)",
        "CREATE FUNCTION sneak() RETURNS INT BEGIN DELETE FROM things; RETURN 1; END",
    )
    queries = [
        query("SELECT sneak() AS value"),
        {"metric": "a", "sql": "WITH x AS (SELECT 1 AS value) SELECT value FROM x"},
    ]

    result = await mysql_watch.once(
        mariadb_server.url_of(OWNER), password=PASSWORD, queries=queries
    )

    assert "it tries to write; queries must only read" in problem(result)
    assert mariadb_server.fetch("SELECT id FROM things") == [(1,)]
    assert result.samples.get("a") == 1


async def test_closing_says_good_bye(own_server: MariadbDatabase, mysql_watch: MysqlWatch) -> None:
    probe = mysql_watch.probe(own_server, queries=[query("SELECT 1 AS value")])
    await probe.run()
    before = own_server.status("Aborted_clients")

    await probe.close()
    await asyncio.sleep(0.05)

    ours = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'onwatch'"
    until(lambda: own_server.fetch(ours) == [(0,)])
    assert own_server.status("Aborted_clients") == before


async def test_closing_amid_everything(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    async def cut(probe: MysqlProbe, after: float) -> None:
        task = asyncio.create_task(probe.run())
        await asyncio.sleep(after)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for step in range(12):
        probe = mysql_watch.probe(mariadb_server, queries=[query("SELECT SLEEP(1) AS value")])
        await cut(probe, step * 0.002)
        await probe.close()
    probe = mysql_watch.probe(mariadb_server)
    for step in range(12):
        await cut(probe, step * 0.002)
    assert (await probe.run()).status is Status.OK


async def test_two_connections_at_most(
    own_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(own_server, queries=[query("SELECT 1 AS value")])
    ours = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'onwatch'"
    for _ in range(5):
        await mysql_watch.again(probe, 61)
        assert own_server.fetch(ours) == [(2,)]


async def test_trouble_that_takes_longer_than_a_run_waits_is_told_at_the_next(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = mysql_watch.probe(mariadb_server, timeout=1.0, queries=[query("SELECT 1 AS value")])
    assert (await probe.run()).status is Status.OK

    async def late(phases: Phases) -> Link:
        await asyncio.sleep(0.7)
        raise TargetError("timeout", "nobody answers")

    monkeypatch.setattr(probe._side._session, "ensure", late)
    await mysql_watch.again(probe, 60)
    assert probe._side._work is not None
    await probe._side._work
    result = await mysql_watch.again(probe, 60)
    assert "second connection: nobody answers" in result.message
    assert result.samples.get("figure") is None, "it is a figure of a minute ago"


async def test_a_close_that_is_given_up_leaves_no_connection(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    """The engine waits half a second at its end, which is not enough on a busy machine."""
    probe = mysql_watch.probe(
        mariadb_server, queries=[{"metric": "one", "sql": "SELECT 1 AS value"}]
    )
    for _ in range(2):
        await mysql_watch.again(probe)
    links = [one._session._link for one in (probe._health, probe._side)]
    assert all(links)

    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    probe._side._work = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(probe.close(), 0.05)
    assert all(link is not None and link.closed for link in links)
