"""Reading the kernel's text files: bounded, and None where a file is missing or refused."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["Emit", "Roots", "fields", "names", "number", "pairs", "read", "read_number"]

_LIMIT: Final = 4_000_000


class Emit(Protocol):
    """Takes one sample; None as its value leaves it out."""

    def __call__(
        self, name: str, value: float | None, labels: Mapping[str, str] | None = None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel's file systems are mounted."""

    proc: str = "/proc"
    sys: str = "/sys"

    @property
    def cgroup(self) -> str:
        return f"{self.sys}/fs/cgroup"


def read(path: str, limit: int = _LIMIT) -> str | None:
    """The text of ``path`` up to ``limit`` bytes; None where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    chunks: list[bytes] = []
    size = 0
    try:
        while size < limit and (chunk := os.read(descriptor, 65_536)):
            chunks.append(chunk)
            size += len(chunk)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return b"".join(chunks).decode("utf-8", "surrogateescape")


def number(text: str) -> float | None:
    """``text`` as a number; None for anything else."""
    try:
        return float(text)
    except ValueError:
        return None


def read_number(path: str) -> float | None:
    """The number a file consists of; None where it holds none (``max``, say)."""
    text = read(path, 100)
    return None if text is None else number(text)


def fields(path: str) -> list[str]:
    """The words of a small file; none where it cannot be read."""
    return (read(path, 4_096) or "").split()


def pairs(text: str, wanted: Container[str] | None = None) -> dict[str, float]:
    """The lines ``name value`` of a flat file, or those of the ``wanted`` names alone.

    Lines of any other shape are left out.
    """
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if wanted is None or name in wanted:
            value = number(rest)
            if value is not None:
                found[name] = value
    return found


def names(folder: str) -> list[str]:
    """What a folder holds, sorted; nothing where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []
