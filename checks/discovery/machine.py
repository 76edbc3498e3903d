"""Where discovery looks: this machine's ``/proc`` and files, or a test's in their place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.discovery.model import Listener

__all__ = ["Machine"]

_USUAL: Final = (32_768, 60_999)


def _all(listener: Listener) -> bool:
    del listener
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """``root`` is where units, settings and data are looked for, ``proc`` where processes are.

    ``systemctl`` is asked why a unit does not run; ``wanted`` leaves sockets out as if they
    were not there; what the process ``me`` does is no news. Database files count below ``files``.
    What lives in a folder of ``temporary`` is not meant to stay; what has run for less than
    ``young`` seconds may not be.
    """

    root: Path = Path("/")
    proc: Path = Path("/proc")
    systemctl: str = "systemctl"
    files: str = "/"
    me: int = field(default_factory=os.getpid)
    wanted: Callable[[Listener], bool] = field(default=_all, repr=False)
    temporary: tuple[str, ...] = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - looked for
    young: float = 300.0

    def ephemeral(self) -> range:
        """The ports that programs get which do not choose one."""
        try:
            text = (self.proc / "sys/net/ipv4/ip_local_port_range").read_text()
            first, last = (int(word) for word in text.split())
        except (OSError, ValueError):
            first, last = _USUAL
        return range(first, last + 1)
