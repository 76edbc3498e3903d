"""Proxies: which one a url is asked by, how we identify ourselves to it, what it refuses."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from checks.dial import place
from checks.errors import TargetError
from checks.model import clean
from checks.probe import ProbeEnv
from checks.probes.http.auth import REREAD
from checks.probes.http.config import ENV, Endpoint, check_proxy
from checks.secrets import url_secrets
from checks.settings import Secret

if TYPE_CHECKING:
    from checks.probes.http.connection import Exchange

__all__ = ["Proxies", "Proxy", "connect_refusal", "doubt", "in_environment"]

_OFTEN_THE_PROXYS: Final = {502, 503, 504}
"""Statuses that a proxy gives for a target that it cannot reach."""


class Proxy:
    """A proxy, and what identifies us to it.

    A password that it refused is not sent again until its source holds another one.
    """

    def __init__(self, host: str, port: int, user: str, password: Secret, env: ProbeEnv) -> None:
        self.host = host
        self.port = port
        self.place = place(host, port)
        self._user = user
        self._password = password
        self._env = env
        self._value: bytes | None = None
        self._refused = b""
        self._read_at = self._reread_at = 0.0

    async def authorization(self) -> bytes:
        """The value of ``Proxy-Authorization``; empty where there is none to send.

        Raises:
            SecretError: the password's source gave none.
        """
        due = self._reread_at and self._env.clock.now() >= self._reread_at
        if self._value is None or due:
            self._reread_at, self._read_at = 0.0, self._env.clock.now()
            value = await self._read() if self._user else b""
            if value and value == self._refused:
                self._reread_at = self._env.clock.now() + REREAD
                value = b""
            self._value = value
        return self._value

    def refusal(self, offered: str) -> TargetError:
        """What to say of a 407 that came with ``offered`` in ``Proxy-Authenticate``."""
        if self._value:
            self._refused, self._value = self._value, b""
        # As of the target's own credentials: counted from the last look.
        self._reread_at = max(self._env.clock.now(), self._read_at + REREAD)
        head = f"HTTP 407: the proxy {self.place}"
        if offered.strip() and "basic" not in offered.lower():
            scheme = clean(offered.split(maxsplit=1)[0], 20)
            text = (
                f"{head} wants {scheme} credentials, and only a user with a password can be "
                "given here: have it let this machine through"
            )
        elif self._user:
            text = (
                f"{head} refuses the password of {self._user}: correct http.proxy_password; "
                "it is not sent again until it changes"
            )
        else:
            text = (
                f"{head} wants credentials: write http.proxy as http://user@{self.place}, "
                "and give http.proxy_password"
            )
        return TargetError("auth", text)

    async def _read(self) -> bytes:
        password = await self._env.secret(self._password)
        encoded = base64.b64encode(f"{self._user}:{password}".encode()).decode("ascii")
        self._env.masker.learn(encoded)
        return b"Basic " + encoded.encode()


class Proxies:
    """Chooses the proxy for each url of one check."""

    def __init__(self, config: Endpoint, env: ProbeEnv) -> None:
        self._config = config
        self._env = env
        self._made: dict[str, Proxy] = {}

    def chosen(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for that origin, None where it is asked directly.

        Raises:
            TargetError: reason config, where the environment names what cannot be used.
        """
        url = self._config.proxy
        if url == ENV:
            found = in_environment(scheme, host, port)
            if found is None:
                return None
            try:
                url = check_proxy(found.url)
            except ValueError as error:
                text = f"the environment's proxy for {scheme} cannot be used: {error}"
                raise TargetError("config", text) from None
            for secret in url_secrets(url):
                self._env.masker.learn(secret)
        if url and url not in self._made:
            self._made[url] = self._make(url)
        return self._made[url] if url else None

    def _make(self, url: str) -> Proxy:
        parts = urlsplit(url)
        password: Secret = unquote(parts.password or "")
        if self._config.proxy_password is not None:
            password = self._config.proxy_password
        user = unquote(parts.username or "")
        return Proxy(parts.hostname or "", parts.port or 0, user, password, self._env)


@dataclass(frozen=True, slots=True)
class InEnvironment:
    """A proxy as the environment has it; ``place`` is its host and port, without its user."""

    url: str

    @property
    def place(self) -> str:
        return self.url.rpartition("://")[2].rpartition("@")[2].rstrip("/")


def in_environment(scheme: str, host: str, port: int) -> InEnvironment | None:
    """The proxy that the environment names for an origin; None where none or it is excepted.

    ``http_proxy``, ``https_proxy`` and ``all_proxy`` (or in capitals), save what ``no_proxy``
    lists, and this machine itself: a proxy's ``localhost`` is the proxy's.
    """
    named = getproxies_environment()
    url = named.get(scheme) or named.get("all") or ""
    if not url or _is_here(host) or _excepted(host, port, named.get("no", "")):
        return None
    return InEnvironment(url)


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _excepted(host: str, port: int, listed: str) -> bool:
    """Whether ``no_proxy`` lists it: names with what is below them, addresses, networks, ``*``."""
    for item in listed.replace(",", " ").lower().split():
        name, _, only = item.rpartition(":") if item.count(":") == 1 else (item, "", "")
        if only and only != str(port):
            continue
        name = name.removeprefix("*").strip("[].")
        if item == "*" or (name and (host == name or host.endswith("." + name))):
            return True
        if "/" in name and _within(host, name):
            return True
    return False


def _within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def connect_refusal(proxy: str, target: str, status: int) -> TargetError:
    """Why ``proxy`` made no way to ``target``."""
    head = f"HTTP {status}: the proxy {proxy}"
    if status == 403:
        return TargetError(
            "permission", f"{head} forbids CONNECT to {target}: have its rules allow it"
        )
    if status in {400, 404, 405, 501}:
        return TargetError("config", f"{head} does not know CONNECT: is http.proxy a proxy?")
    if status in _OFTEN_THE_PROXYS:
        return TargetError(
            "unreachable",
            f"{head} cannot reach {target}: is it up, and can that machine resolve its name?",
        )
    return TargetError("protocol", f"{head} made no way to {target}; see its log")


def doubt(exchange: Exchange) -> str:
    """Who else than the target may have given that status, as a clause; mostly empty."""
    if not exchange.proxy or exchange.over_tls:
        return ""
    squid = clean(exchange.header(b"x-squid-error").decode("latin-1"), 40)
    said = f" ({squid})" if squid else ""
    if exchange.status in _OFTEN_THE_PROXYS:
        return f"the proxy {exchange.proxy} says so of what it cannot reach{said}"
    if exchange.status == 403:
        return f"the proxy {exchange.proxy} may be who forbids it{said}"
    return ""
