"""ICMP echo messages as bytes (RFC 792, RFC 4443)."""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["TOKEN", "echo_request", "read_reply"]

TOKEN: Final = 8
"""Bytes at the beginning of what a packet carries that tell ours from those of others."""

_HEADER: Final = struct.Struct("!BBHHH")
_SEQUENCE: Final = struct.Struct("!I")
_REQUEST: Final = {4: 8, 6: 128}
_REPLY: Final = {4: 0, 6: 129}


def echo_request(version: int, identifier: int, sequence: int, token: bytes, size: int) -> bytes:
    """An echo request of IP ``version`` that carries ``size`` bytes, ``token`` first.

    The kernel replaces the identifier (datagram sockets) and sums up what IPv6 sends.
    """
    payload = (token + _SEQUENCE.pack(sequence)).ljust(size, b"\x5a")
    head = (_REQUEST[version], 0, 0, identifier, sequence & 0xFFFF)
    if version == 6:
        return _HEADER.pack(*head) + payload
    total = _sum(_HEADER.pack(*head) + payload)
    return _HEADER.pack(head[0], 0, total, identifier, sequence & 0xFFFF) + payload


def read_reply(version: int, data: bytes, token: bytes) -> int | None:
    """The sequence number of the echo reply ``data``; None where it is none of ours."""
    # Raw sockets, and macOS's all, give the IP header along; a reply begins with 0.
    if version == 4 and data[:1] and data[0] >> 4 == 4:
        data = data[(data[0] & 0x0F) * 4 :]
    body = data[_HEADER.size :]
    if len(body) < TOKEN + _SEQUENCE.size or data[0] != _REPLY[version]:
        return None
    if body[:TOKEN] != token:
        return None
    return int.from_bytes(body[TOKEN : TOKEN + _SEQUENCE.size])


def _sum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)
