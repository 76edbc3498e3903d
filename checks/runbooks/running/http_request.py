"""The values of a step's variables in a request: each is written as its place wants it.

In the path and the query of the URL a value is percent-encoded; as its host it must be one, and
a URL that is a value itself keeps its host; in a header it stands as it is, on one line; within a
string of a body that is JSON it is escaped, and elsewhere in that it must be a number, ``true``,
``false`` or ``null``; in a form it is encoded.
No value can thus become more than a value: another path, another field, another header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from checks.model import clean
from checks.runbooks.http_text import HttpParts, http_parameters
from checks.runbooks.model import Variables
from checks.runbooks.running.model import NotRunError

__all__ = ["Filled", "filled"]

_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?|[0-9]{1,5}"
)
_URL: Final = re.compile(r"https?://[^\s@/?#\\]+(?:[/?][^\s\\#]*)?")
_LITERAL: Final = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)
_AUTHORITY: Final = re.compile(r"https?://[^/?#]*")


@dataclass(frozen=True, slots=True)
class Filled:
    """A request as it is sent."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


def filled(parts: HttpParts, variables: Variables) -> Filled:
    """``parts`` with the values in their places.

    Raises:
        NotRunError: there is no request, no value, or one that its place does not allow.
    """
    if parts.problem:
        raise NotRunError(parts.problem)
    headers = [(name, _header(value, variables)) for name, value in parts.headers]
    kind = next((value.lower() for name, value in headers if name.lower() == "content-type"), "")
    if not kind and parts.body.lstrip()[:1] in ("{", "["):
        kind = "application/json"
        headers.append(("Content-Type", kind))
    body = _body(parts.body, variables, kind) if parts.body else ""
    return Filled(parts.method, _url(parts.url, variables), tuple(headers), body)


def _put(text: str, variables: Variables, written: Callable[[str, int, str], str]) -> str:
    """``text`` with each value as ``written(name, position, value)`` has it."""
    return _put_behind(text, variables, lambda name, at, value, _: written(name, at, value))


def _put_behind(
    text: str, variables: Variables, written: Callable[[str, int, str, str], str]
) -> str:
    """The same, where ``written`` is told besides what stands before the value."""
    made, at = "", 0
    for parameter in http_parameters(text):
        value = variables.get(parameter.name)
        if value is None:
            raise NotRunError(f"there is no value for ${{{parameter.name}}}")
        made += text[at : parameter.start]
        made += written(parameter.name, parameter.start, value, made)
        at = parameter.end
    return made + text[at:]


def _url(url: str, variables: Variables) -> str:
    def written(name: str, at: int, value: str, before: str) -> str:
        if at == 0:
            if not _URL.fullmatch(value):
                raise NotRunError(f'${{{name}}} is no URL without a user: "{clean(value, 60)}"')
            return value
        if _AUTHORITY.fullmatch(before):
            port = before.endswith(":") and value.isdecimal()
            if url.startswith("$") and not port:
                text = f"${{{name}}} would change the host of the URL before it: write / between"
                raise NotRunError(text)
            if not _HOST.fullmatch(value):
                raise NotRunError(f'${{{name}}} is no host and port: "{clean(value, 60)}"')
            return value
        if value in (".", ".."):
            raise NotRunError(f'${{{name}}} would lead to another path: "{value}"')
        return quote(value, safe="")

    return _put_behind(url, variables, written)


def _header(text: str, variables: Variables) -> str:
    def written(name: str, at: int, value: str) -> str:
        del at
        if not value.isprintable() or not value.isascii():
            raise NotRunError(f"${{{name}}} cannot stand in a header: it must be plain ASCII")
        return value

    return _put(text, variables, written)


def _body(text: str, variables: Variables, kind: str) -> str:
    if "json" in kind:
        within = _strings(text)

        def written(name: str, at: int, value: str) -> str:
            if any(start < at < end for start, end in within):
                return json.dumps(value, ensure_ascii=False)[1:-1]
            if not _LITERAL.fullmatch(value):
                raise NotRunError(
                    f"${{{name}}} stands outside quotes in JSON and is no number: "
                    f'"{clean(value, 60)}"; write "${{{name}}}" for a text'
                )
            return value

        return _put(text, variables, written)
    if "x-www-form-urlencoded" in kind:
        return _put(text, variables, lambda name, at, value: quote_plus(value))
    return _put(text, variables, lambda name, at, value: value)


def _strings(text: str) -> list[tuple[int, int]]:
    """Where the strings of a JSON text begin and end."""
    return [found.span() for found in re.finditer(r'"(?:[^"\\]|\\.)*(?:"|$)', text, re.DOTALL)]
