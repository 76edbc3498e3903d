"""Results of a tls check: findings, facts, and samples under blackbox_exporter's names."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from checks.errors import TargetError
from checks.expectations import Finding, latency_finding, seconds, stale_finding
from checks.expiry import day_of, expiry_finding
from checks.model import Result, Samples, Status, Table, clean
from checks.probe import Target
from checks.probes.tls.config import TlsConfig
from checks.probes.tls.details import Detailed
from checks.probes.tls.sentences import name_of

if TYPE_CHECKING:
    from checks.probes.tls.probe import Seen

__all__ = ["Reporter"]

_OURS: Final = {"config", "limit", "permission"}
_NAMES: Final = 8


class Reporter:
    """Makes the results of one check."""

    def __init__(self, config: TlsConfig, target: Target) -> None:
        self._config = config
        self._target = target

    def answered(self, seen: Seen, now: float) -> Result:
        """The result of a handshake that went well; ``now`` is seconds since 1970."""
        duration = seen.phases.total
        findings = self._findings(seen, duration, now)
        findings.sort(key=lambda finding: -finding.status.severity)
        said = "; ".join(f.text for f in findings) if findings else self._well(seen, now)
        return Result(
            findings[0].status if findings else Status.OK,
            f"{seen.version} with {self._config.instance()} after {seconds(duration)}: {said}",
            reason=findings[0].reason if findings else "ok",
            value=_left(seen.sent, now) or "up",
            duration=duration,
            samples=self._samples(seen),
            phases=tuple(seen.phases.seconds.items()),
            facts=_facts(seen),
            tables=_tables(seen),
        )

    def failed(self, error: TargetError, seen: Seen) -> Result:
        """The result of a run that brought no handshake, or a certificate nobody should trust."""
        seen.phases.end()
        now = self._target.env.clock.wall()
        answered = bool(seen.version)
        value = _left(seen.sent, now) if answered else ""
        return Result(
            Status.UNKNOWN if error.reason in _OURS else Status.CRITICAL,
            str(error),
            reason=error.reason,
            up=answered,
            value=value or ("" if error.reason in _OURS else "down"),
            samples=self._samples(seen),
            phases=tuple(seen.phases.seconds.items()),
            facts=_facts(seen),
            tables=_tables(seen),
        )

    def _findings(self, seen: Seen, duration: float, now: float) -> list[Finding]:
        config = self._config
        chain = [each.certificate for each in seen.sent]
        expiry = expiry_finding(chain, config.certificate_expiry, now)
        slow = latency_finding(duration, config.latency)
        stale = stale_finding(seen.dialled.addresses if seen.dialled else None)
        found = [each for each in (expiry, slow, stale) if each is not None]
        if not chain:
            text = "its certificate cannot be read, so its end is not known"
            found.append(Finding(Status.WARNING, "tls", text))
        if seen.version.removeprefix("TLS ") < config.minimum_version:
            text = f"expected TLS {config.minimum_version} or newer: enable it there"
            found.append(Finding(Status.CRITICAL, "expectation", text))
        return found

    def _well(self, seen: Seen, now: float) -> str:
        first = min((each.certificate for each in seen.sent), key=lambda c: c.not_after)
        whose = "the certificate" if first is seen.sent[0].certificate else "its CA's certificate"
        lasts = f"{whose} for {name_of(self._config)} lasts {seconds(first.not_after - now)}"
        trust = "" if self._config.verify == "full" else ", its trust is not verified in full"
        return f"{lasts}, to {day_of(first.not_after)}{trust}"

    def _samples(self, seen: Seen) -> Samples:
        builder = self._target.sampler.builder()
        builder.add("probe_dns_lookup_time_seconds", seen.phases.seconds.get("dns", 0.0))
        if seen.dialled is not None:
            builder.add("probe_ip_protocol", 6 if seen.dialled.family == socket.AF_INET6 else 4)
        if seen.version:
            builder.add("probe_tls_version_info", 1, {"version": seen.version})
            builder.add("probe_tls_cipher_info", 1, {"cipher": seen.cipher})
        builder.add("probe_ssl_earliest_cert_expiry", _earliest(seen.sent))
        builder.add("probe_ssl_last_chain_expiry_timestamp_seconds", _earliest(seen.verified))
        if seen.verified:
            builder.add("probe_ssl_last_chain_info", 1, _info(seen.verified[0]))
        return builder.build()


def _earliest(chain: tuple[Detailed, ...]) -> float | None:
    return min((each.certificate.not_after for each in chain), default=None)


def _info(leaf: Detailed) -> dict[str, str]:
    return {
        "fingerprint_sha256": leaf.fingerprint,
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "subjectalternative": ",".join(leaf.names),
        "serialnumber": leaf.serial,
    }


def _left(chain: tuple[Detailed, ...], now: float) -> str:
    """The time left to the first that ends, for the row's value: ``62 d``."""
    earliest = _earliest(chain)
    if earliest is None:
        return ""
    return seconds(earliest - now) if earliest > now else "expired"


def _facts(seen: Seen) -> tuple[tuple[str, str], ...]:
    facts = []
    if seen.dialled is not None:
        facts.append(("address", seen.dialled.address))
    if seen.version:
        facts.append(("TLS", f"{seen.version} {seen.cipher}"))
    if seen.sent:
        leaf = seen.sent[0]
        names = leaf.names or (leaf.certificate.subject,)
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        facts += [
            ("certificate for", clean(", ".join(names[:_NAMES]), 300) + more),
            ("certificate ends", _minute(leaf.certificate.not_after)),
            ("certificate issuer", leaf.certificate.issuer or leaf.issuer),
            ("certificate key", leaf.key),
            ("certificate serial", leaf.serial),
            ("certificate SHA-256", leaf.fingerprint),
            ("trusted", "yes" if seen.verified else "not verified"),
        ]
    return tuple((name, text) for name, text in facts if text)


def _tables(seen: Seen) -> tuple[Table, ...]:
    if not seen.sent:
        return ()
    rows = tuple(
        (
            each.certificate.subject or each.subject,
            _minute(each.certificate.not_after),
            each.certificate.issuer or each.issuer,
            _minute(each.certificate.not_before),
            each.key,
        )
        for each in seen.sent
    )
    return (Table("Chain as sent", ("subject", "ends", "issuer", "from", "key"), rows),)


def _minute(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M UTC")
