"""The small files of the kernel."""

from __future__ import annotations

import pytest

from checks.probes.host.kernel import parse_netstat, parse_pressure
from checks.probes.host.memory import parse_meminfo

NETSTAT = """\
TcpExt: SyncookiesSent PruneCalled ListenOverflows ListenDrops TCPTimeouts
TcpExt: 1 2 3 4 5
IpExt: InNoRoutes InOctets OutOctets
IpExt: 0 278487572 502685
"""
SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 2 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens CurrEstab RetransSegs
Tcp: 1 200 120000 -1 94 2 7 11
"""


def test_counts_of_the_network_by_protocol() -> None:
    assert parse_netstat(NETSTAT) == {
        "node_netstat_TcpExt_SyncookiesSent": 1,
        "node_netstat_TcpExt_ListenOverflows": 3,
        "node_netstat_TcpExt_ListenDrops": 4,
        "node_netstat_TcpExt_TCPTimeouts": 5,
        "node_netstat_IpExt_InOctets": 278487572,
        "node_netstat_IpExt_OutOctets": 502685,
    }
    assert parse_netstat(SNMP) == {
        "node_netstat_Ip_Forwarding": 2,
        "node_netstat_Tcp_ActiveOpens": 94,
        "node_netstat_Tcp_PassiveOpens": 2,
        "node_netstat_Tcp_CurrEstab": 7,
        "node_netstat_Tcp_RetransSegs": 11,
    }


@pytest.mark.parametrize("text", ["", "Tcp: ActiveOpens\n", "Tcp: ActiveOpens\nTcp:\n", "\n\n\n"])
def test_half_a_file_gives_nothing(text: str) -> None:
    assert parse_netstat(text) == {}


def test_pressure_is_in_seconds() -> None:
    text = "some avg10=1.33 avg60=1.23 avg300=0.45 total=6976420\nfull avg10=0.00 total=250\n"
    assert parse_pressure(text) == pytest.approx({"some": 6.97642, "full": 0.00025})
    assert parse_pressure("nothing of the kind") == {}


def test_memory_is_in_bytes_and_counts_stay_counts() -> None:
    text = "MemFree:  2 kB\nActive(file):  3 kB\nHugePages_Total:  4\nOdd\nBad: x kB\n"
    assert parse_meminfo(text) == {"MemFree": 2048, "Active_file": 3072, "HugePages_Total": 4}
