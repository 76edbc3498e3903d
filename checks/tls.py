"""How a connection is secured by TLS: the model, and the context made of it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from checks.errors import TargetError
from checks.lanes import LaneBusyError
from checks.probe import ProbeEnv
from checks.settings import Model, NamedFile

__all__ = ["Contexts", "NamedContext", "Tls", "tls_context", "version_text"]

_Stamps = tuple[tuple[int, int], ...]


class Tls(Model):
    """How a connection is secured by TLS."""

    ca: Annotated[str | None, NamedFile()] = None
    """File with the certificates to trust instead of the system's."""
    cert: Annotated[str | None, NamedFile()] = None
    """File with the client's certificate."""
    key: Annotated[str | None, NamedFile()] = None
    """File with the client's private key; without it `cert` holds both."""
    verify: Literal["full", "ca", "none"] = "full"
    """`full` checks certificate and host name, `ca` the certificate alone, `none` nothing."""
    server_name: str | None = None
    """Name to ask for and to verify, where it is not the URL's host."""

    @property
    def files(self) -> tuple[str, ...]:
        """Those that are named."""
        return tuple(file for file in (self.ca, self.cert, self.key) if file)


class NamedContext(ssl.SSLContext):
    """A context that asks for, and verifies, :attr:`name` whatever host a driver connects to.

    Names are resolved by our own resolver, so that drivers are given addresses and would
    take these for the server's name.
    """

    name: str = ""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        if self.name:
            kwargs["server_hostname"] = self.name
        return super().wrap_bio(*args, **kwargs)


def tls_context(tls: Tls, env: ProbeEnv, key: str, name: str = "") -> NamedContext:
    """The context for ``tls``. ``key`` names it in sentences (``redis.tls``); ``name`` is the
    server's, where the driver is given an address instead.

    Raises:
        TargetError: ``config`` where a file is no good.
    """
    try:
        context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = tls.verify == "full"
        context.verify_mode = ssl.CERT_NONE if tls.verify == "none" else ssl.CERT_REQUIRED
        if tls.ca:
            context.load_verify_locations(cafile=str(env.path(tls.ca)))
        elif tls.verify != "none":
            context.load_default_certs()
        if tls.cert:
            own = str(env.path(tls.key)) if tls.key else None
            # A password prompt would hang the engine; an encrypted key is refused instead.
            context.load_cert_chain(str(env.path(tls.cert)), own, password=_no_password)
    except FileNotFoundError:
        files = ", ".join(tls.files)
        raise TargetError("config", f"a file of {key} is missing, one of: {files}") from None
    except (OSError, ValueError) as error:
        raise TargetError("config", f"{key} cannot be used: {error}") from None
    context.name = tls.server_name or name
    return context


class Contexts:
    """The contexts of one check; one whose files have been renewed is made anew. ``key`` names the
    model in sentences (``redis.tls``).
    """

    def __init__(self, env: ProbeEnv, key: str) -> None:
        self._env = env
        self._key = key
        self._made: dict[tuple[str, str], tuple[_Stamps, NamedContext]] = {}

    async def of(self, tls: Tls, name: str = "") -> NamedContext:
        """As :func:`tls_context`, its files read apart: their mount's server may be gone.

        Raises:
            TargetError: ``config`` where a file is no good, or reading it hangs.
        """
        files = [str(self._env.path(file)) for file in tls.files]
        if not files:
            return self._of(tls, name, files)
        lanes, lane = self._env.lanes, f"{self._key} {tls!r} {name}"
        try:
            return await lanes.share(lane, lambda: self._of(tls, name, files))
        except LaneBusyError:
            text = f"{self._key}: reading {', '.join(files)} hangs: is the mount still there?"
            raise TargetError("config", text) from None
        finally:
            if not lanes.busy(lane):
                lanes.drop(lane)

    def _of(self, tls: Tls, name: str, files: Iterable[str]) -> NamedContext:
        which, stamps = (tls.model_dump_json(), name), tuple(map(_stamp, files))
        known = self._made.get(which)
        if known is None or known[0] != stamps:
            known = self._made[which] = stamps, tls_context(tls, self._env, self._key, name)
        return known[1]


def _stamp(file: str) -> tuple[int, int]:
    """What changes with the file; of one that is missing the context says that."""
    try:
        found = os.stat(file)  # noqa: PTH116 - no path object is wanted
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def version_text(version: str | None) -> str:
    """OpenSSL's name of a version as blackbox_exporter writes it: ``TLS 1.3``."""
    spaced = (version or "").replace("SSLv", "SSL ").replace("TLSv", "TLS ")
    return "TLS 1.0" if spaced == "TLS 1" else spaced


def _no_password() -> str:
    raise ValueError("the private key is encrypted; give it without a passphrase")
