"""What is read of chosen processes alone: descriptors, bytes, swap, switches, command line.

Each file is the kernel's answer about one process. Some are closed to other accounts: a figure
that one process refuses is left out, never taken for 0.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from checks.command_lines import command_line
from checks.probes.host.files import read

__all__ = ["Details", "ProcDetails", "Reader"]

_LONGEST: Final = 4_096


@dataclass(frozen=True, slots=True)
class Details:
    """What one process told; None for what it or the kernel refused.

    ``read`` and ``written`` are bytes from and to disks, ``swapped`` bytes, ``switches``
    voluntary and involuntary context switches. ``refused`` names what was closed to us.
    """

    descriptors: int | None = None
    limit: int | None = None
    read: int | None = None
    written: int | None = None
    swapped: float | None = None
    switches: tuple[int, int] | None = None
    uid: int | None = None
    refused: frozenset[str] = field(default_factory=frozenset)


class Reader(Protocol):
    """Reads of single processes what a scan of all does not tell."""

    def details(self, pid: int) -> Details:
        """What the process tells of itself."""

    def words(self, pid: int) -> tuple[str, ...]:
        """Its command line; empty where there is none or it is refused."""

    def owner(self, pid: int) -> int | None:
        """The number of the user it runs as."""


class ProcDetails:
    """Reads below one `/proc`."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc

    def details(self, pid: int) -> Details:
        folder = f"{self._proc}/{pid}"
        refused: set[str] = set()
        status = _fields(read(f"{folder}/status", 8_192))
        count = _descriptors(f"{folder}/fd", refused)
        io = _io(f"{folder}/io", refused)
        return Details(
            descriptors=count,
            limit=_limit(read(f"{folder}/limits", _LONGEST)),
            read=io.get("read_bytes"),
            written=io.get("write_bytes"),
            swapped=_kilobytes(status.get("VmSwap")),
            switches=_switches(status),
            uid=_second(status.get("Uid")),
            refused=frozenset(refused),
        )

    def words(self, pid: int) -> tuple[str, ...]:
        text = read(f"{self._proc}/{pid}/cmdline", _LONGEST) or ""
        text = text[:_LONGEST].rstrip("\0")
        if not text:
            return ()
        # A process that shows its state there (`nginx: worker process`) leaves no separators.
        return tuple(text.split("\0"))

    def owner(self, pid: int) -> int | None:
        try:
            found = os.stat(f"{self._proc}/{pid}").st_uid  # noqa: PTH116 - one of many
        except OSError:
            return None
        if found:
            return found
        # Root owns the folder also of a process that may not be dumped, whoever it runs as.
        return _second(_fields(read(f"{self._proc}/{pid}/status", 8_192)).get("Uid"))


def _fields(text: str | None) -> dict[str, str]:
    found = {}
    for line in (text or "").splitlines():
        name, _, rest = line.partition(":")
        found[name] = rest.strip()
    return found


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _second(text: str | None) -> int | None:
    """The effective of the four ids of a line ``Uid: real effective saved filesystem``."""
    words = (text or "").split()
    return _number(words[1]) if len(words) > 1 else None


def _kilobytes(text: str | None) -> float | None:
    words = (text or "").split()
    found = _number(words[0]) if words else None
    return None if found is None else found * 1024.0


def _switches(status: dict[str, str]) -> tuple[int, int] | None:
    own = _number(status.get("voluntary_ctxt_switches"))
    forced = _number(status.get("nonvoluntary_ctxt_switches"))
    return None if own is None or forced is None else (own, forced)


def _limit(text: str | None) -> int | None:
    """The soft limit of open files; None where there is none or it is not told."""
    for line in (text or "").splitlines():
        if line.startswith("Max open files"):
            return _number(line[26:].split()[0])
    return None


def _descriptors(folder: str, refused: set[str]) -> int | None:
    """How many are open. Since Linux 6.2 the folder's size says it, also of others' processes."""
    try:
        size = os.stat(folder).st_size  # noqa: PTH116 - one of many
        if size:
            return size
        with os.scandir(folder) as entries:
            return sum(1 for _ in entries)
    except PermissionError:
        refused.add("open descriptors")
    except OSError:
        pass
    return None


def _io(path: str, refused: set[str]) -> dict[str, int]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        refused.add("bytes read and written")
        return {}
    except OSError:
        return {}
    try:
        lines = os.read(descriptor, _LONGEST).decode("ascii", "replace").splitlines()
    except OSError as error:
        if isinstance(error, PermissionError):
            refused.add("bytes read and written")
        return {}
    finally:
        os.close(descriptor)
    pairs: Iterable[tuple[str, int | None]] = (
        (name, _number(rest.strip())) for name, _, rest in (line.partition(":") for line in lines)
    )
    return {name: value for name, value in pairs if value is not None}


def shown(words: tuple[str, ...], name: str, *, kernel: bool) -> str:
    """The command line for people, secrets masked."""
    if kernel:
        return f"[{name}]"
    return command_line(words) or name
