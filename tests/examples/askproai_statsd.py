"""The page of statsd_exporter on which AskProAI's middleware counts its requests.

``ApiMetrics.php`` sends three metrics with the tags ``method``, ``endpoint`` and ``status``: a
histogram ``api.response_time`` in milliseconds (``$duration * 1000``), and the counters
``api.requests`` and, from status 400 on, ``api.errors``. statsd_exporter turns dots into
underscores, leaves counters' names as they are, does not scale a ``|h`` histogram, and makes a
summary of it (quantiles 0.5, 0.9, 0.99) unless a mapping says otherwise; so does this one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["StatsdPage"]

_QUANTILES: Final = (0.5, 0.9, 0.99)
_KEPT: Final = 500
"""Observations that a summary's quantiles are of; the exporter forgets them after ten minutes."""

Tags = tuple[tuple[str, str], ...]


class StatsdPage:
    """What was sent so far, as a page; ``mapping`` is a file of ``--statsd.mapping-config``."""

    def __init__(self, mapping: Path | None = None) -> None:
        text = mapping.read_text() if mapping is not None else "mappings: []"
        self._mapped = {one["match"]: one for one in yaml.safe_load(text)["mappings"]}
        self._counters: Counter[tuple[str, Tags]] = Counter()
        self._observed: dict[tuple[str, Tags], deque[float]] = defaultdict(
            lambda: deque(maxlen=_KEPT)
        )
        self._below: dict[tuple[str, Tags], list[int]] = {}
        self._sums: Counter[tuple[str, Tags]] = Counter()
        self._counts: Counter[tuple[str, Tags]] = Counter()

    def request(self, method: str, endpoint: str, status: int, seconds: float, times: int) -> None:
        """What the middleware sends of ``times`` requests."""
        tags = (("endpoint", endpoint), ("method", method), ("status", str(status)))
        for _ in range(times):
            self._observe("api.response_time", seconds * 1000, tags)
        self._counters[self._name("api.requests"), tags] += times
        if status >= 400:
            self._counters[self._name("api.errors"), tags] += times

    def _name(self, sent: str) -> str:
        return str(self._mapped.get(sent, {}).get("name", sent.replace(".", "_")))

    def _buckets(self, sent: str) -> list[float]:
        return [*self._of_mapping(sent).get("buckets", ()), math.inf]

    def _of_mapping(self, sent: str) -> dict[str, Any]:
        found: dict[str, Any] = self._mapped.get(sent, {}).get("histogram_options", {})
        return found

    def _observe(self, sent: str, value: float, tags: Tags) -> None:
        key = (sent, tags)
        self._observed[key].append(value)
        self._sums[key] += value  # type: ignore[assignment]
        self._counts[key] += 1
        bounds = self._buckets(sent)
        below = self._below.setdefault(key, [0] * len(bounds))
        for at, bound in enumerate(bounds):
            below[at] += value <= bound

    @property
    def text(self) -> str:
        """The page, with what the exporter says of itself."""
        lines = ["# TYPE statsd_exporter_lines_total counter", "statsd_exporter_lines_total 1"]
        told = set()
        for (name, tags), count in self._counters.items():
            if name not in told:
                told.add(name)
                lines.append(f"# TYPE {name} counter")
            lines.append(f"{name}{{{_written(tags)}}} {count}")
        lines += self._observations()
        return "\n".join(lines) + "\n"

    def _observations(self) -> list[str]:
        lines, told = [], set()
        for (sent, tags), values in self._observed.items():
            name, histogram = self._name(sent), bool(self._of_mapping(sent))
            if name not in told:
                told.add(name)
                lines.append(f"# TYPE {name} {'histogram' if histogram else 'summary'}")
            labels, key = _written(tags), (sent, tags)
            if histogram:
                for bound, below in zip(self._buckets(sent), self._below[key], strict=True):
                    le = "+Inf" if bound == math.inf else f"{bound:g}"
                    lines.append(f'{name}_bucket{{{labels},le="{le}"}} {below}')
            else:
                ordered = sorted(values)
                for quantile in _QUANTILES:
                    at = min(len(ordered) - 1, int(quantile * len(ordered)))
                    lines.append(f'{name}{{{labels},quantile="{quantile:g}"}} {ordered[at]:g}')
            lines.append(f"{name}_sum{{{labels}}} {self._sums[key]:g}")
            lines.append(f"{name}_count{{{labels}}} {self._counts[key]}")
        return lines


def _written(tags: Tags) -> str:
    return ",".join(f'{name}="{value}"' for name, value in tags)
