"""The way to an origin: straight, over a unix socket, or by a proxy."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TYPE_CHECKING, Final, Protocol

from checks.dial import Dialled, Phases, connection_error, dial, dial_socket, place
from checks.errors import TargetError
from checks.probes.http.connection import Exchange, not_http
from checks.probes.http.message import HEAD_BOUND
from checks.probes.http.proxy import Proxy, connect_refusal
from checks.probes.http.tls import no_tls

if TYPE_CHECKING:
    from checks.resolver import Resolver

__all__ = ["ByProxy", "BySocket", "Straight", "Way"]

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_OFFERED: Final = re.compile(rb"(?im)^proxy-authenticate:[ \t]*([^\r\n]*)")


class Way(Protocol):
    """How a connection for an origin is made.

    ``where`` is who answers on it; ``proxy`` the host and port of the proxy on the way, empty
    without one; ``forwarded`` whether that proxy is to be told the whole url; ``local`` whether it
    is a unix socket.
    """

    where: str
    proxy: str
    forwarded: bool
    local: bool

    async def authorization(self) -> bytes:
        """What a forwarded request says in ``Proxy-Authorization``; empty for nothing."""

    def check(self, exchange: Exchange) -> None:
        """Raise TargetError where an answer is a proxy's refusal of us, not the target's."""

    async def dial(self, phases: Phases, address: str = "") -> Dialled:
        """A connection, to that ``address`` where one is given.

        Raises:
            TargetError: with a reason and a sentence.
        """


class _Unproxied:
    proxy = ""
    forwarded = False
    local = False

    async def authorization(self) -> bytes:
        return b""

    def check(self, exchange: Exchange) -> None:
        """Whatever comes is the target's."""


class Straight(_Unproxied):
    """To the host and port that the url names."""

    def __init__(self, host: str, port: int, resolver: Resolver) -> None:
        self.where = place(host, port)
        self._host, self._port, self._resolver = host, port, resolver

    async def dial(self, phases: Phases, address: str = "") -> Dialled:
        return await dial(address or self._host, self._port, self._resolver, phases)


class BySocket(_Unproxied):
    """To a unix socket of this machine."""

    local = True

    def __init__(self, path: str) -> None:
        self.where = self._path = path

    async def dial(self, phases: Phases, address: str = "") -> Dialled:
        return await dial_socket(address or self._path, phases)


class ByProxy:
    """By a proxy: requests for ``http`` are forwarded by it, ``https`` goes through a tunnel."""

    def __init__(self, proxy: Proxy, target: str, resolver: Resolver, *, tunnel: bool) -> None:
        self.proxy = proxy.place
        self.where = target if tunnel else f"the proxy {proxy.place}"
        self.forwarded = not tunnel
        self.local = False
        self._named = proxy
        self._target = target
        self._resolver = resolver

    async def authorization(self) -> bytes:
        # The target is not to hear it: in a tunnel the proxy has heard it already.
        return await self._named.authorization() if self.forwarded else b""

    def check(self, exchange: Exchange) -> None:
        if self.forwarded and exchange.status == 407:
            offered = exchange.header(b"proxy-authenticate").decode("latin-1")
            # The target has not answered.
            exchange.status = 0
            raise self._named.refusal(offered)

    async def dial(self, phases: Phases, address: str = "") -> Dialled:
        # Before there is a connection that would wait for it.
        authorization = b"" if self.forwarded else await self._named.authorization()
        try:
            dialled = await dial(
                address or self._named.host, self._named.port, self._resolver, phases
            )
        except TargetError as error:
            raise self._not_reached(error) from None
        if self.forwarded:
            return dialled
        phases.enter("proxy")
        try:
            await self._tunnel(dialled.sock, authorization)
        except OSError as error:
            dialled.sock.close()
            raise connection_error(error, f"the proxy {self.proxy}") from None
        except BaseException:
            # Cancelled too: nobody else could close it.
            dialled.sock.close()
            raise
        phases.end()
        return dialled

    def _not_reached(self, error: TargetError) -> TargetError:
        if error.reason == "refused":
            return TargetError(
                "refused",
                f"the proxy {self.proxy} refuses the connection: does it run, and is http.proxy "
                "right?",
            )
        return TargetError(error.reason, f"the way to the proxy {self.proxy} (http.proxy): {error}")

    async def _tunnel(self, sock: socket.socket, authorization: bytes) -> None:
        """Have the proxy connect us with the target (RFC 9110, section 9.3.6)."""
        target = self._target.encode("ascii")
        sent = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\nUser-Agent: onwatch\r\n" % (target, target)
        if authorization:
            sent += b"Proxy-Authorization: %b\r\n" % authorization
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, sent + b"\r\n")
        head = await self._head(sock)
        status = int(head[9:12])
        if status == 407:
            offered = b", ".join(_OFFERED.findall(head)).decode("latin-1")
            raise self._named.refusal(offered)
        if not 200 <= status < 300:
            raise connect_refusal(self.proxy, self._target, status)
        if not head.endswith(b"\r\n\r\n"):
            # Who speaks first does not speak TLS; these bytes would be missed by it besides.
            raise TargetError("tls", no_tls(self._target))

    async def _head(self, sock: socket.socket) -> bytes:
        """The proxy's answer up to the end of its headers, and what came with them."""
        loop = asyncio.get_running_loop()
        named = f"the proxy {self.proxy}"
        head = b""
        while b"\r\n\r\n" not in head:
            piece = await loop.sock_recv(sock, 4096)
            head += piece
            if not piece:
                said = "within its answer" if head else "without an answer"
                text = f"{named} closed the connection {said} to CONNECT; see its log"
                raise TargetError("protocol", text)
            if not head.startswith(b"HTTP/"[: len(head)]):
                raise TargetError("protocol", f"{not_http(named, head[:64])}: is it a proxy?")
            if len(head) > HEAD_BOUND:
                text = f"{named} sends more than {HEAD_BOUND // 1024} kB of headers; is it a proxy?"
                raise TargetError("protocol", text)
        if not _STATUS.match(head):
            raise TargetError("protocol", f"{not_http(named, head[:64])}: is it a proxy?")
        return head
