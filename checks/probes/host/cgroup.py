"""The limits of the container this program runs in, from cgroup v2 or v1.

On a machine that is no container the root of the hierarchy has no limits (v2 has no such
files there, v1 says "unlimited"), so reading it is right in both cases. A container that
sees its host's whole hierarchy is told by its own path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from checks.probes.host.files import Roots, fields, number, pairs, read, read_number

__all__ = ["Limits", "count_cpus", "read_limits"]

_CPUS: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_CONTAINER = re.compile(r"docker|kubepods|libpod|containerd|crio|lxc|buildkit|garden")
_UNLIMITED: Final = 1 << 60
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the cgroup allows and uses; None where it sets no limit or tells nothing.

    ``cores`` is a number of CPUs, memory bytes, ``cpu`` seconds by mode. ``periods`` and
    ``throttled`` count scheduler periods, ``throttled_seconds`` the time held back.
    """

    cores: float | None = None
    cpu: Mapping[str, float] = field(default_factory=dict)
    memory_limit: float | None = None
    memory_used: float | None = None
    oom_kills: float | None = None
    periods: float | None = None
    throttled: float | None = None
    throttled_seconds: float | None = None


def read_limits(roots: Roots) -> Limits:
    """The limits in force for this program; an empty :class:`Limits` where there are none."""
    paths = _own_paths(read(f"{roots.proc}/self/cgroup") or "")
    unified = f"{roots.cgroup}/cgroup.controllers"
    if os.path.exists(unified):  # noqa: PTH110 - read some 20 files a run: strings, not Paths
        return _version_two(_chain(roots.cgroup, paths.get("", "/")))
    return _version_one(roots.cgroup, paths)


def count_cpus(text: str) -> int:
    """How many CPUs a list such as ``0-3,7`` names."""
    count = 0
    for part in text.strip().split(","):
        found = _CPUS.fullmatch(part)
        if found is not None:
            count += int(found[2] or found[1]) - int(found[1]) + 1
    return count


def _own_paths(text: str) -> dict[str, str]:
    """This program's path by controller; the empty name stands for version two."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _chain(root: str, path: str) -> list[str]:
    """The folders whose limits apply, innermost first; the root alone unless ``path`` says
    that this is a container which sees its host's hierarchy."""
    if not _CONTAINER.search(path) or ".." in path:
        return [root]
    parts = [part for part in path.split("/") if part]
    folders = ["/".join([root, *parts[:depth]]) for depth in range(len(parts), -1, -1)]
    found = [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112 - as above
    return found or [root]


def _least(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return min(known) if known else None


def _version_two(chain: list[str]) -> Limits:
    own = chain[0]
    stat = pairs(read(f"{own}/cpu.stat") or "")
    memory = pairs(read(f"{own}/memory.stat") or "")
    current = read_number(f"{own}/memory.current")
    events = pairs(read(f"{own}/memory.events") or "")
    return Limits(
        cores=_least([*map(_quota, chain), _cpuset(f"{own}/cpuset.cpus.effective")]),
        cpu=_scaled({"user": "user_usec", "system": "system_usec"}, stat, 1e-6),
        memory_limit=_least([read_number(f"{folder}/memory.max") for folder in chain]),
        memory_used=_working_set(current, memory.get("inactive_file")),
        oom_kills=events.get("oom_kill"),
        periods=stat.get("nr_periods"),
        throttled=stat.get("nr_throttled"),
        throttled_seconds=_scaled({"t": "throttled_usec"}, stat, 1e-6).get("t"),
    )


def _version_one(root: str, paths: Mapping[str, str]) -> Limits:
    cpu = _controller(root, "cpu", paths)
    usage = _controller(root, "cpuacct", paths)
    memory = _controller(root, "memory", paths)
    cpuset = _controller(root, "cpuset", paths)
    stat = pairs(read(f"{cpu[0]}/cpu.stat") or "")
    seconds = pairs(read(f"{usage[0]}/cpuacct.stat") or "")
    pages = pairs(read(f"{memory[0]}/memory.stat") or "")
    limit = _least(
        [
            *(read_number(f"{folder}/memory.limit_in_bytes") for folder in memory),
            pages.get("hierarchical_memory_limit"),
        ]
    )
    return Limits(
        cores=_least([*map(_quota_v1, cpu), _cpuset(f"{cpuset[0]}/cpuset.cpus")]),
        cpu=_scaled({"user": "user", "system": "system"}, seconds, 1 / _TICKS),
        memory_limit=None if limit is None or limit >= _UNLIMITED else limit,
        memory_used=_working_set(
            read_number(f"{memory[0]}/memory.usage_in_bytes"), pages.get("total_inactive_file")
        ),
        oom_kills=pairs(read(f"{memory[0]}/memory.oom_control") or "").get("oom_kill"),
        periods=stat.get("nr_periods"),
        throttled=stat.get("nr_throttled"),
        throttled_seconds=_scaled({"t": "throttled_time"}, stat, 1e-9).get("t"),
    )


def _controller(root: str, name: str, paths: Mapping[str, str]) -> list[str]:
    return _chain(f"{root}/{name}", paths.get(name, "/"))


def _quota(folder: str) -> float | None:
    words = fields(f"{folder}/cpu.max")
    return _ratio(words[0], words[1]) if len(words) == 2 else None


def _quota_v1(folder: str) -> float | None:
    quota, period = fields(f"{folder}/cpu.cfs_quota_us"), fields(f"{folder}/cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _ratio(quota: str, period: str) -> float | None:
    """CPUs that a quota amounts to; None for ``max`` and -1, which mean no quota."""
    above, below = number(quota), number(period)
    return above / below if above and below and above > 0 else None


def _cpuset(path: str) -> float | None:
    return count_cpus(read(path) or "") or None


def _working_set(used: float | None, inactive: float | None) -> float | None:
    """Memory that cannot be had back at once: without the inactive page cache."""
    return None if used is None else max(0.0, used - (inactive or 0.0))


def _scaled(wanted: Mapping[str, str], found: Mapping[str, float], unit: float) -> dict[str, float]:
    return {key: found[name] * unit for key, name in wanted.items() if name in found}
