"""Limits of containers, from recorded cgroup trees of both versions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.probes.host.cgroup import Limits, count_cpus, read_limits
from tests.checks.host_trees import Tree

MIB = 1024 * 1024
V2 = "sys/fs/cgroup"
V1_UNLIMITED = "9223372036854771712\n"


def limits(folder: Path, files: Mapping[str, str]) -> Limits:
    tree = Tree(folder)
    tree.write_all(files)
    return read_limits(tree.roots)


def version_two(prefix: str = V2, **more: str) -> dict[str, str]:
    files = {
        "cpu.max": "50000 100000\n",
        "cpu.stat": "usage_usec 9000000\nuser_usec 6000000\nsystem_usec 3000000\n"
        "nr_periods 100\nnr_throttled 40\nthrottled_usec 1500000\n",
        "memory.max": f"{512 * MIB}\n",
        "memory.current": f"{300 * MIB}\n",
        "memory.stat": f"anon {200 * MIB}\nfile {100 * MIB}\ninactive_file {60 * MIB}\n",
        "memory.events": "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\n",
        **more,
    }
    return {f"{prefix}/{name}": text for name, text in files.items()}


def test_a_container_with_its_own_namespace(tmp_path: Path) -> None:
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            **version_two(),
        },
    )
    assert found == Limits(
        cores=0.5,
        cpu={"user": 6.0, "system": 3.0},
        memory_limit=512 * MIB,
        memory_used=240 * MIB,
        oom_kills=2,
        periods=100,
        throttled=40,
        throttled_seconds=1.5,
    )


def test_a_machine_that_is_no_container(tmp_path: Path) -> None:
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/user-0.slice/session-1.scope\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            f"{V2}/cpu.stat": "usage_usec 9000000\nuser_usec 6000000\nsystem_usec 3000000\n",
            f"{V2}/memory.stat": "anon 5\n",
        },
    )
    assert found.cores is None
    assert found.memory_limit is None


def test_limits_of_a_service_are_not_the_machines(tmp_path: Path) -> None:
    unit = "system.slice/onwatch.service"
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": f"0::/{unit}\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            **version_two(f"{V2}/{unit}"),
        },
    )
    assert found.cores is None
    assert found.memory_limit is None


def test_a_container_that_sees_its_hosts_hierarchy(tmp_path: Path) -> None:
    own = "system.slice/docker-0123abcd.scope"
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": f"0::/{own}\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            **version_two(f"{V2}/{own}"),
        },
    )
    assert found.cores == 0.5
    assert found.memory_limit == 512 * MIB


def test_the_pods_limit_holds_where_the_container_has_none(tmp_path: Path) -> None:
    pod = "kubepods.slice/kubepods-pod1.slice"
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": f"0::/{pod}/cri-containerd-9.scope\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            f"{V2}/{pod}/cpu.max": "150000 100000\n",
            f"{V2}/{pod}/memory.max": f"{1024 * MIB}\n",
            **version_two(
                f"{V2}/{pod}/cri-containerd-9.scope",
                **{"cpu.max": "max 100000\n", "memory.max": "max\n"},
            ),
        },
    )
    assert found.cores == 1.5
    assert found.memory_limit == 1024 * MIB
    assert found.memory_used == 240 * MIB


def test_no_quota_and_no_limit_are_none(tmp_path: Path) -> None:
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            **version_two(**{"cpu.max": "max 100000\n", "memory.max": "max\n"}),
        },
    )
    assert found.cores is None
    assert found.memory_limit is None


def test_the_cpuset_counts_where_it_is_smaller(tmp_path: Path) -> None:
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            f"{V2}/cgroup.controllers": "cpu memory\n",
            **version_two(**{"cpu.max": "400000 100000\n", "cpuset.cpus.effective": "0-1,5\n"}),
        },
    )
    assert found.cores == 3


def test_version_one(tmp_path: Path) -> None:
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": "5:memory:/docker/abc\n3:cpuacct,cpu:/docker/abc\n",
            f"{V2}/cpu/cpu.cfs_quota_us": "200000\n",
            f"{V2}/cpu/cpu.cfs_period_us": "100000\n",
            f"{V2}/cpu/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000\n",
            f"{V2}/cpuacct/cpuacct.stat": "user 600\nsystem 150\n",
            f"{V2}/memory/memory.limit_in_bytes": f"{256 * MIB}\n",
            f"{V2}/memory/memory.usage_in_bytes": f"{200 * MIB}\n",
            f"{V2}/memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {50 * MIB}\n"
            f"hierarchical_memory_limit {128 * MIB}\n",
            f"{V2}/memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n",
        },
    )
    assert found.cores == 2
    assert found.cpu == pytest.approx({"user": 6.0, "system": 1.5})
    assert found.memory_limit == 128 * MIB
    assert found.memory_used == 150 * MIB
    assert found.oom_kills == 7
    assert (found.periods, found.throttled, found.throttled_seconds) == (10, 4, 2.5)


def test_version_one_without_limits(tmp_path: Path) -> None:
    found = limits(
        tmp_path,
        {
            "proc/self/cgroup": "5:memory:/\n3:cpu:/\n",
            f"{V2}/cpu/cpu.cfs_quota_us": "-1\n",
            f"{V2}/cpu/cpu.cfs_period_us": "100000\n",
            f"{V2}/memory/memory.limit_in_bytes": V1_UNLIMITED,
            f"{V2}/memory/memory.usage_in_bytes": "1000\n",
        },
    )
    assert found.cores is None
    assert found.memory_limit is None


def test_no_cgroups_at_all(tmp_path: Path) -> None:
    assert limits(tmp_path, {}) == Limits()


@pytest.mark.parametrize(
    ("text", "count"), [("0-3\n", 4), ("0", 1), ("0-1,4,6-7", 5), ("", 0), ("x-y", 0)]
)
def test_lists_of_cpus(text: str, count: int) -> None:
    assert count_cpus(text) == count


@pytest.mark.parametrize("text", ["²", "٣", "9" * 5000, "0-" + "9" * 5000, "-", "a-b"])
def test_what_is_no_list_of_cpus_names_none(text: str) -> None:
    assert count_cpus(text) == 0
