"""PostgreSQL servers in trouble: each fault has its sentence, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from checks.model import Result, Status
from tests.patience import PATIENCE, tried_again
from tests.reliability import UserSees
from tests.servers.http import full_socket
from tests.servers.postgres import PostgresDatabase, PostgresServers, PostgresWatch, until
from tui.demo.postgres_server import PostgresServer


@pytest_asyncio.fixture
async def own(postgres_servers: PostgresServers) -> AsyncIterator[PostgresDatabase]:
    """A server of the test's own."""
    database = PostgresDatabase(postgres_servers.start())
    yield database
    await database.close()


async def test_a_server_that_is_down(own: PostgresDatabase, postgres_watch: PostgresWatch) -> None:
    own.server.kill()
    result = await postgres_watch.once(own)
    assert result.status is Status.CRITICAL
    assert result.reason == "refused"
    assert not result.up
    assert result.message == (f"connection to 127.0.0.1:{own.port} refused: is the server running?")
    assert result.samples.get("pg_up") == 0
    assert result.samples.get("postgres_up") == 0
    by_socket = await postgres_watch.once(own.socket_url)
    assert by_socket.reason == "refused"
    socket_path = own.server.socket_folder / f".s.PGSQL.{own.port}"
    assert str(socket_path) in by_socket.message
    socket_path.unlink(missing_ok=True)
    gone = await postgres_watch.once(own.socket_url)
    assert gone.reason == "refused"
    assert f"there is no socket {socket_path}: is the server running?" in gone.message


async def test_it_comes_back_by_itself(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(own)
    assert (await probe.run()).status is Status.OK
    own.server.restart()
    result = await probe.run()
    assert result.status is Status.OK, result.message
    assert result.events[0].startswith("restarted: it has been up for")
    assert (await probe.run()).events == ()


async def test_a_server_that_is_killed_between_two_runs(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(own)
    await probe.run()
    own.server.kill()
    assert (await probe.run()).reason == "refused"
    own.server.start()
    assert (await probe.run()).status is Status.OK


async def test_a_server_that_is_killed_amid_a_statement(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    # A trigger for the moment: the slow query of the second connection is under way.
    query = {"metric": "one", "sql": "SELECT 1 AS value FROM pg_sleep(20)"}
    probe = postgres_watch.probe(own, queries=[query], timeout=10)
    running = asyncio.create_task(probe.run())
    await asyncio.to_thread(until, lambda: "1" in own.psql(_SLEEPERS))
    own.server.kill()
    result = await running
    assert result.status in (Status.CRITICAL, Status.UNKNOWN)
    assert any("ended the session" in part.message for part in result.parts) or not result.up


_SLEEPERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
    " AND pid <> pg_backend_pid()"
)


async def test_a_session_that_an_administrator_ends(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    await probe.run()
    await postgres_server.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'onwatch' AND datname = current_database()"
    )
    assert (await probe.run()).status is Status.OK


@tried_again
async def test_a_server_that_hangs_after_it_accepted(
    own: PostgresDatabase, postgres_watch: PostgresWatch, user_sees: UserSees
) -> None:
    own.server.freeze()
    began = time.monotonic()
    result = await postgres_watch.probe(own, timeout=2.0).run()
    took = time.monotonic() - began
    own.server.thaw()
    assert result.status is Status.CRITICAL
    assert result.reason == "timeout"
    assert "accepts connections but did not agree on TLS within 1.8 s" in result.message
    user_sees("PostgreSQL hangs", result)
    assert took < 2.0


def connections_to(port: int) -> list[int]:
    """Ports of our ends of open connections to ``port``."""
    found = psutil.Process().net_connections("tcp")
    return [
        one.laddr.port for one in found if one.status == "ESTABLISHED" and one.raddr.port == port
    ]


async def test_one_connection_waits_for_a_server_that_hangs(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    own.server.freeze()
    probe = postgres_watch.probe(own, timeout=0.3)
    for _ in range(4):
        assert (await probe.run()).reason == "timeout"
    ours = connections_to(own.port)
    own.server.thaw()
    assert len(ours) == 1
    came_back = False
    for _ in range(50):
        if came_back := (await probe.run()).status is Status.OK:
            break
    assert came_back
    await probe.close()


async def test_a_connection_that_waits_is_closed_with_the_check(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    own.server.freeze()
    probe = postgres_watch.probe(own, timeout=0.3)
    await probe.run()
    await probe.close()
    own.server.thaw()
    assert connections_to(own.port) == []


@tried_again
async def test_a_server_that_hangs_amid_its_work(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(own, timeout=2.0)
    assert (await probe.run()).status is Status.OK
    own.server.freeze()
    began = time.monotonic()
    result = await probe.run()
    took = time.monotonic() - began
    own.server.thaw()
    assert took < 2.0
    assert result.reason == "timeout"
    assert result.message == (
        f"127.0.0.1:{own.port} gave no answer within 1.8 s: it hangs, or is overloaded"
    )
    assert (await probe.run()).status is Status.OK


async def test_a_run_that_is_cancelled_leaves_no_session(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    query = {"metric": "one", "sql": "SELECT 1 AS value FROM pg_sleep(300)"}
    probe = postgres_watch.probe(postgres_server, queries=[query], timeout=4.0)
    running = asyncio.create_task(probe.run())
    await asyncio.to_thread(until, lambda: "1" in postgres_server.psql(_SLEEPERS))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'onwatch'"
    here = f"{ours} AND datname = current_database()"
    # The server itself ends the statement, at the limit that the session asked it for.
    await asyncio.to_thread(until, lambda: postgres_server.psql(here) == "0")
    assert (await probe.run()).status is not Status.CRITICAL


async def test_a_server_that_starts_up(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    """A standby whose primary is nowhere and whose log ends amid nothing consistent."""
    primary = postgres_servers.start()
    standby = postgres_servers.replica(primary)
    # With its label and without the log that it names, it waits for that for ever.
    for segment in (standby.data / "pg_wal").glob("0*"):
        segment.unlink()
    primary.kill()
    standby.start(wait=False)
    database = PostgresDatabase(standby)
    result = await _once_it_listens(postgres_watch, database)
    standby.kill()
    assert result.status is Status.CRITICAL
    assert result.reason == "loading"
    assert result.up
    assert result.value == "not yet"
    assert result.samples.get("pg_up") == 0
    assert "lets nobody in" in result.message


async def _once_it_listens(watch: PostgresWatch, database: PostgresDatabase) -> Result:
    probe = watch.probe(database)
    for _ in range(round(PATIENCE / 0.01)):
        result = await probe.run()
        if result.reason != "refused":
            break
        await asyncio.sleep(0.01)
    return result


async def test_a_server_that_shuts_down_while_a_client_lingers(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    lingering = await own.connect()
    os.kill(own.server.pid, signal.SIGTERM)
    await asyncio.to_thread(until, lambda: "smart shutdown" in own.server.said())
    result = await postgres_watch.once(own)
    assert result.reason == "loading"
    assert result.message == f"127.0.0.1:{own.port} is shutting down and lets nobody in"
    assert await lingering.fetchval("SELECT 1") == 1


async def test_a_server_that_recovers_from_a_crash(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """A backend dies of SIGKILL while another takes no notice of the order to end."""
    stubborn = await own.connect()
    victim = await own.connect()
    os.kill(stubborn.get_server_pid(), signal.SIGSTOP)
    os.kill(victim.get_server_pid(), signal.SIGKILL)
    await asyncio.to_thread(until, lambda: "terminating any other" in own.server.said())
    result = await postgres_watch.once(own)
    os.kill(stubborn.get_server_pid(), signal.SIGKILL)
    assert result.reason == "loading"
    assert "recovers from a crash and lets nobody in" in result.message


async def test_a_server_without_a_free_connection(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    database = PostgresDatabase(
        postgres_servers.start(max_connections="6", superuser_reserved_connections="2")
    )
    database.psql("CREATE ROLE onwatch LOGIN IN ROLE pg_monitor")
    kept = postgres_watch.probe(database.url_of("onwatch"))
    assert (await kept.run()).status is Status.OK
    for _ in range(3):
        await database.connect("onwatch")
    held = await kept.run()
    assert held.status is Status.CRITICAL
    assert held.reason == "limit"
    assert held.message.startswith("100 % of connections used (4/4): 3 idle, 1 active")
    assert held.samples.get("pg_connections_used") == 4
    assert held.samples.get("pg_connections_usable") == 4
    late = await postgres_watch.once(database.url_of("onwatch"))
    assert late.status is Status.CRITICAL
    assert late.reason == "limit"
    assert "has no connection left" in late.message
    assert late.samples.get("pg_up") == 1
    await database.close()


@pytest.mark.parametrize("kind", ["role", "database"])
async def test_a_limit_of_ours_is_no_outage(
    kind: str, postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    name = "few" if kind == "role" else postgres_server.name
    await postgres_server.execute("DROP ROLE IF EXISTS few; CREATE ROLE few LOGIN")
    await postgres_server.execute(f'ALTER {kind} "{name}" CONNECTION LIMIT 1')
    await postgres_server.connect("few")
    result = await postgres_watch.once(postgres_server.url_of("few"))
    assert (result.status, result.reason) == (Status.WARNING, "limit")
    assert result.samples.get("pg_up") == 1
    assert f"{kind} {name} has used up its CONNECTION LIMIT" in result.message
    assert f"ALTER {kind.upper()} {name} CONNECTION LIMIT 50" in result.message


@asynccontextmanager
async def talker(greeting: bytes | None) -> AsyncIterator[str]:
    """A server that says one thing and hangs up, or, with None, never says anything."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greeting is None:
            await reader.read()
        else:
            writer.write(greeting)
            await reader.read(100)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    # Not waited for: whoever gets no answer keeps the connection, and asks again by it.
    server.close()


@pytest.mark.parametrize(
    "greeting",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"J\x00\x00\x00\x0a10.11.6-MariaDB\x00",
        b"-ERR unknown command\r\n",
        b"N\x00\x00",
        b"NR\xff\xff\xff\xff",
        b"NE\x00\x00\x00\x02",
        b"\x00" * 50,
    ],
)
@pytest.mark.parametrize("options", ["", "?sslmode=disable"])
async def test_what_is_not_postgresql(
    greeting: bytes, options: str, postgres_watch: PostgresWatch
) -> None:
    async with talker(greeting) as url:
        result = await postgres_watch.once(url + options)
    assert result.status is Status.CRITICAL
    assert result.reason == "protocol"
    assert not result.up
    assert "does not speak PostgreSQL's protocol" in result.message or (
        "closed the connection without an answer" in result.message
    )


async def test_another_protocol_is_left_alone_for_a_while(postgres_watch: PostgresWatch) -> None:
    came = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        writer.write(b"J\x00\x00\x00\x0a10.11.6-MariaDB\x00")
        await reader.read(100)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        probe = postgres_watch.probe(f"postgresql://a@127.0.0.1:{port}/a")
        for pause, times in ((59, 1), (2, 1), (100, 2), (21, 2), (0, 3)):
            for _ in range(3):
                result = await probe.run()
                assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
            assert came == times
            await postgres_watch.clock.advance(pause)


async def test_what_hangs_up_at_once(postgres_watch: PostgresWatch) -> None:
    async with talker(b"") as url:
        result = await postgres_watch.once(url)
    assert result.reason == "protocol"
    assert "closed the connection without an answer: is it PostgreSQL?" in result.message


async def test_what_never_says_anything(postgres_watch: PostgresWatch) -> None:
    async with talker(None) as url:
        result = await postgres_watch.probe(f"{url}?sslmode=disable", timeout=1.0).run()
    assert result.reason == "timeout"
    assert "accepts connections but said nothing within 900 ms" in result.message


async def test_an_error_with_escapes_and_odd_bytes(postgres_watch: PostgresWatch) -> None:
    fields = b"SFATAL\0C53300\0Mtoo \x1b[31mmany\xff\0\0"
    message = b"NE" + (len(fields) + 4).to_bytes(4, "big") + fields
    async with talker(message) as url:
        result = await postgres_watch.once(url)
    assert result.reason == "limit"
    assert "too many" in result.message
    assert "\x1b" not in result.message


async def test_a_full_backlog_is_a_timeout(postgres_watch: PostgresWatch) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        port = sock.getsockname()[1]
        result = await postgres_watch.probe(f"postgresql://a@127.0.0.1:{port}/a", timeout=0.3).run()
    assert result.status is Status.CRITICAL
    assert result.reason == "timeout"


async def test_a_socket_that_takes_no_connections(
    postgres_watch: PostgresWatch, tmp_path: Path
) -> None:
    path = tmp_path / ".s.PGSQL.5432"
    with full_socket(path):
        result = await postgres_watch.probe(f"postgresql://a@/a?host={tmp_path}").run()
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert result.message == f"{path} takes no more connections: does the server hang?"


async def test_a_name_that_is_none(postgres_watch: PostgresWatch) -> None:
    result = await postgres_watch.once("postgresql://a@name.invalid/a")
    assert result.reason == "dns"
    assert "cannot resolve name.invalid" in result.message


async def test_two_connections_at_most(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    query = {"metric": "one", "sql": "SELECT 1 AS value"}
    probe = postgres_watch.probe(postgres_server, queries=[query])
    for _ in range(3):
        await probe.run()
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'onwatch'"
    assert postgres_server.psql(f"{count} AND datname = current_database()") == "2"
    await probe.close()
    until(lambda: postgres_server.psql(f"{count} AND datname = current_database()") == "0")


async def test_our_sessions_read_only_and_bounded_by_the_server(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    settings = (
        *("default_transaction_read_only", "statement_timeout", "lock_timeout"),
        *("idle_in_transaction_session_timeout", "application_name", "jit"),
    )
    sql = " UNION ALL ".join(
        f"SELECT 1 AS value, '{name}' AS name, current_setting('{name}') AS setting"
        for name in settings
    )
    query = {"metric": "setting", "sql": sql, "labels": ["name", "setting"]}
    result = await postgres_watch.once(postgres_server, queries=[query])
    found = {
        series.label("name"): series.label("setting")
        for series in result.samples.series
        if series.name == "setting"
    }
    assert found == {
        "default_transaction_read_only": "on",
        "statement_timeout": "2240ms",
        "lock_timeout": "1120ms",
        "idle_in_transaction_session_timeout": "1min",
        "application_name": "onwatch",
        "jit": "off",
    }


async def test_the_log_of_a_healthy_server_stays_quiet(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    server: PostgresServer = postgres_servers.start()
    before = len(server.said())
    probe = postgres_watch.probe(PostgresDatabase(server))
    await probe.run()
    await probe.run()
    await probe.close()
    assert server.said()[before:] == ""


@tried_again
async def test_a_system_table_that_somebody_holds(
    own: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """It lets us in and gets nothing done; the server itself ends what we asked."""
    probe = postgres_watch.probe(own, timeout=2.0)
    assert (await probe.run()).status is Status.OK
    link = await own.connect()
    await link.execute("BEGIN; LOCK TABLE pg_database")
    began = time.monotonic()
    result = await probe.run()
    took = time.monotonic() - began
    await link.execute("ROLLBACK")
    assert took < 2.0
    assert result.status is Status.CRITICAL
    assert result.reason == "timeout"
    assert result.up
    assert "lets us in and does not finish a short statement" in result.message
    assert (await probe.run()).status is Status.OK
