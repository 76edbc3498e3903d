"""The redis check on servers that want a password or grant only some commands."""

from __future__ import annotations

import os
from pathlib import Path

from checks.model import Result, Status
from tests.servers.redis import RedisServer, RedisWatch

PASSWORD = "correct-horse-battery"


def everything(result: Result) -> str:
    return f"{result!r}{result.parts!r}{result.tables!r}{result.facts!r}"


def lock(server: RedisServer) -> None:
    server.set(requirepass=PASSWORD)
    server.hang_up()
    server.password = PASSWORD


def refusals(server: RedisServer) -> dict[bytes, int]:
    """How often which object was refused: a command's name, or ``AUTH``."""
    rows = [dict(zip(row[::2], row[1::2], strict=True)) for row in server.call("ACL", "LOG")]
    return {row[b"object"]: int(row[b"count"]) for row in rows}


def attempts(server: RedisServer) -> int:
    """How often a wrong password was tried."""
    return refusals(server).get(b"AUTH", 0)


async def test_a_server_that_asks_for_a_password_is_up_and_says_which_key_to_give(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    lock(redis_server)
    probe = redis_watch.probe(redis_server)
    for _ in range(2):
        result = await probe.run()
        assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "auth", True)
        assert result.message == (
            f"127.0.0.1:{redis_server.port} asks for a password: give it in the configuration "
            'of "cache" as redis.password, and redis.username for a user of its ACL'
        )
        assert result.samples.get("redis_up") == 1


async def test_the_right_password_works_from_everywhere_it_may_be_kept(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    lock(redis_server)
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    in_url = redis_server.url.replace("//", f"//:{PASSWORD}@")
    results = [
        await redis_watch.once(redis_server, password=PASSWORD),
        await redis_watch.once(redis_server, password={"file": "password"}),
        await redis_watch.once(redis_server, password={"command": ["cat", "password"]}),
        await redis_watch.once(in_url),
        await redis_watch.once(redis_server, username="default", password=PASSWORD),
    ]
    assert [result.status for result in results] == [Status.OK] * 5
    assert PASSWORD not in "".join(map(everything, results))
    assert redis_watch.masker.text(f"it is {PASSWORD}") == "it is •••"


async def test_a_wrong_password_is_sent_once_until_it_changes(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    lock(redis_server)
    file = tmp_path / "password"
    file.write_text("incorrect-horse\n")
    file.chmod(0o600)
    probe = redis_watch.probe(redis_server, password={"file": "password"})
    for _ in range(4):
        result = await probe.run()
        assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "auth", True)
        assert result.message == (
            f"127.0.0.1:{redis_server.port} refuses the password of the default user: correct "
            'redis.password of "cache"; until it changes only reachability is checked'
        )
        assert "incorrect-horse" not in everything(result)
        assert attempts(redis_server) == 1
    redis_server.kill()
    assert (await probe.run()).reason == "refused"
    redis_server.start("--requirepass", PASSWORD)
    assert (await probe.run()).reason == "auth"
    assert attempts(redis_server) == 0
    file.write_text(f"{PASSWORD}\n")
    assert (await probe.run()).status is Status.OK


async def test_a_refused_password_is_forgiven_when_the_server_asks_for_none(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    lock(redis_server)
    probe = redis_watch.probe(redis_server, password="incorrect-horse")
    assert (await probe.run()).reason == "auth"
    redis_server.set(requirepass="")
    assert (await probe.run()).status is Status.OK


async def test_a_password_the_server_does_not_need_does_no_harm(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    result = await redis_watch.once(redis_server, password=PASSWORD)
    assert result.status is Status.OK


async def test_a_command_that_prints_the_password_is_not_run_at_every_poll(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    lock(redis_server)
    script = tmp_path / "print"
    script.write_text("#!/bin/sh\necho run >> runs\necho incorrect-horse\n")
    script.chmod(0o700)
    probe = redis_watch.probe(redis_server, password={"command": ["./print"]})
    for _ in range(3):
        assert (await probe.run()).reason == "auth"
        await redis_watch.clock.advance(5)
    assert (tmp_path / "runs").read_text() == "run\n"
    await redis_watch.clock.advance(60)
    await probe.run()
    assert (tmp_path / "runs").read_text() == "run\nrun\n"
    assert attempts(redis_server) == 1


async def test_a_password_that_does_not_come_is_not_blamed_on_the_server(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    source = {"command": ["sleep", "30"]}
    result = await redis_watch.once(redis_server, timeout=0.2, password=source)
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert result.message == "the password was not there within 180 ms: see redis.password"


async def test_a_user_without_the_slow_log_gets_the_rest_and_the_grant_it_lacks(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("ACL", "SETUSER", "watcher", "on", f">{PASSWORD}", "+ping", "+info")
    redis_server.call("ACL", "LOG", "RESET")
    probe = redis_watch.probe(redis_server, username="watcher", password=PASSWORD)
    for _ in range(3):
        result = await probe.run()
        assert result.status is Status.OK
        facts = dict(result.facts)
        assert facts["slow log"] == ("no permission: grant it with ACL SETUSER <user> +slowlog")
        assert facts["latency events"].endswith("ACL SETUSER <user> +latency")
        assert result.samples.get("redis_slowlog_length") is None
        assert result.samples.get("redis_memory_used_bytes") is not None
    counts = refusals(redis_server)
    # By its subcommands from Redis 7 on.
    asked = sum(count for name, count in counts.items() if name.startswith(b"slowlog"))
    assert asked == 2, "refused commands are asked again and again"
    assert sum(count for name, count in counts.items() if name.startswith(b"latency")) == 1


async def test_the_rights_the_documentation_names_are_enough(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "checks" / "redis.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith("ACL SETUSER onwatch on "))
    redis_server.call(*line.replace(">secret", f">{PASSWORD}").split())
    redis_server.call("ACL", "LOG", "RESET")
    probe = redis_watch.probe(
        redis_server.url.replace("/0", "/1"), username="onwatch", password=PASSWORD
    )
    result = await probe.run()
    assert result.status is Status.OK
    assert refusals(redis_server) == {}


async def test_a_user_without_info_is_unknown_and_its_queues_are_read(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    rights = ("on", f">{PASSWORD}", "+llen", "~jobs")
    redis_server.call("ACL", "SETUSER", "watcher", *rights)
    redis_server.call("RPUSH", "jobs", "1")
    result = await redis_watch.once(
        redis_server,
        username="watcher",
        password=PASSWORD,
        queues=[
            {"name": "jobs", "size": {"list": "jobs"}},
            {"name": "secret", "size": {"list": "secret"}},
        ],
        values=[{"metric": "n", "key": "jobs"}],
    )
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "permission", True)
    assert "ACL SETUSER <user> +info" in result.message
    assert result.samples.get("queue_size", queue="jobs") == 1
    messages = {part.name: part.message for part in result.parts}
    assert 'no permission to read key "secret"' in messages["queue secret"]
    assert "ACL SETUSER <user> +getrange ~jobs" in messages["value n"]


async def test_a_socket_without_the_right_to_write_is_told_from_a_server_that_is_down(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    path = tmp_path / "redis.sock"
    redis_server.restart("--unixsocket", str(path))
    path.unlink()
    path.write_text("no socket")
    result = await redis_watch.once(f"unix://{path}")
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")
    assert os.fspath(path) in result.message


async def test_a_database_that_does_not_exist_is_a_mistake_in_the_configuration(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    result = await redis_watch.once(redis_server.url.replace("/0", "/99"))
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "config", True)
    assert "refuses database 99: ERR DB index is out of range" in result.message
