"""Which filesystems are real: the mount table, and what to leave out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from checks.probes.host.files import Roots, read

__all__ = ["Mount", "chosen", "parse_mountinfo", "read_mounts", "real"]

_PSEUDO: Final = (
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devfs devpts devtmpfs efivarfs "
    "erofs fusectl fuse.gvfsd-fuse fuse.lxcfs fuse.portal fuse.snapfuse hugetlbfs iso9660 "
    "mqueue none nsfs proc procfs pstore ramfs rpc_pipefs securityfs selinuxfs squashfs sysfs "
    "tracefs"
)
_SYSTEM: Final = re.compile(
    r"/(dev|proc|sys|run|snap|etc|boot/efi|System/Volumes"
    r"|var/run|var/lib/(docker|containers|kubelet|containerd))(/|$)"
)
_REMOTE: Final = re.compile(r"nfs\d?|cifs|smb\d?|ceph|9p|afs|glusterfs|lustre|beegfs|virtiofs")
_FROZEN: Final = frozenset({"ro", "emergency_ro", "shutdown"})
"""How a filesystem's own options say that it takes no writes; the latter two since Linux 6.12."""

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table.

    ``identity`` is the same for all mounts of one filesystem; ``whole`` says that the
    filesystem's root is mounted, not a folder of it. ``readonly`` is the mount as asked
    for, ``frozen`` the filesystem itself: a filesystem mounted for writing that the
    kernel has made read-only after errors is frozen only.
    """

    point: str
    device: str
    type: str
    identity: str
    whole: bool = True
    readonly: bool = False
    frozen: bool = False

    @property
    def fuse(self) -> bool:
        """Whether a program of its own answers for it."""
        return self.type.startswith("fuse") and self.type != "fuseblk"

    @property
    def remote(self) -> bool:
        """Whether it lies on another machine, or behind a program: it hangs when that does."""
        return self.fuse or _REMOTE.fullmatch(self.type) is not None

    @property
    def labels(self) -> dict[str, str]:
        return {"device": self.device, "fstype": self.type, "mountpoint": self.point}


def read_mounts(roots: Roots) -> list[Mount] | None:
    """The mounts that this program sees; None where there is no `/proc`."""
    text = read(f"{roots.proc}/self/mountinfo")
    return None if text is None else parse_mountinfo(text)


def parse_mountinfo(text: str) -> list[Mount]:
    """Reads `/proc/self/mountinfo`; of mounts on the same place the last is the visible one."""
    found: dict[str, Mount] = {}
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        columns, tail = left.split(" "), right.split(" ")
        if not separator or len(columns) < 6 or len(tail) < 2:
            continue
        point = _plain(columns[4])
        found[point] = Mount(
            point=point,
            device=_plain(tail[1]),
            type=tail[0],
            identity=columns[2],
            whole=columns[3] == "/",
            readonly="ro" in columns[5].split(","),
            frozen=len(tail) > 2 and not _FROZEN.isdisjoint(tail[2].split(",")),
        )
    return list(found.values())


def real(mounts: Iterable[Mount]) -> list[Mount]:
    """The filesystems that people care for, each once, in the order of their paths.

    Left out are the kernel's own, images that are full by nature, layers of containers,
    memory under `/dev` and `/run` or that nobody can fill, and further mounts of the same
    filesystem. Where the table has no root, as within a chroot, one is made up.
    """
    mounts = list(mounts)
    if not any(mount.point == "/" for mount in mounts):
        mounts.insert(0, _unknown("/"))
    best: dict[str, Mount] = {}
    for mount in mounts:
        if not _matters(mount):
            continue
        other = best.get(mount.identity)
        if other is None or _rank(mount) < _rank(other):
            best[mount.identity] = mount
    return sorted(best.values(), key=lambda mount: mount.point)


def chosen(mounts: Sequence[Mount], paths: Iterable[str]) -> list[tuple[str, Mount]]:
    """Each path with the mount that holds it; one made up where the table knows none."""
    found = []
    for path in dict.fromkeys(paths):
        holding = [mount for mount in mounts if _holds(mount.point, path)]
        longest = max(holding, key=lambda mount: len(mount.point), default=_unknown(path))
        found.append((path, longest))
    return found


def _unknown(path: str) -> Mount:
    return Mount(path, path, "unknown", path)


def _matters(mount: Mount) -> bool:
    if mount.point == "/":
        return mount.type not in {"rootfs", "squashfs"}
    if mount.type in _PSEUDO.split() or mount.type == "overlay":
        return False
    if mount.type == "tmpfs" and mount.readonly:
        return False
    return not _SYSTEM.match(mount.point)


def _rank(mount: Mount) -> tuple[bool, bool]:
    """Of mounts of one filesystem the root counts first, then one of the whole of it; among
    equals the older, so that a bind mount made later changes nothing."""
    return (mount.point != "/", not mount.whole)


def _holds(point: str, path: str) -> bool:
    return point in {"/", path} or path.startswith(f"{point}/")


def _plain(text: str) -> str:
    """The mount table writes spaces, tabs, line breaks and backslashes as ``\\040``."""
    return _OCTAL.sub(lambda found: chr(int(found.group(1), 8)), text) if "\\" in text else text
