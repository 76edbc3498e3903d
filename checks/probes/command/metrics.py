"""The samples and the curves of performance data."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from checks.model import SampleBuilder, Series
from checks.probe import ChartSpec, Metric
from checks.probes.command.perfdata import Datum, Range

if TYPE_CHECKING:
    from checks.store.window import Window

__all__ = ["METRICS", "curves", "measure"]

GAUGE: Final = "onwatch_command_perfdata"
COUNTER: Final = "onwatch_command_perfdata_total"
MOST_CURVES: Final = 20
_LABELS: Final = ("label", "unit")
_CHART_UNITS: Final = {"seconds": "s", "bytes": "bytes", "ratio": "ratio"}

METRICS: Final = (
    Metric("onwatch_command_exit_code", "gauge", "exit code, negative for a signal's number"),
    Metric(
        "onwatch_command_cpu_seconds", "gauge", "processor time of the run and its children", "s"
    ),
    Metric(GAUGE, "gauge", "a performance datum in its base unit", labels=_LABELS),
    Metric(COUNTER, "counter", "a performance datum of the unit c", labels=_LABELS),
    Metric(
        f"{GAUGE}_warning",
        "gauge",
        "an end of its warning range",
        labels=(*_LABELS, "bound"),
    ),
    Metric(
        f"{GAUGE}_critical",
        "gauge",
        "an end of its critical range",
        labels=(*_LABELS, "bound"),
    ),
    Metric(f"{GAUGE}_min", "gauge", "its least possible value", labels=_LABELS),
    Metric(f"{GAUGE}_max", "gauge", "its greatest possible value", labels=_LABELS),
)


def measure(data: Iterable[Datum], builder: SampleBuilder) -> None:
    """Add a sample for each datum, and those of its ranges."""
    for datum in data:
        labels = {"label": datum.label, "unit": datum.unit}
        builder.add(COUNTER if datum.counter else GAUGE, datum.value, labels)
        builder.add(f"{GAUGE}_min", datum.minimum, labels)
        builder.add(f"{GAUGE}_max", datum.maximum, labels)
        for name, bounds in (("warning", datum.warning), ("critical", datum.critical)):
            for bound, value in _ends(bounds):
                builder.add(f"{GAUGE}_{name}", value, {**labels, "bound": bound})


def _ends(bounds: Range | None) -> Iterable[tuple[str, float]]:
    """The ends beyond which there is an alert; a range that alerts within has none.

    ``10`` means 0 to 10, and hardly anybody thinks of what is below 0.
    """
    if bounds is None or bounds.inside:
        return
    if math.isfinite(bounds.start) and (bounds.start != 0 or math.isinf(bounds.end)):
        yield "lower", bounds.start
    if math.isfinite(bounds.end):
        yield "upper", bounds.end


def curves(window: Window) -> tuple[ChartSpec, ...]:
    """A curve for each datum that was seen within the window, with its bounds."""
    found = [series for metric in (GAUGE, COUNTER) for series in window.present(metric)]
    return tuple(_curve(window, series) for series in found[:MOST_CURVES])


def _curve(window: Window, series: Series) -> ChartSpec:
    label, unit = series.label("label"), series.label("unit")
    counts = series.name == COUNTER
    warning, critical = (_line(window, name, label, unit) for name in ("warning", "critical"))
    return ChartSpec(
        label or "performance data",
        series.name,
        "1/s" if counts else _CHART_UNITS.get(unit, ""),
        rate=counts,
        labels={"label": label, "unit": unit},
        warning=warning[0],
        critical=critical[0],
        falling=warning[1] or critical[1],
    )


def _line(window: Window, name: str, label: str, unit: str) -> tuple[float | None, bool]:
    """The bound that is drawn, and whether it is a lower one: the upper one where there are two."""
    ends = window.last_by(f"{GAUGE}_{name}", "bound", label=label, unit=unit)
    return ends.get("upper", ends.get("lower")), "lower" in ends and "upper" not in ends
