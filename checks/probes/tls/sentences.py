"""What is wrong with a handshake or a certificate, and what to do about it. Pure."""

from __future__ import annotations

import re
import ssl
from itertools import pairwise
from typing import Final

from checks.dial import Phases
from checks.errors import TargetError
from checks.expectations import quoted, seconds
from checks.expiry import day_of
from checks.model import clean
from checks.probes.tls.config import TlsConfig
from checks.probes.tls.details import Detailed
from checks.probes.tls.starttls import hint

__all__ = ["distrusted", "failed", "hung_up", "name_of", "silence", "without_certificate"]

_NOT_YET: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_UNKNOWN: Final = {2, 19, 20, 21, 27}
_WRONG_NAME: Final = {62, 64}
"""OpenSSL's X509_V_ERR_… (see ``man verify``)."""
_PLAIN: Final = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
_NO_COMMON: Final = {
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "NO_PROTOCOLS_AVAILABLE",
    "DH_KEY_TOO_SMALL",
    # what OpenSSL 3.0 says of a server that speaks TLS 1.0 or 1.1 alone
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED",
}
_REFUSED: Final = {
    "EXPIRED": "renew tls.cert",
    "UNKNOWN_CA": "give one whose CA it trusts as tls.cert",
    "CERTIFICATE_UNKNOWN": "see its log; is tls.cert the right one?",
    "BAD_CERTIFICATE": "see its log; is tls.cert the right one?",
}
"""What a server says of a client's certificate, by OpenSSL's word for its alert."""


def name_of(config: TlsConfig) -> str:
    """The name that is asked for and verified."""
    return config.server_name or config.host.partition("%")[0]


def distrusted(
    error: ssl.SSLCertVerificationError,
    config: TlsConfig,
    chain: tuple[Detailed, ...],
    now: float,
) -> TargetError:
    """Why the certificate is not trusted. ``chain`` is what a look without verification brought,
    empty where it brought nothing; ``now`` is seconds since 1970.
    """
    name, code = name_of(config), error.verify_code
    if code in {_EXPIRED, _NOT_YET}:
        text = _out_of_time(name, chain, now, expired=code == _EXPIRED)
    elif code in _WRONG_NAME:
        text = (
            f"the certificate is not for {name}{_names(chain)}: "
            "have the server present the right one, or set tls.server_name"
        )
    elif code == _SELF_SIGNED:
        text = f"the certificate of {name} is self-signed: give it as tls.ca, or get one from a CA"
    elif code in _UNKNOWN:
        text = _unknown_issuer(name, chain)
    else:
        said = clean(error.verify_message, 100)
        text = f"the certificate of {name} is not accepted: {said}"
    return TargetError("tls", text)


def _out_of_time(name: str, chain: tuple[Detailed, ...], now: float, *, expired: bool) -> str:
    dates = [each.certificate for each in chain]
    ill = [d for d in dates if (d.not_after < now if expired else d.not_before > now)]
    whose = f"the certificate of {name}"
    if ill and ill[0] is not dates[0]:
        whose = f"the certificate of the CA {clean(ill[0].subject, 60)}, sent with that of {name},"
    if expired:
        since = ""
        if ill:
            ago = seconds(now - ill[0].not_after)
            since = f" on {day_of(ill[0].not_after)}, {ago} ago"
        return f"{whose} has expired{since}: renew it"
    until = f" until {day_of(ill[0].not_before)}" if ill else ""
    return f"{whose} is not valid yet{until}: check the clocks here and there"


def _names(chain: tuple[Detailed, ...]) -> str:
    if not chain:
        return ""
    names = chain[0].names or (chain[0].certificate.subject,)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return " but for " + clean(", ".join(names[:5]), 200) + more


def _unknown_issuer(name: str, chain: tuple[Detailed, ...]) -> str:
    for below, above in pairwise(chain):
        if below.issuer_der != above.subject_der:
            return (
                f"the chain of {name} is broken: {_issuer(below)} signed the certificate of "
                f"{clean(below.certificate.subject, 60)}, but the next one sent is that of "
                f"{clean(above.certificate.subject, 60)}: correct the server's chain file"
            )
    if not chain:
        return (
            f"the certificate of {name} is signed by a CA that is not trusted here: give it as "
            "tls.ca, or have the server send its intermediate certificates"
        )
    top = chain[-1]
    if top.public and not top.self_issued:
        return (
            f"the chain of {name} is incomplete: the server does not send the certificate of "
            f"{_issuer(top)}; add the intermediate certificates to its chain file, "
            "or give that CA as tls.ca if it is your own"
        )
    sends = "" if top.self_issued else ", or have the server send its intermediate certificates"
    return (
        f"the certificate of {name} is signed by {_issuer(top)}, which is not trusted here: "
        f"give that CA as tls.ca{sends}"
    )


def _issuer(of: Detailed) -> str:
    return clean(of.certificate.issuer or of.issuer or "a CA without a name", 60)


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's word for ``error`` where Python does not know it and has but OpenSSL's text."""
    told = re.fullmatch(r"\[SSL\] (.+) \(_ssl\.c:\d+\)", str(error))
    return told[1].upper().replace(" ", "_") if told else ""


def failed(error: ssl.SSLError, config: TlsConfig, first: bytes, spoken: str) -> TargetError:
    """Why the handshake failed. ``first`` is what came from the server; ``spoken`` the version
    it chose when it was allowed any, empty where that failed, too.
    """
    where, reason = config.instance(), error.reason or _reason(error)
    if reason in _PLAIN and not first.startswith(b"\x16"):
        said = quoted(first[:60].decode("ascii", "replace"))
        text = (
            f"{where} does not speak TLS, it says {said}: use its TLS port"
            f"{hint(first, config.port)}"
        )
    elif "CERTIFICATE_REQUIRED" in reason or ("BAD_CERTIFICATE" in reason and not config.cert):
        text = f"{where} wants a client certificate: give tls.cert and tls.key"
    elif any(word in reason for word in _REFUSED):
        text = _refused(where, reason)
    elif "UNRECOGNIZED_NAME" in reason:
        text = f"{where} has no certificate for {name_of(config)}: set tls.server_name"
    elif reason in _NO_COMMON and spoken and _older(spoken, config.minimum_version):
        text = (
            f"{where} speaks {spoken} at most, expected TLS {config.minimum_version} or newer: "
            "enable it there"
        )
    elif reason in _NO_COMMON:
        text = (
            f"{where} refuses the TLS handshake: it shares no version of TLS or cipher with us, "
            "knows no such server name, or wants a client certificate (tls.cert)"
        )
    else:
        said = clean(reason.replace("_", " ").lower() or error, 100)
        text = f"the TLS handshake with {where} failed: {said}"
    return TargetError("tls", text)


def _refused(where: str, reason: str) -> str:
    said = reason.rpartition("ALERT_")[2].replace("_", " ").lower()
    advice = next(text for word, text in _REFUSED.items() if word in reason)
    return f"{where} does not accept the client certificate ({said}): {advice}"


def _older(spoken: str, minimum: str) -> bool:
    return spoken.removeprefix("TLS ") < minimum


def without_certificate(config: TlsConfig) -> TargetError:
    """The server has none: anybody may be in its place."""
    return TargetError(
        "tls",
        f"{config.instance()} has no certificate, it offers anonymous ciphers alone: give it one",
    )


def hung_up(config: TlsConfig, first: bytes) -> TargetError:
    """The connection was closed within the handshake, without a reason."""
    return TargetError(
        "tls",
        f"{config.instance()} closed the connection within the TLS handshake: is it a TLS port"
        f"{hint(first, config.port)}, and does it want a client certificate (tls.cert)?",
    )


def silence(config: TlsConfig, timeout: float, phases: Phases) -> TargetError:
    """The run was out of time: the phase it hung in."""
    within = f"no answer from {config.instance()} within {seconds(timeout)}"
    connected = f"connected after {seconds(phases.seconds.get('connect', 0.0))}"
    why = {
        "dns": "the name look-up hangs; is the name server in /etc/resolv.conf up?",
        "connect": "the connection attempt is not answered; is the host up, "
        "does a firewall drop it?",
        "starttls": f"{connected}, then silence before TLS; does it speak {config.starttls}?",
        "tls": f"{connected}, then silence in the TLS handshake; is it a TLS port"
        f"{hint(b'', config.port) if config.starttls is None else ''}?",
    }.get(phases.current, "the certificate files could not be read")
    return TargetError("timeout", f"{within}: {why}")
