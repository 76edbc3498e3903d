"""The ping check: on loopback, and in networks of its own where packets vanish or are forbidden."""

from __future__ import annotations

import functools
import json
import random
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Status
from checks.probes.ping import KIND
from checks.probes.ping.config import PingConfig
from checks.probes.ping.echo import Round
from checks.probes.ping.packet import echo_request, read_reply
from checks.probes.ping.probe import PingProbe
from checks.probes.ping.report import Heard
from checks.registry import kind
from tests.checks.host_trees import host_target
from tests.checks.http_kit import ask
from tests.checks.rooms import ROOT, apart
from tests.checks.test_faults_together import hanging_names

__all__ = ["hanging_names"]

DROP = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


@functools.cache
def scenes(which: str) -> dict[str, dict[str, Any]]:
    """What came of the scenes in a network of their own."""
    command = apart("ip", "setpriv")
    # Without the right to raw sockets what works must be the datagram ones.
    drop = DROP if which != "raw" else ()
    program = (sys.executable, "-m", "tests.checks.ping_scenes", which)
    done = subprocess.run(
        [*command, *drop, *program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def scene(which: str, name: str) -> dict[str, Any]:
    return scenes(which)[name]


@pytest.mark.parametrize(("name", "version"), [("v4", 4), ("v6", 6)])
@pytest.mark.parametrize("which", ["permitted", "raw"])
def test_round_trips_are_measured(which: str, name: str, version: int) -> None:
    result = scene(which, name)
    address = "127.0.0.1" if version == 4 else "::1"
    assert result["status"] == "ok"
    # Within a machine it takes microseconds, and says so: no range of 0.1 ms to 0.1 ms.
    assert re.match(rf"{address} answers in \d+ µs \(\d+ µs to \d", result["message"])
    assert result["message"].endswith("none of 3 packets lost")
    assert ", jitter " in result["message"]
    assert result["phases"] == ["dns", "setup", "packets"]
    samples = result["samples"]
    assert samples["probe_ip_protocol"] == version
    assert samples["probe_icmp_reply_hop_limit"] == 64
    assert samples["ping_loss_ratio"] == 0
    best, mean, worst = (samples[f"ping_rtt_{name}_seconds"] for name in ("best", "mean", "worst"))
    assert 0 < best <= mean <= worst < 0.2
    assert samples["probe_icmp_duration_secondsrtt"] == mean == result["duration"]
    assert samples["smokeping_requests_total"] == 3
    assert samples["smokeping_response_duration_seconds_bucket+Inf"] == 3
    assert samples["smokeping_response_duration_seconds_count"] == 3
    assert len(result["packets"]) == 3


def test_every_metric_is_declared() -> None:
    declared = {metric.name for metric in KIND.metrics}
    for name in scene("permitted", "v4")["samples"]:
        plain = name.partition("_bucket")[0].removesuffix("_sum").removesuffix("_count")
        plain = next((d for d in declared if plain.startswith(d)), plain)
        assert plain in declared


def test_family_size_and_latency() -> None:
    assert scene("permitted", "family")["message"].startswith("localhost (::1) answers in ")
    assert scene("permitted", "large")["status"] == "ok"
    slow = scene("permitted", "slow")
    assert (slow["status"], slow["reason"]) == ("warning", "latency")
    assert "slower than the warning bound of " in slow["message"]


def test_a_host_that_does_not_answer() -> None:
    result = scene("permitted", "silent")
    assert (result["status"], result["reason"], result["up"]) == ("critical", "timeout", False)
    assert result["message"] == (
        "no reply from 10.77.0.2 to 3 packets within 300 ms: is it up, does a firewall drop ICMP?"
    )
    assert result["samples"]["ping_loss_ratio"] == 1
    assert result["samples"]["smokeping_requests_total"] == 3
    assert "ping_rtt_mean_seconds" not in result["samples"]


def test_a_host_to_which_there_is_no_way() -> None:
    result = scene("permitted", "unreachable")
    assert (result["status"], result["reason"]) == ("critical", "unreachable")
    assert result["message"] == (
        "10.78.0.1 cannot be reached (no route to the host): is it up, is the address right?"
    )
    assert "the network is unreachable" in scene("permitted", "no route")["message"]
    assert scene("permitted", "no route")["samples"]["ping_loss_ratio"] == 1


def test_loss_is_of_the_last_packets() -> None:
    told = [scene("permitted", f"lossy {number}") for number in range(5)]
    assert [each["status"] for each in told] == ["ok", "critical", "warning", "warning", "ok"]
    assert told[1]["message"].startswith("no reply from 127.0.0.1 to 3 packets within 300 ms")
    assert told[2]["message"].endswith("3 of 9 packets lost: past the warning bound of 10 %")
    assert told[2]["value"] == "33% lost"
    assert told[4]["message"].endswith("none of 9 packets lost")
    assert told[4]["samples"]["smokeping_requests_total"] == 15
    assert told[4]["samples"]["smokeping_response_duration_seconds_count"] == 12


def test_where_icmp_is_not_permitted_tcp_stands_in_and_says_so() -> None:
    result = scene("forbidden", "refused")
    # Nothing listens there: a refusal comes from the host as well.
    assert result["status"] == "ok"
    assert result["message"].startswith("127.0.0.1 answers by TCP port ")
    assert result["message"].endswith(
        "; ICMP is not permitted to us here (see net.ipv4.ping_group_range)"
    )
    assert result["facts"]["to permit ICMP"] == (
        'sysctl -w net.ipv4.ping_group_range="0 2147483647"'
    )
    assert "probe_icmp_duration_secondsrtt" not in result["samples"]
    assert result["samples"]["ping_rtt_mean_seconds"] > 0
    given = scene("forbidden", "given")
    assert given["message"].startswith("127.0.0.1 answers by TCP port 8080 in ")


def test_where_icmp_is_not_permitted_silence_means_little() -> None:
    result = scene("forbidden", "silent")
    assert (result["status"], result["reason"]) == ("unknown", "permission")
    assert (
        "by TCP on the ports 443, 80, 22 within 300 ms, which may mean little"
        in (result["message"])
    )
    given = scene("forbidden", "silent port")
    assert (given["status"], given["reason"]) == ("critical", "timeout")
    assert given["message"].startswith("no answer from 10.77.0.2 by TCP on port 80 within 300 ms")
    assert scene("forbidden", "unreachable")["reason"] == "unreachable"


async def test_a_name_that_hangs(hanging_names: Any) -> None:
    result = await ask("ping", "hang.invalid", lookup=hanging_names, timeout=0.9)
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert result.message == (
        "no reply from hang.invalid within 900 ms: the name look-up hangs; "
        "is the name server in /etc/resolv.conf up?"
    )
    result = await ask("ping", "nowhere.invalid", lookup=hanging_names)
    assert (result.status, result.reason) == (Status.CRITICAL, "dns")
    result = await ask("ping", {"host": "127.0.0.1", "family": "ipv6"})
    assert result.message == "127.0.0.1 has no address of the family ipv6"


def test_a_request_is_one_by_the_book() -> None:
    # RFC 1071: the sum of a message with its checksum in it is all ones.
    for size in (16, 17, 56):
        packet = echo_request(4, 0x1234, 7, b"8 bytes!", size)
        padded = packet + b"\0" * (len(packet) % 2)
        total = sum(int.from_bytes(padded[i : i + 2]) for i in range(0, len(padded), 2))
        assert total % 0xFFFF == 0
        assert packet[:2] == b"\x08\x00"
        assert len(packet) == 8 + size


def test_only_our_own_replies_count() -> None:
    token = b"8 bytes!"
    request = echo_request(4, 1, 7, token, 56)
    reply = b"\0" + request[1:]
    assert read_reply(4, reply, token) == 7
    assert read_reply(4, b"\x45" + bytes(19) + reply, token) == 7
    assert read_reply(4, b"\x46" + bytes(23) + reply, token) == 7
    assert read_reply(4, request, token) is None
    assert read_reply(4, reply, b"8 others") is None
    assert read_reply(6, b"\x81" + reply[1:], token) == 7
    dice = random.Random(2)
    for length in range(80):
        assert read_reply(dice.choice((4, 6)), dice.randbytes(length), token) is None
        assert read_reply(4, reply[: min(length, 19)], token) is None


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("shop.example:443", "expected a host without a port"),
        ("https://shop.example", "expected the name or address of a host"),
        ({"host": "a", "count": 0}, "greater than or equal to 1"),
        ({"host": "a", "loss": {"warning": "60%", "critical": "50%"}}, "must not be above"),
        ({"host": "a", "loss": {"warning": "160%"}}, "is not a share"),
    ],
)
def test_a_wrong_configuration(config: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind("ping").config.model_validate(config)


def test_an_address_is_a_host() -> None:
    assert kind("ping").config.model_validate("2001:db8::1").instance() == "2001:db8::1"
    assert kind("ping").config.model_validate("[::1]").instance() == "::1"
    assert socket.has_ipv6


async def test_an_interface_that_is_not_there_is_said() -> None:
    result = await ask("ping", "fe80::1%nosuch0")
    assert (result.status, result.reason) == (Status.CRITICAL, "unreachable")
    assert result.message == (
        "fe80::1%nosuch0 cannot be reached (no interface with this name): is it up, is the "
        "address right?"
    )


def test_what_came_of_packets_counts_on_after_a_reload(tmp_path: Path) -> None:
    config, target = PingConfig.model_validate("db"), host_target(FakeClock(), Lanes(), tmp_path)
    before, after = PingProbe(config, target), PingProbe(config, target)
    before._last.extend([True, False, True])
    before._reporter.result(Heard(before._last, round=Round([0.1, None, 0.1])))
    after.go_on(before)
    result = after._reporter.result(Heard(after._last, round=Round([0.1])))
    assert result.samples.get("smokeping_requests_total", host="db") == 4
    assert "1 of 3 packets lost" in result.message
