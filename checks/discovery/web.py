"""Which page of an HTTP server tells how it does: asked in order, on one connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import h11

from checks.discovery.greetings import Talk, hang_up, unverified
from checks.discovery.model import Web
from checks.discovery.programs import Role

__all__ = ["PATHS", "look"]

PATHS: Final = (
    "/health",
    "/healthz",
    "/api/health",
    "/actuator/health",
    "/-/healthy",
    "/metrics",
)
"""Pages that tell how a service does, in the order in which they are tried."""
EXTRA_PATHS: Final = {9200: ("/_cluster/health",)}
"""Further ones of servers with a port of their own."""

_MOST: Final = 32_768
"""Bytes of an answer that are read; a longer one ends the connection."""
_EXPOSITIONS: Final = (b"application/openmetrics-text", b"version=0.0.4")
_TLS_PORTS: Final = frozenset({443, 8443, 9443, 6443, 4443})
_TLS_ALERT: Final = b"\x15\x03"
_WANTS_TLS: Final = (b"HTTPS", b"requires TLS")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    markup: bool
    json: bool
    metrics: bool
    start: bytes
    goes_on: bool


class _NotHttpError(Exception):
    """What came is no HTTP; ``tls`` says that it is TLS."""

    def __init__(self, *, tls: bool) -> None:
        self.tls = tls
        super().__init__()


class _Line:
    """A connection that is opened anew where the server has closed it."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, talk: Talk) -> None:
        self._talk = talk
        self._host = host
        self._port = port
        self._context = context
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> _Answer:
        """Raises OSError, _NotHttpError."""
        used = self._streams is not None
        try:
            return await self._get(path)
        except (OSError, _NotHttpError):
            # It closed the connection after its last answer, without having said so.
            await self.close()
            if not used:
                raise
        return await self._get(path)

    async def _get(self, path: str) -> _Answer:
        streams = self._streams or await asyncio.open_connection(
            self._host, self._port, ssl=self._context
        )
        self._streams = streams
        self._talk.connected = True
        machine = h11.Connection(h11.CLIENT)
        host = f"[{self._host}]" if ":" in self._host else self._host
        headers = [
            ("Host", f"{host}:{self._port}"),
            ("User-Agent", "onwatch (discovery)"),
            ("Accept", "application/json, text/plain;q=0.9, */*;q=0.5"),
        ]
        request = machine.send(h11.Request(method="GET", target=path, headers=headers))
        streams[1].write((request or b"") + (machine.send(h11.EndOfMessage()) or b""))
        answer = await _answer(streams[0], machine)
        if not answer.goes_on:
            await self.close()
        return answer

    async def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            await hang_up(streams[1])


async def _answer(reader: asyncio.StreamReader, machine: h11.Connection) -> _Answer:
    """Read one answer. Raises OSError, _NotHttpError."""
    data = await reader.read(16_384)
    if not data or data.startswith(_TLS_ALERT):
        raise _NotHttpError(tls=True)
    events: list[h11.Event] = []
    received = 0
    # A broken body is still the body of an answer.
    with contextlib.suppress(h11.RemoteProtocolError):
        while True:
            received += len(data)
            machine.receive_data(data)
            if _whole(machine, events) or received > _MOST:
                break
            data = await reader.read(16_384)
    head = next((event for event in events if isinstance(event, h11.Response)), None)
    if head is None:
        raise _NotHttpError(tls=False)
    body = b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data))
    goes_on = machine.our_state is h11.DONE and machine.their_state is h11.DONE
    return _read(head, body, goes_on)


def _whole(machine: h11.Connection, events: list[h11.Event]) -> bool:
    """Take what has come; whether it is the whole answer."""
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            return False
        if not isinstance(event, h11.Event) or isinstance(event, h11.EndOfMessage):
            return True
        events.append(event)


def _read(head: h11.Response, body: bytes, goes_on: bool) -> _Answer:
    kind = next((value for name, value in head.headers if name == b"content-type"), b"")
    start = body.lstrip()[:64].lower()
    return _Answer(
        status=head.status_code,
        markup=b"html" in kind.lower() or start.startswith((b"<!doctype", b"<html")),
        json=b"json" in kind.lower() and start.startswith((b"{", b"[")),
        metrics=_is_exposition(kind.lower(), body),
        start=body[:512],
        goes_on=goes_on,
    )


def _is_exposition(kind: bytes, body: bytes) -> bool:
    """Whether an answer is a page of metrics, by its content type or its first line."""
    if any(sign in kind for sign in _EXPOSITIONS):
        return True
    return body.lstrip().startswith((b"# HELP ", b"# TYPE "))


async def look(host: str, port: int, talk: Talk) -> None:
    """Ask the server at this port for its health; ``talk.web`` gets what is known.

    It stays None where no HTTP is spoken. What has been found stays when the wait for more is
    cancelled; its status is 0 while not all pages have been tried.
    """
    order = (True, False) if port in _TLS_PORTS else (False, True)
    for tls in order:
        line = _Line(host, port, unverified() if tls else None, talk)
        try:
            await _ask_all(line, port, tls, talk)
        except _NotHttpError as error:
            if not tls and not error.tls:
                return
        except (OSError, ssl.SSLError):
            continue
        else:
            return
        finally:
            await line.close()


async def _ask_all(line: _Line, port: int, tls: bool, talk: Talk) -> None:
    for path in _paths(port):
        answer = await line.get(path)
        if not tls and answer.status == 400 and any(sign in answer.start for sign in _WANTS_TLS):
            raise _NotHttpError(tls=True)
        # It is a web server from now on, whatever else comes.
        talk.role = Role.HTTP
        talk.web = talk.web or Web("/", tls, 0)
        if path == "/" or _tells(answer):
            metrics = answer.status == 200 and answer.metrics
            talk.web = Web(path, tls, answer.status, metrics)
            return


def _paths(port: int) -> Iterator[str]:
    yield from EXTRA_PATHS.get(port, ())
    yield from PATHS
    yield "/"


def _tells(answer: _Answer) -> bool:
    """Whether the answer is a page of health: a plain one, or a document that says it is ill.

    Sites that answer any path with their front page do so in HTML.
    """
    if answer.markup:
        return False
    return 200 <= answer.status < 300 or (answer.status >= 500 and answer.json)
