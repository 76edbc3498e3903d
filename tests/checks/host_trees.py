"""Recorded `/proc` and `/sys` trees of machines that the tests do not run on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Sampler
from checks.probe import ProbeEnv, Target
from checks.probes.host.files import Roots
from checks.resolver import Resolver
from checks.secrets import Masker

STAT = """\
cpu  {user} 100 400 {idle} 250 0 50 10 0 0
cpu0 {user} 100 400 {idle} 250 0 50 10 0 0
cpu1 0 0 0 1000 0 0 0 0 0 0
intr 182524 0 0 3
ctxt 356558
btime 1699990000
processes 6634
procs_running 3
procs_blocked 1
softirq 153812 0 14761 5 901 7002 0 12 90210 0 40921
"""
MEMINFO = """\
MemTotal:       16000000 kB
MemFree:         1000000 kB
MemAvailable:   {available} kB
Buffers:          200000 kB
Cached:          5000000 kB
Active(anon):     300000 kB
SwapTotal:       2000000 kB
SwapFree:        {swap_free} kB
HugePages_Total:      12
Hugepagesize:       2048 kB
"""
DISKSTATS = """\
   7       0 loop0 9 0 9 0 0 0 0 0 0 0 0
   8       0 sda 100 20 4000 500 50 10 800 250 2 700 750 5 1 64 8 3 9
   8       1 sda1 90 20 3900 490 50 10 800 250 0 700 740
 259       0 nvme0n1 7 0 16 1000 0 0 0 0 0 0 0
"""
NETDEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3433      33    0    0    0     0          0         0     3433      33    0    0    0     0       0          0
  eth0:163967168    7557    1    2    3     4          5         6   490212    4245    7    8    9    10      11         12
veth1f: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
"""  # noqa: E501 - as the kernel writes it
MOUNTINFO = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
25 27 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
28 27 8:2 / /var/lib/mysql rw,relatime shared:2 - xfs /dev/sda2 rw
"""


class Tree:
    """A `/proc` and a `/sys` in a folder of the test's own; files can be changed in between."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roots = Roots(str(folder / "proc"), str(folder / "sys"))
        (folder / "proc").mkdir()
        (folder / "sys").mkdir()

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def write_all(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            self.write(path, text)

    def cpu(self, user: int, idle: int = 9000) -> None:
        """CPU time so far, in hundredths of a second."""
        self.write("proc/stat", STAT.format(user=user, idle=idle))

    def memory(self, available: int = 12_000_000, swap_free: int = 2_000_000) -> None:
        """Memory and swap in kB; of 16 GB and 2 GB."""
        text = MEMINFO.format(available=available, swap_free=swap_free)
        self.write("proc/meminfo", text)

    def kills(self, count: int) -> None:
        self.write("proc/vmstat", f"nr_free_pages 7\npgmajfault 5\npswpin 3\noom_kill {count}\n")

    def load(self, one: float, five: float) -> None:
        self.write("proc/loadavg", f"{one:.2f} {five:.2f} 0.30 1/200 4242\n")

    def uptime(self, seconds: float) -> None:
        self.write("proc/uptime", f"{seconds:.2f} 1.00\n")


def machine(folder: Path) -> Tree:
    """A healthy machine: two CPUs, 16 GB, `/` and `/var/lib/mysql`."""
    tree = Tree(folder)
    tree.cpu(1000)
    tree.memory()
    tree.kills(2)
    tree.load(0.5, 0.4)
    tree.uptime(300_000)
    tree.write_all(
        {
            "proc/diskstats": DISKSTATS,
            "proc/net/dev": NETDEV,
            "proc/self/mountinfo": MOUNTINFO,
            "proc/self/cgroup": "0::/\n",
            "proc/pressure/cpu": "some avg10=1.33 avg60=1.23 avg300=0.45 total=6976420\n",
            "proc/pressure/memory": "some avg10=0.00 total=5000000\nfull avg10=0.00 total=250000\n",
            "proc/pressure/io": "some avg10=0.00 total=2000000\nfull avg10=0.00 total=1000000\n",
            "proc/sys/fs/file-nr": "1504\t0\t9223372\n",
            "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
        }
    )
    return tree


def host_target(clock: FakeClock, lanes: Lanes, folder: Path, name: str = "web1") -> Target:
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), folder)
    return Target(name, 5.0, 3.0, Sampler({"job": name, "instance": "box"}), env)
