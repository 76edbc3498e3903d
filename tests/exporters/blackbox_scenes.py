"""How each rule on blackbox_exporter's metrics is made to fire, on real servers."""

from __future__ import annotations

import ssl
from typing import Final

import trustme

from checks.own import Own
from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage
from tests.servers.http import HttpServer
from tests.servers.tls import lasting, server_context

__all__ = ["BLACKBOX", "Web"]

BLACKBOX: Final = Scenes["Web"]("blackbox")
LONG: Final = 300
"""Days that a new certificate is good for."""


class Web:
    """An HTTP server, and one that shows whatever certificate it is given."""

    def __init__(self, plain: HttpServer, authority: trustme.CA, ca_file: str) -> None:
        self.plain = plain
        self.secure = HttpServer(_context(authority, -1, LONG))
        self.secure.start()
        self.ca = ca_file
        self._authority = authority

    def show(self, begin: float, end: float) -> None:
        """Show a certificate that is good from ``begin`` to ``end`` days from now."""
        port = self.secure.port
        self.secure.stop()
        self.secure = HttpServer(_context(self._authority, begin, end))
        self.secure.port = port
        self.secure.start()


def _context(authority: trustme.CA, begin: float, end: float) -> ssl.SSLContext:
    return server_context(lasting(authority, begin, end))


@BLACKBOX.scene("BlackboxProbeFailed", "a web server is stopped, and started again")
async def failed(stage: Stage, web: Web) -> None:
    stage.watch("http", {"url": web.plain.url})
    await stage.stays_quiet()
    web.plain.stop()
    await stage.fires()
    web.plain.start()
    await stage.resolves()


@BLACKBOX.scene("BlackboxProbeHttpFailure", "a web server answers 503, and 200 again")
async def unavailable(stage: Stage, web: Web) -> None:
    stage.watch("http", {"url": web.plain.url})
    await stage.stays_quiet()
    web.plain.answer("/", status=503)
    await stage.fires()
    web.plain.answer("/")
    await stage.resolves()


@BLACKBOX.scene(
    "BlackboxConfigurationReloadFailure", "onwatch's configuration is broken on disk, and mended"
)
async def not_reloaded(stage: Stage, web: Web) -> None:
    del web
    own = Own("box", {})
    stage.tell(own)
    await stage.stays_quiet()
    own.reload_failed = True
    await stage.fires()
    own.reload_failed = False
    await stage.resolves()


SLOW: Final = "a web server takes 1.1 s for its answer, and then no more"


@BLACKBOX.scene("BlackboxSlowProbe", SLOW, step=60)
async def slow(stage: Stage, web: Web) -> None:
    await delayed(stage, web)


@BLACKBOX.scene("BlackboxProbeSlowHttp", SLOW, step=60)
async def slow_http(stage: Stage, web: Web) -> None:
    await delayed(stage, web)


async def delayed(stage: Stage, web: Web) -> None:
    stage.watch("http", {"url": web.plain.url})
    await stage.stays_quiet()
    web.plain.answer("/", delay=1.1)
    await stage.fires()
    web.plain.answer("/")
    await stage.resolves()


@BLACKBOX.scene("BlackboxProbeSlowPing", "in its samples: the way takes 2 s; then no more")
async def slow_ping(stage: Stage, web: Web) -> None:
    del web
    stage.watch("ping", {"host": "127.0.0.1", "count": 1})
    await stage.stays_quiet()
    stage.pretend("probe_icmp_duration_seconds", lambda value, _: value + 2)
    await stage.fires()
    stage.pretend("probe_icmp_duration_seconds", lambda value, _: value)
    await stage.resolves()


SHOWN: Final = "a certificate that {} is shown; then another"


@BLACKBOX.scene("BlackboxSslCertificateWillExpireSoon", SHOWN.format("ends in ten days"), step=150)
async def ends_soon(stage: Stage, web: Web) -> None:
    await certificate(stage, web, 10)


@BLACKBOX.scene("BlackboxSslCertificateWillExpireVerySoon", SHOWN.format("ends in a day"), step=150)
async def ends_very_soon(stage: Stage, web: Web) -> None:
    await certificate(stage, web, 1)


@BLACKBOX.scene("BlackboxSslCertificateExpired", SHOWN.format("has ended"), step=150)
async def ended(stage: Stage, web: Web) -> None:
    await certificate(stage, web, -1)


async def certificate(stage: Stage, web: Web, days: float) -> None:
    stage.watch("tls", {"address": f"127.0.0.1:{web.secure.port}", "ca": web.ca})
    await stage.stays_quiet()
    web.show(-30, days)
    await stage.fires()
    web.show(-1, LONG)
    await stage.resolves()
