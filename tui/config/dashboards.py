"""What a configuration says of dashboards: panels of its own, and files of Grafana's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.dashboards.model import Dashboard
    from checks.probe import CheckSpec
    from tui.config.problems import Report

__all__ = ["ReadDashboards", "read_dashboards"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadDashboards:
    """The dashboards, the files and patterns to watch for them, and warnings."""

    dashboards: tuple[Dashboard, ...] = ()
    watched: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


def read_dashboards(
    report: Report, specs: Iterable[CheckSpec], base: Path, shown_base: Path
) -> ReadDashboards:
    """The dashboards of the document; what is wrong with them is reported.

    Relative paths are relative to ``base``, which is ``shown_base`` as the user knows it. ``specs``
    are the checks that panels may name.
    """
    given: Any = report.document.data.get("dashboards")
    if given is None:
        return ReadDashboards()
    if not isinstance(given, list):
        # Said by the model of the whole file.
        return ReadDashboards()
    from tui.config.reading_dashboards import Reading  # noqa: PLC0415 - where there are any

    checks: Mapping[str, CheckSpec] = {spec.name: spec for spec in specs}
    reading = Reading(report, checks, base, shown_base)
    for index, data in enumerate(given):
        reading.read(("dashboards", index), data)
    return ReadDashboards(
        tuple(reading.dashboards), tuple(reading.watched), tuple(reading.warnings)
    )
