"""``files``: what the kind is called, measures and draws."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Probe, Target
from checks.probes.files.config import FilesConfig
from checks.probes.files.metrics import METRICS
from checks.settings import KindConfig

__all__ = ["KIND"]


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration needs no decompressors.
    from checks.probes.files.probe import FilesProbe  # noqa: PLC0415

    return FilesProbe(cast("FilesConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    files = cast("FilesConfig", config)
    age, size, total = files.age, files.size, files.total
    return (
        ChartSpec(
            "age of the newest",
            "onwatch_files_newest_age_seconds",
            "s",
            warning=age.warning,
            critical=age.critical,
        ),
        ChartSpec(
            "size of the newest",
            "onwatch_files_newest_size_bytes",
            "bytes",
            warning=size.warning,
            critical=size.critical,
        ),
        ChartSpec(
            "size of all",
            "onwatch_files_total_bytes",
            "bytes",
            warning=total.warning,
            critical=total.critical,
        ),
        ChartSpec("files", "onwatch_files_count"),
    )


KIND: Final = Kind(
    name="files",
    summary="files and folders: age, size, number, shrinking, whether a backup came and is whole",
    config=FilesConfig,
    probe=_probe,
    metrics=METRICS,
    charts=_charts,
    drivers=("checks.probes.files.probe",),
)
