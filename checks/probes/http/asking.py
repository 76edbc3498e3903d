"""Asking one URL: credentials, redirects, a kept connection to each origin on the way."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from checks.dial import Phases, place
from checks.errors import TargetError
from checks.probe import Target
from checks.probes.http.auth import Credentials
from checks.probes.http.config import Endpoint
from checks.probes.http.connection import PIECES_BOUND, Exchange, Peer
from checks.probes.http.library import httpx
from checks.probes.http.proxy import Proxies, in_environment
from checks.probes.http.transport import OriginTransport, origin_of
from checks.probes.http.way import ByProxy, BySocket, Straight, Way
from checks.secrets import mask_url

__all__ = ["OURS", "Asking", "Run"]

ORIGINS_BOUND: Final = 6
"""Origins whose connections are kept; redirects may lead anywhere."""
OURS: Final = {"config", "permission", "limit", "auth"}
"""Reasons that lie with us, so that the target cannot be judged."""

_NOT_REACHED: Final = {"dns", "refused", "unreachable", "timeout"}
_FOLLOWED: Final = {301, 302, 303, 307, 308}


class Run:
    """How far one run has come.

    ``bound`` is in bytes of a body, ``most_pieces`` how many it may come in.
    """

    __slots__ = ("bound", "exchange", "most_pieces", "peer", "phases", "redirects")

    def __init__(self, bound: int, most_pieces: int = PIECES_BOUND) -> None:
        self.bound = bound
        self.most_pieces = most_pieces
        self.phases = Phases()
        self.exchange = self.another()
        self.peer: Peer | None = None
        self.redirects = 0

    def another(self) -> Exchange:
        """The next exchange of it."""
        return Exchange(self.phases, self.bound, self.most_pieces)


class Asking:
    """Asks one check's URL. ``own_headers`` are those that every request carries."""

    def __init__(
        self,
        config: Endpoint,
        target: Target,
        own_headers: Mapping[str, str],
        *,
        method: str = "GET",
        content: bytes = b"",
    ) -> None:
        self._config = config
        self._env = target.env
        self._own_headers = {**own_headers, "User-Agent": "onwatch"}
        self._method = method
        self._content = content
        self._url = self._asked = httpx.URL(config.url).copy_with(userinfo=b"", fragment=None)
        self._proxies = Proxies(config, target.env)
        self.credentials = Credentials(config, target.env)
        self._transports: dict[str, OriginTransport] = {}
        self._request: tuple[dict[str, str], str, httpx.Request] | None = None
        # Spread by name: connections that were made together must not all end together.
        self._max_age = config.keep_alive * (0.75 + zlib.crc32(target.name.encode()) / 2**33)

    async def close(self) -> None:
        """Close the connections."""
        transports, self._transports = self._transports, {}
        # All at once: where nobody waits for their ends any longer, none is left open.
        for transport in transports.values():
            transport.abort()
        for transport in transports.values():
            await transport.aclose()

    async def ask(self, run: Run, path: str = "") -> None:
        """Send the request and follow its redirects; the last exchange stays in ``run``.

        ``path``, with a query if need be, is asked beneath the check's url where one is given.

        Raises:
            TargetError: with a reason and a sentence.
            SecretError: a credential's source gave none.
        """
        request = self._prepared(await self.credentials.headers(), path)
        visited = [request.url]
        while True:
            self._asked = request.url
            transport = await self._transport(request.url)
            run.exchange = run.another()
            request.extensions["exchange"] = run.exchange
            try:
                await transport.handle_async_request(request)
            except TargetError as error:
                if error.reason in _NOT_REACHED and (hint := self.hint()):
                    raise TargetError(error.reason, f"{error}{hint}") from None
                raise
            finally:
                run.peer = transport.peer
                # The request is kept for the next run; its answer is not.
                del request.extensions["exchange"]
            location = run.exchange.header(b"location")
            follow = run.exchange.status in _FOLLOWED and location and self._config.redirects
            if not follow:
                return
            request = self._redirected(request, run.exchange.status, location)
            visited.append(request.url)
            self._check_redirects(visited)
            run.redirects += 1

    def hint(self) -> str:
        """What may help where nobody was reached: a proxy that is there and not used.

        It is never used silently: what is asked would depend on who started onwatch.
        """
        if self._config.proxy or self._config.socket:
            return ""
        found = in_environment(*origin_of(self._asked))
        if found is None:
            return ""
        return (
            f"; the environment names the proxy {found.place}: where that is the way, "
            "write http.proxy: env"
        )

    def _prepared(self, headers: dict[str, str], path: str) -> httpx.Request:
        """The request; made once for as long as the credentials and the path stay the same."""
        known = self._request
        if known is None or known[0] is not headers or known[1] != path:
            all_headers = httpx.Headers(self._own_headers)
            all_headers.update(httpx.Headers(headers, encoding="utf-8"))
            request = httpx.Request(
                self._method,
                self._beneath(path) if path else self._url,
                headers=all_headers,
                content=self._content or None,
                extensions={},
            )
            known = self._request = (headers, path, request)
        return known[2]

    def _beneath(self, path: str) -> httpx.URL:
        path, _, query = path.partition("?")
        base = self._url.raw_path.partition(b"?")[0].rstrip(b"/")
        asked = base + path.encode() + (b"?" + query.encode() if query else b"")
        return self._url.copy_with(raw_path=asked)

    async def _transport(self, url: httpx.URL) -> OriginTransport:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        found = self._transports.get(origin)
        if found is None:
            if len(self._transports) >= ORIGINS_BOUND:
                last = next(reversed(self._transports))
                await self._transports.pop(last).aclose()
            found = self._transports[origin] = self._new_transport(url)
        return found

    def _new_transport(self, url: httpx.URL) -> OriginTransport:
        tls = self._config.tls
        ca, cert, key = (
            str(self._env.path(name)) if name else "" for name in (tls.ca, tls.cert, tls.key)
        )
        own = url.host == self._url.host
        return OriginTransport(
            url,
            self._way(url),
            self._env.clock,
            self._env.lanes,
            # Another host gets neither our certificate nor our name for the first one.
            tls=(ca, cert, key, tls.verify) if own else (ca, "", "", tls.verify),
            server_name=tls.server_name if own else "",
            max_age=self._max_age,
        )

    def _way(self, url: httpx.URL) -> Way:
        scheme, host, port = origin_of(url)
        if self._config.socket and origin_of(self._url) == (scheme, host, port):
            return BySocket(str(self._env.path(self._config.socket)))
        proxy = self._proxies.chosen(scheme, host, port)
        if proxy is None:
            return Straight(host, port, self._env.resolver)
        target = place(host, port)
        return ByProxy(proxy, target, self._env.resolver, tunnel=scheme == "https")

    def _check_redirects(self, visited: list[httpx.URL]) -> None:
        *earlier, last = visited
        if last in earlier:
            loop = earlier[earlier.index(last) :]
            way = " to ".join(mask_url(str(url)) for url in (*loop[:3], last))
            raise TargetError(
                "protocol",
                f"redirect loop: {way}; correct where they lead, or judge the first with "
                "http.redirects: 0",
            )
        if len(earlier) > self._config.redirects:
            raise TargetError(
                "protocol",
                f"redirected more than {self._config.redirects} times, last to "
                f"{mask_url(str(last))}; raise http.redirects if that is meant",
            )

    def _redirected(self, request: httpx.Request, status: int, location: bytes) -> httpx.Request:
        """The request a redirect asks for (RFC 9110, section 15.4).

        Credentials and configured headers go to the same scheme, host and port only.
        """
        text = location.decode("latin-1")
        try:
            url = request.url.join(text).copy_with(userinfo=b"", fragment=None)
            usable = 0 < origin_of(url)[2] < 65_536
        except (httpx.InvalidURL, ValueError, UnicodeError):
            usable = False
        if not usable:
            raise TargetError("protocol", f"redirected to {mask_url(text)!r}, which is no url")
        if url.scheme not in {"http", "https"} or not url.host:
            raise TargetError(
                "protocol", f"redirected to {mask_url(text)!r}; only http and https are followed"
            )
        method, content = request.method, request.content
        if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):
            method, content = "GET", b""
        same = (url.scheme, url.netloc) == (request.url.scheme, request.url.netloc)
        kept = httpx.Headers(request.headers) if same else self._public(request.headers)
        for name in ("Host", "Content-Length", "Transfer-Encoding"):
            kept.pop(name, None)
        return httpx.Request(method, url, headers=kept, content=content or None, extensions={})

    def _public(self, headers: httpx.Headers) -> httpx.Headers:
        return httpx.Headers({name: headers[name] for name in self._own_headers if name in headers})
