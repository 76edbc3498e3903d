"""The demo's HTTP service: its routes, and its log of every request to the API."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from redis.asyncio import Redis

from tui.demo.api import Api
from tui.demo.applog import SLOW, AppLog, Level
from tui.demo.health import brief, detailed
from tui.demo.leash import Faults
from tui.demo.meters import Meters
from tui.demo.providers import FAILING, ProviderHealth
from tui.demo.releases import NEXT, VERSION
from tui.demo.reply import Reply
from tui.demo.requestlog import Database, LoggedRequest
from tui.demo.wire import Request, Response, WireError, json_response

if TYPE_CHECKING:
    from tui.demo.shop.web import Website

__all__ = ["App"]

_SLOWER_BY: Final = (0.8, 1.3)
_LOG_EVERY: Final = 0.2
_FORGET_EVERY: Final = 300.0
_NUMBERED: Final = ("/api/documents/", "/api/products/", "/api/orders/")


class App:
    """Serves requests; :meth:`keep_log` runs beside it."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        log: AppLog,
        *,
        faults: Faults,
        dice: random.Random,
    ) -> None:
        self._database = database
        self._log = log
        self._redis = redis
        self._faults = faults
        self._dice = dice
        self._meters = Meters(time.time())
        self._providers = ProviderHealth()
        self._served: list[LoggedRequest] = []
        self._version = ""
        api = Api(
            database,
            redis,
            meters=self._meters,
            providers=self._providers,
            faults=faults,
            dice=dice,
        )
        self._api: dict[str, tuple[str, Callable[[Request], Awaitable[Reply]]]] = {
            "/api/models": ("GET", api.models),
            "/api/documents/{id}": ("GET", api.document),
            "/api/documents": ("POST", api.add_documents),
            "/api/chat": ("POST", api.chat),
            "/api/invitations": ("POST", api.invite),
            "/api/hooks": ("POST", api.hook),
        }
        self._website: Website | None = None

    def open_shop(self, website: Website) -> None:
        """Serve the shop's pages too."""
        self._website = website
        self._api |= {
            "/api/products/{id}": ("GET", website.product),
            "/api/orders/{id}": ("GET", website.order),
            "/api/orders": ("POST", website.place),
        }

    async def handle(self, request: Request) -> Response:
        """Serve one request. Those to the API are logged; health and metrics are not."""
        begun = time.monotonic()
        self._tell_release()
        if self._faults.slow:
            await asyncio.sleep(self._dice.uniform(*_SLOWER_BY))
        if request.path.startswith("/api/"):
            handler, response = await self._serve_api(request, begun)
        else:
            handler, response = await self._serve_own(request)
        self._meters.served(request.method, handler, response.status, time.monotonic() - begun)
        return response

    async def _serve_own(self, request: Request) -> tuple[str, Response]:
        path, faults = request.path, self._faults
        version = NEXT if faults.slow else VERSION
        if request.method not in {"GET", "HEAD"}:
            return "other", json_response({"error": "only GET is served here"}, 405)
        if path == "/health":
            return path, json_response(brief(self._meters.uptime(), version))
        if path == "/health/detailed":
            document = await detailed(
                brief(self._meters.uptime(), version),
                self._database,
                self._redis,
                self._providers,
                self._website if faults.shop else None,
                unused=FAILING if faults.detour else "",
            )
            return path, json_response(document)
        if path == "/metrics":
            page = self._meters.page().encode()
            return path, Response(200, page, "text/plain; version=0.0.4; charset=utf-8")
        return "other", json_response({"error": f"there is no {path}"}, 404)

    async def _serve_api(self, request: Request, begun: float) -> tuple[str, Response]:
        handler = _handler(request.path)
        method, endpoint = self._api.get(handler, ("", None))
        if endpoint is None:
            handler, reply = "other", Reply.refused(404, f"there is no {request.path}")
        elif request.method != method:
            reply = Reply.refused(405, f"{handler} takes {method}")
        else:
            reply = await self._reply(endpoint, request)
        took = time.monotonic() - begun
        self._tell(request.method, handler, reply, took)
        self._served.append(
            LoggedRequest(time.time() - took, reply.status, took, reply.provider, reply.error)
        )
        return handler, reply.response()

    def _tell_release(self) -> None:
        """Say in the log which release serves from here on."""
        version = NEXT if self._faults.slow else VERSION
        if version != self._version:
            self._log.say("info", f"release {version} serves", release=version)
            self._version = version

    def _tell(self, method: str, route: str, reply: Reply, took: float) -> None:
        """Say in the log how a request went; ``took`` is in seconds."""
        duration = round(took * 1000, 1)
        refusal = reply.value.get("error") if reply.status >= 400 else None
        said = f": {refusal}" if refusal else f" in {duration:.0f} ms"
        level: Level = "warning" if took > SLOW or refusal else "info"
        self._log.say(
            "error" if reply.status >= 500 else level,
            f"{method} {route} {reply.status}{said}",
            route=route,
            status=reply.status,
            duration_ms=duration,
            provider=reply.provider,
        )

    @staticmethod
    async def _reply(endpoint: Callable[[Request], Awaitable[Reply]], request: Request) -> Reply:
        try:
            return await endpoint(request)
        except WireError as wrong:
            return Reply.refused(wrong.status, str(wrong))

    async def keep_log(self) -> None:
        """Write what was served to the database, five times a second, until cancelled."""
        forgotten = time.monotonic()
        try:
            while True:
                await asyncio.sleep(_LOG_EVERY)
                self._write_log()
                if time.monotonic() - forgotten > _FORGET_EVERY:
                    forgotten = time.monotonic()
                    self._database.forget()
        finally:
            self._write_log()

    def _write_log(self) -> None:
        if self._served:
            served, self._served = self._served, []
            self._database.log(served)


def _handler(path: str) -> str:
    """The path with ``{id}`` in the place of a number, so that one handler is one label."""
    for beginning in _NUMBERED:
        if path.startswith(beginning):
            return beginning + "{id}"
    return path
