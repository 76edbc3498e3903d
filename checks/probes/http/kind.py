"""``http``: an HTTP or HTTPS address must answer as expected."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Metric, Probe, Target, response_time
from checks.probes.http.config import HttpConfig
from checks.settings import KindConfig

__all__ = ["KIND", "METRICS", "HttpConfig"]


def _gauge(name: str, text: str, unit: str = "", labels: tuple[str, ...] = ()) -> Metric:
    return Metric(name, "gauge", text, unit, labels)


METRICS: Final = (
    _gauge("probe_dns_lookup_time_seconds", "time the name look-up took", "s"),
    _gauge(
        "probe_http_duration_seconds",
        "time by phase, over all redirects; a kept connection has no resolve, connect and tls",
        "s",
        ("phase",),
    ),
    _gauge("probe_http_status_code", "status code of the last answer; 0 without one"),
    _gauge("probe_http_content_length", "announced length of the body; -1 without one", "B"),
    _gauge("probe_http_uncompressed_body_length", "bytes of the body that were read", "B"),
    _gauge("probe_http_redirects", "redirects that were followed"),
    _gauge("probe_http_version", "HTTP version of the answer"),
    _gauge("probe_http_ssl", "1 where the last answer came over TLS"),
    _gauge("probe_failed_due_to_regex", "1 where a text or regex was missed"),
    _gauge("probe_ip_protocol", "4 or 6"),
    _gauge(
        "probe_ssl_earliest_cert_expiry",
        "when the first of the certificates sent ends, in seconds since 1970",
        "s",
    ),
    _gauge(
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        "when the chain that was verified ends, in seconds since 1970",
        "s",
    ),
    _gauge("probe_tls_version_info", "always 1", labels=("version",)),
    _gauge(
        "probe_health_status",
        "verdict of the health document: 0 ok, 1 warning, 2 critical, 3 unknown",
    ),
    _gauge("probe_health_part_ok", "1 where the health document's part is OK", labels=("part",)),
    _gauge("probe_health_value", "a figure of the health document", labels=("path",)),
)


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what the HTTP library does.
    from checks.probes.http.probe import HttpProbe  # noqa: PLC0415

    return HttpProbe(cast("HttpConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    return (response_time(cast("HttpConfig", config).expect.latency),)


KIND: Final = Kind(
    name="http",
    summary="an HTTP or HTTPS address must answer as expected",
    config=HttpConfig,
    bounds={"expect.latency": ("HttpSlow",)},
    probe=_probe,
    metrics=METRICS,
    drivers=("checks.probes.http.probe",),
    charts=_charts,
)
