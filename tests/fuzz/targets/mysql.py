"""MySQL's packets, from the greeting to rows, and its status."""

from __future__ import annotations

import struct

from checks.errors import TargetError
from checks.model import Sampler
from checks.probes.mysql.link import GARBAGE
from checks.probes.mysql.opening import _KNOWN
from checks.probes.mysql.server import Server
from checks.probes.mysql.status import (
    STATUS_NAMES,
    VARIABLE_NAMES,
    add_status,
    add_variables,
    number,
)
from checks.probes.mysql.wire import PluginError, ServerError, Wire
from tests.fuzz.oracle import check_finite, check_samples, check_told
from tests.fuzz.target import Target
from tests.fuzz.targets.loop import finished, reader, writer

__all__ = ["TARGETS"]


def packet(number_: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([number_]) + body


def column(name: bytes, kind: int) -> bytes:
    parts = (b"def", b"", b"", b"", name, b"")
    texts = b"".join(bytes([len(part)]) + part for part in parts)
    return texts + b"\x0c" + struct.pack("<HIBHB", 45, 1024, kind, 0, 0) + b"\0\0"


GREETING = packet(
    0,
    b"\x0a8.0.36\0" + struct.pack("<I", 41) + b"abcdefgh\0"
    + struct.pack("<HBHHB", 0xF7FF, 255, 2, 0xC0FF, 21) + bytes(10) + b"ijklmnopqrst\0"
    + b"mysql_native_password\0",
)  # fmt: skip
WELCOME = packet(2, b"\0\0\0\x02\0\0\0")
END = b"\xfe\0\0\x02\0"
ANSWER = (
    packet(1, b"\x02") + packet(2, column(b"a", 253)) + packet(3, column(b"n", 8))
    + packet(4, END) + packet(5, b"\x01x\x02" + b"42") + packet(6, b"\xfb\x011") + packet(7, END)
)  # fmt: skip
REFUSED = packet(1, b"\xff\x15\x04#28000Access denied for user")
SEEDS = (
    GREETING + WELCOME + ANSWER,
    GREETING + REFUSED,
    GREETING + packet(2, b"\xfemysql_clear_password\0") + WELCOME,
    GREETING
    + packet(2, b"\xfecaching_sha2_password\0abcdefghijklmnopqrst\0")
    + packet(4, b"\x01\x03"),
    packet(0, b"\xff\x10\x04Too many connections"),
    GREETING + WELCOME + packet(1, b"\xfb/etc/passwd"),
    b"220 mail.example.org ESMTP\r\n",
)  # fmt: skip
TOKENS = (
    *(GREETING, WELCOME, ANSWER, END, REFUSED, b"\xff", b"\xfe", b"\xfb", b"\xfc\xff\xff", b"\0"),
    *(b"\xfd\xff\xff\xff", b"\xfe" + b"\xff" * 8, packet(1, b""), packet(1, b"\x00")),
    *(b"\xff\xff\xff",),
    *(packet(1, b"\xfc\xff\xff"), column(b"d", 246), column(b"b", 16), b"\x01-", b"\x05hello"),
    *(packet(2, b"\x01\x04"), packet(2, b"\x01\x02" + b"x" * 40), b"mysql_old_password\0"),
)  # fmt: skip


def packets(data: bytes) -> None:
    finished(_talk(data))


async def _talk(data: bytes) -> None:
    stream = reader(data)
    wire = Wire("onwatch", "secret", "", "db")
    try:
        await wire.greet(stream, writer(stream), local=False)
        await wire.log_in(None)
        wire._next_seq_id = 0
        await wire.answer("SELECT 1", rows=50, size=50_000, cell=100_000)
    except (*_KNOWN, ServerError, PluginError, TargetError, *GARBAGE) as error:
        # As Opening and Link have it, which make sentences of all of them.
        if str(error):
            check_told(error, but="secret")
    finally:
        wire.abort()


STATUS_SEEDS = (
    b"Threads_connected=5\nUptime=12\nQuestions=99\nCom_select=4\nInnodb_rows_read=7",
    b"version=10.11.6-MariaDB-log\nversion_comment=Debian 12\nread_only=ON\nlong_query_time=10.0",
)
STATUS_TOKENS = (
    *(f"{name}=".encode() for name in (*STATUS_NAMES[:12], *VARIABLE_NAMES[:12])),
    *(b"1e999", b"-1", b"1.5e3", b"ON", b"nan", b"9" * 400, b"\xd9\xa3", b"\n", b"=", b"\xff"),
    *(b"version=" + b"9" * 5000 + b".1", b"version=8.0.", b"\x1b[31m", b"9" * 5000),
)


def status(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    fields = dict(line.partition("=")[::2] for line in text.split("\n"))
    server = Server(fields.get("version", ""), text[:50], "a@b", "h", performance_schema=True)
    assert len(server.number) == 3
    assert server.flavours
    assert server.user
    out = Sampler({}).builder()
    add_status(out, fields, server)
    add_variables(out, fields)
    samples = out.build()
    check_samples(samples)
    check_finite(samples.values)
    check_finite([number(text)])


TARGETS = (
    Target("mysql-packets", packets, SEEDS, TOKENS),
    Target("mysql-status", status, STATUS_SEEDS, STATUS_TOKENS),
)
