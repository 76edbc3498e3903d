"""Space and inodes of filesystems; each is asked in a lane of its own, since it may hang."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from checks.lanes import LaneBusyError, Lanes
from checks.model import clean
from checks.probes.host_files import Emit
from checks.probes.host_mounts import Mount

__all__ = ["Filesystem", "StatVfs", "ask_all", "emit_filesystem"]

StatVfs = Callable[[str], os.statvfs_result]


@dataclass(frozen=True, slots=True)
class Filesystem:
    """What one filesystem answered: bytes and inodes.

    ``error`` is a sentence where it gave no answer, ``refused`` says that this user may not
    look at it, ``missing`` that there is no such path.
    """

    mount: Mount
    path: str
    size: float = 0.0
    free: float = 0.0
    available: float = 0.0
    files: float = 0.0
    files_free: float = 0.0
    readonly: bool = False
    error: str = ""
    refused: bool = False
    missing: bool = False

    @property
    def used(self) -> float | None:
        """Ratio of the space in use as `df` reckons it: without what is kept for root."""
        taken = self.size - self.free
        room = taken + self.available
        return taken / room if room > 0 else None

    @property
    def inodes_used(self) -> float | None:
        return 1 - self.files_free / self.files if self.files > 0 else None

    @property
    def broken(self) -> bool:
        """Mounted for writing, and read-only all the same: so the kernel does after errors."""
        return self.mount.frozen and not self.mount.readonly


async def ask_all(
    targets: Sequence[tuple[str, Mount]], lanes: Lanes, statvfs: StatVfs, patience: float
) -> list[Filesystem]:
    """Asks every filesystem at once; waits at most ``patience`` seconds for any of them."""
    asked: list[Awaitable[Filesystem]] = [
        _ask(path, mount, lanes, statvfs, patience) for path, mount in targets
    ]
    return _once(await asyncio.gather(*asked))


def _once(answers: Iterable[Filesystem]) -> list[Filesystem]:
    """Of several paths on one filesystem the first; a path that is missing stands for itself."""
    found: dict[str, Filesystem] = {}
    for one in answers:
        found.setdefault(f"missing {one.path}" if one.missing else one.mount.point, one)
    return list(found.values())


async def _ask(
    path: str, mount: Mount, lanes: Lanes, statvfs: StatVfs, patience: float
) -> Filesystem:
    shown = clean(path, 80)
    try:
        answer = await asyncio.wait_for(
            lanes.run(f"statvfs {path}", partial(statvfs, path)), patience
        )
    except TimeoutError:
        sentence = f"no answer from {shown} within {patience:g} s: is its server reachable?"
        return Filesystem(mount, path, error=sentence)
    except LaneBusyError as busy:
        waited = asyncio.get_running_loop().time() - busy.since
        sentence = f"no answer from {shown} since {waited:.0f} s: is its server reachable?"
        return Filesystem(mount, path, error=sentence)
    except OSError as error:
        refused = error.errno in {errno.EACCES, errno.EPERM}
        missing = error.errno in {errno.ENOENT, errno.ENOTDIR}
        sentence = _sentence(shown, error)
        return Filesystem(mount, path, error=sentence, refused=refused, missing=missing)
    block = answer.f_frsize or answer.f_bsize
    return Filesystem(
        mount,
        path,
        size=float(answer.f_blocks * block),
        free=float(answer.f_bfree * block),
        available=float(answer.f_bavail * block),
        files=float(answer.f_files),
        files_free=float(answer.f_ffree),
        readonly=bool(answer.f_flag & os.ST_RDONLY) or mount.readonly or mount.frozen,
    )


def _sentence(path: str, error: OSError) -> str:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return f"{path} does not exist: is it mounted?"
    if error.errno == errno.EACCES:
        return f"no permission to look at {path}: run as a user who may"
    return f"{path} gives no figures: {os.strerror(error.errno or 0)}"


def emit_filesystem(filesystem: Filesystem, emit: Emit) -> None:
    """Emits node_exporter's metrics; of one that gave no answer, only that."""
    if filesystem.missing:
        return
    labels = filesystem.mount.labels
    emit("node_filesystem_device_error", 1.0 if filesystem.error else 0.0, labels)
    if filesystem.error:
        return
    emit("node_filesystem_size_bytes", filesystem.size, labels)
    emit("node_filesystem_free_bytes", filesystem.free, labels)
    emit("node_filesystem_avail_bytes", filesystem.available, labels)
    emit("node_filesystem_files", filesystem.files, labels)
    emit("node_filesystem_files_free", filesystem.files_free, labels)
    emit("node_filesystem_readonly", float(filesystem.readonly), labels)
