"""A URL in the form in which it goes onto the wire: in ASCII, quoted, with its host as DNS has it.

``urllib`` splits a URL and joins two, but leaves what is in them as it is. The libraries that mend
it come with a client and all that one needs, 3 MB for what is here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

__all__ = ["Url"]

MAX_LENGTH: Final = 65_536
PORTS: Final = {"http": 80, "https": 443}

# RFC 3986, appendix B, with a scheme as section 3.1 has it; whatever is left over is the fragment.
_PARTS: Final = re.compile(
    r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?", re.DOTALL
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_IPV4: Final = re.compile(r"\d+\.\d+\.\d+\.\d+", re.ASCII)
# What is quoted within each part, as browsers do (url.spec.whatwg.org/#percent-encoded-bytes);
# a percent sign stays as it is: what is quoted already is not quoted twice.
_IN_HOST: Final = re.compile(r"[^!\"$-.0-9;=A-Z\\_`a-z{|}~]")
_IN_PATH: Final = re.compile(r"[^!$-;=@-_a-z|~]")
_IN_QUERY: Final = re.compile(r"[^!$-;=?-~]")


@dataclass(frozen=True, slots=True)
class Url:
    """Without user and fragment, which no request line has.

    Attributes:
        scheme: in lower case; empty where the URL is relative.
        host: a name, or an address without brackets.
        port: None where it is the scheme's own.
        path: may be empty.
        query: None where there is no question mark.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None

    @classmethod
    def parse(cls, text: str) -> Url:
        """``text`` as a URL, absolute or relative.

        Raises:
            ValueError: it is none.
        """
        if len(text) > MAX_LENGTH or _CONTROL.search(text):
            raise ValueError("a URL has no control characters, and an end")
        found = _PARTS.match(text)
        assert found is not None  # noqa: S101 - every part may be empty
        scheme = (found[1] or "").lower()
        host, port = _host_and_port(found[2] or "", scheme)
        path = found[3]
        if scheme or host or port is not None:
            if host and path[:1] not in {"", "/"}:
                raise ValueError("a path begins with /")
            path = _without_dots(path)
        elif path.startswith(("//", ":")):
            raise ValueError("a relative path begins with neither // nor :")
        query = None if found[4] is None else _quoted(found[4], _IN_QUERY)
        return cls(scheme, host, port, _quoted(path, _IN_PATH), query)

    @property
    def netloc(self) -> str:
        """Host and port, as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query, as in a request line."""
        path = self.path or "/"
        return path if self.query is None else f"{path}?{self.query}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        port = PORTS.get(self.scheme, 1) if self.port is None else self.port
        return self.scheme, self.host, port

    def join(self, text: str) -> Url:
        """Where the reference ``text`` leads from here.

        Raises:
            ValueError: it is none.
        """
        return Url.parse(urljoin(str(self), str(Url.parse(text))))

    def __str__(self) -> str:
        scheme = f"{self.scheme}:" if self.scheme else ""
        netloc = f"//{self.netloc}" if self.netloc else ""
        query = "" if self.query is None else f"?{self.query}"
        return f"{scheme}{netloc}{self.path}{query}"


def _host_and_port(authority: str, scheme: str) -> tuple[str, int | None]:
    place = authority.rpartition("@")[2]
    if place.startswith("["):
        host, closed, rest = place[1:].partition("]")
        # Raises ValueError, as the other one below.
        ipaddress.IPv6Address(host)
        if not closed or rest[:1] not in {"", ":"}:
            raise ValueError("an address in brackets has both, and after it a port or nothing")
        return host, _port(rest[1:], scheme)
    name, _, port = place.partition(":")
    if _IPV4.fullmatch(name):
        ipaddress.IPv4Address(name)
        return name, _port(port, scheme)
    if name.isascii():
        return _quoted(name, _IN_HOST).lower(), _port(port, scheme)
    import idna  # noqa: PLC0415 - for the few names that need it

    return idna.encode(name.lower()).decode("ascii"), _port(port, scheme)


def _port(text: str, scheme: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a port is a number")
    number = int(text)
    return None if number == PORTS.get(scheme) else number


def _without_dots(path: str) -> str:
    """``path`` without its steps ``.`` and ``..`` (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    for step in path.split("/"):
        if step == "..":
            if kept not in ([], [""]):
                kept.pop()
        elif step != ".":
            kept.append(step)
    return "/".join(kept)


def _quoted(text: str, other: re.Pattern[str]) -> str:
    """``text`` with each character that ``other`` matches as its bytes in UTF-8, quoted."""
    return other.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
