"""Where something listens, as people write it: ``host:port``, ``[::1]:port``, or a host alone."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["host_port"]

_WITH_PORT: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:/@\[\]]+))(?::(?P<port>\d{1,5}))?"
)
_BARE_V6: Final = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%\w+)?")


def host_port(text: str, default: int) -> tuple[str, int]:
    """Host (without brackets) and port of ``text``; ``default`` is the port where it names none.

    Raises ValueError with what is expected.
    """
    text = text.strip()
    if text.count(":") > 1 and _BARE_V6.fullmatch(text):
        return text, default
    found = _WITH_PORT.fullmatch(text)
    port = int(found["port"] or default) if found else 0
    if found is None or not 0 < port < 65_536:
        raise ValueError("expected host, host:port or [address]:port with a port from 1 to 65535")
    return found["v6"] or found["host"], port
