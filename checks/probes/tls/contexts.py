"""The settings of a handshake: one context for all who ask alike, made anew when a file changes."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from checks.errors import TargetError
from checks.lanes import LaneBusyError, Lanes
from checks.probe import ProbeEnv
from checks.probes.tls.config import TlsConfig, Version
from checks.tls import Tls, tls_context

__all__ = ["any_context", "strict_context"]

_OLD: Final[tuple[Version, ...]] = ("1.0", "1.1")
_WEAK: Final = "ALL:!aNULL:@SECLEVEL=0"
"""OpenSSL refuses TLS 1.0 and 1.1 at any higher level, whatever the least version is. Without a
certificate (aNULL) nothing could be verified, and OpenSSL does not mind."""
_ANY: Final = "ALL:+aNULL:@SECLEVEL=0"
_OP_LEGACY_SERVER_CONNECT: Final = 0x4
_Stamps = tuple[int, ...]
_MADE: Final[WeakKeyDictionary[Lanes, dict[tuple[Tls, bool], tuple[_Stamps, ssl.SSLContext]]]] = (
    WeakKeyDictionary()
)
"""By engine: a context takes most of a megabyte, and goes with the configuration it is for."""


async def strict_context(config: TlsConfig, env: ProbeEnv) -> ssl.SSLContext:
    """The context that verifies as ``config`` says. Files are read in a lane: they may hang, and
    the system's certificates take a while.

    Raises:
        TargetError: reason config, where a file cannot be used.
    """
    tls = Tls(**{name: getattr(config, name) for name in Tls.model_fields})
    old = config.minimum_version in _OLD
    files = tuple(str(env.path(name)) for name in (tls.ca, tls.cert, tls.key) if name)
    made = _MADE.setdefault(env.lanes, {})

    def context() -> ssl.SSLContext:
        stamps, known = _stamps(files), made.get((tls, old))
        if known is None or known[0] != stamps:
            known = made[tls, old] = stamps, _context(tls, env, old=old)
        return known[1]

    try:
        return await env.lanes.share(f"tls {tls!r} {old}", context)
    except LaneBusyError:
        said = (
            f"reading the certificates to trust hangs: {', '.join(files) or 'the system has them'}"
        )
        raise TargetError("config", said) from None


def _stamps(files: tuple[str, ...]) -> _Stamps:
    """When each file changed last; 0 for one that is missing, which the context will say."""
    return tuple(os.stat(f).st_mtime_ns if Path(f).exists() else 0 for f in files)  # noqa: PTH116


def _context(tls: Tls, env: ProbeEnv, *, old: bool) -> ssl.SSLContext:
    made = tls_context(tls, env, "tls")
    if old:
        _take_anything(made, _WEAK)
    return made


@lru_cache(maxsize=1)
def any_context() -> ssl.SSLContext:
    """The context that takes whatever a server has: for a look at what was refused."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    _take_anything(made, _ANY)
    return made


def _take_anything(context: ssl.SSLContext, ciphers: str) -> None:
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(ciphers)
    context.options |= _OP_LEGACY_SERVER_CONNECT
