"""A TLS handshake over a socket that is connected already, without asyncio's streams.

The socket stays ours: what came before the handshake (STARTTLS) and what came instead of it
(a greeting in plain text) can be read and told.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Final

__all__ = ["Handshake", "HungUpError"]

_CHUNK: Final = 65_536
_BOUND: Final = 400_000
"""Bytes a handshake may bring; OpenSSL itself takes 100 kB of certificates."""
_FAREWELL: Final = 0.25
"""Seconds a server is given to answer our good-bye."""


class HungUpError(Exception):
    """The server closed the connection within the handshake."""


class Handshake:
    """One handshake. ``first`` are the first bytes that came, whatever they are."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, name: str) -> None:
        self._sock = sock
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._received = 0
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=name)
        self.first = b""

    async def run(self) -> None:
        """Shake hands.

        Raises:
            HungUpError: the server closed the connection.
            ssl.SSLError: the handshake failed; OSError: the connection did.
        """
        while not await self._step(self.tls.do_handshake):
            await self._receive()

    async def part(self) -> ssl.SSLError | None:
        """Say good-bye; the refusal that the server answers with, if it does.

        With TLS 1.3 a server refuses a client's certificate, or its absence, only now.
        """
        try:
            async with asyncio.timeout(_FAREWELL):
                # Sends our close_notify; Python does not wait for the server's.
                await self._step(self.tls.unwrap)
                while not await self._step(lambda: self.tls.read(1)):
                    await self._receive()
        except ssl.SSLError as error:
            return error if "ALERT" in (error.reason or "") else None
        except (HungUpError, OSError):
            pass
        return None

    async def _step(self, act: Callable[[], object]) -> bool:
        """Whether ``act`` is done; else it wants more from the server."""
        try:
            act()
            done = True
        except ssl.SSLWantReadError:
            done = False
        except ssl.SSLError:
            # Our alert tells the server's log what we did not like.
            with contextlib.suppress(OSError):
                await self._flush()
            raise
        await self._flush()
        return done

    async def _flush(self) -> None:
        if data := self._out.read():
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def _receive(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(self._sock, _CHUNK)
        self._received += len(data)
        if not data or self._received > _BOUND:
            raise HungUpError
        if not self.first:
            self.first = data[:200]
        self._in.write(data)
