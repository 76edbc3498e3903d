"""What is expected of single metrics, and what the page says of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from checks.findings import Finding
from checks.model import Part, Series, Status, clean
from checks.probes.metrics.config import Expectation

__all__ = ["Judge", "number"]

_SHOWN_LABELS: Final = 80


class Judge:
    """One check's expectations. Of counters it remembers what they were."""

    def __init__(self, expected: Sequence[Expectation], common: Mapping[str, str]) -> None:
        self._expected = tuple(expected)
        self._common = common.keys()
        self._found: list[tuple[Expectation, list[tuple[int, Series]]]] = []
        self._series: tuple[Series, ...] | None = None
        self._before: tuple[float, dict[Series, float]] | None = None

    def findings(
        self, series: tuple[Series, ...], values: Sequence[float], now: float
    ) -> list[Finding]:
        """A finding for each expectation; ``now`` in seconds, for what is judged by its rate."""
        if not self._expected:
            return []
        if series is not self._series:
            self._series = series
            self._found = [(one, list(_matching(one, series))) for one in self._expected]
        rates = self._rates(values, now)
        return [self._finding(one, found, values, rates) for one, found in self._found]

    def _rates(self, values: Sequence[float], now: float) -> dict[Series, float]:
        """The increase a second of each series that is judged by it, since the last page."""
        present = {s: values[at] for one, found in self._found if one.rate for at, s in found}
        if not present:
            return {}
        before, self._before = self._before, (now, present)
        if before is None or now <= before[0]:
            return {}
        span = now - before[0]
        return {
            series: _increase(before[1][series], value) / span
            for series, value in present.items()
            # What was no number (NaN) is no count that it could have grown from.
            if not math.isnan(before[1].get(series, math.nan))
        }

    def _finding(
        self,
        one: Expectation,
        found: Sequence[tuple[int, Series]],
        values: Sequence[float],
        rates: Mapping[Series, float],
    ) -> Finding:
        name = one.name
        if not found:
            status = Status.CRITICAL if one.required else Status.OK
            wanted = " with these labels" if one.labels else ""
            text = f"the page has no {one.metric}{wanted}"
            return Finding("missing", Part(name, status, text, "none"))
        if one.rate:
            known = [(rates[series], series) for _, series in found if series in rates]
        else:
            known = [(values[at], series) for at, series in found]
        if not known:
            text = "its increase is known from the next page on"
            return Finding("ok", Part(name, Status.OK, text))
        status, text, value, series = max(
            ((*_verdict(one, value), value, series) for value, series in known),
            key=lambda verdict: (verdict[0].severity, _far(verdict[2])),
        )
        shown = number(value) + ("/s" if one.rate else "")
        which = self._which(one, series) if len(found) > 1 else name
        message = f"{which} is {shown}, {text}" if text else ""
        return Finding("ok" if status is Status.OK else "limit", Part(name, status, message, shown))

    def _which(self, one: Expectation, series: Series) -> str:
        """``series`` with the labels that were asked for, and those that tell it from others."""
        others = {
            name: value
            for name, value in series.labels
            if name not in self._common and name not in one.labels
        }
        return _named(one.metric, {**one.labels, **others})


def _matching(one: Expectation, series: Sequence[Series]) -> list[tuple[int, Series]]:
    return [
        (at, candidate)
        for at, candidate in enumerate(series)
        if candidate.name == one.metric
        and all(candidate.label(name) == value for name, value in one.labels.items())
    ]


def _named(metric: str, labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{metric}{{{clean(inner, _SHOWN_LABELS)}}}" if inner else metric


def _increase(before: float, now: float) -> float:
    """What a counter grew by; one that fell began anew."""
    return now - before if now >= before else now


def _verdict(one: Expectation, value: float) -> tuple[Status, str]:
    if math.isnan(value):
        bounded = (one.warning, one.critical, one.warning_below, one.critical_below)
        judged = any(bound is not None for bound in bounded)
        return (Status.UNKNOWN, "no number") if judged else (Status.OK, "")
    for status, high, low in (
        (Status.CRITICAL, one.critical, one.critical_below),
        (Status.WARNING, one.warning, one.warning_below),
    ):
        if high is not None and value > high:
            return status, f"above the {status.value} bound of {number(high)}"
        if low is not None and value < low:
            return status, f"below the {status.value} bound of {number(low)}"
    return Status.OK, ""


def _far(value: float) -> float:
    return -math.inf if math.isnan(value) else abs(value)


def number(value: float) -> str:
    """A value for people: ``1,204``, ``0.25``, ``3.2e+09``."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"
