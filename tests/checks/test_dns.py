"""The dns check against real name servers on loopback, well-behaved and not."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pydantic import ValidationError

from checks.model import Status
from checks.probes.dns import KIND
from checks.probes.dns.probe import DnsProbe
from checks.registry import kind
from tests.checks.http_kit import ask, probing
from tests.servers.dns import DnsServer, asked

StartDns: TypeAlias = Callable[[], DnsServer]


async def test_an_answer_is_measured(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "A", "192.0.2.2", "192.0.2.1")
    result = await asked(dns_server)
    assert result.status is Status.OK
    assert result.message.startswith(f"NOERROR from {dns_server.where} after ")
    assert result.message.endswith(": 192.0.2.1, 192.0.2.2")
    assert (result.value, result.up) == ("NOERROR", True)
    assert [name for name, _ in result.phases] == ["dns", "connect", "request"]
    samples = result.samples
    assert samples.get("probe_dns_answer_rrs") == 2
    assert samples.get("probe_dns_authority_rrs") == 0
    assert samples.get("probe_dns_query_succeeded") == 1
    assert (samples.get("probe_dns_duration_seconds", phase="request") or 0) > 0
    assert samples.get("probe_ip_protocol") == 4
    assert {series.name for series in samples.series} <= {m.name for m in KIND.metrics}
    assert ("time to live", "60 s") in result.facts
    assert dns_server.asked == [("shop.example.", "A", "udp")]


@pytest.mark.parametrize(
    ("name", "type_", "record", "shown"),
    [
        ("shop.example", "AAAA", "2001:db8::1", "2001:db8::1"),
        ("www.shop.example", "CNAME", "shop.example.", "shop.example"),
        ("shop.example", "MX", "10 Mail.example.", "10 Mail.example"),
        ("shop.example", "MX", "0 .", "0 ."),
        ("shop.example", "TXT", '"v=spf1 " "-all"', "v=spf1 -all"),
        ("shop.example", "NS", "ns1.example.", "ns1.example"),
        ("_sip._tcp.shop.example", "SRV", "1 2 5060 sip.example.", "1 2 5060 sip.example"),
        (
            "shop.example",
            "SOA",
            "ns1.example. host.example. 7 2 3 4 5",
            "ns1.example host.example 7",
        ),
        ("shop.example", "CAA", '0 issue "ca.example"', '0 issue "ca.example"'),
    ],
)
async def test_types_of_records(
    dns_server: DnsServer, name: str, type_: str, record: str, shown: str
) -> None:
    dns_server.add(name, type_, record)
    result = await asked(dns_server, name, type=type_)
    assert result.status is Status.OK, result.message
    assert f": {shown}" in result.message
    assert result.samples.get("probe_dns_serial") == (7 if type_ == "SOA" else None)


async def test_the_name_of_an_address(dns_server: DnsServer) -> None:
    dns_server.add("9.2.0.192.in-addr.arpa", "PTR", "shop.example.")
    result = await asked(dns_server, "192.0.2.9", type="PTR", answers="SHOP.example.")
    assert result.status is Status.OK, result.message


async def test_an_address_may_be_written_in_another_way(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "AAAA", "2001:db8::1")
    said = "2001:0DB8:0:0:0:0:0:1"
    result = await asked(dns_server, type="AAAA", answers=said, exact=True)
    assert result.status is Status.OK, result.message


async def test_large_answers_of_one_server_at_the_same_moment(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "TXT", *(f'"{n:03} {"x" * 60}"' for n in range(150)))
    servers = [dns_server.where] * 4
    result = await ask("dns", {"name": "shop.example", "type": "TXT", "server": servers})
    assert result.status is Status.OK, result.message
    assert [part.status for part in result.parts] == [Status.OK] * 4


async def test_an_alias_is_followed_to_the_answers(dns_server: DnsServer) -> None:
    dns_server.add("www.example", "CNAME", "shop.example.")
    dns_server.add("shop.example", "A", "192.0.2.1")
    result = await asked(dns_server, "www.example", answers="192.0.2.1", exact=True)
    assert result.status is Status.OK, result.message
    assert result.samples.get("probe_dns_answer_rrs") == 2
    assert "CNAME shop.example." in result.raw


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (dns.rcode.SERVFAIL, "the server could not find out: see its log"),
        (dns.rcode.REFUSED, "it does not answer us, or not for shop.example"),
        (dns.rcode.NOTIMP, "the server does not know this kind of question"),
    ],
)
async def test_codes_of_refusal(dns_server: DnsServer, code: dns.rcode.Rcode, advice: str) -> None:
    dns_server.rcode = code
    result = await asked(dns_server)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "expectation", True)
    assert advice in result.message
    assert result.value == dns.rcode.to_text(code)
    assert result.samples.get("probe_dns_query_succeeded") == 1


async def test_a_name_that_is_not_there(dns_server: DnsServer) -> None:
    result = await asked(dns_server, "shpo.example")
    assert result.status is Status.CRITICAL
    assert result.message.startswith(f"NXDOMAIN from {dns_server.where} after ")
    assert "there is no shpo.example: check its spelling, the zone and its delegation" in (
        result.message
    )
    result = await asked(dns_server, "shpo.example", valid="NXDOMAIN")
    assert result.status is Status.OK
    dns_server.add("shpo.example", "A", "192.0.2.1")
    result = await asked(dns_server, "shpo.example", valid=["NXDOMAIN"])
    assert result.message.endswith("expected NXDOMAIN")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"answers": ["192.0.2.1"]}, ""),
        ({"answers": ["192.0.2.1", "192.0.2.2"], "exact": True}, ""),
        ({"match": r"^192\.0\.2\."}, ""),
        ({"minimum": 2, "latency": {"critical": "2s"}}, ""),
        ({"answers": "192.0.2.7"}, "192.0.2.7 is not among the answers: 192.0.2.1, 192.0.2.2"),
        (
            {"answers": "192.0.2.1", "exact": True},
            "192.0.2.2 is answered, which is not expected",
        ),
        ({"match": "^10"}, '"192.0.2.1" does not match "^10"'),
        ({"minimum": 3}, "2 A records, expected 3 at least"),
        ({"type": "AAAA"}, "shop.example has no AAAA record; check the zone"),
        ({"type": "AAAA", "minimum": 0}, ""),
        (
            {"type": "AAAA", "minimum": 0, "answers": "2001:db8::1"},
            "2001:db8::1 is not among the answers: there are none",
        ),
        ({"authoritative": True, "answers": "192.0.2.1"}, ""),
    ],
)
async def test_what_is_expected(dns_server: DnsServer, config: dict[str, Any], said: str) -> None:
    dns_server.add("shop.example", "A", "192.0.2.1", "192.0.2.2")
    result = await asked(dns_server, **config)
    assert result.status is (Status.CRITICAL if said else Status.OK), result.message
    assert said in result.message


async def test_an_answer_at_second_hand(dns_server: DnsServer) -> None:
    def cached(query: dns.message.Message, tcp: bool) -> list[bytes]:
        (wire,) = dns_server.well(query, tcp)
        return [wire[:2] + struct.pack("!H", 0x8180) + wire[4:]]

    dns_server.add("shop.example", "A", "192.0.2.1")
    dns_server.replies = cached
    assert (await asked(dns_server)).status is Status.OK
    result = await asked(dns_server, authoritative=True)
    assert "the answer is not authoritative" in result.message


async def test_a_slow_answer(dns_server: DnsServer) -> None:
    def slow(query: dns.message.Message, tcp: bool) -> list[bytes]:
        time.sleep(0.05)
        return dns_server.well(query, tcp)

    dns_server.add("shop.example", "A", "192.0.2.1")
    dns_server.replies = slow
    result = await asked(dns_server, latency={"warning": "10ms"})
    assert (result.status, result.reason) == (Status.WARNING, "latency")
    assert "slower than the warning bound of 10 ms" in result.message


async def test_what_does_not_fit_is_asked_for_by_tcp(dns_server: DnsServer) -> None:
    dns_server.add("shop.example", "TXT", *(f'"{"x" * 250}{n}"' for n in range(12)))
    result = await asked(dns_server, type="TXT", minimum=12)
    assert result.status is Status.OK, result.message
    assert [how for _, _, how in dns_server.asked] == ["udp", "tcp"]
    assert ("name server", f"{dns_server.where} by TCP, cut off by UDP") in result.facts
    result = await asked(dns_server, type="TXT", transport="tcp")
    assert result.status is Status.OK
    assert [how for _, _, how in dns_server.asked] == ["udp", "tcp", "tcp"]


async def test_a_server_without_extensions_is_asked_without(dns_server: DnsServer) -> None:
    def old(query: dns.message.Message, tcp: bool) -> list[bytes]:
        if query.edns >= 0:
            return [struct.pack("!HHHHHH", query.id, 0x8001, 0, 0, 0, 0)]
        return dns_server.well(query, tcp)

    dns_server.add("shop.example", "A", "192.0.2.1")
    dns_server.replies = old
    assert (await asked(dns_server)).status is Status.OK


# Several servers.


async def test_every_server_is_a_part(dns_servers: StartDns) -> None:
    one, two = dns_servers(), dns_servers()
    for server in (one, two):
        server.add("shop.example", "A", "192.0.2.1")
    config = {"name": "shop.example", "server": [one.where, two.where]}
    result = await ask("dns", config)
    assert result.status is Status.OK
    assert result.message.startswith("2 name servers answer within ")
    assert [part.name for part in result.parts] == [one.where, two.where]
    assert result.samples.get("probe_dns_answer_rrs", server=two.where) == 1
    two.rcode = dns.rcode.SERVFAIL
    result = await ask("dns", config)
    assert result.status is Status.CRITICAL
    assert result.message.startswith(
        f"1 of 2 name servers answer as they should: SERVFAIL from {two.where} after "
    )
    assert [part.status for part in result.parts] == [Status.OK, Status.CRITICAL]
    assert result.value == "1 of 2"


async def test_serials_begin_anew_after_the_largest(dns_servers: StartDns) -> None:
    servers = [dns_servers() for _ in range(2)]
    for server, serial in zip(servers, (4_294_967_290, 3), strict=True):
        server.add("example", "SOA", f"ns.example. host.example. {serial} 2 3 4 5")
    config = {"name": "example", "type": "SOA", "server": [server.where for server in servers]}
    result = await ask("dns", config)
    assert f"{servers[0].where} has serial 4294967290, the newest is 3" in result.message


async def test_serials_that_differ(dns_servers: StartDns) -> None:
    servers = [dns_servers() for _ in range(3)]
    for server, serial in zip(servers, (8, 7, 8), strict=True):
        server.add("example", "SOA", f"ns.example. host.example. {serial} 2 3 4 5")
    config = {"name": "example", "type": "SOA", "server": [s.where for s in servers]}
    result = await ask("dns", config)
    assert result.status is Status.WARNING
    assert f"{servers[1].where} has serial 7, the newest is 8: is the zone's transfer broken?" in (
        result.message
    )
    assert result.samples.get("probe_dns_serial", server=servers[1].where) == 7
    assert (await ask("dns", {**config, "same_serial": False})).status is Status.OK


async def test_the_machines_own_servers(dns_servers: StartDns, tmp_path: Path) -> None:
    one, two = dns_servers(), dns_servers()
    for server in (one, two):
        server.add("shop.example", "A", "192.0.2.1")
    conf = tmp_path / "resolv.conf"
    conf.write_text(f"# ours\nsearch example\nnameserver {one.where}\nnameserver {two.where}\n")
    async with probing("dns", "shop.example", timeout=0.6) as made:
        assert isinstance(made, DnsProbe)
        probe = DnsProbe(made._config, made._target, conf)
        assert (await probe.run()).status is Status.OK
        conf.write_text(f"nameserver {two.where}\n")
        samples = (await probe.run()).samples
        assert samples.get("probe_dns_answer_rrs", instance="shop.example", server=two.where) == 1
        conf.write_text(f"nameserver {one.where}\nnameserver {two.where}\n")
        # The other stands in: it costs those who wait for a name some seconds, and no more.
        two.replies = lambda _query, _tcp: []
        result = await probe.run()
        assert (result.status, result.reason) == (Status.WARNING, "timeout")
        assert "1 of 2 name servers answer as they should: no answer from the name server " in (
            result.message
        )
        one.replies = two.replies
        assert (await probe.run()).status is Status.CRITICAL
        conf.unlink()
        result = await probe.run()
        assert (result.status, result.reason) == (Status.UNKNOWN, "config")
        assert result.message.endswith("(No such file or directory): give dns.server")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("a..example", "not a domain name"),
        ("a b.example", "not a domain name"),
        ("x" * 70 + ".example", "not a domain name"),
        ("192.0.2.1", "give type: PTR"),
        ({"name": "a.example", "server": "https://dns.example"}, "expected host, host:port"),
        ({"name": "a.example", "type": "HTTPS"}, "Input should be 'A', 'AAAA'"),
        ({"name": "a.example", "exact": True}, "exact is given without answers"),
        ({"name": "a.example", "valid": "nxdomain"}, "Input should be 'NOERROR'"),
    ],
)
def test_a_wrong_configuration(config: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind("dns").config.model_validate(config)


def test_what_a_check_is_called() -> None:
    made = kind("dns").config.model_validate({"name": "a.example", "server": ["::1", "b:5353"]})
    assert made.instance() == "a.example"
    assert made.address() == "A of a.example at [::1]:53, b:5353"
    made = kind("dns").config.model_validate({"name": "a.example", "server": "::1"})
    assert made.instance() == "[::1]:53"
