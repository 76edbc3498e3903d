"""How a server answers the door: what it says before anybody has logged in.

A start-up packet and the first message back, on a connection of its own that is closed
then. That tells a server that starts up, is full or keeps us out from one that is no
PostgreSQL at all, and whether it wants a password; it is no attempt to log in, so nothing
counts it as one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from checks.dial import Phases
from checks.errors import TargetError
from checks.probes.postgres.refusals import OtherProtocolError, Said, refusal

__all__ = ["Greeting", "greet"]

_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_TERMINATE: Final = b"X\0\0\0\4"
_PROTOCOL: Final = 196608  # 3.0
_LONGEST_MESSAGE: Final = 30_000
_PASSWORD_METHODS: Final = {3: "password", 5: "md5", 10: "scram-sha-256"}

Asks = Literal["nothing", "password", "other"]


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the server wants before it lets us in, and whether it was asked over TLS.

    ``other`` stands for Kerberos and the like.
    """

    asks: Asks
    tls: bool


async def greet(
    sock: socket.socket,
    parameters: Mapping[str, str],
    where: str,
    phases: Phases,
    context: ssl.SSLContext | None,
    *,
    required: bool,
) -> Greeting:
    """Ask the server at the other end of ``sock``, which is closed in every case.

    ``parameters`` are those of the start-up packet. TLS is used with a ``context``, and where
    it is not ``required`` only if the server offers it.

    Raises:
        TargetError: it keeps us out, or is no PostgreSQL; an
            :class:`~checks.probes.postgres.refusals.AnsweredError` where it answered.
    """
    try:
        reader, writer = await asyncio.open_connection(sock=sock)
    except BaseException:
        # Cancelled too: nobody else could close it.
        sock.close()
        raise
    try:
        tls = context is not None and await _upgrade(
            reader, writer, context, where, phases, required=required
        )
        phases.enter("greeting")
        writer.write(_startup(parameters))
        asks = await _answer(reader, where, parameters)
        await _leave(reader, writer, asks, where, parameters)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise TargetError(
            "protocol",
            f"{where} closed the connection without an answer: is it PostgreSQL? its log may say",
        ) from None
    finally:
        writer.transport.abort()
    phases.end()
    return Greeting(asks, tls)


async def _upgrade(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    context: ssl.SSLContext,
    where: str,
    phases: Phases,
    *,
    required: bool,
) -> bool:
    """Go over to TLS; whether the server did."""
    phases.enter("tls")
    writer.write(_SSL_REQUEST)
    reply = await reader.readexactly(1)
    if reply == b"N" and not required:
        return False
    if reply == b"N":
        raise TargetError(
            "tls", f"{where} offers no TLS: set ssl = on there, or leave postgres.tls out"
        )
    if reply != b"S":
        raise _no_postgres(where)
    try:
        await writer.start_tls(context)
    except ssl.SSLCertVerificationError as error:
        raise TargetError(
            "tls", f"the certificate of {where} is refused: {error.verify_message}"
        ) from None
    except ssl.SSLError as error:
        raise TargetError("tls", f"no TLS with {where}: {error.reason or error}") from None
    return True


def _startup(parameters: Mapping[str, str]) -> bytes:
    pairs = b"".join(f"{k}\0{v}\0".encode() for k, v in parameters.items())
    body = struct.pack("!i", _PROTOCOL) + pairs + b"\0"
    return struct.pack("!i", len(body) + 4) + body


async def _answer(reader: asyncio.StreamReader, where: str, parameters: Mapping[str, str]) -> Asks:
    while True:
        kind, body = await _message(reader, where)
        if kind == b"R" and len(body) >= 4:
            code = int.from_bytes(body[:4], "big")
            if code == 0:
                return "nothing"
            return "password" if code in _PASSWORD_METHODS else "other"
        if kind == b"E":
            raise refusal(_said(body), where, parameters["user"], parameters["database"])
        if kind not in (b"N", b"v"):
            raise _no_postgres(where)


async def _leave(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    asks: Asks,
    where: str,
    parameters: Mapping[str, str],
) -> None:
    """Go, and wait until the server has let us: only then its place is free for the login.

    Where no password is asked for, a whole session began, whose beginning may yet fail.
    """
    if asks == "nothing":
        writer.write(_TERMINATE)
        while header := await reader.read(1):
            body = await _body(reader, where)
            if header == b"E":
                raise refusal(_said(body), where, parameters["user"], parameters["database"])
        return
    # Whoever goes without a word when asked for a password is not mentioned in the log.
    if writer.can_write_eof():
        writer.write_eof()
        await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _message(reader: asyncio.StreamReader, where: str) -> tuple[bytes, bytes]:
    """The kind and the body of one message."""
    kind = await reader.readexactly(1)
    if kind not in (b"R", b"E", b"N", b"v"):
        raise _no_postgres(where)
    return kind, await _body(reader, where)


async def _body(reader: asyncio.StreamReader, where: str) -> bytes:
    length = int.from_bytes(await reader.readexactly(4), "big")
    if not 4 <= length <= _LONGEST_MESSAGE:
        raise _no_postgres(where)
    return await reader.readexactly(length - 4)


def _said(body: bytes) -> Said:
    """The fields of an error message; what a server of old sends is one text."""
    fields = {}
    for part in body.split(b"\0"):
        if part:
            with contextlib.suppress(IndexError):
                fields[chr(part[0])] = part[1:].decode("utf-8", "replace")
    return Said(fields.get("C", ""), fields.get("M", ""))


def _no_postgres(where: str) -> OtherProtocolError:
    return OtherProtocolError(
        "protocol", f"{where} does not speak PostgreSQL's protocol: is it the right port?"
    )
