"""What is asked of an origin: method, URL, headers, body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks.probes.http.url import Url

__all__ = ["Headers", "Request", "combined"]

Headers = Mapping[str, tuple[str, str]]
"""By their names in lower case: the names as they were given, and the values."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request, not yet encoded. ``method`` is in upper case."""

    method: str
    url: Url
    headers: Headers
    content: bytes = b""

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The headers to send: its own, its host's first, and how long its body is.

        Raises:
            ValueError: a value is not ASCII.
        """
        fields = list(self.headers.values())
        if "host" not in self.headers and self.url.host:
            fields.insert(0, ("Host", self.url.netloc))
        sized = {"content-length", "transfer-encoding"}.isdisjoint(self.headers)
        if sized and (self.content or self.method in _WITH_BODY):
            fields.append(("Content-Length", str(len(self.content))))
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in fields]


def combined(*given: Mapping[str, str]) -> Headers:
    """All headers of ``given``; of two that differ in case alone the later one."""
    found: dict[str, tuple[str, str]] = {}
    for headers in given:
        for name, value in headers.items():
            key = name.lower()
            found.pop(key, None)
            found[key] = (name, value)
    return found
