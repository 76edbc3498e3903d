"""Space and inodes of filesystems; each is asked in a lane of its own, since it may hang."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import partial

from checks.errors import NoThreadsError
from checks.lanes import LaneBusyError, Lanes
from checks.model import clean
from checks.probes.host.apart import statvfs_apart
from checks.probes.host.files import Emit
from checks.probes.host.mounts import Mount

__all__ = ["Asker", "Filesystem", "StatVfs", "emit_filesystem"]

StatVfs = Callable[[str], os.statvfs_result]


@dataclass(frozen=True, slots=True)
class Filesystem:
    """What one filesystem answered: bytes and inodes.

    ``error`` is a sentence where it gave no answer, ``refused`` says that this user may not
    look at it, ``missing`` that there is no such path, ``hung`` that it has been asked and has
    not answered.
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
    hung: bool = False

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


class Asker:
    """Asks filesystems how full they are; ``lane`` begins the names of its lanes."""

    def __init__(self, lanes: Lanes, lane: str, statvfs: StatVfs, patience: float) -> None:
        self.statvfs = statvfs
        self.patience = patience
        self._lanes = lanes
        self._lane = lane
        self._asked: set[str] = set()

    async def ask(self, targets: Sequence[tuple[str, Mount]]) -> list[Filesystem]:
        """Asks all at once; waits at most ``patience`` seconds for any of them."""
        self._drop_all_but({path for path, _ in targets})
        self._asked.update(path for path, _ in targets)
        return _once(await asyncio.gather(*(self._ask(path, mount) for path, mount in targets)))

    def close(self) -> None:
        """Ends the lanes; one that hangs ends with the process."""
        self._drop_all_but(frozenset())

    def _drop_all_but(self, keep: Set[str]) -> None:
        for path in self._asked - keep:
            self._lanes.drop(f"{self._lane} {path}")
        self._asked &= keep

    async def _ask(self, path: str, mount: Mount) -> Filesystem:
        shown = clean(path, 80)
        apart = mount.fuse and self.statvfs is os.statvfs
        call = partial(statvfs_apart if apart else self.statvfs, path)
        try:
            answer = await asyncio.wait_for(
                self._lanes.run(f"{self._lane} {path}", call), self.patience
            )
        except TimeoutError:
            waited = f"within {self.patience:g} s"
        except LaneBusyError as busy:
            waited = f"since {asyncio.get_running_loop().time() - busy.since:.0f} s"
        except NoThreadsError as error:
            return Filesystem(mount, path, error=f"{shown}: {error}")
        except OSError as error:
            return _failed(path, mount, error)
        else:
            return _answered(path, mount, answer)
        sentence = f"no answer from {shown} {waited}: {_advice(mount)}"
        return Filesystem(mount, path, error=sentence, hung=True)


def _advice(mount: Mount) -> str:
    """What to look at where a filesystem hangs, and how to be rid of it."""
    point = clean(mount.point, 80)
    if mount.fuse:
        return (
            f"does the program behind it ({clean(mount.type, 40)}) run? if not: umount -l {point}"
        )
    if mount.remote:
        return f"is its server reachable? if not: umount -l {point}"
    return "look for I/O errors of its disk in the kernel's log"


def _once(answers: Iterable[Filesystem]) -> list[Filesystem]:
    """Of several paths on one filesystem the first; a path that is missing stands for itself."""
    found: dict[str, Filesystem] = {}
    for one in answers:
        found.setdefault(f"missing {one.path}" if one.missing else one.mount.point, one)
    return list(found.values())


def _failed(path: str, mount: Mount, error: OSError) -> Filesystem:
    return Filesystem(
        mount,
        path,
        error=_sentence(clean(path, 80), error),
        refused=error.errno in {errno.EACCES, errno.EPERM},
        missing=error.errno in {errno.ENOENT, errno.ENOTDIR},
    )


def _answered(path: str, mount: Mount, answer: os.statvfs_result) -> Filesystem:
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
