"""MySQL's protocol where MariaDB does not speak it so: logins of MySQL 8, as its manual tells
them, and servers that want to be given what is not theirs."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from checks.model import Result, Status
from checks.probes.mysql.status import VARIABLE_NAMES
from tests.servers.http import RawServer
from tests.servers.mariadb import MONITOR, PASSWORD, MysqlWatch
from tests.servers.postgres import until

StartRaw = Callable[[Callable[[socket.socket], None]], RawServer]

SALT = b"abcdefgh" + b"ijklmnopqrst"
MULTI_STATEMENTS, TLS = 1 << 16, 1 << 11
CAPABILITIES = 0xC1FFFFFF & ~TLS & ~(1 << 24)


class Mysql8:
    """One connection of a scripted MySQL 8 server."""

    def __init__(self, link: socket.socket, plugin: str = "caching_sha2_password") -> None:
        self._link = link
        self._number = 0
        low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
        self.send(
            b"\x0a8.0.36\x00"
            + struct.pack("<I", 41)
            + SALT[:8]
            + b"\x00"
            + struct.pack("<HBHHB", low, 255, 2, high, 21)
            + bytes(10)
            + SALT[8:]
            + b"\x00"
            + plugin.encode()
            + b"\x00"
        )
        answer = self.read()
        self.flags: int = struct.unpack("<I", answer[:4])[0]
        self.user, _, rest = answer[32:].partition(b"\x00")
        self.proof = rest[1 : 1 + rest[0]]

    def send(self, data: bytes) -> None:
        self._link.sendall(struct.pack("<I", len(data))[:3] + bytes([self._number]) + data)
        self._number = (self._number + 1) % 256

    def read(self) -> bytes:
        head = self._exactly(4)
        self._number = head[3] + 1
        return self._exactly(int.from_bytes(head[:3], "little"))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._link.recv(count - len(data))
            if not more:
                raise OSError("gone")
            data += more
        return data

    def ok(self) -> None:
        self.send(b"\x00\x00\x00\x02\x00\x00\x00")

    def error(self, code: int, text: str) -> None:
        self.send(b"\xff" + struct.pack("<H", code) + b"#HY000" + text.encode())

    def rows(self, columns: list[str], *rows: list[str]) -> None:
        self.send(bytes([len(columns)]))
        for name in columns:
            parts = (b"def", b"", b"", b"", name.encode(), b"")
            head = b"".join(bytes([len(part)]) + part for part in parts)
            self.send(head + b"\x0c" + struct.pack("<HIBHB", 255, 100, 253, 0, 0) + b"\x00\x00")
        self.send(b"\xfe\x00\x00\x02\x00")
        for row in rows:
            self.send(b"".join(bytes([len(one)]) + one.encode() for one in row))
        self.send(b"\xfe\x00\x00\x02\x00")

    def serve(self, answers: dict[str, Callable[[], None]]) -> None:
        """Answer statements: those of ``answers`` so, the others as a new MySQL might."""
        while True:
            packet = self.read()
            if packet[:1] == b"\x01":
                return
            sql = packet[1:].decode()
            given = next((one for piece, one in answers.items() if piece in sql), None)
            if given is not None:
                given()
            elif sql.startswith("SET"):
                self.ok()
            elif "VERSION()" in sql:
                self.rows(
                    ["version", "comment", "account", "hostname"],
                    ["8.0.36", "MySQL Community Server - GPL", "onwatch@%", "db1"],
                )
            elif "GLOBAL VARIABLES" in sql:
                values = {"max_connections": "151", "performance_schema": "ON"}
                assert set(values) <= set(VARIABLE_NAMES)
                self.rows(["Variable_name", "Value"], *map(list, values.items()))
            elif "GLOBAL STATUS" in sql:
                self.rows(["Variable_name", "Value"], ["Threads_connected", "5"], ["Uptime", "77"])
            elif "read_only" in sql:
                self.rows(["now", "read_only"], ["1700000000.5", "0"])
            else:
                self.rows(["nothing"])


async def watch(
    raw_server: StartRaw,
    mysql_watch: MysqlWatch,
    talk: Callable[[socket.socket], None],
    **config: object,
) -> Result:
    server = raw_server(talk)
    url = f"mysql://{MONITOR}@127.0.0.1:{server.port}/"
    return await mysql_watch.probe(url, timeout=1.0, tables=0, **config).run()


def sha2_proof(password: str) -> bytes:
    """caching_sha2_password's answer to the salt, by its manual."""
    first = hashlib.sha256(password.encode()).digest()
    second = hashlib.sha256(hashlib.sha256(first).digest() + SALT).digest()
    return bytes(one ^ other for one, other in zip(first, second, strict=True))


async def test_a_password_that_mysql_8_has_cached(
    raw_server: StartRaw, mysql_watch: MysqlWatch
) -> None:
    seen: list[tuple[bytes, bool, int]] = []

    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        seen.append((server.user, server.proof == sha2_proof(PASSWORD), server.flags))
        server.send(b"\x01\x03")
        server.ok()
        server.serve({})

    result = await watch(raw_server, mysql_watch, talk)

    assert result.status is Status.OK, result.message
    assert result.message.startswith("answered in")
    assert "MySQL 8.0.36 standalone, 5 of 151 connections" in result.message
    assert all(user == MONITOR.encode() and right for user, right, _ in seen)
    assert not any(flags & MULTI_STATEMENTS for _, _, flags in seen)


async def test_a_password_that_is_sent_encrypted(
    raw_server: StartRaw, mysql_watch: MysqlWatch
) -> None:
    """Without TLS the server gives its key, and the password comes encrypted with it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    came: list[bytes] = []

    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x04")
        assert server.read() == b"\x02"
        server.send(b"\x01" + pem)
        oaep = padding.OAEP(
            mgf=padding.MGF1(algorithm=hashes.SHA1()),  # noqa: S303 - the protocol's
            algorithm=hashes.SHA1(),  # noqa: S303 - the protocol's
            label=None,
        )
        masked = key.decrypt(server.read(), oaep)
        salt = (SALT * 20)[: len(masked)]
        came.append(bytes(one ^ other for one, other in zip(masked, salt, strict=True)))
        server.ok()
        server.serve({})

    result = await watch(raw_server, mysql_watch, talk)

    assert result.status is Status.OK, result.message
    assert set(came) == {PASSWORD.encode() + b"\x00"}


async def test_encryption_takes_a_package(
    raw_server: StartRaw, mysql_watch: MysqlWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pymysql._auth  # noqa: PLC0415

    monkeypatch.setattr(pymysql._auth, "_have_cryptography", False)

    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x04")
        server.read()
        server.send(b"\x01-----BEGIN PUBLIC KEY-----\n")
        server.read()

    result = await watch(raw_server, mysql_watch, talk)

    assert (result.status, result.reason) == (Status.UNKNOWN, "auth")
    assert "give mysql.tls, or install the package cryptography" in result.message


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("mysql_clear_password", "the password in clear, over a connection without TLS"),
        ("mysql_old_password", "the login of MySQL 4.0"),
        ("authentication_ldap_sasl_client", "the plugin authentication_ldap_sasl_client"),
        ("auth\x1b[31mkey", "the plugin auth"),
        ("dialog", "by PAM"),
    ],
)
async def test_a_password_is_not_given_to_whoever_asks(
    raw_server: StartRaw, mysql_watch: MysqlWatch, plugin: str, words: str
) -> None:
    came: list[bytes] = []

    def talk(link: socket.socket) -> None:
        server = Mysql8(link, "mysql_native_password")
        server.send(b"\xfe" + plugin.encode() + b"\x00" + SALT + b"\x00")
        came.append(link.recv(1000))

    result = await watch(raw_server, mysql_watch, talk)

    assert (result.status, result.reason) == (Status.UNKNOWN, "auth")
    assert words in result.message
    assert "\x1b" not in result.message
    assert not any(PASSWORD.encode() in data for data in came)


async def test_tls_that_is_required_is_not_left_out(
    raw_server: StartRaw, mysql_watch: MysqlWatch
) -> None:
    """A server, or somebody in between, that offers none gets no login at all."""
    came: list[bytes] = []

    def talk(link: socket.socket) -> None:
        try:
            Mysql8(link)
        except OSError:
            came.append(b"")
        else:
            came.append(b"a login")

    result = await watch(raw_server, mysql_watch, talk, tls={"verify": "none"})

    assert (result.status, result.reason) == (Status.CRITICAL, "tls")
    until(lambda: came)
    assert came == [b""]


async def test_a_file_that_the_server_asks_for_is_not_sent(
    raw_server: StartRaw, mysql_watch: MysqlWatch, tmp_path: Path
) -> None:
    """The answer to a statement may be a request for a file of the client's machine."""
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    came: list[bytes] = []

    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x03")
        server.ok()

        def ask_for_it() -> None:
            server.send(b"\xfb" + str(secret).encode())
            came.append(link.recv(1000))

        server.serve({"read_only": ask_for_it})

    result = await watch(raw_server, mysql_watch, talk)

    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "asks for a file of this machine" in result.message
    assert not any(came)


async def test_a_good_bye_out_of_turn(raw_server: StartRaw, mysql_watch: MysqlWatch) -> None:
    """MySQL 8 tells an idle session why it is ended before it is asked anything (8.0.24)."""
    left = iter(range(100))

    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x03")
        server.ok()
        if next(left):
            server.serve({})
            return

        def end() -> None:
            server._number = 0
            server.error(4031, "The client was disconnected by the server because of inactivity.")

        server.serve({"read_only": end})

    result = await watch(raw_server, mysql_watch, talk)

    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "inactivity" in result.message


async def test_answers_that_make_no_sense(raw_server: StartRaw, mysql_watch: MysqlWatch) -> None:
    nonsense = (b"\x05", b"\xfc", b"\x01\x00", b"\x03def", b"", b"\xff")

    for piece in nonsense:

        def talk(link: socket.socket, piece: bytes = piece) -> None:
            server = Mysql8(link)
            server.send(b"\x01\x03")
            server.ok()

            def answer() -> None:
                for _ in range(8):
                    server.send(piece)

            server.serve({"read_only": answer})

        result = await watch(raw_server, mysql_watch, talk)
        assert result.status in (Status.CRITICAL, Status.OK), (piece, result.message)


@pytest.mark.parametrize(
    ("packets", "reason"),
    [
        # A hundred thousand columns; one with a name of twenty kilobytes.
        ((b"\xfd\xa0\x86\x01",), "protocol"),
        ((b"\x01", b"\x03def\x00\x00\x00\xfc\x20\x4e" + b"n" * 20_000), "limit"),
    ],
)
async def test_columns_are_bounded(
    raw_server: StartRaw, mysql_watch: MysqlWatch, packets: tuple[bytes, ...], reason: str
) -> None:
    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x03")
        server.ok()

        def answer() -> None:
            for packet in packets:
                server.send(packet)

        server.serve({"read_only": answer})

    result = await watch(raw_server, mysql_watch, talk)

    assert (result.status, result.reason) == (Status.CRITICAL, reason), result.message


async def test_a_fork_that_knows_not_every_setting(
    raw_server: StartRaw, mysql_watch: MysqlWatch
) -> None:
    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x03")
        server.ok()
        unknown = lambda: server.error(1193, "Unknown system variable")  # noqa: E731
        server.serve({"max_execution_time": unknown, "innodb_lock_wait": unknown})

    assert (await watch(raw_server, mysql_watch, talk)).status is Status.OK


async def test_a_session_that_cannot_be_made_read_only_is_not_used(
    raw_server: StartRaw, mysql_watch: MysqlWatch
) -> None:
    def talk(link: socket.socket) -> None:
        server = Mysql8(link)
        server.send(b"\x01\x03")
        server.ok()
        server.serve({"TRANSACTION READ ONLY": lambda: server.error(1064, "no such statement")})

    result = await watch(raw_server, mysql_watch, talk)

    assert result.status is Status.UNKNOWN
    assert result.message.startswith("the session cannot be made read-only: no such statement")


async def test_a_good_bye_that_nobody_waits_for_any_longer_leaves_nothing_open() -> None:
    """Of a server that hangs: it reads nothing, so that the words stay here."""
    from checks.probes.mysql.wire import Wire  # noqa: PLC0415 - imports aiomysql

    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    wire = Wire("onwatch", "", "", "localhost")
    wire._reader, wire._writer = reader, writer
    writer.write(bytes(10_000_000))
    leaving = asyncio.create_task(wire.quit())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    await asyncio.sleep(0)
    assert ours.fileno() == -1
    theirs.close()
