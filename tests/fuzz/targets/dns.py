"""Messages of name servers."""

from __future__ import annotations

import struct

from checks.errors import TargetError
from checks.probes.dns.config import DnsConfig
from checks.probes.dns.wire import Question, Reply, is_answer, is_cut, is_misunderstood
from tests.fuzz.oracle import check_told
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

_QUESTIONS = tuple(
    Question(DnsConfig.model_validate({"name": "example.org", "type": kind}))
    for kind in ("A", "AAAA", "TXT", "SOA", "MX", "SRV", "CAA", "NS")
)
_POINTER = b"\xc0\x0c"


def answer(kind: int, data: bytes, count: int = 1) -> bytes:
    question = b"\x07example\x03org\0" + struct.pack("!HH", kind, 1)
    record = _POINTER + struct.pack("!HHIH", kind, 1, 300, len(data)) + data
    return struct.pack("!HHHHHH", 7, 0x8580, 1, count, 0, 0) + question + record * count


SEEDS = (
    answer(1, b"\x0a\0\0\x01", 2),
    answer(16, b"\x05hello\x02\x1b["),
    answer(6, b"\x02ns" + _POINTER + b"\x04root" + _POINTER + struct.pack("!5I", 2024, 1, 2, 3, 4)),
    answer(15, b"\0\x0a\x04mail" + _POINTER),
    answer(33, struct.pack("!HHH", 1, 2, 53) + b"\x01a" + _POINTER),
    answer(257, b"\0\x05issueletsencrypt.org"),
    answer(28, bytes(15) + b"\x01"),
    struct.pack("!HHHHHH", 7, 0x8183, 0, 0, 0, 0),
)
TOKENS = (
    *(_POINTER, b"\xc0\xff", b"\x3f", b"\0\x29\x04\xd0\0\0\0\0\0\0", b"\x01a", b"\xff\xff", b"\0"),
    *(b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\1\2\3\4", b"\0\xfa", b"\0\x2e", b"\0\x40", b"\0\x2b"),
)


def run(data: bytes) -> None:
    for question in _QUESTIONS:
        is_answer(data, 7, question.section)
        if len(data) < 12:  # is_answer lets none such through
            continue
        is_cut(data)
        is_misunderstood(data)
        try:
            _check(question.read(data, "10.0.0.1"))
        except TargetError as error:
            check_told(error)


def _check(reply: Reply) -> None:
    assert reply.rcode
    assert all(isinstance(text, str) for text in reply.answers)
    assert reply.ttl is None or reply.ttl >= 0


TARGETS = (Target("dns", run, SEEDS, TOKENS, bound=65_535),)
