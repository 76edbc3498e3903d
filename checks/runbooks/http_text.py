"""``${NAME}`` in the text of an ``http`` step.

Braces alone would be found in every JSON body; so it is the shell's spelling with braces. Where a
value lands decides how it is written there: percent-encoded in the path and the query of the URL,
as it is (checked against its pattern, which no line's end matches) in a header, and as the inside
of a JSON string in a body that is JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from checks.runbooks.sql_text import Parameter

__all__ = ["HttpParts", "http_parameters", "http_parts"]

_PARAMETER: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_REQUEST: Final = re.compile(r"([A-Z]+)[ \t]+(\S+)(?:[ \t]+HTTP/\d(?:\.\d)?)?[ \t]*")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class HttpParts:
    """A request as it is written; ``problem`` is a sentence where it is none."""

    method: str = "GET"
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    problem: str = ""


def http_parameters(text: str) -> tuple[Parameter, ...]:
    """Where ``${NAME}`` stands for a value."""
    return tuple(
        Parameter(found.start(), found.end(), found[1].upper())
        for found in _PARAMETER.finditer(text)
    )


def http_parts(text: str) -> HttpParts:
    """``METHOD URL``, ``Header: value`` lines, a blank line, the body; a URL alone is got."""
    lines = text.strip("\n").split("\n")
    while lines and (not lines[0].strip() or lines[0].startswith("#")):
        lines.pop(0)
    if not lines:
        return HttpParts(problem="it is empty; write GET http://host:port/path")
    first = lines.pop(0).strip()
    found = _REQUEST.fullmatch(first) or _REQUEST.fullmatch(f"GET {first}")
    if found is None or found[1] not in _METHODS:
        return HttpParts(problem="its first line is no request; write GET http://host:port/path")
    if not found[2].startswith(("http://", "https://", "${")):
        return HttpParts(problem="its URL must begin with http:// or https://")
    headers: list[tuple[str, str]] = []
    while lines and lines[0].strip():
        header = _HEADER.fullmatch(lines[0].strip())
        if header is None:
            return HttpParts(problem=f'"{lines[0].strip()[:60]}" is no header; write Name: value')
        headers.append((header[1], header[2].strip()))
        lines.pop(0)
    return HttpParts(found[1], found[2], tuple(headers), "\n".join(lines[1:]))
