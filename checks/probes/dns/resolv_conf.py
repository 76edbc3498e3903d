"""Which name servers this machine uses (resolv.conf(5))."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from checks.address import host_port
from checks.errors import TargetError
from checks.lanes import LaneBusyError, Lanes

__all__ = ["RESOLV_CONF", "name_servers"]

RESOLV_CONF: Final = Path("/etc/resolv.conf")
_MOST: Final = 3
"""The C library asks no more than these."""
_BOUND: Final = 65_536


async def name_servers(path: Path, lanes: Lanes) -> tuple[tuple[str, int], ...]:
    """The servers that ``path`` names.

    Raises:
        TargetError: reason config, where it cannot be read.
    """
    try:
        return await lanes.share(f"read {path}", lambda: _read(path))
    except LaneBusyError:
        raise TargetError("config", f"reading {path} hangs; give dns.server") from None
    except OSError as error:
        raise TargetError(
            "config", f"cannot read {path} ({error.strerror}): give dns.server"
        ) from None


def _read(path: Path) -> tuple[tuple[str, int], ...]:
    found = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file.read(_BOUND).splitlines():
            words = line.split()
            if len(words) >= 2 and words[0] == "nameserver":
                with contextlib.suppress(ValueError):
                    found.append(host_port(words[1], 53))
    # As the C library has it where none is named.
    return tuple(found[:_MOST]) or (("127.0.0.1", 53),)
