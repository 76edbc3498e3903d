"""The command kind, for the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from checks.probe import ChartSpec, Kind, Probe, Target, response_time
from checks.probes.command.config import CommandConfig
from checks.probes.command.metrics import METRICS, curves
from checks.probes.command.probe import CommandProbe
from checks.settings import KindConfig

if TYPE_CHECKING:
    from checks.store.window import Window

__all__ = ["KIND"]


def _probe(config: KindConfig, target: Target) -> Probe:
    return CommandProbe(cast("CommandConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    return (response_time(cast("CommandConfig", config).latency),)


def _curves(config: KindConfig, window: Window) -> tuple[ChartSpec, ...]:
    return curves(window) if cast("CommandConfig", config).perfdata else ()


KIND: Final = Kind(
    name="command",
    summary="a program that says by its exit code how something is: Monitoring Plugins, scripts",
    config=CommandConfig,
    probe=_probe,
    charts=_charts,
    curves=_curves,
    metrics=METRICS,
)
