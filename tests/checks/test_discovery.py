"""What runs is found, said to be what it is, and not bothered: against real servers."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from checks.discovery.greetings import Talk, ask
from checks.discovery.model import Web
from checks.discovery.programs import Role
from checks.discovery.survey import Survey
from checks.lanes import Lanes
from tests.checks.discovery_kit import look, machine, only
from tests.patience import PATIENCE
from tests.servers.http import HttpServer, RawServer
from tests.servers.mariadb import MariadbDatabase, MariadbServers
from tests.servers.postgres import PostgresDatabase, PostgresServers
from tests.servers.redis import RedisServer, free_port

Raw = Callable[[Callable[[socket.socket], None]], RawServer]


async def test_postgresql_is_known_by_its_process_and_has_its_socket(
    postgres_server: PostgresDatabase,
) -> None:
    folder = str(postgres_server.server.socket_folder)
    service = only(await look(postgres_server.port, sockets=folder))
    assert (service.kind, service.host) == ("postgres", "127.0.0.1")
    assert service.port == postgres_server.port
    assert service.path == f"{folder}/.s.PGSQL.{service.port}"


async def test_mariadb_is_known_by_its_process_and_has_its_socket(
    mariadb_server: MariadbDatabase,
) -> None:
    path = str(mariadb_server.server.socket)
    service = only(await look(mariadb_server.port, sockets=path))
    assert (service.kind, service.host) == ("mysql", "127.0.0.1")
    assert (service.port, service.path) == (mariadb_server.port, path)


async def test_redis_is_known_by_its_process(redis_server: RedisServer) -> None:
    service = only(await look(redis_server.port))
    assert (service.kind, service.host, service.port) == ("redis", "127.0.0.1", redis_server.port)


async def test_a_redis_with_a_unix_socket_alone_is_found(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    path = str(tmp_path / "r")
    server.start("--port", "0", "--unixsocket", path, wait=False)
    try:
        server.wait_for(lambda: Path(path).exists())
        service = only(await look(sockets=path))
    finally:
        server.kill()
    assert (service.kind, service.port, service.path) == ("redis", 0, path)


@pytest.fixture
def held_database(tmp_path: Path) -> Iterator[Path]:
    """A database in WAL mode that another process holds open."""
    path = tmp_path / "shop" / "orders.db"
    path.parent.mkdir()
    code = (
        "import sqlite3, sys\n"
        "link = sqlite3.connect(sys.argv[1])\n"
        "link.execute('PRAGMA journal_mode = WAL')\n"
        "link.execute('CREATE TABLE t(x)')\n"
        "link.commit()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        yield path
        holder.communicate()


async def test_five_servers_are_found_within_the_budget(
    postgres_server: PostgresDatabase,
    mariadb_server: MariadbDatabase,
    redis_server: RedisServer,
    http_server: HttpServer,
    held_database: Path,
) -> None:
    http_server.answer("/health", {"status": "ok"})
    ports = [s.port for s in (postgres_server, mariadb_server, redis_server, http_server)]
    took = []
    for _ in range(3):
        before = time.monotonic()
        seen = await look(*ports, files=str(held_database.parent))
        took.append(time.monotonic() - before)
        kinds = sorted(one.kind for one in seen.services)
        assert kinds == ["http", "mysql", "postgres", "redis", "sqlite"]
        assert seen.settled
    # 15 ms; others on the machine may get in the way of one look, and not of all.
    assert min(took) < 0.3


async def test_a_database_file_that_a_process_holds_open_is_found(held_database: Path) -> None:
    found = only(await look(files=str(held_database.parent)))
    assert (found.kind, found.path) == ("sqlite", str(held_database))


async def test_files_that_onwatch_itself_holds_open_are_no_services(tmp_path: Path) -> None:
    own = tmp_path / "own.db"
    with closing(sqlite3.connect(own)) as link:
        link.execute("CREATE TABLE t(x)")
        link.commit()
        assert only(await look(files=str(tmp_path))).path == str(own)
        assert (await look(files=str(tmp_path), me=os.getpid())).services == ()


# HTTP: which page, and over what.


async def page(port: int) -> Web:
    web = only(await look(port)).web
    assert web is not None
    return web


@pytest.mark.parametrize(
    "path", ["/health", "/healthz", "/api/health", "/actuator/health", "/-/healthy", "/metrics"]
)
async def test_the_page_of_health_is_found(http_server: HttpServer, path: str) -> None:
    http_server.answer(path, "well")
    http_server.answer("/", "<html>", headers={"Content-Type": "text/html"})
    assert await page(http_server.port) == Web(path, False, 200)


@pytest.mark.parametrize(
    ("body", "kind", "metrics"),
    [
        ("# HELP up It runs.\nup 1\n", "text/plain", True),
        ("up 1\n", "text/plain; version=0.0.4; charset=utf-8", True),
        ("# EOF\n", "application/openmetrics-text; version=1.0.0", True),
        ("up 1\n", "text/plain", False),
        ("{}", "application/json", False),
    ],
)
async def test_a_page_of_metrics_is_known_as_one(
    http_server: HttpServer, body: str, kind: str, metrics: bool
) -> None:
    http_server.answer("/metrics", body, headers={"Content-Type": kind})
    assert await page(http_server.port) == Web("/metrics", False, 200, metrics)


async def test_the_first_of_several_pages_is_taken(http_server: HttpServer) -> None:
    http_server.answer("/metrics", "up 1\n")
    http_server.answer("/healthz", "ok")
    assert (await page(http_server.port)).path == "/healthz"
    assert [request.path for request in http_server.requests] == ["/health", "/healthz"]
    assert http_server.connections == 1


async def test_a_document_that_says_it_is_ill_is_one(http_server: HttpServer) -> None:
    http_server.answer("/health", {"status": "down"}, status=503)
    assert await page(http_server.port) == Web("/health", False, 503)


async def test_a_site_that_answers_everything_with_its_front_page_has_no_health_page(
    http_server: HttpServer,
) -> None:
    for path in ("/health", "/healthz", "/api/health", "/metrics", "/-/healthy", "/"):
        http_server.answer(path, "<!doctype html><p>hello", headers={"Content-Type": "text/html"})
    assert await page(http_server.port) == Web("/", False, 200)


@pytest.mark.parametrize("status", [200, 302, 401, 404, 500])
async def test_without_a_health_page_the_front_page_is_watched(
    http_server: HttpServer, status: int
) -> None:
    http_server.answer("/", "", status=status, headers={"Location": "https://shop.example/"})
    assert await page(http_server.port) == Web("/", False, status)


async def test_a_server_behind_tls_is_asked_over_tls(
    https_server: Callable[[None], HttpServer],
) -> None:
    server = https_server(None)
    server.answer("/health", {"status": "ok"})
    assert await page(server.port) == Web("/health", True, 200)


async def test_a_server_that_closes_after_each_answer_is_asked_on(http_server: HttpServer) -> None:
    for path in ("/health", "/healthz"):
        http_server.answer(path, "no", status=404, close=True)
    http_server.answer("/api/health", "ok", close=True)
    assert (await page(http_server.port)).path == "/api/health"


async def test_a_slow_page_is_found_by_a_later_look_that_has_more_time(
    http_server: HttpServer,
) -> None:
    http_server.answer("/health", {"status": "ok"}, delay=0.8)
    lanes = Lanes()
    survey = Survey(machine(http_server.port), lanes)
    first = await survey.look(time.monotonic() + 0.5, {})
    assert not first.settled
    assert first.services == ()
    second = await survey.look(time.monotonic() + 3, {})
    lanes.close()
    assert only(second).web == Web("/health", False, 200)
    assert second.settled


async def test_what_has_been_recognised_is_not_asked_again(http_server: HttpServer) -> None:
    http_server.answer("/health", {"status": "ok"})
    lanes = Lanes()
    survey = Survey(machine(http_server.port), lanes)
    found = [only(await survey.look(time.monotonic() + 1, {})) for _ in range(3)]
    lanes.close()
    assert found[0] == found[1] == found[2]
    assert len(http_server.requests) == 1


async def test_a_restarted_server_is_recognised_anew(http_server: HttpServer) -> None:
    http_server.answer("/health", {"status": "ok"})
    lanes = Lanes()
    survey = Survey(machine(http_server.port), lanes)
    only(await survey.look(time.monotonic() + 1, {}))
    http_server.stop()
    assert (await survey.look(time.monotonic() + 1, {})).services == ()
    http_server.start()
    assert only(await survey.look(time.monotonic() + 1, {})).web == Web("/health", False, 200)
    lanes.close()


# Sockets that say nothing or something else.


def say_nothing(connection: socket.socket) -> None:
    """Until the other side gives up."""
    while connection.recv(1000):
        pass


async def test_a_socket_that_hangs_costs_no_more_than_the_budget(raw_server: Raw) -> None:
    hung = [raw_server(say_nothing) for _ in range(5)]
    began = time.monotonic()
    seen = await look(*(server.port for server in hung), seconds=1.0)
    assert time.monotonic() - began < 4.0, "all are asked at once"
    assert not seen.settled


async def test_a_server_that_hangs_behind_tls_costs_no_more_either(
    https_server: Callable[[None], HttpServer],
) -> None:
    server = https_server(None)
    server.answer("/health", "ok", delay=30)
    began = time.monotonic()
    assert not (await look(server.port, seconds=0.6)).settled
    assert time.monotonic() - began < 10


async def test_a_program_that_hangs_is_shown_as_a_server_of_pages_once_it_had_its_time(
    raw_server: Raw,
) -> None:
    """What takes connections here and says nothing is a program in Python: this test."""
    server = raw_server(say_nothing)
    lanes = Lanes()
    survey = Survey(machine(server.port), lanes)
    found = [await survey.look(time.monotonic() + 0.6, {}) for _ in range(2)]
    lanes.close()
    assert found[0].services == ()
    assert only(found[1]).web == Web("/", False, 0)


# Etiquette: what the servers' logs say of having been asked.


async def recognised(port: int) -> Role | None:
    """What a server is by its answer alone, as if nobody could see its process."""
    talk = Talk()
    async with asyncio.timeout(PATIENCE):
        await ask("127.0.0.1", port, talk)
    return talk.role


async def test_redis_logs_nothing_of_being_asked(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start("--loglevel", "notice")
    try:
        before = (tmp_path / "log").read_text()
        assert await recognised(server.port) is Role.REDIS
        server.set(requirepass="open-sesame")
        assert await recognised(server.port) is Role.REDIS
        await look(server.port)
        await asyncio.sleep(0.1)
        server.hang_up()
        server.password = "open-sesame"
        assert not [name for name in server.call("INFO", "errorstats").split() if b"ERR" in name]
        assert (tmp_path / "log").read_text() == before
    finally:
        server.kill()


async def test_a_redis_that_is_full_or_protected_is_one(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start("--maxclients", "1", wait=False)
    try:
        server.wait_for(lambda: server.call("PING") == b"PONG")
        assert await recognised(server.port) is Role.REDIS
    finally:
        server.kill()


async def test_postgresql_logs_nothing_of_being_asked(postgres_servers: PostgresServers) -> None:
    server = postgres_servers.start(log_connections="off")
    before = server.said()
    assert await recognised(server.port) is Role.POSTGRES
    await look(server.port)
    await asyncio.sleep(0.1)
    assert server.said() == before


async def test_postgresql_with_tls_logs_nothing_of_being_asked(
    postgres_full_servers: PostgresServers, tmp_path: Path
) -> None:
    server = postgres_full_servers.create()
    certificate(server.data)
    server.settings = {**server.settings, "ssl": "on"}
    server.start()
    before = server.said()
    assert await recognised(server.port) is Role.POSTGRES
    await asyncio.sleep(0.1)
    assert server.said() == before


def certificate(data: Path) -> None:
    """A server's certificate where PostgreSQL looks for it."""
    owner = data.stat()
    made = trustme.CA().issue_cert("localhost")
    made.private_key_pem.write_to_path(data / "server.key")
    made.cert_chain_pems[0].write_to_path(data / "server.crt")
    for name in ("server.key", "server.crt"):
        os.chown(data / name, owner.st_uid, owner.st_gid)
        (data / name).chmod(0o600)


async def test_mariadb_counts_and_logs_nothing_of_being_found(
    mariadb_servers: MariadbServers,
) -> None:
    server = mariadb_servers.start("--log-warnings=9")
    counted = ("Aborted_connects", "Aborted_clients", "Connection_errors_internal")
    before = [server.status(name) for name in counted], server.server.said()
    for _ in range(3):
        assert only(await look(server.port)).kind == "mysql"
    await asyncio.sleep(0.1)
    assert ([server.status(name) for name in counted], server.server.said()) == before


async def test_mariadb_says_itself_what_it_is_to_whom_cannot_see_its_process(
    mariadb_servers: MariadbServers,
) -> None:
    """The one case that leaves a trace: docs/discovery.md says so."""
    server = mariadb_servers.start()
    assert await recognised(server.port) is Role.MYSQL


async def test_a_web_server_and_others_are_told_apart_by_their_answers(
    http_server: HttpServer, raw_server: Raw
) -> None:
    mail = raw_server(lambda connection: connection.sendall(b"220 mail ready\r\n"))
    assert await recognised(mail.port) is Role.TCP
    assert await recognised(raw_server(say_nothing).port) is None
    assert await recognised(http_server.port) is Role.HTTP


async def test_nothing_but_this_machine_is_contacted_and_nobody_where_nothing_listens() -> None:
    seen = await look(free_port())
    assert seen.services == ()
