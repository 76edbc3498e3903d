"""What the kernel and the system write about themselves."""

from __future__ import annotations

from checks.probes.dns.resolv_conf import _read as read_resolv_conf
from checks.probes.host.cgroup import count_cpus, read_limits
from checks.probes.host.cpu import parse_stat
from checks.probes.host.files import Roots, pairs
from checks.probes.host.hardware import STATES, parse_mdstat
from checks.probes.host.kernel import parse_netstat, parse_pressure
from checks.probes.host.memory import parse_meminfo
from checks.probes.host.mounts import chosen, parse_mountinfo, real
from checks.probes.process.pidfile import PidFile, read_pid_file
from checks.processes.scan import parse_process
from tests.fuzz.target import Target
from tests.fuzz.targets.native import file_of

__all__ = ["TARGETS"]

SEEDS = (
    b"cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5\nctxt 6\nbtime 7\n",
    b"MemTotal:  16 kB\nMemFree: 3 kB\nActive(anon): 2 kB\nHugePages_Total: 0\nSwapTotal: 1 kB\n",
    b"TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 1 2\nIp: Forwarding\nIp: 1\n",
    b"some avg10=0.00 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.00 total=9\n",
    b"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    b"30 22 0:26 / /mnt/a\\040b ro - nfs4 srv:/x rw,vers=4\n",
    b"md0 : active raid1 sdb1[1] sda1[0](F)\n      1046528 blocks super 1.2 [2/1] [_U]\n",
    b"0-3,7\n",
    b"0::/system.slice/docker-abc.scope\n4:cpu,cpuacct:/x\n",
)
TOKENS = (
    *(b"\n", b" ", b":", b"-", b",", b" - ", b"[2/1]", b"(F)", b"total=", b"kB", b"cpu0 "),
    *(b"md1 : ",),
    *(b"9" * 400, b"9" * 5000, b"\xc2\xb2", b"\xd9\xa3", b"-1", b"nan", b"inf", b"1e999", b"\\040"),
    *(b"\\777", b"\xff", b"\0", b"\t", b"\xe2\x80\xa8", b"intr ", b"max", b"1-", b"5-2", b"a(b)"),
)  # fmt: skip


def proc(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    stat = parse_stat(text, 100)
    assert stat.busy >= 0
    for read in (parse_meminfo, parse_netstat, parse_pressure, pairs):
        assert all(isinstance(value, float) for value in read(text).values())
    for array in parse_mdstat(text).values():
        assert min(array.required, array.active, array.failed, array.spare, array.blocks) >= 0
        assert array.state in STATES
    mounts = parse_mountinfo(text)
    assert len(real(mounts)) <= len(mounts) + 1
    chosen(mounts[:2_000], ["/", "/mnt/a b"])
    assert isinstance(count_cpus(text), int)
    read_limits(Roots(_tree(data), _tree(data)))


def _tree(data: bytes) -> str:
    """A ``/proc`` that has only ``self/cgroup``."""
    folder = file_of(data).parent / "self"
    folder.mkdir(exist_ok=True)
    (folder / "cgroup").write_bytes(data)
    return str(folder.parent)


PROCESS = (
    b"7 (a b) (c)) S 1 7 7 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0 300 9000 50 "
    b"18446744073709551615 1",
)
PROCESS_TOKENS = (b"(", b")", b" ", b"-1", b"9" * 5000, b"\xff", b"\0", b"\n", b"S", b"1.5", b"_")


def process(data: bytes) -> None:
    found = parse_process(data, 100, 4096)
    if found is not None:
        assert found.memory == found.memory
        repr(found)


def pid_file(data: bytes) -> None:
    found = read_pid_file(file_of(data))
    if isinstance(found, PidFile):
        assert 0 < found.pid <= 2**22
    else:
        assert found.text


def resolv_conf(data: bytes) -> None:
    servers = read_resolv_conf(file_of(data))
    assert 1 <= len(servers) <= 3
    for host, port in servers:
        assert host
        assert 0 < port < 65_536


TARGETS = (
    Target("proc", proc, SEEDS, TOKENS, bound=200_000),
    Target("process", process, PROCESS, PROCESS_TOKENS, bound=65_536),
    Target("pid-file", pid_file, (b"4711\n", b"1\n2\n"), (b"9" * 30, b"9" * 5000, b"-1", b"\0")),
    Target(
        "resolv-conf",
        resolv_conf,
        (b"# c\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nsearch a b\noptions ndots:5\n",),
        (b"nameserver ", b"[::1]:53", b":", b"%", b"\n", b"1.2.3.4:0", b"\0", b"\xff", b"\x1b"),
    ),
)
