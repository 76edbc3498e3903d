"""One connection to a Redis server, on redis-py's protocol code.

Imported when a Redis check first runs, since redis-py takes its time to load. A pool,
retries and health checks are redis-py's business only where an application wants to be
spared the failures; a monitor wants to see them.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import InvalidResponse, RedisError, ResponseError

from checks.dial import Phases, connection_error, dial, unix_socket
from checks.errors import TargetError
from checks.probes.redis.config import Address
from checks.probes.redis.reply import Command, ErrorReply
from checks.resolver import Resolver

__all__ = ["ClosedError", "RedisLink", "Replies"]

REPLY_BOUND: Final = 8 * 1024 * 1024
"""Bytes that the replies to one round may come to."""


class ClosedError(TargetError):
    """The server ended the connection instead of answering; ``said`` is its last word."""

    def __init__(self, reason: str, sentence: str, said: ErrorReply | None) -> None:
        super().__init__(reason, sentence)
        self.said = said


class _TooLongError(Exception):
    """Replies passed the bound of their round."""


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies to one round of commands.

    ``first`` and ``last`` are the seconds after which the first and the last came.
    """

    values: tuple[object, ...]
    first: float
    last: float


class _BoundedReader(asyncio.StreamReader):
    """A stream that refuses to buffer more than :attr:`bound` bytes a round."""

    received = 0
    bound = REPLY_BOUND

    def feed_data(self, data: Any) -> None:
        self.received += len(data)
        if self.received > self.bound:
            self.set_exception(_TooLongError())
            return
        super().feed_data(data)


class RedisLink(AbstractConnection):
    """An open connection; of no use any more once anything has failed on it.

    After a timeout or a cancelled round the replies still under way would be taken for
    those of the next, so whoever sees a round fail calls :meth:`abort`.
    """

    def __init__(self, address: Address, context: ssl.SSLContext | None, server_name: str) -> None:
        super().__init__(protocol=2, socket_timeout=None, driver_info=None)
        self._address = address
        self._context = context
        self._server_name = server_name or address.host

    async def open(self, resolver: Resolver, phases: Phases) -> None:
        """Connect, in the phases ``dns``, ``connect`` and ``tls``.

        Raises TargetError with a sentence; the caller bounds the time.
        """
        try:
            self._reader, self._writer = await self._streams(resolver, phases)
        except ssl.SSLCertVerificationError as error:
            raise TargetError(
                "tls", f"the certificate of {self._address} is refused: {error.verify_message}"
            ) from None
        except ssl.SSLError as error:
            raise TargetError(
                "tls",
                f"no TLS with {self._address} ({_ssl_text(error)}): "
                "does this port speak TLS? if not, write redis:// instead of rediss://",
            ) from None
        except OSError as error:
            if self._address.path:
                raise _socket_error(self._address.path, error) from None
            raise connection_error(error, str(self._address)) from None
        self._parser.on_connect(self)  # type: ignore[no-untyped-call]

    async def ask(self, commands: Sequence[Command], bound: int | None = None) -> Replies:
        """Send ``commands`` in one write and read a reply to each, of ``bound`` bytes together
        where it is given, else of :data:`REPLY_BOUND`.

        Error replies are values. Raises TargetError where the connection is of no use.
        """
        began = time.perf_counter()
        first = 0.0
        values: list[object] = []
        if isinstance(self._reader, _BoundedReader):
            self._reader.received, self._reader.bound = 0, bound or REPLY_BOUND
        try:
            packed = self.pack_commands(commands)
            await self.send_packed_command(packed, check_health=False)
            for _ in commands:
                values.append(await self._reply())
                first = first or time.perf_counter() - began
        except _TooLongError:
            raise TargetError(
                "protocol",
                f"{self._address} answered with more than {(bound or REPLY_BOUND) / 1024**2:g} MiB",
            ) from None
        except (InvalidResponse, ValueError, RecursionError) as error:
            raise TargetError(
                "protocol",
                f"{self._address} does not speak Redis' protocol ({error}): is it a Redis port?",
            ) from None
        except (RedisError, OSError, EOFError) as error:
            raise self._lost(error, values) from None
        return Replies(tuple(values), first, time.perf_counter() - began)

    async def _reply(self) -> object:
        try:
            return await self.read_response(disconnect_on_error=False)
        except RedisError as error:
            reply = _error_reply(error)
            if reply is None:
                raise
            return reply

    def _lost(self, error: Exception, values: Sequence[object]) -> ClosedError:
        """The error of a connection that ended before every reply was there."""
        said = next((value for value in values if isinstance(value, ErrorReply)), None)
        closed = f"{self._address} closed the connection without an answer"
        if self._context is None:
            hint = "does it expect TLS (rediss://), or is it no Redis?"
            return ClosedError("protocol", f"{closed}: {hint}", said)
        # redis-py wraps what the socket said.
        cause = error.__context__ if isinstance(error, RedisError) else error
        alert = f" ({_ssl_text(cause)})" if isinstance(cause, ssl.SSLError) else ""
        hint = "does it want a client certificate (redis.tls.cert)?"
        return ClosedError("tls", f"{closed}{alert}: {hint}", said)

    def abort(self) -> None:
        """Close at once, without waiting for a peer that may hang."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            self._parser.on_disconnect()  # type: ignore[no-untyped-call]
            writer.transport.abort()

    async def _streams(
        self, resolver: Resolver, phases: Phases
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = _BoundedReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport: asyncio.Transport
        if self._address.path:
            phases.enter("connect")
            sock = await unix_socket(self._address.path)
            transport, _ = await loop.create_connection(lambda: protocol, sock=sock)
        else:
            dialled = await dial(self._address.host, self._address.port, resolver, phases)
            if self._context is not None:
                phases.enter("tls")
            transport, _ = await loop.create_connection(
                lambda: protocol,
                sock=dialled.sock,
                ssl=self._context,
                server_hostname=self._server_name if self._context else None,
            )
        phases.end()
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _connect(self) -> None:
        raise ConnectionError(f"the connection to {self._address} is not open")

    def _host_error(self) -> str:
        return str(self._address)

    def repr_pieces(self) -> list[tuple[str, str]]:
        return [("address", str(self._address))]


def _error_reply(error: RedisError) -> ErrorReply | None:
    """What the server said; None where the error is redis-py's own (a lost connection)."""
    text = str(error)
    if error.status_code is not None:
        return ErrorReply(error.status_code, text)
    if not isinstance(error, ResponseError):
        return None
    code, _, rest = text.partition(" ")
    return ErrorReply(code, rest)


def _socket_error(path: str, error: OSError) -> TargetError:
    what = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        hint = "onwatch needs the right to write to it (unixsocketperm, group)"
        return TargetError("permission", f"cannot connect to {path}: {what}; {hint}")
    if isinstance(error, FileNotFoundError):
        return TargetError("refused", f"no socket {path}: is the server running?")
    if isinstance(error, BlockingIOError):
        return TargetError("timeout", f"{path} takes no more connections: does the server hang?")
    return TargetError("refused", f"cannot connect to {path}: {what}; is the server running?")


def _ssl_text(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()
