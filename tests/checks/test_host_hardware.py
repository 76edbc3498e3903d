"""RAID, bonds, links, memory errors and temperatures, from recorded trees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.probes.host.hardware import STATES, Array, collect_hardware, parse_mdstat
from tests.checks.host_trees import Tree
from tests.servers.exporters import Exporters

MDSTAT = """\
Personalities : [raid1] [raid6] [raid5] [raid4] [raid0]
md0 : active raid1 sdb1[1] sda1[0]
      1953382336 blocks super 1.2 [2/2] [UU]
      bitmap: 0/15 pages [0KB], 65536KB chunk

md1 : active raid6 sde1[5](F) sdd1[3] sdc1[2] sdf1[6](S)
      3906 blocks super 1.2 level 6, 64k chunk, algorithm 2 [4/2] [__UU]

md2 : active raid0 sdg1[1] sdh1[0]
      7812 blocks super 1.2 512k chunks

md3 : inactive sdi1[0](S)
      976 blocks super 1.2

unused devices: <none>
"""


def test_members_of_each_array() -> None:
    assert parse_mdstat(MDSTAT) == {
        "md0": Array(2, 2, 0, 0, "active", 1953382336, 1953382336),
        "md1": Array(4, 2, 1, 1, "active", 3906, 3906),
        "md2": Array(2, 2, 0, 0, "active", 7812, 7812),
        "md3": Array(0, 0, 0, 1, "inactive", 976, 976),
    }


SYNCS = """\
Personalities : [raid1] [raid6] [raid5] [raid4]
md0 : active raid1 sdb1[2] sda1[0]
      1953382336 blocks super 1.2 [2/1] [U_]
      [=>...................]  recovery = 12.6% (246126174/1953382336) finish=127.5min speed=33440K/sec
      bitmap: 0/15 pages [0KB], 65536KB chunk

md1 : active (auto-read-only) raid1 sdb2[1] sda2[0]
      523264 blocks super 1.2 [2/2] [UU]
      \tresync=PENDING

md4 : active raid5 sdc1[0] sdd1[1] sde1[3]
      9766436864 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]
      bitmap: 0/37 pages [0KB], 65536KB chunk
      [===>.................]  check = 16.9% (827196416/4883218432) finish=370.2min speed=182576K/sec

md5 : active raid5 sdc2[0] sdd2[1] sde2[3]
      9766436864 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]
      [=>...................]  reshape =  8.4% (4166472/49455104) finish=37.5min speed=20100K/sec

md3 : inactive sdi1[0](S)
      976 blocks super 1.2

unused devices: <none>
"""  # noqa: E501 - as the kernel writes it


def test_what_each_array_does_and_how_far_it_is() -> None:
    arrays = parse_mdstat(SYNCS)
    progress = {device: one.progress for device, one in arrays.items()}
    assert {device: one.state for device, one in arrays.items()} == {
        "md0": "recovering",
        "md1": "resync",
        "md4": "check",
        "md5": "active",
        "md3": "inactive",
    }
    assert progress.pop("md0") == pytest.approx(0.126)
    assert progress.pop("md4") == pytest.approx(0.1694, abs=1e-4)
    assert set(progress.values()) == {None}


def test_arrays_are_told_as_by_node_exporter(exporters: Exporters, tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.write("proc/mdstat", SYNCS + MDSTAT.replace("md", "md9"))
    theirs = exporters.start(
        "node",
        "--collector.disable-defaults",
        "--collector.mdadm",
        f"--path.procfs={tree.roots.proc}",
    ).scrape()
    arrays = {
        (name, ",".join(f"{key}={label}" for key, label in labels)): value
        for (name, labels), value in theirs.items()
        if name.startswith("node_md_")
    }
    assert len(arrays) == 9 * (5 + 3 + 1 + 2)
    ours = {key: value for key, value in collected(tree).items() if key[0].startswith("node_md_")}
    assert ours == arrays


@pytest.mark.parametrize(
    "text",
    [
        "md0 : active raid1 sda1[0]",
        "md0 : active raid1 sda1[0]\n\n",
        "md0 : active raid1 sda1[0]\n      x blocks [2/\n      recovery = 1% (9/0)\n",
        "md0 : inactive\nmd1 : active",
    ],
)
def test_a_page_that_is_cut_off_is_read_as_far_as_it_goes(text: str) -> None:
    assert parse_mdstat(text)["md0"].progress is None


def collected(tree: Tree) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}

    def emit(name: str, value: float | None, labels: Mapping[str, str] | None = None) -> None:
        if value is not None:
            text = ",".join(f"{key}={label}" for key, label in sorted((labels or {}).items()))
            found[name, text] = value

    collect_hardware(tree.roots, emit)
    return found


def states(device: str, now: str) -> dict[tuple[str, str], float]:
    return {("node_md_state", f"device={device},state={one}"): one == now for one in STATES}


def test_a_machine_without_any_gives_nothing(tmp_path: Path) -> None:
    assert collected(Tree(tmp_path)) == {}


def test_a_machine_with_all_of_it(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    net, edac = "sys/class/net", "sys/devices/system/edac/mc"
    tree.write_all(
        {
            "proc/mdstat": MDSTAT,
            f"{net}/bonding_masters": "bond0\n",
            f"{net}/bond0/bonding/slaves": "eth0 eth1\n",
            f"{net}/bond0/lower_eth0/bonding_slave/mii_status": "up\n",
            f"{net}/bond0/lower_eth1/bonding_slave/mii_status": "down\n",
            f"{net}/eth0/operstate": "up\n",
            f"{net}/eth0/speed": "1000\n",
            f"{net}/eth1/operstate": "down\n",
            f"{net}/eth1/speed": "-1\n",
            f"{edac}/mc0/ce_count": "3\n",
            f"{edac}/mc0/ue_count": "1\n",
            f"{edac}/power/runtime_status": "0\n",
            "sys/devices/platform/coretemp.0/uevent": "",
            "sys/class/hwmon/hwmon0/name": "coretemp\n",
            "sys/class/hwmon/hwmon0/temp1_input": "55500\n",
            "sys/class/hwmon/hwmon0/temp1_max": "84000\n",
            "sys/class/hwmon/hwmon0/temp1_crit_alarm": "1\n",
            "sys/class/hwmon/hwmon1/name": "Nvme X\n",
            "sys/class/hwmon/hwmon1/temp2_input": "garbage\n",
            "sys/class/hwmon/hwmon1/temp2_alarm": "0\n",
        }
    )
    device = tree.folder / "sys/class/hwmon/hwmon0/device"
    device.symlink_to(tree.folder / "sys/devices/platform/coretemp.0")
    found = collected(tree)
    sensor = "chip=platform_coretemp_0,sensor=temp1"
    assert found == {
        ("node_md_disks_required", "device=md0"): 2,
        ("node_md_disks", "device=md0,state=active"): 2,
        ("node_md_disks", "device=md0,state=failed"): 0,
        ("node_md_disks", "device=md0,state=spare"): 0,
        **states("md0", "active"),
        ("node_md_blocks", "device=md0"): 1953382336,
        ("node_md_blocks_synced", "device=md0"): 1953382336,
        ("node_md_disks_required", "device=md1"): 4,
        ("node_md_disks", "device=md1,state=active"): 2,
        ("node_md_disks", "device=md1,state=failed"): 1,
        ("node_md_disks", "device=md1,state=spare"): 1,
        **states("md1", "active"),
        ("node_md_blocks", "device=md1"): 3906,
        ("node_md_blocks_synced", "device=md1"): 3906,
        ("node_md_disks_required", "device=md2"): 2,
        ("node_md_disks", "device=md2,state=active"): 2,
        ("node_md_disks", "device=md2,state=failed"): 0,
        ("node_md_disks", "device=md2,state=spare"): 0,
        **states("md2", "active"),
        ("node_md_blocks", "device=md2"): 7812,
        ("node_md_blocks_synced", "device=md2"): 7812,
        ("node_md_disks_required", "device=md3"): 0,
        ("node_md_disks", "device=md3,state=active"): 0,
        ("node_md_disks", "device=md3,state=failed"): 0,
        ("node_md_disks", "device=md3,state=spare"): 1,
        **states("md3", "inactive"),
        ("node_md_blocks", "device=md3"): 976,
        ("node_md_blocks_synced", "device=md3"): 976,
        ("node_bonding_slaves", "master=bond0"): 2,
        ("node_bonding_active", "master=bond0"): 1,
        ("node_network_up", "device=eth0"): 1,
        ("node_network_up", "device=eth1"): 0,
        ("node_network_speed_bytes", "device=eth0"): 125_000_000,
        ("node_network_speed_bytes", "device=eth1"): -125_000,
        ("node_edac_correctable_errors_total", "controller=0"): 3,
        ("node_edac_uncorrectable_errors_total", "controller=0"): 1,
        ("node_hwmon_temp_celsius", sensor): 55.5,
        ("node_hwmon_temp_max_celsius", sensor): 84.0,
        ("node_hwmon_temp_crit_alarm_celsius", sensor): 1.0,
        ("node_hwmon_temp_alarm", "chip=nvme_x,sensor=temp2"): 0.0,
    }


def test_an_absurd_number_of_members_is_passed_over() -> None:
    lines = f"md0 : active raid1 sdb1[1] sda1[0]\n   10 blocks [{'9' * 5000}/1] [_U]\n"
    assert parse_mdstat(lines) == {"md0": Array(2, 2, 0, 0, "active", 10, 10)}
