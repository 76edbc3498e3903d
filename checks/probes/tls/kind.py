"""``tls``: what the kind is called, measures and draws."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Metric, Probe, Target, response_time
from checks.probes.tls.config import TlsConfig
from checks.settings import KindConfig

__all__ = ["KIND"]


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what OpenSSL does.
    from checks.probes.tls.probe import TlsProbe  # noqa: PLC0415

    return TlsProbe(cast("TlsConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    return (response_time(cast("TlsConfig", config).latency),)


KIND: Final = Kind(
    name="tls",
    summary="a port must speak TLS, also after STARTTLS, with a certificate that lasts",
    config=TlsConfig,
    probe=_probe,
    charts=_charts,
    drivers=("checks.probes.tls.probe",),
    metrics=(
        Metric("probe_dns_lookup_time_seconds", "gauge", "time the name look-up took", "s"),
        Metric("probe_ip_protocol", "gauge", "4 or 6"),
        Metric(
            "probe_ssl_earliest_cert_expiry",
            "gauge",
            "when the first of the certificates sent ends, trusted or not, in seconds since 1970",
            "s",
        ),
        Metric(
            "probe_ssl_last_chain_expiry_timestamp_seconds",
            "gauge",
            "when the chain that was verified ends, in seconds since 1970",
            "s",
        ),
        Metric(
            "probe_ssl_last_chain_info",
            "info",
            "always 1; the server's own certificate, where it was verified",
            labels=(
                "fingerprint_sha256",
                "subject",
                "issuer",
                "subjectalternative",
                "serialnumber",
            ),
        ),
        Metric("probe_tls_version_info", "info", "always 1", labels=("version",)),
        Metric("probe_tls_cipher_info", "info", "always 1", labels=("cipher",)),
    ),
)
