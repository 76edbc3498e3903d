"""The systems of examples/ as their pictures show them: servers, and what goes on there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.examples.aigateway_stack import Gateway, Traffic
from tests.examples.askproai_stack import AskProAI, Requests
from tests.examples.moai_stack import MoaiStack
from tests.examples.smart_ebook_stack import EbookStack
from tests.examples.xionimus_stack import XionimusStack
from tests.servers.exporters import Exporters
from tests.servers.http import HttpServer
from tests.servers.mariadb import MariadbDatabase, MariadbServers
from tests.servers.postgres import full_servers
from tests.servers.redis import RedisServer
from tui.demo.mariadb_server import MISSING, find

__all__ = ["SCENES", "Scene"]

TROUBLE: Final = 35.0
"""Seconds after which something goes wrong."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A system at work: where its servers are, and what is to be called now and then with the
    seconds since the picture's watch began."""

    environ: dict[str, str]
    act: Callable[[float], object]


class Every:
    """Calls ``do`` with the seconds that have passed, once they are a second or more."""

    def __init__(self, do: Callable[[float], object]) -> None:
        self._do = do
        self._last = 0.0

    def __call__(self, now: float) -> None:
        if now - self._last >= 1.0:
            self._do(now - self._last)
            self._last = now


def _http(leave: ExitStack) -> HttpServer:
    server = HttpServer()
    server.start()
    leave.callback(server.stop)
    return server


def _redis(leave: ExitStack, folder: Path) -> RedisServer:
    server = RedisServer(folder)
    server.start()
    leave.callback(server.kill)
    return server


def _mariadb(leave: ExitStack, folder: Path, name: str, *options: str) -> MariadbDatabase:
    binary = find()
    if binary is None:
        raise SystemExit(MISSING)
    servers = MariadbServers(folder, binary)
    leave.callback(servers.forget)
    server = servers.start(*options)
    server.execute(f"CREATE DATABASE {name}")
    database = MariadbDatabase(server.server, name)
    leave.callback(database.close)
    return database


def _folders(folder: Path, *names: str) -> list[Path]:
    made = [folder / name for name in names]
    for each in made:
        each.mkdir(mode=0o755)
    return made


def aigateway(leave: ExitStack, folder: Path) -> Scene:
    """Tokens cannot be refreshed any more, the cache misses, and then health is not ok either."""
    database, cache, rest = _folders(folder, "mariadb", "redis", "gateway")
    gateway = Gateway(
        _mariadb(leave, database, "aigateway"), _redis(leave, cache), _http(leave), rest
    )
    gateway.files()
    gateway.history(9_000, 3500)
    leave.enter_context(gateway.process())
    serve = Every(gateway.serve)

    def act(now: float) -> None:
        gateway.traffic = Traffic(rate=6)
        if now > TROUBLE:
            error = "OAuth token refresh failed: invalid_grant"
            gateway.traffic = Traffic(rate=6, status=401, error=error, hits=2, misses=3)
        if now > TROUBLE + 5:
            gateway.http.answer("/health", {"status": "degraded"}, status=503)
        serve(now)

    return Scene(gateway.environ | {"AIGATEWAY_INTERVAL": "2s"}, act)


def askproai(leave: ExitStack, folder: Path) -> Scene:
    """Webhooks pile up and requests fail."""
    database, cache, rest, nodes = _folders(folder, "mariadb", "redis", "askproai", "nodes")
    app = AskProAI(
        _mariadb(leave, database, "askproai_db", "--max-connections=40"),
        _redis(leave, cache),
        _http(leave),
        rest,
    )
    exporters = Exporters(nodes)
    leave.callback(exporters.close)
    app.node = exporters.start("node").port
    leave.enter_context(app.php_fpm())
    leave.enter_context(app.supervisor("laravel-worker", "horizon"))
    serve = Every(app.serve)

    def act(now: float) -> None:
        app.requests = Requests(rate=8)
        if now > TROUBLE:
            app.requests = Requests(rate=8, failing=0.2, seconds=0.4)
            app.redis.call("LPUSH", "queues:webhooks", *["{}"] * 15)
        serve(now)

    away = {"ASKPROAI_SYSTEMD": "false", "ASKPROAI_INTERVAL": "2s"}
    return Scene(app.environ | away, act)


def smart_ebook_chat(leave: ExitStack, folder: Path) -> Scene:
    """Documents wait for workers, somebody guesses passwords, and a provider is overloaded."""
    (place,) = _folders(folder, "ebook")
    stack = EbookStack(place, leave.enter_context(full_servers()))
    stack.start()
    leave.callback(stack.close)

    def go_on(seconds: float) -> None:
        stack.do("requests", count=round(12 * seconds), seconds=0.06)
        stack.do("requests", count=1, path="/api/documents", seconds=0.3)
        stack.ask_models(2)

    def goes_wrong(seconds: float) -> None:
        stack.enqueue("documents", round(4 * seconds))
        stack.ask_models(1, status=529, provider="anthropic")
        stack.do("requests", count=2, status=503)
        login = {"event_type": "security", "action": "failed_login", "ip_address": "203.0.113.7"}
        stack.do("say", level="WARN", message="login refused", **login)
        stack.do("set", active_tasks=4)

    return Scene(dict(stack.environ) | {"EBC_INTERVAL": "5s"}, _then(go_on, goes_wrong))


def xionimus(leave: ExitStack, folder: Path) -> Scene:
    """No AI provider is configured any more, logins fail, and then the database is damaged."""
    (place,) = _folders(folder, "xionimus")
    stack = XionimusStack(place)
    stack.start()
    leave.callback(stack.close)

    def act(now: float) -> None:
        damaged = now > TROUBLE + 20
        stack.app.do("requests", count=8, path="/api/health" if damaged else "/api/chat")
        if now > TROUBLE:
            stack.app.do("providers", openai=False, anthropic=False, perplexity=False)
            stack.app.do("log", level="WARNING", message="Failed login for admin")
            stack.app.do("requests", count=2, fails=True)
        else:
            stack.app.do("requests", count=1, provider="anthropic", model="claude")
        if damaged:
            stack.database.write_bytes(b"damaged" * 1000)

    here = {"XIONIMUS_SYSTEMD": "false", "XIONIMUS_INTERVAL": "5s"}
    here["XIONIMUS_HEALTH_INTERVAL"] = "10s"
    return Scene(dict(stack.environ) | here, _every_second(act))


def moai_flow(leave: ExitStack, folder: Path) -> Scene:
    """Queries become slow, events fail, and then the database cannot be reached."""
    (place,) = _folders(folder, "moai")
    stack = MoaiStack(place)
    stack.start()
    leave.callback(stack.close)
    stack.app.do("agents", count=5)

    def go_on(seconds: float) -> None:
        stack.app.do("events", kind="spawn", count=round(5 * seconds))
        stack.app.do("queries", seconds=0.03, count=round(10 * seconds))
        stack.app.do("log", level="INFO", message="Agent spawned successfully", agent_id="agent-1")

    def goes_wrong(_: float) -> None:
        stack.app.do("events", kind="error", count=1)
        stack.app.do("queries", seconds=0.7, count=5)
        stack.app.do("log", level="WARNING", message="Query took 700ms (expected <100ms)")
        stack.app.do("log", level="CRITICAL", message="Database connection lost")

    return Scene(dict(stack.environ) | {"MOAI_INTERVAL": "10s"}, _then(go_on, goes_wrong))


def _then(
    go_on: Callable[[float], object], goes_wrong: Callable[[float], object]
) -> Callable[[float], object]:
    """What happens every second, and what besides once there is trouble."""
    always, later = Every(go_on), Every(goes_wrong)

    def act(now: float) -> None:
        always(now)
        if now > TROUBLE:
            later(now)

    return act


def _every_second(do: Callable[[float], object]) -> Callable[[float], object]:
    """Calls ``do`` with the seconds since the watch began, once a second."""
    at = 0.0

    def act(now: float) -> None:
        nonlocal at
        if now - at >= 1.0:
            at = now
            do(now)

    return act


SCENES: Final[dict[str, Callable[[ExitStack, Path], Scene]]] = {
    "aigateway": aigateway,
    "askproai": askproai,
    "smart-ebook-chat": smart_ebook_chat,
    "xionimus": xionimus,
    "moai-flow": moai_flow,
}
"""Sets the scene of each system in a folder; what it starts ends with the stack."""
