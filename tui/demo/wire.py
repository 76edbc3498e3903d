"""HTTP/1.1 over asyncio streams: as much as the demo's service and its traffic need."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

__all__ = ["Client", "Request", "Response", "WireError", "json_response", "serve"]

_MAX_BODY: Final = 64 * 1024
_MAX_HEAD: Final = 16 * 1024


class WireError(Exception):
    """The other side did not speak the HTTP that is spoken here; ``status`` answers it."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` is without its query; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def keep_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"

    def json(self) -> dict[str, Any]:
        """The body as an object. Raises WireError (400) where it is none."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise WireError(400, f"the body is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise WireError(400, "the body is not a JSON object")
        return value


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = "application/json"


def json_response(value: Mapping[str, Any], status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


Handler = Callable[[Request], Awaitable[Response]]


async def serve(handler: Handler, host: str, port: int) -> asyncio.Server:
    """Answer connections to ``host:port`` with ``handler``. Raises OSError if it is taken."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await _converse(handler, reader, writer)
        finally:
            writer.close()

    return await asyncio.start_server(connected, host, port, limit=_MAX_HEAD)


async def _converse(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while True:
        try:
            request = await _read_request(reader)
        except WireError as error:
            refusal = json_response({"error": str(error)}, error.status)
            writer.write(_encode(refusal, keep_alive=False))
            await writer.drain()
            return
        response = await handler(request)
        writer.write(
            _encode(response, keep_alive=request.keep_alive, bare=request.method == "HEAD")
        )
        await writer.drain()
        if not request.keep_alive:
            return


def _encode(response: Response, *, keep_alive: bool, bare: bool = False) -> bytes:
    head = (
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
        f"Content-Type: {response.content_type}\r\n"
        f"Content-Length: {len(response.body)}\r\n"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
    )
    return head.encode() + (b"" if bare else response.body)


async def _read_request(reader: asyncio.StreamReader) -> Request:
    first, headers = await _read_head(reader)
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise WireError(400, "this is no HTTP/1 request")
    if "transfer-encoding" in headers:
        raise WireError(501, "send a Content-Length; chunks are not understood")
    body = await reader.readexactly(_length(headers))
    return Request(words[0], words[1].partition("?")[0], headers, body)


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    try:
        block = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise WireError(431, f"the head is longer than {_MAX_HEAD} bytes") from None
    first, *lines = block.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "0")
    if not text.isdecimal():
        raise WireError(400, "Content-Length is no number")
    if int(text) > _MAX_BODY:
        raise WireError(413, f"the body is longer than {_MAX_BODY} bytes")
    return int(text)


class Client:
    """Keeps connections to one server open and asks over them."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError, WireError or IncompleteReadError."""
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        done = False
        try:
            writer.write(self._request(method, path, body))
            first, headers = await _read_head(reader)
            answer = await reader.readexactly(_length(headers))
            done = headers.get("connection") != "close"
        finally:
            if done:
                self._idle.append((reader, writer))
            else:
                writer.close()
                self.close()
        return int(first.split(" ")[1]), answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._address
        return await asyncio.open_connection(host, port, limit=_MAX_HEAD)

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        host, port = self._address
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
