"""The dns check against name servers that are silent, wrong, broken or endless."""

from __future__ import annotations

import contextlib
import random
import socket
import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from checks.errors import TargetError
from checks.model import Status
from checks.probes.dns.config import DnsConfig
from checks.probes.dns.wire import Question
from tests.checks.http_kit import ask
from tests.servers.dns import DnsServer, asked

# Servers that fail.


async def test_a_server_that_never_answers(dns_server: DnsServer) -> None:
    dns_server.replies = lambda _query, _tcp: []
    result = await asked(dns_server, timeout=1.5)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "timeout", False)
    assert result.message == (
        f"no answer from the name server {dns_server.where} within 1.5 s: asked 3 times; "
        "is it up, does a firewall drop UDP, may we ask it?"
    )
    assert len(dns_server.asked) == 3
    assert result.samples.get("probe_dns_query_succeeded") == 0


async def test_a_datagram_that_is_lost_is_sent_again(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "A", "192.0.2.1")
    dns_server.replies = lambda query, tcp: (
        dns_server.well(query, tcp) if len(dns_server.asked) > 1 else []
    )
    result = await asked(dns_server, timeout=1.5)
    assert result.status is Status.OK
    assert ("sent", "2 times: datagrams were lost") in result.facts


async def test_nobody_listens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    result = await ask("dns", {"name": "shop.example", "server": f"127.0.0.1:{port}"})
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")
    assert result.message == (
        f"nothing listens on UDP port 127.0.0.1:{port}: "
        "is the name server running, on that address?"
    )


def other_id(query: dns.message.Message) -> bytes:
    wire = dns.message.make_response(query).to_wire()
    return struct.pack("!H", query.id ^ 1) + wire[2:]


def other_question(query: dns.message.Message) -> bytes:
    other = dns.message.make_query("evil.example", "A", id=query.id)
    return dns.message.make_response(other).to_wire()


async def test_answers_to_something_else_are_not_believed(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "A", "192.0.2.1")
    dns_server.replies = lambda query, tcp: [
        b"",
        b"garbage",
        query.to_wire(),
        other_id(query),
        other_question(query),
        *dns_server.well(query, tcp),
    ]
    assert (await asked(dns_server)).status is Status.OK
    dns_server.replies = lambda query, _tcp: [other_id(query), other_question(query)]
    result = await asked(dns_server, timeout=1.5)
    assert result.reason == "timeout"
    assert "asked 3 times, and 6 datagrams came that answer something else" in result.message
    dns_server.replies = lambda query, _tcp: [other_id(query)] * 100
    result = await asked(dns_server)
    assert result.reason == "protocol"
    assert "sends datagrams that answer nothing we asked (64 of them)" in result.message


def header(query: dns.message.Message, answers: int = 1) -> bytes:
    question = query.to_wire()[12 : 12 + len(query.question[0].name.to_wire() or b"") + 4]
    return struct.pack("!HHHHHH", query.id, 0x8180, 1, answers, 0, 0) + question


A_RECORD = struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc0\x1e" + A_RECORD,  # a pointer to itself
        b"\xc0\x20\xc0\x1e" + A_RECORD,  # two that point to each other
        b"\xc0\xff" + A_RECORD,
        b"\x3fshort" + A_RECORD,
        b"\x80" + A_RECORD,
        b"\xc0\x0c" + A_RECORD[:-2],
        b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 60_000) + b"x",
    ],
)
async def test_broken_answers(dns_server: DnsServer, body: bytes) -> None:
    dns_server.replies = lambda query, _tcp: [header(query) + body]
    result = await asked(dns_server)
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert f"{dns_server.where} answers with a message that is broken" in result.message


async def test_an_answer_of_enormous_size_is_not_read(dns_server: DnsServer) -> None:
    def enormous(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if not tcp:
            return [header(query, 0)[:2] + struct.pack("!H", 0x8380) + header(query, 0)[4:]]
        return [header(query, 3500) + (b"\xc0\x0c" + A_RECORD) * 3500]

    dns_server.replies = enormous
    result = await asked(dns_server)
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert "and 3,500 records, more than the 16,384 bytes" in result.message


async def test_a_long_answer_is_read_apart(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "A", *(f"192.0.2.{n}" for n in range(250)))
    result = await asked(dns_server, minimum=250)
    assert result.status is Status.OK, result.message
    assert result.message.endswith("192.0.2.0, 192.0.2.1, 192.0.2.10, 192.0.2.100 and 246 more")


def test_no_bytes_make_reading_fail_in_another_way_or_take_long() -> None:
    config = DnsConfig.model_validate({"name": "a.example", "server": "127.0.0.1"})
    question = Question(config)
    response = dns.message.make_response(question.message())
    for type_, value in (
        ("A", "192.0.2.1"),
        ("MX", "10 m.example."),
        ("TXT", '"a" "b"'),
        ("SOA", "n.e. h.e. 1 2 3 4 5"),
        ("CAA", '0 issue "x"'),
        ("SRV", "1 2 3 t.e."),
    ):
        response.answer.append(dns.rrset.from_text("a.example.", 60, "IN", type_, value))
    good = response.to_wire()
    dice = random.Random(4)
    for _ in range(1500):
        wire = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            wire[dice.randrange(2, len(wire))] = dice.randrange(256)
        with contextlib.suppress(TargetError):
            question.read(bytes(wire[: dice.randint(12, len(wire))]), "here")


def test_a_record_of_another_class_is_no_answer() -> None:
    config = DnsConfig.model_validate({"name": "a.example", "server": "127.0.0.1", "type": "SOA"})
    question = Question(config)
    response = dns.message.make_response(question.message())
    soa = dns.rrset.from_text("a.example.", 60, "IN", "SOA", "n.e. h.e. 1 2 3 4 5")
    response.answer.append(soa)
    wire = response.to_wire()
    assert question.read(wire, "here").serial == 1
    odd = wire.replace(struct.pack("!HHI", 6, 1, 60), struct.pack("!HHI", 6, 77, 60))
    assert (reply := question.read(odd, "here")).serial is None
    assert reply.answers == ()


async def test_control_characters_do_not_get_through(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "TXT", r'"\027[2J\010evil"')
    result = await asked(dns_server, type="TXT")
    assert result.status is Status.OK
    assert "\x1b" not in result.message + result.raw + repr(result.tables)


async def test_tcp_that_fails(dns_server: DnsServer) -> None:
    def cut(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if tcp:
            return []
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return [response.to_wire()]

    dns_server.replies = cut
    result = await asked(dns_server)
    assert result.reason == "protocol"
    assert "closed the TCP connection within its answer" in result.message
    dns_server.replies = lambda query, tcp: cut(query, False) if not tcp else [other_id(query)]
    assert "answers something else by TCP" in (await asked(dns_server)).message
