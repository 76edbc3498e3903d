"""Counters and histograms, and the page that Prometheus scrapes (text format 0.0.4)."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import Final

__all__ = ["BUCKETS", "Counter", "Histogram", "render"]

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds in seconds."""

_LabelValues = tuple[str, ...]


class Counter:
    """A counter with labels."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...] = ()) -> None:
        self.name, self.text, self.labels = name, text, labels
        self._values: dict[_LabelValues, float] = {}

    def add(self, *values: str, by: float = 1.0) -> None:
        self._values[values] = self._values.get(values, 0.0) + by

    def lines(self) -> list[str]:
        head = [f"# HELP {self.name} {self.text}", f"# TYPE {self.name} counter"]
        return head + [
            f"{self.name}{_braces(dict(zip(self.labels, values, strict=True)))} {count:g}"
            for values, count in sorted(self._values.items())
        ]


class Histogram:
    """A histogram of seconds over :data:`BUCKETS`, with labels."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...]) -> None:
        self.name, self.text, self.labels = name, text, labels
        self._counts: dict[_LabelValues, list[int]] = {}
        self._sums: dict[_LabelValues, float] = {}

    def observe(self, seconds: float, *values: str) -> None:
        counts = self._counts.setdefault(values, [0] * (len(BUCKETS) + 1))
        counts[bisect.bisect_left(BUCKETS, seconds)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + seconds

    def lines(self) -> list[str]:
        lines = [f"# HELP {self.name} {self.text}", f"# TYPE {self.name} histogram"]
        for values, counts in sorted(self._counts.items()):
            labels = dict(zip(self.labels, values, strict=True))
            total = 0
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
                total += count
                lines.append(f"{self.name}_bucket{_braces({**labels, 'le': bound})} {total}")
            lines.append(f"{self.name}_sum{_braces(labels)} {self._sums[values]:.6f}")
            lines.append(f"{self.name}_count{_braces(labels)} {total}")
        return lines


def render(
    metrics: tuple[Counter | Histogram, ...], gauges: Mapping[str, tuple[str, float]]
) -> str:
    """The page: ``metrics``, then gauges given as name to help and value."""
    lines = [line for metric in metrics for line in metric.lines()]
    for name, (text, value) in gauges.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name} {value:.17g}"]
    return "\n".join(lines) + "\n"


def _braces(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items()) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
