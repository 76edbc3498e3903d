"""What answers over the network: a health page, ports, certificates, name servers, metrics."""

from __future__ import annotations

import random
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import trustme
from dns import rcode

from tests.servers.dns import DnsServer
from tests.servers.http import HttpServer, RawServer
from tests.servers.tls import secured, server_context
from tools.check_scenes.stage import HOSTS, WORLD, Stage

__all__ = ["dns", "http", "metrics", "ping", "tcp", "tls"]

_IGNORE: Final = Path("/proc/sys/net/ipv4/icmp_echo_ignore_all")
_CHANCE: Final = random.Random(7)
_TURN: Final = 30.0
"""Seconds after which things go wrong."""


def _web(stage: Stage, name: str) -> HttpServer:
    server = HttpServer()
    server.start(stage.listen(name, 80))
    stage.leave.callback(server.stop)
    return server


def http(stage: Stage) -> dict[str, Any]:
    """A health document one of whose parts fails, and which comes ever later."""
    server = _web(stage, "shop.example")

    def act(seconds: float) -> None:
        ill = seconds > _TURN
        delay = _CHANCE.uniform(0.010, 0.025) + (_CHANCE.uniform(0.2, 0.35) if ill else 0)
        parts = {
            "database": {"status": "healthy", "latency_ms": round(delay * 300, 1)},
            "redis": {"status": "healthy", "latency_ms": 0.4},
            "payments": {"status": "unhealthy", "error": "connection timed out after 200 ms"}
            if ill
            else {"status": "healthy", "latency_ms": 31.0},
            "search": {"status": "healthy", "latency_ms": 5.2},
        }
        word = "degraded" if ill else "healthy"
        document = {"status": word, "version": "2.4.1", "uptime_seconds": 93_784 + int(seconds)}
        server.answer("/health", {**document, "services": parts}, delay=delay)

    act(0)
    stage.acts.append(act)
    bounds = {"warning": "200ms", "critical": "2s"}
    url = "http://shop.example/health"
    return {"name": "shop", "http": {"url": url, "expect": {"latency": bounds}}}


def tcp(stage: Stage) -> dict[str, Any]:
    """A mail server that takes no more mail, though its port accepts connections."""
    greeting = [b"220 mail.example ESMTP ready\r\n"]

    def talk(connection: socket.socket) -> None:
        connection.sendall(greeting[0])
        if greeting[0].startswith(b"220"):
            connection.recv(100)

    def act(seconds: float) -> None:
        if seconds > _TURN:
            greeting[0] = b"421 mail.example: too many connections, try again later\r\n"

    server = RawServer(talk, stage.listen("mail.example", 25))
    stage.leave.callback(server.close)
    stage.acts.append(act)
    return {"name": "mail", "tcp": {"address": "mail.example:25", "expect": "^220 "}}


def tls(stage: Stage) -> dict[str, Any]:
    """A certificate that ends in five days, issued by a CA of the house."""
    root = trustme.CA(organization_name="Example Trust", organization_unit_name="Root R1")
    authority = trustme.CA(
        root, organization_name="Example Trust", organization_unit_name="Servers S3"
    )
    root.cert_pem.write_to_path(str(WORLD / "ca.pem"))
    certificate = authority.issue_cert(
        "shop.example",
        "www.shop.example",
        organization_name="Example Shop",
        organization_unit_name="Web",
        not_before=datetime.now(UTC) - timedelta(days=85.2),
        not_after=datetime.now(UTC) + timedelta(days=4.8),
    )
    listener = stage.listen("shop.example", 443)
    server = RawServer(secured(server_context(certificate)), listener)
    stage.leave.callback(server.close)
    return {"name": "shop-certificate", "tls": {"address": "shop.example", "ca": "ca.pem"}}


def dns(stage: Stage) -> dict[str, Any]:
    """Of three servers of a zone one lags behind, and then one fails."""
    names = [f"ns{number}.shop.example" for number in (1, 2, 3)]
    servers = []
    for name, serial in zip(names, (2026112703, 2026112701, 2026112703), strict=True):
        server = DnsServer(HOSTS[name], 53)
        stage.leave.callback(server.close)
        times = "7200 900 1209600 300"
        soa = f"ns1.shop.example. hostmaster.shop.example. {serial} {times}"
        server.add("shop.example", "SOA", soa)
        servers.append(server)

    def act(seconds: float) -> None:
        if seconds > _TURN:
            servers[2].rcode = rcode.SERVFAIL
            servers[2].add("shop.example", "SOA")

    stage.acts.append(act)
    zone = {"name": "shop.example", "type": "SOA", "server": names}
    return {"name": "zone", "dns": {**zone, "recursion": False, "authoritative": True}}


def ping(stage: Stage) -> dict[str, Any]:
    """A way on which packets are lost, more of them after a while."""
    stage.leave.callback(_IGNORE.write_text, "0")

    def act(seconds: float) -> None:
        loss = 0.02 if seconds < _TURN else 0.18
        _IGNORE.write_text("1" if _CHANCE.random() < loss else "0")

    stage.acts.append(act)
    return {
        "name": "gateway",
        "ping": {"host": "gateway.example", "count": 5, "spacing": "100ms", "loss_over": 50},
    }


def metrics(stage: Stage) -> dict[str, Any]:
    """An application whose queue of mails grows past its bound, with errors among its requests."""
    server = _web(stage, "app.example")

    def act(seconds: float) -> None:
        server.answer(
            "/metrics",
            _page(seconds).encode(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    act(0)
    stage.acts.append(act)
    return {
        "name": "app",
        "metrics": {
            "url": "http://app.example/metrics",
            "expect": [
                {"metric": "jobs_waiting", "labels": {"queue": "mails"}, "warning": 1000},
                {"metric": "payments_failed_total", "rate": True, "warning": 0.5},
                {"metric": "workers_alive", "warning_below": 4, "critical_below": 1},
            ],
        },
    }


def _page(seconds: float) -> str:
    late = max(0.0, seconds - _TURN)
    waiting = 180 + 40 * _CHANCE.random() + 45 * late
    rows = [
        "# HELP jobs_waiting Jobs that nobody has taken yet.",
        "# TYPE jobs_waiting gauge",
        f'jobs_waiting{{queue="mails"}} {waiting:.0f}',
        'jobs_waiting{queue="invoices"} 12',
        "# TYPE workers_alive gauge",
        f"workers_alive {4 if late else 6}",
        "# TYPE payments_failed_total counter",
        f"payments_failed_total {3 + late * 0.2:.2f}",
        "# TYPE http_requests_total counter",
    ]
    for handler, share in (("/cart", 20.0), ("/checkout", 6.0), ("/search", 41.0)):
        failed = late * (1.4 if handler == "/checkout" else 0.0)
        done = 50_000 + seconds * share - failed
        rows.append(f'http_requests_total{{handler="{handler}",code="200"}} {done:.0f}')
        rows.append(f'http_requests_total{{handler="{handler}",code="502"}} {failed:.0f}')
    return "\n".join([*rows, ""])
