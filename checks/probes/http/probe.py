"""The worker of an http check: asks one URL, follows redirects, judges the answer."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

import httpx

from checks.dial import Phases
from checks.errors import SecretError, TargetError
from checks.health_document import HealthDocument, changes
from checks.model import Result, Status
from checks.probe import Target
from checks.probes.http.answer import Answer
from checks.probes.http.auth import Credentials
from checks.probes.http.config import HttpConfig
from checks.probes.http.connection import Exchange, Peer
from checks.probes.http.judge import Judge
from checks.probes.http.report import Reporter
from checks.probes.http.transport import OriginTransport
from checks.secrets import mask_url

__all__ = ["HttpProbe"]

ORIGINS_BOUND: Final = 6
"""Origins whose connections are kept; redirects may lead anywhere."""

_OWN_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "onwatch"}
_FOLLOWED: Final = {301, 302, 303, 307, 308}
_OURS: Final = {"config", "permission", "limit"}
"""Reasons that lie with us, so that the target cannot be judged."""


class _Run:
    """How far one run has come."""

    __slots__ = ("exchange", "peer", "phases", "redirects")

    def __init__(self, bound: int) -> None:
        self.phases = Phases()
        self.exchange = Exchange(self.phases, bound)
        self.peer: Peer | None = None
        self.redirects = 0


class HttpProbe:
    """Keeps one connection to each origin on the way."""

    def __init__(self, config: HttpConfig, target: Target) -> None:
        self._config = config
        self._env = target.env
        self._url = httpx.URL(config.url).copy_with(userinfo=b"", fragment=None)
        self._judge = Judge(config)
        self._credentials = Credentials(config, target.env)
        self._reporter = Reporter(config, target)
        self._transports: dict[str, OriginTransport] = {}
        self._request: tuple[dict[str, str], httpx.Request] | None = None
        self._seen: tuple[HealthDocument, float] | None = None
        # A little before the scheduler's own timeout, which knows of no phases.
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)
        # Spread by name: connections that were made together must not all end together.
        self._max_age = config.keep_alive * (0.75 + zlib.crc32(target.name.encode()) / 2**33)

    async def run(self) -> Result:
        """Ask once, at most for the target's timeout."""
        run = _Run(self._config.max_body)
        try:
            async with asyncio.timeout(self._patience):
                await self._ask(run)
        except TimeoutError:
            return self._reporter.silent(run.exchange, run.peer)
        except SecretError as error:
            return self._reporter.failed("config", str(error), Status.UNKNOWN, run.exchange, None)
        except TargetError as error:
            status = Status.UNKNOWN if error.reason in _OURS else Status.CRITICAL
            return self._reporter.failed(error.reason, str(error), status, run.exchange, run.peer)
        return self._judged(run)

    async def close(self) -> None:
        """Close the connections."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    def _judged(self, run: _Run) -> Result:
        answer = Answer(run.exchange, run.redirects)
        advice = self._credentials.advice
        if answer.status == 401:
            self._credentials.refused()
        verdict = self._judge.verdict(
            answer, run.phases.total, run.peer, advice, self._env.clock.wall()
        )
        events = self._events(verdict.document)
        return self._reporter.answered(verdict, answer, run.peer, events)

    def _events(self, document: HealthDocument | None) -> tuple[str, ...]:
        if document is None:
            return ()
        now = self._env.clock.now()
        seen, self._seen = self._seen, (document, now)
        return changes(seen[0], document, now - seen[1]) if seen else ()

    async def _ask(self, run: _Run) -> None:
        """Send the request and follow its redirects; the last exchange stays in ``run``."""
        request = self._prepared(await self._credentials.headers())
        visited = [request.url]
        while True:
            transport = await self._transport(request.url)
            run.exchange = Exchange(run.phases, self._config.max_body)
            request.extensions["exchange"] = run.exchange
            try:
                await transport.handle_async_request(request)
            finally:
                run.peer = transport.peer
            location = run.exchange.header(b"location")
            follow = run.exchange.status in _FOLLOWED and location and self._config.redirects
            if not follow:
                return
            request = _redirected(request, run.exchange.status, location)
            visited.append(request.url)
            self._check_redirects(visited)
            run.redirects += 1

    def _prepared(self, headers: dict[str, str]) -> httpx.Request:
        """The request; made once for as long as the credentials stay the same."""
        if self._request is None or self._request[0] is not headers:
            all_headers = httpx.Headers(_OWN_HEADERS)
            all_headers.update(headers)
            request = httpx.Request(
                self._config.method,
                self._url,
                headers=all_headers,
                content=self._config.body.encode() or None,
                extensions={},
            )
            self._request = (headers, request)
        return self._request[1]

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
            self._env.resolver,
            self._env.clock,
            # Another host gets neither our certificate nor our name for the first one.
            tls=(ca, cert, key, tls.verify) if own else (ca, "", "", tls.verify),
            server_name=tls.server_name if own else "",
            max_age=self._max_age,
        )

    def _check_redirects(self, visited: list[httpx.URL]) -> None:
        *earlier, last = visited
        if last in earlier:
            loop = earlier[earlier.index(last) :]
            way = " to ".join(mask_url(str(url)) for url in (*loop[:3], last))
            raise TargetError("protocol", f"redirect loop: {way}")
        if len(earlier) > self._config.redirects:
            raise TargetError(
                "protocol",
                f"redirected more than {self._config.redirects} times, last to "
                f"{mask_url(str(last))}; raise http.redirects if that is meant",
            )


def _redirected(request: httpx.Request, status: int, location: bytes) -> httpx.Request:
    """The request a redirect asks for (RFC 9110, section 15.4).

    Credentials and configured headers go to the same scheme, host and port only.
    """
    text = location.decode("latin-1")
    try:
        url = request.url.join(text).copy_with(userinfo=b"", fragment=None)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise TargetError(
            "protocol", f"redirected to {mask_url(text)!r}, which is no url"
        ) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise TargetError(
            "protocol", f"redirected to {mask_url(text)!r}; only http and https are followed"
        )
    method, content = request.method, request.content
    if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):
        method, content = "GET", b""
    same = (url.scheme, url.netloc) == (request.url.scheme, request.url.netloc)
    kept = httpx.Headers(request.headers) if same else _public(request.headers)
    for name in ("Host", "Content-Length", "Transfer-Encoding"):
        kept.pop(name, None)
    return httpx.Request(method, url, headers=kept, content=content or None, extensions={})


def _public(headers: httpx.Headers) -> httpx.Headers:
    return httpx.Headers({name: headers[name] for name in _OWN_HEADERS if name in headers})
