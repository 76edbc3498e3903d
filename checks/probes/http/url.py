"""URLs, as a request needs them: in parts, made plain (RFC 3986), joined where a redirect leads.

What is made plain, and how, is what browsers and httpx do; that library's client, which is not
needed here, weighs 3 MB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, urljoin

__all__ = ["InvalidUrlError", "Url"]

_LONGEST: Final = 65_536
_PORTS: Final = {"http": 80, "https": 443}
_PARTS: Final = re.compile(
    r"\A(?:([a-zA-Z][a-zA-Z0-9+.-]*)?:)?(?://([^/?#]*))?([^?#]*)(?:(\?)([^#]*))?"
)
_AUTHORITY: Final = re.compile(r"\A(?:.*@)?(\[.*\]|[^:@]*):?(.*)", re.DOTALL)
_V4: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_NOT_PLAIN: Final = re.compile(r"[\x00-\x1f\x7f]")
_PATH_SAFE: Final = "!$%&'()*+,/:;=@[\\]^|"
_QUERY_SAFE: Final = f"{_PATH_SAFE}?`{{}}"
_HOST_SAFE: Final = "!$&'()*+,;=\"`{}%|\\"
"""What stays as it is beside letters, digits and ``_.-~``; the percent sign too, which most often
begins what is quoted already."""


class InvalidUrlError(ValueError):
    """Not a URL; the text says why."""


@dataclass(frozen=True, slots=True)
class Url:
    """A URL, or what stands for one beside another; without user and fragment, which are not sent.

    Attributes:
        host: lower case, in ASCII, of IPv6 without brackets.
        port: None where it is the scheme's own.
        query: None where there is no question mark.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None

    @classmethod
    def of(cls, text: str) -> Url:
        """What ``text`` says.

        Raises:
            InvalidUrlError: it is no URL.
        """
        if len(text) > _LONGEST:
            raise InvalidUrlError("the url is too long")
        if _NOT_PLAIN.search(text):
            raise InvalidUrlError("the url has control characters in it")
        [(scheme, authority, path, mark, query)] = _PARTS.findall(text)
        scheme = scheme.lower()
        host, port = _place(authority, scheme)
        if not scheme and not authority and path.startswith(("//", ":")):
            raise InvalidUrlError("the url names no host")
        if scheme or authority:
            path = _without_dots(path)
        try:
            path = quote(path, safe=_PATH_SAFE)
            query = quote(query, safe=_QUERY_SAFE)
        except UnicodeEncodeError:
            raise InvalidUrlError("the url has halves of characters in it") from None
        return cls(scheme, host, port, path, query if mark else None)

    @property
    def netloc(self) -> str:
        """Host and port, as they are written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        port = _PORTS.get(self.scheme, 1) if self.port is None else self.port
        return self.scheme, self.host, port

    @property
    def target(self) -> str:
        """Path and query, as they are asked for."""
        return (self.path or "/") + ("" if self.query is None else f"?{self.query}")

    def __str__(self) -> str:
        scheme = f"{self.scheme}:" if self.scheme else ""
        place = f"//{self.netloc}" if self.netloc else ""
        return scheme + place + self.path + ("" if self.query is None else f"?{self.query}")

    def beneath(self, asked: str) -> Url:
        """The URL of ``asked``, a path with a query if need be, beneath this one's path.

        Raises:
            InvalidUrlError: it is none.
        """
        path, _, query = asked.partition("?")
        whole = f"{self.path.rstrip('/')}/{path.removeprefix('/')}" if path else self.path
        found = Url.of(f"http://host{whole}?{query}" if query else f"http://host{whole}")
        return replace(self, path=found.path, query=found.query)

    def joined(self, text: str) -> Url:
        """Where a link called ``text`` leads from here.

        Raises:
            InvalidUrlError: nowhere.
        """
        return Url.of(urljoin(str(self), str(Url.of(text))))


def _place(authority: str, scheme: str) -> tuple[str, int | None]:
    """Host and port."""
    [(host, port)] = _AUTHORITY.findall(authority)
    if authority and not host:
        raise InvalidUrlError("the url names no host")
    if not port:
        return _host(host), None
    try:
        number = int(port)
    except ValueError:
        raise InvalidUrlError(f"{port[:20]!r} is no port") from None
    return _host(host), None if number == _PORTS.get(scheme) else number


def _host(text: str) -> str:
    """``text`` as it is looked up."""
    try:
        if _V4.fullmatch(text):
            return str(IPv4Address(text))
        if text.startswith("["):
            IPv6Address(text[1:-1])
            return text[1:-1]
    except AddressValueError as error:
        raise InvalidUrlError(f"{text[:80]!r} is no address: {error}") from None
    if text.isascii():
        return quote(text.lower(), safe=_HOST_SAFE)
    import idna  # noqa: PLC0415 - for names in other alphabets alone

    try:
        return idna.encode(text.lower()).decode("ascii")
    except idna.IDNAError as error:
        raise InvalidUrlError(f"{text[:80]!r} is no host's name: {error}") from None


def _without_dots(path: str) -> str:
    """``path`` without ``.`` and ``..`` (RFC 3986, section 5.2.4)."""
    parts = path.split("/")
    if "." not in parts and ".." not in parts:
        return path
    kept: list[str] = []
    for part in parts:
        if part == "..":
            if kept and kept != [""]:
                kept.pop()
        elif part != ".":
            kept.append(part)
    return "/".join(kept)
