"""What the host screen is told of a run besides samples. Pure: takes what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.hosts.model import HostFacts, MountFact, Outlook
from checks.probes.host.filesystems import Filesystem
from checks.probes.host.reader import Reading
from checks.probes.host.watch import Look
from checks.wording import size, span

__all__ = ["facts_of", "missing_figures"]

_UNSCANNED = "processes are not looked at: the configuration says host.processes: 0"


def facts_of(
    reading: Reading,
    filesystems: Iterable[Filesystem],
    outlooks: Mapping[str, Outlook],
    look: Look | None,
    *,
    scans: bool,
    every: float,
    stuck: float,
    wall: float,
    now: float,
) -> HostFacts:
    """What a run saw; ``wall`` is the time of day at the clock's ``now``."""
    mounts = tuple(_mount(one, outlooks) for one in filesystems)
    notes = missing_figures(reading, scans=scans)
    if look is not None and look.scan.note:
        notes.append(look.scan.note)
    if stuck:
        notes.append(
            f"reading the processes has been hanging for {span(stuck)}: one of them may wait for a "
            "mount that hangs; what is shown of them is old"
        )
    if look is None:
        return HostFacts(
            mounts, every=every, stuck=stuck, container=_container(reading), notes=tuple(notes)
        )
    return HostFacts(
        mounts=mounts,
        processes=look.listed,
        scanned=wall - max(0.0, now - look.at),
        every=every,
        count=look.scan.count,
        left_out=look.left_out,
        stuck=stuck,
        growth=look.growth,
        happenings=look.happenings,
        inspected=look.inspected,
        container=_container(reading),
        notes=tuple(notes),
    )


def _mount(one: Filesystem, outlooks: Mapping[str, Outlook]) -> MountFact:
    mount = one.mount
    return MountFact(
        mount.point,
        mount.device,
        mount.type,
        error=one.error,
        hung=one.hung,
        remote=mount.remote,
        outlook=outlooks.get(mount.point, Outlook()),
    )


def missing_figures(reading: Reading, *, scans: bool) -> list[str]:
    """Which figures this system does not tell, and why; a sentence each."""
    found = []
    if reading.portable:
        found.append(
            "there is no /proc here: figures come from psutil, without pressure, paging, "
            "sockets, sensors, limits of containers, and without the waiting time of disks"
        )
    if reading.memory is None:
        found.append("memory cannot be read: neither /proc/meminfo nor psutil tells it")
    if not scans:
        found.append(_UNSCANNED)
    return found


def _container(reading: Reading) -> str:
    if not (reading.contained or reading.confined):
        return ""
    said = [f"{reading.cores:g} of {reading.cpus} cores"] if reading.contained else []
    if reading.confined and reading.memory_limit is not None:
        said.append(f"{size(reading.memory_limit)} of memory")
    return f"a container: it may use {' and '.join(said)}"
