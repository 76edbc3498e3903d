"""The way to one origin: one kept connection, replaced when it is old, broken or refused.

An ``httpx`` transport: it takes an :class:`httpx.Request` and gives an
:class:`httpx.Response`. There is no pool to search (a shared client's pool is scanned at
every request, which at a thousand origins is most of a core).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace
from typing import Final, cast

import h11

from checks.certificates import peer_chain, verified_until
from checks.clock import Clock
from checks.dial import Dialled, Phases, connection_error, place
from checks.errors import TargetError
from checks.expectations import stale_finding
from checks.lanes import LaneBusyError, Lanes
from checks.probes.http.connection import Connection, Exchange, Peer, StaleConnectionError
from checks.probes.http.library import httpx
from checks.probes.http.message import Sendable
from checks.probes.http.tls import TlsFiles, certificate_error, context, handshake_error, hung_up
from checks.probes.http.way import Way

__all__ = ["OriginTransport", "origin_of"]

_PORTS: Final = {"http": 80, "https": 443}
_SAFE_TWICE: Final = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}
"""Methods that may be sent again when a kept connection turns out closed (RFC 9110, 9.2.2)."""


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port."""
    host = url.raw_host.decode("ascii").strip("[]")
    return url.scheme, host, _PORTS.get(url.scheme, 1) if url.port is None else url.port


class OriginTransport(httpx.AsyncBaseTransport):
    """Requests to one scheme, host and port, one at a time.

    A request says in ``extensions["exchange"]`` where its answer is gathered; the
    response's stream is that answer, read already. ``max_age`` is the seconds after which
    a connection is made anew, so that a new certificate, a new address or a server that
    accepts no more is noticed.
    """

    def __init__(
        self,
        origin: httpx.URL,
        way: Way,
        clock: Clock,
        lanes: Lanes,
        *,
        tls: TlsFiles = ("", "", "", True),
        server_name: str = "",
        max_age: float = 60.0,
    ) -> None:
        scheme, host, port = origin_of(origin)
        self._https = scheme == "https"
        self._where = place(host, port) if way.proxy else way.where
        self._way = way
        self._clock = clock
        self._lanes = lanes
        self._tls = tls
        self._name = server_name or host
        self._max_age = max_age
        self._made_at = 0.0
        self._connection: Connection | None = None
        self._encoded: tuple[httpx.Request, bytes, Sendable] | None = None
        self.peer: Peer | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; its content must have been read.

        Raises:
            TargetError: with a reason and a sentence, for everything that may go wrong.
        """
        exchange = cast("Exchange", request.extensions["exchange"])
        exchange.over_tls = self._https
        exchange.proxy, exchange.local = self._way.proxy, self._way.local
        message = self._encode(request, await self._way.authorization())
        twice = request.method in _SAFE_TWICE
        connection = await self._kept(twice) or await self._connect(exchange.phases)
        try:
            await connection.send(message, exchange)
        except StaleConnectionError:
            connection = await self._connect(exchange.phases)
            await connection.send(message, exchange)
        self._way.check(exchange)
        return httpx.Response(
            exchange.status,
            headers=exchange.headers,
            stream=httpx.ByteStream(exchange.body),
            extensions={"exchange": exchange},
            request=request,
        )

    def abort(self) -> None:
        """Close the connection at once, without waiting for that."""
        if self._connection is not None:
            self._connection.abort()

    async def aclose(self) -> None:
        """Close the connection, and return when it is closed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _encode(self, request: httpx.Request, authorization: bytes) -> Sendable:
        """The request as bytes; the same object as before for the same request.

        ``authorization`` is for the proxy that it is forwarded by.
        """
        known = self._encoded
        if known is None or known[0] is not request or known[1] != authorization:
            url, headers = request.url, list(request.headers.raw)
            target = url.raw_path
            if self._way.forwarded:
                target = b"%b://%b%b" % (url.raw_scheme, url.netloc, target)
            if authorization:
                headers.append((b"Proxy-Authorization", authorization))
            try:
                event = h11.Request(method=request.method, target=target, headers=headers)
                message = Sendable(event, request.content)
            except h11.LocalProtocolError as error:
                raise TargetError("config", f"this request cannot be sent: {error}") from None
            self._encoded = known = (request, authorization, message)
        return known[2]

    async def _kept(self, usable: bool) -> Connection | None:
        connection = self._connection
        if connection is None:
            return None
        young = self._clock.now() < self._made_at + self._max_age
        if usable and young and connection.idle:
            return connection
        await self.aclose()
        return None

    async def _connect(self, phases: Phases) -> Connection:
        await self.aclose()
        tls = await self._context(verify=self._tls[3])
        dialled = await self._way.dial(phases)
        if self._https:
            phases.enter("tls")
        connection = await self._open(dialled, tls, phases)
        phases.end()
        self._connection = connection
        self._made_at = self._clock.now()
        self.peer = _peer(dialled, connection.tls, self._way.proxy)
        return connection

    async def _open(
        self, dialled: Dialled, tls: ssl.SSLContext | None, phases: Phases
    ) -> Connection:
        if tls is None:
            return await self._start(dialled, None)
        try:
            return await self._start(dialled, tls)
        except ssl.SSLCertVerificationError as error:
            peer = await self._look(dialled, phases)
            self.peer = peer
            chain = peer.chain if peer else ()
            raise certificate_error(error, self._name, chain, self._clock.wall()) from None
        except ssl.SSLError as error:
            raise handshake_error(error, self._where) from None
        except ConnectionError:
            raise hung_up(self._where) from None
        except OSError as error:
            raise connection_error(error, self._where) from None

    async def _context(self, *, verify: bool) -> ssl.SSLContext | None:
        """The context, made apart where files are named: their mount's server may be gone."""
        if not self._https:
            return None
        files = (*self._tls[:3], verify)
        if not any(files[:3]):
            return context(files)
        lane = f"tls {files}"
        try:
            return await self._lanes.share(lane, lambda: context(files))
        except LaneBusyError:
            named = next(filter(None, files[:3]))
            text = f"http.tls: reading {named} hangs: is the mount it is on still there?"
            raise TargetError("config", text) from None
        finally:
            if not self._lanes.busy(lane):
                self._lanes.drop(lane)

    async def _start(self, dialled: Dialled, tls: ssl.SSLContext | None) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(self._way.where),
            sock=dialled.sock,
            ssl=tls,
            server_hostname=self._name if tls else None,
        )
        return connection

    async def _look(self, first: Dialled, phases: Phases) -> Peer | None:
        """The certificate that was refused, over a second connection that asks nothing.

        The handshake that failed does not give it away.
        """
        try:
            tls = await self._context(verify=False)
            dialled = await self._way.dial(phases, first.address)
            phases.enter("tls")
            connection = await self._start(dialled, tls)
        except (OSError, TargetError):
            return None
        try:
            again = replace(dialled, addresses=first.addresses)
            return _peer(again, connection.tls, self._way.proxy)
        finally:
            await connection.close()


def _peer(dialled: Dialled, tls: ssl.SSLObject | None, proxy: str) -> Peer:
    stale = stale_finding(dialled.addresses)
    notice = stale.text if stale else ""
    ipv6 = dialled.family == socket.AF_INET6
    if tls is None:
        return Peer(dialled.address, ipv6, notice=notice, proxy=proxy)
    cipher = tls.cipher()
    return Peer(
        dialled.address,
        ipv6,
        peer_chain(tls),
        verified_until(tls),
        tls.version() or "",
        cipher[0] if cipher else "",
        notice,
        proxy,
    )
