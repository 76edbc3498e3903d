"""What a socket speaks whose server could not be seen: asked in an order that offends nobody.

First it is listened to, since MySQL, mail and ssh speak first. Then PostgreSQL's request for
TLS goes out: eight bytes without a line's end that PostgreSQL answers with one letter, and
that Redis takes for the beginning of a line. Only who says nothing to that is sent PING, on a
connection of its own, since PostgreSQL would complain. None of the three logs any of it. A
server of HTTP may refuse what it was sent as a bad request, which tells what it is.

MySQL and MariaDB alone count whoever comes and does not log in (``Aborted_connects``, and a
warning in MariaDB's log): they are recognised by their process, their socket's account, their
container, their port or from the last session, and only where all of that fails like this.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final

from checks.discovery.model import Web
from checks.discovery.programs import Role

__all__ = ["Talk", "ask", "hang_up", "unverified"]

GREETING_WAIT: Final = 0.03
"""Seconds that a server is given to speak first; those that do, do so at once."""
ANSWER_WAIT: Final = 0.05
"""Seconds that it is given to answer, on this machine."""

_SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")
_PING: Final = b"PING\r\n"
_REDIS: Final = (b"+PONG", b"-NOAUTH", b"-DENIED", b"-LOADING", b"-ERR", b"-MASTERDOWN", b"-BUSY")
_MARKUP: Final = (b"HTTP/", b"<!", b"<h", b"<H")
_TLS_ALERT: Final = b"\x15\x03"


class Talk:
    """What a port has said so far; readable also where the talk was cut short.

    ``role`` is None until something was understood, ``web`` what is known of its pages.
    """

    __slots__ = ("connected", "role", "web")

    def __init__(self) -> None:
        self.connected = False
        self.role: Role | None = None
        self.web: Web | None = None


async def ask(host: str, port: int, talk: Talk) -> None:
    """Find out what answers at this port. Raises OSError where nobody does."""
    for greeting in (_as_postgres, _as_redis):
        reader, writer = await asyncio.open_connection(host, port)
        talk.connected = True
        try:
            talk.role = await greeting(reader, writer)
        finally:
            await hang_up(writer)
        if talk.role is not None:
            return


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close the connection such that nobody takes it for a broken one, if the peer lets us.

    TLS is taken leave of, which one that hangs does not answer.
    """
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        try:
            async with asyncio.timeout(ANSWER_WAIT):
                await writer.wait_closed()
        finally:
            # Also where nobody waits any longer: what did not close by then never would.
            writer.transport.abort()


async def _as_postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Role | None:
    said = await _heard(reader, GREETING_WAIT)
    if said is None:
        writer.write(_SSL_REQUEST)
        said = await _heard(reader, ANSWER_WAIT)
        if said == b"S":
            # A promise of TLS that is not taken up would be an error in its log.
            await writer.start_tls(unverified())
        if said in {b"S", b"N"}:
            return Role.POSTGRES
    return _understood(said)


async def _as_redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Role | None:
    writer.write(_PING)
    return _understood(await _heard(reader, ANSWER_WAIT))


async def _heard(reader: asyncio.StreamReader, seconds: float) -> bytes | None:
    """The first bytes that come; None where none do in time."""
    try:
        async with asyncio.timeout(seconds):
            return await reader.read(512)
    except TimeoutError:
        return None


def _understood(said: bytes | None) -> Role | None:
    """What says ``said``, of its own accord or in answer; None where it is waiting for more."""
    if said is None:
        return None
    # MySQL: three bytes of length, number 0, then version 10 of the handshake or an error.
    if len(said) > 5 and said[3] == 0 and said[4] in (10, 0xFF):
        return Role.MYSQL
    if said.startswith(_REDIS):
        return Role.REDIS
    if said.startswith((*_MARKUP, _TLS_ALERT)):
        return Role.HTTP
    # Whoever hangs up without a word at what is no request may still know one.
    return Role.HTTP if not said else Role.TCP


def unverified() -> ssl.SSLContext:
    """TLS for the sake of talking: nothing is believed that is said over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
