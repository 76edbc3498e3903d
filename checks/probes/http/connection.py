"""One HTTP/1.1 connection: a request goes out, its whole answer comes back, bounded.

An answer is gathered in the protocol's callbacks and wakes its waiter once; reading it
piece by piece through streams costs three times the CPU, at a thousand targets a second
the most of what this program does.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Final, cast

import h11

from checks.certificates import Certificate
from checks.dial import Phases
from checks.errors import TargetError
from checks.model import clean
from checks.probes.http.message import HEAD_BOUND, Sendable, read_plain
from checks.probes.http.tls import handshake_error, http2_only

__all__ = ["Connection", "Exchange", "Peer", "StaleConnectionError", "not_http"]

PIECES_BOUND: Final = 2_048
"""Pieces a body may come in: a flood of one-byte chunks costs us more than the sender."""

_GREETING: Final = b"HTTP/"
_SETTINGS, _GOAWAY = b"\x04", b"\x07"
"""Types of HTTP/2's frames that a server begins with (RFC 9113, section 6)."""


class StaleConnectionError(Exception):
    """A kept connection had been closed by the server before it answered on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """Who is at the other end.

    ``chain`` is what it sent, empty without TLS; ``verified_until`` the seconds since 1970
    at which the verified chain ends; ``notice`` a warning that concerns its name. With a
    ``proxy`` (its host and port) the address is the proxy's; a unix socket's is its path.
    """

    address: str
    ipv6: bool
    chain: tuple[Certificate, ...] = ()
    verified_until: float | None = None
    tls_version: str = ""
    cipher: str = ""
    notice: str = ""
    proxy: str = ""


@dataclass(slots=True, eq=False)
class Exchange:
    """A request under way and what has come of it so far; readable also when it failed.

    ``cut`` says that the body was longer than its bound, or came in more than ``most_pieces``,
    and ends there. ``proxy`` is the host and port of the proxy on the way, empty without one;
    ``local`` says that a unix socket is.
    """

    phases: Phases
    bound: int
    most_pieces: int = PIECES_BOUND
    status: int = 0
    reason: bytes = b""
    version: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    received: int = 0
    first: bytes = b""
    cut: bool = False
    over_tls: bool = False
    proxy: str = ""
    local: bool = False

    @property
    def body(self) -> bytes:
        """The body as it was sent, encoded and up to its bound."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)

    def header(self, name: bytes) -> bytes:
        """The first header called ``name`` (in lower case); empty where there is none."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return b""


class Connection(asyncio.Protocol):
    """A kept connection. One exchange at a time."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._sent: Sendable | None = None
        self._machine: h11.Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._done: asyncio.Future[None] | None = None
        self._lost = asyncio.get_running_loop().create_future()
        self._used = False
        self._reusable = True
        self._unasked = b""
        self._lost_by: Exception | None = None

    @property
    def idle(self) -> bool:
        """Whether another request can be sent on it."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and self._exchange is None
            and self._reusable
        )

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, where there is one."""
        if self._transport is None:
            return None
        return cast("ssl.SSLObject | None", self._transport.get_extra_info("ssl_object"))

    async def send(self, request: Sendable, exchange: Exchange) -> None:
        """Send ``request`` and return once the answer is in ``exchange``.

        Raises:
            StaleConnectionError: an earlier exchange went well, this one got no byte.
            TargetError: reason protocol, with what is wrong with the answer.
        """
        assert self._transport is not None  # noqa: S101 - connected before it is handed out
        self._reusable = False
        self._sent = request
        self._exchange = exchange
        self._done = asyncio.get_running_loop().create_future()
        exchange.phases.enter("first byte")
        self._transport.write(request.wire)
        if self._unasked:
            self.data_received(self._unasked)
        elif self._lost.done():
            self.connection_lost(self._lost_by)
        try:
            await self._done
        except BaseException:
            # Cancelled too: what is under way on it belongs to nobody.
            self.abort()
            raise
        finally:
            self._exchange = self._done = self._machine = None
        exchange.phases.end()
        self._used = True
        if not self._reusable:
            self.abort()

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Close, and return when the socket is closed."""
        if self._transport is not None:
            self._transport.abort()
            await self._lost

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None and not self._used and not self._unasked:
            # A greeting: it tells what is there, once somebody asks.
            self._unasked = data[:HEAD_BOUND]
            self._reusable = False
            return
        if exchange is None or self._done is None or self._done.done():
            self.abort()
            return
        if not exchange.received:
            exchange.phases.enter("transfer")
            if self._is_plain(exchange, data):
                return
            exchange.first = data[:64].lstrip(b"\r\n")
            # A server of another kind greets and waits; h11 would wait for its headers' end.
            if not exchange.first.startswith(_GREETING[: len(exchange.first)]):
                self._fail(TargetError("protocol", not_http(self._where, exchange.first)))
                return
        exchange.received += len(data)
        if self._machine is None and self._sent is not None:
            self._machine = self._sent.machine()
        if self._machine is not None:
            self._feed(exchange, self._machine, data)

    def eof_received(self) -> None:
        if self._exchange is not None and self._machine is not None:
            self._feed(self._exchange, self._machine, b"")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)
            self._lost_by = exc
        exchange = self._exchange
        if exchange is None:
            return
        # With TLS 1.3 a client certificate is refused only after the handshake.
        if isinstance(exc, ssl.SSLError):
            self._fail(handshake_error(exc, self._where))
        else:
            self._fail(self._ended(exchange))

    def _is_plain(self, exchange: Exchange, data: bytes) -> bool:
        """Whether ``data`` is a whole answer that needs no state machine; if so, take it."""
        plain = None
        if self._sent is not None and self._sent.plain:
            plain = read_plain(data, exchange.bound)
        if plain is None:
            return False
        exchange.received = len(data)
        exchange.status = plain.status
        exchange.reason = plain.reason
        exchange.version = "1.1"
        exchange.headers = plain.headers
        exchange.pieces.append(plain.body)
        exchange.size = len(plain.body)
        self._reusable = True
        self._finish()
        return True

    def _feed(self, exchange: Exchange, machine: h11.Connection, data: bytes) -> None:
        try:
            machine.receive_data(data)
            if self._pump(exchange, machine):
                self._settle(machine)
                self._finish()
            elif not exchange.status and exchange.received > HEAD_BOUND:
                self._fail(self._flood())
        except h11.RemoteProtocolError as error:
            self._fail(self._misbehaved(exchange, error, ended=not data))

    def _settle(self, machine: h11.Connection) -> None:
        """Whether both sides may go on. What follows an answer unasked is not the next one."""
        done = machine.our_state is h11.DONE and machine.their_state is h11.DONE
        self._reusable = done and not machine.trailing_data[0]

    def _pump(self, exchange: Exchange, machine: h11.Connection) -> bool:
        """Take what has come; whether the answer is complete, or as long as it may be."""
        while True:
            event = machine.next_event()
            if isinstance(event, h11.Data):
                piece = bytes(event.data[: exchange.bound - exchange.size])
                exchange.pieces.append(piece)
                exchange.size += len(piece)
                if len(event.data) > len(piece) or len(exchange.pieces) >= exchange.most_pieces:
                    exchange.cut = True
                    return True
            elif isinstance(event, h11.Response):
                exchange.status = event.status_code
                exchange.reason = event.reason
                exchange.version = event.http_version.decode("ascii")
                exchange.headers = event.headers.raw_items()
            elif isinstance(event, h11.InformationalResponse):
                continue
            elif isinstance(event, h11.EndOfMessage):
                return True
            elif event is h11.PAUSED:
                # A switch of protocols that nobody asked for: no HTTP follows.
                raise h11.RemoteProtocolError("switched protocols")
            else:
                return False

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)

    def _ended(self, exchange: Exchange) -> Exception:
        if not exchange.received:
            if self._used:
                return StaleConnectionError()
            cause = "" if exchange.over_tls else "does it expect TLS (https://)? Otherwise "
            return TargetError(
                "protocol",
                f"{self._where} closed the connection without an answer; {cause}see its log",
            )
        if not exchange.status:
            return TargetError("protocol", f"{self._where} closed the connection within its answer")
        got = exchange.size
        of = exchange.header(b"content-length").decode("latin-1")
        said = f"after {got} of {of} bytes" if of.isdigit() else f"within the body ({got} bytes)"
        return TargetError(
            "protocol", f"HTTP {exchange.status}, but {self._where} closed the connection {said}"
        )

    def _flood(self) -> TargetError:
        return TargetError(
            "protocol",
            f"{self._where} sends more than {HEAD_BOUND // 1024} kB of headers; have it send less",
        )

    def _misbehaved(
        self, exchange: Exchange, error: h11.RemoteProtocolError, *, ended: bool
    ) -> Exception:
        if error.error_status_hint == 431:
            return self._flood()
        if ended:
            return self._ended(exchange)
        if exchange.status:
            return TargetError(
                "protocol", f"HTTP {exchange.status}, then a broken body from {self._where}"
            )
        return TargetError("protocol", not_http(self._where, exchange.first))


def not_http(where: str, first: bytes) -> str:
    """What is answering, as far as its first bytes tell."""
    if first[:1] == b"\x15" and first[1:2] == b"\x03":
        return f"{where} answers in TLS: write https:// in the url"
    if first[3:4] in {_SETTINGS, _GOAWAY} and first[5:9] == bytes(4):
        return http2_only(where)
    shown = clean(first.decode("ascii", "backslashreplace"), 40)
    return f'{where} does not answer in HTTP/1.1: it begins with "{shown}"'
