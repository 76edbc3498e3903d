"""TLS for the http checks: contexts that are shared, and what is wrong with a certificate."""

from __future__ import annotations

import os
import re
import ssl
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from checks.certificates import Certificate
from checks.errors import TargetError
from checks.expectations import seconds
from checks.model import clean

__all__ = [
    "TlsFiles",
    "certificate_error",
    "context",
    "handshake_error",
    "http2_only",
    "hung_up",
    "no_tls",
]

_EXPIRED: Final = 10
_NOT_YET: Final = 9
_SELF_SIGNED: Final = 18
_WRONG_NAME: Final = {62, 64}
"""OpenSSL's X509_V_ERR_… (see ``man verify``)."""

_UNNAMED: Final = re.compile(r"^\[[^\]]*\] | \(_ssl\.c:\d+\)$")

TlsFiles = tuple[str, str, str, bool]
"""CA file or folder, client certificate, its key (each empty where none), and verify."""


def context(files: TlsFiles) -> ssl.SSLContext:
    """The context for ``files``: one for all who ask alike, made anew when a file changes.

    Raises:
        TargetError: reason config, where a file cannot be used.
    """
    try:
        stamps = tuple(os.stat(name).st_mtime_ns if name else 0 for name in files[:3])  # noqa: PTH116
        return _context(files, stamps)
    except ssl.SSLError as error:
        said = clean(error.reason or error)
        raise TargetError("config", f"http.tls: a ca, cert or key file is no PEM: {said}") from None
    except OSError as error:
        raise TargetError(
            "config", f"http.tls: cannot read {error.filename}: {error.strerror}"
        ) from None


@lru_cache(maxsize=64)
def _context(files: TlsFiles, stamps: tuple[int, ...]) -> ssl.SSLContext:
    del stamps
    ca, cert, key, verify = files
    made = _trusting(ca)
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if cert:
        # A callback in place of OpenSSL's prompt, which would wait at the terminal.
        made.load_cert_chain(cert, key or None, password=lambda: "")
    made.set_alpn_protocols(["http/1.1"])
    return made


def _trusting(ca: str) -> ssl.SSLContext:
    if ca:
        folder = Path(ca).is_dir()
        return ssl.create_default_context(
            cafile=None if folder else ca, capath=ca if folder else None
        )
    made = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:
        import certifi  # noqa: PLC0415

        made.load_verify_locations(certifi.where())
    return made


def certificate_error(
    error: ssl.SSLCertVerificationError, host: str, chain: tuple[Certificate, ...], now: float
) -> TargetError:
    """What is wrong with the certificate of ``host``, and what to do about it.

    ``chain`` is what an unverified look brought, empty where it brought nothing; ``now``
    is seconds since 1970.
    """
    code = error.verify_code
    if code == _EXPIRED:
        ended = min(chain, key=lambda c: c.not_after, default=None)
        text = f"the certificate of {host} has expired{_since(ended, now)}: renew it"
    elif code == _NOT_YET:
        text = f"the certificate of {host} is not valid yet: check the clocks here and there"
    elif code in _WRONG_NAME:
        text = (
            f"the certificate is not for {host}{_names(chain)}: "
            "correct the url, or set http.tls.server_name"
        )
    elif code == _SELF_SIGNED:
        text = (
            f"the certificate of {host} is self-signed: "
            "give it as http.tls.ca, or get one from a CA"
        )
    else:
        issuer = f" by {clean(chain[-1].issuer, 60)}" if chain and chain[-1].issuer else ""
        text = (
            f"the certificate of {host} is signed{issuer}, which is not trusted here: give that "
            "CA as http.tls.ca, or have the server send its intermediate certificates"
        )
    return TargetError("tls", text)


def handshake_error(error: ssl.SSLError, where: str) -> TargetError:
    """Why the TLS handshake with ``where`` failed."""
    # What Python has no constant for stands in the text alone: [SSL] tlsv1 alert … (_ssl.c:1006).
    reason = error.reason or _UNNAMED.sub("", str(error)).replace(" ", "_").upper()
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
        text = no_tls(where)
    elif "CERTIFICATE_REQUIRED" in reason or "BAD_CERTIFICATE" in reason:
        text = f"{where} wants a client certificate: give http.tls.cert and http.tls.key"
    elif reason == "SSLV3_ALERT_HANDSHAKE_FAILURE":
        text = (
            f"{where} refuses the TLS handshake: it wants a client certificate "
            "(http.tls.cert), or shares no TLS version or cipher with us"
        )
    elif reason == "TLSV1_ALERT_NO_APPLICATION_PROTOCOL":
        text = http2_only(where)
    else:
        said = clean(reason.replace("_", " ").lower() or error, 100)
        text = f"the TLS handshake with {where} failed: {said}"
    return TargetError("tls", text)


def no_tls(where: str) -> str:
    """A server that speaks another protocol than TLS, and what to do about it."""
    return f"{where} does not speak TLS: write http:// in the url, or use its TLS port"


def http2_only(where: str) -> str:
    """A server that speaks no HTTP/1.1, and what to do about it."""
    return (
        f"{where} speaks HTTP/2 only (gRPC?): ask its HTTP/1.1 listener, have it offer http/1.1, "
        "or watch it with a tls or tcp check"
    )


def hung_up(where: str) -> TargetError:
    """The connection to ``where`` was closed within the handshake, without a reason."""
    return TargetError(
        "tls",
        f"{where} closed the connection within the TLS handshake: is it a TLS port, "
        "and does it want a client certificate (http.tls.cert)?",
    )


def _since(ended: Certificate | None, now: float) -> str:
    if ended is None:
        return ""
    day = datetime.fromtimestamp(ended.not_after, UTC).strftime("%Y-%m-%d")
    return f" on {day}, {seconds(max(0.0, now - ended.not_after))} ago"


def _names(chain: tuple[Certificate, ...]) -> str:
    if not chain:
        return ""
    names = chain[0].names or (chain[0].subject,)
    return " but for " + clean(", ".join(names[:3]), 120)
