"""``dns``: what the kind is called, measures and draws."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Metric, Probe, Target, response_time
from checks.probes.dns.config import DnsConfig
from checks.settings import KindConfig

__all__ = ["KIND"]


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what dnspython does.
    from checks.probes.dns.probe import DnsProbe  # noqa: PLC0415

    return DnsProbe(cast("DnsConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    return (response_time(cast("DnsConfig", config).latency),)


def _gauge(name: str, text: str, unit: str = "", labels: tuple[str, ...] = ()) -> Metric:
    return Metric(name, "gauge", text, unit, ("server", *labels))


KIND: Final = Kind(
    name="dns",
    summary="name servers must answer a question, and as expected",
    config=DnsConfig,
    bounds={"latency": ("DnsSlow",)},
    probe=_probe,
    charts=_charts,
    drivers=("checks.probes.dns.probe",),
    metrics=(
        _gauge("probe_dns_lookup_time_seconds", "time the look-up of the server's name took", "s"),
        _gauge("probe_dns_duration_seconds", "time by phase", "s", ("phase",)),
        _gauge("probe_dns_query_succeeded", "1 where an answer came, whatever its code"),
        _gauge("probe_dns_answer_rrs", "records in the answer section"),
        _gauge("probe_dns_authority_rrs", "records in the authority section"),
        _gauge("probe_dns_additional_rrs", "records in the additional section"),
        _gauge("probe_dns_serial", "serial of the zone; with type SOA only"),
        _gauge("probe_ip_protocol", "4 or 6"),
    ),
)
