"""A request, before it becomes bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from checks.probes.http.url import Url

__all__ = ["Header", "Request", "headers_of"]

Header = tuple[bytes, bytes]

_WITH_A_BODY: Final = {"POST", "PUT", "PATCH"}
"""Methods whose requests say how long their body is even where they have none (RFC 9110, 8.6)."""


class Request:
    """What is asked of ``url``.

    ``headers`` get those added that every request has, of its host and of the length of its
    ``content``, where they are not among them.
    """

    __slots__ = ("content", "headers", "method", "url")

    def __init__(
        self, method: str, url: Url, headers: Iterable[Header], content: bytes = b""
    ) -> None:
        given = list(headers)
        names = {name.lower() for name, _ in given}
        first = [] if b"host" in names else [(b"Host", url.netloc.encode())]
        if content and b"content-length" not in names:
            given.append((b"Content-Length", b"%d" % len(content)))
        elif method in _WITH_A_BODY and not names & {b"content-length", b"transfer-encoding"}:
            first.append((b"Content-Length", b"0"))
        self.method = method
        self.url = url
        self.headers: tuple[Header, ...] = (*first, *given)
        self.content = content


def headers_of(*several: Mapping[str, str]) -> list[Header]:
    """All of ``several``; of those with one name, in whatever case, the last alone."""
    found: dict[str, Header] = {}
    for headers in several:
        for name, value in headers.items():
            found.pop(name.lower(), None)
            found[name.lower()] = name.encode(), value.encode()
    return list(found.values())
