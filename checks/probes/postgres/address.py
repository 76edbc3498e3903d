"""Where a PostgreSQL server is and as whom to log in: connection URLs and service files."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from checks.dial import place
from checks.tls import Tls

__all__ = ["PORT", "SOCKET_FOLDERS", "Address", "Security", "parse_url", "with_service"]

PORT: Final = 5432
SOCKET_FOLDERS: Final = ("/run/postgresql", "/var/run/postgresql", "/tmp")  # noqa: S108
"""Where the socket of a server is that no host is given for."""

_SCHEMES: Final = ("postgresql", "postgres")
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TAKEN: Final = (
    *("host", "hostaddr", "port", "user", "password", "dbname", "database", "passfile"),
    *("service", "sslmode", "sslrootcert", "sslcert", "sslkey"),
)
_NOT_OURS: Final = {
    *("application_name", "fallback_application_name", "connect_timeout", "client_encoding"),
    *("options", "target_session_attrs", "channel_binding", "gssencmode", "krbsrvname"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    *("tcp_user_timeout", "sslsni", "sslcompression", "replication", "load_balance_hosts"),
    *("require_auth", "ssl_min_protocol_version", "ssl_max_protocol_version", "sslcrl"),
    # What frameworks add to the same URL.
    *("schema", "pgbouncer", "connection_limit", "pool_timeout", "pool", "charset"),
    *("serverVersion", "sslaccept", "pool_size", "max_overflow", "encoding", "timezone"),
}
"""Options that other clients act on and that make no difference here."""


@dataclass(frozen=True, slots=True)
class Security:
    """What a connection string says of TLS, in libpq's words; empty where nothing."""

    mode: str = ""
    root: str = ""
    cert: str = ""
    key: str = ""

    def tls(self) -> Tls | None:
        """The model that says the same; None where TLS is only used if it is offered."""
        system = self.root == "system"
        if self.mode in ("disable", "allow", "prefer") or not (self.mode or system):
            return None
        verify = "none" if self.mode == "require" and not self.root else "ca"
        if self.mode == "verify-full" or system:
            verify = "full"
        root = None if self.root in ("", "system") else self.root
        return Tls.model_validate(
            {"ca": root, "cert": self.cert or None, "key": self.key or None, "verify": verify}
        )


@dataclass(frozen=True, slots=True)
class Address:
    """A server and a login. ``host`` is a name, an address or the folder of a socket; empty
    where none is given. ``hostaddr`` is the address to use instead of looking ``host`` up."""

    host: str = ""
    hostaddr: str = ""
    port: int = 0
    user: str = ""
    database: str = ""
    password: str = field(default="", repr=False)
    passfile: str = ""
    service: str = ""
    security: Security = Security()

    @property
    def socket_folder(self) -> str:
        """The folder of the socket; empty for TCP."""
        return self.host if self.host.startswith("/") else ""

    @property
    def socket(self) -> str:
        """The socket itself."""
        return f"{self.host}/.s.PGSQL.{self.port or PORT}"

    def __str__(self) -> str:
        if not self.host and self.service:
            return f"service {self.service}"
        return place(self.host or "localhost", self.port or PORT)

    def complete(self) -> Address:
        """With what is left out as clients fill it in: the nearest socket, this user."""
        host = self.host or self.hostaddr or _nearest(self.port or PORT)
        user = self.user or _me()
        return replace(
            self,
            host=host,
            port=self.port or PORT,
            user=user,
            database=self.database or user,
        )


def parse_url(text: str) -> Address:
    """The address that ``text`` names. Raises ValueError with a sentence; never quotes it,
    since it may hold a password."""
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES:
        raise ValueError("write postgresql://user@host:port/database")
    userinfo, _, hosts = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    host, port = _host_and_port(hosts)
    named = {
        "user": unquote(user),
        "password": unquote(password),
        "host": host,
        "port": port,
        "dbname": unquote(parts.path.removeprefix("/")),
    }
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("what follows ? in the URL is not option=value&option=value") from None
    options = dict(pairs)
    unknown = sorted(options.keys() - set(_TAKEN) - _NOT_OURS)
    if unknown:
        raise ValueError(f"the URL's option {unknown[0]!r} is not known; {', '.join(_TAKEN)} are")
    return _address({**{k: v for k, v in named.items() if v}, **options}, "the URL's")


def with_service(address: Address, parameters: Mapping[str, str]) -> Address:
    """``address`` with what it leaves out taken from a service. Raises ValueError."""
    other = _address(parameters, "the service's")
    filled = {
        name: getattr(address, name) or getattr(other, name)
        for name in ("user", "database", "password", "passfile", "port")
    }
    if not (address.host or address.hostaddr):
        filled |= {"host": other.host, "hostaddr": other.hostaddr}
    if address.security == Security():
        filled["security"] = other.security
    return replace(address, **filled)


def _host_and_port(text: str) -> tuple[str, str]:
    """``host:port`` or ``[address]:port`` cut in two."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or not (rest == "" or rest.startswith(":")):
            raise ValueError("write an IPv6 address as [::1]:5432")
        return unquote(host), rest[1:]
    host, _, port = text.partition(":")
    return unquote(host), port


def _address(options: Mapping[str, str], whose: str) -> Address:
    host = options.get("host", "")
    if "," in host or "," in options.get("port", ""):
        raise ValueError("one check watches one server: give each host a check of its own")
    mode = options.get("sslmode", "")
    if mode and mode not in _MODES:
        raise ValueError(f"{whose} sslmode is one of {', '.join(_MODES)}")
    root = options.get("sslrootcert", "")
    return Address(
        host=host,
        hostaddr=options.get("hostaddr", ""),
        port=_port(options.get("port", ""), whose),
        user=options.get("user", ""),
        database=options.get("dbname", "") or options.get("database", ""),
        password=options.get("password", ""),
        passfile=options.get("passfile", ""),
        service=options.get("service", ""),
        security=Security(mode, root, options.get("sslcert", ""), options.get("sslkey", "")),
    )


def _port(text: str, whose: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise ValueError(f"{whose} port is not a number from 1 to 65535")
    return int(text)


def _nearest(port: int) -> str:
    """The folder of a local server's socket, where there is one; else this machine."""
    for folder in SOCKET_FOLDERS:
        if Path(f"{folder}/.s.PGSQL.{port}").exists():
            return folder
    return "localhost"


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
