"""The redis check on servers that refuse, hang, lie, lock us out or are something else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from checks.model import Status
from tests.reliability import UserSees
from tests.servers.http import full_socket
from tests.servers.redis import RedisServer, RedisWatch, free_port

ESCAPES = "\x1b[31mred\x1b]0;title\x07[bold]x[/]\u202e"


@asynccontextmanager
async def answering(*chunks: bytes, close: bool = False) -> AsyncIterator[str]:
    """A server that says ``chunks`` to whatever it is asked, each time; yields its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(65536):
                writer.writelines(chunks)
                await writer.drain()
                if close:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.close()


@contextmanager
def black_hole() -> Iterator[str]:
    """An address whose backlog is full, so that connecting goes unanswered."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


async def test_refused(redis_watch: RedisWatch) -> None:
    port = free_port()
    result = await redis_watch.once(f"redis://127.0.0.1:{port}")
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "refused", False)
    assert result.message == f"connection to 127.0.0.1:{port} refused: is the server running?"
    assert result.samples.get("redis_up") == 0


async def test_a_socket_that_takes_no_connections(redis_watch: RedisWatch, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with full_socket(path):
        result = await redis_watch.once(f"unix://{path}")
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert result.message == f"{path} takes no more connections: does the server hang?"


async def test_a_connection_that_is_never_answered(redis_watch: RedisWatch) -> None:
    with black_hole() as url:
        result = await redis_watch.once(url, timeout=0.3)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "timeout", False)
    assert "not established within 270 ms" in result.message


async def test_killed_and_started_again_it_recovers_with_the_next_run(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server)
    assert (await probe.run()).status is Status.OK
    redis_server.kill()
    assert (await probe.run()).reason == "refused"
    redis_server.start()
    assert (await probe.run()).status is Status.OK


async def test_a_hung_server_times_out_and_recovers_without_mixing_replies(
    redis_server: RedisServer, redis_watch: RedisWatch, user_sees: UserSees
) -> None:
    queue = {"name": "jobs", "size": {"list": "jobs"}}
    probe = redis_watch.probe(redis_server, timeout=0.3, queues=[queue])
    await probe.run()
    redis_server.freeze()
    for _ in range(2):
        result = await probe.run()
        assert (result.status, result.reason, result.up) == (Status.CRITICAL, "timeout", False)
        assert result.message == (
            f"127.0.0.1:{redis_server.port} accepts connections but gave no answer within "
            "270 ms: it hangs, or a long command blocks it"
        )
    user_sees("Redis hangs", result)
    redis_server.thaw()
    redis_server.call("RPUSH", "jobs", "1", "2", "3")
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("queue_size", queue="jobs") == 3


async def test_a_cancelled_run_leaves_no_reply_for_the_next(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    queue = {"name": "jobs", "size": {"list": "jobs"}}
    probe = redis_watch.probe(redis_server, queues=[queue])
    await probe.run()
    redis_server.freeze()
    task = asyncio.create_task(probe.run())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    redis_server.thaw()
    redis_server.call("PING")
    redis_server.call("RPUSH", "jobs", "1")
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("queue_size", queue="jobs") == 1


async def test_an_idle_connection_that_the_server_closed_is_reopened_in_the_same_run(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server)
    await probe.run()
    redis_server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    result = await probe.run()
    assert (result.status, result.reason) == (Status.OK, "ok")


async def test_a_server_that_loads_its_data_warns_with_its_progress(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    # Redis serves clients once every 2 MB that it loads.
    redis_server.set(rdbcompression="no")
    redis_server.call("DEBUG", "POPULATE", 300, "key", 100_000)
    redis_server.call("SAVE")
    probe = redis_watch.probe(redis_server)
    redis_server.restart("--key-load-delay", "3000", wait=False)
    redis_server.wait_for(lambda: b"loading:1" in redis_server.call("INFO", "persistence"))
    result = await probe.run()
    assert (result.status, result.reason, result.up) == (Status.WARNING, "loading", True)
    assert "is loading its data from disk: " in result.message
    assert result.samples.get("redis_loading_dump_file") == 1
    redis_server.wait_for(lambda: b"\nloading:0" in redis_server.call("INFO", "persistence"))
    assert (await probe.run()).status is Status.OK


async def test_a_server_that_says_only_that_it_loads(redis_watch: RedisWatch) -> None:
    line = b"-LOADING Redis is loading the dataset in memory\r\n"
    async with answering(line * 20) as url:
        result = await redis_watch.once(url)
    assert (result.status, result.reason, result.up) == (Status.WARNING, "loading", True)
    assert result.message.endswith("is loading its data from disk")


async def test_a_script_without_end_is_critical_and_ends(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(lua_time_limit=20)
    probe = redis_watch.probe(redis_server)
    await probe.run()
    with socket.create_connection(("127.0.0.1", redis_server.port)) as stuck:
        stuck.sendall(b'EVAL "while true do end" 0\r\n')
        await asyncio.sleep(0.1)
        result = await probe.run()
        assert (result.status, result.reason, result.up) == (Status.CRITICAL, "limit", True)
        assert "SCRIPT KILL" in result.message
        result = await redis_watch.once(redis_server.url.replace("/0", "/1"))
        assert (result.status, result.reason, result.up) == (Status.CRITICAL, "limit", True)
        redis_server.call("SCRIPT", "KILL")
        redis_server.wait_for(lambda: redis_server.call("PING") == b"PONG")
    assert (await probe.run()).status is Status.OK


async def test_too_many_clients(redis_server: RedisServer, redis_watch: RedisWatch) -> None:
    early = redis_watch.probe(redis_server)
    await early.run()
    redis_server.set(maxclients=2)
    result = await redis_watch.once(redis_server)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "limit", True)
    assert "maxclients is reached" in result.message
    await redis_watch.clock.advance(5)
    result = await early.run()
    assert (result.status, result.reason) == (Status.WARNING, "limit")
    assert result.message == (
        "clients: 1 connection refused in the last 5 s: maxclients was reached"
    )
    result = await early.run()
    assert result.message.startswith("clients: 2 of maxclients 2 connected (100 %)")
    # Nor is a password wrong that it did not look at.
    for _ in range(2):
        result = await redis_watch.once(redis_server, password="hunter2")
        assert (result.status, result.reason, result.up) == (Status.CRITICAL, "limit", True)
        assert "maxclients is reached" in result.message


async def test_what_is_no_redis(redis_watch: RedisWatch) -> None:
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", close=True) as url:
        result = await redis_watch.once(url)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "protocol", False)
    assert "does not speak Redis' protocol" in result.message
    assert "HTTP/1.1 400 Bad Request" in result.message


@pytest.mark.parametrize(
    "rubbish",
    [b"\xff" * 300_000, b"$nonsense\r\n", b"*1\r\n" * 5_000, b"$-7\r\n", b"\x1b[31m\r\n"],
    ids=["endless line", "no length", "nested", "negative", "escape"],
)
async def test_rubbish_is_a_sentence(rubbish: bytes, redis_watch: RedisWatch) -> None:
    async with answering(rubbish, close=True) as url:
        result = await redis_watch.once(url, timeout=1)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "protocol", False)
    assert "\x1b" not in result.message


async def test_a_reply_without_end_is_cut_off(redis_watch: RedisWatch) -> None:
    flood = [b"$9999999999\r\n", *[b"x" * 1_000_000] * 64]
    async with answering(*flood) as url:
        result = await redis_watch.once(url)
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "answered with more than 8 MiB" in result.message


async def test_silence_after_accept(redis_watch: RedisWatch) -> None:
    async with answering() as url:
        result = await redis_watch.once(url, timeout=1.0)
    assert result.reason == "timeout"
    assert "accepts connections but gave no answer" in result.message


async def test_closing_at_once(redis_watch: RedisWatch) -> None:
    async with answering(close=True) as url:
        result = await redis_watch.once(url)
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "closed the connection without an answer" in result.message


async def test_an_unknown_name_is_a_dns_failure(redis_watch: RedisWatch) -> None:
    result = await redis_watch.once("redis://no-such-host.invalid:6379")
    assert (result.status, result.reason) == (Status.CRITICAL, "dns")
    assert "no-such-host.invalid" in result.message


async def test_escape_sequences_in_what_the_server_shows_are_neutralised(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(slowlog_log_slower_than=0)
    redis_server.call("CLIENT", "SETNAME", "[bold]name[/]")
    redis_server.call("SET", ESCAPES, "\x1b[2Jx")
    key = {"name": ESCAPES, "size": {"list": ESCAPES}}
    values = [{"metric": "n", "key": ESCAPES}]
    result = await redis_watch.once(redis_server, queues=[key], values=values)
    shown = [result.message, result.raw]
    shown += [text for part in result.parts for text in (part.name, part.message, part.value)]
    shown += [cell for table in result.tables for row in table.rows for cell in row]
    shown += [text for fact in result.facts for text in fact]
    assert all(line.isprintable() for text in shown for line in text.split("\n"))
    assert any("SET red[bold]x[/]" in text for text in shown)
    assert any("[bold]name[/]" in text for text in shown)
    assert result.status is Status.UNKNOWN


async def test_a_certificate_is_verified_and_plain_text_is_told_from_tls(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    async with tls_in_front_of(redis_server, authority) as port:
        url = f"rediss://localhost:{port}"
        result = await redis_watch.once(url, tls={"ca": "ca.pem"})
        assert result.status is Status.OK
        assert "tls" in dict(result.phases)
        result = await redis_watch.once(url, tls={"ca": "other.pem"})
        assert (result.status, result.reason) == (Status.CRITICAL, "tls")
        assert result.message.startswith(f"the certificate of localhost:{port} is refused")
        wrong_name = {"ca": "ca.pem", "server_name": "elsewhere.example"}
        assert (await redis_watch.once(url, tls=wrong_name)).reason == "tls"
        by_ca = {**wrong_name, "verify": "ca"}
        assert (await redis_watch.once(url, tls=by_ca)).status is Status.OK
        unverified = {"ca": "other.pem", "verify": "none"}
        assert (await redis_watch.once(url, tls=unverified)).status is Status.OK
    plain = redis_server.url.replace("redis:", "rediss:")
    result = await redis_watch.once(plain, timeout=1.0)
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert "write redis:// instead of rediss://" in result.message
    async with answering(b"-ERR unknown command\r\n") as url:
        result = await redis_watch.once(url.replace("redis:", "rediss:"))
    assert (result.status, result.reason) == (Status.CRITICAL, "tls")
    assert "write redis:// instead of rediss://" in result.message
    result = await redis_watch.once(plain, tls={"ca": "missing.pem"})
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert "missing.pem" in result.message


async def test_files_of_tls_that_are_renewed_are_read_anew(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    authority, path = trustme.CA(), tmp_path / "renewed.pem"
    trustme.CA().cert_pem.write_to_path(path)
    async with tls_in_front_of(redis_server, authority) as port:
        probe = redis_watch.probe(f"rediss://localhost:{port}", tls={"ca": "renewed.pem"})
        assert (await probe.run()).reason == "tls"
        authority.cert_pem.write_to_path(path)
        result = await probe.run()
        assert result.status is Status.OK, result.message


async def test_a_client_certificate_is_presented_and_its_lack_is_named(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = authority.issue_cert("client@example.org")
    client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    lock_key(client.private_key_pem.bytes(), tmp_path / "locked.pem")
    async with tls_in_front_of(redis_server, authority, client_certificate=True) as port:
        url = f"rediss://localhost:{port}"
        tls = {"ca": "ca.pem", "cert": "client.pem"}
        assert (await redis_watch.once(url, tls=tls)).status is Status.OK
        result = await redis_watch.once(url, tls={"ca": "ca.pem"})
        assert (result.status, result.reason) == (Status.CRITICAL, "tls")
        assert "does it want a client certificate (redis.tls.cert)?" in result.message
        result = await redis_watch.once(url, tls={**tls, "key": "locked.pem"})
        assert (result.status, result.reason) == (Status.UNKNOWN, "config")
        assert "the private key is encrypted" in result.message


def lock_key(pem: bytes, path: Path) -> None:
    """Write the private key ``pem`` encrypted with a passphrase."""
    key = serialization.load_pem_private_key(pem, None)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


@asynccontextmanager
async def tls_in_front_of(
    server: RedisServer, authority: trustme.CA, *, client_certificate: bool = False
) -> AsyncIterator[int]:
    """TLS ended before ``server``, whose binary is built without it; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    if client_certificate:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(pump(reader, outer), pump(inner, writer))
        outer.close()

    front = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield front.sockets[0].getsockname()[1]
    finally:
        front.close()


@asynccontextmanager
async def old_or_odd(answers: dict[bytes, bytes]) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers each command as ``answers`` says by how it begins, else +OK.

    Yields its URL and the commands it has been asked.
    """
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            words = []
            for _ in range(int(head[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2])
            asked.append(b" ".join(words))
            found = (v for k, v in answers.items() if asked[-1].startswith(k))
            writer.write(next(found, b"+OK\r\n"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


def bulk(text: str) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(text), text.encode())


async def test_the_limit_of_clients_of_servers_whose_info_lacks_it(
    redis_watch: RedisWatch,
) -> None:
    answers = {
        b"INFO": bulk("redis_version:5.0.7\r\nrole:master\r\nconnected_clients:99\r\n"),
        b"CONFIG GET maxclients": b"*2\r\n$10\r\nmaxclients\r\n$3\r\n100\r\n",
    }
    async with old_or_odd(answers) as (url, _):
        probe = redis_watch.probe(url)
        await probe.run()
        result = await probe.run()
        await probe.close()
    assert result.samples.get("redis_config_maxclients") == 100
    assert result.status is Status.WARNING
    assert "99 of maxclients 100 connected" in result.message


async def test_info_by_sections_from_redis_7_on_and_in_full_where_that_is_refused(
    redis_watch: RedisWatch,
) -> None:
    text = "redis_version:7.2.4\r\nrole:master\r\nused_memory:5\r\nmaxclients:9\r\n"
    for refuses in (False, True):
        answers = {b"INFO all": bulk(text), b"INFO server": bulk(text)}
        if refuses:
            answers[b"INFO server"] = b"-ERR syntax error\r\n"
        async with old_or_odd(answers) as (url, asked):
            probe = redis_watch.probe(url)
            results = [await probe.run() for _ in range(3)]
            await probe.close()
        assert [result.status for result in results] == [Status.OK] * 3
        infos = [command.split()[1] for command in asked if command.startswith(b"INFO")]
        expected = [b"all", b"server", b"all", b"all"] if refuses else [b"all"] + [b"server"] * 2
        assert infos == expected


async def test_a_server_before_redis_6_knows_no_users(redis_watch: RedisWatch) -> None:
    refusal = b"-ERR wrong number of arguments for 'auth' command\r\n"
    async with old_or_odd({b"AUTH": refusal}) as (url, _):
        result = await redis_watch.once(url, username="bob", password="secret")
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "config", True)
    assert "older than Redis 6 and knows no users" in result.message


async def test_protected_mode_is_named(redis_watch: RedisWatch) -> None:
    denied = b"-DENIED Redis is running in protected mode because ...\r\n"
    async with answering(denied, close=True) as url:
        result = await redis_watch.once(url)
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "permission", True)
    assert "is in protected mode" in result.message
