"""Where scenes are set: names and addresses of their own, a folder, and what goes on there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["HOST", "HOSTS", "WORLD", "Stage"]

HOST: Final = "shop-1"
"""What the machine is called."""
WORLD: Final = Path("/srv")
"""An empty folder in memory, gone with the scenes."""
HOSTS: Final = {
    "shop.example": "192.0.2.10",
    "mail.example": "192.0.2.25",
    "gateway.example": "192.0.2.1",
    "ns1.shop.example": "192.0.2.53",
    "ns2.shop.example": "198.51.100.53",
    "ns3.shop.example": "203.0.113.53",
    "app.example": "192.0.2.20",
    "db.example": "127.0.0.1",
    "cache.example": "127.0.0.1",
}
"""Names and their addresses, all of them this machine's loopback."""


@dataclass(slots=True)
class Stage:
    """``leave`` ends what a scene has started; each of ``acts`` is called five times a second
    with the seconds since the watch began."""

    leave: ExitStack
    acts: list[Callable[[float], None]] = field(default_factory=list)

    def folder(self, name: str) -> Path:
        """A folder that every account may enter."""
        made = WORLD / name
        made.mkdir(mode=0o755)
        return made

    def listen(self, name: str, port: int) -> socket.socket:
        """A socket that listens there; ``name`` is one of :data:`HOSTS`."""
        return socket.create_server((HOSTS[name], port))
