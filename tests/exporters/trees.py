"""A machine with RAID, a bond, memory controllers and sensors, as `/proc` and `/sys` tell of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.checks.host_trees import DISKSTATS, Tree, machine

__all__ = ["COLLECTORS", "MDSTAT", "SPEED", "with_hardware"]

COLLECTORS: Final = (
    "--collector.disable-defaults",
    *(
        f"--collector.{name}"
        for name in (
            *("bonding", "conntrack", "cpu", "diskstats", "edac", "hwmon", "mdadm", "meminfo"),
            *("netclass", "netdev", "stat", "vmstat"),
        )
    ),
    "--no-collector.netdev.netlink",
    "--collector.netdev.device-exclude=^$",
)
"""Of node_exporter: those that read nothing but the tree; with loopback, as upstream has it."""

SPEED: Final = {"eth0": 1000, "eth1": -1, "bond0": 2000}
"""Megabits a second; -1 is what drivers say that do not know."""

MDSTAT: Final = """\
Personalities : [raid1] [raid6]
md0 : active raid1 sdb1[1] sda1[0]
      1953382336 blocks super 1.2 [2/2] [UU]

md1 : active raid6 sde1[5]{mark} sdd1[3] sdc1[2] sdf1[6](S)
      3906 blocks super 1.2 level 6, 64k chunk, algorithm 2 [4/{active}] [__UU]

unused devices: <none>
"""


def with_hardware(folder: Path) -> Tree:
    """The machine, with all of its hardware well."""
    tree = machine(folder)
    _network(tree)
    _hardware(tree)
    tree.write("proc/mdstat", MDSTAT.format(mark="", active=4))
    tree.write("proc/sys/net/netfilter/nf_conntrack_count", "100\n")
    tree.write("proc/sys/net/netfilter/nf_conntrack_max", "1000\n")
    tree.write("proc/version", "Linux version 6.1.0\n")
    tree.write("proc/diskstats", f"{DISKSTATS} 251       0 zram0 3 0 3 0 5 0 5 0 0 0 0\n")
    return tree


def _network(tree: Tree) -> None:
    net = "sys/class/net"
    tree.write(f"{net}/bonding_masters", "bond0\n")
    tree.write(f"{net}/bond0/bonding/slaves", "eth0 eth1\n")
    for name, speed in SPEED.items():
        tree.write(f"{net}/{name}/operstate", "up\n")
        tree.write(f"{net}/{name}/speed", f"{speed}\n")
    for name in ("eth0", "eth1"):
        tree.write(f"{net}/bond0/lower_{name}/bonding_slave/mii_status", "up\n")


def _hardware(tree: Tree) -> None:
    edac = "sys/devices/system/edac/mc/mc0"
    for file in ("ce_count", "ue_count", "ce_noinfo_count", "ue_noinfo_count"):
        tree.write(f"{edac}/{file}", "0\n")
    sensors = tree.folder / "sys/devices/platform/coretemp.0/hwmon/hwmon0"
    for file, text in {
        "name": "coretemp",
        "temp1_input": "55500",
        "temp1_max": "84000",
        "temp1_crit": "100000",
        "temp1_crit_alarm": "0",
        "temp1_alarm": "0",
    }.items():
        tree.write(f"sys/devices/platform/coretemp.0/hwmon/hwmon0/{file}", f"{text}\n")
    (sensors / "device").symlink_to("../../../coretemp.0")
    place = tree.folder / "sys/class/hwmon"
    place.mkdir(parents=True)
    (place / "hwmon0").symlink_to("../../devices/platform/coretemp.0/hwmon/hwmon0")
