"""Steps that are marked ``login`` ask a Redis as their check does, with redis-cli and without."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from checks.probe import CheckSpec
from checks.runbooks.running.login import login_of
from checks.runbooks.running.model import Job
from checks.runbooks.views import RunState
from tests.checks.runbooks.running_kit import Place, target_of
from tests.servers.redis import RedisServer, redis_cli

PASSWORD = "q w'\"$HOME`é"
TOOLS = ("awk", "bash", "cat", "env", "grep", "ps", "sleep")


@pytest.fixture(params=["redis-cli", "bash alone"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What asks; a path that has nothing but these."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    if request.param == "redis-cli":
        (folder / "redis-cli").symlink_to(redis_cli())
    monkeypatch.setenv("PATH", str(folder))
    return str(request.param)


@pytest.fixture
def guarded(redis_server: RedisServer) -> RedisServer:
    """A Redis with a user of its own beside the default one, who has a password, too."""
    redis_server.call("ACL", "SETUSER", "watch", "on", f">{PASSWORD}", "+@all", "~*")
    redis_server.set(requirepass="other")
    redis_server.password = "other"
    return redis_server


def check_of(server: RedisServer, **more: object) -> CheckSpec:
    config = {"url": f"redis://127.0.0.1:{server.port}/2", "username": "watch", **more}
    return target_of("redis", config, "cache")


async def test_what_is_told_is_the_same(way: str, place: Place, guarded: RedisServer) -> None:
    lines = "SET stock 4\nINCR stock\nGET stock"
    text = f"""
        redis SET 'a key' 'two words
and two lines'
        redis GET 'a key'
        redis GET none
        redis RPUSH queue first '' third
        redis LRANGE queue 0 -1
        redis <<'COMMANDS'
{lines}
COMMANDS
        redis INFO keyspace | grep -oE '^db[0-9]+:keys=[0-9]+'
        redis ACL WHOAMI
    """
    ran = await place.run(text, target=check_of(guarded, password=PASSWORD), login=True)
    assert ran.ended.exit_code == 0, ran.text
    told = ["OK", "two words", "and two lines", "", "3", "first", "", "third", "OK", "5", "5"]
    assert ran.output.lines == (*told, "db2:keys=3", "watch"), way


async def test_an_error_is_told_and_is_the_exit_code(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    target = target_of("redis", redis_server.url)
    ran = await place.run("redis CONFIG SET maxmemory much", target=target, login=True)
    assert ran.ended.exit_code == 1, way
    assert ran.text.startswith("ERR ")
    redis_server.call("SET", "word", "ERRATIC is no error")
    ran = await place.run("redis GET word", target=target, login=True)
    assert ran.ended.exit_code == 0


async def test_what_ails_the_server_is_no_reason_to_stay_out(
    way: str, place: Place, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A failed snapshot, a script that does not end: PING is refused, and what mends it is not."""
    target = target_of("redis", f"{redis_server.url.removesuffix('0')}3")
    data = tmp_path / "data"
    data.mkdir()
    redis_server.set(dir=str(data))
    data.rmdir()
    redis_server.call("SET", "word", "yes")
    redis_server.call("BGSAVE")
    redis_server.wait_for(lambda: b"bgsave_status:err" in redis_server.call("INFO"))
    redis_server.set(save="3600 1")
    ran = await place.run("redis PING", target=target, login=True)
    assert (ran.ended.exit_code, ran.text[:7]) == (1, "MISCONF"), way
    mend = "redis CONFIG SET stop-writes-on-bgsave-error no && redis SET here 1 && redis PING"
    ran = await place.run(mend, target=target, login=True)
    assert (ran.ended.exit_code, ran.output.lines) == (0, ("OK", "OK", "PONG"))
    redis_server.set(lua_time_limit=10)
    busy = asyncio.create_task(
        place.run("redis EVAL 'while true do end' 0", target=target, login=True)
    )
    await asyncio.to_thread(redis_server.wait_for, lambda: refused(redis_server))
    ran = await place.run("redis GET here; redis SCRIPT KILL", target=target, login=True)
    assert ran.ended.exit_code == 0, ran.text
    assert "BUSY" in ran.output.lines[0]
    assert ran.output.lines[-1] == "OK"
    assert (await busy).ended.exit_code is not None


def refused(server: RedisServer) -> bool:
    """Whether it is busy with a script."""
    try:
        server.call("GET", "here")
    except RedisError as error:
        return "BUSY" in str(error)
    return False


async def test_who_may_little_is_told_what_through_pipes_as_well(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    redis_server.call("ACL", "SETUSER", "little", "on", ">pass", "+info")
    target = target_of("redis", {"url": redis_server.url, "username": "little", "password": "pass"})
    text = "redis INFO server | grep -c redis_version; redis CLIENT LIST | grep addr || echo none"
    ran = await place.run(text, target=target, login=True)
    assert ran.ended.exit_code == 0, way
    assert "1" in ran.output.lines
    assert "none" in ran.output.lines
    assert any(line.startswith("NOPERM") for line in ran.output.lines), ran.text


async def test_a_database_that_is_refused_ends_it(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    """Clients go on in database 0."""
    redis_server.call("ACL", "SETUSER", "little", "on", ">pass", "~*", "+ping", "+dbsize")
    url = f"{redis_server.url.removesuffix('0')}3"
    target = target_of("redis", {"url": url, "username": "little", "password": "pass"})
    ran = await place.run("redis DBSIZE", target=target, login=True)
    assert ran.ended.exit_code == 1, way
    assert ran.output.lines[0].startswith("NOPERM")
    assert ran.output.lines[1:] == ("So the step does not get to database 3.",)


async def test_a_password_that_the_server_does_not_want_is_none(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    target = target_of("redis", {"url": redis_server.url, "password": "spare"})
    ran = await place.run("redis PING", target=target, login=True)
    assert (ran.ended.exit_code, ran.text) == (0, "PONG"), way


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_what_is_no_redis_is_no_success(way: str, place: Place, answer: bytes) -> None:
    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(hangs_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        where = {"INSTANCE": f"127.0.0.1:{port}"}
        ran = await place.run("redis CONFIG SET a b; echo no", where, login=True)
    assert ran.ended.exit_code == 1, way
    assert "no" not in ran.output.lines


async def test_words_and_lines_are_split_as_the_step_says(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    target = target_of("redis", redis_server.url)
    text = "IFS=,; redis PING && printf 'SET b 1\\nGET b' | redis"
    ran = await place.run(text, target=target, login=True)
    assert (ran.ended.exit_code, ran.output.lines) == (0, ("PONG", "OK", "1")), way


async def test_a_strict_shell_goes_on_while_all_is_well(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    target = target_of("redis", redis_server.url)
    text = "set -euo pipefail\nredis SET word yes | cat\nredis GET word\nredis INCR word\necho no"
    ran = await place.run(text, target=target, login=True)
    assert ran.ended.exit_code == 1, way
    assert ran.output.lines[:2] == ("OK", "yes")
    assert ran.output.lines[2].startswith("ERR value is not an integer")
    assert "no" not in ran.output.lines


async def test_a_refused_login_ends_it_before_it_does_anything(
    way: str, place: Place, guarded: RedisServer, tmp_path: Path
) -> None:
    step = f"redis PING; echo done >{tmp_path}/done"
    ran = await place.run(step, target=check_of(guarded, password="wrong"), login=True)
    assert ran.ended.exit_code == 1, way
    assert "WRONGPASS" in ran.text
    assert "as the check cache does: see its username and its password" in ran.text
    where = {"INSTANCE": f"127.0.0.1:{guarded.port}"}
    ran = await place.run(step, where, login=True)
    assert ran.ended.exit_code == 1
    assert ran.text.startswith("NOAUTH")
    assert "No redis check is concerned here" in ran.text
    assert not (tmp_path / "done").exists()


async def test_a_full_server_is_said_to_be_full(
    way: str, place: Place, guarded: RedisServer
) -> None:
    guarded.set(maxclients=4)
    there = [socket.create_connection(("127.0.0.1", guarded.port)) for _ in range(8)]
    try:
        ran = await place.run(
            "redis PING; touch ran", target=check_of(guarded, password=PASSWORD), login=True
        )
    finally:
        for each in there:
            each.close()
    assert ran.ended.exit_code == 1
    assert "max number of clients reached" in ran.text, way
    assert "the runbook redis-clients-high" in ran.text
    assert not (place.folder / "ran").exists()


async def test_a_server_that_is_not_there_is_said(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    target = target_of("redis", redis_server.url)
    redis_server.kill()
    ran = await place.run("redis PING", target=target, login=True)
    assert ran.ended.exit_code == 1, way
    assert "Connection refused" in ran.text


async def test_nothing_but_the_client_gets_the_password(
    way: str, place: Place, guarded: RedisServer, tmp_path: Path
) -> None:
    """Told to a file, where nothing is masked; while the client runs."""
    text = f"""exec >{tmp_path}/told 2>&1
        redis BLPOP none 2 >/dev/null & sleep 0.7
        ps -eo args; env; bash -c 'declare -F; env'; wait
        set -x; redis GET word; set +x"""
    ran = await place.run(text, target=check_of(guarded, password=PASSWORD), login=True)
    assert ran.ended.exit_code == 0, ran.text
    told = (tmp_path / "told").read_text(errors="replace")
    asks = [line for line in told.splitlines() if re.search(r"redis-cli -h .* BLPOP none 2", line)]
    assert len(asks) == (way == "redis-cli")
    assert "redis GET word" in told
    # As it is, and as bash writes what it traces.
    for part in (PASSWORD, "q w", "$HOME`"):
        assert part not in told.replace(text, "")
    lines = [line for line in told.splitlines() if not line.startswith("+")]
    assert not [line for line in lines if re.match(r"(REDIS|VALKEY|BASH_ENV|BASH_FUNC)", line)]
    assert "declare -f" not in told


async def test_a_scraped_server_is_asked_where_the_alert_says(
    way: str, place: Place, redis_server: RedisServer
) -> None:
    scraped = target_of("metrics", {"url": "http://127.0.0.1:9121/metrics"}, "exporter")
    where = {"INSTANCE": f"127.0.0.1:{redis_server.port}"}
    ran = await place.run("redis PING", where, target=scraped, login=True)
    assert (ran.ended.exit_code, ran.text) == (0, "PONG"), way
    ran = await place.run("redis PING", {"INSTANCE": "cache"}, target=scraped, login=True)
    assert ran.ended.state is RunState.FAILED
    assert "exporter is a metrics check" in ran.ended.said


async def test_a_socket_needs_the_client(
    way: str, place: Place, redis_server: RedisServer, tmp_path: Path
) -> None:
    socket = tmp_path / "redis.sock"
    redis_server.restart("--unixsocket", str(socket))
    target = target_of("redis", f"unix://{socket}?db=3")
    ran = await place.run("redis SET here yes", target=target, login=True)
    if way == "redis-cli":
        assert (ran.ended.exit_code, ran.text) == (0, "OK")
        assert b"db3:keys=1" in redis_server.call("INFO", "keyspace")
    else:
        assert ran.ended.exit_code == 1
        assert "redis-cli is not here (package redis-tools)" in ran.text


async def test_a_password_that_is_not_there_is_named(
    place: Place, redis_server: RedisServer
) -> None:
    target = check_of(redis_server, password={"file": "none.password"})
    ran = await place.run("redis PING", target=target, login=True)
    assert ran.ended.state is RunState.FAILED
    assert "none.password" in ran.ended.said


async def test_tls_is_handed_on_to_the_client(place: Place) -> None:
    tls = {"ca": "ca.pem", "cert": "me.pem", "server_name": "cache.internal", "verify": "none"}
    url = "rediss://ann:secret@[::1]:7000/4"
    job: Job = place.made(
        "redis PING", target=target_of("redis", {"url": url, "tls": tls}), login=True
    ).job
    found = await login_of(job, place.env)
    assert found["REDIS_OPTIONS"].splitlines() == [
        *("-h", "::1", "-p", "7000", "--user", "ann", "--tls"),
        *("--cacert", f"{place.folder}/ca.pem"),
        *("--cert", f"{place.folder}/me.pem", "--key", f"{place.folder}/me.pem"),
        *("--sni", "cache.internal", "--insecure"),
    ]
    assert (found["REDISCLI_AUTH"], found["REDIS_DB"]) == ("secret", "4")
    assert found["REDIS_HOST"] == ""
    assert not any("secret" in value for name, value in found.items() if name != "REDISCLI_AUTH")
    assert os.path.exists(found["BASH_ENV"])  # noqa: PTH110 - a variable of the environment
