"""Whether PostgreSQL lets the system's user in by its Unix socket: tried once, before a check is.

Over the socket a user who is no role is an error in the server's log at every attempt. Over TCP
a server that wants a password says so, and nothing is logged. So the socket is taken where it
lets us in, or where there is nothing else.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from checks.discovery.credentials import logins
from checks.discovery.model import Service
from checks.lanes import LaneBusyError, Lanes

__all__ = ["with_ways"]


async def with_ways(
    services: Iterable[Service],
    environ: Mapping[str, str],
    lanes: Lanes,
    known: Mapping[tuple[str, int | str], Service],
    until: float,
) -> tuple[Service, ...]:
    """``services``, those without a socket that keep us out by it.

    Of ``known`` ones it is known already, also from an earlier session.
    """

    async def decided(service: Service) -> Service:
        if service.kind != "postgres" or not (service.host and service.path):
            return service
        before = known.get(service.key)
        if before is not None and not before.path:
            return replace(service, path="", advice=before.advice)
        if before is not None or await _has_login(service, environ, lanes):
            return service
        welcome, said = await _tried(service, until)
        return service if welcome else replace(service, path="", advice=_advice(said))

    return tuple(await asyncio.gather(*(decided(service) for service in services)))


def _advice(said: str) -> str:
    """How the socket would do, as far as what the server ``said`` there tells; else empty."""
    me = _me()
    if _PEER in said and os.geteuid() == 0:
        return f"its socket lets in whoever is {me} here: sudo -u {me} onwatch"
    if _NO_ROLE in said:
        return f"its socket lets {me} in as a role: CREATE ROLE {me} LOGIN IN ROLE pg_monitor"
    return ""


async def _has_login(service: Service, environ: Mapping[str, str], lanes: Lanes) -> bool:
    """Whether credentials for it are at hand."""
    try:
        async with asyncio.timeout(1.0):
            first = await lanes.run(
                f"discovery: credentials {service.port}", lambda: next(logins(service, environ))
            )
    except (TimeoutError, LaneBusyError):
        return False
    return bool(first.note)


async def _tried(service: Service, until: float) -> tuple[bool, str]:
    """Whether the server lets us in, also where it lets nobody in for now and may later; and
    what it says if it does not."""
    try:
        async with asyncio.timeout(max(0.05, until - time.monotonic())):
            reader, writer = await asyncio.open_unix_connection(service.path)
            try:
                writer.write(_startup(_me()))
                code, said = await _outcome(reader)
                if not code:
                    # Whoever has not logged in has nothing to take leave from.
                    writer.write(_TERMINATE)
                return not code or code in _NOT_NOW, said
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False, ""


_PROTOCOL: Final = 196_608
_TERMINATE: Final = b"X\0\0\0\x04"
_NOT_NOW: Final = {"57P03", "53300"}
"""SQLSTATE of a server that is starting up, and of one that is full."""
_ASKS: Final = "28P01"
"""SQLSTATE of a missing password, which is what being asked for one comes to."""
_LONGEST: Final = 30_000
_PEER: Final = "Peer authentication failed"
_NO_ROLE: Final = "does not exist"
"""What a server says over the socket to an account of the system that is another, and to one
that is no role. In other languages it tells us nothing."""


def _startup(user: str) -> bytes:
    parameters = {"user": user, "database": "postgres", "application_name": "onwatch"}
    pairs = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items())
    return struct.pack("!ii", len(pairs) + 9, _PROTOCOL) + pairs + b"\0"


async def _outcome(reader: asyncio.StreamReader) -> tuple[str, str]:
    """The SQLSTATE of a login that fails, and what is said; empty for one that does not."""
    while True:
        kind, length = struct.unpack("!ci", await reader.readexactly(5))
        if not 4 <= length <= _LONGEST:
            return _ASKS, ""
        body = await reader.readexactly(length - 4)
        if kind == b"Z":
            return "", ""
        if kind == b"E":
            found = re.search(rb"\0?C([0-9A-Z]{5})\0", body)
            return found[1].decode() if found else _ASKS, body.decode("utf-8", "replace")
        if kind == b"R" and body[:4] != bytes(4):
            return _ASKS, ""


def _me() -> str:
    """Whom the check will log in as: see :func:`checks.discovery.credentials.logins`."""
    if os.geteuid() == 0:
        return "postgres"
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
