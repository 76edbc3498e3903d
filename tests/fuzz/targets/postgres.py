"""PostgreSQL's first answers, before anybody has logged in."""

from __future__ import annotations

import struct

from checks.errors import TargetError
from checks.probes.postgres import greeting
from tests.fuzz.oracle import check_told
from tests.fuzz.target import Target
from tests.fuzz.targets.loop import finished, reader, writer

__all__ = ["TARGETS"]


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


WANTS = message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0")
OPEN = message(b"R", struct.pack("!i", 0))
FULL = message(b"E", b"SFATAL\0C53300\0Msorry, too many clients already\0\0")
SEEDS = (
    WANTS,
    OPEN + message(b"S", b"server_version\x0016.2\0") + message(b"Z", b"I"),
    FULL,
    OPEN + message(b"E", b'C3D000\0Mdatabase "x" does not exist\0\0'),
    message(b"N", b"SNOTICE\0Mhello\0\0") + message(b"v", bytes(8)) + WANTS,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
)
TOKENS = (
    *(WANTS, OPEN, FULL, b"R", b"E", b"N", b"v", b"\0\0\0\x04", b"\xff\xff\xff\xff", b"\0"),
    *(b"C57P03\0", b"C28P01\0", b"C28000\0", b"M\x1b[2J\0", b"\xff", b"\0\0\x7d\x00", b"Mx\0"),
)
_PARAMETERS = {"user": "onwatch", "database": "shop"}


def run(data: bytes) -> None:
    finished(_talk(data))


async def _talk(data: bytes) -> None:
    stream = reader(data)
    written = writer(stream)
    try:
        asks = await greeting._answer(stream, "db:5432", _PARAMETERS)
        await greeting._leave(stream, written, asks, "db:5432", _PARAMETERS)
    except TargetError as error:
        check_told(error)
    except (EOFError, ConnectionError):
        pass  # as greet() has it
    finally:
        written.transport.abort()


TARGETS = (Target("postgres-greeting", run, SEEDS, TOKENS),)
