"""Servers that only a proxy reaches, and proxies that fail, each with its own sentence."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme
from pydantic import ValidationError

from checks.clock import FakeClock
from checks.model import Result, Status
from checks.probes.http.config import HttpConfig
from checks.probes.http.probe import HttpProbe
from checks.resolver import Address
from tests.checks.http_kit import ask, probing
from tests.reliability import UserSees
from tests.servers.http import HttpServer, RawServer, full_backlog
from tests.servers.proxy import HttpProxy

StartHttps: TypeAlias = Callable[[trustme.LeafCert | None], HttpServer]
StartRaw: TypeAlias = Callable[[Callable[[socket.socket], None]], RawServer]

HOST = "shop.internal"
"""A name that this machine does not know; the proxy does."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may be behind one."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def shop(authority: trustme.CA, https_server: StartHttps) -> HttpServer:
    return https_server(authority.issue_cert(HOST))


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def unknown(host: str) -> list[Address]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def plain(server: HttpServer, proxy: str, kind: str = "http", **config: Any) -> Result:
    """What comes of asking for ``/`` of the plain server by ``proxy``."""
    url = f"http://{HOST}:{server.port}/"
    return await ask(kind, {"url": url, "proxy": proxy, **config}, lookup=unknown)


async def secure(port: int, proxy: str, **options: Any) -> Result:
    """What comes of asking for ``/`` over TLS by ``proxy``."""
    url = f"https://{HOST}:{port}/"
    config = {"url": url, "proxy": proxy, **options.pop("config", {})}
    return await ask("http", config, lookup=unknown, **options)


async def test_http_is_forwarded_with_the_whole_url(
    http_server: HttpServer, http_proxy: HttpProxy
) -> None:
    http_server.answer("/health", {"status": "ok"})
    config = {"url": f"http://{HOST}:{http_server.port}/health?a=1", "proxy": http_proxy.url}
    async with probing("http", config, lookup=unknown) as probe:
        results = [await probe.run() for _ in range(3)]
    assert {result.status for result in results} == {Status.OK}, results[0].message
    assert http_proxy.asked == [f"GET http://{HOST}:{http_server.port}/health?a=1 HTTP/1.1"] * 3
    assert http_server.requests[0].headers["host"] == f"{HOST}:{http_server.port}"
    assert ("proxy", http_proxy.place) in results[0].facts
    assert "address" not in dict(results[0].facts)


async def test_https_goes_through_a_tunnel_which_is_kept(
    shop: HttpServer, http_proxy: HttpProxy, ca_file: str
) -> None:
    config = {
        "url": f"https://{HOST}:{shop.port}/",
        "proxy": http_proxy.place,
        "tls": {"ca": ca_file},
        "headers": {"X-Token": "abcdef"},
    }
    async with probing("http", config, lookup=unknown) as probe:
        results = [await probe.run() for _ in range(3)]
    assert {result.status for result in results} == {Status.OK}, results[0].message
    assert http_proxy.asked == [f"CONNECT {HOST}:{shop.port} HTTP/1.1"]
    assert "abcdef" not in http_proxy.heads[0]
    phases = dict(results[0].phases)
    assert list(phases) == ["dns", "connect", "proxy", "tls", "first byte", "transfer"]
    # blackbox_exporter's phases have none for it.
    connect = results[0].samples.get("probe_http_duration_seconds", phase="connect")
    assert connect == pytest.approx(phases["connect"] + phases["proxy"])
    assert results[0].samples.get("probe_ssl_earliest_cert_expiry")


async def test_a_page_of_metrics_by_a_proxy(http_server: HttpServer, http_proxy: HttpProxy) -> None:
    http_server.answer("/", "a 1\n")
    result = await plain(http_server, http_proxy.url, "metrics")
    assert result.samples.get("a") == 1
    http_proxy.refuses = 503
    result = await plain(http_server, http_proxy.url, "metrics")
    assert result.message.endswith(
        f"the proxy {http_proxy.place} says so of what it cannot reach (ERR_CONNECT_FAIL 111)"
    )
    http_proxy.credentials = "bob:opensesame"
    result = await plain(http_server, http_proxy.url, "metrics")
    assert result.message == (
        f"HTTP 407: the proxy {http_proxy.place} wants credentials: write metrics.proxy as "
        f"http://user@{http_proxy.place}, and give metrics.proxy_password"
    )
    assert result.status is Status.UNKNOWN
    assert result.unasked, "the proxy answered, and nobody else"


async def test_a_certificate_is_judged_through_the_tunnel(
    shop: HttpServer, http_proxy: HttpProxy
) -> None:
    result = await secure(shop.port, http_proxy.url)
    assert (result.status, result.reason) == (Status.CRITICAL, "tls")
    assert result.message.startswith(f"the certificate of {HOST} is signed")
    assert dict(result.facts)["certificate"] == HOST
    assert http_proxy.asked == [f"CONNECT {HOST}:{shop.port} HTTP/1.1"] * 2


async def test_nobody_at_the_proxys_port(http_server: HttpServer, user_sees: UserSees) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    for result in (
        await plain(http_server, f"http://127.0.0.1:{port}"),
        await secure(443, f"http://127.0.0.1:{port}"),
    ):
        assert (result.status, result.reason) == (Status.CRITICAL, "refused")
        assert result.message == (
            f"the proxy 127.0.0.1:{port} refuses the connection: does it run, and is http.proxy "
            "right?"
        )
        user_sees("the proxy on the way is down", result)


async def test_a_proxy_whose_name_is_none(http_server: HttpServer) -> None:
    result = await plain(http_server, "http://proxy.internal:3128")
    assert result.reason == "dns"
    assert result.message.startswith(
        "the way to the proxy proxy.internal:3128 (http.proxy): cannot resolve proxy.internal: "
    )


async def test_a_proxy_that_is_silent(http_server: HttpServer, raw_server: StartRaw) -> None:
    quiet = raw_server(server_ending).port
    result = await secure(443, f"127.0.0.1:{quiet}", timeout=1.0)
    assert result.message.startswith(f"no answer from {HOST}:443 within 1 s: connected to the ")
    assert result.message.endswith("which does not answer to CONNECT; can it reach the target?")
    url = f"http://{HOST}/"
    config = {"url": url, "proxy": f"127.0.0.1:{quiet}"}
    result = await ask("http", config, timeout=1.0)
    assert result.message.endswith(", then silence; can it reach the target?")
    with full_backlog() as port:
        result = await ask("http", {"url": url, "proxy": f"127.0.0.1:{port}"}, timeout=0.3)
    assert result.message.endswith(
        f"the proxy 127.0.0.1:{port} does not answer the connection attempt; is it up, does a "
        "firewall drop it?"
    )
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")


def server_ending(connection: socket.socket) -> None:
    """Read, and say nothing until the other side has had enough."""
    while connection.recv(65_536):
        pass


async def test_a_proxy_that_wants_credentials(
    http_server: HttpServer,
    shop: HttpServer,
    http_proxy: HttpProxy,
    ca_file: str,
    user_sees: UserSees,
) -> None:
    http_proxy.credentials = "bob:opensesame"
    wanted = (
        f"HTTP 407: the proxy {http_proxy.place} wants credentials: write http.proxy as "
        f"http://user@{http_proxy.place}, and give http.proxy_password"
    )
    for result in (
        await plain(http_server, http_proxy.url),
        await secure(shop.port, http_proxy.url),
    ):
        assert (result.status, result.reason) == (Status.UNKNOWN, "auth")
        assert result.message == wanted
        assert not result.up
        user_sees("the proxy wants credentials", result)
    named = {"proxy_password": "opensesame"}
    well = await plain(http_server, f"http://bob@{http_proxy.place}", **named)
    assert well.status is Status.OK, well.message
    config = {**named, "tls": {"ca": ca_file}}
    well = await secure(shop.port, f"http://bob@{http_proxy.place}", config=config)
    assert well.status is Status.OK, well.message
    well = await plain(http_server, f"http://bob:opensesame@{http_proxy.place}")
    assert well.status is Status.OK, well.message
    # What is for the proxy does not go further.
    assert all("opensesame" not in str(r) for r in (*http_server.requests, *shop.requests))
    assert all("proxy-authorization" not in r.headers for r in shop.requests)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_password_that_the_proxy_refused_is_not_sent_again_until_it_changes(
    http_server: HttpServer, http_proxy: HttpProxy, tmp_path: Path, scheme: str
) -> None:
    http_proxy.credentials = "bob:opensesame"
    file = tmp_path / "password"
    file.write_text("wrong-one\n")
    file.chmod(0o600)
    clock = FakeClock()
    config = {
        "url": f"{scheme}://{HOST}:{http_server.port}/",
        "proxy": f"http://bob@{http_proxy.place}",
        "proxy_password": {"file": str(file)},
    }
    async with probing("http", config, clock=clock, lookup=unknown) as probe:
        for _ in range(30):
            result = await probe.run()
            await clock.advance(5)
        assert result.message == (
            f"HTTP 407: the proxy {http_proxy.place} refuses the password of bob: correct "
            "http.proxy_password; it is not sent again until it changes"
        )
        assert sum("Proxy-Authorization" in head for head in http_proxy.heads) == 1
        file.write_text("opensesame\n")
        # At its interval, as the engine runs it: each of these runs is refused, too.
        for _ in range(13):
            await clock.advance(5)
            result = await probe.run()
        assert result.reason != "auth", result.message
        masker = probe._env.masker if isinstance(probe, HttpProbe) else None
        assert masker is not None
        shown = masker.text("opensesame wrong-one Ym9iOm9wZW5zZXNhbWU=")
        assert "opensesame" not in shown
        assert "Ym9i" not in shown


async def test_credentials_that_cannot_be_given(
    http_server: HttpServer, http_proxy: HttpProxy
) -> None:
    http_proxy.credentials, http_proxy.offers = "bob:opensesame", "Negotiate"
    result = await plain(http_server, http_proxy.url)
    assert result.message.endswith(
        "wants Negotiate credentials, and only a user with a password can be given here: have it "
        "let this machine through"
    )


@pytest.mark.parametrize(
    ("status", "said", "judged"),
    [
        (403, "forbids CONNECT to shop.internal:443: have its rules allow it", Status.UNKNOWN),
        (405, "does not know CONNECT: is http.proxy a proxy?", Status.UNKNOWN),
        (502, "cannot reach shop.internal:443: is it up, and can that machine", Status.CRITICAL),
        (503, "cannot reach shop.internal:443: is it up, and can that machine", Status.CRITICAL),
        (500, "made no way to shop.internal:443; see its log", Status.CRITICAL),
    ],
)
async def test_a_proxy_that_makes_no_tunnel(
    http_proxy: HttpProxy, status: int, said: str, judged: Status, user_sees: UserSees
) -> None:
    http_proxy.refuses = status
    result = await secure(443, http_proxy.url)
    assert result.message.startswith(f"HTTP {status}: the proxy {http_proxy.place} {said}")
    assert (result.status, result.up) == (judged, False)
    if status == 503:
        user_sees("the proxy cannot reach the server", result)


async def test_a_proxy_that_answers_in_place_of_the_target(
    http_server: HttpServer, http_proxy: HttpProxy
) -> None:
    http_proxy.refuses = 503
    result = await plain(http_server, http_proxy.url)
    assert result.message.endswith(
        f": expected 2xx; the proxy {http_proxy.place} says so of what it cannot reach "
        "(ERR_CONNECT_FAIL 111)"
    )
    assert result.status is Status.CRITICAL
    http_proxy.refuses = 403
    result = await plain(http_server, http_proxy.url)
    assert result.message.endswith(f"; the proxy {http_proxy.place} may be who forbids it")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", 'HTTP/1.1: it begins with "SSH-2.0-OpenSSH_9.2 ": is it a'),
        (b"\x05\xff", "does not answer in HTTP/1.1: it begins with"),
        (b"HTTP/2 200\r\n\r\n", "does not answer in HTTP/1.1"),
        (b"", "closed the connection without an answer to CONNECT; see its log"),
        (b"HTTP/1.1 20", "closed the connection within its answer to CONNECT; see its log"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Pad: 1234\r\n" * 20_000, "sends more than 64 kB of headers"),
        (b"\x1b]0;owned\x07\x1b[2J", "does not answer in HTTP/1.1"),
    ],
)
async def test_a_proxy_that_is_none(raw_server: StartRaw, answer: bytes, said: str) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(answer)

    port = raw_server(talk).port
    result = await secure(443, f"http://127.0.0.1:{port}")
    assert result.message.startswith(f"the proxy 127.0.0.1:{port} ")
    assert said in result.message
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "\x1b" not in result.message


async def test_what_greets_first_at_the_tunnels_end(raw_server: StartRaw) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.2\r\n")
        connection.recv(65_536)

    result = await secure(22, f"http://127.0.0.1:{raw_server(talk).port}")
    assert result.message == (
        f"{HOST}:22 does not speak TLS: write http:// in the url, or use its TLS port"
    )


async def test_a_redirect_keeps_to_the_proxy(
    http_server: HttpServer, http_proxy: HttpProxy
) -> None:
    there = f"http://elsewhere.internal:{http_server.port}/there"
    http_server.answer("/", status=302, headers={"Location": there})
    http_server.answer("/there", "here")
    result = await plain(http_server, http_proxy.url, auth={"bearer": "abcdefgh"})
    assert result.status is Status.OK, result.message
    assert http_proxy.asked[1] == f"GET {there} HTTP/1.1"
    assert "abcdefgh" in http_proxy.heads[0]
    assert "abcdefgh" not in http_proxy.heads[1]


# The environment


async def test_the_environments_proxy_is_used_only_when_told(
    http_server: HttpServer,
    http_proxy: HttpProxy,
    monkeypatch: pytest.MonkeyPatch,
    user_sees: UserSees,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://bob:opensesame@{http_proxy.place}/")
    result = await plain(http_server, "")
    assert not http_proxy.asked
    assert result.message == (
        f"cannot resolve {HOST}: no such name; check the spelling, the DNS zone and /etc/hosts; "
        f"the environment names the proxy {http_proxy.place}: where that is the way, write "
        "http.proxy: env"
    )
    user_sees("a server that only a proxy reaches, asked directly", result)
    http_proxy.credentials = "bob:opensesame"
    result = await plain(http_server, "env")
    assert result.status is Status.OK, result.message
    assert len(http_proxy.asked) == 1


async def test_a_timeout_tells_of_the_environments_proxy_where_nobody_was_reached(
    http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "10.1.2.3:3128")

    def here(host: str) -> list[Address]:
        return [(socket.AF_INET, "127.0.0.1")]

    hint = "; the environment names the proxy 10.1.2.3:3128: where that is the way, write "
    with full_backlog() as port:
        for kind in ("http", "metrics"):
            url = f"http://{HOST}:{port}/"
            result = await ask(kind, url, timeout=0.2, lookup=here)
            assert result.message.endswith(f"{hint}{kind}.proxy: env")
    http_server.answer("/", "late", delay=30)
    late = f"http://{HOST}:{http_server.port}/"
    result = await ask("http", late, timeout=0.2, lookup=here)
    assert result.message.endswith(", then silence; is it stuck or overloaded?")


@pytest.mark.parametrize(
    ("listed", "excepted"),
    [
        ("*", True),
        ("shop.internal", True),
        ("internal", True),
        (".internal", True),
        ("*.internal", True),
        ("other.example, SHOP.internal", True),
        ("op.internal", False),
        ("shop.internal.example", False),
        ("{host}:{port}", True),
        ("{host}:1", False),
        ("", False),
    ],
)
async def test_what_no_proxy_lists_is_asked_directly(
    http_server: HttpServer,
    http_proxy: HttpProxy,
    monkeypatch: pytest.MonkeyPatch,
    listed: str,
    excepted: bool,
) -> None:
    monkeypatch.setenv("http_proxy", http_proxy.url)
    monkeypatch.setenv("no_proxy", listed.format(host=HOST, port=http_server.port))
    result = await plain(http_server, "env")
    assert bool(http_proxy.asked) is not excepted
    assert result.status is (Status.CRITICAL if excepted else Status.OK)
    assert "environment" not in result.message


async def test_networks_in_no_proxy_and_this_machine(
    http_server: HttpServer, http_proxy: HttpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", http_proxy.url)
    config = {"url": f"http://127.0.0.1:{http_server.port}/", "proxy": "env"}
    assert (await ask("http", config)).status is Status.OK
    assert not http_proxy.asked
    monkeypatch.setenv("no_proxy", "10.0.0.0/8")
    for host, times in (("10.1.2.3", 0), ("192.0.2.7", 1)):
        config["url"] = f"http://{host}:{http_server.port}/"
        await ask("http", config, timeout=1.0)
        assert len(http_proxy.asked) == times


async def test_a_proxy_of_the_environment_that_cannot_be_used(
    http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://bob:opensesame@127.0.0.1:1080")
    result = await plain(http_server, "env")
    assert result.message == (
        "the environment's proxy for http cannot be used: proxies are spoken to by http://, not "
        "by socks5://"
    )
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")


# The configuration


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"proxy": "socks5://proxy:1080"}, "by http://, not by socks5://"),
        ({"proxy": "https://proxy:3128"}, "by http://, not by https://"),
        ({"proxy": "proxy"}, "give the proxy's port: http://proxy:3128"),
        ({"proxy": "http://proxy:3128/path"}, "nothing may follow the proxy's port"),
        ({"proxy": "http://:3128"}, "expected http://proxy:3128"),
        ({"proxy": "http://proxy:port"}, "not a url"),
        ({"proxy": "http://proxy:3128", "socket": "/run/app.sock"}, "give socket or proxy"),
        ({"proxy": "proxy:3128", "proxy_password": "abcdefgh"}, "proxy_password wants a user"),
        ({"proxy": "env", "proxy_password": "abcdefgh"}, "proxy_password wants a user"),
        (
            {"proxy": "http://bob:opensesame@proxy:3128", "proxy_password": "abcdefgh"},
            "not in both",
        ),
    ],
)
def test_what_is_no_proxy(config: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HttpConfig.model_validate({"url": "http://shop.example/", **config})
    assert said in str(caught.value)
    assert "opensesame" not in str(caught.value)
    assert "abcdefgh" not in str(caught.value)
