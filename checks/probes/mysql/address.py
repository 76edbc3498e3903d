"""Where a MySQL or MariaDB server is and as whom to log in: connection URLs. Pure but for
:meth:`Address.complete`, which looks for a socket."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from checks.dial import place
from checks.tls import Tls

__all__ = ["PORT", "SOCKETS", "Address", "Security", "parse_url", "port_of"]

PORT: Final = 3306
SOCKETS: Final = (
    *("/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock"),
    *("/run/mysql/mysql.sock", "/tmp/mysql.sock"),  # noqa: S108 - where MySQL's builds put it
)
"""Where a server's socket is that no host is given for: Debian's, Red Hat's, SUSE's, MySQL's."""

_SCHEMES: Final = ("mysql", "mariadb")
_TAKEN: Final = ("socket", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key")
_OTHER_NAMES: Final = {
    "unix_socket": "socket",
    "sslmode": "ssl-mode",
    "ssl_mode": "ssl-mode",
    "ssl_ca": "ssl-ca",
    "ssl_cert": "ssl-cert",
    "ssl_key": "ssl-key",
}
_NOT_OURS: Final = {
    *("charset", "collation", "connect_timeout", "read_timeout", "write_timeout", "autocommit"),
    *("local_infile", "parseTime", "loc", "timeout", "tls", "serverVersion", "connection_limit"),
    *("pool_timeout", "pool", "pool_size", "max_overflow", "sslaccept", "useSSL", "timezone"),
    *("reconnect", "encoding", "prefix", "schema", "allowPublicKeyRetrieval"),
}
"""Options that other clients act on and that make no difference here."""
_SECURITY: Final = ("mode", "ca", "cert", "key")
_VERIFY: Final = {"required": "none", "verify-ca": "ca", "verify-identity": "full"}
_MODES: Final = ("disabled", "preferred", *_VERIFY)


@dataclass(frozen=True, slots=True)
class Security:
    """What a URL or an option file says of TLS, in the clients' words; empty where nothing."""

    mode: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        mode = self.mode.lower().replace("_", "-")
        if mode and mode not in _MODES:
            raise ValueError(f"ssl-mode is one of {', '.join(_MODES)}")
        object.__setattr__(self, "mode", mode)

    def tls(self) -> Tls | None:
        """The model that says the same; None where TLS is only used if it is offered."""
        if self.mode in ("disabled", "preferred") or self == Security():
            return None
        verify = _VERIFY.get(self.mode, "ca" if self.ca else "none")
        return Tls.model_validate(
            {
                "ca": self.ca or None,
                "cert": self.cert or None,
                "key": self.key or None,
                "verify": verify,
            }
        )


@dataclass(frozen=True, slots=True)
class Address:
    """A server and a login. ``socket`` is the path of a unix socket; that and ``host`` are
    empty where neither is given."""

    host: str = ""
    port: int = 0
    socket: str = ""
    user: str = ""
    database: str = ""
    password: str = field(default="", repr=False)
    security: Security = Security()

    def __str__(self) -> str:
        return self.socket or place(self.host or "localhost", self.port or PORT)

    def complete(self) -> Address:
        """With what is left out as clients fill it in: the socket of this machine, this user."""
        socket = self.socket
        if not (self.host or socket or self.port):
            socket = next((path for path in SOCKETS if Path(path).exists()), "")
        return replace(
            self,
            host=self.host or ("" if socket else "localhost"),
            port=self.port or PORT,
            socket=socket,
            user=self.user or _me(),
        )


def parse_url(text: str) -> Address:
    """The address that ``text`` names. Raises ValueError with a sentence; never quotes it,
    since it may hold a password."""
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES:
        raise ValueError("write mysql://user@host:port/database")
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("what follows ? in the URL is not option=value&option=value") from None
    options = {_OTHER_NAMES.get(name, name): value for name, value in pairs}
    unknown = sorted(options.keys() - set(_TAKEN) - _NOT_OURS)
    if unknown:
        raise ValueError(f"the URL's option {unknown[0]!r} is not known; {', '.join(_TAKEN)} are")
    userinfo, _, hosts = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    host, port = _host_and_port(hosts)
    socket = options.get("socket", "")
    if socket and not socket.startswith("/"):
        raise ValueError("socket is the whole path of a unix socket: /run/mysqld/mysqld.sock")
    if socket and host not in ("", "localhost"):
        raise ValueError("give a host or a socket, not both")
    if "," in host:
        raise ValueError("one check watches one server: give each host a check of its own")
    return Address(
        host="" if socket else host,
        port=port_of(port, "the URL's"),
        socket=socket,
        user=unquote(user),
        database=unquote(parts.path.removeprefix("/")),
        password=unquote(password),
        security=Security(*(options.get(f"ssl-{word}", "") for word in _SECURITY)),
    )


def _host_and_port(text: str) -> tuple[str, str]:
    """``host:port`` or ``[address]:port`` cut in two."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or not (rest == "" or rest.startswith(":")):
            raise ValueError(f"write an IPv6 address as [::1]:{PORT}")
        return unquote(host), rest[1:]
    host, _, port = text.partition(":")
    return unquote(host), port


def port_of(text: str, whose: str) -> int:
    """A port as a number; 0 for none. Raises ValueError."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise ValueError(f"{whose} port is not a number from 1 to 65535")
    return int(text)


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
