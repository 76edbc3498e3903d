"""``ping``: what the kind is called, measures and draws."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Metric, Probe, Target
from checks.probes.ping.config import PingConfig
from checks.settings import KindConfig

__all__ = ["KIND"]


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what running it does.
    from checks.probes.ping.probe import PingProbe  # noqa: PLC0415

    return PingProbe(cast("PingConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    ping = cast("PingConfig", config)
    slow, loss = ping.latency, ping.loss
    return (
        ChartSpec(
            "round trip",
            "ping_rtt_mean_seconds",
            "s",
            warning=slow.warning if slow else None,
            critical=slow.critical if slow else None,
        ),
        ChartSpec(
            "packets lost",
            "ping_loss_ratio",
            "ratio",
            warning=None if loss.warning is None else loss.warning / 100,
            critical=None if loss.critical is None else loss.critical / 100,
        ),
    )


def _gauge(name: str, text: str, unit: str = "", labels: tuple[str, ...] = ()) -> Metric:
    return Metric(name, "gauge", text, unit, labels)


KIND: Final = Kind(
    name="ping",
    summary="a host must answer ICMP echo requests, without losing many, and soon",
    config=PingConfig,
    bounds={"loss": ("PingLoss",), "latency": ("PingSlow",)},
    probe=_probe,
    charts=_charts,
    drivers=("checks.probes.ping.probe",),
    metrics=(
        _gauge("probe_icmp_duration_seconds", "time by phase; rtt is the mean", "s", ("phase",)),
        _gauge("probe_icmp_reply_hop_limit", "hop limit (TTL) that a reply arrived with"),
        _gauge("probe_dns_lookup_time_seconds", "time the name look-up took", "s"),
        _gauge("probe_ip_protocol", "4 or 6"),
        _gauge("ping_loss_ratio", "share of the last packets that were lost"),
        _gauge("ping_rtt_best_seconds", "shortest round trip of the run", "s"),
        _gauge("ping_rtt_mean_seconds", "mean round trip of the run", "s"),
        _gauge("ping_rtt_worst_seconds", "longest round trip of the run", "s"),
        _gauge("ping_rtt_std_deviation_seconds", "their standard deviation", "s"),
        Metric("smokeping_requests_total", "counter", "packets sent", labels=("host",)),
        Metric(
            "smokeping_response_duration_seconds",
            "histogram",
            "round trips of all packets that came back",
            "s",
            ("host", "le"),
        ),
    ),
)
