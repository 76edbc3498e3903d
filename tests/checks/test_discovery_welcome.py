"""PostgreSQL's Unix socket is taken where it lets us in, and tried once where it does not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from checks.discovery.model import Service
from checks.discovery.welcome import with_ways
from checks.lanes import Lanes
from tests.servers.postgres import PostgresServers, until
from tui.demo.postgres_server import PostgresServer

KEPT_OUT = ("local all all reject", "host all all 127.0.0.1/32 scram-sha-256")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def server(postgres_servers: PostgresServers) -> PostgresServer:
    made = postgres_servers.start()
    if os.geteuid() != 0:
        made.run(
            "createuser",
            "-h",
            str(made.socket_folder),
            "-p",
            str(made.port),
            "-U",
            "postgres",
            os.environ.get("USER", "nobody"),
        )
    return made


def service(server: PostgresServer) -> Service:
    path = f"{server.socket_folder}/.s.PGSQL.{server.port}"
    return Service("postgres", "127.0.0.1", server.port, path)


def reloaded(server: PostgresServer) -> None:
    """Have it read its files anew: whoever comes once it says so is judged by them."""
    times = server.said().count("reloading configuration files")
    server.reload()
    until(lambda: server.said().count("reloading configuration files") > times)
    # What it finds in them it says after that.
    before = ""
    while (said := server.said()) != before:
        before = said
        time.sleep(0.2)


async def way(found: Service, *known: Service, **environ: str) -> Service:
    lanes = Lanes()
    before = {one.key: one for one in known}
    (decided,) = await with_ways([found], environ, lanes, before, time.monotonic() + 2)
    lanes.close()
    return decided


async def test_the_socket_of_a_server_that_lets_us_in_is_taken_and_it_logs_nothing(
    server: PostgresServer,
) -> None:
    before = server.said()
    found = service(server)
    assert await way(found) == found
    assert server.said() == before


async def test_a_server_that_keeps_us_out_by_its_socket_is_asked_by_its_port(
    server: PostgresServer,
) -> None:
    server.allow(*KEPT_OUT)
    reloaded(server)
    found = await way(service(server))
    assert (found.path, found.port) == ("", server.port)
    assert found.advice == ""
    assert server.said().count("FATAL") == 1


async def test_a_socket_that_lets_in_another_account_is_told_of(server: PostgresServer) -> None:
    server.allow("local all all peer map=others", KEPT_OUT[1])
    (server.data / "pg_ident.conf").write_text("others nobody_of_that_name nobody_else\n")
    reloaded(server)
    advice = "its socket lets in whoever is postgres here: sudo -u postgres onwatch"
    if os.geteuid() != 0:
        # There is nobody to become.
        advice = ""
    found = await way(service(server))
    assert found.advice == advice
    assert (await way(service(server), found)).advice == advice


async def test_a_socket_where_we_are_no_role_is_told_of(server: PostgresServer) -> None:
    me = "postgres" if os.geteuid() == 0 else os.environ.get("USER", "nobody")
    server.run(
        *("psql", "-h", str(server.socket_folder), "-p", str(server.port), "-U", "postgres"),
        *("-d", "template1", "-c", "CREATE ROLE other SUPERUSER LOGIN"),
    )
    server.run(
        *("psql", "-h", str(server.socket_folder), "-p", str(server.port), "-U", "other"),
        *("-d", "template1", "-c", f"ALTER ROLE {me} RENAME TO gone"),
    )
    found = await way(service(server))
    assert found.advice == (
        f"its socket lets {me} in as a role: CREATE ROLE {me} LOGIN IN ROLE pg_monitor"
    )


async def test_a_password_is_asked_for_at_the_port_as_well(server: PostgresServer) -> None:
    server.allow("local all all scram-sha-256", KEPT_OUT[1])
    reloaded(server)
    before = server.said()
    found = await way(service(server))
    assert (found.path, found.advice) == ("", "")
    assert server.said() == before


async def test_what_an_earlier_session_found_out_is_not_tried_again(server: PostgresServer) -> None:
    server.allow(*KEPT_OUT)
    reloaded(server)
    found = service(server)
    before = server.said()
    assert (await way(found, Service("postgres", "127.0.0.1", server.port))).path == ""
    assert (await way(found, found)).path == found.path
    assert server.said() == before


async def test_with_credentials_at_hand_nothing_is_tried(server: PostgresServer) -> None:
    server.allow(*KEPT_OUT)
    reloaded(server)
    found, before = service(server), server.said()
    environ = {"PGUSER": "app", "PGPORT": str(server.port)}
    assert (await way(found, **environ)).path == found.path
    assert server.said() == before


async def test_a_server_that_is_full_or_hangs(server: PostgresServer) -> None:
    found = service(server)
    server.freeze()
    began = time.monotonic()
    lanes = Lanes()
    (decided,) = await with_ways([found], {}, lanes, {}, began + 0.2)
    lanes.close()
    server.thaw()
    assert decided.path == ""
    assert time.monotonic() - began < 20


async def test_other_servers_are_not_asked() -> None:
    for kind in ("mysql", "redis", "http"):
        other = Service(kind, "127.0.0.1", 1, "/nowhere")
        assert await way(other) == other
    alone = Service("postgres", port=5432, path="/nowhere")
    assert await way(alone) == alone
