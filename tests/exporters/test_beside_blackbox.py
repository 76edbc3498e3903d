"""blackbox_exporter beside onwatch: the same servers, asked by HTTP, TLS, TCP, DNS and ICMP."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

import pytest
import trustme

from tests.exporters import rule_files
from tests.exporters.beside import beside, together
from tests.exporters.known import judge
from tests.exporters.stage import staged
from tests.servers.dns import DnsServer
from tests.servers.exporters import Exporters
from tests.servers.http import HttpServer

OWN_RELOADS = "blackbox_exporter_config_last_reload_successful"
"""Of the exporter's own page, not of a probe's."""
NAME = "shop.example"


def modules(ca: str) -> dict[str, object]:
    """Of blackbox_exporter, one for each kind of check."""
    v4 = {"preferred_ip_protocol": "ip4"}
    tls = {"ca_file": ca}
    return {
        "web": {"prober": "http", "http": {**v4, "tls_config": tls}},
        "secure": {"prober": "tcp", "tcp": {**v4, "tls": True, "tls_config": tls}},
        "port": {"prober": "tcp", "tcp": v4},
        "names": {"prober": "dns", "dns": {**v4, "query_name": NAME, "query_type": "A"}},
        "echo": {"prober": "icmp", "icmp": v4},
    }


Case: TypeAlias = tuple[str, str, str, object]
"""Module and target of the exporter, kind and configuration of the check."""


@pytest.fixture
def cases(
    http_server: HttpServer,
    https_server: Callable[[trustme.LeafCert | None], HttpServer],
    dns_server: DnsServer,
    ca_file: str,
) -> list[Case]:
    """The same servers for both."""
    http_server.answer("/", b"x" * 10_000)
    broken = http_server.answer("/broken", status=503)
    secure = https_server(None)
    dns_server.add(NAME, "A", "192.0.2.1")
    ca = {"tls": {"ca": ca_file}}
    web = f"127.0.0.1:{secure.port}"
    return [
        ("web", http_server.url, "http", {"url": http_server.url}),
        ("web", broken, "http", {"url": broken}),
        ("web", secure.url, "http", {"url": secure.url, **ca}),
        ("secure", web, "tls", {"address": web, "ca": ca_file}),
        ("port", web, "tcp", {"address": web}),
        ("names", dns_server.where, "dns", {"name": NAME, "server": dns_server.where}),
        ("echo", "127.0.0.1", "ping", {"host": "127.0.0.1"}),
    ]


async def test_blackbox_exporter(
    exporters: Exporters, tmp_path: Path, cases: list[Case], ca_file: str
) -> None:
    rule_files.require()
    config = tmp_path / "blackbox.yml"
    config.write_text(json.dumps({"modules": modules(ca_file)}))
    exporter = exporters.start("blackbox", f"--config.file={config}")
    wanted = [name for name in rule_files.metrics("blackbox") if name != OWN_RELOADS]
    # Each measures its own probe.
    own = dict.fromkeys([name for name in wanted if name.endswith("duration_seconds")], math.inf)
    parts = []
    for module, target, kind, settings in cases:
        path = f"/probe?{urlencode({'module': module, 'target': target})}"
        async with staged(tmp_path) as stage:
            stage.watch(kind, settings)
            parts.append(await beside(stage, exporter, wanted, own, path))
    judge("blackbox", together(*parts))
