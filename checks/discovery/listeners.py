"""Which sockets of this machine take connections, read from ``/proc/net``.

The kernel lists listening TCP sockets before all others, so that reading ends at the first
one that is not: a hundred thousand connections cost nothing.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from checks.discovery.model import Listener

__all__ = ["listening"]

MOST: Final = 4096
"""Sockets that are looked at, of TCP and of Unix each."""

_LISTENING: Final = "0A"
_ACCEPTS: Final = 0x10000
"""``__SO_ACCEPTCON`` in the flags of ``/proc/net/unix``."""
_STREAM: Final = "0001"


def listening(proc: Path) -> list[Listener]:
    """Every TCP and Unix stream socket of this network namespace that takes connections.

    Raises OSError where not even ``/proc/net/tcp`` can be read.
    """
    found = list(_tcp(proc / "net/tcp"))
    with contextlib.suppress(OSError):
        found += _tcp(proc / "net/tcp6")
    with contextlib.suppress(OSError):
        found += _unix(proc / "net/unix")
    return found


def _tcp(path: Path) -> Iterator[Listener]:
    with path.open(encoding="ascii") as lines:
        next(lines, "")
        for count, text in enumerate(lines):
            fields = text.split()
            if count >= MOST or len(fields) < 10 or fields[3] != _LISTENING:
                return
            host, _, port = fields[1].partition(":")
            yield Listener(int(fields[9]), _address(host), int(port, 16), uid=int(fields[7]))


def _address(text: str) -> str:
    """Of ``0100007F``: the kernel prints words of 32 bits in this machine's order."""
    words = (int(text[at : at + 8], 16) for at in range(0, len(text), 8))
    packed = b"".join(struct.pack("=I", word) for word in words)
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    if packed[:12] == bytes(10) + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, packed[12:])
    return socket.inet_ntop(socket.AF_INET6, packed)


def _unix(path: Path) -> Iterator[Listener]:
    count = 0
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        next(lines, "")
        for text in lines:
            fields = text.rstrip("\n").split(maxsplit=7)
            # Abstract sockets (@…) are nobody's server.
            if len(fields) < 8 or not fields[7].startswith("/"):
                continue
            if fields[4] != _STREAM or not int(fields[3], 16) & _ACCEPTS:
                continue
            count += 1
            if count > MOST:
                return
            yield Listener(int(fields[6]), path=fields[7])
