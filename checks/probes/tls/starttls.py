"""Asking for TLS within a protocol that begins in plain text.

MySQL is not among them: it counts a handshake without a login as an error of the client, and
after a hundred of them shuts its host out.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from checks.errors import TargetError
from checks.expectations import quoted
from checks.probes.tls.config import StartTls

__all__ = ["hint", "start_tls"]

_LINE: Final = 4_096
_LINES: Final = 200
_SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")


class _Talk:
    """Lines to and from ``sock``, bounded."""

    def __init__(self, sock: socket.socket, where: str) -> None:
        self._sock = sock
        self._where = where
        self._buffer = b""
        self._lines = 0

    async def send(self, line: str) -> None:
        await asyncio.get_running_loop().sock_sendall(self._sock, line.encode() + b"\r\n")

    async def line(self) -> str:
        """The next line, without its end."""
        self._lines += 1
        while b"\n" not in self._buffer:
            data = await asyncio.get_running_loop().sock_recv(self._sock, _LINE)
            if not data:
                raise self.error("closed the connection before TLS began")
            self._buffer += data
            if len(self._buffer) > _LINE or self._lines > _LINES:
                raise self.error("sends no end of lines")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    async def reply(self) -> tuple[str, list[str]]:
        """The code of a reply of SMTP or FTP, and its lines."""
        lines = [await self.line()]
        code = lines[0][:3]
        while not lines[-1].startswith(f"{code} ") and lines[-1] != code:
            if len(lines) == 1 and lines[0][3:4] != "-":
                raise self.error(f"says {quoted(lines[0])}")
            lines.append(await self.line())
        return code, lines

    def error(self, what: str) -> TargetError:
        return TargetError("protocol", f"{self._where} {what}")

    def refused(self, command: str, said: str) -> TargetError:
        return TargetError(
            "tls", f"{self._where} refuses {command}: {quoted(said)}; enable TLS in its settings"
        )


async def start_tls(protocol: StartTls, sock: socket.socket, where: str) -> None:
    """Bring ``sock`` to where the TLS handshake begins.

    Raises:
        TargetError: reason protocol where it is another protocol, tls where it is refused.
        OSError: the connection failed.
    """
    await _STEPS[protocol](_Talk(sock, f"{where} ({protocol})"), sock)


async def _smtp(talk: _Talk, sock: socket.socket) -> None:
    del sock
    await _greeted(talk, "220", "SMTP")
    await talk.send("EHLO onwatch.invalid")
    code, lines = await talk.reply()
    if code != "250":
        raise talk.error(f"answers EHLO with {quoted(lines[-1])}")
    if "STARTTLS" not in {line[4:].strip().upper() for line in lines}:
        raise talk.refused("STARTTLS", "it is not among what EHLO offers")
    await talk.send("STARTTLS")
    code, lines = await talk.reply()
    if code != "220":
        raise talk.refused("STARTTLS", lines[-1])


async def _ftp(talk: _Talk, sock: socket.socket) -> None:
    del sock
    await _greeted(talk, "220", "FTP")
    await talk.send("AUTH TLS")
    code, lines = await talk.reply()
    if code != "234":
        raise talk.refused("AUTH TLS", lines[-1])


async def _imap(talk: _Talk, sock: socket.socket) -> None:
    del sock
    said = await talk.line()
    if not said.upper().startswith(("* OK", "* PREAUTH")):
        raise talk.error(f"does not greet in IMAP: {quoted(said)}")
    await talk.send("a STARTTLS")
    while (said := await talk.line()).startswith("*"):
        pass
    if not said.upper().startswith("A OK"):
        raise talk.refused("STARTTLS", said)


async def _pop3(talk: _Talk, sock: socket.socket) -> None:
    del sock
    said = await talk.line()
    if not said.startswith("+OK"):
        raise talk.error(f"does not greet in POP3: {quoted(said)}")
    await talk.send("STLS")
    if not (said := await talk.line()).startswith("+OK"):
        raise talk.refused("STLS", said)


async def _postgres(talk: _Talk, sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, _SSL_REQUEST)
    said = await loop.sock_recv(sock, 1)
    if said == b"N":
        raise talk.refused("TLS", "ssl is off")
    if said != b"S":
        what = f"answers {quoted(said.decode('latin-1'))}" if said else "closes the connection"
        raise talk.error(f"{what} where PostgreSQL says S or N")


async def _greeted(talk: _Talk, code: str, protocol: str) -> None:
    said, lines = await talk.reply()
    if said != code:
        raise talk.error(f"does not greet in {protocol}: {quoted(lines[0])}")


_STEPS: Final[dict[StartTls, Callable[[_Talk, socket.socket], Awaitable[None]]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ftp": _ftp,
    "postgres": _postgres,
}


def hint(first: bytes, port: int) -> str:
    """Which ``starttls`` may be meant where ``first`` came in place of TLS; empty if none."""
    greetings = ((b"220", "smtp or ftp"), (b"* OK", "imap"), (b"+OK", "pop3"))
    meant = next((name for begin, name in greetings if first.startswith(begin)), "")
    if not meant and port == 5432:
        meant = "postgres"
    return f", or give tls.starttls: {meant}" if meant else ""
