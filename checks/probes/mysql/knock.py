"""Whether a server can be reached, without the server taking any notice.

A connection that does not log in counts as an aborted one, and against the host it comes from:
after a hundred (``max_connect_errors``) the server refuses the whole host, the application on
it too. So only the kernel is asked whether somebody listens.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from pathlib import Path
from typing import Final

__all__ = ["knock", "knock_socket"]

_LISTENS: Final = 0x10000
"""``__SO_ACCEPTCON`` in /proc/net/unix."""
_RESET: Final = struct.pack("ii", 1, 0)


def knock(family: int, host: str, port: int, within: float) -> None:
    """Ask for a connection and take it back before it is there. Blocks up to ``within`` s.

    The acknowledgement that would complete it is put off (``TCP_QUICKACK``), and a reset goes
    out in its stead, so that the server's ``accept`` never sees it. Where the system does not
    know how, it is a whole connection.

    Raises:
        OSError: nobody listens, or nothing comes back.
    """
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        quick = getattr(socket, "TCP_QUICKACK", None)
        if quick is not None:
            sock.setsockopt(socket.IPPROTO_TCP, quick, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        sock.settimeout(within)
        sock.connect((host, port))


def knock_socket(path: str) -> None:
    """See whether somebody listens on the unix socket ``path``.

    Raises:
        OSError: there is no such socket, or nobody listens on it.
    """
    if not Path(path).is_socket():
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    listening = _listening(path)
    if listening is None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(1.0)
            sock.connect(path)
    elif not listening:
        raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED), path)


def _listening(path: str) -> bool | None:
    """What the kernel says; None where it does not tell, or knows the socket by another name
    (one that is mounted here, or was bound by a relative path)."""
    try:
        lines = Path("/proc/net/unix").read_text(errors="replace").splitlines()[1:]
    except OSError:
        return None
    names = {path, os.path.realpath(path)}
    flags = [int(parts[3], 16) for parts in map(str.split, lines) if parts[-1] in names]
    return any(flag & _LISTENS for flag in flags) if flags else None
