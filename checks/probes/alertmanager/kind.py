"""``alertmanager``: an Alertmanager, its alerts, silences and cluster."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Metric, Probe, Target
from checks.probes.alertmanager.config import AlertmanagerConfig
from checks.settings import KindConfig

__all__ = ["KIND", "METRICS", "AlertmanagerConfig"]

METRICS: Final = (
    Metric("alertmanager_ready", "gauge", "whether it says that it is ready"),
    Metric("alertmanager_build_info", "info", "its version", labels=("version", "revision")),
    Metric(
        "alertmanager_alerts",
        "gauge",
        "alerts by state: active, suppressed or unprocessed",
        labels=("state",),
    ),
    Metric(
        "alertmanager_active_alerts",
        "gauge",
        "active alerts by what their label severity says",
        labels=("severity",),
    ),
    Metric(
        "alertmanager_silences",
        "gauge",
        "silences by state: active, pending or expired",
        labels=("state",),
    ),
    Metric(
        "alertmanager_cluster_members",
        "gauge",
        "members of its cluster, itself among them; absent where it is in none",
    ),
    Metric("alertmanager_receivers", "gauge", "receivers that it can notify"),
)


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what the HTTP library does.
    from checks.probes.alertmanager.probe import AlertmanagerProbe  # noqa: PLC0415

    return AlertmanagerProbe(cast("AlertmanagerConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    del config
    return tuple(
        ChartSpec(f"{state} alerts", "alertmanager_alerts", labels={"state": state})
        for state in ("active", "suppressed")
    )


KIND: Final = Kind(
    name="alertmanager",
    summary="an Alertmanager, its alerts, silences and cluster",
    config=AlertmanagerConfig,
    probe=_probe,
    metrics=METRICS,
    drivers=("checks.probes.alertmanager.probe",),
    charts=_charts,
)
