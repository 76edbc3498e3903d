"""What cannot be read of this machine, why, and what to do: one sentence for each figure."""

from __future__ import annotations

import os
from collections.abc import Iterator

from checks.model import Part, Status
from checks.probes.host.config import Bounds, HostConfig, LoadBounds
from checks.probes.host.files import Roots
from checks.probes.host.reader import Reading

__all__ = ["gaps"]


def gaps(reading: Reading, config: HostConfig, roots: Roots) -> tuple[Part, ...]:
    """A part for each figure that has bounds and cannot be read; no more than a look a run."""
    return tuple(_gaps(reading, config, roots))


def _gaps(reading: Reading, config: HostConfig, roots: Roots) -> Iterator[Part]:
    wanted: tuple[tuple[str, bool, Bounds | LoadBounds, str], ...] = (
        ("cpu", not reading.cpu, config.cpu, "stat"),
        ("memory", reading.memory_limit is None, config.memory, "meminfo"),
        ("load", reading.kernel.load is None, config.load, "loadavg"),
    )
    for name, missing, bounds, file in wanted:
        if missing and (bounds.warning is not None or bounds.critical is not None):
            why = _why(f"{roots.proc}/{file}")
            text = (
                f"{name} cannot be judged: {why}; run onwatch where it can be read, or switch it "
                f"off with {name}: {{warning: null, critical: null}}"
            )
            yield Part(name, Status.UNKNOWN, text, "not known")


def _why(path: str) -> str:
    """What keeps a file of the kernel from being read, in words."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError:
        return f"{path} is closed to this user (a container that masks it?)"
    except FileNotFoundError:
        return f"there is no {path}, and the system tells nothing else"
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    os.close(descriptor)
    return f"{path} does not tell it (a container that masks it?)"
